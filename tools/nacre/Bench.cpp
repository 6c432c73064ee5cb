//===- Bench.cpp - nacre bench --------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Bench.h"

#include "tools/nacre/Artifact.h"
#include "tools/nacre/Commands.h"
#include "tools/nacre/Compile.h"
#include "tools/nacre/Inputs.h"
#include "tools/nacre/Session.h"

#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Host.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

using namespace nacre;
using namespace nacre::tool;
using std::chrono::steady_clock;

namespace {

/// Seconds of calls in a turn, of each kind.
constexpr double turn = 0.02;
/// Calls in a turn at most: of a model that takes a microsecond a turn has enough sooner.
constexpr size_t maxCalls = 1000;
constexpr size_t minRounds = 3;

double secondsSince(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

/// Runs `work` on so many threads, each with its number.
void onThreads(int count, llvm::function_ref<void(int)> work) {
  std::vector<std::thread> others;
  for (int i = 1; i < count; ++i)
    others.emplace_back(work, i);
  work(0);
  for (std::thread &other : others)
    other.join();
}

template <typename T>
T median(std::vector<T> values) {
  if (values.empty())
    return {};
  auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// What one number of threads has been measured to take.
struct Samples {
  int threads = 1;
  size_t calls = 0; ///< in a turn
  std::vector<double> latencies;
  /// By step, then by profiled call.
  std::vector<std::vector<double>> seconds, waited;
  std::vector<double> outside;
  std::vector<Measured> limits;

  BenchRun summarize(Statistic statistic) const;
};

/// Takes turns: the model, the model with times of its kernels, and probes of the machine, with
/// each number of threads. What else the machine does then falls on all of them alike.
class Measurement {
public:
  Measurement(const BenchArguments &arguments, Artifact &artifact, Call &call, size_t steps,
              Session &session)
      : arguments(arguments), artifact(artifact), call(call), times(steps), session(session) {}

  bool run();

  Probes probes;
  std::vector<Samples> all;
  size_t rounds = 0;

private:
  bool begin(Samples &samples);
  bool measure(Samples &samples);
  bool profileOnce(Samples &samples);
  bool changeThreads(int threads);

  const BenchArguments &arguments;
  Artifact &artifact;
  Call &call;
  std::vector<nacre_kernel_time> times;
  Session &session;
  int threads = 0;
};

BenchRun Samples::summarize(Statistic statistic) const {
  const bool best = statistic == Statistic::Best;
  auto time = [&](const std::vector<double> &values) {
    return best && !values.empty() ? *llvm::min_element(values) : median(values);
  };
  BenchRun run;
  run.threads = threads;
  run.latencies = latencies;
  llvm::sort(run.latencies);
  run.profiled = outside.size();
  for (auto [ofStep, waits] : llvm::zip_equal(seconds, waited))
    run.steps.push_back({.seconds = time(ofStep), .waited = time(waits)});
  run.outside = time(outside);
  for (size_t roof = 0; roof < numRoofs; ++roof) {
    std::vector<double> rates;
    for (const Measured &measured : limits)
      rates.push_back((best ? measured.best : measured.whole).rates[roof]);
    run.limits.rates[roof] = best ? *llvm::max_element(rates) : median(std::move(rates));
  }
  return run;
}

/// The first call with other threads starts them and is not measured.
bool Measurement::changeThreads(int wanted) {
  if (wanted == threads)
    return true;
  threads = wanted;
  return artifact.setThreads(threads, session.diags) && call.run(session.diags);
}

bool Measurement::profileOnce(Samples &samples) {
  size_t count = 0;
  const auto start = steady_clock::now();
  if (!call.profile(times, count, session.diags))
    return false;
  const double whole = secondsSince(start);
  double inside = 0;
  for (auto [i, time] : llvm::enumerate(times)) {
    samples.seconds[i].push_back(static_cast<double>(time.nanoseconds) * 1e-9);
    samples.waited[i].push_back(static_cast<double>(time.waited) * 1e-9);
    inside += samples.seconds[i].back();
  }
  samples.outside.push_back(whole - inside);
  return true;
}

/// Warms up, and finds how many calls make a turn.
bool Measurement::begin(Samples &samples) {
  samples.seconds.resize(times.size());
  samples.waited.resize(times.size());
  if (!changeThreads(samples.threads))
    return false;
  const auto start = steady_clock::now();
  size_t calls = 0;
  do {
    if (!call.run(session.diags))
      return false;
    ++calls;
  } while (secondsSince(start) < 0.1 || calls < 2);
  const double latency = secondsSince(start) / static_cast<double>(calls);
  samples.calls = std::clamp<size_t>(static_cast<size_t>(turn / latency), 1, maxCalls);
  return true;
}

bool Measurement::measure(Samples &samples) {
  if (!changeThreads(samples.threads))
    return false;
  for (size_t i = 0; i < samples.calls; ++i) {
    const auto start = steady_clock::now();
    if (!call.run(session.diags))
      return false;
    samples.latencies.push_back(secondsSince(start));
  }
  for (size_t i = 0; i < samples.calls && !times.empty(); ++i)
    if (!profileOnce(samples))
      return false;
  samples.limits.push_back(probes.measure(samples.threads, onThreads));
  return true;
}

bool Measurement::run() {
  std::vector<int64_t> counts = arguments.threads;
  if (counts.empty())
    counts.push_back(1);
  llvm::sort(counts);
  counts.erase(llvm::unique(counts), counts.end());
  for (int64_t count : counts)
    all.push_back({.threads = static_cast<int>(count)});
  for (Samples &samples : all) {
    session.progress.update("warming up", 0);
    if (!begin(samples))
      return false;
  }
  probes.prepare(threads, onThreads);
  const auto start = steady_clock::now();
  const auto wanted = static_cast<size_t>(arguments.rounds);
  auto goesOn = [&] {
    return wanted ? rounds < wanted : rounds < minRounds || secondsSince(start) < arguments.seconds;
  };
  while (goesOn()) {
    for (Samples &samples : all)
      if (!measure(samples))
        return false;
    // Back from where it is, since a change to fewer threads takes time.
    std::reverse(all.begin(), all.end());
    ++rounds;
    const double done = wanted ? static_cast<double>(rounds) / static_cast<double>(wanted)
                               : secondsSince(start) / arguments.seconds;
    session.progress.update(fmt::format("measuring, round {}", rounds), done);
  }
  llvm::sort(all, [](const Samples &a, const Samples &b) { return a.threads < b.threads; });
  session.progress.clear();
  return true;
}

/// Weights that no file gives: matrices of small numbers, vectors of ones. Values do not change how
/// long kernels take, as long as they are ordinary numbers.
void inventWeights(LoadedModel &model) {
  for (language::WeightSummary &weight : model.language.summary.weights)
    if (!model.bound.lookup(weight.path) && weight.initial.empty())
      weight.initial = weight.shape.size() > 1 ? "uniform(0.05)" : "ones";
}

bool writeFile(const std::string &path, llvm::StringRef flag, llvm::StringRef text,
               DiagnosticEngine &diags) {
  std::error_code error;
  llvm::raw_fd_ostream out(path, error);
  if (!error) {
    out << text;
    out.close();
    error = out.error();
    out.clear_error();
  }
  if (error)
    diags.errorAt(flag, "cannot write '" + path + "': " + error.message())
        .note("name a file in a folder that can be written to");
  return !error;
}

void show(const BenchArguments &arguments, const BenchResult &result, DiagnosticEngine &diags) {
  if (arguments.json == "-")
    llvm::outs() << benchToJson(result);
  else
    printBench(llvm::outs(), result, static_cast<size_t>(arguments.top));
  if (!arguments.json.empty() && arguments.json != "-")
    writeFile(arguments.json, "--json", benchToJson(result), diags);
  if (!arguments.svg.empty())
    writeFile(arguments.svg, "--svg", drawRoofline(result), diags);
}

/// False, after an error, where an option of compiling is given for what is compiled.
bool checkCompiled(const BenchArguments &arguments, DiagnosticEngine &diags) {
  if (!arguments.precision.empty())
    diags.errorAt("--precision", "'" + arguments.model.path + "' is compiled already")
        .note("leave it out, or name the model file");
  return !diags.hasErrors();
}

void benchArtifact(const BenchArguments &arguments, llvm::StringRef path, llvm::StringRef weights,
                   llvm::StringRef targetCpu, Session &session) {
  std::unique_ptr<Artifact> artifact = Artifact::open(path, weights, targetCpu, session.diags);
  if (!artifact)
    return;
  std::optional<size_t> index = chooseEntry(artifact->entries(), arguments.input, session.diags);
  if (!index)
    return;
  const Signature &entry = artifact->entries()[*index];
  std::optional<PreparedInputs> inputs = prepareInputs(entry, arguments.input, session.diags);
  if (!inputs)
    return;
  std::unique_ptr<Call> call =
      artifact->prepare(*index, std::move(*inputs), arguments.input.command, session.diags);
  if (!call)
    return;
  std::optional<std::vector<Step>> steps =
      readSteps(artifact->metadata(), entry, call->sizes(), path, session.diags);
  if (!steps)
    return;
  size_t count = 0;
  std::vector<nacre_kernel_time> once(steps->size());
  if (!call->profile(once, count, session.diags))
    return;
  if (count > steps->size()) {
    session.diags
        .warningAt(path, fmt::format("passes {} steps, and says that it has {}: no kernels "
                                     "are shown",
                                     count, steps->size()))
        .note("it was compiled by another version; compile it again");
    steps->clear();
  }
  for (auto [step, time] : llvm::zip(*steps, once))
    step.cost = step.cost.times(time.rounds);

  BenchResult result;
  result.model = llvm::sys::path::filename(arguments.model.path).str();
  result.entry = entry.name;
  for (auto [name, size] : llvm::zip_equal(entry.variables, call->sizes()))
    result.sizes.emplace_back(name, size);
  result.compiledFor = artifact->cpuFeatures().str();
  result.arenaBytes = call->arenaBytes();
  result.statistic = arguments.best ? Statistic::Best : Statistic::Median;
  result.steps = std::move(*steps);

  Measurement measurement(arguments, *artifact, *call, result.steps.size(), session);
  if (!measurement.run())
    return;
  result.processor =
      llvm::sys::getHostCPUName().str() + ", " + measurement.probes.describeVectors();
  result.caches = measurement.probes.caches();
  result.rounds = measurement.rounds;
  for (const Samples &samples : measurement.all)
    result.runs.push_back(samples.summarize(result.statistic));
  show(arguments, result, session.diags);
}

/// Compiles a model file into a temporary folder and measures what came out.
void benchCompiled(const BenchArguments &arguments, const Installation &installation,
                   Session &session) {
  std::optional<LoadedModel> model = loadModel(session, arguments.model, installation);
  if (!model)
    return;
  if (!model->weights)
    inventWeights(*model);
  TemporaryFolder folder(session.diags);
  if (folder.path().empty())
    return;
  CompileOptions options;
  options.name = "model";
  options.output = folder.file("model");
  options.emit = {Emit::sharedLibrary, Emit::weights};
  if (!arguments.targetCpu.empty())
    options.targets = {arguments.targetCpu};
  options.precision = readPrecision(arguments.precision.empty() ? "f32" : arguments.precision,
                                    arguments.groupSize, session.diags);
  if (session.diags.hasErrors())
    return;
  if (auto report = compileModel(session, *model, installation, std::move(options)))
    benchArtifact(arguments, folder.file("model.so"), "", report->targets.front(), session);
}

} // namespace

int nacre::tool::execute(const BenchArguments &arguments) {
  Session session;
  std::optional<Installation> installation = findInstallation(session.diags);
  if (!installation)
    return session.finish();
  if (!llvm::StringRef(arguments.model.path).ends_with(".so"))
    benchCompiled(arguments, *installation, session);
  else if (checkCompiled(arguments, session.diags))
    benchArtifact(arguments, arguments.model.path, arguments.model.weights, arguments.targetCpu,
                  session);
  return session.finish();
}
