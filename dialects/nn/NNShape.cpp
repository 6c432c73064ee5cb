//===- NNShape.cpp - types and sizes of operations that move elements ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace nacre::nn;

/// The sizes of a result whose dynamic dimensions are given by index operands.
static LogicalResult reifyFromOperands(OpBuilder &builder, RankedTensorType type,
                                       ValueRange dynamicSizes,
                                       ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : type.getShape()) {
    if (!ShapedType::isDynamic(size)) {
      sizes.push_back(builder.getIndexAttr(size));
      continue;
    }
    sizes.push_back(dynamicSizes.front());
    dynamicSizes = dynamicSizes.drop_front();
  }
  shapes.push_back(std::move(sizes));
  return success();
}

static LogicalResult verifyDynamicSizes(Operation *op, RankedTensorType type, ValueRange sizes) {
  if (static_cast<size_t>(type.getNumDynamicDims()) != sizes.size())
    return op->emitOpError("needs one size operand per dynamic result dimension: ")
           << type.getNumDynamicDims() << " dynamic, " << sizes.size() << " given";
  return success();
}

LogicalResult ReshapeOp::verify() {
  if (getElementTypeOrSelf(getInput()) != getElementTypeOrSelf(getType()))
    return emitOpError("changes the element type; that is what nn.cast does");
  if (getInput().getType().hasStaticShape() && getType().hasStaticShape() &&
      getInput().getType().getNumElements() != getType().getNumElements())
    return emitOpError("changes the number of elements from ")
           << getInput().getType().getNumElements() << " to " << getType().getNumElements();
  return verifyDynamicSizes(*this, getType(), getDynamicSizes());
}

LogicalResult ReshapeOp::reifyResultShapes(OpBuilder &builder,
                                           ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromOperands(builder, getType(), getDynamicSizes(), shapes);
}

LogicalResult BroadcastOp::verify() {
  if (getElementTypeOrSelf(getInput()) != getElementTypeOrSelf(getType()))
    return emitOpError("changes the element type; that is what nn.cast does");
  if (!broadcastsTo(getInput().getType().getShape(), getType().getShape()))
    return emitOpError("cannot broadcast ")
           << getInput().getType() << " to " << getType()
           << ": a dimension repeats only where it is statically 1";
  return verifyDynamicSizes(*this, getType(), getDynamicSizes());
}

LogicalResult BroadcastOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromOperands(builder, getType(), getDynamicSizes(), shapes);
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  if (static_cast<int64_t>(permutation.size()) != input.getRank() ||
      !llvm::equal(sorted, llvm::seq<int64_t>(0, input.getRank())))
    return emitOptionalError(loc, "permutation must name each of ", input.getRank(),
                             " dimensions once");
  SmallVector<int64_t> shape;
  for (int64_t from : permutation)
    shape.push_back(input.getDimSize(from));
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult TransposeOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t from : getPermutation())
    sizes.push_back(dimOf(builder, getLoc(), getInput(), from));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  int64_t rank = input.getRank();
  if (static_cast<int64_t>(adaptor.getLow().size()) != rank ||
      static_cast<int64_t>(adaptor.getHigh().size()) != rank)
    return emitOptionalError(loc, "low and high need one number for each dimension of a rank-",
                             rank, " input, but have ", adaptor.getLow().size(), " and ",
                             adaptor.getHigh().size());
  auto outside = [](int64_t n) { return n < 0 || n >= parameterLimit; };
  if (llvm::any_of(adaptor.getLow(), outside) || llvm::any_of(adaptor.getHigh(), outside) ||
      llvm::any_of(input.getShape(), [](int64_t size) { return size > largestSize; }))
    return emitOptionalError(loc, "padding must not be negative, or as large as 2^31");
  if (adaptor.getValue().getType() != input.getElementType())
    return emitOptionalError(loc, "value has type ", adaptor.getValue().getType(),
                             " but the input holds ", input.getElementType());
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(input.isDynamicDim(i)
                        ? ShapedType::kDynamic
                        : input.getDimSize(i) + adaptor.getLow()[i] + adaptor.getHigh()[i]);
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult PadOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t i = 0; i < getType().getRank(); ++i) {
    if (!getType().isDynamicDim(i)) {
      sizes.push_back(builder.getIndexAttr(getType().getDimSize(i)));
      continue;
    }
    Value size = tensor::DimOp::create(builder, getLoc(), getInput(), i);
    Value extra = arith::ConstantIndexOp::create(builder, getLoc(), getLow()[i] + getHigh()[i]);
    sizes.push_back(arith::AddIOp::create(builder, getLoc(), size, extra).getResult());
  }
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto data = cast<RankedTensorType>(adaptor.getData().getType());
  auto indices = cast<RankedTensorType>(adaptor.getIndices().getType());
  int64_t axis = adaptor.getAxis();
  if (axis < 0 || axis >= data.getRank())
    return emitOptionalError(loc, "axis ", axis, " is outside a rank-", data.getRank(), " tensor");
  SmallVector<int64_t> shape(data.getShape().take_front(axis));
  llvm::append_range(shape, indices.getShape());
  llvm::append_range(shape, data.getShape().drop_front(axis + 1));
  types.push_back(RankedTensorType::get(shape, data.getElementType()));
  return success();
}

LogicalResult GatherOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  int64_t axis = getAxis();
  for (int64_t i = 0; i < axis; ++i)
    sizes.push_back(dimOf(builder, getLoc(), getData(), i));
  for (int64_t i = 0; i < getIndices().getType().getRank(); ++i)
    sizes.push_back(dimOf(builder, getLoc(), getIndices(), i));
  for (int64_t i = axis + 1; i < getData().getType().getRank(); ++i)
    sizes.push_back(dimOf(builder, getLoc(), getData(), i));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult IotaOp::verify() {
  if (getType().getRank() != 1)
    return emitOpError("result must have rank 1, but has ") << getType().getRank();
  if (getType().isDynamicDim(0) != static_cast<bool>(getDynamicSize()))
    return emitOpError("needs a size operand exactly where the result is dynamic");
  return success();
}

LogicalResult IotaOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromOperands(builder, getType(), getOperands(), shapes);
}
