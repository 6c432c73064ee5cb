//===- LegalizeControl.cpp - loops in the form that is lowered -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/LegalizeControl.h"

#include "passes/support/Weights.h"

using namespace mlir;
using namespace nacre;

namespace {

struct ScanAlongRows : OpRewritePattern<nn::ScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::ScanOp op, PatternRewriter &rewriter) const override {
    SmallVector<int64_t> axes(op.getAxes());
    if (llvm::all_of(axes, [](int64_t axis) { return axis == 0; }))
      return failure();
    SmallVector<Value> inputs;
    for (auto [input, axis] : llvm::zip_equal(op.getInputs(), axes)) {
      SmallVector<int64_t> order = {axis};
      for (int64_t i = 0; i < cast<RankedTensorType>(input.getType()).getRank(); ++i)
        if (i != axis)
          order.push_back(i);
      inputs.push_back(axis == 0 ? input
                                 : nn::TransposeOp::create(rewriter, op.getLoc(), input,
                                                           rewriter.getDenseI64ArrayAttr(order))
                                       .getResult());
    }
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputsMutable().assign(inputs);
      op.setAxes(SmallVector<int64_t>(axes.size(), 0));
    });
    return success();
  }
};

} // namespace

void nacre::cpu::addControlPatterns(RewritePatternSet &patterns) {
  patterns.add<ScanAlongRows>(patterns.getContext());
}

void nacre::cpu::hoistWeightExpressions(func::FuncOp entry) {
  Block &block = entry.getBody().front();
  SmallVector<Operation *> nested;
  entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op != entry && op->getBlock() != &block && op->getNumResults() == 1)
      nested.push_back(op);
  });
  for (Operation *op : nested)
    if (isWeightExpression(op->getResult(0)) && llvm::all_of(op->getOperands(), [&](Value operand) {
          return operand.getParentBlock() == &block;
        }))
      op->moveBefore(block.findAncestorOpInBlock(*op));
}
