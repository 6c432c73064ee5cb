//===- LegalizeAttention.cpp - attention in forms that have kernels --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/AttentionKernels.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

namespace {

/// Kernels widen what they load, but do not narrow it.
struct NarrowMask : OpRewritePattern<nn::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::AttentionOp op, PatternRewriter &rewriter) const override {
    Type real = computeType(typeOf(op.getQuery()).getElementType());
    auto mask =
        op.getMask() ? dyn_cast<FloatType>(typeOf(op.getMask()).getElementType()) : FloatType();
    if (!mask || mask.getWidth() <= real.getIntOrFloatBitWidth())
      return failure();
    Value narrow =
        nn::CastOp::create(rewriter, op.getLoc(), typeOf(op.getMask()).clone(real), op.getMask());
    rewriter.modifyOpInPlace(op, [&] { op.getMaskMutable().assign(narrow); });
    return success();
  }
};

/// A few queries of many keys: in parts, which threads can share.
struct SplitKeys : OpRewritePattern<nn::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::AttentionOp op, PatternRewriter &rewriter) const override {
    auto query = typeOf(op.getQuery()), key = typeOf(op.getKey()), result = typeOf(op.getResult());
    // The parts' sizes come from the operands' types, which may say less than the result's.
    if (query.getDimSize(0) != result.getDimSize(0))
      return failure();
    bool isLong = key.isDynamicDim(2) || key.getDimSize(2) > decodedSpan;
    if (op.getSpan() || query.isDynamicDim(2) || query.getDimSize(2) > mostDecodedQueries ||
        typeOf(op.getValue()).isDynamicDim(3) || !isLong)
      return failure();
    Location loc = op.getLoc();
    auto inParts = nn::AttentionOp::create(
        rewriter, loc, op.getQuery(), op.getKey(), op.getValue(), op.getMask(), op.getLengths(),
        op.getStart(), op.getBlocks(), op.getScaleAttr(), op.getCausalAttr(), op.getWindowAttr(),
        op.getBlockSizeAttr(), rewriter.getI64IntegerAttr(decodedSpan));
    Value whole = nn::AttentionMergeOp::create(rewriter, loc, inParts);
    Type real = typeOf(whole).getElementType();
    if (real != result.getElementType())
      whole = nn::CastOp::create(rewriter, loc, result, whole);
    rewriter.replaceOp(op, whole);
    return success();
  }
};

} // namespace

void nacre::cpu::addAttentionPatterns(RewritePatternSet &patterns) {
  patterns.add<NarrowMask, SplitKeys>(patterns.getContext());
}
