//===- own-pool.cpp - a compiled model on a program's own threads ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlp.h"

#include <nacre/nacre.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

/// A few threads that take part in loops over [0, count).
class Pool {
public:
  explicit Pool(int count) {
    for (int i = 0; i < count; ++i)
      threads.emplace_back([this] { work(); });
  }
  ~Pool() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      closing = true;
    }
    wake.notify_all();
    for (std::thread &thread : threads)
      thread.join();
  }

  /// The caller takes part, so a loop ends even where all threads are busy with others.
  static void parallel(void *context, int count, nacre_task task, void *argument) {
    Pool &pool = *static_cast<Pool *>(context);
    Loop loop{task, argument, count};
    std::unique_lock<std::mutex> lock(pool.mutex);
    pool.loops.push_back(&loop);
    pool.wake.notify_all();
    pool.takePart(loop, lock);
    std::erase(pool.loops, &loop);
    pool.wake.wait(lock, [&] { return loop.inside == 0; });
    ++pool.calls;
  }

  int calls = 0;
  std::set<std::thread::id> seen; // threads that have run a task

private:
  struct Loop {
    nacre_task task;
    void *argument;
    int count, next = 0, inside = 0;
  };

  void takePart(Loop &loop, std::unique_lock<std::mutex> &lock) {
    while (loop.next < loop.count) {
      int index = loop.next++;
      ++loop.inside;
      seen.insert(std::this_thread::get_id());
      lock.unlock();
      loop.task(loop.argument, index);
      lock.lock();
      if (--loop.inside == 0)
        wake.notify_all();
    }
  }
  void work() {
    std::unique_lock<std::mutex> lock(mutex);
    while (!closing) {
      Loop *open = nullptr;
      for (Loop *loop : loops)
        if (loop->next < loop->count)
          open = loop;
      if (open)
        takePart(*open, lock);
      else
        wake.wait(lock);
    }
  }

  std::mutex mutex;
  std::condition_variable wake;
  std::vector<Loop *> loops;
  bool closing = false;
  std::vector<std::thread> threads;
};

int threadsOfThisProcess() {
  FILE *file = fopen("/proc/self/status", "r");
  char line[256];
  int count = 0;
  while (file && fgets(line, sizeof line, file))
    sscanf(line, "Threads: %d", &count);
  if (file)
    fclose(file);
  return count;
}

} // namespace

int main(int, char **arguments) {
  constexpr int64_t batch = 512;
  nacre_model *model = nullptr;
  if (mlp_open(arguments[1], &model) != NACRE_OK) {
    fprintf(stderr, "%s\n", nacre_message(model));
    return 1;
  }
  std::vector<float> images(batch * 64), alone(batch * 10), shared(batch * 10);
  for (size_t i = 0; i < images.size(); ++i)
    images[i] = static_cast<float>(i * 7 % 17) / 16;

  auto run = [&](std::vector<float> &scores) {
    return mlp_forward(model, batch, images.data(), scores.data(), nullptr) == NACRE_OK;
  };
  nacre_set_threads(model, 1);
  bool good = run(alone);

  Pool pool(2);
  // More tasks than there are threads.
  good = good && nacre_set_pool(model, Pool::parallel, &pool, 5) == NACRE_OK;
  for (int i = 0; good && i < 100; ++i) {
    good = run(shared) && memcmp(alone.data(), shared.data(), alone.size() * sizeof(float)) == 0;
    std::fill(shared.begin(), shared.end(), 0.f);
  }
  nacre_close(model);
  printf("%s; %d calls of the pool; %d threads in all\n", good ? "equal" : "DIFFERENT", pool.calls,
         threadsOfThisProcess());
  return !good;
}
