//===- Recorder.h - times that a team takes at its barriers -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "nacre/profile.h"

#include <atomic>

namespace nacre {

/// Nanoseconds of a clock that never goes back.
uint64_t now();

/// What one profiled call writes. A barrier does not know which thread calls it, and need not:
/// every thread adds its time of arrival, and the last one reads the sum.
class Recorder {
public:
  Recorder(nacre_kernel_time *times, size_t capacity) : times(times), capacity(capacity) {}

  /// The first thread begins the entry. Before any thread arrives anywhere.
  void begin() { last = now(); }
  /// A thread arrives at a barrier.
  void arrive();
  /// All `threads` have arrived. Called by the last one, before it lets the others go.
  void end(uint32_t threads);

  size_t count() const { return kernels; }

private:
  nacre_kernel_time *times;
  size_t capacity;
  size_t kernels = 0;
  uint64_t last = 0;
  std::atomic<uint64_t> arrivals{0}; // sum of times since `last`
};

} // namespace nacre
