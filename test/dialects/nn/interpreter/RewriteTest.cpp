//===- RewriteTest.cpp - rewrites of the dialect keep its numbers -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluates every function of the dialect's own rewrite tests before and after the rewrite. What
// FileCheck compares is the form; here it is the meaning.

#include "test/dialects/nn/interpreter/Harness.h"

#include "dialects/nn/NN.h"

#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace nacre::interpreter;

namespace {

class RewriteTest : public InterpreterTest {
protected:
  /// A tensor of `type` with each dynamic size `size`, filled with numbers around zero (indices,
  /// which gathers read, with small positive ones).
  Tensor input(Type type, int64_t size) {
    if (isa<IndexType>(type))
      return index(size);
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape(tensor.getShape());
    for (int64_t &extent : shape)
      if (ShapedType::isDynamic(extent))
        extent = size;
    Tensor result = Tensor::zeros(tensor.getElementType(), shape);
    for (int64_t i = 0; i < result.getNumElements(); ++i) {
      if (isa<FloatType>(tensor.getElementType()))
        result.setFloat(i, static_cast<double>((7 * i + 3) % 11 - 5) * 0.75);
      else
        result.setInt(i, i % size);
    }
    return result;
  }

  /// The results of each function of `module`, "" where it cannot be evaluated with that size.
  std::vector<std::string> evaluate(ModuleOp module, int64_t size) {
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    std::vector<std::string> all;
    for (auto function : module.getOps<func::FuncOp>()) {
      std::vector<Tensor> inputs;
      for (Type type : function.getArgumentTypes())
        inputs.push_back(input(type, size));
      auto results = interpret(function, inputs, Options{});
      std::string text;
      if (succeeded(results)) {
        text = function.getSymName().str();
        for (const Tensor &tensor : *results) {
          text += "\n";
          for (int64_t extent : tensor.getShape())
            text += std::to_string(extent) + "x";
          for (int64_t i = 0; i < tensor.getNumElements(); ++i)
            // Adding 0 gives one text to both zeros: x + 0 is folded to x.
            text += " " + (isa<IndexType>(tensor.getElementType())
                               ? std::to_string(tensor.getInt(i))
                               : std::to_string(tensor.getFloat(i) + 0.0));
        }
      }
      all.push_back(std::move(text));
    }
    return all;
  }

  /// Returns how many functions were compared, over dynamic sizes 1 to 7.
  int64_t compare(const std::string &file, function_ref<void(PassManager &)> addPasses) {
    auto parse = [&] {
      return parseSourceFile<ModuleOp>(std::string(NACRE_SOURCE_DIR) + "/test/dialects/nn/" + file,
                                       &context);
    };
    OwningOpRef<ModuleOp> before = parse(), after = parse();
    PassManager passes(&context);
    addPasses(passes);
    EXPECT_TRUE(before && after && succeeded(passes.run(*after)));
    int64_t compared = 0;
    for (int64_t size = 1; size <= 7; ++size) {
      auto expected = evaluate(*before, size), actual = evaluate(*after, size);
      EXPECT_EQ(expected.size(), actual.size());
      for (size_t i = 0; i < expected.size(); ++i)
        if (!expected[i].empty()) {
          EXPECT_EQ(expected[i], actual[i]);
          ++compared;
        }
    }
    return compared;
  }
};

TEST_F(RewriteTest, CanonicalizeElementwise) {
  EXPECT_GE(compare("canonicalize-elementwise.mlir",
                    [](PassManager &passes) { passes.addPass(createCanonicalizerPass()); }),
            100);
}

TEST_F(RewriteTest, CanonicalizeShape) {
  EXPECT_GE(compare("canonicalize-shape.mlir",
                    [](PassManager &passes) { passes.addPass(createCanonicalizerPass()); }),
            45);
}

TEST_F(RewriteTest, ComputedSizes) {
  EXPECT_GE(compare("reify.mlir",
                    [](PassManager &passes) {
                      passes.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
                      passes.addPass(createCanonicalizerPass());
                    }),
            56);
}

} // namespace
