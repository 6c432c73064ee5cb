//===- NNReduce.cpp - types and sizes of reductions, norms and pools -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"
#include "dialects/nn/Window.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace nacre::nn;

/// Result sizes equal to those of the first operand.
static LogicalResult reifyLikeInput(OpBuilder &builder, Operation *op,
                                    ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, op->getLoc(), op->getOperand(0)));
  return success();
}

static LogicalResult checkEpsilon(std::optional<Location> loc, const APFloat &epsilon) {
  if (!epsilon.isFinite() || (epsilon.isNegative() && !epsilon.isZero()))
    return emitOptionalError(loc, "epsilon must be a number that is not negative, but is ",
                             epsilon.convertToDouble());
  return success();
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  SmallVector<bool> reduced(input.getRank(), false);
  for (int64_t axis : adaptor.getAxes()) {
    if (axis < 0 || axis >= input.getRank() || reduced[axis])
      return emitOptionalError(loc, "axis ", axis, " is outside a rank-", input.getRank(),
                               " input or named twice");
    reduced[axis] = true;
  }
  if (adaptor.getKind() == Reduction::mean && !isa<FloatType>(input.getElementType()))
    return emitOptionalError(loc, "mean takes floats, but the input holds ", input.getElementType(),
                             "; convert it by nn.cast");
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < input.getRank(); ++i)
    if (!reduced[i])
      shape.push_back(input.getDimSize(i));
    else if (adaptor.getKeepDims())
      shape.push_back(1);
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult ReduceOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t i = 0; i < getInput().getType().getRank(); ++i)
    if (!llvm::is_contained(getAxes(), i))
      sizes.push_back(dimOf(builder, getLoc(), getInput(), i));
    else if (getKeepDims())
      sizes.push_back(builder.getIndexAttr(1));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                          Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  int64_t axis = adaptor.getAxis();
  if (axis < 0 || axis >= input.getRank())
    return emitOptionalError(loc, "axis ", axis, " is outside a rank-", input.getRank(), " tensor");
  types.push_back(input);
  return success();
}

LogicalResult SoftmaxOp::reifyResultShapes(OpBuilder &builder,
                                           ReifiedRankedShapedTypeDims &shapes) {
  return reifyLikeInput(builder, *this, shapes);
}

LogicalResult LayerNormOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  int64_t count = adaptor.getNormalizedDims();
  if (count < 1 || count > input.getRank())
    return emitOptionalError(loc, "normalized_dims must be between 1 and the rank, ",
                             input.getRank(), ", but is ", count);
  auto sizes = input.getShape().take_back(count);
  if (failed(checkEpsilon(loc, adaptor.getEpsilon())) ||
      failed(checkParameter(loc, adaptor.getScale(), "scale", adaptor.getInput(), sizes)) ||
      failed(checkParameter(loc, adaptor.getBias(), "bias", adaptor.getInput(), sizes)))
    return failure();
  types.push_back(input);
  return success();
}

LogicalResult LayerNormOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyLikeInput(builder, *this, shapes);
}

LogicalResult RmsNormOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                          Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  if (input.getRank() < 1)
    return emitOptionalError(loc, "input needs rank 1 or more");
  if (failed(checkEpsilon(loc, adaptor.getEpsilon())) ||
      failed(checkParameter(loc, adaptor.getScale(), "scale", adaptor.getInput(),
                            input.getShape().take_back(1))))
    return failure();
  types.push_back(input);
  return success();
}

LogicalResult RmsNormOp::reifyResultShapes(OpBuilder &builder,
                                           ReifiedRankedShapedTypeDims &shapes) {
  return reifyLikeInput(builder, *this, shapes);
}

LogicalResult BatchNormOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  int64_t axis = adaptor.getAxis();
  if (axis < 0 || axis >= input.getRank())
    return emitOptionalError(loc, "axis ", axis, " is outside a rank-", input.getRank(), " tensor");
  auto sizes = input.getShape().slice(axis, 1);
  Value in = adaptor.getInput();
  if (failed(checkEpsilon(loc, adaptor.getEpsilon())) ||
      failed(checkParameter(loc, adaptor.getMean(), "mean", in, sizes)) ||
      failed(checkParameter(loc, adaptor.getVariance(), "variance", in, sizes)) ||
      failed(checkParameter(loc, adaptor.getScale(), "scale", in, sizes)) ||
      failed(checkParameter(loc, adaptor.getBias(), "bias", in, sizes)))
    return failure();
  types.push_back(input);
  return success();
}

LogicalResult BatchNormOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyLikeInput(builder, *this, shapes);
}

LogicalResult GroupNormOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  if (input.getRank() < 2 || input.isDynamicDim(1))
    return emitOptionalError(loc, "input needs rank 2 or more and a static number of channels");
  int64_t channels = input.getDimSize(1), groups = adaptor.getGroups();
  if (groups < 1 || channels % groups != 0)
    return emitOptionalError(loc, "groups must be positive and divide the ", channels,
                             " channels, but is ", groups);
  if (failed(checkEpsilon(loc, adaptor.getEpsilon())) ||
      failed(checkParameter(loc, adaptor.getScale(), "scale", adaptor.getInput(), {channels})) ||
      failed(checkParameter(loc, adaptor.getBias(), "bias", adaptor.getInput(), {channels})))
    return failure();
  types.push_back(input);
  return success();
}

LogicalResult GroupNormOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyLikeInput(builder, *this, shapes);
}

LogicalResult PoolOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  int64_t spatial = input.getRank() - 2;
  if (spatial < 1 || spatial > 3)
    return emitOptionalError(loc, "input needs rank 3 to 5, but has ", input.getRank());
  Window window{adaptor.getKernel(), adaptor.getStrides(), adaptor.getPadding(),
                adaptor.getDilations(), adaptor.getCeilMode()};
  if (failed(window.verify(loc, spatial)))
    return failure();
  SmallVector<int64_t> shape(input.getShape());
  if (failed(
          window.inferSizes(loc, shape, adaptor.getLayout() == ConvLayout::channels_last ? 1 : 2)))
    return failure();
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult PoolOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getInput());
  Window window{getKernel(), getStrides(), getPadding(), getDilations(), getCeilMode()};
  window.reifySizes(builder, getLoc(), sizes, getLayout() == ConvLayout::channels_last ? 1 : 2);
  shapes.push_back(std::move(sizes));
  return success();
}
