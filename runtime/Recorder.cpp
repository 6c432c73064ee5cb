//===- Recorder.cpp - times that a team takes at its steps ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Recorder.h"

#include <ctime>

using namespace nacre;

uint64_t nacre::now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

void Recorder::arrive() {
  // The team's counter of shares, which the thread increments next, orders this for the last one.
  arrivals.fetch_add(now(), std::memory_order_relaxed);
}

void Recorder::end(uint32_t place, uint32_t shares) {
  // Not the last one's own time: who increments the counter last may have read its clock
  // before another did. Of one share, the sum is the time.
  uint64_t time = shares == 1 ? arrivals.load(std::memory_order_relaxed) : now();
  // The sum of times may wrap around; what is left of it here does not.
  uint64_t waited = time * shares - arrivals.load(std::memory_order_relaxed);
  arrivals.store(0, std::memory_order_relaxed);
  // Those that are passed over, or not reached at all, have taken no time.
  for (; places <= place; ++places)
    if (places < capacity)
      times[places] = {};
  if (place < capacity) {
    times[place].nanoseconds += time - last;
    times[place].waited += waited;
    ++times[place].rounds;
  }
  last = time;
}
