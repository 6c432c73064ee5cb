//===- Model.h - an open model, and how calls report failures ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "nacre/artifact.h"
#include "nacre/nacre.h"

#include <atomic>
#include <cstdarg>
#include <cstddef>

namespace nacre {
struct Pool;
}

// A model is plain memory from calloc: the runtime links no C++ library.
struct nacre_model {
  const nacre_artifact *artifact; // null: opening failed, only the message is of use
  void *mapping;                  // the whole weights file, or null
  size_t mappingSize;
  const void *weights;                         // the data within the mapping
  uint32_t target;                             // which of the artifact's targets runs
  int threads;                                 // 0: the default
  std::atomic<int> defaultThreads, processors; // 0: not asked for yet
  nacre_parallel parallel;                     // the caller's threads, or null
  void *parallelContext;
  std::atomic<nacre::Pool *> pool; // our own, once a call has needed it
  bool splitAll;                   // for tests: however little a step does, all threads share it
  std::atomic_flag messageLock;
  char message[512];
};

namespace nacre {

/// Formats `message` into the model, where it has one, and returns `status`.
nacre_status fail(nacre_model *model, nacre_status status, const char *message, ...)
    __attribute__((format(printf, 3, 4)));

} // namespace nacre
