//===- PassTimes.cpp - how long each pass takes ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/pipeline/PassTimes.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

#include <chrono>
#include <mutex>

using namespace mlir;
using namespace nacre;
using std::chrono::steady_clock;

namespace {

/// Passes on functions may run on several threads at the same time, each on an instance of its own.
class Stopwatch : public PassInstrumentation {
public:
  explicit Stopwatch(PassTimes &times) : times(times) {}

  void runBeforePass(Pass *pass, Operation *) override {
    std::lock_guard<std::mutex> lock(mutex);
    started[pass] = steady_clock::now();
  }
  void runAfterPass(Pass *pass, Operation *) override {
    // What only runs a pipeline on parts of a module has no flag.
    if (pass->getArgument().empty())
      return;
    std::lock_guard<std::mutex> lock(mutex);
    std::chrono::duration<double> taken = steady_clock::now() - started.lookup(pass);
    auto known =
        llvm::find_if(times, [&](auto &entry) { return entry.first == pass->getArgument(); });
    if (known == times.end())
      known = times.insert(times.end(), {pass->getArgument().str(), 0});
    known->second += taken.count();
  }

private:
  PassTimes &times;
  std::mutex mutex;
  llvm::DenseMap<Pass *, steady_clock::time_point> started;
};

} // namespace

void nacre::timePasses(PassManager &manager, PassTimes &times) {
  manager.addInstrumentation(std::make_unique<Stopwatch>(times));
}
