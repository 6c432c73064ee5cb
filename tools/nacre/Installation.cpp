//===- Installation.cpp - the files that come with the command ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Installation.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstdlib>

using namespace nacre;
using namespace nacre::tool;

namespace {

std::string join(llvm::StringRef a, llvm::StringRef b) {
  llvm::SmallString<256> path(a);
  llvm::sys::path::append(path, b);
  return std::string(path);
}

Installation candidate() {
  // The address of this function tells the platforms that lack /proc/self/exe which program runs.
  std::string program =
      llvm::sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&candidate));
  std::string prefix = llvm::sys::path::parent_path(llvm::sys::path::parent_path(program)).str();
  Installation found{join(prefix, "share/nacre/std"), join(prefix, "include"),
                     join(prefix, "lib/libnacre_runtime.a"), join(prefix, "share/nacre/program.c"),
                     /*cacheFolder=*/""};
#ifdef NACRE_SOURCE_FOLDER
  if (!llvm::sys::fs::is_directory(found.stdFolder))
    found = {NACRE_SOURCE_FOLDER "/frontend/std", NACRE_SOURCE_FOLDER "/runtime/include",
             NACRE_BINARY_FOLDER "/lib/libnacre_runtime.a",
             NACRE_SOURCE_FOLDER "/tools/nacre/program.c", /*cacheFolder=*/""};
#endif
  return found;
}

/// $NACRE_CACHE_DIR, even where it is empty, or nacre's folder in the user's own for caches.
std::string cacheFolder() {
  if (const char *named = std::getenv("NACRE_CACHE_DIR"))
    return named;
  llvm::SmallString<128> path;
  return llvm::sys::path::cache_directory(path) ? join(path.str(), "nacre") : "";
}

} // namespace

std::optional<Installation> nacre::tool::findInstallation(DiagnosticEngine &diags) {
  Installation found = candidate();
  found.cacheFolder = cacheFolder();
  for (const std::string *path :
       {&found.stdFolder, &found.includeFolder, &found.runtimeArchive, &found.programSource}) {
    if (llvm::sys::fs::exists(*path))
      continue;
    diags.errorAt("nacre", "this installation is not whole: '" + *path + "' is missing")
        .note("unpack the release again, and keep its folders together");
    return std::nullopt;
  }
  return found;
}
