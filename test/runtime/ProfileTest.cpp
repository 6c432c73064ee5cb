//===- ProfileTest.cpp - times of a call's kernels ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "nacre/profile.h"
#include "TestArtifact.h"

#include <atomic>
#include <chrono>
#include <thread>

using namespace nacre::test;

namespace {

constexpr uint64_t millisecond = 1'000'000;

void rest(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

std::atomic<int> ended;

/// Three kernels: each share of the first takes 5 ms, the last share of the second 20 ms more than
/// all others, the third is one share of 1 ms.
void runSteps(const void *, void *const *, const int64_t *, void *, void *const *, int64_t thread,
              int64_t, nacre_team *team) {
  runStep(team, thread, 0, muchWork, [](int64_t, int64_t) { rest(5); });
  runStep(team, thread, 1, muchWork, [](int64_t share, int64_t shares) {
    if (share < shares - 1) {
      ++ended;
      return;
    }
    while (ended < shares - 1)
      std::this_thread::yield();
    rest(20);
  });
  runStep(team, thread, 2, 0, [](int64_t, int64_t) { rest(1); });
}

struct ProfileTest : testing::Test {
  nacre_entry entry = mirrorEntry();
  nacre_artifact artifact = artifactOf(entry, 0);
  nacre_model *model = nullptr;
  int64_t dims[2] = {0, 0};
  void *buffers[2] = {nullptr, nullptr};
  std::vector<nacre_kernel_time> times = std::vector<nacre_kernel_time>(4, {7, 7, 7});
  size_t count = 99;

  void SetUp() override {
    static const nacre_run_function code = runSteps;
    entry.run = &code;
    ASSERT_EQ(nacre_open(&artifact, nullptr, &model), NACRE_OK) << nacre_message(model);
  }
  void TearDown() override { nacre_close(model); }

  nacre_status profile(size_t capacity = 4) {
    ended = 0;
    return nacre_run_profiled(model, 0, nullptr, buffers, dims, nullptr, times.data(), capacity,
                              &count);
  }
};

TEST_F(ProfileTest, OneTimePerKernel) {
  for (int threads : {1, 2, 3, 8}) {
    nacre_set_threads(model, threads);
    auto start = std::chrono::steady_clock::now();
    ASSERT_EQ(profile(), NACRE_OK) << nacre_message(model);
    std::chrono::nanoseconds whole = std::chrono::steady_clock::now() - start;
    ASSERT_EQ(count, 3u) << threads;
    EXPECT_GE(times[1].nanoseconds, 20 * millisecond);
    EXPECT_GE(times[0].nanoseconds, 5 * millisecond);
    EXPECT_LE(times[0].nanoseconds + times[1].nanoseconds + times[2].nanoseconds,
              static_cast<uint64_t>(whole.count()));
    EXPECT_EQ(times[3].nanoseconds, 7u) << "no more than there are kernels";
  }
}

TEST_F(ProfileTest, WaitingIsThatOfTheSharesThatHadEnded) {
  nacre_set_threads(model, 4);
  ASSERT_EQ(profile(), NACRE_OK);
  // Three shares wait for the one that rests, each no longer than the kernel takes.
  EXPECT_GE(times[1].waited, 20 * millisecond);
  EXPECT_LE(times[1].waited, 3 * times[1].nanoseconds);
  // A kernel of one share has nobody to wait for, though three threads have nothing to do.
  EXPECT_EQ(times[2].waited, 0u);
}

TEST_F(ProfileTest, AloneNobodyWaits) {
  nacre_set_threads(model, 1);
  ASSERT_EQ(profile(), NACRE_OK);
  for (int i = 0; i < 3; ++i)
    EXPECT_LT(times[i].waited, millisecond);
}

TEST_F(ProfileTest, CapacityIsKept) {
  ASSERT_EQ(profile(1), NACRE_OK);
  EXPECT_EQ(count, 3u);
  EXPECT_NE(times[0].nanoseconds, 7u);
  EXPECT_EQ(times[1].nanoseconds, 7u);
  ASSERT_EQ(nacre_run_profiled(model, 0, nullptr, buffers, dims, nullptr, nullptr, 0, &count),
            NACRE_OK);
  EXPECT_EQ(count, 3u);
}

/// Place 0 once, then 1 and the decision 2 seven times, 3 never.
void runLoop(const void *, void *const *, const int64_t *, void *, void *const *, int64_t thread,
             int64_t, nacre_team *team) {
  static std::atomic<unsigned char> left;
  int64_t step = 0;
  runStepAt(team, thread, 0, step++, 0, [](int64_t, int64_t) { left = 7; });
  for (int64_t decision = 0; decision < 8; ++decision) {
    runStepAt(team, thread, 1, step++, muchWork, [](int64_t share, int64_t) {
      if (share == 0)
        rest(1);
    });
    runStepAt(team, thread, 2, step++, 0, [](int64_t, int64_t) { --left; });
    unsigned char flag = left;
    if (nacre_decide(team, thread, NACRE_STEP(step++, 3), decision, &flag) != 1)
      return;
    if (decision == 100)
      runStepAt(team, thread, 4, step++, 0, [](int64_t, int64_t) {});
  }
}

TEST_F(ProfileTest, RoundsOfALoopAreAddedUp) {
  static const nacre_run_function code = runLoop;
  entry.run = &code;
  times.assign(6, {7, 7, 7});
  for (int threads : {1, 2, 4}) {
    nacre_set_threads(model, threads);
    ASSERT_EQ(profile(6), NACRE_OK);
    ASSERT_EQ(count, 4u);
    EXPECT_EQ(times[0].rounds, 1u);
    for (int place : {1, 2, 3})
      EXPECT_EQ(times[place].rounds, 7u) << place;
    EXPECT_GE(times[1].nanoseconds, 7 * millisecond);
    EXPECT_EQ(times[4].rounds, 7u) << "not reached, not written";
  }
}

TEST_F(ProfileTest, ChecksArgumentsLikeRun) {
  EXPECT_EQ(nacre_run_profiled(model, 0, nullptr, buffers, dims, nullptr, nullptr, 4, &count),
            NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_run_profiled(model, 0, nullptr, buffers, dims, nullptr, times.data(), 4, nullptr),
            NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(
      nacre_run_profiled(nullptr, 0, nullptr, buffers, dims, nullptr, times.data(), 4, &count),
      NACRE_ERROR_ARGUMENT);
  dims[0] = -1;
  EXPECT_EQ(profile(), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(times[0].nanoseconds, 7u) << "nothing has run";
}

} // namespace
