//===- LegalizeIndexing.cpp - order and random numbers in forms that have kernels ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/LegalizeIndexing.h"

#include "codegen/cpu/KernelBuilder.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace nacre;

namespace {

/// Sorting runs along rows.
template <typename Op>
struct AlongRows : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    int64_t rank = op.getType().getRank(), axis = op.getAxis();
    if (axis == rank - 1)
      return failure();
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(order[axis], order[rank - 1]);
    auto permutation = rewriter.getDenseI64ArrayAttr(order);
    Value input = nn::TransposeOp::create(rewriter, op.getLoc(), op.getInput(), permutation);
    auto rows = cast<Op>(rewriter.clone(*op));
    rows->setOperand(0, input);
    rows.setAxis(rank - 1);
    SmallVector<int64_t> shape(op.getType().getShape());
    std::swap(shape[axis], shape[rank - 1]);
    rows->getResult(0).setType(op.getType().clone(shape));
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, op.getType(), rows->getResult(0), permutation);
    return success();
  }
};

/// What is asked for as f16 or bf16 is f32, rounded.
struct WidenRandom : OpRewritePattern<nn::RandomOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::RandomOp op, PatternRewriter &rewriter) const override {
    auto type = op.getType();
    Type wide = cpu::computeType(type.getElementType());
    if (wide == type.getElementType())
      return failure();
    Operation *inner = rewriter.clone(*op);
    inner->getResult(0).setType(type.clone(wide));
    rewriter.replaceOpWithNewOp<nn::CastOp>(op, type, inner->getResult(0));
    return success();
  }
};

} // namespace

void cpu::addIndexingPatterns(RewritePatternSet &patterns) {
  patterns.add<AlongRows<nn::ArgSortOp>, AlongRows<nn::TopKOp>, WidenRandom>(patterns.getContext());
}
