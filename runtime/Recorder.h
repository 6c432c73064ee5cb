//===- Recorder.h - times that a team takes at its steps --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "nacre/profile.h"

#include <atomic>

namespace nacre {

/// Nanoseconds of a clock that never goes back.
uint64_t now();

/// What one profiled call writes. Every share adds the time of its end, and who ends the last one
/// reads the sum.
class Recorder {
public:
  Recorder(nacre_kernel_time *times, size_t capacity) : times(times), capacity(capacity) {}

  /// The call begins, with one thread.
  void begin() { last = now(); }
  /// A share of the step has ended.
  void arrive();
  /// All `shares` of a step have ended, which stands at `place` in the entry. Called once a step,
  /// before any thread goes on.
  void end(uint32_t place, uint32_t shares);

  /// The places up to the last one that a step was taken at.
  size_t count() const { return places; }

private:
  nacre_kernel_time *times;
  size_t capacity;
  size_t places = 0;
  uint64_t last = 0;
  std::atomic<uint64_t> arrivals{0}; // sum of times since `last`
};

} // namespace nacre
