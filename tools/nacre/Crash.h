//===- Crash.h - what the user sees when the compiler is at fault *- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_CRASH_H
#define NACRE_TOOLS_NACRE_CRASH_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

namespace nacre::tool {

/// The status of a run that the compiler itself broke.
inline constexpr int internalErrorStatus = 70;

/// From here on a crash, an abort, LLVM's fatal errors and a lack of memory end the program with
/// `internalErrorStatus`, one sentence, and a file that has what a report needs. Call once, first.
void installCrashHandler(int argc, const char *const *argv);

/// Adds the text of a file that the run reads to what such a report holds.
void addToReport(llvm::StringRef name, llvm::StringRef text);

/// Ends the program the same way, for a broken invariant that was noticed in time.
[[noreturn]] void internalError(const llvm::Twine &what);

} // namespace nacre::tool

#endif
