//===- NNElementwise.cpp - types and sizes of element-wise operations ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace nacre::nn;

/// The broadcast of all operands' shapes with the given element type.
static LogicalResult inferBroadcast(std::optional<Location> loc, ValueRange operands, Type element,
                                    SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> shape;
  for (Value operand : operands) {
    auto type = cast<RankedTensorType>(operand.getType());
    int64_t where = 0;
    auto joined = broadcastShapes(shape, type.getShape(), &where);
    if (failed(joined))
      return emitOptionalError(loc, "shapes do not broadcast: ", spell(shape), " and ",
                               spell(type.getShape()), " differ in dimension ", where,
                               " of the result; a dimension repeats only where it is statically 1");
    shape = std::move(*joined);
  }
  types.push_back(RankedTensorType::get(shape, element));
  return success();
}

static LogicalResult inferSameElement(std::optional<Location> loc, ValueRange operands,
                                      SmallVectorImpl<Type> &types) {
  Type element = getElementTypeOrSelf(operands.front());
  for (Value operand : operands)
    if (getElementTypeOrSelf(operand) != element)
      return emitOptionalError(loc, "operands need one element type, but have ", element, " and ",
                               getElementTypeOrSelf(operand), "; convert one by nn.cast");
  return inferBroadcast(loc, operands, element, types);
}

/// Result sizes of a broadcast: each from the first operand that is not statically 1 there.
static LogicalResult reifyBroadcast(OpBuilder &builder, Operation *op,
                                    ReifiedRankedShapedTypeDims &shapes) {
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<OpFoldResult> sizes;
  for (int64_t i = 0; i < result.getRank(); ++i) {
    if (!result.isDynamicDim(i)) {
      sizes.push_back(builder.getIndexAttr(result.getDimSize(i)));
      continue;
    }
    for (Value operand : op->getOperands()) {
      auto type = cast<RankedTensorType>(operand.getType());
      int64_t dimension = i - (result.getRank() - type.getRank());
      if (dimension < 0 || type.getDimSize(dimension) == 1)
        continue;
      sizes.push_back(dimOf(builder, op->getLoc(), operand, dimension));
      break;
    }
    if (static_cast<int64_t>(sizes.size()) != i + 1)
      return failure();
  }
  shapes.push_back(std::move(sizes));
  return success();
}

#define NACRE_ELEMENTWISE(OP)                                                                      \
  LogicalResult OP::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,  \
                                     SmallVectorImpl<Type> &types) {                               \
    return inferSameElement(loc, adaptor.getOperands(), types);                                    \
  }                                                                                                \
  LogicalResult OP::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {   \
    return reifyBroadcast(builder, getOperation(), shapes);                                        \
  }

NACRE_ELEMENTWISE(NegOp)
NACRE_ELEMENTWISE(AbsOp)
NACRE_ELEMENTWISE(SignOp)
NACRE_ELEMENTWISE(ExpOp)
NACRE_ELEMENTWISE(LogOp)
NACRE_ELEMENTWISE(SqrtOp)
NACRE_ELEMENTWISE(RsqrtOp)
NACRE_ELEMENTWISE(SinOp)
NACRE_ELEMENTWISE(CosOp)
NACRE_ELEMENTWISE(TanhOp)
NACRE_ELEMENTWISE(ErfOp)
NACRE_ELEMENTWISE(FloorOp)
NACRE_ELEMENTWISE(CeilOp)
NACRE_ELEMENTWISE(RoundOp)
NACRE_ELEMENTWISE(NotOp)
NACRE_ELEMENTWISE(SigmoidOp)
NACRE_ELEMENTWISE(ReluOp)
NACRE_ELEMENTWISE(SiluOp)
NACRE_ELEMENTWISE(SeluOp)
NACRE_ELEMENTWISE(SoftplusOp)
NACRE_ELEMENTWISE(GeluOp)
NACRE_ELEMENTWISE(LeakyReluOp)
NACRE_ELEMENTWISE(EluOp)
NACRE_ELEMENTWISE(AddOp)
NACRE_ELEMENTWISE(SubOp)
NACRE_ELEMENTWISE(MulOp)
NACRE_ELEMENTWISE(DivOp)
NACRE_ELEMENTWISE(ModOp)
NACRE_ELEMENTWISE(PowOp)
NACRE_ELEMENTWISE(MaximumOp)
NACRE_ELEMENTWISE(MinimumOp)
NACRE_ELEMENTWISE(AndOp)
NACRE_ELEMENTWISE(OrOp)
#undef NACRE_ELEMENTWISE

LogicalResult CompareOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                          Adaptor adaptor, SmallVectorImpl<Type> &types) {
  SmallVector<Type> joined;
  if (failed(inferSameElement(loc, adaptor.getOperands(), joined)))
    return failure();
  types.push_back(cast<RankedTensorType>(joined[0]).clone(IntegerType::get(context, 1)));
  return success();
}

LogicalResult CompareOp::reifyResultShapes(OpBuilder &builder,
                                           ReifiedRankedShapedTypeDims &shapes) {
  return reifyBroadcast(builder, getOperation(), shapes);
}

LogicalResult SelectOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  Type element = getElementTypeOrSelf(adaptor.getOnTrue());
  if (element != getElementTypeOrSelf(adaptor.getOnFalse()))
    return emitOptionalError(loc, "both values need one element type, but have ", element, " and ",
                             getElementTypeOrSelf(adaptor.getOnFalse()),
                             "; convert one by nn.cast");
  return inferBroadcast(loc, adaptor.getOperands(), element, types);
}

LogicalResult SelectOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyBroadcast(builder, getOperation(), shapes);
}

LogicalResult CastOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyBroadcast(builder, getOperation(), shapes);
}
