//===- LegalizeForCpu.cpp - nn operations in forms that have CPU kernels ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/AttentionKernels.h"
#include "codegen/cpu/KernelBuilder.h"
#include "codegen/cpu/LegalizeControl.h"
#include "codegen/cpu/LegalizeIndexing.h"
#include "codegen/cpu/Passes.h"
#include "passes/support/Weights.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace nacre::cpu {
#define GEN_PASS_DEF_LEGALIZEFORCPU
#include "codegen/cpu/Passes.h.inc"
} // namespace nacre::cpu

using namespace mlir;
using namespace nacre;
using cpu::computeType;

namespace {

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// True where a value is weights, placed differently at most.
bool onlyMovesWeights(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_present<ml_program::GlobalLoadConstOp>(op))
    return true;
  return isa_and_present<nn::TransposeOp, nn::ReshapeOp, tensor::ExtractSliceOp, tensor::ConcatOp>(
             op) &&
         llvm::all_of(op->getOperands(), [](Value operand) {
           return !isa<RankedTensorType>(operand.getType()) || onlyMovesWeights(operand);
         });
}

Type elementOf(Value value) { return typeOf(value).getElementType(); }

/// The narrow float type that weights computed with in f32 keep in the artifact: the one they are
/// stored in, where nothing but their places changes.
Type keptType(Value value) {
  if (!typeOf(value).getElementType().isF32() || !onlyMovesWeights(value))
    return {};
  Type stored = storedType(value);
  return stored && (stored.isF16() || stored.isBF16()) ? stored : Type();
}

Value castTo(PatternRewriter &rewriter, Location loc, Value value, Type element) {
  auto type = typeOf(value);
  if (type.getElementType() == element)
    return value;
  return nn::CastOp::create(rewriter, loc, type.clone(element), value);
}

Value transpose(PatternRewriter &rewriter, Location loc, Value value, ArrayRef<int64_t> order) {
  return nn::TransposeOp::create(rewriter, loc, value, rewriter.getDenseI64ArrayAttr(order));
}

/// [0, 1, ..., rank-1] with the last two swapped.
SmallVector<int64_t> swapLastTwo(int64_t rank) {
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(order[rank - 1], order[rank - 2]);
  return order;
}

struct PackLinear : OpRewritePattern<nn::LinearOp> {
  PackLinear(MLIRContext *context, int64_t panel, Pass::Statistic &packed)
      : OpRewritePattern(context), panel(panel), packed(packed) {}

  LogicalResult matchAndRewrite(nn::LinearOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput()), real = computeType(element);
    if (!isWeightExpression(op.getWeight()))
      return multiplyActivations(op, rewriter);
    Value weight = op.getWeight();
    if (op.getPrecision() == nn::Precision::int8 &&
        !ShapedType::isDynamic(typeOf(op.getInput()).getShape().back()))
      return packInt8(op, rewriter);
    if (op.getGroupSize() && !ShapedType::isDynamic(typeOf(op.getInput()).getShape().back()))
      return packGroups(op, rewriter);
    Type stored =
        op.getPrecision() == nn::Precision::bf16 ? rewriter.getBF16Type() : keptType(weight);
    weight = castTo(rewriter, loc, weight, stored ? stored : real);
    if (op.getInputMajor())
      weight = transpose(rewriter, loc, weight, {1, 0});
    Value pack = nn::PackOp::create(rewriter, loc, weight, panel);
    Value bias = op.getBias() ? castTo(rewriter, loc, op.getBias(), real) : Value();
    int64_t outputs = typeOf(weight).getDimSize(0);
    Value result = nn::PackedLinearOp::create(
        rewriter, loc, castTo(rewriter, loc, op.getInput(), real), pack, bias, outputs);
    rewriter.replaceOp(op, castTo(rewriter, loc, result, element));
    ++packed;
    return success();
  }

  LogicalResult packInt8(nn::LinearOp op, PatternRewriter &rewriter) const {
    Location loc = op.getLoc();
    Type f32 = rewriter.getF32Type();
    Value weight = castTo(rewriter, loc, op.getWeight(), f32);
    if (op.getInputMajor())
      weight = transpose(rewriter, loc, weight, {1, 0});
    int64_t outputs = typeOf(weight).getDimSize(0), depth = typeOf(weight).getDimSize(1);
    Value rows =
        nn::QuantizeRowsOp::create(rewriter, loc, castTo(rewriter, loc, op.getInput(), f32));
    Value pack = nn::PackInt8Op::create(rewriter, loc, weight, panel);
    Value bias = op.getBias() ? castTo(rewriter, loc, op.getBias(), f32) : Value();
    Value result =
        nn::PackedLinearInt8Op::create(rewriter, loc, rows, pack, bias, outputs, depth, panel);
    rewriter.replaceOp(op, castTo(rewriter, loc, result, elementOf(op.getResult())));
    ++packed;
    return success();
  }

  LogicalResult packGroups(nn::LinearOp op, PatternRewriter &rewriter) const {
    Location loc = op.getLoc();
    Type f32 = rewriter.getF32Type();
    Value weight = castTo(rewriter, loc, op.getWeight(), f32);
    if (op.getInputMajor())
      weight = transpose(rewriter, loc, weight, {1, 0});
    int64_t bits = op.getPrecision() == nn::Precision::int4_weights ? 4 : 8;
    auto groupSize = static_cast<int64_t>(*op.getGroupSize());
    Value pack = nn::PackGroupsOp::create(rewriter, loc, weight, bits, groupSize, panel);
    Value bias = op.getBias() ? castTo(rewriter, loc, op.getBias(), f32) : Value();
    Value result = nn::PackedLinearGroupsOp::create(
        rewriter, loc, castTo(rewriter, loc, op.getInput(), f32), pack, bias,
        typeOf(weight).getDimSize(0), bits, groupSize, panel);
    rewriter.replaceOp(op, castTo(rewriter, loc, result, elementOf(op.getResult())));
    ++packed;
    return success();
  }

  /// A plain product, and the bias after it. A vector is a matrix of one row meanwhile.
  static LogicalResult multiplyActivations(nn::LinearOp op, PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    Value input = op.getInput();
    auto dynamicSize = [&](Value of, int64_t dimension) {
      SmallVector<Value> sizes;
      if (typeOf(of).isDynamicDim(dimension))
        sizes.push_back(tensor::DimOp::create(rewriter, loc, of, dimension));
      return sizes;
    };
    bool isVector = typeOf(input).getRank() == 1;
    if (isVector) {
      auto row = RankedTensorType::get({1, typeOf(input).getDimSize(0)}, elementOf(input));
      input = nn::ReshapeOp::create(rewriter, loc, row, input, dynamicSize(input, 0));
    }
    Value product = nn::MatmulOp::create(rewriter, loc, input, op.getWeight(), !op.getInputMajor());
    if (isVector)
      product = nn::ReshapeOp::create(rewriter, loc, op.getType(), product,
                                      dynamicSize(op.getWeight(), op.getInputMajor() ? 1 : 0));
    if (op.getBias())
      product = nn::AddOp::create(rewriter, loc, product, op.getBias());
    rewriter.replaceOp(op, product);
    return success();
  }

  int64_t panel;
  Pass::Statistic &packed;
};

/// The weight of a convolution may be computed: it is then packed in every call.
struct PackConv : OpRewritePattern<nn::ConvOp> {
  PackConv(MLIRContext *context, int64_t panel, int64_t lanes, Pass::Statistic &packed)
      : OpRewritePattern(context), panel(panel), lanes(lanes), packed(packed) {}

  LogicalResult matchAndRewrite(nn::ConvOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput()), real = computeType(element);
    int64_t rank = typeOf(op.getInput()).getRank(), spatial = rank - 2;
    Value input = castTo(rewriter, loc, op.getInput(), real);
    SmallVector<int64_t> toLast = {0}, toFirst = {0, rank - 1};
    for (int64_t i = 0; i < spatial; ++i) {
      toLast.push_back(i + 2);
      toFirst.push_back(i + 1);
    }
    toLast.push_back(1);
    bool first = op.getLayout() == nn::ConvLayout::channels_first;
    if (first)
      input = transpose(rewriter, loc, input, toLast);
    Type stored = keptType(op.getWeight());
    Value weight = castTo(rewriter, loc, op.getWeight(), stored ? stored : real);
    Value bias = op.getBias() ? castTo(rewriter, loc, op.getBias(), real) : Value();
    Value result = isDepthwise(op) ? depthwise(op, input, weight, bias, rewriter)
                   : isForWinograd(op, weight)
                       ? winograd(op, input, weight, bias, rewriter)
                       : inPanels(op, input, weight, bias, toLast, rewriter);
    if (first)
      result = transpose(rewriter, loc, result, toFirst);
    rewriter.replaceOp(op, castTo(rewriter, loc, result, element));
    ++packed;
    return success();
  }

private:
  /// Whether vectors may run over the outputs of several groups, which are narrower than one.
  bool isDepthwise(nn::ConvOp op) const {
    int64_t perGroup = typeOf(op.getWeight()).getDimSize(1);
    int64_t outputsPerGroup = typeOf(op.getWeight()).getDimSize(0) / op.getGroups();
    return op.getGroups() > 1 && outputsPerGroup > 0 && outputsPerGroup < lanes &&
           lanes % outputsPerGroup == 0 && perGroup <= 2 * outputsPerGroup;
  }

  /// Whether 16 products for 4 elements take less time than 36, their weights being larger and a
  /// tile's transformation as long as some 20 products: many channels in and out, and more tiles
  /// than a weight's way from memory costs. Rows of more channels would not fit the stack.
  bool isForWinograd(nn::ConvOp op, Value weight) const {
    auto shape = typeOf(weight).getShape();
    auto ones = [](ArrayRef<int64_t> numbers) {
      return llvm::all_of(numbers, [](int64_t n) { return n == 1; });
    };
    if (op.getGroups() != 1 || shape.drop_front(2) != ArrayRef<int64_t>{3, 3} ||
        !ones(op.getStrides()) || !ones(op.getDilations()) || !elementOf(weight).isF32() ||
        !isWeightExpression(weight) || shape[0] < 32 || shape[1] < 32 || shape[1] > 1024)
      return false;
    auto image = typeOf(op.getResult()).getShape().drop_front(1);
    bool first = op.getLayout() == nn::ConvLayout::channels_first;
    int64_t height = image[first ? 1 : 0], width = image[first ? 2 : 1];
    return !ShapedType::isDynamic(height) && !ShapedType::isDynamic(width) &&
           llvm::divideCeil(height, 2) * llvm::divideCeil(width, 2) >= 48;
  }

  Value winograd(nn::ConvOp op, Value input, Value weight, Value bias,
                 PatternRewriter &rewriter) const {
    int64_t outputs = typeOf(weight).getDimSize(0);
    weight = nn::WinogradWeightOp::create(rewriter, op.getLoc(), weight);
    int64_t width = std::min<int64_t>(panel, llvm::alignTo(outputs, lanes));
    weight = nn::PackOp::create(rewriter, op.getLoc(), weight, width);
    return nn::WinogradConvOp::create(rewriter, op.getLoc(), input, weight, bias,
                                      rewriter.getI64IntegerAttr(outputs), op.getPaddingAttr());
  }

  /// [O, C/g, taps...] -> [taps..., C/g, O] -> [taps * C/g, O].
  static Value depthwise(nn::ConvOp op, Value input, Value weight, Value bias,
                         PatternRewriter &rewriter) {
    auto shape = typeOf(weight).getShape();
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(2, shape.size()));
    order.append({1, 0});
    weight = transpose(rewriter, op.getLoc(), weight, order);
    int64_t outputs = shape[0];
    auto flat = RankedTensorType::get({typeOf(weight).getNumElements() / outputs, outputs},
                                      typeOf(weight).getElementType());
    weight = nn::ReshapeOp::create(rewriter, op.getLoc(), flat, weight, ValueRange());
    return nn::DepthwiseConvOp::create(
        rewriter, op.getLoc(), input, weight, bias, op.getGroupsAttr(),
        rewriter.getDenseI64ArrayAttr(shape.drop_front(2)), op.getStridesAttr(),
        op.getPaddingAttr(), op.getDilationsAttr());
  }

  /// [O, C/g, taps...] -> [O, taps..., C/g] -> [g, O/g, taps * C/g] -> panels.
  Value inPanels(nn::ConvOp op, Value input, Value weight, Value bias, ArrayRef<int64_t> toLast,
                 PatternRewriter &rewriter) const {
    Location loc = op.getLoc();
    int64_t spatial = op.getStrides().size();
    SmallVector<int64_t> padding(op.getPadding());
    int64_t perGroup = typeOf(weight).getDimSize(1);
    // Few channels do not pay for looking where each tap lies; many make a long row of zeros.
    bool byCopy = perGroup < 32 || perGroup > 8192;
    if (byCopy && llvm::any_of(padding, [](int64_t n) { return n != 0; })) {
      SmallVector<int64_t> low = {0}, high = {0};
      for (int64_t i = 0; i < spatial; ++i) {
        low.push_back(padding[2 * i]);
        high.push_back(padding[2 * i + 1]);
      }
      low.push_back(0);
      high.push_back(0);
      input = nn::PadOp::create(rewriter, loc, input, rewriter.getDenseI64ArrayAttr(low),
                                rewriter.getDenseI64ArrayAttr(high),
                                rewriter.getFloatAttr(elementOf(input), 0));
      padding.assign(padding.size(), 0);
    }
    auto shape = typeOf(weight).getShape();
    int64_t groups = op.getGroups(), outputs = shape[0], depth = 1;
    for (int64_t size : shape.drop_front())
      depth *= size;
    weight = transpose(rewriter, loc, weight, toLast);
    auto grouped =
        RankedTensorType::get({groups, outputs / groups, depth}, typeOf(weight).getElementType());
    weight = nn::ReshapeOp::create(rewriter, loc, grouped, weight, ValueRange());
    int64_t width = std::min<int64_t>(panel, llvm::alignTo(outputs / groups, lanes));
    Value pack = nn::PackOp::create(rewriter, loc, weight, width);
    return nn::PackedConvOp::create(
        rewriter, loc, input, pack, bias, rewriter.getI64IntegerAttr(outputs),
        rewriter.getDenseI64ArrayAttr(shape.drop_front(2)), op.getStridesAttr(),
        rewriter.getDenseI64ArrayAttr(padding), op.getDilationsAttr());
  }

  int64_t panel, lanes;
  Pass::Statistic &packed;
};

/// A product reads its right side by rows; narrow floats are widened.
struct LegalizeMatmul : OpRewritePattern<nn::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::MatmulOp op, PatternRewriter &rewriter) const override {
    Type element = elementOf(op.getLhs()), wide = computeType(element);
    if (!op.getTransposeRhs() && element == wide)
      return failure();
    Location loc = op.getLoc();
    Value lhs = castTo(rewriter, loc, op.getLhs(), wide);
    Value rhs = castTo(rewriter, loc, op.getRhs(), wide);
    if (op.getTransposeRhs())
      rhs = transpose(rewriter, loc, rhs, swapLastTwo(typeOf(rhs).getRank()));
    Value result = nn::MatmulOp::create(rewriter, loc, lhs, rhs, /*transpose_rhs=*/false);
    rewriter.replaceOp(op, castTo(rewriter, loc, result, element));
    return success();
  }
};

/// Softmax runs along rows.
struct SoftmaxAlongRows : OpRewritePattern<nn::SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::SoftmaxOp op, PatternRewriter &rewriter) const override {
    int64_t rank = op.getType().getRank(), axis = op.getAxis();
    if (axis == rank - 1)
      return failure();
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(order[axis], order[rank - 1]);
    Value input = transpose(rewriter, op.getLoc(), op.getInput(), order);
    Value result = nn::SoftmaxOp::create(rewriter, op.getLoc(), input, rank - 1);
    rewriter.replaceOp(op, transpose(rewriter, op.getLoc(), result, order));
    return success();
  }
};

/// Row kernels compute in one type, f32 or f64: other floats are cast around them.
template <typename Op>
struct InComputeType : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    Type element = elementOf(op.getResult()), real = computeType(element);
    auto isOther = [&](Value operand) {
      return isa<FloatType>(elementOf(operand)) && elementOf(operand) != real;
    };
    if (element == real && llvm::none_of(op->getOperands(), isOther))
      return failure();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(isOther(operand) ? castTo(rewriter, op.getLoc(), operand, real) : operand);
    auto *inner = rewriter.clone(*op);
    inner->setOperands(operands);
    inner->getResult(0).setType(cast<RankedTensorType>(op.getType()).clone(real));
    rewriter.replaceOp(op, castTo(rewriter, op.getLoc(), inner->getResult(0), element));
    return success();
  }
};

/// A table in a narrow type is widened row by row, after the look-up.
struct GatherStored : OpRewritePattern<nn::GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::GatherOp op, PatternRewriter &rewriter) const override {
    Type stored = keptType(op.getData());
    if (!stored)
      return failure();
    Value data = castTo(rewriter, op.getLoc(), op.getData(), stored);
    Value rows = nn::GatherOp::create(rewriter, op.getLoc(), data, op.getIndices(), op.getAxis());
    rewriter.replaceOp(op, castTo(rewriter, op.getLoc(), rows, rewriter.getF32Type()));
    return success();
  }
};

struct LegalizeForCpuPass : cpu::impl::LegalizeForCpuBase<LegalizeForCpuPass> {
  using LegalizeForCpuBase::LegalizeForCpuBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<PackLinear>(&getContext(), panel, packed);
    patterns.add<PackConv>(&getContext(), panel, lanes, packed);
    patterns.add<LegalizeMatmul, SoftmaxAlongRows, GatherStored, InComputeType<nn::SoftmaxOp>,
                 InComputeType<nn::LayerNormOp>, InComputeType<nn::RmsNormOp>,
                 InComputeType<nn::GroupNormOp>, InComputeType<nn::RotaryOp>>(&getContext());
    cpu::addAttentionPatterns(patterns);
    cpu::addIndexingPatterns(patterns);
    cpu::addControlPatterns(patterns);
    FrozenRewritePatternSet frozen(std::move(patterns));
    // Expressions of weights run at compile time: they stay what they are.
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      if (!entry->hasAttr("nn.entry"))
        continue;
      if (failed(applyPatternsGreedily(entry, frozen)))
        return signalPassFailure();
      cpu::hoistWeightExpressions(entry);
    }
  }
};

} // namespace
