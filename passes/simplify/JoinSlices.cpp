//===- JoinSlices.cpp - puts neighbouring slices together -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/Passes.h"
#include "passes/support/Remarks.h"
#include "passes/support/Sizes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_JOINSLICES
#include "passes/simplify/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-join-slices";

/// Whether `next` starts in dimension `dim` of the same tensor where `previous` ends, and is equal
/// in all others.
static bool areNeighbours(tensor::ExtractSliceOp previous, tensor::ExtractSliceOp next,
                          int64_t dim) {
  if (!previous || !next || previous.getSource() != next.getSource() || !previous.hasUnitStride() ||
      !next.hasUnitStride() ||
      cast<RankedTensorType>(previous.getType()).getRank() !=
          cast<RankedTensorType>(previous.getSource().getType()).getRank() ||
      previous.getType().getRank() != next.getType().getRank())
    return false;
  auto offsets = previous.getMixedOffsets(), nextOffsets = next.getMixedOffsets();
  auto sizes = previous.getMixedSizes(), nextSizes = next.getMixedSizes();
  for (int64_t i = 0, rank = offsets.size(); i < rank; ++i) {
    if (i == dim) {
      auto offset = getConstantIntValue(offsets[i]), size = getConstantIntValue(sizes[i]),
           start = getConstantIntValue(nextOffsets[i]);
      if (!offset || !size || !start || *offset + *size != *start ||
          !getConstantIntValue(nextSizes[i]))
        return false;
    } else if (!(sizeOf(offsets[i]) == sizeOf(nextOffsets[i])) ||
               !(sizeOf(sizes[i]) == sizeOf(nextSizes[i]))) {
      return false;
    }
  }
  return true;
}

namespace {

struct JoinNeighbours : OpRewritePattern<tensor::ConcatOp> {
  JoinNeighbours(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(tensor::ConcatOp op, PatternRewriter &rewriter) const override {
    int64_t dim = op.getDim();
    if (tensor::ConcatOp::inferResultType(dim, op.getInputs().getTypes()) != op.getType())
      return failure();
    SmallVector<Value> inputs;
    bool changed = false;
    for (Value input : op.getInputs()) {
      auto next = input.getDefiningOp<tensor::ExtractSliceOp>();
      auto previous =
          inputs.empty() ? nullptr : inputs.back().getDefiningOp<tensor::ExtractSliceOp>();
      if (!areNeighbours(previous, next, dim)) {
        inputs.push_back(input);
        continue;
      }
      Location loc = rewriter.getFusedLoc({previous.getLoc(), next.getLoc()});
      noteRewrite(count, loc, passName, "joined");
      SmallVector<OpFoldResult> sizes = previous.getMixedSizes();
      sizes[dim] = rewriter.getIndexAttr(*getConstantIntValue(sizes[dim]) +
                                         *getConstantIntValue(next.getMixedSizes()[dim]));
      inputs.back() = tensor::ExtractSliceOp::create(rewriter, loc, previous.getSource(),
                                                     previous.getMixedOffsets(), sizes,
                                                     previous.getMixedStrides());
      changed = true;
    }
    if (!changed)
      return failure();
    Value joined = inputs.size() == 1
                       ? inputs.front()
                       : tensor::ConcatOp::create(rewriter, op.getLoc(), op.getType(), dim, inputs)
                             .getResult();
    rewriter.replaceOp(op, joined);
    return success();
  }

  Pass::Statistic &count;
};

/// A slice of everything is the tensor.
struct DropWholeSlice : OpRewritePattern<tensor::ExtractSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getType() != op.getSourceType() || !op.hasUnitStride() || !op.hasZeroOffset())
      return failure();
    for (auto [i, size] : llvm::enumerate(op.getMixedSizes()))
      if (!(sizeOf(size) == sizeOf(op.getSource(), i)))
        return failure();
    rewriter.replaceOp(op, op.getSource());
    return success();
  }
};

struct JoinSlices : nacre::impl::JoinSlicesBase<JoinSlices> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<JoinNeighbours>(&getContext(), numJoined);
    patterns.add<DropWholeSlice>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
