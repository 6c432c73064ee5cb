//===- BenchGroups.cpp - kernels held against the limits ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Bench.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cmath>
#include <map>

using namespace nacre;
using namespace nacre::tool;

double BenchRun::percentile(double share) const {
  if (latencies.empty())
    return 0;
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(latencies.size())));
  return latencies[std::clamp<size_t>(rank, 1, latencies.size()) - 1];
}

/// Adds the cost of `other`; what is not known of one is not known of both.
static void add(StepCost &sum, const StepCost &other) {
  auto both = [](std::optional<double> &a, const std::optional<double> &b) {
    a = a && b ? std::optional(*a + *b) : std::nullopt;
  };
  both(sum.flops, other.flops);
  both(sum.read, other.read);
  both(sum.weights, other.weights);
  both(sum.written, other.written);
}

static constexpr StepCost none = {.flops = 0, .read = 0, .weights = 0, .written = 0};

StepCost BenchResult::total() const {
  if (steps.empty())
    return {};
  StepCost total = none;
  for (const Step &step : steps)
    add(total, step.cost);
  return total;
}

std::vector<Roof> BenchResult::arithmetics() const {
  std::vector<Roof> used = {Roof::Fma};
  for (const Step &step : steps)
    if (!llvm::is_contained(used, step.arithmetic))
      used.push_back(step.arithmetic);
  return used;
}

/// The rate of an arithmetic. Where a processor has no instructions for narrow products, or slow
/// ones, operands can be widened.
static double peakOf(Roof arithmetic, const Limits &limits) {
  return std::max(limits[arithmetic], limits[Roof::Fma]);
}

std::optional<double> nacre::tool::shareOfPeak(const BenchResult &result, const BenchRun &run) {
  double seconds = 0;
  for (const Step &step : result.steps) {
    const double peak = peakOf(step.arithmetic, run.limits);
    if (!step.cost.flops || peak <= 0)
      return std::nullopt;
    seconds += *step.cost.flops / peak;
  }
  if (result.steps.empty() || result.latency(run) <= 0)
    return std::nullopt;
  return seconds / result.latency(run);
}

/// The rate of a memory, or of the next one that was measured.
static double rateOf(Roof memory, const Limits &limits) {
  for (Roof roof : memories)
    if (roof >= memory && limits[roof] > 0)
      return limits[roof];
  return 0;
}

/// Weights come from where all that a call reads stay from one call to the next; what a kernel
/// reads and writes besides them comes from where that alone fits.
static std::optional<Bound> boundOf(const StepCost &cost, Roof arithmetic, double allWeights,
                                    const CacheSizes &caches, const BenchRun &run) {
  if (!cost.flops || !cost.activations())
    return std::nullopt;
  const double activations = *cost.activations();
  const double peak = peakOf(arithmetic, run.limits);
  const Roof weightsHome = caches.homeOf(allWeights, run.threads);
  const Roof activationsHome = caches.homeOf(activations, run.threads);
  const double weightsRate = rateOf(weightsHome, run.limits);
  const double activationsRate = rateOf(activationsHome, run.limits);
  if (peak <= 0 || weightsRate <= 0 || activationsRate <= 0)
    return std::nullopt;
  Bound bound;
  bound.arithmetic = arithmetic;
  bound.compute = *cost.flops / peak;
  const double forWeights = *cost.weights / weightsRate;
  const double forActivations = activations / activationsRate;
  bound.transfer = forWeights + forActivations;
  bound.memory = forWeights > forActivations ? weightsHome : activationsHome;
  return bound;
}

/// What two paths have in common, `*` for each number in which they differ; empty where they differ
/// in more.
static std::string common(llvm::StringRef a, llvm::StringRef b) {
  llvm::SmallVector<llvm::StringRef> as, bs;
  a.split(as, '.');
  b.split(bs, '.');
  if (as.size() != bs.size())
    return "";
  std::string path;
  for (auto [x, y] : llvm::zip_equal(as, bs)) {
    auto isNumber = [](llvm::StringRef text) {
      return text == "*" || llvm::all_of(text, llvm::isDigit);
    };
    if (x != y && !(isNumber(x) && isNumber(y)))
      return "";
    path += (path.empty() ? "" : ".") + (x == y ? x.str() : "*");
  }
  return path;
}

std::vector<KernelGroup> nacre::tool::groupKernels(const BenchResult &result, const BenchRun &run) {
  std::map<std::string, size_t> known;
  std::vector<KernelGroup> groups;
  std::vector<llvm::SmallVector<std::string>> parts;
  const double allWeights = result.total().weights.value_or(0);
  for (auto [step, time] : llvm::zip_equal(result.steps, run.steps)) {
    auto [at, isNew] = known.try_emplace(step.name, groups.size());
    if (isNew) {
      groups.push_back({.label = step.label, .name = step.name, .line = step.line, .cost = none});
      parts.emplace_back();
    }
    KernelGroup &group = groups[at->second];
    llvm::SmallVector<std::string> &places = parts[at->second];
    ++group.count;
    group.seconds += time.seconds;
    group.waited += time.waited;
    add(group.cost, step.cost);
    std::optional<Bound> bound =
        boundOf(step.cost, step.arithmetic, allWeights, result.caches, run);
    if (isNew) {
      group.bound = bound;
    } else if (group.bound && bound) {
      group.bound->compute += bound->compute;
      group.bound->transfer += bound->transfer;
    } else {
      group.bound = std::nullopt;
    }
    // One pattern per kind of place.
    bool merged = false;
    for (std::string &place : places)
      if (std::string both = common(place, step.part); !both.empty() || place == step.part) {
        place = both;
        merged = true;
        break;
      }
    if (!merged)
      places.push_back(step.part);
  }
  for (auto [group, places] : llvm::zip_equal(groups, parts)) {
    llvm::erase_if(places, [](const std::string &place) { return place.empty(); });
    group.part = llvm::join(places, ", ");
  }
  llvm::sort(groups, [](const KernelGroup &a, const KernelGroup &b) {
    return std::tie(b.seconds, a.name) < std::tie(a.seconds, b.name);
  });
  return groups;
}
