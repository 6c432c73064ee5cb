//===- RaiseLinear.cpp - matrix products become linears ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds products with a weight of rank 2, whatever way they spell its order and bias.

#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/support/Constants.h"
#include "passes/support/Remarks.h"
#include "passes/support/Weights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_RAISELINEAR
#include "passes/fuse/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-raise-linear";

namespace {

struct RaiseMatmul : OpRewritePattern<nn::MatmulOp> {
  RaiseMatmul(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(nn::MatmulOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getRhs().getType());
    // A runtime matrix gains nothing as a linear, and may be half of an attention.
    if (type.getRank() != 2 || !isa<FloatType>(type.getElementType()) ||
        !isWeightExpression(op.getRhs()))
      return failure();
    noteRewrite(count, op.getLoc(), passName, "raised");
    rewriter.replaceOpWithNewOp<nn::LinearOp>(op, op.getType(), op.getLhs(), op.getRhs(),
                                              /*bias=*/Value(), !op.getTransposeRhs());
    return success();
  }

  Pass::Statistic &count;
};

struct TakeWeightTranspose : OpRewritePattern<nn::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::LinearOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getWeight().getDefiningOp<nn::TransposeOp>();
    if (!transpose || transpose.getPermutation() != ArrayRef<int64_t>{1, 0})
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getWeightMutable().assign(transpose.getInput());
      op.setInputMajor(!op.getInputMajor());
    });
    return success();
  }
};

struct TakeBias : OpRewritePattern<nn::AddOp> {
  TakeBias(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(nn::AddOp op, PatternRewriter &rewriter) const override {
    for (auto [product, vector] :
         {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      auto linear = product.getDefiningOp<nn::LinearOp>();
      if (!linear || linear.getBias() || !linear->hasOneUse() ||
          !keepsShape(linear.getType(), op.getType()))
        continue;
      Value bias = asParameter(rewriter, vector,
                               cast<RankedTensorType>(linear.getType()).getShape().take_back());
      if (!bias)
        continue;
      Location loc = rewriter.getFusedLoc({linear.getLoc(), op.getLoc()});
      noteRewrite(count, loc, passName, "bias");
      Value fused = nn::LinearOp::create(rewriter, loc, op.getType(), linear.getInput(),
                                         linear.getWeight(), bias, linear.getInputMajor());
      rewriter.replaceOp(op, fused);
      return success();
    }
    return failure();
  }

  Pass::Statistic &count;
};

struct RaiseLinear : nacre::impl::RaiseLinearBase<RaiseLinear> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<TakeWeightTranspose>(&getContext());
    patterns.add<RaiseMatmul>(&getContext(), numRaised);
    patterns.add<TakeBias>(&getContext(), numBiases);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
