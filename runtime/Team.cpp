//===- Team.cpp - steps and shares of a call --------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Team.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <sched.h>
#endif

using namespace nacre;

// After so many turns of waiting a thread without a share of its own takes those of threads that
// have not come: some microseconds, by which threads leave a step apart.
static constexpr uint32_t patience = 40;

void nacre::relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

void nacre::sleepOn(std::atomic<uint32_t> &word, uint32_t value) {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, value, nullptr,
          nullptr, 0);
#else
  if (word.load(std::memory_order_relaxed) == value)
    sched_yield();
#endif
}

void nacre::wakeAll(std::atomic<uint32_t> &word) {
#if defined(__linux__)
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr,
          nullptr, 0);
#endif
}

static void wakeSleepers(nacre_team &team) {
  if (team.asleep.load(std::memory_order_seq_cst) && team.asleep.exchange(0))
    wakeAll(team.step);
}

void nacre::leave(nacre_team &team) { wakeSleepers(team); }

/// Whether `share` of a step was nobody's yet and is now the caller's. A thread that lags behind
/// may ask for a share of a step that is over; its claim says a later step then.
static bool take(nacre_team &team, uint32_t share, uint32_t step) {
  std::atomic<uint32_t> &claim = team.claims[share].step;
  uint32_t taken = claim.load(std::memory_order_relaxed);
  return taken <= step && claim.compare_exchange_strong(taken, step + 1, std::memory_order_acq_rel,
                                                        std::memory_order_relaxed);
}

/// A share that nobody has begun, from `first` on and around, or -1.
static int64_t takeAny(nacre_team &team, uint32_t first, uint32_t shares, uint32_t step) {
  for (uint32_t i = 0; i < shares; ++i)
    if (uint32_t share = (first + i) % shares; take(team, share, step))
      return share;
  return -1;
}

/// Waits until a step is over and returns -1, or returns a share of a thread that does not come.
static int64_t wait(nacre_team &team, uint32_t thread, uint32_t shares, uint32_t step) {
  for (uint32_t spin = 0; spin < team.spins || spin <= patience; ++spin) {
    if (team.step.load(std::memory_order_acquire) != step)
      return -1;
    if (spin == patience)
      if (int64_t share = takeAny(team, thread, shares, step); share >= 0)
        return share;
    relax();
  }
  for (;;) {
    // Ordered with the step's end: either who ends it, or begins the next one, sees the sleeper, or
    // the sleeper sees the new step.
    team.asleep.store(1, std::memory_order_seq_cst);
    if (team.step.load(std::memory_order_seq_cst) != step)
      return -1;
    sleepOn(team.step, step);
  }
}

int64_t nacre_shares(nacre_team *team, double nanoseconds) {
  if (team->threads == 1)
    return 1;
  double shares = nanoseconds / team->grain;
  // Also where the work is not known, and NaN.
  if (!(shares >= 0 && shares < team->threads))
    return team->threads;
  return shares < 2 ? 1 : static_cast<int64_t>(shares);
}

int64_t nacre_next_share(nacre_team *team, int64_t self, int64_t number, int64_t count,
                         int64_t ended) {
  auto thread = static_cast<uint32_t>(self), step = static_cast<uint32_t>(number);
  auto place = static_cast<uint32_t>(number >> 32);
  auto shares = static_cast<uint32_t>(count);
  Recorder *recorder = team->recorder;
  if (__builtin_expect(recorder != nullptr, false) && ended >= 0)
    recorder->arrive();

  if (team->recruit && count > 1 && ended < 0) {
    void (*recruit)(nacre_team *) = team->recruit;
    team->recruit = nullptr;
    recruit(team);
  }
  if (!team->claims) {
    if (ended + 1 < count)
      return ended + 1;
    if (recorder)
      recorder->end(place, shares);
    // For those who are recruited later.
    team->step.store(step + 1, std::memory_order_relaxed);
    return -1;
  }

  if (ended < 0) {
    if (team->step.load(std::memory_order_acquire) != step)
      return -1;
    // Not at the end of the step before: nobody need wake up for a step of one share.
    if (shares > 1)
      wakeSleepers(*team);
    if (shares == 1 || thread < shares) {
      uint32_t own = shares == 1 ? 0 : thread;
      if (take(*team, own, step))
        return own;
    }
    return wait(*team, thread, shares, step);
  }
  if (team->ended.fetch_add(1, std::memory_order_acq_rel) + 1 == shares) {
    if (recorder)
      recorder->end(place, shares);
    team->ended.store(0, std::memory_order_relaxed);
    team->step.store(step + 1, std::memory_order_seq_cst);
    return -1;
  }
  // Whoever has not begun by now has had as long as a share takes.
  if (int64_t share = takeAny(*team, thread + 1, shares, step); share >= 0)
    return share;
  return wait(*team, thread, shares, step);
}

/// What decision `number` was, or -1 where later ones have taken its place. It has been taken.
static int64_t recall(const nacre_team &team, uint64_t number) {
  uint64_t block = number / 32;
  // Whole in one load, whoever writes at this moment.
  uint64_t word =
      team.decisions[block % nacre_team::decisionBlocks].load(std::memory_order_acquire);
  if (word >> 32 != block)
    return -1;
  return word >> number % 32 & 1;
}

int64_t nacre_decide(nacre_team *team, int64_t thread, int64_t step, int64_t decision,
                     const unsigned char *flag) {
  auto number = static_cast<uint64_t>(decision);
  if (static_cast<uint32_t>(step) >= NACRE_STEPS)
    return 0;
  int64_t share = nacre_next_share(team, thread, step, 1, -1);
  if (share >= 0) {
    uint64_t block = number / 32;
    std::atomic<uint64_t> &place = team->decisions[block % nacre_team::decisionBlocks];
    // Nobody else writes: the step that the decision before was made in is over.
    uint64_t word = place.load(std::memory_order_relaxed);
    if (word >> 32 != block)
      word = block << 32;
    word |= uint64_t(*flag != 0) << number % 32;
    place.store(word, std::memory_order_release);
    do
      share = nacre_next_share(team, thread, step, 1, share);
    while (share >= 0);
  }
  return recall(*team, number);
}
