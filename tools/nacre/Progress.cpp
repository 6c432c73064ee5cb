//===- Progress.cpp - a bar for long work on a terminal -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Progress.h"

#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

using namespace nacre::tool;
using std::chrono::steady_clock;

Progress::Progress() : started(steady_clock::now()) {
  const char *terminal = std::getenv("TERM");
  onTerminal = ::isatty(STDERR_FILENO) && terminal && llvm::StringRef(terminal) != "dumb";
}

void Progress::update(llvm::StringRef what, double done) {
  if (!onTerminal)
    return;
  steady_clock::time_point now = steady_clock::now();
  const double elapsed = std::chrono::duration<double>(now - started).count();
  if (elapsed < 0.3 || (shown && now - drawn < std::chrono::milliseconds(80)))
    return;
  drawn = now;
  shown = true;

  constexpr int width = 28;
  std::string bar(width, '.');
  std::string estimate;
  if (done >= 0) {
    done = std::min(done, 1.0);
    std::fill_n(bar.begin(), static_cast<int>(done * width), '#');
    // Before a tenth is done an estimate would be a guess.
    if (done > 0.1)
      estimate = fmt::format(", about {:.0f} s left", elapsed / done * (1 - done));
  }
  llvm::errs() << fmt::format("\r\x1b[K[{}] {:3.0f} s{}  {}", bar, elapsed, estimate,
                              std::string_view(what.data(), what.size()));
  llvm::errs().flush();
}

void Progress::clear() {
  if (shown) {
    llvm::errs() << "\r\x1b[K";
    llvm::errs().flush();
  }
  shown = false;
}
