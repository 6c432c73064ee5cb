//===- RaiseLayerNorm.cpp - recognises layer norms --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer norm is a root-mean-square division of x minus its mean; scale and bias follow one at
// a time.

#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/fuse/NormParts.h"
#include "passes/support/Constants.h"
#include "passes/support/Remarks.h"
#include "passes/support/Weights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_RAISELAYERNORM
#include "passes/fuse/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-raise-layer-norm";

namespace {

template <typename DivisionOp>
struct RaiseCore : OpRewritePattern<DivisionOp> {
  RaiseCore(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern<DivisionOp>(context), count(count) {}

  LogicalResult matchAndRewrite(DivisionOp op, PatternRewriter &rewriter) const override {
    auto division = matchRootMeanSquareDivision(op.getResult());
    if (!division)
      return failure();
    auto centred = division->x.template getDefiningOp<nn::SubOp>();
    if (!centred || !keepsShape(centred.getLhs().getType(), centred.getType()) ||
        matchMeanOfLast(centred.getRhs(), centred.getLhs()) != division->normalizedDims)
      return failure();
    Location loc = rewriter.getFusedLoc({centred.getLoc(), op.getLoc()});
    noteRewrite(count, loc, passName, "raised");
    Value norm =
        nn::LayerNormOp::create(rewriter, loc, op.getType(), centred.getLhs(), /*scale=*/Value(),
                                /*bias=*/Value(), rewriter.getF64FloatAttr(division->epsilon),
                                rewriter.getI64IntegerAttr(division->normalizedDims));
    rewriter.replaceOp(op, norm);
    return success();
  }

  Pass::Statistic &count;
};

/// Takes a vector that multiplies or is added to a norm, as its scale or its bias.
template <typename BinaryOp>
struct TakeAffine : OpRewritePattern<BinaryOp> {
  TakeAffine(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern<BinaryOp>(context), count(count) {}

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    constexpr bool isScale = std::is_same_v<BinaryOp, nn::MulOp>;
    for (auto [result, vector] :
         {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      auto norm = result.template getDefiningOp<nn::LayerNormOp>();
      // The scale comes before the bias in the formula.
      if (!norm || norm.getBias() || (isScale && norm.getScale()) || !norm->hasOneUse() ||
          !keepsShape(norm.getType(), op.getType()))
        continue;
      auto sizes =
          cast<RankedTensorType>(norm.getType()).getShape().take_back(norm.getNormalizedDims());
      Value parameter = asParameter(rewriter, vector, sizes);
      if (!parameter)
        continue;
      Location loc = rewriter.getFusedLoc({norm.getLoc(), op.getLoc()});
      noteRewrite(count, loc, passName, isScale ? "scale" : "bias");
      Value fused = nn::LayerNormOp::create(rewriter, loc, op.getType(), norm.getInput(),
                                            isScale ? parameter : norm.getScale(),
                                            isScale ? norm.getBias() : parameter,
                                            norm.getEpsilonAttr(), norm.getNormalizedDimsAttr());
      rewriter.replaceOp(op, fused);
      return success();
    }
    return failure();
  }

  Pass::Statistic &count;
};

struct RaiseLayerNorm : nacre::impl::RaiseLayerNormBase<RaiseLayerNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseCore<nn::DivOp>, RaiseCore<nn::MulOp>>(&getContext(), numRaised);
    patterns.add<TakeAffine<nn::MulOp>, TakeAffine<nn::AddOp>>(&getContext(), numAffine);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
