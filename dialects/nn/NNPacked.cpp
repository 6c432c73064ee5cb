//===- NNPacked.cpp - matrix products of packed weights --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/Window.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace nacre::nn;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

LogicalResult PackOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  int64_t panel = adaptor.getPanel();
  if (input.getRank() < 2 || !input.hasStaticShape() || panel < 1)
    return emitOptionalError(loc, "needs a static input of rank 2 or more and a positive panel");
  SmallVector<int64_t> shape(input.getShape().drop_back(2));
  auto [n, k] = std::pair(input.getShape().take_back(2)[0], input.getShape().back());
  llvm::append_values(shape, llvm::divideCeil(n, panel), k, panel);
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult PackOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getAsIndexOpFoldResult(builder.getContext(), getType().getShape()));
  return success();
}

/// Checks that `outputs` columns fit the last panel exactly and that the bias agrees.
static LogicalResult checkPanels(std::optional<Location> loc, int64_t outputs, int64_t panels,
                                 int64_t panel, Value bias) {
  if (outputs < 1 || llvm::divideCeil(outputs, panel) != static_cast<uint64_t>(panels))
    return emitOptionalError(loc, outputs, " outputs do not fill ", panels, " panels of ", panel);
  if (bias && typeOf(bias).getRank() != 1)
    return emitOptionalError(loc, "bias must have rank 1");
  return success();
}

LogicalResult PackedLinearOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                               Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), weight = typeOf(adaptor.getWeight());
  if (input.getRank() < 1 || weight.getRank() != 3 || !weight.hasStaticShape())
    return emitOptionalError(loc, "needs an input of rank 1 or more and a static weight of rank 3");
  if (input.getShape().back() != weight.getDimSize(1))
    return emitOptionalError(loc, "input has ", input.getShape().back(),
                             " elements in its last dimension, the weight takes ",
                             weight.getDimSize(1));
  if (failed(checkPanels(loc, adaptor.getOutputs(), weight.getDimSize(0), weight.getDimSize(2),
                         adaptor.getBias())))
    return failure();
  SmallVector<int64_t> shape(input.getShape());
  shape.back() = adaptor.getOutputs();
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult PackedLinearOp::reifyResultShapes(OpBuilder &builder,
                                                ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getInput());
  sizes.back() = builder.getIndexAttr(getOutputs());
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult PackedConvOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                             Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), weight = typeOf(adaptor.getWeight());
  int64_t spatial = input.getRank() - 2;
  if (spatial < 1 || spatial > 3 || weight.getRank() != 4 || !weight.hasStaticShape())
    return emitOptionalError(loc, "needs an input of rank 3 to 5 and a static weight of rank 4");
  SmallVector<int64_t> padding(2 * spatial, 0);
  Window window{adaptor.getKernel(), adaptor.getStrides(), padding, adaptor.getDilations(),
                /*ceilMode=*/false};
  if (failed(window.verify(loc, spatial)))
    return failure();
  int64_t groups = weight.getDimSize(0), taps = 1;
  for (int64_t size : adaptor.getKernel())
    taps *= size;
  if (input.getShape().back() * taps != weight.getDimSize(2) * groups)
    return emitOptionalError(loc, "input has ", input.getShape().back(),
                             " channels, the weight takes ", weight.getDimSize(2) * groups / taps);
  if (adaptor.getOutputs() % groups != 0)
    return emitOptionalError(loc, groups, " groups do not divide ", adaptor.getOutputs(),
                             " outputs");
  if (failed(checkPanels(loc, adaptor.getOutputs() / groups, weight.getDimSize(1),
                         weight.getDimSize(3), adaptor.getBias())))
    return failure();
  SmallVector<int64_t> shape(input.getShape());
  if (failed(window.inferSizes(loc, shape, 1)))
    return failure();
  shape.back() = adaptor.getOutputs();
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult PackedConvOp::reifyResultShapes(OpBuilder &builder,
                                              ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getInput());
  SmallVector<int64_t> padding(2 * getKernel().size(), 0);
  Window window{getKernel(), getStrides(), padding, getDilations(), /*ceilMode=*/false};
  window.reifySizes(builder, getLoc(), sizes, 1);
  sizes.back() = builder.getIndexAttr(getOutputs());
  shapes.push_back(std::move(sizes));
  return success();
}
