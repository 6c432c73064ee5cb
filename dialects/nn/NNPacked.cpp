//===- NNPacked.cpp - matrix products of packed weights --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/GroupedWeights.h"
#include "dialects/nn/Int8.h"
#include "dialects/nn/NN.h"
#include "dialects/nn/Shapes.h"
#include "dialects/nn/Window.h"
#include "dialects/nn/Winograd.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace nacre::nn;

LogicalResult PackOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  int64_t panel = adaptor.getPanel();
  if (input.getRank() < 2 || !input.hasStaticShape())
    return emitOptionalError(loc, "needs an input of static shape and rank 2 or more, but has ",
                             input);
  if (panel < 1 || panel >= parameterLimit)
    return emitOptionalError(loc, "panel must be positive and below 2^31, but is ", panel);
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

/// Checks that `outputs` columns need exactly `panels` panels.
static LogicalResult checkPanels(std::optional<Location> loc, int64_t outputs, int64_t panels,
                                 int64_t panel) {
  if (outputs < 1 || panel < 1 || llvm::divideCeil(outputs, panel) != static_cast<uint64_t>(panels))
    return emitOptionalError(loc, outputs, " outputs do not fill ", panels, " panels of ", panel);
  return success();
}

LogicalResult PackedLinearOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                               Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), weight = typeOf(adaptor.getWeight());
  if (input.getRank() < 1 || weight.getRank() != 3 || !weight.hasStaticShape())
    return emitOptionalError(loc, "needs an input of rank 1 or more and a static weight of rank 3");
  if (input.getShape().back() != weight.getDimSize(1))
    return emitOptionalError(loc, "input has ", spell(input.getShape().back()),
                             " elements in its last dimension, the weight takes ",
                             weight.getDimSize(1));
  int64_t outputs = adaptor.getOutputs();
  if (failed(checkPanels(loc, outputs, weight.getDimSize(0), weight.getDimSize(2))) ||
      failed(checkParameter(loc, adaptor.getBias(), "bias", adaptor.getInput(), {outputs})))
    return failure();
  SmallVector<int64_t> shape(input.getShape());
  shape.back() = outputs;
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

/// Checks a depth that 8-bit products are summed over.
static LogicalResult checkInt8Depth(std::optional<Location> loc, int64_t depth) {
  if (depth < 0 || depth > nacre::nn::int8DepthLimit)
    return emitOptionalError(loc, "sums of ", spell(depth),
                             " products of bytes may not fit 32 bits; at most ", int8DepthLimit);
  return success();
}

LogicalResult QuantizeRowsOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                               Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  if (input.getRank() < 1 || input.isDynamicDim(input.getRank() - 1))
    return emitOptionalError(loc,
                             "needs an input of rank 1 or more and a static last dimension, "
                             "but has ",
                             input);
  if (failed(checkInt8Depth(loc, input.getShape().back())))
    return failure();
  SmallVector<int64_t> shape(input.getShape());
  shape.back() = int8RowBytes(shape.back());
  types.push_back(RankedTensorType::get(shape, IntegerType::get(context, 8)));
  return success();
}

LogicalResult QuantizeRowsOp::reifyResultShapes(OpBuilder &builder,
                                                ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getInput());
  sizes.back() = builder.getIndexAttr(cast<RankedTensorType>(getType()).getShape().back());
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult PackInt8Op::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                           Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  int64_t panel = adaptor.getPanel();
  if (input.getRank() != 2 || !input.hasStaticShape())
    return emitOptionalError(loc, "needs an input of static shape and rank 2, but has ", input);
  if (panel < 1 || panel >= 1 << 16)
    return emitOptionalError(loc, "panel must be positive and below 2^16, but is ", panel);
  if (failed(checkInt8Depth(loc, input.getDimSize(1))))
    return failure();
  int64_t panels = llvm::divideCeil(input.getDimSize(0), panel);
  types.push_back(RankedTensorType::get({panels, int8PanelBytes(input.getDimSize(1), panel)},
                                        IntegerType::get(context, 8)));
  return success();
}

LogicalResult PackInt8Op::reifyResultShapes(OpBuilder &builder,
                                            ReifiedRankedShapedTypeDims &shapes) {
  auto type = cast<RankedTensorType>(getType());
  shapes.push_back(getAsIndexOpFoldResult(builder.getContext(), type.getShape()));
  return success();
}

LogicalResult PackedLinearInt8Op::inferReturnTypes(MLIRContext *context,
                                                   std::optional<Location> loc, Adaptor adaptor,
                                                   SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), weight = typeOf(adaptor.getWeight());
  int64_t outputs = adaptor.getOutputs(), depth = adaptor.getDepth(), panel = adaptor.getPanel();
  if (input.getRank() < 1 || weight.getRank() != 2 || !weight.hasStaticShape())
    return emitOptionalError(loc, "needs an input of rank 1 or more and a static weight of rank 2");
  if (depth < 0 || depth > int8DepthLimit || input.getShape().back() != int8RowBytes(depth))
    return emitOptionalError(loc, "rows of ", spell(input.getShape().back()),
                             " bytes are no quantised rows of ", depth);
  if (panel < 1 || panel >= 1 << 16 || weight.getDimSize(1) != int8PanelBytes(depth, panel))
    return emitOptionalError(loc, "rows of ", weight.getDimSize(1), " bytes are no panels of ",
                             depth, " by ", panel);
  auto f32 = Float32Type::get(context);
  if (failed(checkPanels(loc, outputs, weight.getDimSize(0), panel)))
    return failure();
  if (Value bias = adaptor.getBias())
    if (typeOf(bias).getShape() != ArrayRef<int64_t>{outputs})
      return emitOptionalError(loc, "bias must be [", outputs, "], but is ", bias.getType());
  SmallVector<int64_t> shape(input.getShape());
  shape.back() = outputs;
  types.push_back(RankedTensorType::get(shape, f32));
  return success();
}

LogicalResult PackedLinearInt8Op::reifyResultShapes(OpBuilder &builder,
                                                    ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getInput());
  sizes.back() = builder.getIndexAttr(getOutputs());
  shapes.push_back(std::move(sizes));
  return success();
}

/// Checks that `channels` of an image in `groups`, under a kernel, make up the depth of a weight.
static LogicalResult checkConvDepth(std::optional<Location> loc, int64_t channels, int64_t groups,
                                    ArrayRef<int64_t> kernel, int64_t depth) {
  int64_t taps = 1, fromInput = 0, fromWeight = 0;
  bool overflow = ShapedType::isDynamic(channels);
  for (int64_t size : kernel)
    overflow |= llvm::MulOverflow(taps, size, taps) != 0;
  if (overflow || llvm::MulOverflow(channels, taps, fromInput) != 0 ||
      llvm::MulOverflow(depth, groups, fromWeight) != 0 || fromInput != fromWeight)
    return emitOptionalError(loc, "input has ", spell(channels), " channels, which ", groups,
                             " groups and a kernel of ", spell(kernel),
                             " do not make into the weight's depth of ", depth);
  return success();
}

static LogicalResult checkConvOutputs(std::optional<Location> loc, int64_t groups,
                                      int64_t outputs) {
  if (groups < 1 || outputs % groups != 0)
    return emitOptionalError(loc, groups, " groups do not divide ", outputs, " outputs");
  return success();
}

/// The window of a convolution whose weight is packed.
template <typename Conv>
static Window windowOf(Conv conv) {
  return {conv.getKernel(), conv.getStrides(), conv.getPadding(), conv.getDilations(),
          /*ceilMode=*/false};
}

/// The image that a convolution, channels last, makes of one of type `input`.
static LogicalResult inferImage(std::optional<Location> loc, const Window &window,
                                RankedTensorType input, int64_t outputs,
                                SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> shape(input.getShape());
  if (failed(window.inferSizes(loc, shape, 1)))
    return failure();
  shape.back() = outputs;
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

template <typename Conv>
static LogicalResult reifyImage(Conv conv, int64_t outputs, OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, conv.getLoc(), conv.getInput());
  windowOf(conv).reifySizes(builder, conv.getLoc(), sizes, 1);
  sizes.back() = builder.getIndexAttr(outputs);
  shapes.push_back(std::move(sizes));
  return success();
}

/// Checks what a weight in groups has in any operation.
static LogicalResult checkGroups(std::optional<Location> loc, int64_t bits, int64_t groupSize,
                                 int64_t panel) {
  if (panel < 1 || panel >= 1 << 16)
    return emitOptionalError(loc, "panel must be positive and below 2^16, but is ", panel);
  if (bits != 4 && bits != 8)
    return emitOptionalError(loc, "bits must be 4 or 8, but is ", bits);
  if (!isGroupSize(groupSize))
    return emitOptionalError(loc, notAGroupSize, groupSize);
  return success();
}

LogicalResult PackGroupsOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                             Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  int64_t panel = adaptor.getPanel();
  if (input.getRank() != 2 || !input.hasStaticShape())
    return emitOptionalError(loc, "needs an input of static shape and rank 2, but has ", input);
  auto bits = int64_t(adaptor.getBits()), groupSize = int64_t(adaptor.getGroupSize());
  if (failed(checkGroups(loc, bits, groupSize, panel)))
    return failure();
  GroupLayout layout{input.getDimSize(1), bits, groupSize, panel};
  types.push_back(RankedTensorType::get(
      {int64_t(llvm::divideCeil(input.getDimSize(0), panel)), layout.panelBytes()},
      IntegerType::get(context, 8)));
  return success();
}

LogicalResult PackGroupsOp::reifyResultShapes(OpBuilder &builder,
                                              ReifiedRankedShapedTypeDims &shapes) {
  auto type = cast<RankedTensorType>(getType());
  shapes.push_back(getAsIndexOpFoldResult(builder.getContext(), type.getShape()));
  return success();
}

LogicalResult PackedLinearGroupsOp::inferReturnTypes(MLIRContext *context,
                                                     std::optional<Location> loc, Adaptor adaptor,
                                                     SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), weight = typeOf(adaptor.getWeight());
  if (input.getRank() < 1 || weight.getRank() != 2 || !weight.hasStaticShape())
    return emitOptionalError(loc, "needs an input of rank 1 or more and a static weight of rank 2");
  if (input.isDynamicDim(input.getRank() - 1))
    return emitOptionalError(loc, "needs a static last dimension, but has ", input);
  int64_t outputs = adaptor.getOutputs(), panel = adaptor.getPanel();
  auto bits = int64_t(adaptor.getBits()), groupSize = int64_t(adaptor.getGroupSize());
  if (failed(checkGroups(loc, bits, groupSize, panel)))
    return failure();
  GroupLayout layout{input.getShape().back(), bits, groupSize, panel};
  if (weight.getDimSize(1) != layout.panelBytes())
    return emitOptionalError(loc, "rows of ", weight.getDimSize(1), " bytes are no panels of ",
                             layout.depth, " by ", panel);
  if (failed(checkPanels(loc, outputs, weight.getDimSize(0), panel)))
    return failure();
  if (Value bias = adaptor.getBias())
    if (typeOf(bias).getShape() != ArrayRef<int64_t>{outputs})
      return emitOptionalError(loc, "bias must be [", outputs, "], but is ", bias.getType());
  SmallVector<int64_t> shape(input.getShape());
  shape.back() = outputs;
  types.push_back(RankedTensorType::get(shape, Float32Type::get(context)));
  return success();
}

LogicalResult PackedLinearGroupsOp::reifyResultShapes(OpBuilder &builder,
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
  Window window = windowOf(adaptor);
  int64_t groups = weight.getDimSize(0), outputs = adaptor.getOutputs();
  if (failed(window.verify(loc, spatial)) ||
      failed(checkConvDepth(loc, input.getShape().back(), groups, adaptor.getKernel(),
                            weight.getDimSize(2))) ||
      failed(checkConvOutputs(loc, groups, outputs)) ||
      failed(checkPanels(loc, outputs / groups, weight.getDimSize(1), weight.getDimSize(3))) ||
      failed(checkParameter(loc, adaptor.getBias(), "bias", adaptor.getInput(), {outputs})))
    return failure();
  return inferImage(loc, window, input, outputs, types);
}

LogicalResult PackedConvOp::reifyResultShapes(OpBuilder &builder,
                                              ReifiedRankedShapedTypeDims &shapes) {
  return reifyImage(*this, getOutputs(), builder, shapes);
}

LogicalResult DepthwiseConvOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                                Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), weight = typeOf(adaptor.getWeight());
  int64_t spatial = input.getRank() - 2;
  if (spatial < 1 || spatial > 3 || weight.getRank() != 2 || !weight.hasStaticShape())
    return emitOptionalError(loc, "needs an input of rank 3 to 5 and a static weight of rank 2");
  Window window = windowOf(adaptor);
  int64_t groups = adaptor.getGroups(), outputs = weight.getDimSize(1);
  int64_t channels = input.getShape().back();
  if (failed(window.verify(loc, spatial)) || failed(checkConvOutputs(loc, groups, outputs)) ||
      failed(checkConvDepth(loc, channels, groups, adaptor.getKernel(), weight.getDimSize(0))) ||
      failed(checkParameter(loc, adaptor.getBias(), "bias", adaptor.getInput(), {outputs})))
    return failure();
  if (channels % groups != 0)
    return emitOptionalError(loc, groups, " groups do not divide ", channels, " channels");
  return inferImage(loc, window, input, outputs, types);
}

LogicalResult DepthwiseConvOp::reifyResultShapes(OpBuilder &builder,
                                                 ReifiedRankedShapedTypeDims &shapes) {
  return reifyImage(*this, getWeight().getType().getDimSize(1), builder, shapes);
}

LogicalResult WinogradWeightOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                                 Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput());
  if (!input.hasStaticShape() || input.getRank() != 4 || input.getDimSize(2) != 3 ||
      input.getDimSize(3) != 3)
    return emitOptionalError(loc, "needs a static weight of 3 x 3 kernels, but has ", input);
  types.push_back(RankedTensorType::get({16, input.getDimSize(0), input.getDimSize(1)},
                                        input.getElementType()));
  return success();
}

LogicalResult WinogradWeightOp::reifyResultShapes(OpBuilder &builder,
                                                  ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getAsIndexOpFoldResult(builder.getContext(), getType().getShape()));
  return success();
}

LogicalResult WinogradConvOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                               Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = typeOf(adaptor.getInput()), weight = typeOf(adaptor.getWeight());
  if (input.getRank() != 4 || input.isDynamicDim(3) || weight.getRank() != 4 ||
      !weight.hasStaticShape())
    return emitOptionalError(
        loc, "needs an input of rank 4 with static channels and a static weight of rank 4");
  if (weight.getDimSize(0) != 16 || weight.getDimSize(2) != input.getDimSize(3))
    return emitOptionalError(loc, "needs a weight of [16, panels, ", input.getDimSize(3),
                             " channels, panel], but has ", weight);
  Window window = winogradWindow(adaptor.getPadding());
  int64_t outputs = adaptor.getOutputs();
  if (failed(window.verify(loc, 2)) ||
      failed(checkPanels(loc, outputs, weight.getDimSize(1), weight.getDimSize(3))) ||
      failed(checkParameter(loc, adaptor.getBias(), "bias", adaptor.getInput(), {outputs})))
    return failure();
  return inferImage(loc, window, input, outputs, types);
}

LogicalResult WinogradConvOp::reifyResultShapes(OpBuilder &builder,
                                                ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, getLoc(), getInput());
  winogradWindow(getPadding()).reifySizes(builder, getLoc(), sizes, 1);
  sizes.back() = builder.getIndexAttr(getOutputs());
  shapes.push_back(std::move(sizes));
  return success();
}
