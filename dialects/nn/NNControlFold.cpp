//===- NNControlFold.cpp - simpler forms of loops, branches and positions --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace nacre::nn;

static std::optional<bool> constantFlag(Value flag) {
  DenseElementsAttr data;
  if (!matchPattern(flag, m_Constant(&data)) || !data.isSplat())
    return std::nullopt;
  return data.getSplatValue<bool>();
}

template <typename Range>
static SmallVector<Value> keep(Range &&values, ArrayRef<bool> wanted) {
  SmallVector<Value> kept;
  for (auto [value, want] : llvm::zip_equal(values, wanted))
    if (want)
      kept.push_back(value);
  return kept;
}

static bool all(ArrayRef<bool> wanted) {
  return llvm::all_of(wanted, [](bool want) { return want; });
}

/// Of `sizes`, which lists the dynamic sizes of all results, those of the wanted ones.
static SmallVector<Value> keepSizes(ValueRange sizes, ValueRange results, ArrayRef<bool> wanted) {
  SmallVector<Value> kept;
  for (auto [result, want] : llvm::zip_equal(results, wanted)) {
    int64_t count = typeOf(result).getNumDynamicDims();
    if (want)
      llvm::append_range(kept, sizes.take_front(count));
    sizes = sizes.drop_front(count);
  }
  return kept;
}

/// Replaces `op`, of which only `results` are used, by one that has no others.
static void replaceBySmaller(PatternRewriter &rewriter, Operation *op, ValueRange results,
                             Operation *smaller) {
  for (auto [old, now] : llvm::zip_equal(results, smaller->getResults()))
    rewriter.replaceAllUsesWith(old, now);
  rewriter.eraseOp(op);
}

/// True where a carried value matters: its last one is used, or what is computed from its next ones
/// goes anywhere but into itself.
static bool isCarryNeeded(Value final, BlockArgument argument, OpOperand &next) {
  if (!final.use_empty())
    return true;
  llvm::SetVector<Value> derived;
  derived.insert(argument);
  for (size_t i = 0; i < derived.size(); ++i)
    for (OpOperand &use : derived[i].getUses()) {
      if (&use == &next)
        continue;
      Operation *user = use.getOwner();
      if (user->hasTrait<OpTrait::IsTerminator>() || user->getNumRegions() != 0 ||
          !isMemoryEffectFree(user))
        return true;
      derived.insert_range(user->getResults());
    }
  return false;
}

/// `input` without dimension `axis`, which is 1.
static Value dropUnit(OpBuilder &builder, Location loc, Value input, int64_t axis,
                      RankedTensorType type) {
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(tensor::DimOp::create(builder, loc, input, i < axis ? i : i + 1));
  return ReshapeOp::create(builder, loc, type, input, sizes);
}

namespace {

/// A carry that is yielded as it came is the initial value in all rounds.
template <typename Loop>
struct TakeOutInvariantCarry : OpRewritePattern<Loop> {
  using OpRewritePattern<Loop>::OpRewritePattern;

  LogicalResult matchAndRewrite(Loop op, PatternRewriter &rewriter) const override {
    bool changed = false;
    for (auto [initial, argument, next, final] :
         llvm::zip(op.getCarries(), op.getRegionIterArgs(), op.getNextCarries(), op.getResults())) {
      if (next != argument && next != initial)
        continue;
      // The use by the loop's own yield stays: that marks a carry that nobody needs.
      bool used =
          llvm::any_of(argument.getUsers(), [&](Operation *user) { return user != op.getYield(); });
      if (!used && final.use_empty())
        continue;
      rewriter.replaceUsesWithIf(argument, initial,
                                 [&](OpOperand &use) { return use.getOwner() != op.getYield(); });
      rewriter.replaceAllUsesWith(final, initial);
      changed = true;
    }
    return success(changed);
  }
};

/// Inputs that no round reads, carries that nobody needs and stacks without a user are left out.
struct LeaveOutOfScan : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp op, PatternRewriter &rewriter) const override {
    SmallVector<bool> inputs, carries, stacks;
    for (Value argument : op.getSliceArguments())
      inputs.push_back(!argument.use_empty());
    for (auto [final, argument, next] :
         llvm::zip(op.getFinals(), op.getCarryArguments(), *op.getYieldedValuesMutable()))
      carries.push_back(isCarryNeeded(final, argument, next));
    for (Value stack : op.getStacks())
      stacks.push_back(!stack.use_empty());
    if (all(inputs) && all(carries) && all(stacks))
      return failure();

    SmallVector<int64_t> axes;
    for (auto [axis, want] : llvm::zip_equal(op.getAxes(), inputs))
      if (want)
        axes.push_back(axis);
    Value length = op.getLength();
    if (axes.empty() && !length)
      length = getValueOrCreateConstantIndexOp(rewriter, op.getLoc(),
                                               op.getRounds(rewriter, op.getLoc()));
    SmallVector<Value> results = keep(op.getFinals(), carries);
    llvm::append_range(results, keep(op.getStacks(), stacks));
    SmallVector<Value> sizes = keepSizes(op.getResultSizes(), op.getStacks(), stacks);
    auto scan = ScanOp::create(rewriter, op.getLoc(), ValueRange(results).getTypes(),
                               keep(op.getInputs(), inputs), axes, keep(op.getCarries(), carries),
                               length, sizes, op.getReverse());

    YieldOp yield = op.getYield();
    SmallVector<Value> values = keep(op.getNextCarries(), carries);
    llvm::append_range(values, keep(op.getStacked(), stacks));
    rewriter.modifyOpInPlace(yield, [&] { yield.getValuesMutable().assign(values); });
    // What is still computed from what is left out has no use: any value stands for its argument.
    SmallVector<Value> arguments;
    auto next = scan.getBody().front().getArguments().begin();
    for (auto [initial, want] : llvm::zip_equal(op.getInputs(), inputs))
      arguments.push_back(want ? Value(*next++) : initial);
    for (auto [initial, want] : llvm::zip_equal(op.getCarries(), carries))
      arguments.push_back(want ? Value(*next++) : initial);
    rewriter.mergeBlocks(&op.getBody().front(), &scan.getBody().front(), arguments);
    replaceBySmaller(rewriter, op, results, scan);
    return success();
  }
};

/// Carries of nn.while that nobody needs are left out.
struct LeaveOutOfWhile : OpRewritePattern<WhileOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WhileOp op, PatternRewriter &rewriter) const override {
    SmallVector<bool> carries;
    for (auto [final, argument, next] :
         llvm::zip(op.getResults(), op.getRegionIterArgs(), *op.getYieldedValuesMutable()))
      carries.push_back(isCarryNeeded(final, argument, next));
    if (all(carries))
      return failure();
    auto loop = WhileOp::create(rewriter, op.getLoc(), op.getGo(), keep(op.getCarries(), carries));
    YieldOp yield = op.getYield();
    SmallVector<Value> values{op.getNextGo()};
    llvm::append_range(values, keep(op.getNextCarries(), carries));
    rewriter.modifyOpInPlace(yield, [&] { yield.getValuesMutable().assign(values); });
    SmallVector<Value> arguments;
    auto next = loop.getBody().getArguments().begin();
    for (auto [initial, want] : llvm::zip_equal(op.getCarries(), carries))
      arguments.push_back(want ? Value(*next++) : initial);
    rewriter.mergeBlocks(&op.getBody().front(), &loop.getBody().front(), arguments);
    replaceBySmaller(rewriter, op, keep(op.getResults(), carries), loop);
    return success();
  }
};

/// No round: the carries are the results. (Empty stacks stay: there is no simpler form of them.)
/// One round: the body itself.
struct UnrollShortScan : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp op, PatternRewriter &rewriter) const override {
    int64_t rounds = op.getStaticRounds();
    if (rounds == 0 && op.getStacks().empty()) {
      rewriter.replaceOp(op, op.getCarries());
      return success();
    }
    // Another input may yet be dynamic along its axis; canonicalisation of types is not ours.
    bool isOne = rounds == 1;
    for (auto [input, axis] : llvm::zip_equal(op.getInputs(), op.getAxes()))
      isOne &= typeOf(input).getDimSize(axis) == 1;
    for (Value stack : op.getStacks())
      isOne &= typeOf(stack).getDimSize(0) == 1;
    if (!isOne)
      return failure();
    Location loc = op.getLoc();
    SmallVector<Value> arguments;
    for (auto [input, axis, slice] :
         llvm::zip_equal(op.getInputs(), op.getAxes(), op.getSliceArguments()))
      arguments.push_back(dropUnit(rewriter, loc, input, axis, typeOf(slice)));
    llvm::append_range(arguments, op.getCarries());
    YieldOp yield = op.getYield();
    SmallVector<Value> values(yield.getValues());
    rewriter.inlineBlockBefore(&op.getBody().front(), op, arguments);
    rewriter.setInsertionPoint(op);
    // A yielded argument has been replaced since: the yield knows.
    values.assign(yield.getValues().begin(), yield.getValues().end());
    ValueRange sizes = op.getResultSizes();
    for (auto [i, stack] : llvm::enumerate(op.getStacks())) {
      Value &value = values[op.getCarries().size() + i];
      int64_t count = typeOf(stack).getNumDynamicDims();
      value = ReshapeOp::create(rewriter, loc, typeOf(stack), value, sizes.take_front(count));
      sizes = sizes.drop_front(count);
    }
    rewriter.eraseOp(yield);
    rewriter.replaceOp(op, values);
    return success();
  }
};

/// A loop that is never entered.
struct RemoveUnenteredWhile : OpRewritePattern<WhileOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WhileOp op, PatternRewriter &rewriter) const override {
    if (constantFlag(op.getGo()) != false)
      return failure();
    rewriter.replaceOp(op, op.getCarries());
    return success();
  }
};

/// A decision that is known is taken.
struct TakeKnownBranch : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(IfOp op, PatternRewriter &rewriter) const override {
    std::optional<bool> condition = constantFlag(op.getCondition());
    if (!condition)
      return failure();
    Region &region = *condition ? op.getThenRegion() : op.getElseRegion();
    YieldOp yield = *condition ? op.getThenYield() : op.getElseYield();
    rewriter.inlineBlockBefore(&region.front(), op, ValueRange());
    SmallVector<Value> values(yield.getValues());
    rewriter.eraseOp(yield);
    rewriter.replaceOp(op, values);
    return success();
  }
};

/// Results that nobody uses, or that both branches take from outside as the same value.
struct LeaveOutOfIf : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(IfOp op, PatternRewriter &rewriter) const override {
    SmallVector<bool> wanted;
    for (auto [result, a, b] :
         llvm::zip(op.getResults(), op.getThenYield().getValues(), op.getElseYield().getValues())) {
      if (a == b)
        rewriter.replaceAllUsesWith(result, a);
      wanted.push_back(!result.use_empty());
    }
    if (all(wanted))
      return failure();
    SmallVector<Value> results = keep(op.getResults(), wanted);
    SmallVector<Value> sizes = keepSizes(op.getResultSizes(), op.getResults(), wanted);
    auto branch = IfOp::create(rewriter, op.getLoc(), ValueRange(results).getTypes(),
                               op.getCondition(), sizes);
    for (YieldOp yield : {op.getThenYield(), op.getElseYield()})
      rewriter.modifyOpInPlace(
          yield, [&] { yield.getValuesMutable().assign(keep(yield.getValues(), wanted)); });
    rewriter.mergeBlocks(&op.getThenRegion().front(), &branch.getThenRegion().front());
    rewriter.mergeBlocks(&op.getElseRegion().front(), &branch.getElseRegion().front());
    replaceBySmaller(rewriter, op, results, branch);
    return success();
  }
};

/// A slice whose starts are known, and known to lie inside, is a `tensor.extract_slice`.
struct SliceAtKnownStarts : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto whole = op.getInput().getType(), part = op.getType();
    SmallVector<OpFoldResult> offsets(whole.getRank(), rewriter.getIndexAttr(0));
    for (auto [start, axis] : llvm::zip_equal(op.getStarts(), op.getAxes())) {
      DenseIntElementsAttr data;
      if (!matchPattern(start, m_Constant(&data)) || whole.isDynamicDim(axis) ||
          part.isDynamicDim(axis))
        return failure();
      int64_t room = whole.getDimSize(axis) - part.getDimSize(axis);
      int64_t at = (*data.value_begin<APInt>()).getSExtValue();
      if (at < 0 || at > room)
        return failure();
      offsets[axis] = rewriter.getIndexAttr(at);
    }
    SmallVector<OpFoldResult> sizes, strides(whole.getRank(), rewriter.getIndexAttr(1));
    ValueRange left = op.getResultSizes();
    for (int64_t size : part.getShape()) {
      if (!ShapedType::isDynamic(size)) {
        sizes.push_back(rewriter.getIndexAttr(size));
        continue;
      }
      sizes.push_back(left.front());
      left = left.drop_front();
    }
    rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(op, part, op.getInput(), offsets, sizes,
                                                        strides);
    return success();
  }
};

/// What was just inserted is what a slice of the same place gives.
struct SliceOfInsert : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto insert = op.getInput().getDefiningOp<InsertOp>();
    if (!insert || op.getStarts() != insert.getStarts() || op.getAxes() != insert.getAxes() ||
        op.getType() != insert.getValue().getType())
      return failure();
    // Two `?` of one axis need not be one size.
    for (int64_t axis : op.getAxes())
      if (op.getType().isDynamicDim(axis))
        return failure();
    rewriter.replaceOp(op, insert.getValue());
    return success();
  }
};

/// An insert over the whole of an earlier one at the same place does not need the earlier one.
struct InsertOverInsert : OpRewritePattern<InsertOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(InsertOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getDestination().getDefiningOp<InsertOp>();
    if (!inner || op.getStarts() != inner.getStarts() || op.getAxes() != inner.getAxes() ||
        op.getValue().getType() != inner.getValue().getType())
      return failure();
    for (int64_t axis : op.getAxes())
      if (typeOf(op.getValue()).isDynamicDim(axis))
        return failure();
    rewriter.modifyOpInPlace(op,
                             [&] { op.getDestinationMutable().assign(inner.getDestination()); });
    return success();
  }
};

} // namespace

/// A part as large as the whole can only begin at 0.
OpFoldResult SliceOp::fold(FoldAdaptor) {
  return getType() == getInput().getType() && getType().hasStaticShape() ? OpFoldResult(getInput())
                                                                         : OpFoldResult();
}

OpFoldResult InsertOp::fold(FoldAdaptor) {
  return getType() == getValue().getType() && getType().hasStaticShape() ? OpFoldResult(getValue())
                                                                         : OpFoldResult();
}

void ScanOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<TakeOutInvariantCarry<ScanOp>, LeaveOutOfScan, UnrollShortScan>(context);
}

void WhileOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<TakeOutInvariantCarry<WhileOp>, LeaveOutOfWhile, RemoveUnenteredWhile>(context);
}

void IfOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<TakeKnownBranch, LeaveOutOfIf>(context);
}

void SliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<SliceAtKnownStarts, SliceOfInsert>(context);
}

void InsertOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<InsertOverInsert>(context);
}
