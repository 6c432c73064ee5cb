//===- StateArtifact.h - a hand-made artifact with a state ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "State.h"
#include "TestArtifact.h"

#include <atomic>
#include <thread>

namespace nacre::test {

inline std::atomic<bool> addWaits, addRuns;

/// add(x: f32[N]) -> f32[N], with states `sum: f32[B]` and `calls: i64[]`: sum += x, and gives it.
inline void runAdd(const void *, void *const *buffers, const int64_t *dims, void *,
                   void *const *states, int64_t thread, int64_t, nacre_team *team) {
  runStep(team, thread, 0, 0, [&](int64_t, int64_t) {
    auto *x = static_cast<const float *>(buffers[0]);
    auto *y = static_cast<float *>(buffers[1]);
    auto *sum = static_cast<float *>(states[0]);
    auto *calls = static_cast<int64_t *>(states[1]);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(sum) % NACRE_ALIGNMENT, 0u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(calls) % NACRE_ALIGNMENT, 0u);
    EXPECT_GE(reinterpret_cast<char *>(calls), reinterpret_cast<char *>(sum + dims[0]));
    addRuns = true;
    while (addWaits)
      std::this_thread::yield();
    ++*calls;
    for (int64_t i = 0; i < dims[0]; ++i)
      y[i] = sum[i] += x[i];
  });
}

struct StateFixture : testing::Test {
  static constexpr int64_t vector[1] = {NACRE_DIM_VARIABLE(0)};
  static constexpr nacre_tensor_info tensors[2] = {{"x", "f32[N]", vector, NACRE_F32, 1},
                                                   {"result", "f32[N]", vector, NACRE_F32, 1}};
  static constexpr nacre_tensor_info states[2] = {{"sum", "f32[B]", vector, NACRE_F32, 1},
                                                  {"calls", "i64[]", nullptr, NACRE_I64, 0}};
  static constexpr const char *sizeName[1] = {"N"};
  static constexpr const char *stateSizeName[1] = {"B"};
  static constexpr nacre_run_function code[1] = {runAdd};

  nacre_entry entry = {};
  nacre_artifact artifact = {};
  nacre_model *model = nullptr;
  std::vector<nacre_state *> made;

  void SetUp() override {
    entry = mirrorEntry();
    entry.name = "add";
    entry.dim_names = sizeName;
    entry.num_dims = 1;
    entry.tensors = tensors;
    entry.check = nullptr;
    entry.shapes = [](const int64_t *dims, int64_t *sizes) { sizes[0] = sizes[1] = dims[0]; };
    entry.arena_size = [](const int64_t *) { return int64_t(0); };
    entry.run = code;
    entry.uses_states = 1;
    entry.state_dims = vector;
    artifact = artifactOf(entry, 0);
    artifact.states = states;
    artifact.num_states = 2;
    artifact.state_dim_names = stateSizeName;
    artifact.num_state_dims = 1;
    addWaits = addRuns = false;
    ASSERT_EQ(nacre_open(&artifact, nullptr, &model), NACRE_OK);
  }
  void TearDown() override {
    for (nacre_state *state : made)
      nacre_free_state(state);
    nacre_close(model);
  }

  nacre_state *make(int64_t b) {
    nacre_state *state = nullptr;
    EXPECT_EQ(nacre_new_state(model, &b, &state), NACRE_OK) << nacre_message(model);
    made.push_back(state);
    return state;
  }
  nacre_status run(nacre_state *state, std::vector<float> x, float *y) {
    void *buffers[2] = {x.data(), y};
    int64_t n = x.size();
    return nacre_run_with(model, 0, state, buffers, &n, nullptr);
  }
  nacre_status run(nacre_state *state, const std::vector<float> &x) {
    std::vector<float> y(x.size());
    return run(state, x, y.data());
  }
  std::vector<float> add(nacre_state *state, const std::vector<float> &x) {
    std::vector<float> y(x.size());
    EXPECT_EQ(run(state, x, y.data()), NACRE_OK) << nacre_message(model);
    return y;
  }
  static int64_t calls(nacre_state *state) { return *static_cast<int64_t *>(state->tensors[1]); }

  void expectMessage(llvm::StringRef part) {
    EXPECT_TRUE(llvm::StringRef(nacre_message(model)).contains(part)) << nacre_message(model);
  }

  /// Calls stay within the entry as long as this is set.
  static void setWaiting(bool waits) { addWaits = waits; }
  static void awaitCall() {
    while (!addRuns)
      std::this_thread::yield();
  }
};

} // namespace nacre::test
