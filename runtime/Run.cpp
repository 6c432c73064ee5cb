//===- Run.cpp - running an entry -------------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Arguments.h"
#include "Pool.h"
#include "State.h"
#include "Team.h"

#include <cfenv>
#include <cstdlib>
#include <new>

using namespace nacre;

// A share of a kernel with less work than this ends before another thread has noticed that there is
// one.
static constexpr double shareNanoseconds = 2000;

nacre_status nacre_set_threads(nacre_model *model, int threads) {
  if (!model)
    return NACRE_ERROR_ARGUMENT;
  if (threads < 0 || threads > 4096)
    return fail(model, NACRE_ERROR_ARGUMENT, "%d threads is not between 0 (the default) and 4096",
                threads);
  model->threads = threads;
  // Threads that no call can use any more would be woken by each.
  if (threads > 1 && helpersOf(model->pool) >= threads)
    closePool(model->pool.exchange(nullptr));
  return NACRE_OK;
}

nacre_status nacre_set_pool(nacre_model *model, nacre_parallel parallel, void *context,
                            int threads) {
  if (!model)
    return NACRE_ERROR_ARGUMENT;
  if (parallel && threads < 1)
    return fail(model, NACRE_ERROR_ARGUMENT, "a pool of %d threads is none", threads);
  if (nacre_status status = nacre_set_threads(model, threads); status != NACRE_OK)
    return status;
  model->parallel = parallel;
  model->parallelContext = context;
  closePool(model->pool.exchange(nullptr));
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

namespace {

/// One call, and the team that runs it.
struct Call : nacre_team {
  Call(nacre_model &model, const nacre_entry &entry, void *const *buffers, const int64_t *dims,
       void *arena, void *const *states, uint32_t threads, Recorder *recorder)
      : nacre_team(threads, model.splitAll ? 0 : shareNanoseconds, recorder), model(model),
        entry(entry), buffers(buffers), dims(dims), arena(arena), states(states) {}

  nacre_model &model;
  const nacre_entry &entry;
  void *const *buffers;
  const int64_t *dims;
  void *arena;
  void *const *states;
  fenv_t environment; // the caller's

  // As many claims as nearly every machine needs, so that calls ask for no memory; in use once
  // other threads are wanted.
  static constexpr uint32_t fewThreads = 64;
  alignas(Claim) unsigned char few[fewThreads * sizeof(Claim)];
  void *more = nullptr; // for more threads than that
};

/// The default floating-point environment as long as the object lives, then the one before.
class DefaultEnvironment {
public:
  DefaultEnvironment() {
    fegetenv(&before);
    fesetenv(FE_DFL_ENV);
  }
  ~DefaultEnvironment() { fesetenv(&before); }
  DefaultEnvironment(const DefaultEnvironment &) = delete;

private:
  fenv_t before;
};

} // namespace

/// One thread's walk through the entry. Results must depend neither on the rounding mode that the
/// caller happens to use nor on whether a worker has inherited it.
static void walk(void *argument, int thread) {
  Call &call = *static_cast<Call *>(argument);
  DefaultEnvironment environment;
  call.entry.run[call.model.target](call.model.weights, call.buffers, call.dims, call.arena,
                                    call.states, thread, call.threads, &call);
  leave(call);
}

/// A number that is asked for once and kept.
static int kept(std::atomic<int> &number, int (*ask)()) {
  int known = number.load(std::memory_order_relaxed);
  if (!known)
    number.store(known = ask(), std::memory_order_relaxed);
  return known;
}

/// The pool of a model's own threads, made by the first call that needs it; null without memory.
static Pool *poolOf(nacre_model &model) {
  Pool *pool = model.pool.load(std::memory_order_acquire);
  if (pool)
    return pool;
  Pool *made = makePool();
  if (model.pool.compare_exchange_strong(pool, made, std::memory_order_acq_rel))
    return made;
  closePool(made);
  return pool;
}

/// Lets other threads walk the entry, and returns when none does any more.
static void recruit(nacre_team *team) {
  Call &call = *static_cast<Call *>(team);
  void *claims = call.few;
  if (call.threads > Call::fewThreads)
    claims = call.more = aligned_alloc(alignof(Claim), call.threads * sizeof(Claim));
  if (!claims)
    return;
  call.claims = new (claims) Claim[call.threads];
  // With fewer processors than threads, who waits is in the way of those it waits for.
  bool crowded = kept(call.model.processors, usableProcessors) < static_cast<int>(call.threads);
  call.spins = crowded ? 50 : 1500;
  // Code of the caller's gets the caller's environment.
  fenv_t ours;
  fegetenv(&ours);
  fesetenv(&call.environment);
  if (call.model.parallel)
    call.model.parallel(call.model.parallelContext, static_cast<int>(call.threads), walk, &call);
  else
    runOnPool(poolOf(call.model), static_cast<int>(call.threads), walk, &call);
  fesetenv(&ours);
}

static void runTeam(nacre_model &model, const nacre_entry &entry, void *const *buffers,
                    const int64_t *dims, void *arena, void *const *states, Recorder *recorder) {
  int threads = model.threads ? model.threads : kept(model.defaultThreads, defaultThreads);
  Call call(model, entry, buffers, dims, arena, states, static_cast<uint32_t>(threads), recorder);
  fegetenv(&call.environment);
  if (threads > 1)
    call.recruit = recruit;
  if (recorder)
    recorder->begin();
  walk(&call, 0);
  free(call.more);
}

/// nacre_run, with a state or without, with a recorder or without.
static nacre_status run(nacre_model *model, uint32_t number, nacre_state *state,
                        void *const *buffers, const int64_t *dims, void *arena,
                        Recorder *recorder) {
  if (!model)
    return NACRE_ERROR_ARGUMENT;
  if (!model->artifact)
    return NACRE_ERROR_ARGUMENT; // the message says why it could not be opened
  const nacre_entry *entry = findEntry(model, model->artifact, number);
  if (!entry)
    return NACRE_ERROR_ARGUMENT;
  if (nacre_status status = checkDims(model, *entry, dims); status != NACRE_OK)
    return status;
  if (nacre_status status = checkState(model, *entry, state, dims); status != NACRE_OK)
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
  nacre_status status = NACRE_OK;
  if (!entry->uses_states) {
    runTeam(*model, *entry, buffers, dims, arena, nullptr, recorder);
  } else if (StateUse use(state); use.isTaken()) {
    runTeam(*model, *entry, buffers, dims, arena, state->tensors, recorder);
  } else {
    status = use.refuse(entry->name);
  }
  free(own);
  return status;
}

nacre_status nacre_run(nacre_model *model, uint32_t entry, void *const *buffers,
                       const int64_t *dims, void *arena) {
  return run(model, entry, nullptr, buffers, dims, arena, nullptr);
}

nacre_status nacre_run_with(nacre_model *model, uint32_t entry, nacre_state *state,
                            void *const *buffers, const int64_t *dims, void *arena) {
  return run(model, entry, state, buffers, dims, arena, nullptr);
}

nacre_status nacre_run_profiled(nacre_model *model, uint32_t entry, nacre_state *state,
                                void *const *buffers, const int64_t *dims, void *arena,
                                nacre_kernel_time *times, size_t capacity, size_t *count) {
  if (!count || (!times && capacity))
    return NACRE_ERROR_ARGUMENT;
  Recorder recorder(times, capacity);
  nacre_status status = run(model, entry, state, buffers, dims, arena, &recorder);
  *count = recorder.count();
  return status;
}
