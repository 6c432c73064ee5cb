//===- Interpret.cpp - run --interpret ------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Interpret.h"

#include "dialects/nn/interpreter/Interpreter.h"
#include "tools/nacre/Crash.h"
#include "tools/nacre/Weights.h"

#include "llvm/ADT/StringExtras.h"

using namespace nacre;
using namespace nacre::tool;
using interpreter::Tensor;

namespace {

/// "768", "B", or a formula.
PortSize readSize(llvm::StringRef text, std::vector<std::string> &variables) {
  int64_t number;
  if (!text.getAsInteger(10, number))
    return {.number = number, .variable = std::nullopt};
  if (text.empty() || !llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; }))
    return {};
  auto at = llvm::find(variables, text);
  if (at == variables.end())
    at = variables.insert(at, text.str());
  return {.number = std::nullopt, .variable = static_cast<unsigned>(at - variables.begin())};
}

/// An axis "N <= 16" is as long as output N says.
void findLength(Port &output, const language::PortSummary &summary, llvm::ArrayRef<Port> outputs) {
  for (auto [axis, size] : llvm::enumerate(summary.shape)) {
    auto [length, bound] = llvm::StringRef(size).split(" <= ");
    for (auto [i, other] : llvm::enumerate(outputs))
      if (!bound.empty() && other.name == length) {
        output.lengthAxis = axis;
        output.lengthOutput = i;
      }
  }
}

Port portOf(const language::PortSummary &summary, std::vector<std::string> &variables) {
  Port port;
  port.name = summary.name;
  port.type = summary.dtype + "[" + llvm::join(summary.shape, ", ") + "]";
  port.element = storageOf(summary.dtype);
  for (const std::string &size : summary.shape)
    port.shape.push_back(readSize(size, variables));
  return port;
}

} // namespace

std::vector<Signature> nacre::tool::signaturesOf(const language::ModelSummary &summary) {
  std::vector<Signature> signatures;
  for (const language::EntrySummary &entry : summary.entries) {
    Signature &signature = signatures.emplace_back();
    signature.name = entry.name;
    for (const language::PortSummary &port : entry.arguments)
      signature.inputs.push_back(portOf(port, signature.variables));
    for (const language::PortSummary &port : entry.results)
      signature.outputs.push_back(portOf(port, signature.variables));
    for (auto [output, port] : llvm::zip_equal(signature.outputs, entry.results))
      findLength(output, port, signature.outputs);
  }
  return signatures;
}

std::optional<std::vector<NpyArray>> nacre::tool::interpretEntry(LoadedModel &model,
                                                                 const Signature &entry,
                                                                 llvm::ArrayRef<NpyArray> inputs,
                                                                 DiagnosticEngine &diags) {
  mlir::ModuleOp module = *model.language.module;
  auto function = module.lookupSymbol<mlir::func::FuncOp>(entry.name);
  if (!function)
    internalError("the front end made no function for entry '" + llvm::Twine(entry.name) + "'");
  llvm::SmallVector<Tensor> arguments;
  for (auto [input, type] : llvm::zip_equal(inputs, function.getArgumentTypes())) {
    std::optional<Tensor> tensor =
        Tensor::viewOf(mlir::getElementTypeOrSelf(type), input.shape, input.data);
    if (!tensor)
      internalError("an input's bytes do not fit its type");
    arguments.push_back(*tensor);
  }
  interpreter::Options options;
  WeightProvider weights(model, *module.getContext(), diags);
  llvm::StringMap<Tensor> states; // zero at first, and forgotten
  options.states = &states;
  options.weights = [&](llvm::StringRef path) { return weights.load(path); };
  auto results = interpreter::interpret(function, arguments, options);
  if (failed(results)) {
    if (!diags.hasErrors())
      internalError("the interpreter failed without a reason");
    return std::nullopt;
  }
  std::vector<NpyArray> outputs;
  for (auto [port, tensor] : llvm::zip_equal(entry.outputs, *results)) {
    NpyArray &output = outputs.emplace_back();
    output.type = port.element;
    output.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
    output.data.assign(tensor.getBytes().begin(), tensor.getBytes().end());
  }
  return outputs;
}
