//===- SourceMap.cpp - source files and positions in them -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/diagnostics/SourceMap.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>

using namespace nacre;
using llvm::StringRef;

FileId SourceMap::addFile(StringRef name, std::string text) {
  if (text.size() > maxFileBytes)
    text.resize(maxFileBytes);
  auto file = std::make_unique<File>();
  file->name = name.str();
  file->text = std::move(text);
  file->lineStarts.push_back(0);
  for (size_t i = 0, e = file->text.size(); i < e; ++i)
    if (file->text[i] == '\n')
      file->lineStarts.push_back(static_cast<uint32_t>(i + 1));
  files.push_back(std::move(file));
  return static_cast<FileId>(files.size() - 1);
}

FileId SourceMap::loadFile(StringRef path, std::string &error) {
  auto fail = [&](const llvm::Twine &why) {
    error = ("cannot read '" + path + "': " + why).str();
    return noFile;
  };
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return fail(code.message());
  if (status.type() == llvm::sys::fs::file_type::directory_file)
    return fail("it is a directory");
  if (status.getSize() > maxFileBytes)
    return fail("it is larger than 64 MB, which no model file is");
  // Pipes and devices report size 0 and are read up to the limit.
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                  /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail(buffer.getError().message());
  if ((*buffer)->getBufferSize() > maxFileBytes)
    return fail("it is larger than 64 MB, which no model file is");
  return addFile(path, (*buffer)->getBuffer().str());
}

StringRef SourceMap::text(SourceRange range) const {
  if (!range.isValid() || range.file >= files.size())
    return {};
  StringRef all = files[range.file]->text;
  return all.slice(range.begin, range.end);
}

LineColumn SourceMap::lineColumn(FileId file, uint32_t offset) const {
  const File &entry = *files[file];
  offset = std::min<uint32_t>(offset, entry.text.size());
  auto after = std::upper_bound(entry.lineStarts.begin(), entry.lineStarts.end(), offset);
  LineColumn result;
  result.line = static_cast<uint32_t>(after - entry.lineStarts.begin());
  uint32_t start = entry.lineStarts[result.line - 1];
  // A code point is counted at its first byte; stray continuation bytes of
  // broken UTF-8 then count as part of what stands before them.
  for (uint32_t i = start; i < offset; ++i)
    if ((static_cast<unsigned char>(entry.text[i]) & 0xC0) != 0x80)
      ++result.column;
  return result;
}

StringRef SourceMap::line(FileId file, uint32_t line) const {
  const File &entry = *files[file];
  if (line == 0 || line > entry.lineStarts.size())
    return {};
  StringRef rest = StringRef(entry.text).drop_front(entry.lineStarts[line - 1]);
  StringRef text = rest.take_until([](char c) { return c == '\n'; });
  text.consume_back("\r");
  return text;
}
