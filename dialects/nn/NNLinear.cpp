//===- NNLinear.cpp - types and sizes of matmul-like operations ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/Window.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace nacre::nn;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// True where two sizes can be the same number.
static bool agree(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto lhs = typeOf(adaptor.getLhs()), rhs = typeOf(adaptor.getRhs());
  if (lhs.getRank() < 2 || rhs.getRank() < 2)
    return emitOptionalError(loc, "both operands need rank 2 or more, but have ", lhs.getRank(),
                             " and ", rhs.getRank());
  if (lhs.getElementType() != rhs.getElementType())
    return emitOptionalError(loc, "operands need one element type");
  bool transposed = adaptor.getTransposeRhs();
  int64_t inner = rhs.getShape().take_back(2)[transposed ? 1 : 0];
  int64_t columns = rhs.getShape().take_back(2)[transposed ? 0 : 1];
  if (!agree(lhs.getShape().back(), inner))
    return emitOptionalError(loc, "inner dimensions differ: ", lhs.getShape().back(), " and ",
                             inner);
  auto shape = broadcastShapes(lhs.getShape().drop_back(2), rhs.getShape().drop_back(2));
  if (failed(shape))
    return emitOptionalError(loc, "leading dimensions do not broadcast");
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
  sizes.push_back(
      dimOf(builder, getLoc(), getRhs(), rhs.getRank() - (getTransposeRhs() ? 2 : 1)));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult LinearOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), weight = typeOf(adaptor.getWeight());
  if (input.getRank() < 1 || weight.getRank() != 2)
    return emitOptionalError(loc, "needs an input of rank 1 or more and a weight of rank 2");
  if (input.getElementType() != weight.getElementType())
    return emitOptionalError(loc, "input and weight need one element type");
  int64_t inner = weight.getDimSize(adaptor.getInputMajor() ? 0 : 1);
  int64_t outer = weight.getDimSize(adaptor.getInputMajor() ? 1 : 0);
  if (!agree(input.getShape().back(), inner))
    return emitOptionalError(loc, "input has ", input.getShape().back(),
                             " elements in its last dimension, the weight takes ", inner);
  if (Value bias = adaptor.getBias())
    if (typeOf(bias).getRank() != 1 || !agree(typeOf(bias).getDimSize(0), outer) ||
        typeOf(bias).getElementType() != input.getElementType())
      return emitOptionalError(loc, "bias must be a rank-1 tensor of ", outer, " elements");
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
  if (weight.getRank() != input.getRank() || input.getElementType() != weight.getElementType())
    return emitOptionalError(loc, "weight needs the input's rank and element type");
  if (!weight.hasStaticShape())
    return emitOptionalError(loc, "weight needs a static shape");
  Window window{weight.getShape().drop_front(2), adaptor.getStrides(), adaptor.getPadding(),
                adaptor.getDilations(), /*ceilMode=*/false};
  if (failed(window.verify(loc, spatial)))
    return failure();
  int64_t groups = adaptor.getGroups(), outputs = weight.getDimSize(0);
  bool last = adaptor.getLayout() == ConvLayout::channels_last;
  int64_t channels = input.getDimSize(last ? spatial + 1 : 1);
  if (groups < 1 || outputs % groups != 0)
    return emitOptionalError(loc, "groups must be positive and divide the ", outputs, " outputs");
  if (!agree(channels, weight.getDimSize(1) * groups))
    return emitOptionalError(loc, "input has ", channels, " channels, the weight takes ",
                             weight.getDimSize(1) * groups);
  if (Value bias = adaptor.getBias())
    if (typeOf(bias).getRank() != 1 || !agree(typeOf(bias).getDimSize(0), outputs) ||
        typeOf(bias).getElementType() != input.getElementType())
      return emitOptionalError(loc, "bias must be a rank-1 tensor of ", outputs, " elements");
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

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto query = typeOf(adaptor.getQuery()), key = typeOf(adaptor.getKey()),
       value = typeOf(adaptor.getValue());
  if (query.getRank() != 4 || key.getRank() != 4 || value.getRank() != 4)
    return emitOptionalError(loc, "query, key and value need rank 4");
  if (query.getElementType() != key.getElementType() ||
      query.getElementType() != value.getElementType())
    return emitOptionalError(loc, "query, key and value need one element type");
  auto q = query.getShape(), k = key.getShape(), v = value.getShape();
  if (!agree(q[0], k[0]) || !agree(q[0], v[0]))
    return emitOptionalError(loc, "query, key and value differ in batch size");
  if (!agree(k[1], v[1]) || ShapedType::isDynamic(q[1]) || ShapedType::isDynamic(k[1]) ||
      k[1] == 0 || q[1] % k[1] != 0)
    return emitOptionalError(loc, "the number of query heads, ", q[1],
                             ", must be a multiple of the number of key and value heads, ", k[1]);
  if (!agree(k[2], v[2]))
    return emitOptionalError(loc, "key and value differ in length");
  if (!agree(q[3], k[3]))
    return emitOptionalError(loc, "query and key differ in head size: ", q[3], " and ", k[3]);
  if (Value mask = adaptor.getMask()) {
    int64_t scores[] = {q[0], q[1], q[2], k[2]};
    auto shape = broadcastShapes(typeOf(mask).getShape(), scores);
    if (failed(shape) || shape->size() != 4)
      return emitOptionalError(loc, "mask does not broadcast to [batch, heads, queries, keys]");
    if (!typeOf(mask).getElementType().isInteger(1) && !isa<FloatType>(typeOf(mask).getElementType()))
      return emitOptionalError(loc, "mask must hold floats to add or bools");
  }
  types.push_back(RankedTensorType::get({q[0], q[1], q[2], v[3]}, query.getElementType()));
  return success();
}

LogicalResult AttentionOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getQuery());
  sizes[3] = dimOf(builder, getLoc(), getValue(), 3);
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult RotaryOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), positions = typeOf(adaptor.getPositions());
  if (input.getRank() < 2 || ShapedType::isDynamic(input.getShape().back()))
    return emitOptionalError(loc, "input needs rank 2 or more and a static last dimension");
  if (positions.getRank() < 1 || positions.getRank() > 2 ||
      !agree(positions.getShape().back(), input.getShape().take_back(2)[0]))
    return emitOptionalError(loc, "positions must be [S] or [B, S] with the input's S");
  if (positions.getRank() == 2 && (input.getRank() < 3 || !agree(positions.getDimSize(0), input.getDimSize(0))))
    return emitOptionalError(loc, "positions of rank 2 must start with the input's first dimension");
  int64_t rotated = adaptor.getDim().value_or(input.getShape().back());
  if (rotated < 2 || rotated % 2 != 0 || rotated > input.getShape().back())
    return emitOptionalError(loc, "the number of rotated elements must be even, positive and at most ",
                             input.getShape().back(), ", but is ", rotated);
  types.push_back(input);
  return success();
}

LogicalResult RotaryOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}
