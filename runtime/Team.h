//===- Team.h - the threads that run one call together ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "Recorder.h"
#include "nacre/artifact.h"

#include <atomic>
#include <cstdint>

namespace nacre {

/// The last step of which a share was taken, plus one. On a line of its own: mostly one thread
/// alone writes it.
struct alignas(64) Claim {
  std::atomic<uint32_t> step{0};
};

} // namespace nacre

/// Lives on the stack of nacre_run. An entry is a sequence of steps, each of them a number of
/// shares. Every thread walks through all steps, takes shares that nobody has begun, its own first,
/// and goes on when all have ended. Nobody waits for a thread, only for a share that one has begun,
/// so a thread may come late, or never: a single one gets through by itself.
///
/// What a thread does next may depend on what the call has computed, such as whether a loop goes
/// on. A thread that lags behind cannot look itself: the memory may hold something later by then.
/// So one thread reads the flag, in a step of its own, and writes it down here, where it stands
/// until many later decisions need the place. Who comes after that cannot know how to walk on, and
/// leaves the call to the others. That does no harm: nobody waits for a thread, and the one that is
/// furthest always finds its decision.
///
/// A model in a shared library brings its own nacre_next_share, which may meet the team of another
/// copy of the runtime: a change of this struct or of the protocol raises NACRE_ABI_VERSION.
struct nacre_team {
  nacre_team(uint32_t threads, double grain, nacre::Recorder *recorder = nullptr)
      : threads(threads), grain(grain), recorder(recorder) {}

  const uint32_t threads;          // as many shares as a step has at most
  const double grain;              // nanoseconds of work below which a share is not worth a thread
  nacre::Recorder *const recorder; // null in a call that is not profiled
  uint32_t spins = 0;              // turns of waiting before a thread gives its core away

  // Called once, by the only thread that there is yet, when a step has more than one share. Sets
  // `claims` and brings other threads to walk the entry; where it leaves `claims` null, the caller
  // stays alone.
  void (*recruit)(nacre_team *team) = nullptr;
  nacre::Claim *claims = nullptr; // `threads` of them

  alignas(128) std::atomic<uint32_t> step{0};  // the step that is being worked on
  std::atomic<uint32_t> asleep{0};             // not 0: threads may sleep until `step` changes
  alignas(128) std::atomic<uint32_t> ended{0}; // shares of it that have ended

  // Decision d is a bit of block d / 32, which stands at d / 32 modulo the number of places: in the
  // upper half the block's number, in the lower half its bits. Written in steps of one share.
  static constexpr uint32_t decisionBlocks = 64;
  std::atomic<uint64_t> decisions[decisionBlocks]{};
};

namespace nacre {

/// To be called by every thread that has walked to the end of the entry.
void leave(nacre_team &team);

/// One turn of a wait that should be over soon.
void relax();
/// Gives the core away until `word` may differ from `value`.
void sleepOn(std::atomic<uint32_t> &word, uint32_t value);
void wakeAll(std::atomic<uint32_t> &word);

} // namespace nacre
