//===- SourceMap.h - source files and positions in them ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A table of the files of one run. Every place that a diagnostic can point at
// is a SourceRange: a file of the table and two byte offsets in it.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_DIAGNOSTICS_SOURCEMAP_H
#define NACRE_FRONTEND_DIAGNOSTICS_SOURCEMAP_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nacre {

/// Index of a file in a SourceMap. `noFile` marks a range that points nowhere
/// (a fault that belongs to the whole run, such as a missing argument).
using FileId = uint32_t;
inline constexpr FileId noFile = ~FileId(0);

/// A half-open range of bytes [begin, end) of one file. An empty range with a
/// file is a position: a caret between two characters.
struct SourceRange {
  FileId file = noFile;
  uint32_t begin = 0;
  uint32_t end = 0;

  bool isValid() const { return file != noFile; }
  /// The smallest range that covers this one and `other` (of the same file).
  SourceRange to(SourceRange other) const {
    if (!isValid() || other.file != file)
      return isValid() ? *this : other;
    return {file, begin < other.begin ? begin : other.begin, end > other.end ? end : other.end};
  }
  /// The empty range where this one starts or stops.
  SourceRange first() const { return {file, begin, begin}; }
  SourceRange last() const { return {file, end, end}; }

  bool operator==(const SourceRange &other) const = default;
};

/// A place as people name it; both count from 1. `column` counts code points.
struct LineColumn {
  uint32_t line = 1;
  uint32_t column = 1;
};

/// Owns the text of the files of one run. References to names and texts stay
/// valid for the life of the map.
class SourceMap {
public:
  SourceMap() = default;
  SourceMap(const SourceMap &) = delete;
  SourceMap &operator=(const SourceMap &) = delete;

  /// Largest file taken, in bytes: offsets are 32 bits and a model file is text
  /// that someone wrote.
  static constexpr size_t maxFileBytes = 64u << 20;

  /// Adds a file under the name that diagnostics print. `text` is longer than
  /// `maxFileBytes`: it is cut there (loadFile reports this before reading).
  FileId addFile(llvm::StringRef name, std::string text);

  /// Reads `path` and adds it. On failure returns `noFile` and sets `error` to
  /// a phrase such as "cannot read 'a.ncr': No such file or directory".
  FileId loadFile(llvm::StringRef path, std::string &error);

  size_t size() const { return files.size(); }
  llvm::StringRef name(FileId file) const { return files[file]->name; }
  llvm::StringRef text(FileId file) const { return files[file]->text; }
  llvm::StringRef text(SourceRange range) const;

  LineColumn lineColumn(FileId file, uint32_t offset) const;
  LineColumn lineColumn(SourceRange range) const { return lineColumn(range.file, range.begin); }
  uint32_t lineCount(FileId file) const {
    return static_cast<uint32_t>(files[file]->lineStarts.size());
  }
  /// Byte offset of the first character of `line` (from 1).
  uint32_t lineStart(FileId file, uint32_t line) const { return files[file]->lineStarts[line - 1]; }
  /// The line (from 1) without its line break.
  llvm::StringRef line(FileId file, uint32_t line) const;

private:
  struct File {
    std::string name;
    std::string text;
    std::vector<uint32_t> lineStarts;
  };
  std::vector<std::unique_ptr<File>> files;
};

} // namespace nacre

#endif // NACRE_FRONTEND_DIAGNOSTICS_SOURCEMAP_H
