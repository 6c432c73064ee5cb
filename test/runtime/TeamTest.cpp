//===- TeamTest.cpp - steps and shares under contention -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Team.h"
#include "TestArtifact.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

using namespace nacre;
using namespace nacre::test;

namespace {

void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

/// A team of which `recruit` has been called already.
struct Team : nacre_team {
  explicit Team(uint32_t threads) : nacre_team(threads, 1000), memory(new Claim[threads]) {
    claims = memory.get();
  }
  std::unique_ptr<Claim[]> memory;
};

/// What every thread does: in each step every share counts up its own slot and must see all others
/// as the step before left them. Every third step is one share. `before` is called with (thread,
/// step) before each step.
template <typename Before>
void walk(nacre_team &team, std::vector<int> &counts, std::atomic<int> &wrong, int64_t thread,
          int steps, Before before) {
  for (int step = 0; step < steps; ++step) {
    before(thread, step);
    runStep(&team, thread, step, step % 3 == 2 ? 0 : muchWork, [&](int64_t share, int64_t shares) {
      int64_t slots = counts.size();
      for (int64_t slot = slots * share / shares; slot < slots * (share + 1) / shares; ++slot)
        wrong += counts[slot]++ != step;
      if (shares == 1)
        for (int count : counts)
          wrong += count != step + 1;
    });
  }
  leave(team);
}

template <typename Before>
void countTogether(uint32_t threads, uint32_t present, int steps, uint32_t spins, Before before) {
  Team team(threads);
  team.spins = spins;
  std::vector<int> counts(threads, 0);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> pool;
  for (uint32_t i = 0; i < present; ++i)
    pool.emplace_back([&, i] { walk(team, counts, wrong, i, steps, before); });
  for (std::thread &thread : pool)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(counts, std::vector<int>(threads, steps));
}

auto nothing = [](int64_t, int) {};

TEST(TeamTest, FewThreads) { countTogether(2, 2, 3000, 1500, nothing); }

// More threads than cores: waiting threads must give their core away.
TEST(TeamTest, ManyThreads) { countTogether(16, 16, 300, 50, nothing); }

// Without a turn of waiting every wait is a sleep.
TEST(TeamTest, SleepersAreWoken) { countTogether(3, 3, 2000, 0, nothing); }

TEST(TeamTest, OneSlowThread) {
  countTogether(4, 4, 60, 1500, [](int64_t thread, int) {
    if (thread == 2)
      rest();
  });
}

TEST(TeamTest, NobodyWaitsForThreadsThatNeverCome) {
  countTogether(8, 1, 100, 1500, nothing);
  countTogether(8, 3, 100, 1500, nothing);
}

TEST(TeamTest, ThreadsThatComeLate) {
  countTogether(4, 4, 60, 1500, [](int64_t thread, int step) {
    if (step == 0 && thread > 0)
      for (int64_t i = 0; i < thread * 3; ++i)
        rest();
    if (thread == 0)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
  });
}

TEST(TeamTest, TwoThreadsOfOneNumber) {
  Team team(2);
  std::vector<int> counts(2, 0);
  std::atomic<int> wrong = 0;
  std::thread other([&] { walk(team, counts, wrong, 1, 300, nothing); });
  walk(team, counts, wrong, 1, 300, nothing);
  other.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(counts, std::vector<int>(2, 300));
}

// ProfileTest and CompiledKernel's tests have one share per thread or one; here is what lies
// between.
TEST(TeamTest, SharesByWork) {
  nacre_team team(8, 1000);
  EXPECT_EQ(nacre_shares(&team, 0), 1);
  EXPECT_EQ(nacre_shares(&team, 1999), 1);
  EXPECT_EQ(nacre_shares(&team, 2000), 2);
  EXPECT_EQ(nacre_shares(&team, 7999), 7);
  EXPECT_EQ(nacre_shares(&team, 1e300), 8);
  EXPECT_EQ(nacre_shares(&team, -1), 8) << "not known";
  EXPECT_EQ(nacre_shares(&team, NAN), 8);
  nacre_team alone(1, 1000);
  EXPECT_EQ(nacre_shares(&alone, 1e300), 1);
}

TEST(TeamTest, AloneTakesShareAfterShare) {
  nacre_team team(4, 1000);
  std::vector<int64_t> taken;
  for (int step = 0; step < 2; ++step)
    runStep(&team, 0, step, muchWork, [&](int64_t share, int64_t shares) {
      EXPECT_EQ(shares, 4);
      taken.push_back(share);
    });
  EXPECT_EQ(taken, (std::vector<int64_t>{0, 1, 2, 3, 0, 1, 2, 3}));
  EXPECT_EQ(team.step, 2u);
}

TEST(TeamTest, RecruitsOnceAndOnlyForMoreThanOneShare) {
  static int calls;
  calls = 0;
  nacre_team team(4, 1000);
  team.recruit = [](nacre_team *) { ++calls; };
  auto step = [&](int64_t number, double work) {
    runStep(&team, 0, number, work, [](int64_t, int64_t) {});
  };
  step(0, 0);
  EXPECT_EQ(calls, 0);
  step(1, muchWork);
  step(2, muchWork);
  EXPECT_EQ(calls, 1);
}

} // namespace
