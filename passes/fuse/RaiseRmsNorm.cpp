//===- RaiseRmsNorm.cpp - recognises RMS norms ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs after layer norms are raised, whose core looks the same.

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
#define GEN_PASS_DEF_RAISERMSNORM
#include "passes/fuse/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-raise-rms-norm";

namespace {

template <typename DivisionOp>
struct RaiseCore : OpRewritePattern<DivisionOp> {
  RaiseCore(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern<DivisionOp>(context), count(count) {}

  LogicalResult matchAndRewrite(DivisionOp op, PatternRewriter &rewriter) const override {
    auto division = matchRootMeanSquareDivision(op.getResult());
    if (!division || division->normalizedDims != 1)
      return failure();
    noteRewrite(count, op.getLoc(), passName, "raised");
    rewriter.replaceOpWithNewOp<nn::RmsNormOp>(op, op.getType(), division->x, /*scale=*/Value(),
                                               rewriter.getF64FloatAttr(division->epsilon));
    return success();
  }

  Pass::Statistic &count;
};

struct TakeScale : OpRewritePattern<nn::MulOp> {
  TakeScale(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(nn::MulOp op, PatternRewriter &rewriter) const override {
    for (auto [result, vector] :
         {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      auto norm = result.getDefiningOp<nn::RmsNormOp>();
      if (!norm || norm.getScale() || !norm->hasOneUse() ||
          !keepsShape(norm.getType(), op.getType()))
        continue;
      Value scale = asParameter(rewriter, vector,
                                cast<RankedTensorType>(norm.getType()).getShape().take_back());
      if (!scale)
        continue;
      Location loc = rewriter.getFusedLoc({norm.getLoc(), op.getLoc()});
      noteRewrite(count, loc, passName, "scale");
      Value fused = nn::RmsNormOp::create(rewriter, loc, op.getType(), norm.getInput(), scale,
                                          norm.getEpsilonAttr());
      rewriter.replaceOp(op, fused);
      return success();
    }
    return failure();
  }

  Pass::Statistic &count;
};

struct RaiseRmsNorm : nacre::impl::RaiseRmsNormBase<RaiseRmsNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseCore<nn::DivOp>, RaiseCore<nn::MulOp>>(&getContext(), numRaised);
    patterns.add<TakeScale>(&getContext(), numScales);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
