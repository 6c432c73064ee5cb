//===- RunTest.cpp - running an entry, and what it refuses ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TestArtifact.h"

#include <numeric>
#include <thread>

using namespace nacre::test;

#if __has_feature(address_sanitizer)
// ArenaThatNoMachineHas wants what malloc does: null.
extern "C" const char *__asan_default_options() { return "allocator_may_return_null=1"; }
// libomp keeps what it knows of a thread that has called it until the process ends.
extern "C" const char *__lsan_default_suppressions() { return "leak:libomp.so"; }
#endif

namespace {

const float weights[16] = {3};

struct RunTest : testing::Test {
  nacre_entry entry = mirrorEntry();
  nacre_artifact artifact = artifactOf(entry, sizeof(weights));
  nacre_model *model = nullptr;
  std::vector<float> x = std::vector<float>(1024), y = std::vector<float>(1024);
  void *buffers[2] = {x.data(), y.data()};
  int64_t dims[2] = {3, 100};
  alignas(64) char arena[4096];

  void SetUp() override {
    std::iota(x.begin(), x.end(), 1.f);
    TemporaryFile file(fileContent(headerOf(artifact), weights));
    ASSERT_EQ(nacre_open(&artifact, file.path(), &model), NACRE_OK) << nacre_message(model);
  }
  void TearDown() override { nacre_close(model); }

  nacre_status run(void *arena = nullptr) { return nacre_run(model, 0, buffers, dims, arena); }

  void expectMirrored() {
    int64_t n = dims[0] * dims[1];
    for (int64_t i = 0; i < n; ++i)
      ASSERT_EQ(y[i], 3 * x[n - 1 - i]) << i;
  }
  void expectRefused(llvm::StringRef part, void *arena = nullptr) {
    EXPECT_EQ(run(arena), NACRE_ERROR_ARGUMENT);
    EXPECT_TRUE(llvm::StringRef(nacre_message(model)).contains(part)) << nacre_message(model);
    EXPECT_EQ(y, std::vector<float>(1024)) << "ran all the same";
  }
};

TEST_F(RunTest, AnyNumberOfThreads) {
  for (int threads : {0, 1, 2, 3, 8, 33}) {
    std::fill(y.begin(), y.end(), 0.f);
    ASSERT_EQ(nacre_set_threads(model, threads), NACRE_OK);
    ASSERT_EQ(run(), NACRE_OK) << nacre_message(model);
    expectMirrored();
  }
}

TEST_F(RunTest, CallersArena) {
  EXPECT_EQ(nacre_arena_size(&artifact, 0, dims), 1200u);
  ASSERT_EQ(run(arena), NACRE_OK);
  expectMirrored();
}

TEST_F(RunTest, EmptyTensorsNeedNoBuffer) {
  dims[0] = 0;
  buffers[0] = buffers[1] = nullptr;
  EXPECT_EQ(run(), NACRE_OK) << nacre_message(model);
}

TEST_F(RunTest, OneModelOnManyThreads) {
  ASSERT_EQ(nacre_set_threads(model, 2), NACRE_OK);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      std::vector<float> result(1024);
      void *own[2] = {x.data(), result.data()};
      for (int j = 0; j < 50; ++j) {
        EXPECT_EQ(nacre_run(model, 0, own, dims, nullptr), NACRE_OK);
        EXPECT_EQ(result[0], 3 * x[299]);
        EXPECT_EQ(result[299], 3 * x[0]);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(RunTest, EveryThreadHasTheDefaultRoundingMode) {
  static std::atomic<int> wrong;
  wrong = 0;
  static const nacre_run_function code = [](const void *, void *const *, const int64_t *, void *,
                                            void *const *, int64_t thread, int64_t,
                                            nacre_team *team) {
    runStep(team, thread, 0, muchWork,
            [](int64_t, int64_t) { wrong += fegetround() != FE_TONEAREST; });
  };
  entry.run = &code;
  fesetround(FE_UPWARD);
  for (int threads : {1, 4}) {
    nacre_set_threads(model, threads);
    EXPECT_EQ(run(), NACRE_OK);
    EXPECT_EQ(fegetround(), FE_UPWARD) << "the caller's mode is kept";
  }
  fesetround(FE_TONEAREST);
  EXPECT_EQ(wrong, 0);
}

TEST_F(RunTest, Shapes) {
  int64_t sizes[4];
  EXPECT_EQ(nacre_shapes(&artifact, 0, dims, sizes), NACRE_OK);
  EXPECT_EQ(sizes[0], 3);
  EXPECT_EQ(sizes[3], 100);
  EXPECT_EQ(nacre_shapes(&artifact, 1, dims, sizes), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_shapes(nullptr, 0, dims, sizes), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_shapes(&artifact, 0, dims, nullptr), NACRE_ERROR_ARGUMENT);
  artifact.abi_version = 0;
  EXPECT_EQ(nacre_shapes(&artifact, 0, dims, sizes), NACRE_ERROR_VERSION);
}

TEST_F(RunTest, NullModel) {
  EXPECT_EQ(nacre_run(nullptr, 0, buffers, dims, nullptr), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_set_threads(nullptr, 1), NACRE_ERROR_ARGUMENT);
}

TEST_F(RunTest, UnknownEntry) {
  EXPECT_EQ(nacre_run(model, 1, buffers, dims, nullptr), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_arena_size(&artifact, 1, dims), SIZE_MAX);
}

TEST_F(RunTest, ThreadCountOutOfRange) {
  EXPECT_EQ(nacre_set_threads(model, -1), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_set_threads(model, 4097), NACRE_ERROR_ARGUMENT);
  EXPECT_STREQ(nacre_message(model), "4097 threads is not between 0 (the default) and 4096");
}

TEST_F(RunTest, NegativeSize) {
  dims[1] = -1;
  expectRefused("mirror: size S = -1 is not between");
  EXPECT_EQ(nacre_arena_size(&artifact, 0, dims), SIZE_MAX);
}

TEST_F(RunTest, AbsurdSize) {
  dims[0] = int64_t(1) << 31;
  expectRefused("mirror: size B = 2147483648 is not between");
}

TEST_F(RunTest, SizeThatTheEntryRefuses) {
  dims[1] = 1000001;
  expectRefused("mirror: S must be at most 1000000");
}

TEST_F(RunTest, TensorTooLarge) {
  static const int64_t squared[] = {NACRE_DIM_FORMULA, NACRE_DIM_FORMULA};
  static const nacre_tensor_info large[] = {{"x", "f32[B * B, B]", squared, NACRE_F32, 2}};
  entry.tensors = large;
  entry.num_outputs = 0;
  entry.shapes = [](const int64_t *dims, int64_t *sizes) {
    sizes[0] = dims[0] * dims[0];
    sizes[1] = dims[0];
  };
  dims[0] = INT32_MAX;
  expectRefused("'x' (f32[B * B, B]) is too large");
}

TEST_F(RunTest, FormulaBelowZero) {
  entry.shapes = [](const int64_t *, int64_t *sizes) { std::fill_n(sizes, 4, -2); };
  expectRefused("'x' (f32[B, S]) is too large");
}

TEST_F(RunTest, NoDims) {
  EXPECT_EQ(nacre_run(model, 0, buffers, nullptr, nullptr), NACRE_ERROR_ARGUMENT);
}

TEST_F(RunTest, NoBuffers) {
  EXPECT_EQ(nacre_run(model, 0, nullptr, dims, nullptr), NACRE_ERROR_ARGUMENT);
}

TEST_F(RunTest, NullBuffer) {
  buffers[0] = nullptr;
  expectRefused("null pointer given for 'x'");
}

TEST_F(RunTest, MisalignedBuffer) {
  buffers[0] = reinterpret_cast<char *>(x.data()) + 2;
  expectRefused("buffer of 'x' is not aligned to 4 bytes");
}

TEST_F(RunTest, OverlappingBuffers) {
  buffers[1] = x.data() + 299;
  expectRefused("buffers of 'result' and 'x' overlap");
  buffers[1] = x.data() + 300;
  EXPECT_EQ(run(), NACRE_OK) << "neighbours do not overlap";
}

TEST_F(RunTest, MisalignedArena) {
  expectRefused("the arena is not aligned to 64 bytes", arena + 32);
}

TEST_F(RunTest, ArenaFormulaOverflows) {
  entry.arena_size = [](const int64_t *) { return int64_t(-1); };
  expectRefused("the arena for these sizes does not fit");
  EXPECT_EQ(nacre_arena_size(&artifact, 0, dims), SIZE_MAX);
  entry.arena_size = [](const int64_t *) { return INT64_MAX; };
  expectRefused("the arena for these sizes does not fit");
}

TEST_F(RunTest, ArenaThatNoMachineHas) {
  entry.arena_size = [](const int64_t *) { return int64_t(1) << 60; };
  EXPECT_EQ(run(), NACRE_ERROR_MEMORY);
}

TEST_F(RunTest, ManyTensors) {
  // More than the call keeps on its stack.
  std::vector<nacre_tensor_info> tensors(200, mirrorTensors[0]);
  std::vector<void *> many(200, x.data());
  entry.tensors = tensors.data();
  entry.num_inputs = 200;
  entry.num_outputs = 0;
  entry.shapes = [](const int64_t *, int64_t *sizes) { std::fill_n(sizes, 400, 1); };
  static const nacre_run_function code = [](const void *, void *const *, const int64_t *, void *,
                                            void *const *, int64_t, int64_t, nacre_team *) {};
  entry.run = &code;
  EXPECT_EQ(nacre_run(model, 0, many.data(), dims, nullptr), NACRE_OK);
  many[199] = nullptr;
  EXPECT_EQ(nacre_run(model, 0, many.data(), dims, nullptr), NACRE_ERROR_ARGUMENT);
}

} // namespace
