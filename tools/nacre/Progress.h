//===- Progress.h - a bar for long work on a terminal -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_PROGRESS_H
#define NACRE_TOOLS_NACRE_PROGRESS_H

#include "llvm/ADT/StringRef.h"

#include <chrono>

namespace nacre::tool {

/// A line on standard error that says what is being done and how far it is. Shown on a terminal
/// only, after 300 ms, and gone when the work ends; nothing is ever written into a pipe or a file.
class Progress {
public:
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// `done` is in [0, 1], or negative where it is unknown.
  void update(llvm::StringRef what, double done);
  /// Takes the line away, for something else to be printed.
  void clear();

private:
  bool onTerminal;
  bool shown = false;
  std::chrono::steady_clock::time_point started, drawn;
};

} // namespace nacre::tool

#endif
