//===- Team.cpp - a barrier for short waits ---------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Team.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <sched.h>
#endif

namespace {

// Kernels end within microseconds of each other, so a waiting thread looks again about this often
// (some tens of microseconds) before it gives its core away.
constexpr int spins = 1500;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Gives the core away until `word` may differ from `value`.
void sleep(std::atomic<uint32_t> &word, uint32_t value) {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, value, nullptr,
          nullptr, 0);
#else
  sched_yield();
#endif
}

void wakeAll(std::atomic<uint32_t> &word) {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr,
          nullptr, 0);
#endif
}

} // namespace

void nacre_barrier(nacre_team *team) {
  uint32_t threads = team->threads.load(std::memory_order_relaxed);
  nacre::Recorder *recorder = team->recorder;
  if (__builtin_expect(recorder != nullptr, false)) {
    recorder->arrive();
    if (threads == 1)
      recorder->end(threads);
  }
  if (threads == 1)
    return;
  // Cannot advance before this thread has arrived, so every thread of this round reads the same
  // number.
  uint32_t round = team->generation.load(std::memory_order_relaxed);
  if (team->arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
    if (recorder)
      recorder->end(threads);
    team->arrived.store(0, std::memory_order_relaxed);
    // Ordered with the sleepers' increment: either we see the sleeper, or it sees the new round.
    team->generation.store(round + 1, std::memory_order_seq_cst);
    if (team->sleepers.load(std::memory_order_seq_cst))
      wakeAll(team->generation);
    return;
  }
  for (int spin = 0; spin < spins; ++spin) {
    if (team->generation.load(std::memory_order_acquire) != round)
      return;
    relax();
  }
  team->sleepers.fetch_add(1, std::memory_order_seq_cst);
  while (team->generation.load(std::memory_order_seq_cst) == round)
    sleep(team->generation, round);
  team->sleepers.fetch_sub(1, std::memory_order_relaxed);
}
