//===- PassNumericsTest.cpp - passes keep what is computed ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every lit test of a pass is a numeric test too: each of its public functions is interpreted
// before and after the pass that the file is named after, on random inputs and weights, for
// several sizes of every dimension variable. Names steer the random numbers: see `randomTensor`.

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Interpreter.h"
#include "passes/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

using namespace mlir;
using namespace nacre;
using interpreter::Tensor;

namespace {

/// Paths of all .mlir files below the folder of this test, sorted.
std::vector<std::string> testFiles() {
  std::vector<std::string> files;
  std::error_code error;
  for (llvm::sys::fs::recursive_directory_iterator it(NACRE_PASS_TESTS, error), end;
       it != end && !error; it.increment(error))
    if (llvm::sys::path::extension(it->path()) == ".mlir")
      files.push_back(it->path());
  llvm::sort(files);
  return files;
}

/// The pass or pipeline that a file is named after.
std::string pipelineOf(StringRef path) {
  StringRef name = llvm::sys::path::stem(path);
  // Further files of a pass add a word to its name.
  name.consume_back("-errors") || name.consume_back("-causal");
  return ("nn-" + name).str();
}

/// Values of a kind that depends on the name: "variance..." and "absolute..." are positive; in
/// every row of a bool tensor the first element holds, or does not where the name starts with
/// "hidden", so that a mask leaves every row something to see.
Tensor randomTensor(Type element, ArrayRef<int64_t> shape, StringRef name) {
  Tensor tensor = Tensor::zeros(element, shape);
  std::mt19937 random(name.size());
  for (char c : name)
    random.discard(1 + static_cast<unsigned char>(c));
  std::normal_distribution<double> normal;
  int64_t columns = shape.empty() ? 1 : shape.back();
  for (int64_t i = 0, n = tensor.getNumElements(); i < n; ++i) {
    double value = normal(random);
    if (name.starts_with("variance") || name.starts_with("absolute"))
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

/// Gives dimension variables numbers: by their names in `nn.dims`, all others one number.
struct Sizes {
  std::map<std::string, int64_t> named;
  int64_t other;
};

SmallVector<Tensor> randomInputs(func::FuncOp function, const Sizes &sizes) {
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
FailureOr<Tensor> weightOf(ModuleOp module, interpreter::Precision precision, StringRef name) {
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

FailureOr<SmallVector<Tensor>> run(ModuleOp module, StringRef name, const Sizes &sizes,
                                   interpreter::Precision precision) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  return interpreter::interpret(
      function, randomInputs(function, sizes),
      {precision, [&](StringRef weight) { return weightOf(module, precision, weight); }});
}

/// The largest difference relative to the size of the numbers; infinite where one is NaN and the
/// other is not.
double difference(const Tensor &before, const Tensor &after) {
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

class PassNumerics : public testing::TestWithParam<std::string> {
protected:
  PassNumerics() {
    context.loadDialect<nn::NNDialect, func::FuncDialect, arith::ArithDialect,
                        tensor::TensorDialect, ml_program::MLProgramDialect>();
    static bool registered = [] {
      nacre::registerPasses();
      return true;
    }();
    (void)registered;
  }

  void check(StringRef text, StringRef pipeline) {
    OwningOpRef<ModuleOp> before = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(before);
    OwningOpRef<ModuleOp> after = before->clone();
    PassManager manager(&context, ModuleOp::getOperationName(), PassManager::Nesting::Implicit);
    // A pass on functions is refused by a module's manager; it wants to be nested.
    if (failed(parsePassPipeline(pipeline, manager, llvm::nulls())))
      ASSERT_TRUE(succeeded(parsePassPipeline(("func.func(" + pipeline + ")").str(), manager)));
    ASSERT_TRUE(succeeded(manager.run(*after)));
    for (func::FuncOp function : before->getOps<func::FuncOp>()) {
      if (function.isPrivate())
        continue;
      for (Sizes sizes :
           {Sizes{{{"B", 1}, {"S", 1}, {"T", 4}}, 1}, Sizes{{{"B", 3}, {"S", 5}, {"T", 2}}, 4},
            Sizes{{{"B", 2}, {"S", 7}, {"T", 9}}, 9}}) {
        // f64 shows a wrong formula, the declared types what rounding makes of a right one.
        for (auto [precision, tolerance] : {std::pair(interpreter::Precision::f64, 1e-6),
                                            std::pair(interpreter::Precision::declared, 1e-4)}) {
          auto expected = run(*before, function.getName(), sizes, precision);
          auto actual = run(*after, function.getName(), sizes, precision);
          ASSERT_TRUE(succeeded(expected) && succeeded(actual)) << function.getName().str();
          ASSERT_EQ(expected->size(), actual->size());
          for (auto [a, b] : llvm::zip(*expected, *actual))
            // Half precision has 3 digits.
            EXPECT_LT(difference(a, b), a.getElementType().isF16() ? 4e-3 : tolerance)
                << function.getName().str() << " with other sizes " << sizes.other
                << (precision == interpreter::Precision::f64 ? " in f64" : " as declared");
        }
      }
    }
  }

  MLIRContext context;
};

} // namespace

TEST_P(PassNumerics, KeepsResults) {
  auto buffer = llvm::MemoryBuffer::getFile(GetParam());
  ASSERT_TRUE(static_cast<bool>(buffer));
  SmallVector<StringRef> parts;
  (*buffer)->getBuffer().split(parts, "// -----");
  for (StringRef part : parts)
    check(part, pipelineOf(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Passes, PassNumerics, testing::ValuesIn(testFiles()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           std::string name = llvm::sys::path::stem(info.param).str();
                           for (char &c : name)
                             if (!llvm::isAlnum(c))
                               c = '_';
                           return name;
                         });
