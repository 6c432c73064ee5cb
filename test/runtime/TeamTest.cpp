//===- TeamTest.cpp - the barrier under contention ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Team.h"

#include "gtest/gtest.h"

#include <chrono>
#include <thread>
#include <vector>

namespace {

/// Every thread counts up its own slot and, after a barrier, must see all others at the same count.
void countTogether(uint32_t threads, int rounds, uint32_t slowThread) {
  nacre_team team(threads);
  std::vector<int> counts(threads, 0);
  std::atomic<int> wrong = 0;
  auto work = [&](uint32_t self) {
    for (int round = 1; round <= rounds; ++round) {
      if (self == slowThread)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      counts[self] = round;
      nacre_barrier(&team);
      for (int count : counts)
        wrong += count != round;
      nacre_barrier(&team);
    }
  };
  std::vector<std::thread> pool;
  for (uint32_t i = 0; i < threads; ++i)
    pool.emplace_back(work, i);
  for (std::thread &thread : pool)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(TeamTest, FewThreads) { countTogether(2, 2000, ~0u); }

// More threads than cores: waiting threads must give their core away.
TEST(TeamTest, ManyThreads) { countTogether(16, 300, ~0u); }

// Long waits end in sleep and must be woken.
TEST(TeamTest, OneSlowThread) { countTogether(4, 60, 2); }

TEST(TeamTest, AloneIsFree) {
  nacre_team team(1);
  nacre_barrier(&team);
  EXPECT_EQ(team.generation, 0u);
}

TEST(TeamTest, GenerationWraps) {
  nacre_team team(2);
  team.generation = ~0u;
  std::thread other([&] { nacre_barrier(&team); });
  nacre_barrier(&team);
  other.join();
  EXPECT_EQ(team.generation, 0u);
}

} // namespace
