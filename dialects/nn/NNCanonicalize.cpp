//===- NNCanonicalize.cpp - one form for what can be written in many -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What needs no more than its operands' definitions. Rewrites that weigh something, or that know
// weights from other values, are passes.

#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace nacre::nn;

namespace {

/// reshape(reshape(x)) -> reshape(x): the order of the elements is the same throughout.
struct ReshapeOfReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ReshapeOp>();
    if (!inner)
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(inner.getInput()); });
    return success();
  }
};

/// transpose(transpose(x, p), q) -> transpose(x, p o q).
struct TransposeOfTranspose : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<TransposeOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> permutation;
    for (int64_t from : op.getPermutation())
      permutation.push_back(inner.getPermutation()[from]);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(inner.getInput());
      op.setPermutation(permutation);
    });
    return success();
  }
};

/// matmul(x, transpose(y)) -> matmul(x, y') with transpose_rhs turned, where the transpose brings
/// the last dimension to the last but one: what remains of the transpose, if anything, leaves the
/// last dimension in place, and so moves whole rows.
struct TakeTransposeIntoMatmul : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MatmulOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getRhs().getDefiningOp<TransposeOp>();
    if (!transpose)
      return failure();
    SmallVector<int64_t> permutation(transpose.getPermutation());
    int64_t rank = permutation.size();
    if (permutation[rank - 2] != rank - 1)
      return failure();
    std::swap(permutation[rank - 1], permutation[rank - 2]);
    Value rhs = transpose.getInput();
    if (!llvm::equal(permutation, llvm::seq<int64_t>(0, rank)))
      rhs = TransposeOp::create(rewriter, transpose.getLoc(), rhs, permutation);
    rewriter.modifyOpInPlace(op, [&] {
      op.getRhsMutable().assign(rhs);
      op.setTransposeRhs(!op.getTransposeRhs());
    });
    return success();
  }
};

/// How an element type holds numbers: every integer of `digits` bits beside the sign, and for a
/// float the range of its exponent.
struct Numbers {
  explicit Numbers(Type type) {
    if (auto real = dyn_cast<FloatType>(type)) {
      const llvm::fltSemantics &semantics = real.getFloatSemantics();
      isFloat = true;
      isSigned = true;
      digits = APFloat::semanticsPrecision(semantics);
      largest = APFloat::semanticsMaxExponent(semantics);
      smallest = APFloat::semanticsMinExponent(semantics);
      isIeee = type.isF16() || type.isBF16() || type.isF32() || type.isF64();
      return;
    }
    isSigned = !type.isUnsignedInteger() && !type.isInteger(1);
    digits = type.getIntOrFloatBitWidth() - (isSigned ? 1 : 0);
  }

  /// True where each of these numbers, infinities and NaN included, is one of `wider`.
  bool fitInto(const Numbers &wider) const {
    if (isFloat)
      return wider.isFloat && isIeee && wider.isIeee && digits <= wider.digits &&
             largest <= wider.largest && smallest >= wider.smallest;
    if (wider.isFloat)
      return wider.isIeee && digits <= wider.digits && digits <= wider.largest;
    return digits <= wider.digits && (!isSigned || wider.isSigned);
  }

  bool isFloat = false, isSigned = false, isIeee = false;
  int digits = 0, largest = 0, smallest = 0;
};

/// cast(cast(x: A) : B) : C -> cast(x) : C where B holds every number of A.
struct CastOfExactCast : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CastOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<CastOp>();
    if (!inner)
      return failure();
    Type from = getElementTypeOrSelf(inner.getInput()), middle = getElementTypeOrSelf(inner);
    if (middle.isInteger(1) || !Numbers(from).fitInto(Numbers(middle)))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(inner.getInput()); });
    return success();
  }
};

/// Element-wise operations broadcast by themselves: an explicit broadcast before one is left out
/// where the other operands give the result its shape.
struct LeaveOutBroadcast : RewritePattern {
  explicit LeaveOutBroadcast(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!op->hasTrait<Elementwise>() || op->getNumOperands() < 2)
      return failure();
    for (OpOperand &operand : op->getOpOperands()) {
      auto broadcast = operand.get().getDefiningOp<BroadcastOp>();
      if (!broadcast)
        continue;
      FailureOr<SmallVector<int64_t>> shape(
          llvm::to_vector(broadcast.getInput().getType().getShape()));
      for (OpOperand &other : op->getOpOperands())
        if (&other != &operand && succeeded(shape))
          shape = broadcastShapes(*shape, typeOf(other.get()).getShape());
      if (failed(shape) || ArrayRef<int64_t>(*shape) != typeOf(op->getResult(0)).getShape())
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(broadcast.getInput()); });
      return success();
    }
    return failure();
  }
};

} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ReshapeOfReshape>(context);
}

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<TransposeOfTranspose>(context);
}

void MatmulOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<TakeTransposeIntoMatmul>(context);
}

void CastOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<CastOfExactCast>(context);
}

void NNDialect::getCanonicalizationPatterns(RewritePatternSet &patterns) const {
  patterns.add<LeaveOutBroadcast>(getContext());
}
