//===- Run.cpp - running an entry -------------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Arguments.h"
#include "Team.h"

#include <cfenv>
#include <cstdlib>
#include <omp.h>

using namespace nacre;

nacre_status nacre_set_threads(nacre_model *model, int threads) {
  if (!model)
    return NACRE_ERROR_ARGUMENT;
  if (threads < 0 || threads > 4096)
    return fail(model, NACRE_ERROR_ARGUMENT, "%d threads is not between 0 (the default) and 4096",
                threads);
  model->threads = threads;
  return NACRE_OK;
}

/// The arena's bytes for sizes that have been checked, or -1.
static int64_t arenaBytes(const nacre_entry &entry, const int64_t *dims) {
  int64_t bytes = entry.arena_size(dims);
  // Room to round up to the alignment.
  return bytes > INT64_MAX - NACRE_ALIGNMENT ? -1 : bytes;
}

size_t nacre_arena_size(const nacre_artifact *artifact, uint32_t number, const int64_t *dims) {
  if (!artifact || artifact->magic != NACRE_ARTIFACT_MAGIC ||
      artifact->abi_version != NACRE_ABI_VERSION)
    return SIZE_MAX;
  const nacre_entry *entry = findEntry(nullptr, artifact, number);
  if (!entry || checkDims(nullptr, *entry, dims) != NACRE_OK)
    return SIZE_MAX;
  int64_t bytes = arenaBytes(*entry, dims);
  return bytes < 0 ? SIZE_MAX : static_cast<size_t>(bytes);
}

nacre_status nacre_shapes(const nacre_artifact *artifact, uint32_t number, const int64_t *dims,
                          int64_t *sizes) {
  if (!artifact || !sizes)
    return NACRE_ERROR_ARGUMENT;
  if (artifact->magic != NACRE_ARTIFACT_MAGIC || artifact->abi_version != NACRE_ABI_VERSION)
    return NACRE_ERROR_VERSION;
  const nacre_entry *entry = findEntry(nullptr, artifact, number);
  if (!entry)
    return NACRE_ERROR_ARGUMENT;
  nacre_status status = checkDims(nullptr, *entry, dims);
  if (status == NACRE_OK)
    entry->shapes(dims, sizes);
  return status;
}

/// One thread's part of a call. Results must depend neither on the rounding mode that the caller
/// happens to use nor on whether a worker has inherited it.
static void runThread(const nacre_model &model, const nacre_entry &entry, void *const *buffers,
                      const int64_t *dims, void *arena, int64_t thread, nacre_team &team) {
  fenv_t environment;
  fegetenv(&environment);
  fesetenv(FE_DFL_ENV);
  if (thread == 0 && team.recorder)
    team.recorder->begin();
  entry.run(model.weights, buffers, dims, arena, thread,
            team.threads.load(std::memory_order_relaxed), &team);
  fesetenv(&environment);
}

static void runTeam(const nacre_model &model, const nacre_entry &entry, void *const *buffers,
                    const int64_t *dims, void *arena, Recorder *recorder) {
  int threads = model.threads ? model.threads : omp_get_max_threads();
  nacre_team team(static_cast<uint32_t>(threads), recorder);
  if (threads == 1) {
    runThread(model, entry, buffers, dims, arena, 0, team);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    // OpenMP may give fewer threads than asked for. All write the same number, before any can need
    // it.
    team.threads.store(static_cast<uint32_t>(omp_get_num_threads()), std::memory_order_relaxed);
    runThread(model, entry, buffers, dims, arena, omp_get_thread_num(), team);
  }
}

/// nacre_run, with a recorder or without.
static nacre_status run(nacre_model *model, uint32_t number, void *const *buffers,
                        const int64_t *dims, void *arena, Recorder *recorder) {
  if (!model)
    return NACRE_ERROR_ARGUMENT;
  if (!model->artifact)
    return NACRE_ERROR_ARGUMENT; // the message says why it could not be opened
  const nacre_entry *entry = findEntry(model, model->artifact, number);
  if (!entry)
    return NACRE_ERROR_ARGUMENT;
  if (nacre_status status = checkDims(model, *entry, dims); status != NACRE_OK)
    return status;
  if (nacre_status status = checkBuffers(model, *entry, buffers, dims); status != NACRE_OK)
    return status;
  int64_t bytes = arenaBytes(*entry, dims);
  if (bytes < 0)
    return fail(model, NACRE_ERROR_ARGUMENT,
                "%s: the arena for these sizes does not fit into memory", entry->name);

  void *own = nullptr;
  if (!arena && bytes) {
    size_t rounded =
        (static_cast<size_t>(bytes) + NACRE_ALIGNMENT - 1) / NACRE_ALIGNMENT * NACRE_ALIGNMENT;
    arena = own = aligned_alloc(NACRE_ALIGNMENT, rounded);
    if (!own)
      return fail(model, NACRE_ERROR_MEMORY, "%s: no memory for an arena of %lld bytes",
                  entry->name, static_cast<long long>(bytes));
  } else if (reinterpret_cast<uintptr_t>(arena) % NACRE_ALIGNMENT) {
    return fail(model, NACRE_ERROR_ARGUMENT, "%s: the arena is not aligned to %d bytes",
                entry->name, NACRE_ALIGNMENT);
  }
  runTeam(*model, *entry, buffers, dims, arena, recorder);
  free(own);
  return NACRE_OK;
}

nacre_status nacre_run(nacre_model *model, uint32_t entry, void *const *buffers,
                       const int64_t *dims, void *arena) {
  return run(model, entry, buffers, dims, arena, nullptr);
}

nacre_status nacre_run_profiled(nacre_model *model, uint32_t entry, void *const *buffers,
                                const int64_t *dims, void *arena, nacre_kernel_time *times,
                                size_t capacity, size_t *count) {
  if (!count || (!times && capacity))
    return NACRE_ERROR_ARGUMENT;
  Recorder recorder(times, capacity);
  nacre_status status = run(model, entry, buffers, dims, arena, &recorder);
  *count = recorder.count();
  return status;
}
