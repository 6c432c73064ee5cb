//===- StateTest.cpp - what a model keeps from call to call ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "StateArtifact.h"

#include "nacre/profile.h"

#include <thread>

using namespace nacre::test;

namespace {

struct StateTest : StateFixture {};

TEST_F(StateTest, ZeroAtFirstAndKeptFromCallToCall) {
  nacre_state *state = make(2);
  EXPECT_EQ(add(state, {1, 2}), (std::vector<float>{1, 2}));
  EXPECT_EQ(add(state, {1, 2}), (std::vector<float>{2, 4}));
  ASSERT_EQ(nacre_zero_state(state), NACRE_OK);
  EXPECT_EQ(add(state, {5, 6}), (std::vector<float>{5, 6}));
  EXPECT_EQ(calls(state), 1);
}

TEST_F(StateTest, EachConversationHasItsOwn) {
  nacre_state *one = make(2), *other = make(3);
  add(one, {1, 2});
  EXPECT_EQ(add(other, {1, 1, 1}), (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(add(one, {1, 2}), (std::vector<float>{2, 4}));
}

TEST_F(StateTest, TensorsAreAlignedAndApart) {
  EXPECT_EQ(nacre_state_size(&artifact, std::vector<int64_t>{2}.data()), 128u);
  EXPECT_EQ(nacre_state_size(&artifact, std::vector<int64_t>{16}.data()), 128u);
  EXPECT_EQ(nacre_state_size(&artifact, std::vector<int64_t>{17}.data()), 192u);
  EXPECT_EQ(nacre_state_size(&artifact, std::vector<int64_t>{0}.data()), 64u);
  EXPECT_EQ(nacre_state_size(&artifact, std::vector<int64_t>{-1}.data()), SIZE_MAX);
  EXPECT_EQ(nacre_state_size(&artifact, nullptr), SIZE_MAX);
  EXPECT_EQ(nacre_state_size(nullptr, nullptr), SIZE_MAX);
  // The entry itself looks at its pointers, see StateArtifact.h.
  nacre_state *state = make(17);
  EXPECT_EQ(add(state, std::vector<float>(17, 1)), std::vector<float>(17, 1));
}

TEST_F(StateTest, NeedsAState) {
  EXPECT_EQ(run(nullptr, {1, 2}), NACRE_ERROR_ARGUMENT);
  expectMessage("add: uses the model's state; make one with nacre_new_state");
  void *buffers[2] = {};
  EXPECT_EQ(nacre_run(model, 0, buffers, std::vector<int64_t>{0}.data(), nullptr),
            NACRE_ERROR_ARGUMENT);
  expectMessage("nacre_run_with");
}

TEST_F(StateTest, SizesMustAgree) {
  nacre_state *state = make(3);
  EXPECT_EQ(run(state, {1, 2}), NACRE_ERROR_ARGUMENT);
  expectMessage("add: size N = 2, but the state was made with B = 3");
  EXPECT_EQ(calls(state), 0) << "nothing has run";

  static const int64_t four[] = {4};
  entry.state_dims = four;
  EXPECT_EQ(run(state, {1, 2}), NACRE_ERROR_ARGUMENT);
  expectMessage("add: needs a state with B = 4, and this one has 3");
  static const int64_t any[] = {NACRE_DIM_FORMULA};
  entry.state_dims = any;
  EXPECT_EQ(run(state, {1, 2}), NACRE_OK);
  entry.state_dims = nullptr;
  EXPECT_EQ(run(state, {1, 2}), NACRE_OK);
}

TEST_F(StateTest, AStateOfAnotherModel) {
  nacre_state *state = make(2);
  nacre_artifact other = artifact;
  other.name = "other";
  nacre_model *second;
  ASSERT_EQ(nacre_open(&other, nullptr, &second), NACRE_OK);
  float x[2] = {}, y[2];
  void *buffers[2] = {x, y};
  int64_t dims[] = {2};
  EXPECT_EQ(nacre_run_with(second, 0, state, buffers, dims, nullptr), NACRE_ERROR_ARGUMENT);
  EXPECT_STREQ(nacre_message(second), "add: the state was made for 'test', and this is 'other'");
  nacre_close(second);
}

TEST_F(StateTest, TwoCallsOnOneState) {
  nacre_state *state = make(1);
  setWaiting(true);
  std::thread first([&] { EXPECT_EQ(run(state, {1}), NACRE_OK); });
  awaitCall();
  EXPECT_EQ(run(state, {1}), NACRE_ERROR_ARGUMENT);
  expectMessage("add: another call is working on the state");
  EXPECT_EQ(nacre_zero_state(state), NACRE_ERROR_ARGUMENT);
  expectMessage("nacre_zero_state: another call");
  EXPECT_EQ(nacre_save_state(state, "unused"), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_load_state(state, "unused"), NACRE_ERROR_ARGUMENT);
  setWaiting(false);
  first.join();
  EXPECT_EQ(run(state, {1}), NACRE_OK);
}

TEST_F(StateTest, EntriesWithoutStatesTakeAnyOrNone) {
  static const nacre_run_function nothing[] = {[](const void *, void *const *, const int64_t *,
                                                  void *, void *const *states, int64_t, int64_t,
                                                  nacre_team *) { EXPECT_EQ(states, nullptr); }};
  nacre_state *state = make(1);
  entry = mirrorEntry();
  entry.run = nothing;
  void *buffers[2] = {};
  int64_t dims[] = {0, 0};
  EXPECT_EQ(nacre_run_with(model, 0, state, buffers, dims, nullptr), NACRE_OK);
  EXPECT_EQ(nacre_run_with(model, 0, nullptr, buffers, dims, nullptr), NACRE_OK);
}

TEST_F(StateTest, SizesThatCannotBe) {
  nacre_state *state = reinterpret_cast<nacre_state *>(8);
  auto refused = [&](std::vector<int64_t> dims, const char *message) {
    state = reinterpret_cast<nacre_state *>(8);
    EXPECT_NE(nacre_new_state(model, dims.empty() ? nullptr : dims.data(), &state), NACRE_OK);
    EXPECT_EQ(state, nullptr);
    expectMessage(message);
  };
  refused({-1}, "'test': size B = -1 of its state is not between 0 and 2147483647");
  refused({int64_t(1) << 31}, "size B = 2147483648 of its state");
  refused({}, "no sizes given for the 1 dimension variables of its state");
  static const int64_t huge[] = {NACRE_DIM_VARIABLE(0), NACRE_DIM_VARIABLE(0), 1024};
  static const nacre_tensor_info cube[] = {{"cube", "f32[B, B, 1024]", huge, NACRE_F32, 3}};
  artifact.states = cube;
  artifact.num_states = 1;
  refused({INT32_MAX}, "a state of these sizes does not fit into memory");
  refused({1 << 24}, "no memory for a state of 1152921504606846976 bytes");
  artifact.num_states = 0;
  refused({1}, "'test' declares no states");
  EXPECT_EQ(nacre_new_state(model, nullptr, nullptr), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_new_state(nullptr, nullptr, &state), NACRE_ERROR_ARGUMENT);
  nacre_free_state(nullptr);
  EXPECT_EQ(nacre_zero_state(nullptr), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_save_state(nullptr, "x"), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_load_state(nullptr, "x"), NACRE_ERROR_ARGUMENT);
}

TEST_F(StateTest, ProfiledToo) {
  nacre_state *state = make(2);
  float x[2] = {1, 2}, y[2];
  void *buffers[2] = {x, y};
  int64_t dims[] = {2};
  nacre_kernel_time times[4];
  size_t count;
  ASSERT_EQ(nacre_run_profiled(model, 0, state, buffers, dims, nullptr, times, 4, &count),
            NACRE_OK);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(calls(state), 1);
  EXPECT_EQ(nacre_run_profiled(model, 0, nullptr, buffers, dims, nullptr, times, 4, &count),
            NACRE_ERROR_ARGUMENT);
}

} // namespace
