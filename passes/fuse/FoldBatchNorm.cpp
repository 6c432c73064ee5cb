//===- FoldBatchNorm.cpp - batch norms become weights -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// y = (x - mean) * factor + bias with factor = scale / sqrt(variance + epsilon), all per channel.

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
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "passes/fuse/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-fold-batch-norm";

/// Whether the norm's parameters are all there at compile time.
static bool hasWeightParameters(nn::BatchNormOp norm) {
  return llvm::all_of(norm->getOperands().drop_front(), isWeightExpression);
}

/// What the norm multiplies each channel by.
static Value buildFactor(PatternRewriter &rewriter, nn::BatchNormOp norm) {
  Location loc = norm.getLoc();
  Value epsilon = scalarConstant(rewriter, loc, getElementTypeOrSelf(norm.getType()),
                                 norm.getEpsilon().convertToDouble());
  Value shifted = nn::AddOp::create(rewriter, loc, norm.getVariance(), epsilon);
  Value factor = nn::RsqrtOp::create(rewriter, loc, shifted);
  return norm.getScale() ? nn::MulOp::create(rewriter, loc, norm.getScale(), factor) : factor;
}

/// What the norm then adds, for an input that has had `bias` added (null for none).
static Value buildShift(PatternRewriter &rewriter, nn::BatchNormOp norm, Value bias, Value factor) {
  Location loc = norm.getLoc();
  Value centred = bias ? nn::SubOp::create(rewriter, loc, bias, norm.getMean()).getResult()
                       : nn::NegOp::create(rewriter, loc, norm.getMean()).getResult();
  Value shift = nn::MulOp::create(rewriter, loc, centred, factor);
  return norm.getBias() ? nn::AddOp::create(rewriter, loc, shift, norm.getBias()) : shift;
}

/// A `[C]` vector as a tensor of rank `rank` that has C at dimension `axis` and 1 after it.
static Value alignVector(PatternRewriter &rewriter, Value vector, int64_t axis, int64_t rank) {
  auto type = cast<RankedTensorType>(vector.getType());
  if (axis == rank - 1)
    return vector;
  SmallVector<int64_t> shape(rank - axis, 1);
  shape[0] = type.getDimSize(0);
  return nn::ReshapeOp::create(rewriter, vector.getLoc(),
                               RankedTensorType::get(shape, type.getElementType()), vector,
                               ValueRange());
}

namespace {

struct FoldIntoConv : OpRewritePattern<nn::BatchNormOp> {
  FoldIntoConv(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context, /*benefit=*/2), count(count) {}

  LogicalResult matchAndRewrite(nn::BatchNormOp norm, PatternRewriter &rewriter) const override {
    auto conv = norm.getInput().getDefiningOp<nn::ConvOp>();
    if (!conv || !conv->hasOneUse() || !hasWeightParameters(norm) ||
        !isWeightExpression(conv.getWeight()) ||
        (conv.getBias() && !isWeightExpression(conv.getBias())))
      return failure();
    int64_t rank = cast<RankedTensorType>(conv.getType()).getRank();
    bool last = conv.getLayout() == nn::ConvLayout::channels_last;
    if (static_cast<int64_t>(norm.getAxis()) != (last ? rank - 1 : 1))
      return failure();
    Location loc = rewriter.getFusedLoc({conv.getLoc(), norm.getLoc()});
    noteRewrite(count, loc, passName, "folded");
    Value factor = buildFactor(rewriter, norm);
    Value shift = buildShift(rewriter, norm, conv.getBias(), factor);
    Value weight =
        nn::MulOp::create(rewriter, loc, conv.getWeight(), alignVector(rewriter, factor, 0, rank));
    rewriter.replaceOp(norm,
                       nn::ConvOp::create(rewriter, loc, norm.getType(), conv.getInput(), weight,
                                          shift, conv.getStrides(), conv.getPadding(),
                                          conv.getDilations(), conv.getGroups(), conv.getLayout()));
    return success();
  }

  Pass::Statistic &count;
};

struct FoldIntoLinear : OpRewritePattern<nn::BatchNormOp> {
  FoldIntoLinear(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context, /*benefit=*/2), count(count) {}

  LogicalResult matchAndRewrite(nn::BatchNormOp norm, PatternRewriter &rewriter) const override {
    auto linear = norm.getInput().getDefiningOp<nn::LinearOp>();
    if (!linear || !linear->hasOneUse() || !hasWeightParameters(norm) ||
        !isWeightExpression(linear.getWeight()) ||
        (linear.getBias() && !isWeightExpression(linear.getBias())) ||
        static_cast<int64_t>(norm.getAxis()) !=
            cast<RankedTensorType>(linear.getType()).getRank() - 1)
      return failure();
    Location loc = rewriter.getFusedLoc({linear.getLoc(), norm.getLoc()});
    noteRewrite(count, loc, passName, "folded");
    Value factor = buildFactor(rewriter, norm);
    Value shift = buildShift(rewriter, norm, linear.getBias(), factor);
    Value rows = linear.getInputMajor() ? factor : alignVector(rewriter, factor, 0, 2);
    Value weight = nn::MulOp::create(rewriter, loc, linear.getWeight(), rows);
    rewriter.replaceOp(norm, nn::LinearOp::create(rewriter, loc, norm.getType(), linear.getInput(),
                                                  weight, shift, linear.getInputMajor()));
    return success();
  }

  Pass::Statistic &count;
};

struct SplitIntoArithmetic : OpRewritePattern<nn::BatchNormOp> {
  SplitIntoArithmetic(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context, /*benefit=*/1), count(count) {}

  LogicalResult matchAndRewrite(nn::BatchNormOp norm, PatternRewriter &rewriter) const override {
    if (!hasWeightParameters(norm))
      return failure();
    noteRewrite(count, norm.getLoc(), passName, "split");
    int64_t rank = cast<RankedTensorType>(norm.getType()).getRank(), axis = norm.getAxis();
    Value factor = buildFactor(rewriter, norm);
    Value shift = buildShift(rewriter, norm, /*bias=*/Value(), factor);
    Value scaled = nn::MulOp::create(rewriter, norm.getLoc(), norm.getType(), norm.getInput(),
                                     alignVector(rewriter, factor, axis, rank));
    rewriter.replaceOpWithNewOp<nn::AddOp>(norm, norm.getType(), scaled,
                                           alignVector(rewriter, shift, axis, rank));
    return success();
  }

  Pass::Statistic &count;
};

struct FoldBatchNorm : nacre::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldIntoConv, FoldIntoLinear>(&getContext(), numFolded);
    patterns.add<SplitIntoArithmetic>(&getContext(), numSplit);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
