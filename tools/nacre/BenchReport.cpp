//===- BenchReport.cpp - what bench measured, as tables and as JSON -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Bench.h"
#include "tools/nacre/Table.h"

#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace nacre;
using namespace nacre::tool;

namespace {

std::string inPercent(double share) { return fmt::format("{:.0f} %", share * 100); }

/// Three digits, of what is a rate in 10^9 a second.
std::string inGiga(double perSecond) {
  const double giga = perSecond * 1e-9;
  return giga >= 99.95 ? fmt::format("{:.0f}", giga) : fmt::format("{:.1f}", giga);
}

std::string inThreads(int threads) {
  return threads == 1 ? "1 thread" : std::to_string(threads) + " threads";
}

void printHead(llvm::raw_ostream &out, const BenchResult &result) {
  out << result.model << ", " << result.entry;
  for (const auto &[name, size] : result.sizes)
    out << ' ' << name << '=' << size;
  const StepCost total = result.total();
  out << ':';
  if (!result.steps.empty())
    out << ' ' << result.steps.size() << (result.steps.size() == 1 ? " kernel," : " kernels,");
  if (total.flops)
    out << ' ' << inUnits(*total.flops) << (*total.flops < 999.5 ? " FLOP," : "FLOP,");
  if (total.weights)
    out << ' ' << inBytes(static_cast<uint64_t>(*total.weights)) << " of weights,";
  out << " arena " << inBytes(result.arenaBytes) << '\n' << result.processor << "\n\n";
}

void printLatencies(llvm::raw_ostream &out, const BenchResult &result) {
  Table table({Align::Right, Align::Right, Align::Right, Align::Right, Align::Right, Align::Right,
               Align::Right, Align::Right, Align::Right});
  const std::optional<double> flops = result.total().flops;
  const bool several = result.runs.size() > 1;
  table.addHeader({"threads", "calls", "min", "p50", "p90", "p99", "GFLOP/s", "of peak",
                   several ? "speedup" : ""});
  for (const BenchRun &run : result.runs) {
    std::vector<std::string> row = {
        std::to_string(run.threads),    std::to_string(run.latencies.size()),
        inSeconds(run.percentile(0)),   inSeconds(run.percentile(0.5)),
        inSeconds(run.percentile(0.9)), inSeconds(run.percentile(0.99))};
    const std::optional<double> share = shareOfPeak(result, run);
    row.push_back(flops ? inGiga(*flops / result.latency(run)) : "?");
    row.push_back(share ? inPercent(*share) : "?");
    if (several)
      row.push_back(
          fmt::format("{:.2f}", result.latency(result.runs.front()) / result.latency(run)));
    table.addRow(std::move(row));
  }
  table.print(out);
}

void printLimits(llvm::raw_ostream &out, const BenchRun &run, Statistic statistic) {
  out << "limits with " << inThreads(run.threads)
      << (statistic == Statistic::Best ? " (best)" : " (medians)") << "\n  f32 FMA "
      << inGiga(run.limits[Roof::Fma]);
  if (run.limits[Roof::Bf16] > 0)
    out << ", bf16 " << inGiga(run.limits[Roof::Bf16]);
  out << " GFLOP/s";
  if (run.limits[Roof::Int8] > 0)
    out << ", int8 " << inGiga(run.limits[Roof::Int8]) << " GOP/s";
  out << "; reading ";
  for (Roof roof : memories)
    if (run.limits[roof] > 0)
      out << nameOf(roof) << ' ' << inGiga(run.limits[roof]) << (roof == Roof::Dram ? "" : ", ");
  out << " GB/s\n";
}

/// Rates, shares of limits and what binds, of a row.
void addRates(std::vector<std::string> &row, double seconds, const StepCost &cost,
              const std::optional<Bound> &bound) {
  const bool timed = seconds > 0;
  const bool computes = timed && cost.flops && *cost.flops > 0;
  const bool moves = timed && cost.bytes() && *cost.bytes() > 0;
  row.push_back(computes ? inGiga(*cost.flops / seconds) : "-");
  row.push_back(computes && bound ? inPercent(bound->compute / seconds) : "-");
  row.push_back(moves ? inGiga(*cost.bytes() / seconds) : "-");
  row.push_back(moves && bound ? inPercent(bound->transfer / seconds) : "-");
  row.push_back(bound ? nameOf(bound->roof()) : "?");
}

void printKernels(llvm::raw_ostream &out, const BenchResult &result, const BenchRun &run,
                  size_t top) {
  const std::vector<KernelGroup> groups = groupKernels(result, run);
  const bool waits = run.threads > 1;
  std::vector<Align> columns(9, Align::Right);
  columns[0] = columns[8] = Align::Left;
  std::vector<std::string> header = {"kernel",  "calls", "time",   "share", "GFLOP/s",
                                     "of peak", "GB/s",  "of mem", "bound"};
  if (waits) {
    columns.push_back(Align::Right);
    header.push_back("waiting");
  }
  Table table(columns);
  table.addHeader(header);

  double inside = 0, waited = 0;
  Bound all;
  bool allKnown = true;
  for (const KernelGroup &group : groups) {
    inside += group.seconds;
    waited += group.waited;
    allKnown &= group.bound.has_value();
    if (group.bound) {
      all.compute += group.bound->compute;
      all.transfer += group.bound->transfer;
    }
  }
  const double whole = inside + run.outside;
  auto addRow = [&](const std::string &name, size_t count, double seconds) {
    return std::vector<std::string>{name, count ? std::to_string(count) : "", inSeconds(seconds),
                                    whole > 0 ? fmt::format("{:.1f} %", seconds / whole * 100)
                                              : ""};
  };
  auto addWaiting = [&](std::vector<std::string> &row, double seconds, double waiting) {
    if (waits && seconds > 0)
      row.push_back(inPercent(waiting / (seconds * run.threads)));
  };
  double others = 0;
  size_t otherCalls = 0;
  for (auto [i, group] : llvm::enumerate(groups)) {
    if (i >= top) {
      others += group.seconds;
      otherCalls += group.count;
      continue;
    }
    std::vector<std::string> row = addRow(group.label, group.count, group.seconds);
    addRates(row, group.seconds, group.cost, group.bound);
    addWaiting(row, group.seconds, group.waited);
    table.addRow(std::move(row));
  }
  if (groups.size() > top)
    table.addRow(addRow(fmt::format("{} others", groups.size() - top), otherCalls, others));
  std::vector<std::string> row = addRow("all kernels", result.steps.size(), inside);
  addRates(row, inside, result.total(), allKnown ? std::optional(all) : std::nullopt);
  row[8] = "";
  addWaiting(row, inside, waited);
  table.addRow(std::move(row));
  table.addRow(addRow("outside of kernels", 0, run.outside));
  table.print(out);
}

/// Which parts of the model a kernel serves.
void printPlaces(llvm::raw_ostream &out, const BenchResult &result, size_t top) {
  Table table({Align::Left, Align::Left, Align::Left});
  table.addHeader({"kernel", "part of the model", "line"});
  for (auto [i, group] : llvm::enumerate(groupKernels(result, result.runs.front()))) {
    if (i >= top)
      break;
    std::string part = group.part.empty() ? "(the model)" : group.part;
    if (part.size() > 50)
      part = part.substr(0, 48) + "..";
    table.addRow({group.label, part, group.line});
  }
  out << '\n';
  table.print(out);
}

nlohmann::json toJson(const StepCost &cost) {
  nlohmann::json result = nlohmann::json::object();
  auto set = [&](const char *name, std::optional<double> value) {
    if (value)
      result[name] = *value;
  };
  set("flops", cost.flops);
  set("read", cost.read);
  set("weights", cost.weights);
  set("written", cost.written);
  return result;
}

void addBound(nlohmann::json &to, const std::optional<Bound> &bound, double seconds) {
  if (!bound)
    return;
  to["bound"] = nameOf(bound->roof());
  to["memory"] = nameOf(bound->memory);
  to["compute_bound_seconds"] = bound->compute;
  to["memory_bound_seconds"] = bound->transfer;
  if (seconds > 0)
    to["share_of_bound"] = bound->seconds() / seconds;
}

nlohmann::json toJson(const BenchResult &result, const BenchRun &run) {
  constexpr const char *rates[numRoofs] = {"fma_flops_per_second", "bf16_flops_per_second",
                                           "int8_ops_per_second",  "l2_bytes_per_second",
                                           "l3_bytes_per_second",  "dram_bytes_per_second"};
  nlohmann::json limits = nlohmann::json::object();
  for (auto [name, rate] : llvm::zip_equal(rates, run.limits.rates))
    if (rate > 0)
      limits[name] = rate;
  nlohmann::json steps = nlohmann::json::array(), groups = nlohmann::json::array();
  for (auto [step, time] : llvm::zip_equal(result.steps, run.steps))
    steps.push_back({{"name", step.name},
                     {"part", step.part},
                     {"line", step.line},
                     {"seconds", time.seconds},
                     {"waited_seconds", time.waited}});
  for (const KernelGroup &group : groupKernels(result, run)) {
    nlohmann::json made = toJson(group.cost);
    made.update({{"name", group.name},
                 {"label", group.label},
                 {"part", group.part},
                 {"calls", group.count},
                 {"seconds", group.seconds},
                 {"waited_seconds", group.waited}});
    addBound(made, group.bound, group.seconds);
    groups.push_back(std::move(made));
  }
  nlohmann::json made = {{"threads", run.threads},
                         {"latency_seconds",
                          {{"calls", run.latencies.size()},
                           {"min", run.percentile(0)},
                           {"p50", run.percentile(0.5)},
                           {"p90", run.percentile(0.9)},
                           {"p99", run.percentile(0.99)}}},
                         {"profiled_calls", run.profiled},
                         {"outside_seconds", run.outside},
                         {"limits", std::move(limits)},
                         {"kernels", std::move(groups)},
                         {"steps", std::move(steps)}};
  if (const std::optional<double> flops = result.total().flops)
    made["flops_per_second"] = *flops / result.latency(run);
  if (const std::optional<double> share = shareOfPeak(result, run))
    made["share_of_peak"] = *share;
  return made;
}

} // namespace

void nacre::tool::printBench(llvm::raw_ostream &out, const BenchResult &result, size_t top) {
  printHead(out, result);
  printLatencies(out, result);
  for (const BenchRun &run : result.runs) {
    out << '\n';
    printLimits(out, run, result.statistic);
    if (!result.steps.empty()) {
      out << '\n';
      printKernels(out, result, run, top);
    }
  }
  if (!result.steps.empty())
    printPlaces(out, result, top);
}

std::string nacre::tool::benchToJson(const BenchResult &result) {
  nlohmann::json sizes = nlohmann::json::object(), steps = nlohmann::json::array(),
                 runs = nlohmann::json::array();
  for (const auto &[name, size] : result.sizes)
    sizes[name] = size;
  for (const Step &step : result.steps) {
    nlohmann::json made = toJson(step.cost);
    made.update({{"name", step.name}, {"ops", step.ops}, {"part", step.part}, {"line", step.line}});
    steps.push_back(std::move(made));
  }
  for (const BenchRun &run : result.runs)
    runs.push_back(toJson(result, run));
  const nlohmann::json made = {
      {"model", result.model},
      {"entry", result.entry},
      {"sizes", sizes},
      {"processor", result.processor},
      {"compiled_for", result.compiledFor},
      {"l2_bytes", result.caches.l2},
      {"l3_bytes", result.caches.l3},
      {"arena_bytes", result.arenaBytes},
      {"rounds", result.rounds},
      {"statistic", result.statistic == Statistic::Best ? "best" : "median"},
      {"total", toJson(result.total())},
      {"steps", steps},
      {"runs", runs}};
  return made.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}
