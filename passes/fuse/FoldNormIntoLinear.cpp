//===- FoldNormIntoLinear.cpp - scale and shift become weights --*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/support/Remarks.h"
#include "passes/support/Weights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_FOLDNORMINTOLINEAR
#include "passes/fuse/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-fold-norm-into-linear";

/// The linear with `scale` (per input element) taken into its weight and `shift` (null for none)
/// into its bias.
static Value buildLinear(PatternRewriter &rewriter, nn::LinearOp linear, Location loc, Value input,
                         Value scale, Value shift) {
  Value weight = linear.getWeight(), bias = linear.getBias();
  if (shift)
    bias = nn::LinearOp::create(rewriter, loc, shift, weight, bias, linear.getInputMajor());
  if (scale) {
    if (linear.getInputMajor()) {
      auto type = cast<RankedTensorType>(scale.getType());
      auto column = RankedTensorType::get({type.getDimSize(0), 1}, type.getElementType());
      scale = nn::ReshapeOp::create(rewriter, loc, column, scale, ValueRange());
    }
    weight = nn::MulOp::create(rewriter, loc, weight, scale);
  }
  return nn::LinearOp::create(rewriter, loc, linear.getType(), input, weight, bias,
                              linear.getInputMajor());
}

namespace {

template <typename NormOp>
struct FoldNorm : OpRewritePattern<nn::LinearOp> {
  FoldNorm(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(nn::LinearOp linear, PatternRewriter &rewriter) const override {
    auto norm = linear.getInput().getDefiningOp<NormOp>();
    if (!norm || !norm->hasOneUse())
      return failure();
    constexpr bool isLayerNorm = std::is_same_v<NormOp, nn::LayerNormOp>;
    Value scale = norm.getScale(), shift;
    if constexpr (isLayerNorm) {
      shift = norm.getBias();
      if (norm.getNormalizedDims() != 1)
        return failure();
    }
    if (!scale && !shift)
      return failure();
    for (Value parameter : {scale, shift, Value(linear.getWeight()), Value(linear.getBias())})
      if (parameter && !isWeightExpression(parameter))
        return failure();
    // A shift alone makes a new bias and leaves the weight as it is.
    if (scale && (!isSoleUse(linear.getWeight()) || isStoredNarrower(linear.getWeight())))
      return failure();

    Location loc = rewriter.getFusedLoc({norm.getLoc(), linear.getLoc()});
    noteRewrite(count, loc, passName, "folded");
    Value plain;
    if constexpr (isLayerNorm)
      plain =
          nn::LayerNormOp::create(rewriter, norm.getLoc(), norm.getType(), norm.getInput(), Value(),
                                  Value(), norm.getEpsilonAttr(), norm.getNormalizedDimsAttr());
    else
      plain = nn::RmsNormOp::create(rewriter, norm.getLoc(), norm.getType(), norm.getInput(),
                                    Value(), norm.getEpsilonAttr());
    rewriter.replaceOp(linear, buildLinear(rewriter, linear, loc, plain, scale, shift));
    return success();
  }

  Pass::Statistic &count;
};

struct FoldNormIntoLinear : nacre::impl::FoldNormIntoLinearBase<FoldNormIntoLinear> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldNorm<nn::LayerNormOp>, FoldNorm<nn::RmsNormOp>>(&getContext(), numFolded);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
