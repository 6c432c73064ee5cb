//===- Pool.h - threads that the runtime makes itself -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "nacre/nacre.h"

namespace nacre {

/// Threads of one model, for callers that hand in none. They are made when a call first needs
/// them, look for work for some tens of microseconds after each call, and sleep after that.
struct Pool;

/// A pool without threads, or null where there is no memory.
Pool *makePool();
/// Ends the threads. Accepts null.
void closePool(Pool *pool);
/// How many threads it has; none of null.
int helpersOf(const Pool *pool);

/// Runs task(argument, 0) here and task(argument, 1) ... task(argument, count - 1) on threads of
/// the pool, as far as these come before some task has ended; returns when all that have begun have
/// ended. Calls at the same time share the threads. Without a pool: here alone.
void runOnPool(Pool *pool, int count, nacre_task task, void *argument);

/// How many threads a call has where nobody says: the first number in OMP_NUM_THREADS, or one for
/// each processor that this thread may use.
int defaultThreads();
/// Processors that this thread may use.
int usableProcessors();

} // namespace nacre
