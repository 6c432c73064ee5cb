//===- FuseAttention.cpp - recognises attention -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks from a product whose left side is a softmax up to the product of q and k, collecting the
// scales and masks between; then up from q, k and v through scales, transposes and the repetition
// of heads.

#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/fuse/AttentionMask.h"
#include "passes/support/Constants.h"
#include "passes/support/Remarks.h"
#include "passes/support/Sizes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_FUSEATTENTION
#include "passes/fuse/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-fuse-attention";

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

namespace {

/// A matrix product, as whichever operation it is written.
struct Product {
  Value left, right;
  bool transposed;
};

/// What stands between the product of q and k and the softmax.
struct Scores {
  Product product;
  double scale = 1;
  AttentionMask mask;
  SmallVector<Location> locations;
};

} // namespace

static std::optional<Product> matchProduct(Value value) {
  if (auto matmul = value.getDefiningOp<nn::MatmulOp>())
    return Product{matmul.getLhs(), matmul.getRhs(), matmul.getTransposeRhs()};
  if (auto linear = value.getDefiningOp<nn::LinearOp>(); linear && !linear.getBias())
    return Product{linear.getInput(), linear.getWeight(), !linear.getInputMajor()};
  return std::nullopt;
}

/// x and c where `value` is x * c or x / c (as x * (1/c)), with one number c that leaves x's shape
/// alone.
static std::optional<std::pair<Value, double>> matchScaled(Value value) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<nn::MulOp, nn::DivOp>(op))
    return std::nullopt;
  Value x = op->getOperand(0), number = op->getOperand(1);
  if (isa<nn::MulOp>(op) && !splatValue(number))
    std::swap(x, number);
  auto factor = splatValue(number);
  if (!factor || !keepsShape(x.getType(), value.getType()))
    return std::nullopt;
  double scale = isa<nn::DivOp>(op) ? 1 / *factor : *factor;
  if (!std::isfinite(scale) || scale == 0)
    return std::nullopt;
  return std::pair(x, scale);
}

/// Walks up from `value` to the product. `scores.scale` is what everything passed so far
/// multiplies `value` by. Nothing but the walked path may read an intermediate value.
static bool matchScores(Value value, double fillerLimit, Scores &scores) {
  if (!value.hasOneUse())
    return false;
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  scores.locations.push_back(op->getLoc());
  if (auto product = matchProduct(value)) {
    scores.product = *product;
    return true;
  }
  if (auto scaled = matchScaled(value)) {
    scores.scale *= scaled->second;
    return matchScores(scaled->first, fillerLimit, scores);
  }
  if (auto cast = dyn_cast<nn::CastOp>(op)) {
    auto from = dyn_cast<FloatType>(typeOf(cast.getInput()).getElementType());
    auto to = dyn_cast<FloatType>(typeOf(value).getElementType());
    return from && to && from.getWidth() < to.getWidth() &&
           matchScores(cast.getInput(), fillerLimit, scores);
  }
  // Either operand of the rest may be the scores: whichever leads to a product.
  SmallVector<std::pair<Value, AttentionMask>, 2> ways;
  if (isa<nn::AddOp>(op)) {
    for (int i : {0, 1}) {
      AttentionMask mask = scores.mask;
      mask.add(op->getOperand(1 - i), scores.scale, fillerLimit);
      ways.emplace_back(op->getOperand(i), mask);
    }
  } else if (auto select = dyn_cast<nn::SelectOp>(op)) {
    for (bool hidden : {false, true}) {
      Value score = hidden ? select.getOnFalse() : select.getOnTrue();
      AttentionMask mask = scores.mask;
      if (mask.choose(select.getCondition(), hidden,
                      hidden ? select.getOnTrue() : select.getOnFalse(), scores.scale, fillerLimit))
        ways.emplace_back(score, mask);
    }
  }
  for (auto &[score, mask] : ways) {
    Scores attempt = scores;
    attempt.mask = mask;
    if (keepsShape(score.getType(), value.getType()) && matchScores(score, fillerLimit, attempt)) {
      scores = std::move(attempt);
      return true;
    }
  }
  return false;
}

/// `value` with its last two dimensions exchanged, taking in a transpose that makes it.
static Value exchangeLastTwo(PatternRewriter &rewriter, Value value) {
  int64_t rank = typeOf(value).getRank();
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (auto transpose = value.getDefiningOp<nn::TransposeOp>()) {
    permutation.assign(transpose.getPermutation().begin(), transpose.getPermutation().end());
    value = transpose.getInput();
  }
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, rank)))
    return value;
  return nn::TransposeOp::create(rewriter, value.getLoc(), value,
                                 rewriter.getDenseI64ArrayAttr(permutation));
}

/// Removes scaling by numbers from `value`, through a transpose too.
static Value takeScale(PatternRewriter &rewriter, Value value, double &scale) {
  while (auto scaled = matchScaled(value)) {
    scale *= scaled->second;
    value = scaled->first;
  }
  auto transpose = value.getDefiningOp<nn::TransposeOp>();
  if (!transpose || !matchScaled(transpose.getInput()))
    return value;
  Value inner = takeScale(rewriter, transpose.getInput(), scale);
  return nn::TransposeOp::create(rewriter, transpose.getLoc(), inner,
                                 transpose.getPermutationAttr());
}

/// The `[B, G, S, D]` tensor whose heads are each repeated `R` times to make `value`
/// `[B, G * R, S, D]`, or `value` itself.
static Value withoutRepeatedHeads(PatternRewriter &rewriter, Value value) {
  auto type = typeOf(value);
  auto merge = value.getDefiningOp<nn::ReshapeOp>();
  auto repeat = merge ? merge.getInput().getDefiningOp<nn::BroadcastOp>() : nullptr;
  if (!repeat || type.getRank() != 4)
    return value;
  auto repeated = typeOf(repeat), source = typeOf(repeat.getInput());
  if (repeated.getRank() != 5 || source.getRank() != 5 || source.getDimSize(2) != 1 ||
      source.getDimSize(1) != repeated.getDimSize(1) || repeated.isDynamicDim(1) ||
      repeated.isDynamicDim(2) ||
      type.getDimSize(1) != repeated.getDimSize(1) * repeated.getDimSize(2))
    return value;
  // Dimensions (0, 3, 4) of five are (0, 2, 3) of four, and only dimension 2 is repeated.
  for (auto [five, four] : {std::pair(0, 0), std::pair(3, 2), std::pair(4, 3)})
    if (!(sizeOf(repeat, five) == sizeOf(value, four)) ||
        (source.getDimSize(five) == 1 && repeated.getDimSize(five) != 1))
      return value;
  SmallVector<int64_t> shape{source.getDimSize(0), source.getDimSize(1), source.getDimSize(3),
                             source.getDimSize(4)};
  auto split = repeat.getInput().getDefiningOp<nn::ReshapeOp>();
  if (split && typeOf(split.getInput()).getShape() == ArrayRef<int64_t>(shape) &&
      llvm::all_of(std::array{std::pair(0, 0), std::pair(3, 2), std::pair(4, 3)}, [&](auto pair) {
        return sizeOf(split, pair.first) == sizeOf(split.getInput(), pair.second);
      }))
    return split.getInput();
  SmallVector<Value> sizes;
  for (int64_t i : {0, 3, 4})
    if (source.isDynamicDim(i))
      sizes.push_back(tensor::DimOp::create(rewriter, value.getLoc(), repeat.getInput(), i));
  return nn::ReshapeOp::create(rewriter, value.getLoc(), source.clone(shape), repeat.getInput(),
                               sizes);
}

/// Whether the leading dimensions of three tensors of one rank are pairwise the same: a product
/// must not have repeated one of them.
static bool sameLeading(ArrayRef<Value> tensors) {
  for (Value tensor : tensors) {
    auto first = typeOf(tensors[0]), other = typeOf(tensor);
    if (other.getRank() != first.getRank() ||
        !keepsShape(first.clone(first.getShape().drop_back(2)),
                    other.clone(other.getShape().drop_back(2))))
      return false;
  }
  return true;
}

/// A tensor of rank 2 or 3 as `[B, 1, S, D]`.
static Value withHeads(PatternRewriter &rewriter, Value value) {
  auto type = typeOf(value);
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.end() - 2, 4 - shape.size(), 1);
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(tensor::DimOp::create(rewriter, value.getLoc(), value, i));
  return nn::ReshapeOp::create(rewriter, value.getLoc(), type.clone(shape), value, sizes);
}

namespace {

struct Fuse : RewritePattern {
  Fuse(StringRef root, MLIRContext *context, double fillerLimit, Pass::Statistic &fused,
       Pass::Statistic &causal, Pass::Statistic &windows)
      : RewritePattern(root, /*benefit=*/1, context), fillerLimit(fillerLimit), fused(fused),
        causal(causal), windows(windows) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    Value result = op->getResult(0);
    auto product = matchProduct(result);
    if (!product || !isa<FloatType>(typeOf(result).getElementType()))
      return failure();
    Value weights = product->left;
    SmallVector<Location> tail;
    if (auto cast = weights.getDefiningOp<nn::CastOp>(); cast && cast->hasOneUse()) {
      tail.push_back(cast.getLoc());
      weights = cast.getInput();
    }
    auto softmax = weights.getDefiningOp<nn::SoftmaxOp>();
    int64_t rank = typeOf(weights).getRank();
    if (!softmax || !softmax->hasOneUse() || rank < 2 || rank > 4 ||
        static_cast<int64_t>(softmax.getAxis()) != rank - 1)
      return failure();
    Scores scores;
    if (!matchScores(softmax.getInput(), fillerLimit, scores))
      return failure();
    llvm::append_range(scores.locations, tail);
    scores.locations.push_back(softmax.getLoc());
    scores.locations.push_back(op->getLoc());
    return rewrite(op, *product, scores, rewriter);
  }

private:
  LogicalResult rewrite(Operation *op, const Product &product, Scores &scores,
                        PatternRewriter &rewriter) const {
    Value left = scores.product.left, right = scores.product.right, value = product.right;
    int64_t rank = typeOf(left).getRank();
    if (!sameLeading({left, right, value}) ||
        // Attention needs to know how many heads there are.
        (rank == 4 && (typeOf(left).isDynamicDim(1) || typeOf(right).isDynamicDim(1) ||
                       typeOf(value).isDynamicDim(1))) ||
        // Its kernels have a head's elements in registers.
        typeOf(left).isDynamicDim(rank - 1) ||
        typeOf(value).isDynamicDim(product.transposed ? rank - 2 : rank - 1) ||
        !scores.mask.isValid(rank))
      return failure();

    Location loc = rewriter.getFusedLoc(scores.locations);
    Value query = takeScale(rewriter, left, scores.scale);
    Value key = takeScale(rewriter, right, scores.scale);
    if (!scores.product.transposed)
      key = exchangeLastTwo(rewriter, key);
    if (product.transposed)
      value = exchangeLastTwo(rewriter, value);
    if (rank == 4) {
      Value fewerKeys = withoutRepeatedHeads(rewriter, key);
      Value fewerValues = withoutRepeatedHeads(rewriter, value);
      if (typeOf(fewerKeys).getDimSize(1) == typeOf(fewerValues).getDimSize(1)) {
        key = fewerKeys;
        value = fewerValues;
      }
    } else {
      query = withHeads(rewriter, query);
      key = withHeads(rewriter, key);
      value = withHeads(rewriter, value);
    }
    AttentionMask::Result mask = scores.mask.build(rewriter, loc, rank);
    noteRewrite(fused, loc, passName, "fused");
    if (mask.causal)
      ++causal;
    if (mask.window)
      ++windows;
    auto resultType = typeOf(op->getResult(0));
    SmallVector<int64_t> shape(resultType.getShape());
    shape.insert(shape.end() - 2, 4 - rank, 1);
    Value attention = nn::AttentionOp::create(
        rewriter, loc, resultType.clone(shape), query, key, value, mask.mask, /*lengths=*/Value(),
        /*start=*/Value(), /*blocks=*/Value(), rewriter.getF64FloatAttr(scores.scale),
        mask.causal ? rewriter.getUnitAttr() : UnitAttr(),
        mask.window ? rewriter.getI64IntegerAttr(*mask.window) : IntegerAttr(),
        /*block_size=*/IntegerAttr(), /*span=*/IntegerAttr());
    if (rank < 4) {
      SmallVector<Value> sizes;
      for (int64_t i = 0; i < rank; ++i)
        if (resultType.isDynamicDim(i))
          sizes.push_back(
              tensor::DimOp::create(rewriter, loc, attention, i < rank - 2 ? i : i + 4 - rank));
      attention = nn::ReshapeOp::create(rewriter, loc, resultType, attention, sizes);
    }
    rewriter.replaceOp(op, attention);
    return success();
  }

  double fillerLimit;
  Pass::Statistic &fused, &causal, &windows;
};

struct FuseAttention : nacre::impl::FuseAttentionBase<FuseAttention> {
  using FuseAttentionBase::FuseAttentionBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    for (StringRef root : {nn::MatmulOp::getOperationName(), nn::LinearOp::getOperationName()})
      patterns.add<Fuse>(root, &getContext(), fillerLimit, numFused, numCausal, numWindows);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
