//===- NNIndex.cpp - types and sizes of indices, order and random numbers --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace nacre::nn;

static LogicalResult checkAxis(std::optional<Location> loc, int64_t axis, RankedTensorType input) {
  if (axis < 0 || axis >= input.getRank())
    return emitOptionalError(loc, "axis ", axis, " is outside a rank-", input.getRank(), " tensor");
  return success();
}

static RankedTensorType indicesOf(ArrayRef<int64_t> shape, MLIRContext *context) {
  return RankedTensorType::get(shape, IntegerType::get(context, 64));
}

LogicalResult ArgReduceOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  if (failed(checkAxis(loc, adaptor.getAxis(), input)))
    return failure();
  if (adaptor.getKind() != Reduction::max && adaptor.getKind() != Reduction::min)
    return emitOptionalError(loc, "kind must be max or min, but is ",
                             stringifyReduction(adaptor.getKind()));
  SmallVector<int64_t> shape(input.getShape());
  auto axis = static_cast<int64_t>(adaptor.getAxis());
  if (adaptor.getKeepDims())
    shape[axis] = 1;
  else
    shape.erase(shape.begin() + axis);
  types.push_back(indicesOf(shape, context));
  return success();
}

LogicalResult ArgReduceOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t i = 0; i < getInput().getType().getRank(); ++i)
    if (i != static_cast<int64_t>(getAxis()))
      sizes.push_back(dimOf(builder, getLoc(), getInput(), i));
    else if (getKeepDims())
      sizes.push_back(builder.getIndexAttr(1));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult TopKOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                       Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  if (failed(checkAxis(loc, adaptor.getAxis(), input)))
    return failure();
  auto k = static_cast<int64_t>(adaptor.getK());
  int64_t size = input.getDimSize(adaptor.getAxis());
  if (k < 1 || k >= parameterLimit || (!ShapedType::isDynamic(size) && k > size))
    return emitOptionalError(loc, "k must be from 1 to the size of the dimension, ", spell(size),
                             ", but is ", k);
  SmallVector<int64_t> shape(input.getShape());
  shape[adaptor.getAxis()] = k;
  types.push_back(indicesOf(shape, context));
  return success();
}

LogicalResult TopKOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getInput());
  sizes[getAxis()] = builder.getIndexAttr(getK());
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult ArgSortOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                          Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  if (failed(checkAxis(loc, adaptor.getAxis(), input)))
    return failure();
  types.push_back(indicesOf(input.getShape(), context));
  return success();
}

LogicalResult ArgSortOp::reifyResultShapes(OpBuilder &builder,
                                           ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}

LogicalResult CumulativeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                             Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  if (failed(checkAxis(loc, adaptor.getAxis(), input)))
    return failure();
  if (adaptor.getKind() == Reduction::mean)
    return emitOptionalError(loc, "kind must be sum, prod, max or min, but is mean");
  if (input.getElementType().isInteger(1))
    return emitOptionalError(loc,
                             "takes numbers, but the input holds bools; convert it by nn.cast");
  types.push_back(input);
  return success();
}

LogicalResult CumulativeOp::reifyResultShapes(OpBuilder &builder,
                                              ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}

LogicalResult ScatterOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                          Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto data = typeOf(adaptor.getData()), indices = typeOf(adaptor.getIndices());
  auto updates = typeOf(adaptor.getUpdates());
  if (failed(checkAxis(loc, adaptor.getAxis(), data)))
    return failure();
  if (updates.getElementType() != data.getElementType())
    return emitOptionalError(loc, "updates hold ", updates.getElementType(), " but the data holds ",
                             data.getElementType());
  if (data.getElementType().isInteger(1) && adaptor.getMode() != ScatterMode::set)
    return emitOptionalError(loc, "bools can only be set, but the mode is ",
                             stringifyScatterMode(adaptor.getMode()));
  auto axis = static_cast<int64_t>(adaptor.getAxis());
  SmallVector<int64_t> shape(data.getShape().take_front(axis));
  llvm::append_range(shape, indices.getShape());
  llvm::append_range(shape, data.getShape().drop_front(axis + 1));
  bool fits = static_cast<int64_t>(shape.size()) == updates.getRank();
  for (size_t i = 0; fits && i < shape.size(); ++i)
    fits = agree(shape[i], updates.getDimSize(i));
  if (!fits)
    return emitOptionalError(loc, "updates have the shape ", spell(updates.getShape()),
                             ", but a gather of these indices gives ", spell(shape));
  types.push_back(data);
  return success();
}

LogicalResult ScatterOp::reifyResultShapes(OpBuilder &builder,
                                           ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getData()));
  return success();
}

LogicalResult TakeAlongOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto data = typeOf(adaptor.getData()), indices = typeOf(adaptor.getIndices());
  if (failed(checkAxis(loc, adaptor.getAxis(), data)))
    return failure();
  if (indices.getRank() != data.getRank())
    return emitOptionalError(loc, "indices have rank ", indices.getRank(),
                             " but the data has rank ", data.getRank());
  for (int64_t i = 0; i < data.getRank(); ++i)
    if (i != static_cast<int64_t>(adaptor.getAxis()) &&
        !agree(data.getDimSize(i), indices.getDimSize(i)))
      return emitOptionalError(loc, "dimension ", i, " is ", spell(data.getDimSize(i)),
                               " in the data but ", spell(indices.getDimSize(i)),
                               " in the indices");
  types.push_back(indices.clone(data.getElementType()));
  return success();
}

LogicalResult TakeAlongOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getIndices()));
  return success();
}

LogicalResult RandomOp::verify() {
  if (getKey().getType().getRank() != 0 || getOffset().getType().getRank() != 0)
    return emitOpError("key and offset must have rank 0, but have ")
           << getKey().getType().getRank() << " and " << getOffset().getType().getRank();
  Type element = getType().getElementType();
  bool fits = getKind() == RandomKind::bits
                  ? element.isSignlessInteger(32) || element.isSignlessInteger(64)
                  : isa<FloatType>(element);
  if (!fits)
    return emitOpError() << stringifyRandomKind(getKind())
                         << (getKind() == RandomKind::bits ? " are i32 or i64" : " gives floats")
                         << ", but the result holds " << element;
  if (static_cast<size_t>(getType().getNumDynamicDims()) != getDynamicSizes().size())
    return emitOpError("needs one size operand per dynamic result dimension: ")
           << getType().getNumDynamicDims() << " dynamic, " << getDynamicSizes().size() << " given";
  return success();
}

LogicalResult RandomOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  ValueRange dynamic = getDynamicSizes();
  for (int64_t size : getType().getShape()) {
    if (!ShapedType::isDynamic(size)) {
      sizes.push_back(builder.getIndexAttr(size));
      continue;
    }
    sizes.push_back(dynamic.front());
    dynamic = dynamic.drop_front();
  }
  shapes.push_back(std::move(sizes));
  return success();
}
