//===- SetPrecision.cpp - linear layers in fewer bits -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/GroupedWeights.h"
#include "dialects/nn/Int8.h"
#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/support/Remarks.h"
#include "passes/support/Weights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace nacre {
#define GEN_PASS_DEF_SETPRECISION
#include "passes/quantize/Passes.h.inc"
} // namespace nacre

using namespace mlir;
using namespace nacre;

static constexpr llvm::StringLiteral passName = "nn-set-precision";

/// Below this, quantising costs more than the product saves.
static constexpr int64_t leastQuantizedSize = 32;

/// True where `value` leaves the entry with only element-wise work and movement in between.
static bool isSeen(Value value) {
  return llvm::any_of(value.getUses(), [](OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<func::ReturnOp>(user))
      return true;
    // The results of a region stand in the yield's order; nn.while's behind the flag.
    if (isa<nn::YieldOp>(user)) {
      Operation *parent = user->getParentOp();
      int64_t number = use.getOperandNumber() - (isa<nn::WhileOp>(parent) ? 1 : 0);
      return number >= 0 && isSeen(parent->getResult(number));
    }
    bool passes =
        user->hasTrait<nn::Elementwise>() || isa<nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp,
                                                 tensor::ExtractSliceOp, tensor::ConcatOp>(user);
    return passes && isSeen(user->getResult(0));
  });
}

/// Whether a layer gains by integers, as far as its weight's sizes say.
static bool gainsFromIntegers(nn::LinearOp linear, nn::Precision precision) {
  auto shape = linear.getWeight().getType().getShape();
  int64_t depth = shape[linear.getInputMajor() ? 0 : 1];
  return llvm::all_of(shape, [](int64_t size) { return size >= leastQuantizedSize; }) &&
         (precision != nn::Precision::int8 || depth <= nn::int8DepthLimit) &&
         !isSeen(linear.getResult());
}

namespace {
struct SetPrecision : nacre::impl::SetPrecisionBase<SetPrecision> {
  using SetPrecisionBase::SetPrecisionBase;

  void runOnOperation() override {
    std::optional<nn::Precision> wanted = nn::symbolizePrecision(precision);
    if (!wanted) {
      getOperation().emitError() << "unknown precision '" << precision
                                 << "'; use bf16, int8, int8_weights or int4_weights";
      return signalPassFailure();
    }
    bool inGroups =
        *wanted == nn::Precision::int8_weights || *wanted == nn::Precision::int4_weights;
    if (inGroups && !nn::isGroupSize(groupSize)) {
      getOperation().emitError() << nn::notAGroupSize << groupSize.getValue();
      return signalPassFailure();
    }
    getOperation().walk([&](nn::LinearOp linear) {
      bool integers = *wanted != nn::Precision::bf16;
      if (!getElementTypeOrSelf(linear.getType()).isF32() ||
          !isWeightExpression(linear.getWeight()) ||
          (integers && !gainsFromIntegers(linear, *wanted)))
        return;
      if (integers && ShapedType::isDynamic(linear.getInput().getType().getShape().back())) {
        linear.emitWarning() << "stays in f32: the size of its input's rows is not known, so they "
                                "have no layout for "
                             << precision;
        return;
      }
      linear.setPrecision(*wanted);
      if (inGroups)
        linear.setGroupSize(groupSize);
      noteRewrite(numSet, linear.getLoc(), passName, precision);
    });
  }
};
} // namespace
