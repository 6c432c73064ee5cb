//===- Pool.cpp - threads that the runtime makes itself ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Pool.h"

#include "Team.h"

#include <csignal>
#include <cstdlib>
#include <new>
#include <pthread.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#endif

using namespace nacre;

// A program that calls again and again does so within this many turns of waiting.
static constexpr int spins = 1500;
// Kernels keep their tiles on the stack; what is not used takes no memory.
static constexpr size_t stackSize = size_t(8) << 20;
static constexpr int maxHelpers = 4095;

namespace {

/// One call that has work for helpers. On its caller's stack; all but `task` to `count` belongs to
/// the pool's mutex.
struct Job {
  nacre_task task;
  void *argument;
  int count;
  int inside = 0;    // helpers that are at it
  bool over = false; // nothing is left for a helper that has not begun
  Job *next = nullptr;
};

} // namespace

struct nacre::Pool {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t left = PTHREAD_COND_INITIALIZER; // the last helper has left a job
  Job *jobs = nullptr;
  bool closing = false;
  int helpers = 0;
  pid_t process = getpid();
  alignas(64) std::atomic<uint32_t> posts{0}; // changes with each job, and when the pool closes
  std::atomic<uint32_t> asleep{0};
  pthread_t threads[maxHelpers];
};

namespace {

struct Helper {
  Pool *pool;
  int number;
};

} // namespace

/// A job that helper `number` is wanted for. The mutex is held.
static Job *findJob(Pool &pool, int number) {
  for (Job *job = pool.jobs; job; job = job->next)
    if (!job->over && number < job->count)
      return job;
  return nullptr;
}

static void awaitPost(Pool &pool, uint32_t seen) {
  for (int spin = 0; spin < spins; ++spin) {
    if (pool.posts.load(std::memory_order_acquire) != seen)
      return;
    relax();
  }
  pool.asleep.store(1, std::memory_order_seq_cst);
  if (pool.posts.load(std::memory_order_seq_cst) == seen)
    sleepOn(pool.posts, seen);
}

static void *help(void *data) {
  Helper self = *static_cast<Helper *>(data);
  free(data);
  Pool &pool = *self.pool;
  pthread_mutex_lock(&pool.mutex);
  while (!pool.closing) {
    // A post after this is a reason to look again.
    uint32_t seen = pool.posts.load(std::memory_order_acquire);
    if (Job *job = findJob(pool, self.number)) {
      ++job->inside;
      pthread_mutex_unlock(&pool.mutex);
      job->task(job->argument, self.number);
      pthread_mutex_lock(&pool.mutex);
      job->over = true;
      if (--job->inside == 0)
        pthread_cond_broadcast(&pool.left);
    } else {
      pthread_mutex_unlock(&pool.mutex);
      awaitPost(pool, seen);
      pthread_mutex_lock(&pool.mutex);
    }
  }
  pthread_mutex_unlock(&pool.mutex);
  return nullptr;
}

/// Makes threads until there are `wanted`, or as many as the system gives. The mutex is held.
static void grow(Pool &pool, int wanted) {
  if (wanted <= pool.helpers)
    return;
  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stackSize);
  while (pool.helpers < wanted && pool.helpers < maxHelpers) {
    auto *helper = static_cast<Helper *>(malloc(sizeof(Helper)));
    if (!helper)
      break;
    *helper = {&pool, pool.helpers + 1};
    if (pthread_create(&pool.threads[pool.helpers], &attributes, help, helper) != 0) {
      free(helper);
      break;
    }
    ++pool.helpers;
  }
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

static void post(Pool &pool) {
  pool.posts.fetch_add(1, std::memory_order_seq_cst);
  if (pool.asleep.load(std::memory_order_seq_cst) && pool.asleep.exchange(0))
    wakeAll(pool.posts);
}

Pool *nacre::makePool() {
  void *memory = nullptr;
  if (posix_memalign(&memory, alignof(Pool), sizeof(Pool)) != 0)
    return nullptr;
  return new (memory) Pool;
}

int nacre::helpersOf(const Pool *pool) { return pool ? pool->helpers : 0; }

void nacre::closePool(Pool *pool) {
  if (!pool)
    return;
  // The child of a fork has the memory, but not the threads, and cannot know who holds the mutex.
  if (pool->process != getpid())
    return;
  pthread_mutex_lock(&pool->mutex);
  pool->closing = true;
  pthread_mutex_unlock(&pool->mutex);
  post(*pool);
  for (int i = 0; i < pool->helpers; ++i)
    pthread_join(pool->threads[i], nullptr);
  pthread_cond_destroy(&pool->left);
  pthread_mutex_destroy(&pool->mutex);
  free(pool);
}

void nacre::runOnPool(Pool *pool, int count, nacre_task task, void *argument) {
  if (!pool || pool->process != getpid())
    return task(argument, 0);
  Job job{task, argument, count};
  pthread_mutex_lock(&pool->mutex);
  grow(*pool, count - 1);
  job.next = pool->jobs;
  pool->jobs = &job;
  pthread_mutex_unlock(&pool->mutex);
  post(*pool);

  task(argument, 0);

  pthread_mutex_lock(&pool->mutex);
  for (Job **at = &pool->jobs; *at; at = &(*at)->next)
    if (*at == &job) {
      *at = job.next;
      break;
    }
  while (job.inside != 0)
    pthread_cond_wait(&pool->left, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
}

int nacre::usableProcessors() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return CPU_COUNT(&set);
#endif
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : static_cast<int>(count);
}

int nacre::defaultThreads() {
  if (const char *text = getenv("OMP_NUM_THREADS"))
    if (long wanted = strtol(text, nullptr, 10); wanted >= 1 && wanted <= 4096)
      return static_cast<int>(wanted);
  return usableProcessors();
}
