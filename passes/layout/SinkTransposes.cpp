//===- SinkTransposes.cpp - moves transposes down ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The same operation before the transpose instead of behind it: only what names dimensions
// changes. Dimension i of the transposed tensor is dimension permutation[i] of its source.

#include "passes/layout/SinkTransposes.h"

#include "passes/support/Remarks.h"
#include "passes/support/Sizes.h"
#include "passes/support/Weights.h"

using namespace mlir;
using namespace nacre;

static constexpr llvm::StringLiteral markName = "nn.sinks";
static constexpr llvm::StringLiteral passName = "nn-channels-last";

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

SmallVector<int64_t> nacre::toChannelsLast(int64_t rank) {
  SmallVector<int64_t> permutation{0};
  llvm::append_range(permutation, llvm::seq<int64_t>(2, rank));
  permutation.push_back(1);
  return permutation;
}

SmallVector<int64_t> nacre::toChannelsFirst(int64_t rank) {
  SmallVector<int64_t> permutation{0, rank - 1};
  llvm::append_range(permutation, llvm::seq<int64_t>(1, rank - 1));
  return permutation;
}

SmallVector<int64_t> nacre::applyPermutation(ArrayRef<int64_t> sizes,
                                             ArrayRef<int64_t> permutation) {
  return llvm::map_to_vector(permutation, [&](int64_t from) { return sizes[from]; });
}

void nacre::markSinking(nn::TransposeOp op) {
  op->setAttr(markName, UnitAttr::get(op.getContext()));
}

void nacre::unmarkSinking(nn::TransposeOp op) { op->removeAttr(markName); }

/// The marked transpose that makes `value`, or null.
static nn::TransposeOp markedTranspose(Value value) {
  auto transpose = value.getDefiningOp<nn::TransposeOp>();
  return transpose && transpose->hasAttr(markName) ? transpose : nn::TransposeOp();
}

/// Whether exchanging dimensions as `permutation` says leaves the elements' order alone.
static bool onlyMovesUnits(ArrayRef<int64_t> shape, ArrayRef<int64_t> permutation) {
  int64_t last = -1;
  for (int64_t from : permutation) {
    if (shape[from] == 1)
      continue;
    if (from < last)
      return false;
    last = from;
  }
  return true;
}

/// `value`, of type `type` with channels last, put back to channels first for whoever reads it.
static Value restore(PatternRewriter &rewriter, Location loc, RankedTensorType type, Value value) {
  auto transpose = nn::TransposeOp::create(
      rewriter, loc, type, value, rewriter.getDenseI64ArrayAttr(toChannelsFirst(type.getRank())));
  markSinking(transpose);
  return transpose;
}

namespace {

/// Base of the patterns that move a transpose below one kind of operation.
template <typename Op>
struct SinkPattern : OpRewritePattern<Op> {
  SinkPattern(MLIRContext *context, Pass::Statistic &sunk)
      : OpRewritePattern<Op>(context), sunk(sunk) {}

  void note(Location loc) const { noteRewrite(sunk, loc, passName, "sunk"); }

  Pass::Statistic &sunk;
};

/// transpose(transpose(x)) is one transpose, or x.
struct ComposeTransposes : OpRewritePattern<nn::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = markedTranspose(op.getInput());
    if (!inner)
      return failure();
    auto permutation = applyPermutation(inner.getPermutation(), op.getPermutation());
    if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())) &&
        inner.getInput().getType() == op.getType())
      rewriter.replaceOp(op, inner.getInput());
    else
      rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, op.getType(), inner.getInput(),
                                                   rewriter.getDenseI64ArrayAttr(permutation));
    return success();
  }
};

struct SinkThroughElementwise : RewritePattern {
  SinkThroughElementwise(MLIRContext *context, Pass::Statistic &sunk)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context), sunk(sunk) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!op->hasTrait<nn::Elementwise>())
      return failure();
    auto type = typeOf(op->getResult(0));
    int64_t rank = type.getRank();
    if (rank < 3)
      return failure();
    SmallVector<int64_t> permutation = toChannelsLast(rank);
    bool anyMarked = false;
    for (Value operand : op->getOperands()) {
      auto marked = typeOf(operand).getRank() == rank ? markedTranspose(operand) : nullptr;
      anyMarked |= !!marked;
      if (!marked && !isCheapToMove(operand, rank, permutation))
        return failure();
    }
    if (!anyMarked)
      return failure();
    noteRewrite(sunk, op->getLoc(), passName, "sunk");
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      auto marked = typeOf(operand).getRank() == rank ? markedTranspose(operand) : nullptr;
      operands.push_back(marked ? marked.getInput() : move(rewriter, operand, rank, permutation));
    }
    Operation *moved = rewriter.clone(*op);
    moved->setOperands(operands);
    moved->getResult(0).setType(type.clone(applyPermutation(type.getShape(), permutation)));
    rewriter.replaceOp(op, restore(rewriter, op->getLoc(), type, moved->getResult(0)));
    return success();
  }

private:
  /// Whether moving the transpose past an operand costs nothing at run time: one number, weights,
  /// only dimensions of size 1 to move, or a transpose that is there already.
  static bool isCheapToMove(Value operand, int64_t rank, ArrayRef<int64_t> permutation) {
    auto type = typeOf(operand);
    if (llvm::all_of(type.getShape(), [](int64_t size) { return size == 1; }) ||
        (type.hasStaticShape() && isWeightExpression(operand)))
      return true;
    if (type.getRank() != rank)
      return false;
    return onlyMovesUnits(type.getShape(), permutation) ||
           llvm::any_of(operand.getUsers(), [&](Operation *user) {
             auto transpose = dyn_cast<nn::TransposeOp>(user);
             return transpose && transpose.getPermutation() == permutation;
           });
  }

  static Value move(PatternRewriter &rewriter, Value operand, int64_t rank,
                    ArrayRef<int64_t> permutation) {
    auto type = typeOf(operand);
    if (llvm::all_of(type.getShape(), [](int64_t size) { return size == 1; }))
      return operand;
    if (type.getRank() < rank) {
      SmallVector<int64_t> shape(rank - type.getRank(), 1);
      llvm::append_range(shape, type.getShape());
      operand = nn::ReshapeOp::create(rewriter, operand.getLoc(), type.clone(shape), operand,
                                      ValueRange());
    }
    return nn::TransposeOp::create(rewriter, operand.getLoc(), operand,
                                   rewriter.getDenseI64ArrayAttr(permutation));
  }

  Pass::Statistic &sunk;
};

struct SinkThroughReduce : SinkPattern<nn::ReduceOp> {
  using SinkPattern::SinkPattern;

  LogicalResult matchAndRewrite(nn::ReduceOp op, PatternRewriter &rewriter) const override {
    auto marked = markedTranspose(op.getInput());
    if (!marked)
      return failure();
    SmallVector<int64_t> axes = applyPermutation(marked.getPermutation(), op.getAxes());
    llvm::sort(axes);
    SmallVector<int64_t> kept;
    for (int64_t i = 0, rank = marked.getType().getRank(); i < rank; ++i)
      if (!llvm::is_contained(op.getAxes(), i))
        kept.push_back(marked.getPermutation()[i]);
    // Dimensions that stay in another order would need a transpose of their own.
    if (!op.getKeepDims() && !llvm::is_sorted(kept))
      return failure();
    note(op.getLoc());
    auto type = typeOf(op);
    auto moved = op.getKeepDims()
                     ? type.clone(applyPermutation(type.getShape(), toChannelsLast(type.getRank())))
                     : type;
    Value result = nn::ReduceOp::create(rewriter, op.getLoc(), moved, op.getKind(),
                                        marked.getInput(), axes, op.getKeepDims());
    rewriter.replaceOp(op,
                       op.getKeepDims() ? restore(rewriter, op.getLoc(), type, result) : result);
    return success();
  }
};

struct SinkThroughPad : SinkPattern<nn::PadOp> {
  using SinkPattern::SinkPattern;

  LogicalResult matchAndRewrite(nn::PadOp op, PatternRewriter &rewriter) const override {
    auto marked = markedTranspose(op.getInput());
    if (!marked)
      return failure();
    note(op.getLoc());
    auto type = typeOf(op);
    auto permutation = toChannelsLast(type.getRank());
    Value padded = nn::PadOp::create(rewriter, op.getLoc(),
                                     type.clone(applyPermutation(type.getShape(), permutation)),
                                     marked.getInput(), applyPermutation(op.getLow(), permutation),
                                     applyPermutation(op.getHigh(), permutation), op.getValue());
    rewriter.replaceOp(op, restore(rewriter, op.getLoc(), type, padded));
    return success();
  }
};

struct SinkThroughConcat : SinkPattern<tensor::ConcatOp> {
  using SinkPattern::SinkPattern;

  LogicalResult matchAndRewrite(tensor::ConcatOp op, PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs;
    for (Value input : op.getInputs()) {
      auto marked = markedTranspose(input);
      if (!marked)
        return failure();
      inputs.push_back(marked.getInput());
    }
    if (inputs.empty())
      return failure();
    note(op.getLoc());
    auto type = op.getResultType();
    auto permutation = toChannelsLast(type.getRank());
    int64_t dim = toChannelsFirst(type.getRank())[op.getDim()];
    Value joined = tensor::ConcatOp::create(
        rewriter, op.getLoc(), type.clone(applyPermutation(type.getShape(), permutation)), dim,
        inputs);
    rewriter.replaceOp(op, restore(rewriter, op.getLoc(), type, joined));
    return success();
  }
};

struct SinkThroughSlice : SinkPattern<tensor::ExtractSliceOp> {
  using SinkPattern::SinkPattern;

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp op,
                                PatternRewriter &rewriter) const override {
    auto marked = markedTranspose(op.getSource());
    if (!marked || op.getType().getRank() != op.getSourceType().getRank())
      return failure();
    note(op.getLoc());
    auto permutation = toChannelsLast(op.getType().getRank());
    auto permuted = [&](SmallVector<OpFoldResult> values) {
      return llvm::map_to_vector(permutation, [&](int64_t from) { return values[from]; });
    };
    Value slice = tensor::ExtractSliceOp::create(
        rewriter, op.getLoc(), marked.getInput(), permuted(op.getMixedOffsets()),
        permuted(op.getMixedSizes()), permuted(op.getMixedStrides()));
    rewriter.replaceOp(op, restore(rewriter, op.getLoc(), op.getType(), slice));
    return success();
  }
};

/// Operations that name one axis and keep the shape.
template <typename Op>
struct SinkThroughAxis : SinkPattern<Op> {
  using SinkPattern<Op>::SinkPattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto marked = markedTranspose(op.getInput());
    if (!marked)
      return failure();
    this->note(op.getLoc());
    auto type = typeOf(op);
    auto moved = cast<Op>(rewriter.clone(*op));
    moved.getInputMutable().assign(marked.getInput());
    moved.setAxis(marked.getPermutation()[op.getAxis()]);
    moved.getResult().setType(
        type.clone(applyPermutation(type.getShape(), toChannelsLast(type.getRank()))));
    rewriter.replaceOp(op, restore(rewriter, op.getLoc(), type, moved.getResult()));
    return success();
  }
};

/// [N, C, spatial...] to [N, C, other spatial...], as a vision transformer lines up its patches.
struct SinkThroughSpatialReshape : SinkPattern<nn::ReshapeOp> {
  using SinkPattern::SinkPattern;

  LogicalResult matchAndRewrite(nn::ReshapeOp op, PatternRewriter &rewriter) const override {
    auto marked = markedTranspose(op.getInput());
    auto type = typeOf(op);
    if (!marked || type.getRank() < 3 || type.isDynamicDim(1) ||
        type.getDimSize(1) != marked.getType().getDimSize(1) ||
        !(sizeOf(op, 0) == sizeOf(op.getInput(), 0)))
      return failure();
    note(op.getLoc());
    auto moved = type.clone(applyPermutation(type.getShape(), toChannelsLast(type.getRank())));
    // The channels are a static number, so the dynamic sizes keep their order.
    Value reshaped = nn::ReshapeOp::create(rewriter, op.getLoc(), moved, marked.getInput(),
                                           op.getDynamicSizes());
    rewriter.replaceOp(op, restore(rewriter, op.getLoc(), type, reshaped));
    return success();
  }
};

/// Places made of channels, as a transposed convolution or a pixel shuffle puts them: channels in
/// parts, parts among the places, and both merged. With channels last what is moved is contiguous.
struct SinkThroughShuffle : SinkPattern<nn::ReshapeOp> {
  using SinkPattern::SinkPattern;

  LogicalResult matchAndRewrite(nn::ReshapeOp op, PatternRewriter &rewriter) const override {
    auto mix = op.getInput().getDefiningOp<nn::TransposeOp>();
    auto split = mix ? mix.getInput().getDefiningOp<nn::ReshapeOp>() : nullptr;
    auto marked = split ? markedTranspose(split.getInput()) : nullptr;
    if (!marked || !mix->hasOneUse() || !split->hasOneUse())
      return failure();
    auto type = typeOf(op), whole = typeOf(marked), inParts = typeOf(split), mixed = typeOf(mix);
    int64_t parts = inParts.getRank() - whole.getRank() + 1;
    // Of sizes that a run decides the batch's alone, which stays where it is.
    auto isFixed = [](RankedTensorType type) {
      return !ShapedType::isDynamicShape(type.getShape().drop_front());
    };
    if (parts < 1 || type.getRank() < 3 || !isFixed(type) || !isFixed(whole) || !isFixed(inParts) ||
        !isFixed(mixed) || mix.getPermutation().front() != 0 ||
        inParts.getShape().drop_front(1 + parts) != whole.getShape().drop_front(2) ||
        !(sizeOf(op, 0) == sizeOf(marked, 0)) || !(sizeOf(split, 0) == sizeOf(marked, 0)))
      return failure();
    FailureOr<SmallVector<SmallVector<int64_t>>> groups =
        mergedDimensions(mixed.getShape(), type.getShape());
    if (failed(groups))
      return failure();
    note(op.getLoc());

    Location loc = op.getLoc();
    int64_t rank = inParts.getRank();
    // [N, parts, places] with the parts last.
    SmallVector<int64_t> last{0}, inverse(rank);
    llvm::append_range(last, llvm::seq<int64_t>(1 + parts, rank));
    llvm::append_range(last, llvm::seq<int64_t>(1, 1 + parts));
    for (auto [to, from] : llvm::enumerate(last))
      inverse[from] = to;
    SmallVector<int64_t> order;
    for (int64_t group : toChannelsLast(type.getRank()))
      for (int64_t dim : (*groups)[group])
        order.push_back(inverse[mix.getPermutation()[dim]]);
    Value value = nn::ReshapeOp::create(rewriter, loc,
                                        inParts.clone(applyPermutation(inParts.getShape(), last)),
                                        marked.getInput(), split.getDynamicSizes());
    value = nn::TransposeOp::create(rewriter, loc, value, rewriter.getDenseI64ArrayAttr(order));
    value = nn::ReshapeOp::create(
        rewriter, loc,
        type.clone(applyPermutation(type.getShape(), toChannelsLast(type.getRank()))), value,
        op.getDynamicSizes());
    rewriter.replaceOp(op, restore(rewriter, loc, type, value));
    return success();
  }

private:
  /// The neighbouring dimensions of `from` that each one of `to` is made of, the first of each
  /// alone.
  static FailureOr<SmallVector<SmallVector<int64_t>>> mergedDimensions(ArrayRef<int64_t> from,
                                                                       ArrayRef<int64_t> to) {
    SmallVector<SmallVector<int64_t>> groups{{0}};
    size_t next = 1;
    for (int64_t size : to.drop_front()) {
      SmallVector<int64_t> group;
      int64_t product = 1;
      while (next < from.size() && (group.empty() || product < size)) {
        product *= from[next];
        group.push_back(next++);
      }
      if (product != size)
        return failure();
      groups.push_back(group);
    }
    if (next != from.size())
      return failure();
    return groups;
  }
};

/// A reshape does not see where dimensions of size 1 stand.
struct SkipUnitTranspose : SinkPattern<nn::ReshapeOp> {
  using SinkPattern::SinkPattern;

  LogicalResult matchAndRewrite(nn::ReshapeOp op, PatternRewriter &rewriter) const override {
    auto marked = markedTranspose(op.getInput());
    if (!marked || !onlyMovesUnits(typeOf(marked.getInput()).getShape(), marked.getPermutation()))
      return failure();
    note(op.getLoc());
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(marked.getInput()); });
    return success();
  }
};

/// A linear on a flattened image: its weight's columns are put in the image's order instead.
struct SinkIntoFlattenedLinear : SinkPattern<nn::LinearOp> {
  using SinkPattern::SinkPattern;

  LogicalResult matchAndRewrite(nn::LinearOp op, PatternRewriter &rewriter) const override {
    auto flatten = op.getInput().getDefiningOp<nn::ReshapeOp>();
    auto marked = flatten ? markedTranspose(flatten.getInput()) : nullptr;
    if (!marked || typeOf(flatten).getRank() != 2 || typeOf(flatten).isDynamicDim(1) ||
        !isWeightExpression(op.getWeight()) || !isSoleUse(op.getWeight()) ||
        !(sizeOf(flatten, 0) == sizeOf(marked, 0)))
      return failure();
    ArrayRef<int64_t> image = typeOf(marked).getShape().drop_front();
    if (ShapedType::isDynamicShape(image))
      return failure();
    note(op.getLoc());
    Location loc = op.getLoc();
    auto type = typeOf(op.getWeight());
    bool inputMajor = op.getInputMajor();
    // [N, C, H, W] to [N, H, W, C], or [C, H, W, N] to [H, W, C, N].
    SmallVector<int64_t> shape(image), permutation;
    shape.insert(inputMajor ? shape.end() : shape.begin(), type.getDimSize(inputMajor ? 1 : 0));
    int64_t first = inputMajor ? 0 : 1, last = first + image.size();
    llvm::append_range(permutation, llvm::seq<int64_t>(0, first));
    llvm::append_range(permutation, llvm::seq<int64_t>(first + 1, last));
    permutation.push_back(first);
    llvm::append_range(permutation, llvm::seq<int64_t>(last, shape.size()));
    Value weight =
        nn::ReshapeOp::create(rewriter, loc, type.clone(shape), op.getWeight(), ValueRange());
    weight =
        nn::TransposeOp::create(rewriter, loc, weight, rewriter.getDenseI64ArrayAttr(permutation));
    weight = nn::ReshapeOp::create(rewriter, loc, type, weight, ValueRange());
    Value flat = nn::ReshapeOp::create(rewriter, flatten.getLoc(), typeOf(flatten),
                                       marked.getInput(), flatten.getDynamicSizes());
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(flat);
      op.getWeightMutable().assign(weight);
    });
    return success();
  }
};

struct UnitTransposeToReshape : OpRewritePattern<nn::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::TransposeOp op, PatternRewriter &rewriter) const override {
    if (!onlyMovesUnits(typeOf(op.getInput()).getShape(), op.getPermutation()))
      return failure();
    SmallVector<Value> sizes;
    for (int64_t from : op.getPermutation())
      if (typeOf(op.getInput()).isDynamicDim(from))
        sizes.push_back(tensor::DimOp::create(rewriter, op.getLoc(), op.getInput(), from));
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(), op.getInput(), sizes);
    return success();
  }
};

} // namespace

void nacre::populateSinkTransposesPatterns(RewritePatternSet &patterns, Pass::Statistic &sunk) {
  patterns.add<ComposeTransposes>(patterns.getContext());
  patterns.add<SinkThroughElementwise, SinkThroughReduce, SinkThroughPad, SinkThroughConcat,
               SinkThroughSlice, SinkThroughAxis<nn::BatchNormOp>, SinkThroughAxis<nn::SoftmaxOp>,
               SinkThroughSpatialReshape, SinkThroughShuffle, SkipUnitTranspose,
               SinkIntoFlattenedLinear>(patterns.getContext(), sunk);
}

void nacre::populateUnitTransposePatterns(RewritePatternSet &patterns) {
  patterns.add<UnitTransposeToReshape>(patterns.getContext());
}
