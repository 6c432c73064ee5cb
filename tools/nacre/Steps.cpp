//===- Steps.cpp - what an artifact says of its kernels -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Steps.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

#include <nlohmann/json.hpp>

#include <cmath>

using namespace nacre;
using namespace nacre::tool;
using nlohmann::json;

namespace {

/// Evaluates formulas; docs/artifact.md has their form.
class Formulas {
public:
  Formulas(const Signature &entry, llvm::ArrayRef<int64_t> sizes) {
    for (auto [name, size] : llvm::zip_equal(entry.variables, sizes))
      values[name] = static_cast<double>(size);
  }

  std::optional<double> evaluate(const json &formula) const;

private:
  std::optional<double> evaluateTerm(const json &term) const;
  std::optional<double> evaluateFunction(const json &function) const;

  llvm::StringMap<double> values;
};

/// The member of an object, or null.
const json &member(const json &object, const char *name) {
  static const json null;
  if (!object.is_object())
    return null;
  auto found = object.find(name);
  return found == object.end() ? null : *found;
}

std::string textOf(const json &value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// Operations that only say where elements are.
bool isMovement(llvm::StringRef op) {
  return op == "transpose" || op == "broadcast" || op == "extract_slice" || op == "reshape";
}

/// "attention_4" for a kernel of attention among transposes.
std::string labelOf(llvm::StringRef name, llvm::ArrayRef<std::string> ops) {
  llvm::StringRef number = name.rsplit('_').second;
  std::vector<std::string> kept;
  for (const std::string &op : ops)
    if (!isMovement(op))
      kept.push_back(op);
  if (kept.empty())
    kept.assign(ops.begin(), ops.end());
  std::string label = llvm::join(kept, "_");
  if (label.size() > 26)
    label = label.substr(0, 24) + "..";
  return label + "_" + number.str();
}

void add(std::optional<double> &sum, std::optional<double> value) {
  sum = sum && value ? std::optional(*sum + *value) : std::nullopt;
}

/// Adds a call to a step. False for what is no call.
bool addCall(Step &step, const json &call, const json &kernels, const Formulas &formulas) {
  if (!call.is_array() || call.size() != 3 || !call[0].is_number_unsigned() ||
      call[0].get<size_t>() >= kernels.size())
    return false;
  const json &kernel = kernels[call[0].get<size_t>()];
  std::vector<std::string> ops;
  if (const json &names = member(kernel, "ops"); names.is_array())
    for (const json &name : names)
      ops.push_back(textOf(name));
  const std::string name = textOf(member(kernel, "name"));
  const std::string plus = step.name.empty() ? "" : "+";
  step.name += plus + name;
  step.label += plus + labelOf(name, ops);
  if (step.part.empty())
    step.part = textOf(call[1]);
  if (step.line.empty())
    step.line = textOf(call[2]);
  llvm::append_range(step.ops, ops);
  if (const std::string arithmetic = textOf(member(kernel, "arithmetic")); !arithmetic.empty())
    step.arithmetic = arithmetic == "bf16" ? Roof::Bf16 : Roof::Int8;
  add(step.cost.flops, formulas.evaluate(member(kernel, "flops")));
  add(step.cost.read, formulas.evaluate(member(kernel, "read")));
  add(step.cost.weights, formulas.evaluate(member(kernel, "weights")));
  add(step.cost.written, formulas.evaluate(member(kernel, "written")));
  return true;
}

} // namespace

std::optional<double> StepCost::bytes() const {
  return read && written ? std::optional(*read + *written) : std::nullopt;
}

std::optional<double> StepCost::activations() const {
  return bytes() && weights ? std::optional(*bytes() - *weights) : std::nullopt;
}

StepCost StepCost::times(uint64_t rounds) const {
  auto multiply = [&](std::optional<double> value) {
    return value ? std::optional(*value * static_cast<double>(rounds)) : value;
  };
  return {multiply(flops), multiply(read), multiply(weights), multiply(written)};
}

std::optional<double> Formulas::evaluateFunction(const json &function) const {
  if (!function.is_array() || function.size() != 4 || !function[3].is_number())
    return std::nullopt;
  const std::string name = textOf(function[0]);
  std::optional<double> a = evaluate(function[1]), b = evaluate(function[2]);
  const bool divides = name != "min" && name != "max";
  if (!a || !b || (divides && *b == 0))
    return std::nullopt;
  double result;
  if (name == "floordiv")
    result = std::floor(*a / *b);
  else if (name == "ceildiv")
    result = std::ceil(*a / *b);
  else if (name == "div")
    result = *a / *b;
  else if (name == "mod")
    result = *a - std::floor(*a / *b) * *b;
  else if (name == "min")
    result = std::min(*a, *b);
  else if (name == "max")
    result = std::max(*a, *b);
  else
    return std::nullopt;
  return std::pow(result, function[3].get<double>());
}

std::optional<double> Formulas::evaluateTerm(const json &term) const {
  if (!term.is_array() || term.size() < 2 || !term[0].is_number() || !term[1].is_object())
    return std::nullopt;
  double product = term[0].get<double>();
  for (const auto &[name, power] : term[1].items()) {
    auto value = values.find(name);
    if (value == values.end() || !power.is_number())
      return std::nullopt;
    product *= std::pow(value->second, power.get<double>());
  }
  for (size_t i = 2; i < term.size(); ++i) {
    std::optional<double> value = evaluateFunction(term[i]);
    if (!value)
      return std::nullopt;
    product *= *value;
  }
  return product;
}

std::optional<double> Formulas::evaluate(const json &formula) const {
  if (!formula.is_array())
    return std::nullopt;
  double sum = 0;
  for (const json &term : formula) {
    std::optional<double> value = evaluateTerm(term);
    if (!value || !std::isfinite(*value))
      return std::nullopt;
    sum += *value;
  }
  return sum;
}

std::optional<std::vector<Step>> nacre::tool::readSteps(llvm::StringRef metadata,
                                                        const Signature &entry,
                                                        llvm::ArrayRef<int64_t> sizes,
                                                        llvm::StringRef path,
                                                        DiagnosticEngine &diags) {
  const json data = json::parse(metadata, nullptr, /*allow_exceptions=*/false);
  const json &kernels = member(data, "kernels");
  const json &list = member(member(data, "entries"), entry.name.c_str());
  bool good = kernels.is_array() && list.is_array();
  const Formulas formulas(entry, sizes);
  std::vector<Step> steps;
  for (size_t i = 0; good && i < list.size(); ++i) {
    Step step;
    step.cost = {.flops = 0, .read = 0, .weights = 0, .written = 0};
    good = list[i].is_array();
    for (size_t j = 0; good && j < list[i].size(); ++j)
      good = addCall(step, list[i][j], kernels, formulas);
    if (list[i].empty())
      step.name = step.label = "decision";
    steps.push_back(std::move(step));
  }
  if (good)
    return steps;
  diags.errorAt(path, "does not say what its kernels compute")
      .note("it was compiled by another version; compile it again");
  return std::nullopt;
}
