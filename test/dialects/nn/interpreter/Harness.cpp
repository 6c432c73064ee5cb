//===- Harness.cpp - runs IR text in the reference interpreter -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/dialects/nn/interpreter/Harness.h"

#include "dialects/nn/NN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

std::vector<int64_t> Outcome::shape(size_t result) const {
  return result < results.size() ? results[result].getShape().vec() : std::vector<int64_t>();
}

std::vector<double> Outcome::values(size_t result) const {
  std::vector<double> values;
  if (result >= results.size())
    return values;
  for (int64_t i = 0; i < results[result].getNumElements(); ++i)
    values.push_back(results[result].getFloat(i));
  return values;
}

InterpreterTest::InterpreterTest() {
  context.loadDialect<nn::NNDialect, func::FuncDialect, arith::ArithDialect, tensor::TensorDialect,
                      ml_program::MLProgramDialect>();
}

Outcome InterpreterTest::run(StringRef text, ArrayRef<Tensor> inputs, Precision precision) {
  Outcome outcome;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    outcome.errors += diagnostic.str() + "\n";
    return success();
  });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return outcome;
  Options options;
  options.precision = precision;
  options.states = &states;
  options.weights = [&](StringRef name) -> FailureOr<Tensor> {
    auto found = weights.find(name.str());
    if (found == weights.end())
      return emitError(UnknownLoc::get(&context)) << "the test has no weight " << name;
    return found->second;
  };
  auto results = interpret(module->lookupSymbol<func::FuncOp>("f"), inputs, options);
  outcome.succeeded = succeeded(results);
  if (outcome.succeeded)
    outcome.results.assign(results->begin(), results->end());
  return outcome;
}

Outcome InterpreterTest::runOp(StringRef text, ArrayRef<Tensor> inputs, Precision precision) {
  // The types are in the text already, after the last `:`, in the order of the operands.
  auto [types, result] = text.rsplit(" : ").second.split(" -> ");
  SmallVector<StringRef> list;
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i <= types.size(); ++i) {
    if (i == types.size() || (types[i] == ',' && depth == 0)) {
      list.push_back(types.slice(start, i).trim());
      start = i + 1;
      continue;
    }
    depth += types[i] == '<' ? 1 : types[i] == '>' ? -1 : 0;
  }
  std::string arguments;
  for (auto [i, type] : llvm::enumerate(list))
    arguments += (i ? ", %" : "%") + std::string(1, static_cast<char>('a' + i)) + ": " + type.str();
  return run("func.func @f(" + arguments + ") -> " + result.str() + " { %r = " + text.str() +
                 "\n return %r : " + result.str() + " }",
             inputs, precision);
}

Tensor InterpreterTest::floats(ArrayRef<int64_t> shape, ArrayRef<double> values) {
  return *Tensor::copyOf(Float64Type::get(&context), shape,
                         {reinterpret_cast<const char *>(values.data()), values.size() * 8});
}

Tensor InterpreterTest::ints(ArrayRef<int64_t> shape, ArrayRef<int64_t> values, unsigned width) {
  Tensor tensor = Tensor::zeros(IntegerType::get(&context, width), shape);
  EXPECT_EQ(tensor.getNumElements(), static_cast<int64_t>(values.size()));
  for (auto [i, value] : llvm::enumerate(values))
    tensor.setInt(i, value);
  return tensor;
}

Tensor InterpreterTest::bools(ArrayRef<int64_t> shape, ArrayRef<int64_t> values) {
  return ints(shape, values, 1);
}

Tensor InterpreterTest::index(int64_t value) {
  return *Tensor::copyOf(IndexType::get(&context), {},
                         {reinterpret_cast<const char *>(&value), sizeof(value)});
}

Tensor InterpreterTest::ramp(ArrayRef<int64_t> shape, double scale, int64_t modulus) {
  Tensor tensor = Tensor::zeros(Float64Type::get(&context), shape);
  for (int64_t i = 0; i < tensor.getNumElements(); ++i)
    tensor.setFloat(i, static_cast<double>(5 * i % modulus - modulus / 2) * scale);
  return tensor;
}
