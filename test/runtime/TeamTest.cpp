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

/// A loop as generated code walks it: each round every share counts its slot up, one share sets the
/// flag for whether there is another round, and the flag is spoilt at the beginning of the next
/// one. True on a thread that has walked to the end, false on one that was left behind.
template <typename Before>
bool walkLoop(nacre_team &team, std::vector<int> &counts, unsigned char &flag,
              std::atomic<int> &wrong, int64_t thread, int rounds, Before before) {
  int64_t step = 0, taken = 1;
  for (int round = 0; taken == 1; ++round) {
    before(thread, round);
    runStep(&team, thread, step++, 0, [&](int64_t, int64_t) { flag = 2 - flag; });
    runStep(&team, thread, step++, muchWork, [&](int64_t share, int64_t shares) {
      int64_t slots = counts.size();
      for (int64_t slot = slots * share / shares; slot < slots * (share + 1) / shares; ++slot)
        wrong += counts[slot]++ != round;
    });
    runStep(&team, thread, step++, 0, [&](int64_t, int64_t) { flag = round + 1 < rounds; });
    taken = nacre_decide(&team, thread, step++, round, &flag);
    if (taken == 0)
      wrong += round + 1 != rounds;
  }
  leave(team);
  return taken == 0;
}

template <typename Before>
int loopTogether(uint32_t threads, uint32_t present, int rounds, uint32_t spins, Before before) {
  Team team(threads);
  team.spins = spins;
  std::vector<int> counts(threads, 0);
  std::atomic<int> wrong = 0, ended = 0;
  unsigned char flag = 0;
  std::vector<std::thread> pool;
  for (uint32_t i = 0; i < present; ++i)
    pool.emplace_back([&, i] { ended += walkLoop(team, counts, flag, wrong, i, rounds, before); });
  for (std::thread &thread : pool)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(counts, std::vector<int>(threads, rounds));
  EXPECT_EQ(team.step, 4u * rounds);
  return ended;
}

TEST(DecideTest, AllThreadsWalkTheSameRounds) {
  EXPECT_EQ(loopTogether(1, 1, 3000, 0, nothing), 1);
  EXPECT_GE(loopTogether(3, 3, 1000, 1500, nothing), 1);
  EXPECT_GE(loopTogether(3, 3, 500, 0, nothing), 1);
  EXPECT_GE(loopTogether(16, 16, 100, 50, nothing), 1);
  EXPECT_EQ(loopTogether(8, 1, 200, 50, nothing), 1);
}

TEST(DecideTest, ShortDelaysLeaveNobodyBehind) {
  int ended = loopTogether(4, 4, 60, 50, [](int64_t thread, int round) {
    if ((thread * 7 + round) % 13 == 0)
      rest();
  });
  EXPECT_EQ(ended, 4) << "60 decisions are remembered";
}

// The other threads are through long before it has come: it has nothing to go by, and leaves.
TEST(DecideTest, WhoIsTooFarBehindLeaves) {
  std::atomic<bool> over = false;
  constexpr int rounds = 32 * nacre_team::decisionBlocks + 40;
  int ended = loopTogether(2, 2, rounds, 50, [&](int64_t thread, int round) {
    if (thread == 1 && round == 5)
      while (!over)
        std::this_thread::yield();
    over = over || round == rounds - 1;
  });
  EXPECT_EQ(ended, 1);
}

TEST(DecideTest, RemembersUpToTheLastOneThatFits) {
  nacre_team team(2, 1000);
  constexpr int64_t remembered = 32 * (nacre_team::decisionBlocks - 1);
  std::vector<int> decisions;
  int64_t step = 0;
  for (; step < 5000; ++step) {
    unsigned char flag = step % 3 == 0 ? 255 : 0;
    ASSERT_EQ(nacre_decide(&team, 0, step, step, &flag), step % 3 == 0);
  }
  Team late(2);
  late.step = 5000;
  for (uint32_t i = 0; i < nacre_team::decisionBlocks; ++i)
    late.decisions[i] = team.decisions[i].load();
  const unsigned char *unread = nullptr;
  for (int64_t number = 5000 - remembered; number < 5000; ++number)
    ASSERT_EQ(nacre_decide(&late, 1, number, number, unread), number % 3 == 0) << number;
  EXPECT_EQ(nacre_decide(&late, 1, 2000, 2000, unread), -1);
  // What walks on in spite of it gets neither shares nor rounds.
  EXPECT_EQ(nacre_decide(&late, 1, NACRE_STEPS + 2001, 2001, unread), 0);
  EXPECT_EQ(nacre_next_share(&late, 1, NACRE_STEPS + 2002, 2, -1), -1);
}

// Through the runtime's own pool: nacre_run returns when the loop has ended, whoever was left
// behind.
void runCounter(const void *, void *const *buffers, const int64_t *, void *arena, void *const *,
                int64_t thread, int64_t, nacre_team *team) {
  auto *out = static_cast<float *>(buffers[1]);
  auto *flag = static_cast<unsigned char *>(arena);
  int64_t step = 0, taken = 1;
  for (int64_t round = 0; taken == 1; ++round) {
    // The caller's thread is one of those that fall behind.
    if (round == 3 && thread == 0)
      rest();
    runStep(team, thread, step++, muchWork, [&](int64_t share, int64_t) {
      if (share == 0)
        ++*out;
    });
    runStep(team, thread, step++, 0, [&](int64_t, int64_t) { *flag = *out < 4000; });
    taken = nacre_decide(team, thread, step++, round, flag);
  }
}

TEST(DecideTest, ACallEndsWhenItsLoopHasEnded) {
  static const nacre_run_function code = runCounter;
  nacre_entry entry = mirrorEntry();
  entry.run = &code;
  nacre_artifact artifact = artifactOf(entry, 0);
  nacre_model *model;
  ASSERT_EQ(nacre_open(&artifact, nullptr, &model), NACRE_OK);
  for (int threads : {1, 2, 3, 8}) {
    nacre_set_threads(model, threads);
    for (int i = 0; i < 3; ++i) {
      float in = 0, out = 0;
      int64_t dims[] = {1, 1};
      void *buffers[] = {&in, &out};
      ASSERT_EQ(nacre_run(model, 0, buffers, dims, nullptr), NACRE_OK);
      ASSERT_EQ(out, 4000) << threads;
    }
  }
  nacre_close(model);
}

} // namespace
