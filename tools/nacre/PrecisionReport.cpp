//===- PrecisionReport.cpp - the error of a lower precision ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/PrecisionReport.h"

#include "frontend/weights/Convert.h"
#include "tools/nacre/Artifact.h"
#include "tools/nacre/Inputs.h"
#include "tools/nacre/Table.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>

#include <cmath>

using namespace nacre;
using namespace nacre::tool;

/// Sizes that are tried one after the other for dimension variables which nothing gives: enough
/// rows for a figure that does not change with the seed, and images that a network can halve five
/// times.
static constexpr int64_t triedSizes[] = {64, 128, 224, 256, 32, 16, 8, 4, 2, 1};
/// Examples of a batch, of several rows each or of one.
static constexpr int64_t batchOfMany = 2, batchOfOne = 64;

static std::vector<float> numbersOf(const NpyArray &array) {
  std::vector<float> numbers(array.data.size() / elementBytes(array.type));
  convertToF32(array.type, array.data, numbers);
  return numbers;
}

OutputError nacre::tool::compareOutputs(const NpyArray &expected, const NpyArray &got) {
  std::vector<float> wanted = numbersOf(expected), found = numbersOf(got);
  OutputError error;
  double differences = 0, wantedSquares = 0, foundSquares = 0, products = 0;
  for (auto [a, b] : llvm::zip_equal(wanted, found)) {
    if (a == b || (std::isnan(a) && std::isnan(b))) {
      if (!std::isfinite(a))
        continue;
    }
    double x = a, y = b, difference = std::fabs(x - y);
    differences += difference * difference;
    wantedSquares += x * x;
    foundSquares += y * y;
    products += x * y;
    // Where one of them is NaN the sums say so.
    error.largest = std::max(error.largest, difference);
    error.magnitude = std::max(error.magnitude, std::fabs(x));
  }
  // Of zeros any error is infinitely large, and none is none.
  error.relativeRms = differences == 0 ? 0 : std::sqrt(differences / wantedSquares);
  error.cosine = differences == 0 ? 1 : products / std::sqrt(wantedSquares * foundSquares);
  size_t columns = expected.shape.empty() ? 1 : expected.shape.back();
  if (columns < 2 || wanted.empty())
    return error;
  size_t rows = wanted.size() / columns, same = 0;
  auto largestIn = [&](const std::vector<float> &numbers, size_t row) {
    auto begin = numbers.begin() + row * columns;
    return std::max_element(begin, begin + columns) - begin;
  };
  for (size_t row = 0; row < rows; ++row)
    same += largestIn(wanted, row) == largestIn(found, row);
  error.sameLargest = static_cast<double>(same) / static_cast<double>(rows);
  return error;
}

namespace {

/// One entry of both artifacts.
class EntryReport {
public:
  EntryReport(Artifact &exact, Artifact &reduced, size_t entry, const InputArguments &arguments,
              DiagnosticEngine &diags)
      : exact(exact), reduced(reduced), index(entry), entry(exact.entries()[entry]),
        arguments(arguments), diags(diags) {}

  bool run(llvm::raw_ostream &out);

private:
  std::vector<unsigned> openVariables() const;
  bool isBatch(unsigned variable) const;
  std::unique_ptr<Call> prepare();
  void print(llvm::raw_ostream &out, const Call &wanted, const Call &found) const;
  std::string describeInputs() const;

  Artifact &exact, &reduced;
  size_t index;
  const Signature &entry;
  InputArguments arguments;
  DiagnosticEngine &diags;
};

} // namespace

/// The variables whose size neither --dim nor a file says.
std::vector<unsigned> EntryReport::openVariables() const {
  std::vector<unsigned> open;
  for (unsigned i = 0; i < entry.variables.size(); ++i) {
    bool said = llvm::any_of(arguments.dims,
                             [&](const auto &dim) { return dim.first == entry.variables[i]; });
    for (const Port &port : entry.inputs)
      if (llvm::any_of(arguments.inputs, [&](const auto &file) { return file.first == port.name; }))
        said |= llvm::any_of(port.shape, [&](PortSize size) { return size.variable == i; });
    if (!said)
      open.push_back(i);
  }
  return open;
}

/// A variable that only ever comes first, and does so in each input that has it.
bool EntryReport::isBatch(unsigned variable) const {
  bool comesFirst = false;
  for (const Port &port : entry.inputs)
    for (auto [i, size] : llvm::enumerate(port.shape))
      if (size.variable == variable) {
        if (i != 0)
          return false;
        comesFirst = true;
      }
  return comesFirst;
}

/// Makes the exact artifact ready, with sizes that it accepts.
std::unique_ptr<Call> EntryReport::prepare() {
  const auto given = arguments.dims;
  const std::vector<unsigned> open = openVariables();
  const bool onlyBatches = llvm::all_of(open, [&](unsigned i) { return isBatch(i); });
  for (int64_t size : triedSizes) {
    arguments.dims = given;
    for (unsigned i : open)
      arguments.dims.emplace_back(entry.variables[i],
                                  !isBatch(i) ? size : (onlyBatches ? batchOfOne : batchOfMany));
    // What is said against a size that was only tried is for nobody, other than against the last.
    SourceMap sources;
    DiagnosticEngine quiet(sources);
    const bool isLast = size == *std::prev(std::end(triedSizes)) || onlyBatches;
    DiagnosticEngine &say = isLast ? diags : quiet;
    std::optional<PreparedInputs> inputs = prepareInputs(entry, arguments, say);
    if (inputs)
      if (auto call = exact.prepare(index, std::move(*inputs), arguments.command, say))
        return call;
    if (isLast)
      break;
  }
  return nullptr;
}

std::string EntryReport::describeInputs() const {
  bool random = false;
  std::vector<std::string> integers;
  for (const Port &port : entry.inputs) {
    if (llvm::any_of(arguments.inputs, [&](const auto &file) { return file.first == port.name; }))
      continue;
    random = true;
    if (!isFloat(port.element) && port.element != StorageType::Bool)
      integers.push_back(port.name);
  }
  if (!random)
    return "on the inputs given";
  std::string text = fmt::format("on random inputs (seed {}", arguments.seed);
  if (!integers.empty())
    text += fmt::format("; {} below {}", llvm::join(integers, ", "), arguments.below);
  return text + ")";
}

void EntryReport::print(llvm::raw_ostream &out, const Call &wanted, const Call &found) const {
  std::string sizes;
  for (auto [name, size] : llvm::zip_equal(entry.variables, wanted.sizes()))
    sizes += fmt::format(" {}={}", name, size);
  out << "error of " << entry.name << " against f32, " << describeInputs()
      << (sizes.empty() ? "" : ",") << sizes << '\n';
  Table table({Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Right});
  table.addHeader(
      {"output", "relative rms", "largest error", "in numbers up to", "cosine", "same largest"});
  for (auto [port, a, b] : llvm::zip_equal(entry.outputs, wanted.outputs(), found.outputs())) {
    OutputError error = compareOutputs(a, b);
    table.addRow({port.name, fmt::format("{:.3g} %", error.relativeRms * 100),
                  fmt::format("{:.3g}", error.largest), fmt::format("{:.3g}", error.magnitude),
                  fmt::format("{:.6f}", error.cosine),
                  error.sameLargest ? fmt::format("{:.1f} %", *error.sameLargest * 100) : "-"});
  }
  table.print(out, 2);
}

bool EntryReport::run(llvm::raw_ostream &out) {
  std::unique_ptr<Call> wanted = prepare();
  if (!wanted)
    return false;
  std::optional<PreparedInputs> again = prepareInputs(entry, arguments, diags);
  if (!again)
    return false;
  std::unique_ptr<Call> found = reduced.prepare(index, std::move(*again), arguments.command, diags);
  if (!found || !wanted->run(diags) || !found->run(diags))
    return false;
  print(out, *wanted, *found);
  return true;
}

bool nacre::tool::reportErrors(llvm::raw_ostream &out, llvm::StringRef exact,
                               llvm::StringRef reduced, llvm::StringRef target,
                               const InputArguments &arguments, DiagnosticEngine &diags) {
  std::unique_ptr<Artifact> first = Artifact::open(exact, "", target, diags);
  std::unique_ptr<Artifact> second = first ? Artifact::open(reduced, "", target, diags) : nullptr;
  if (!second)
    return false;
  llvm::SmallVector<size_t> chosen = llvm::to_vector(llvm::seq<size_t>(0, first->entries().size()));
  if (!arguments.entry.empty() || !arguments.inputs.empty() || !arguments.dims.empty()) {
    std::optional<size_t> index = chooseEntry(first->entries(), arguments, diags);
    if (!index)
      return false;
    chosen = {*index};
  }
  for (size_t entry : chosen)
    if (!EntryReport(*first, *second, entry, arguments, diags).run(out))
      return false;
  return true;
}
