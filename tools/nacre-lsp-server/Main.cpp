//===- Main.cpp - nacre-lsp-server ------------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre-lsp-server/Server.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/LSP/Logging.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using llvm::StringRef;

static constexpr const char *usage =
    R"(Answers editors about model files (.ncr), by the Language Server Protocol over
standard input and output.

Usage: nacre-lsp-server [--std FOLDER] [--log error|info|debug]

  --std FOLDER   where 'import std.x' finds x.ncr; without it the library that
                 comes with this program
  --log LEVEL    what is written to standard error (default: error)
  --stdio        taken and without effect: there is no other way to talk
  --version      print the version
  --help         print this
)";

/// The standard library beside this program, or that of the source tree it was built from.
static std::string defaultStdFolder() {
  std::string program =
      llvm::sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&defaultStdFolder));
  llvm::SmallString<256> folder(
      llvm::sys::path::parent_path(llvm::sys::path::parent_path(program)));
  llvm::sys::path::append(folder, "share", "nacre", "std");
#ifdef NACRE_SOURCE_FOLDER
  if (!llvm::sys::fs::is_directory(folder))
    folder = NACRE_SOURCE_FOLDER "/frontend/std";
#endif
  return std::string(folder);
}

static int refuse(const llvm::Twine &why) {
  llvm::errs() << "nacre-lsp-server: " << why << "; --help says what there is\n";
  return 1;
}

int main(int argc, char **argv) {
  std::string stdFolder = defaultStdFolder();
  using Level = llvm::lsp::Logger::Level;
  Level level = Level::Error;
  for (int i = 1; i < argc; ++i) {
    StringRef argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      llvm::outs() << usage;
      return 0;
    }
    if (argument == "--version") {
      llvm::outs() << "nacre-lsp-server " NACRE_VERSION "\n";
      return 0;
    }
    if (argument == "--stdio")
      continue;
    if (argument != "--std" && argument != "--log")
      return refuse("unknown option '" + argument + "'");
    if (++i == argc)
      return refuse("'" + argument + "' needs a value");
    StringRef value = argv[i];
    if (argument == "--std") {
      if (!llvm::sys::fs::is_directory(value))
        return refuse("'" + value + "' is no folder");
      llvm::SmallString<256> absolute(value);
      llvm::sys::fs::make_absolute(absolute);
      stdFolder = std::string(absolute);
    } else if (value == "error" || value == "info" || value == "debug") {
      level = value == "error" ? Level::Error : value == "info" ? Level::Info : Level::Debug;
    } else {
      return refuse("unknown level '" + value + "'");
    }
  }
  llvm::lsp::Logger::setLogLevel(level);
  return nacre::lsp::serve(stdFolder);
}
