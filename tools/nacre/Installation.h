//===- Installation.h - the files that come with the command ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_INSTALLATION_H
#define NACRE_TOOLS_NACRE_INSTALLATION_H

#include "frontend/diagnostics/Diagnostic.h"

#include <optional>
#include <string>

namespace nacre::tool {

/// Where the files are that `nacre` reads or links, besides what the user names.
struct Installation {
  std::string stdFolder;      ///< the standard library, .ncr files
  std::string includeFolder;  ///< holds nacre/nacre.h
  std::string runtimeArchive; ///< libnacre_runtime.a
  std::string programSource;  ///< the C file that --emit=exe links around a model
  std::string cacheFolder;    ///< for object code; empty: the user wants none, or has no home
};

/// Finds them relative to the running program (PREFIX/bin/nacre), so that an unpacked release works
/// in any folder; a development build looks in its own build and source folders. Adds an error
/// where one is missing.
std::optional<Installation> findInstallation(DiagnosticEngine &diags);

} // namespace nacre::tool

#endif
