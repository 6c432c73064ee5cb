//===- NNLinear.cpp - types and sizes of matmul-like operations ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"
#include "dialects/nn/Window.h"

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
