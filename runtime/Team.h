//===- Team.h - the threads that run one call together ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "Recorder.h"
#include "nacre/artifact.h"

#include <atomic>
#include <cstdint>

// Lives on the stack of nacre_run. The two words that threads contend for lie on cache lines of
// their own. A model in a shared library brings its own nacre_barrier, which may meet the team of
// another copy of the runtime: a change of this struct or of the barrier's protocol raises
// NACRE_ABI_VERSION.
struct nacre_team {
  explicit nacre_team(uint32_t threads, nacre::Recorder *recorder = nullptr)
      : threads(threads), recorder(recorder) {}

  std::atomic<uint32_t>
      threads; // known for sure only inside the parallel region, where each thread sets it
  nacre::Recorder *recorder; // null in a call that is not profiled
  alignas(128) std::atomic<uint32_t> arrived{0};
  alignas(128) std::atomic<uint32_t> generation{0}; // of the barrier, counts upwards and wraps
  std::atomic<uint32_t> sleepers{0};
};
