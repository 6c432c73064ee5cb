//===- Numerics.cpp - runs a function before and after passes ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/passes/Numerics.h"

#include "passes/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

#include <random>

using namespace mlir;
using namespace nacre;
using namespace nacre::test;
using interpreter::Tensor;

/// Values of a kind that depends on the name: "variance...", "absolute..." and "...running_var" are
/// positive; in
/// every row of a bool tensor the first element holds, or does not where the name starts with
/// "hidden", so that a mask leaves every row something to see.
static Tensor randomTensor(Type element, ArrayRef<int64_t> shape, StringRef name) {
  Tensor tensor = Tensor::zeros(element, shape);
  std::mt19937 random(name.size());
  for (char c : name)
    random.discard(1 + static_cast<unsigned char>(c));
  std::normal_distribution<double> normal;
  int64_t columns = shape.empty() ? 1 : shape.back();
  for (int64_t i = 0, n = tensor.getNumElements(); i < n; ++i) {
    double value = normal(random);
    if (name.starts_with("variance") || name.starts_with("absolute") ||
        name.ends_with("running_var"))
      value = 0.5 + std::abs(value);
    if (element.isInteger(1))
      tensor.setInt(i, i % columns == 0 ? !name.starts_with("hidden") : value > 0);
    else if (isa<IntegerType>(element))
      tensor.setInt(i, random() % 4);
    else
      tensor.setFloat(i, value);
  }
  return tensor;
}

static SmallVector<Tensor> randomInputs(func::FuncOp function, const Sizes &sizes) {
  SmallVector<Tensor> inputs;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    auto names = function.getArgAttrOfType<ArrayAttr>(i, "nn.dims");
    auto given = function.getArgAttrOfType<StringAttr>(i, "nn.name");
    SmallVector<int64_t> shape(tensor.getShape());
    for (auto [dimension, size] : llvm::enumerate(shape)) {
      if (!ShapedType::isDynamic(size))
        continue;
      auto known =
          names ? sizes.named.find(cast<StringAttr>(names[dimension]).str()) : sizes.named.end();
      size = known == sizes.named.end() ? sizes.other : known->second;
    }
    inputs.push_back(randomTensor(tensor.getElementType(), shape,
                                  given ? given.getValue().str() : "argument" + std::to_string(i)));
  }
  return inputs;
}

/// Weights by name: random, or the value of their expression.
static FailureOr<Tensor> weightOf(ModuleOp module, interpreter::Precision precision,
                                  StringRef name) {
  auto global = module.lookupSymbol<ml_program::GlobalOp>(name);
  auto options = interpreter::Options{
      precision, [=](StringRef other) { return weightOf(module, precision, other); }};
  if (auto expression = global->getAttrOfType<FlatSymbolRefAttr>("nn.expression")) {
    auto function = module.lookupSymbol<func::FuncOp>(expression.getAttr());
    auto results = interpreter::interpret(function, {}, options);
    if (failed(results))
      return failure();
    return results->front();
  }
  auto type = cast<RankedTensorType>(global.getType());
  return randomTensor(type.getElementType(), type.getShape(), name);
}

FailureOr<SmallVector<Tensor>> nacre::test::run(ModuleOp module, StringRef name, const Sizes &sizes,
                                                interpreter::Precision precision) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  auto weights = [&](StringRef weight) { return weightOf(module, precision, weight); };
  llvm::StringMap<Tensor> states;
  return interpreter::interpret(function, randomInputs(function, sizes),
                                {precision, weights, &states});
}

double nacre::test::difference(const Tensor &before, const Tensor &after) {
  double largest = 0;
  if (before.getShape() != after.getShape())
    return INFINITY;
  for (int64_t i = 0, n = before.getNumElements(); i < n; ++i) {
    double a = before.getFloat(i), b = after.getFloat(i);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double error = std::abs(a - b) / (1 + std::abs(a));
    largest = std::isnan(error) ? INFINITY : std::max(largest, error);
  }
  return largest;
}

LogicalResult nacre::test::runPipeline(ModuleOp module, StringRef pipeline) {
  PassManager manager(module.getContext(), ModuleOp::getOperationName(),
                      PassManager::Nesting::Implicit);
  // A pass on functions is refused by a module's manager; it wants to be nested.
  if (failed(parsePassPipeline(pipeline, manager, llvm::nulls())) &&
      failed(parsePassPipeline(("func.func(" + pipeline + ")").str(), manager)))
    return failure();
  return manager.run(module);
}

void nacre::test::prepare(MLIRContext &context) {
  context.loadDialect<nn::NNDialect, func::FuncDialect, arith::ArithDialect, tensor::TensorDialect,
                      ml_program::MLProgramDialect>();
  static const bool registered = [] {
    registerPasses();
    return true;
  }();
  (void)registered;
}
