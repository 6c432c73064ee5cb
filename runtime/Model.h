//===- Model.h - an open model, and how calls report failures ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "nacre/artifact.h"
#include "nacre/nacre.h"

#include <atomic>
#include <cstdarg>
#include <cstddef>

// A model is plain memory from calloc: the runtime links no C++ library.
struct nacre_model {
  const nacre_artifact *artifact; // null: opening failed, only the message is of use
  void *mapping;                  // the whole weights file, or null
  size_t mappingSize;
  const void *weights; // the data within the mapping
  int threads;         // 0: OpenMP's default
  std::atomic_flag messageLock;
  char message[512];
};

namespace nacre {

/// Formats `message` into the model, where it has one, and returns `status`.
nacre_status fail(nacre_model *model, nacre_status status, const char *message, ...)
    __attribute__((format(printf, 3, 4)));

} // namespace nacre
