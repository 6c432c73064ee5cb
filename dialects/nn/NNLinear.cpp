//===- NNLinear.cpp - types and sizes of matmul-like operations ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/GroupedWeights.h"
#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"
#include "dialects/nn/Window.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace nacre::nn;

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto lhs = typeOf(adaptor.getLhs()), rhs = typeOf(adaptor.getRhs());
  if (lhs.getRank() < 2 || rhs.getRank() < 2)
    return emitOptionalError(loc, "both operands need rank 2 or more, but have ", lhs.getRank(),
                             " and ", rhs.getRank());
  if (lhs.getElementType() != rhs.getElementType())
    return emitOptionalError(loc, "operands need one element type, but have ", lhs.getElementType(),
                             " and ", rhs.getElementType(), "; convert one by nn.cast");
  bool transposed = adaptor.getTransposeRhs();
  int64_t inner = rhs.getShape().take_back(2)[transposed ? 1 : 0];
  int64_t columns = rhs.getShape().take_back(2)[transposed ? 0 : 1];
  if (!agree(lhs.getShape().back(), inner))
    return emitOptionalError(loc, "inner sizes differ: the left rows have ", lhs.getShape().back(),
                             " elements, the right columns ", inner,
                             transposed ? "" : "; transpose_rhs reads the right side as [N, K]");
  auto shape = broadcastShapes(lhs.getShape().drop_back(2), rhs.getShape().drop_back(2));
  if (failed(shape))
    return emitOptionalError(
        loc, "leading dimensions do not broadcast: ", spell(lhs.getShape().drop_back(2)), " and ",
        spell(rhs.getShape().drop_back(2)));
  shape->push_back(lhs.getShape().take_back(2)[0]);
  shape->push_back(columns);
  types.push_back(RankedTensorType::get(*shape, lhs.getElementType()));
  return success();
}

LogicalResult MatmulOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  int64_t rank = getType().getRank();
  auto lhs = typeOf(getLhs()), rhs = typeOf(getRhs());
  for (int64_t i = 0; i < rank - 2; ++i) {
    int64_t fromLeft = i - (rank - lhs.getRank());
    bool left = fromLeft >= 0 && lhs.getDimSize(fromLeft) != 1;
    int64_t fromRight = i - (rank - rhs.getRank());
    if (left || fromRight < 0)
      sizes.push_back(dimOf(builder, getLoc(), getLhs(), fromLeft));
    else
      sizes.push_back(dimOf(builder, getLoc(), getRhs(), fromRight));
  }
  sizes.push_back(dimOf(builder, getLoc(), getLhs(), lhs.getRank() - 2));
  sizes.push_back(dimOf(builder, getLoc(), getRhs(), rhs.getRank() - (getTransposeRhs() ? 2 : 1)));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult LinearOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), weight = typeOf(adaptor.getWeight());
  if (input.getRank() < 1 || weight.getRank() != 2)
    return emitOptionalError(loc,
                             "needs an input of rank 1 or more and a weight of rank 2, but "
                             "they have ",
                             input.getRank(), " and ", weight.getRank());
  if (input.getElementType() != weight.getElementType())
    return emitOptionalError(loc, "input and weight need one element type, but have ",
                             input.getElementType(), " and ", weight.getElementType());
  int64_t inner = weight.getDimSize(adaptor.getInputMajor() ? 0 : 1);
  int64_t outer = weight.getDimSize(adaptor.getInputMajor() ? 1 : 0);
  if (!agree(input.getShape().back(), inner))
    return emitOptionalError(loc, "input has ", input.getShape().back(),
                             " elements in its last dimension, the weight takes ", inner,
                             adaptor.getInputMajor() ? "; without input_major it is [N, K]"
                                                     : "; with input_major it is [K, N]");
  if (failed(checkParameter(loc, adaptor.getBias(), "bias", adaptor.getInput(), {outer})))
    return failure();
  auto groupSize = adaptor.getGroupSize();
  bool inGroups = adaptor.getPrecision() && (*adaptor.getPrecision() == Precision::int8_weights ||
                                             *adaptor.getPrecision() == Precision::int4_weights);
  if (groupSize.has_value() != inGroups)
    return emitOptionalError(
        loc, "group_size goes with the precisions int8_weights and int4_weights, and they with it");
  if (groupSize && !isGroupSize(*groupSize))
    return emitOptionalError(loc, notAGroupSize, *groupSize);
  SmallVector<int64_t> shape(input.getShape());
  shape.back() = outer;
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult LinearOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getInput());
  sizes.back() = dimOf(builder, getLoc(), getWeight(), getInputMajor() ? 1 : 0);
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), weight = typeOf(adaptor.getWeight());
  int64_t spatial = input.getRank() - 2;
  if (spatial < 1 || spatial > 3)
    return emitOptionalError(loc, "input needs rank 3 to 5, but has ", input.getRank());
  if (weight.getRank() != input.getRank())
    return emitOptionalError(loc, "weight needs the input's rank, ", input.getRank(), ", but has ",
                             weight.getRank());
  if (input.getElementType() != weight.getElementType())
    return emitOptionalError(loc, "input and weight need one element type, but have ",
                             input.getElementType(), " and ", weight.getElementType());
  if (!weight.hasStaticShape() || llvm::is_contained(weight.getShape().drop_front(2), 0))
    return emitOptionalError(loc, "weight needs a static shape and a kernel of positive sizes");
  Window window{weight.getShape().drop_front(2), adaptor.getStrides(), adaptor.getPadding(),
                adaptor.getDilations(), /*ceilMode=*/false};
  if (failed(window.verify(loc, spatial)))
    return failure();
  int64_t groups = adaptor.getGroups(), outputs = weight.getDimSize(0);
  bool last = adaptor.getLayout() == ConvLayout::channels_last;
  int64_t channels = input.getDimSize(last ? spatial + 1 : 1);
  if (groups < 1 || outputs % groups != 0)
    return emitOptionalError(loc, "groups must be positive and divide the ", outputs,
                             " outputs, but is ", groups);
  if (!agree(channels, weight.getDimSize(1) * groups))
    return emitOptionalError(loc, "input has ", channels, " channels, the weight takes ",
                             weight.getDimSize(1) * groups);
  if (failed(checkParameter(loc, adaptor.getBias(), "bias", adaptor.getInput(), {outputs})))
    return failure();
  SmallVector<int64_t> shape(input.getShape());
  if (failed(window.inferSizes(loc, shape, last ? 1 : 2)))
    return failure();
  shape[last ? spatial + 1 : 1] = outputs;
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult ConvOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getInput());
  bool last = getLayout() == ConvLayout::channels_last;
  Window window{typeOf(getWeight()).getShape().drop_front(2), getStrides(), getPadding(),
                getDilations(), /*ceilMode=*/false};
  window.reifySizes(builder, getLoc(), sizes, last ? 1 : 2);
  sizes[last ? sizes.size() - 1 : 1] = builder.getIndexAttr(typeOf(getWeight()).getDimSize(0));
  shapes.push_back(std::move(sizes));
  return success();
}

/// Into how many pieces of `size` a length falls; unknown where the length is.
static int64_t piecesOf(int64_t length, int64_t size) {
  return ShapedType::isDynamic(length) ? length
                                       : static_cast<int64_t>(llvm::divideCeil(length, size));
}

/// The constraints on which keys an attention of queries `q` and keys `k` sees, other than its
/// mask.
static LogicalResult checkVisibility(std::optional<Location> loc, AttentionOp::Adaptor adaptor,
                                     ArrayRef<int64_t> q, ArrayRef<int64_t> k) {
  auto window = adaptor.getWindow();
  if (window && (*window < 1 || *window >= parameterLimit))
    return emitOptionalError(loc, "window must be positive and below 2^31, but is ", *window);
  for (auto [name, numbers] : {std::pair<StringRef, Value>("lengths", adaptor.getLengths()),
                               {"start", adaptor.getStart()}})
    if (numbers && !broadcastsTo(typeOf(numbers).getShape(), q.take_front()))
      return emitOptionalError(loc, name, " must be one number or one of each batch entry, [",
                               spell(q[0]), "], but has the shape ",
                               spell(typeOf(numbers).getShape()));
  if (adaptor.getStart() && !adaptor.getCausal() && !window)
    return emitOptionalError(loc, "start says where queries stand, which only causal attention or "
                                  "a window asks");
  auto size = adaptor.getBlockSize();
  Value blocks = adaptor.getBlocks();
  if (size.has_value() != static_cast<bool>(blocks))
    return emitOptionalError(loc, "blocks and block_size are given together or not at all");
  if (!size)
    return success();
  if (*size < 1 || *size >= parameterLimit)
    return emitOptionalError(loc, "block_size must be positive and below 2^31, but is ", *size);
  int64_t wanted[] = {q[0], q[1], piecesOf(q[2], *size), piecesOf(k[2], *size)};
  if (!broadcastsTo(typeOf(blocks).getShape(), wanted))
    return emitOptionalError(loc, "blocks ", spell(typeOf(blocks).getShape()),
                             " do not broadcast to [batch, heads, blocks of queries, blocks of "
                             "keys], ",
                             spell(wanted));
  return success();
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto query = typeOf(adaptor.getQuery()), key = typeOf(adaptor.getKey()),
       value = typeOf(adaptor.getValue());
  if (query.getRank() != 4 || key.getRank() != 4 || value.getRank() != 4)
    return emitOptionalError(loc, "query, key and value need rank 4, but have ", query.getRank(),
                             ", ", key.getRank(), " and ", value.getRank());
  if (query.getElementType() != key.getElementType() ||
      query.getElementType() != value.getElementType())
    return emitOptionalError(loc, "query, key and value need one element type, but have ",
                             query.getElementType(), ", ", key.getElementType(), " and ",
                             value.getElementType());
  auto q = query.getShape(), k = key.getShape(), v = value.getShape();
  if (!agree(q[0], k[0]) || !agree(q[0], v[0]))
    return emitOptionalError(loc, "query, key and value differ in batch size: ", spell(q[0]), ", ",
                             spell(k[0]), " and ", spell(v[0]));
  if (ShapedType::isDynamic(q[1]) || ShapedType::isDynamic(k[1]) || k[1] != v[1] || k[1] == 0 ||
      q[1] % k[1] != 0)
    return emitOptionalError(loc, "the number of query heads, ", spell(q[1]),
                             ", must be a multiple of the one number of key and value heads, ",
                             spell(k[1]), " and ", spell(v[1]));
  if (!agree(k[2], v[2]))
    return emitOptionalError(loc, "key and value differ in length: ", k[2], " and ", v[2]);
  if (!agree(q[3], k[3]))
    return emitOptionalError(loc, "query and key differ in head size: ", q[3], " and ", k[3]);
  if (Value mask = adaptor.getMask()) {
    int64_t scores[] = {q[0], q[1], q[2], k[2]};
    if (!broadcastsTo(typeOf(mask).getShape(), scores))
      return emitOptionalError(loc, "mask ", spell(typeOf(mask).getShape()),
                               " does not broadcast to [batch, heads, queries, keys], ",
                               spell(scores));
    Type element = typeOf(mask).getElementType();
    if (!element.isInteger(1) && !isa<FloatType>(element))
      return emitOptionalError(loc, "mask must hold floats to add or bools, but holds ", element);
  }
  if (failed(checkVisibility(loc, adaptor, q, k)))
    return failure();
  Type element = query.getElementType();
  auto span = adaptor.getSpan();
  if (!span) {
    types.push_back(RankedTensorType::get({q[0], q[1], q[2], v[3]}, element));
    return success();
  }
  if (*span < 1 || *span >= parameterLimit)
    return emitOptionalError(loc, "span must be positive and below 2^31, but is ", *span);
  int64_t width = ShapedType::isDynamic(v[3]) ? v[3] : v[3] + 2;
  types.push_back(
      RankedTensorType::get({q[0], q[1], q[2], piecesOf(k[2], *span), width},
                            element.isF64() ? element : Float32Type::get(element.getContext())));
  return success();
}

LogicalResult AttentionOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getQuery());
  sizes[3] = dimOf(builder, getLoc(), getValue(), 3);
  if (std::optional<uint64_t> span = getSpan()) {
    auto number = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(builder, getLoc(), value);
    };
    Value keys =
        getValueOrCreateConstantIndexOp(builder, getLoc(), dimOf(builder, getLoc(), getKey(), 2));
    Value width = getValueOrCreateConstantIndexOp(builder, getLoc(), sizes[3]);
    sizes[3] = builder.createOrFold<arith::CeilDivSIOp>(getLoc(), keys,
                                                        number(static_cast<int64_t>(*span)));
    sizes.push_back(builder.createOrFold<arith::AddIOp>(getLoc(), width, number(2)));
    for (OpFoldResult &size : sizes)
      if (auto constant = getConstantIntValue(size))
        size = builder.getIndexAttr(*constant);
  }
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult AttentionMergeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                                 Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto parts = typeOf(adaptor.getParts());
  if (parts.getRank() != 5 || parts.isDynamicDim(4) || parts.getDimSize(4) < 2)
    return emitOptionalError(loc,
                             "parts need rank 5 and a static last dimension of at least 2, but "
                             "have the shape ",
                             spell(parts.getShape()));
  auto sizes = parts.getShape();
  types.push_back(
      RankedTensorType::get({sizes[0], sizes[1], sizes[2], sizes[4] - 2}, parts.getElementType()));
  return success();
}

LogicalResult AttentionMergeOp::reifyResultShapes(OpBuilder &builder,
                                                  ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getParts());
  sizes.pop_back();
  sizes.back() = builder.getIndexAttr(getType().getDimSize(3));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult RotaryOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), positions = typeOf(adaptor.getPositions());
  if (input.getRank() < 2 || ShapedType::isDynamic(input.getShape().back()))
    return emitOptionalError(loc, "input needs rank 2 or more and a static last dimension");
  bool perSample = positions.getRank() == 2;
  if ((positions.getRank() != 1 && !perSample) ||
      !agree(positions.getShape().back(), input.getShape().take_back(2)[0]))
    return emitOptionalError(loc, "positions must be [S] or [B, S] with S the input's ",
                             spell(input.getShape().take_back(2)[0]), ", but are ",
                             spell(positions.getShape()));
  if (perSample && (input.getRank() < 3 || !agree(positions.getDimSize(0), input.getDimSize(0))))
    return emitOptionalError(loc,
                             "positions of rank 2 must start with the batch dimension of an "
                             "input of rank 3 or more, but are ",
                             spell(positions.getShape()), " for ", spell(input.getShape()));
  int64_t rotated = adaptor.getDim().value_or(input.getShape().back());
  if (rotated < 2 || rotated % 2 != 0 || rotated > input.getShape().back())
    return emitOptionalError(loc,
                             "the number of rotated elements must be even, positive and at most ",
                             input.getShape().back(), ", but is ", rotated);
  types.push_back(input);
  return success();
}

LogicalResult RotaryOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}
