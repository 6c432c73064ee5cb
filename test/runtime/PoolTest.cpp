//===- PoolTest.cpp - threads of the runtime's and of the caller's ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TestArtifact.h"

#include "Pool.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <numeric>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

using namespace nacre::test;

namespace {

const float weights[16] = {3};

/// A pool as many programs have one: threads, and a queue of functions.
class WorkerPool {
public:
  explicit WorkerPool(int threads) {
    for (int i = 0; i < threads; ++i)
      workers.emplace_back([this] { work(); });
  }
  ~WorkerPool() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      closing = true;
    }
    changed.notify_all();
    for (std::thread &worker : workers)
      worker.join();
  }

  /// A nacre_parallel: hands all tasks to the workers and waits for them.
  static void parallel(void *context, int count, nacre_task task, void *argument) {
    auto &pool = *static_cast<WorkerPool *>(context);
    ++pool.calls;
    int left = count;
    std::unique_lock<std::mutex> lock(pool.mutex);
    for (int i = 0; i < count; ++i)
      pool.queue.push_back([&pool, &left, task, argument, i] {
        task(argument, i);
        std::lock_guard<std::mutex> lock(pool.mutex);
        if (--left == 0)
          pool.changed.notify_all();
      });
    pool.changed.notify_all();
    pool.changed.wait(lock, [&] { return left == 0; });
  }

  std::atomic<int> calls = 0;

private:
  void work() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return closing || !queue.empty(); });
      if (queue.empty())
        return;
      std::function<void()> next = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      next();
      lock.lock();
    }
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> queue;
  bool closing = false;
  std::vector<std::thread> workers;
};

struct PoolTest : testing::Test {
  nacre_entry entry = mirrorEntry();
  nacre_artifact artifact = artifactOf(entry, sizeof(weights));
  nacre_model *model = nullptr;
  std::vector<float> x = std::vector<float>(1024);
  int64_t dims[2] = {3, 100};

  void SetUp() override {
    std::iota(x.begin(), x.end(), 1.f);
    TemporaryFile file(fileContent(headerOf(artifact), weights));
    ASSERT_EQ(nacre_open(&artifact, file.path(), &model), NACRE_OK) << nacre_message(model);
  }
  void TearDown() override { nacre_close(model); }

  void expectMirrored(int times = 1) {
    for (int i = 0; i < times; ++i) {
      std::vector<float> y(1024);
      void *buffers[2] = {x.data(), y.data()};
      ASSERT_EQ(nacre_run(model, 0, buffers, dims, nullptr), NACRE_OK) << nacre_message(model);
      for (int64_t j = 0; j < 300; ++j)
        ASSERT_EQ(y[j], 3 * x[299 - j]) << j;
    }
  }
};

TEST_F(PoolTest, WorkersOfTheCaller) {
  WorkerPool pool(3);
  ASSERT_EQ(nacre_set_pool(model, WorkerPool::parallel, &pool, 3), NACRE_OK);
  expectMirrored(200);
  EXPECT_EQ(pool.calls, 200);
}

TEST_F(PoolTest, FewerWorkersThanAskedFor) {
  WorkerPool pool(1);
  ASSERT_EQ(nacre_set_pool(model, WorkerPool::parallel, &pool, 8), NACRE_OK);
  expectMirrored(50);
}

TEST_F(PoolTest, OneAfterTheOtherInAnyOrder) {
  auto backwards = [](void *, int count, nacre_task task, void *argument) {
    while (count-- > 0)
      task(argument, count);
  };
  ASSERT_EQ(nacre_set_pool(model, backwards, nullptr, 5), NACRE_OK);
  expectMirrored();
}

TEST_F(PoolTest, TasksLeftOut) {
  auto none = [](void *, int, nacre_task, void *) {};
  ASSERT_EQ(nacre_set_pool(model, none, nullptr, 5), NACRE_OK);
  expectMirrored();
  auto last = [](void *, int count, nacre_task task, void *argument) { task(argument, count - 1); };
  ASSERT_EQ(nacre_set_pool(model, last, nullptr, 5), NACRE_OK);
  expectMirrored();
}

TEST_F(PoolTest, CallsAtTheSameTimeShareAPool) {
  WorkerPool pool(2);
  ASSERT_EQ(nacre_set_pool(model, WorkerPool::parallel, &pool, 2), NACRE_OK);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] { expectMirrored(50); });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(pool.calls, 200);
}

TEST_F(PoolTest, CountAndContext) {
  static int calls;
  static int tasks;
  calls = tasks = 0;
  auto count = [](void *context, int count, nacre_task task, void *argument) {
    EXPECT_EQ(context, &calls);
    ++calls;
    tasks += count;
    task(argument, 0);
  };
  ASSERT_EQ(nacre_set_pool(model, count, &calls, 7), NACRE_OK);
  expectMirrored();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(tasks, 7);
  ASSERT_EQ(nacre_set_threads(model, 2), NACRE_OK);
  expectMirrored();
  EXPECT_EQ(tasks, 9);
  ASSERT_EQ(nacre_set_threads(model, 1), NACRE_OK);
  expectMirrored();
  EXPECT_EQ(calls, 2) << "one thread is the calling one";
  ASSERT_EQ(nacre_set_pool(model, nullptr, nullptr, 3), NACRE_OK);
  expectMirrored();
  EXPECT_EQ(calls, 2) << "the model's own threads again";
}

TEST_F(PoolTest, NotCalledForShortKernels) {
  static int calls;
  calls = 0;
  static const nacre_run_function code =
      [](const void *, void *const *, const int64_t *, void *, void *const *, int64_t thread,
         int64_t, nacre_team *team) { runStep(team, thread, 0, 100, [](int64_t, int64_t) {}); };
  entry.run = &code;
  auto count = [](void *, int, nacre_task, void *) { ++calls; };
  ASSERT_EQ(nacre_set_pool(model, count, nullptr, 4), NACRE_OK);
  std::vector<float> y(1024);
  void *buffers[2] = {x.data(), y.data()};
  ASSERT_EQ(nacre_run(model, 0, buffers, dims, nullptr), NACRE_OK);
  EXPECT_EQ(calls, 0);
}

TEST_F(PoolTest, Refusals) {
  auto none = [](void *, int, nacre_task, void *) {};
  EXPECT_EQ(nacre_set_pool(nullptr, none, nullptr, 1), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_set_pool(model, none, nullptr, 4097), NACRE_ERROR_ARGUMENT);
  EXPECT_EQ(nacre_set_pool(model, none, nullptr, 0), NACRE_ERROR_ARGUMENT);
  EXPECT_STREQ(nacre_message(model), "a pool of 0 threads is none");
}

/// Threads of this process.
int threadCount() {
  std::string status = [] {
    std::string text;
    if (FILE *file = fopen("/proc/self/status", "r")) {
      char buffer[4096];
      text.assign(buffer, fread(buffer, 1, sizeof(buffer), file));
      fclose(file);
    }
    return text;
  }();
  size_t at = status.find("Threads:");
  return at == std::string::npos ? 0 : atoi(status.c_str() + at + 8);
}

TEST_F(PoolTest, OwnThreadsLiveFromTheFirstNeedToTheEnd) {
  int before = threadCount();
  ASSERT_EQ(nacre_set_threads(model, 4), NACRE_OK);
  EXPECT_EQ(threadCount(), before);
  expectMirrored(20);
  EXPECT_EQ(threadCount(), before + 3);
  ASSERT_EQ(nacre_set_threads(model, 1), NACRE_OK);
  expectMirrored();
  ASSERT_EQ(nacre_set_threads(model, 3), NACRE_OK);
  expectMirrored();
  EXPECT_EQ(threadCount(), before + 2) << "none that no call can use";
  nacre_close(std::exchange(model, nullptr));
  EXPECT_EQ(threadCount(), before);
}

TEST_F(PoolTest, ManyCallersOfOwnThreads) {
  ASSERT_EQ(nacre_set_threads(model, 3), NACRE_OK);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] { expectMirrored(200); });
  for (std::thread &caller : callers)
    caller.join();
}

#if !__has_feature(thread_sanitizer)
TEST_F(PoolTest, ChildOfAForkRunsAlone) {
  ASSERT_EQ(nacre_set_threads(model, 4), NACRE_OK);
  expectMirrored();
  pid_t child = fork();
  if (child == 0) {
    expectMirrored();
    nacre_close(model);
    _exit(HasFailure());
  }
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  expectMirrored();
}
#endif

TEST(DefaultThreadsTest, EnvironmentOrProcessors) {
  const char *set = getenv("OMP_NUM_THREADS");
  std::string before = set ? set : "";
  setenv("OMP_NUM_THREADS", "3,2", 1);
  EXPECT_EQ(nacre::defaultThreads(), 3);
  for (const char *unusable : {"", "none", "0", "-1", "5000"}) {
    setenv("OMP_NUM_THREADS", unusable, 1);
    EXPECT_EQ(nacre::defaultThreads(), nacre::usableProcessors()) << unusable;
  }
  unsetenv("OMP_NUM_THREADS");
  EXPECT_EQ(nacre::defaultThreads(), nacre::usableProcessors());
  EXPECT_GE(nacre::usableProcessors(), 1);
  if (set)
    setenv("OMP_NUM_THREADS", before.c_str(), 1);
}

} // namespace
