//===- Link.cpp - shared libraries and programs from objects ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/Link.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace nacre;

static LogicalResult runCompiler(ArrayRef<std::string> arguments, std::string &error) {
  llvm::ErrorOr<std::string> compiler = std::make_error_code(std::errc::no_such_file_or_directory);
  for (StringRef name : {"cc", "clang-22", "clang", "gcc"})
    if ((compiler = llvm::sys::findProgramByName(name)))
      break;
  if (!compiler) {
    error = "linking needs a C compiler ('cc') on the PATH; use --emit=obj and link it yourself";
    return failure();
  }
  SmallVector<StringRef> command = {*compiler};
  llvm::append_range(command, arguments);
  SmallString<128> log;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("nacre-link", "log", log)) {
    error = "cannot make a temporary file: " + code.message();
    return failure();
  }
  std::optional<StringRef> redirects[] = {StringRef(""), log.str(), log.str()};
  std::string why;
  int status = llvm::sys::ExecuteAndWait(*compiler, command, std::nullopt, redirects, 0, 0, &why);
  if (status != 0) {
    error = "linking failed: " + (why.empty() ? *compiler + " says:" : why);
    if (auto text = llvm::MemoryBuffer::getFile(log))
      error += "\n" + (*text)->getBuffer().rtrim().str();
  }
  llvm::sys::fs::remove(log);
  return success(status == 0);
}

static void addRuntime(SmallVectorImpl<std::string> &arguments, StringRef runtimeArchive,
                       StringRef output) {
  arguments.append({runtimeArchive.str(), "-lm", "-lpthread", "-o", output.str()});
}

LogicalResult object::linkSharedLibrary(StringRef object, StringRef runtimeArchive,
                                        StringRef output, std::string &error) {
  // All of the runtime's functions, also those that the object does not call itself.
  SmallVector<std::string> arguments = {"-shared", object.str(), "-Wl,--whole-archive",
                                        runtimeArchive.str(), "-Wl,--no-whole-archive"};
  addRuntime(arguments, runtimeArchive, output);
  return runCompiler(arguments, error);
}

LogicalResult object::linkProgram(StringRef object, StringRef mainSource, StringRef includeFolder,
                                  StringRef runtimeArchive, StringRef output, std::string &error) {
  SmallVector<std::string> arguments = {"-O2", "-I", includeFolder.str(), mainSource.str(),
                                        object.str()};
  addRuntime(arguments, runtimeArchive, output);
  return runCompiler(arguments, error);
}
