//===- Format.cpp - nacre fmt ---------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Formatter.h"
#include "tools/nacre/Commands.h"
#include "tools/nacre/Crash.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace nacre;
using namespace nacre::tool;

namespace {

/// Replaces the file in one step, so that nobody ever sees half of it. Returns what went wrong.
std::string replaceFile(llvm::StringRef path, llvm::StringRef text) {
  llvm::Expected<llvm::sys::fs::TempFile> file =
      llvm::sys::fs::TempFile::create(path + ".tmp%%%%%%");
  if (!file)
    return llvm::toString(file.takeError());
  llvm::raw_fd_ostream out(file->FD, /*shouldClose=*/false);
  out << text;
  out.flush();
  if (out.has_error()) {
    std::string what = out.error().message();
    out.clear_error();
    llvm::consumeError(file->discard());
    return what;
  }
  if (auto permissions = llvm::sys::fs::getPermissions(path))
    llvm::sys::fs::setPermissions(file->FD, *permissions);
  return llvm::toString(file->keep(path));
}

void formatOne(const std::string &path, bool checkOnly, SourceMap &sources,
               DiagnosticEngine &diags) {
  FileId file = noFile;
  if (path == "-") {
    auto input = llvm::MemoryBuffer::getSTDIN();
    if (!input) {
      diags.errorAt("standard input", "cannot be read: " + input.getError().message());
      return;
    }
    file = sources.addFile("<stdin>", (*input)->getBuffer().str());
  } else {
    std::string error;
    file = sources.loadFile(path, error);
    if (file == noFile) {
      diags.errorAt(path, error).note("name a model file that is there, or - for standard input");
      return;
    }
  }
  addToReport(path, sources.text(file));
  std::optional<std::string> text = formatFile(file, diags);
  if (!text)
    return;
  const bool same = *text == sources.text(file);
  if (checkOnly) {
    if (!same)
      diags.errorAt(path, "is not laid out").note("'nacre fmt " + path + "' does it");
  } else if (path == "-") {
    llvm::outs() << *text;
  } else if (!same) {
    if (std::string error = replaceFile(path, *text); !error.empty())
      diags.errorAt(path, "cannot be written: " + error);
  }
}

} // namespace

int nacre::tool::execute(const FormatArguments &arguments) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  for (const std::string &path : arguments.paths)
    formatOne(path, arguments.check, sources, diags);
  renderDiagnostics(llvm::errs(), diags, {.color = llvm::errs().has_colors()});
  return diags.hasErrors() ? 1 : 0;
}
