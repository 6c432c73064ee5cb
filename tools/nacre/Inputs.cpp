//===- Inputs.cpp - the arrays that an entry is fed -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Inputs.h"

#include "frontend/weights/Convert.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cstring>
#include <map>
#include <random>

using namespace nacre;
using namespace nacre::tool;

namespace {

/// No random input is larger; a slip in --dim should not take all memory.
constexpr uint64_t maxRandomBytes = uint64_t(8) << 30;

class Preparation {
public:
  Preparation(const Signature &entry, const InputArguments &arguments, DiagnosticEngine &diags)
      : entry(entry), arguments(arguments), diags(diags), origins(entry.variables.size()),
        sizes(entry.variables.size()), files(entry.inputs.size()) {}

  std::optional<PreparedInputs> run();

private:
  void readSizes();
  void readFiles();
  void fit(const Port &port, const NpyArray &array, llvm::StringRef path);
  void bind(unsigned variable, int64_t size, const std::string &origin);
  std::optional<NpyArray> makeRandom(const Port &port, uint64_t seed);
  std::vector<int64_t> findStateSizes();

  const Signature &entry;
  const InputArguments &arguments;
  DiagnosticEngine &diags;
  std::vector<std::string> origins; ///< who said the size of a variable; empty: nobody yet
  std::vector<int64_t> sizes;
  std::vector<std::optional<NpyArray>> files;
  std::map<std::string, int64_t> ofState; ///< by --dim, of variables that only the state has
};

llvm::StringRef nearest(llvm::StringRef name, llvm::ArrayRef<std::string> names) {
  return nearestName(name, llvm::to_vector(llvm::map_range(names, [](const std::string &candidate) {
                       return llvm::StringRef(candidate);
                     })));
}

std::string list(llvm::ArrayRef<std::string> names) {
  return names.empty() ? "none" : llvm::join(names, ", ");
}

} // namespace

void Preparation::bind(unsigned variable, int64_t size, const std::string &origin) {
  if (origins[variable].empty()) {
    origins[variable] = origin;
    sizes[variable] = size;
    return;
  }
  if (sizes[variable] != size)
    diags
        .errorAt(origin, entry.variables[variable] + " is " + llvm::Twine(size) + " here, and " +
                             llvm::Twine(sizes[variable]) + " by " + origins[variable])
        .note("a dimension variable has one size in a call");
}

void Preparation::readSizes() {
  for (const auto &[name, size] : arguments.dims) {
    auto found = llvm::find(entry.variables, name);
    if (found == entry.variables.end() && llvm::is_contained(entry.stateVariables, name)) {
      ofState[name] = size;
      continue;
    }
    if (found == entry.variables.end()) {
      diags
          .errorAt("--dim " + name,
                   "entry '" + entry.name + "' has no dimension variable '" + name + "'")
          .didYouMean({}, nearest(name, entry.variables))
          .note("it has: " + list(entry.variables));
      continue;
    }
    bind(found - entry.variables.begin(), size, "--dim " + name);
  }
}

/// Checks a file's array against the entry's input, and learns sizes from it.
void Preparation::fit(const Port &port, const NpyArray &array, llvm::StringRef path) {
  const std::string has = describeTensor(array.type, array.shape);
  if (array.type != port.element) {
    diags.errorAt(path, "holds " + has + ", and input '" + port.name + "' is " + port.type)
        .note("convert it, in NumPy with array.astype('" + npyName(port.element) + "')");
    return;
  }
  if (array.shape.size() != port.shape.size()) {
    diags.errorAt(path, "holds " + has + ", and input '" + port.name + "' is " + port.type)
        .note("it needs " + llvm::Twine(port.shape.size()) + " dimensions, and has " +
              llvm::Twine(array.shape.size()));
    return;
  }
  for (auto [i, size] : llvm::enumerate(port.shape)) {
    if (size.number && *size.number != array.shape[i])
      diags.errorAt(path, "holds " + has + ", and input '" + port.name + "' is " + port.type)
          .note("dimension " + llvm::Twine(i) + " must be " + llvm::Twine(*size.number) +
                ", and is " + llvm::Twine(array.shape[i]));
    else if (size.variable)
      bind(*size.variable, array.shape[i], path.str());
  }
}

void Preparation::readFiles() {
  std::vector<std::string> names;
  for (const Port &port : entry.inputs)
    names.push_back(port.name);
  for (const auto &[name, path] : arguments.inputs) {
    auto found = llvm::find(names, name);
    if (found == names.end()) {
      diags.errorAt("--input " + name, "entry '" + entry.name + "' has no input '" + name + "'")
          .didYouMean({}, nearest(name, names))
          .note("it has: " + list(names));
      continue;
    }
    const size_t index = found - names.begin();
    if (files[index]) {
      diags.errorAt("--input " + name, "input '" + name + "' is given twice")
          .note("leave one of them out");
      continue;
    }
    llvm::FailureOr<NpyArray> array = readNpy(path, diags);
    if (succeeded(array)) {
      fit(entry.inputs[index], *array, path);
      files[index] = std::move(*array);
    }
  }
}

std::optional<NpyArray> Preparation::makeRandom(const Port &port, uint64_t seed) {
  NpyArray array;
  array.type = port.element;
  for (const PortSize &size : port.shape) {
    if (!size.number && !size.variable) {
      diags
          .errorAt(arguments.inventor,
                   "input '" + port.name + "' is " + port.type + ", of a size that is a formula")
          .note("give it with --input " + port.name + "=FILE");
      return std::nullopt;
    }
    if (size.variable && origins[*size.variable].empty()) {
      const std::string &variable = entry.variables[*size.variable];
      diags.errorAt(arguments.inventor, "nothing says how large " + variable + " is")
          .note("add '--dim " + variable + "=1', or another size");
      return std::nullopt;
    }
    array.shape.push_back(size.number ? *size.number : sizes[*size.variable]);
  }
  std::optional<uint64_t> bytes = tensorBytes(array.type, array.shape);
  if (!bytes || *bytes > maxRandomBytes) {
    diags
        .errorAt(arguments.inventor, "input '" + port.name + "' would be " +
                                         describeTensor(array.type, array.shape) +
                                         ", more than 8 GB")
        .note("give smaller sizes with --dim");
    return std::nullopt;
  }
  fillRandom(array, seed, arguments.below);
  return array;
}

/// Sizes of the state that the entry runs with: its own, where it names them.
std::vector<int64_t> Preparation::findStateSizes() {
  std::vector<int64_t> found;
  for (auto [name, size] : llvm::zip_equal(entry.stateVariables, entry.stateSizes)) {
    auto given = ofState.find(name);
    if (!size.number && !size.variable && given == ofState.end()) {
      diags
          .errorAt(arguments.command,
                   "nothing says how large " + name + " is, of the model's state")
          .note("add '--dim " + name + "=1', or another size");
      break;
    }
    if (size.number || size.variable)
      found.push_back(size.number ? *size.number : sizes[*size.variable]);
    else
      found.push_back(given->second);
    if (given != ofState.end() && given->second != found.back())
      diags
          .errorAt("--dim " + name, "entry '" + entry.name + "' runs with " + name + " = " +
                                        llvm::Twine(found.back()))
          .note("leave it out");
  }
  return found;
}

std::optional<PreparedInputs> Preparation::run() {
  readSizes();
  readFiles();
  if (diags.hasErrors())
    return std::nullopt;
  std::vector<NpyArray> arrays;
  for (auto [i, port] : llvm::enumerate(entry.inputs)) {
    if (files[i]) {
      arrays.push_back(std::move(*files[i]));
    } else if (!arguments.random) {
      diags.errorAt(arguments.command, "input '" + port.name + "', " + port.type + ", is missing")
          .note("give it with '--input " + port.name + "=FILE.npy', or let --random make it up");
    } else if (std::optional<NpyArray> array = makeRandom(port, arguments.seed * 1000003 + i)) {
      arrays.push_back(std::move(*array));
    }
  }
  for (auto [i, variable] : llvm::enumerate(entry.variables))
    if (origins[i].empty() && !diags.hasErrors())
      diags.errorAt(arguments.command, "nothing says how large " + variable + " is")
          .note("no input has a dimension of just this size; add '--dim " + variable + "=1'");
  if (diags.hasErrors())
    return std::nullopt;
  std::vector<int64_t> stateSizes;
  if (entry.usesState)
    stateSizes = findStateSizes();
  if (diags.hasErrors())
    return std::nullopt;
  return PreparedInputs{std::move(sizes), std::move(arrays), std::move(stateSizes)};
}

std::optional<size_t> nacre::tool::chooseEntry(llvm::ArrayRef<Signature> entries,
                                               const InputArguments &arguments,
                                               DiagnosticEngine &diags) {
  llvm::StringRef name = arguments.entry;
  std::vector<llvm::StringRef> names;
  for (auto [i, entry] : llvm::enumerate(entries)) {
    if (entry.name == name || (name.empty() && entries.size() == 1))
      return i;
    names.push_back(entry.name);
  }
  if (name.empty())
    diags.errorAt(arguments.command, "the model has several entries")
        .note("name one with --entry: " + llvm::join(names, ", "));
  else
    diags.errorAt("--entry", "the model has no entry '" + name + "'")
        .didYouMean({}, nearestName(name, names))
        .note("it has: " + llvm::join(names, ", "));
  return std::nullopt;
}

std::optional<PreparedInputs> nacre::tool::prepareInputs(const Signature &entry,
                                                         const InputArguments &arguments,
                                                         DiagnosticEngine &diags) {
  return Preparation(entry, arguments, diags).run();
}

void nacre::tool::fillRandom(NpyArray &array, uint64_t seed, int64_t below) {
  const unsigned bytes = elementBytes(array.type);
  const uint64_t total = *tensorBytes(array.type, array.shape);
  array.data.resize(total);
  // The engine's numbers are fixed by the C++ standard; its distributions are not.
  std::mt19937_64 engine(seed);
  for (char *to = array.data.data(), *end = to + total; to != end; to += bytes) {
    uint64_t bits = engine();
    if (array.type == StorageType::Bool)
      *to = static_cast<char>(bits & 1);
    else if (!isFloat(array.type))
      std::memcpy(to, &(bits %= static_cast<uint64_t>(below)), bytes);
    else
      storeNumber(array.type, static_cast<double>(bits >> 40) * 0x1p-23 - 1, to);
  }
}
