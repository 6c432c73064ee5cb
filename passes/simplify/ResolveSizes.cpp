//===- ResolveSizes.cpp - sizes as formulas of the arguments' ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/support/Remarks.h"
#include "passes/support/Sizes.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_RESOLVESIZES
#include "passes/simplify/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-resolve-sizes";

/// The first argument's dimension that carries the name of dimension `dimension` of `argument`,
/// which may be that one.
static std::pair<BlockArgument, int64_t> firstOfName(BlockArgument argument, int64_t dimension) {
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  if (!function || !argument.getOwner()->isEntryBlock())
    return {argument, dimension};
  auto names = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "nn.dims");
  if (!names || dimension >= static_cast<int64_t>(names.size()))
    return {argument, dimension};
  for (BlockArgument other : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(other.getType());
    auto others = function.getArgAttrOfType<ArrayAttr>(other.getArgNumber(), "nn.dims");
    if (!type || !others || static_cast<int64_t>(others.size()) != type.getRank())
      continue;
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (type.isDynamicDim(i) && others[i] == names[dimension])
        return {other, i};
  }
  return {argument, dimension};
}

/// The size of dimension `dimension` of a concatenation.
static OpFoldResult sizeOfConcat(PatternRewriter &rewriter, tensor::ConcatOp op,
                                 int64_t dimension) {
  Location loc = op.getLoc();
  OpFoldResult size = nn::dimOf(rewriter, loc, op.getInputs().front(), dimension);
  if (dimension != static_cast<int64_t>(op.getDim()))
    return size;
  for (Value input : op.getInputs().drop_front()) {
    Value total = getValueOrCreateConstantIndexOp(rewriter, loc, size);
    Value more =
        getValueOrCreateConstantIndexOp(rewriter, loc, nn::dimOf(rewriter, loc, input, dimension));
    size = arith::AddIOp::create(rewriter, loc, total, more).getResult();
  }
  return size;
}

namespace {

struct ResolveSize : OpRewritePattern<tensor::DimOp> {
  ResolveSize(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(tensor::DimOp op, PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getSource().getType());
    auto dimension = op.getConstantIndex();
    if (!type || !dimension || *dimension >= type.getRank())
      return failure();
    if (auto argument = dyn_cast<BlockArgument>(op.getSource())) {
      if (auto outer = outerSize(argument, *dimension)) {
        noteRewrite(count, op.getLoc(), passName, "resolved");
        rewriter.replaceOpWithNewOp<tensor::DimOp>(op, outer->first, outer->second);
        return success();
      }
      auto [first, index] = firstOfName(argument, *dimension);
      if (first == argument && index == *dimension)
        return failure();
      noteRewrite(count, op.getLoc(), passName, "resolved");
      rewriter.replaceOpWithNewOp<tensor::DimOp>(op, first, index);
      return success();
    }
    Operation *source = op.getSource().getDefiningOp();
    OpFoldResult size;
    // The formulas of other dialects' operations may be in words that this phase does not know.
    if (isa<nn::NNDialect>(source->getDialect())) {
      auto reifies = dyn_cast<ReifyRankedShapedTypeOpInterface>(source);
      ReifiedRankedShapedTypeDims shapes;
      if (!reifies || failed(reifies.reifyResultShapes(rewriter, shapes)))
        return failure();
      size = shapes[cast<OpResult>(op.getSource()).getResultNumber()][*dimension];
    } else if (auto slice = dyn_cast<tensor::ExtractSliceOp>(source);
               slice && slice.getType().getRank() == slice.getSourceType().getRank()) {
      size = slice.getMixedSizes()[*dimension];
    } else if (auto concat = dyn_cast<tensor::ConcatOp>(source)) {
      size = sizeOfConcat(rewriter, concat, *dimension);
    } else {
      return failure();
    }
    noteRewrite(count, op.getLoc(), passName, "resolved");
    rewriter.replaceOp(op, getValueOrCreateConstantIndexOp(rewriter, op.getLoc(), size));
    return success();
  }

  Pass::Statistic &count;
};

struct ResolveSizes : nacre::impl::ResolveSizesBase<ResolveSizes> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ResolveSize>(&getContext(), numResolved);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
