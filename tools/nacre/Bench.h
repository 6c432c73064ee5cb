//===- Bench.h - what nacre bench measures ----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_BENCH_H
#define NACRE_TOOLS_NACRE_BENCH_H

#include "tools/nacre/Probes.h"
#include "tools/nacre/Steps.h"

#include "llvm/Support/raw_ostream.h"

namespace nacre::tool {

/// Seconds of one step.
struct StepTime {
  double seconds = 0;
  double waited = 0; ///< of all threads together
};

/// Medians over the calls and the rounds, or the best: the fastest calls, the highest limits.
enum class Statistic { Median, Best };

/// What was measured with one number of threads.
struct BenchRun {
  int threads = 1;
  std::vector<double> latencies; ///< seconds of ordinary calls, sorted
  size_t profiled = 0;           ///< calls
  std::vector<StepTime> steps;
  double outside = 0; ///< seconds of a call that no step has
  Limits limits;

  /// The latency that this share of the calls does not exceed.
  double percentile(double share) const;
};

struct BenchResult {
  std::string model; ///< the file
  std::string entry;
  std::vector<std::pair<std::string, int64_t>> sizes;
  std::string processor;   ///< "sapphirerapids, 512-bit vectors"
  std::string compiledFor; ///< instruction sets that the artifact needs
  CacheSizes caches;
  size_t arenaBytes = 0;
  size_t rounds = 0;
  Statistic statistic = Statistic::Median; ///< of all but percentiles
  std::vector<Step> steps;                 ///< empty where they are not known
  std::vector<BenchRun> runs;

  /// The latency that rates are of.
  double latency(const BenchRun &run) const {
    return run.percentile(statistic == Statistic::Best ? 0 : 0.5);
  }

  /// Of all steps. Weights that two steps read count twice.
  StepCost total() const;
  /// What the steps multiply with: FMA, and what else some of them use.
  std::vector<Roof> arithmetics() const;
};

/// The operations of a call over what the machine could do in the time that the call takes.
std::optional<double> shareOfPeak(const BenchResult &result, const BenchRun &run);

/// What a step could not be faster than, by the machine's limits.
struct Bound {
  Roof arithmetic = Roof::Fma;
  Roof memory = Roof::L2; ///< where most of its bytes come from
  double compute = 0;     ///< seconds for its operations
  double transfer = 0;    ///< seconds for its bytes

  double seconds() const { return std::max(compute, transfer); }
  /// What binds.
  Roof roof() const { return compute >= transfer ? arithmetic : memory; }
};

/// Steps of the same kernels.
struct KernelGroup {
  std::string label, name;
  std::string part; ///< with `*` for what differs: "encoder.layer.*.output.dense"
  std::string line;
  size_t count = 0;
  double seconds = 0, waited = 0;
  StepCost cost;
  std::optional<Bound> bound; ///< nothing where costs are not known
};

/// The slowest first.
std::vector<KernelGroup> groupKernels(const BenchResult &result, const BenchRun &run);

/// Tables for a terminal, no wider than 100 columns; at most `top` kernels of each run.
void printBench(llvm::raw_ostream &out, const BenchResult &result, size_t top);
/// The same and more, as JSON.
std::string benchToJson(const BenchResult &result);
/// A picture of the kernels under the limits of the last run, in SVG.
std::string drawRoofline(const BenchResult &result);

} // namespace nacre::tool

#endif
