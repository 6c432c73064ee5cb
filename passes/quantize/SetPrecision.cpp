//===- SetPrecision.cpp - linear layers in fewer bits -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

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

/// Below this, quantising the rows costs more than their product saves.
static constexpr int64_t leastInt8Size = 32;

/// True where `value` leaves the entry with only element-wise work and movement in between.
static bool isSeen(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    if (isa<func::ReturnOp>(user))
      return true;
    bool passes =
        user->hasTrait<nn::Elementwise>() || isa<nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp,
                                                 tensor::ExtractSliceOp, tensor::ConcatOp>(user);
    return passes && isSeen(user->getResult(0));
  });
}

static bool gainsFromInt8(nn::LinearOp linear) {
  auto shape = linear.getWeight().getType().getShape();
  int64_t depth = shape[linear.getInputMajor() ? 0 : 1];
  return llvm::all_of(shape, [](int64_t size) { return size >= leastInt8Size; }) &&
         depth <= nn::int8DepthLimit && !isSeen(linear.getResult());
}

namespace {
struct SetPrecision : nacre::impl::SetPrecisionBase<SetPrecision> {
  using SetPrecisionBase::SetPrecisionBase;

  void runOnOperation() override {
    std::optional<nn::Precision> wanted = nn::symbolizePrecision(precision);
    if (!wanted) {
      getOperation().emitError() << "unknown precision '" << precision << "'; use bf16 or int8";
      return signalPassFailure();
    }
    getOperation().walk([&](nn::LinearOp linear) {
      if (!getElementTypeOrSelf(linear.getType()).isF32() ||
          !isWeightExpression(linear.getWeight()) ||
          (*wanted == nn::Precision::int8 && !gainsFromInt8(linear)))
        return;
      linear.setPrecision(*wanted);
      noteRewrite(numSet, linear.getLoc(), passName, precision);
    });
  }
};
} // namespace
