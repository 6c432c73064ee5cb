//===- Windowed.cpp - reference semantics of conv and pool -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/Window.h"
#include "dialects/nn/interpreter/Array.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

/// One element under a window.
struct Tap {
  int64_t input;  // row-major position among the input's spatial elements, -1 for padding
  int64_t kernel; // row-major position in the kernel
};

/// The elements under the window at output position `index`. Positions beyond the high padding,
/// which rounding the output size up can reach, are left out.
static SmallVector<Tap> tapsAt(const nn::Window &window, ArrayRef<int64_t> index,
                               ArrayRef<int64_t> inputSizes) {
  SmallVector<Tap> taps;
  int64_t kernelPosition = 0;
  forEachIndex(window.kernel, [&](ArrayRef<int64_t> tap) {
    int64_t position = 0;
    bool padding = false, beyond = false;
    for (size_t i = 0; i < tap.size(); ++i) {
      int64_t at =
          index[i] * window.strides[i] - window.padding[2 * i] + tap[i] * window.dilations[i];
      padding |= at < 0 || at >= inputSizes[i];
      beyond |= at >= inputSizes[i] + window.padding[2 * i + 1];
      if (!padding)
        position = position * inputSizes[i] + at;
    }
    if (!beyond)
      taps.push_back({padding ? -1 : position, kernelPosition});
    ++kernelPosition;
  });
  return taps;
}

/// How an image is laid out: element (sample, channel, spatial position) is at
/// `sample * sampleStride + channel * channelStride + position * positionStride`.
struct Image {
  SmallVector<int64_t> sizes;
  int64_t channels, sampleStride, channelStride, positionStride;

  Image(ArrayRef<int64_t> shape, nn::ConvLayout layout) {
    bool last = layout == nn::ConvLayout::channels_last;
    sizes.assign(shape.begin() + (last ? 1 : 2), shape.end() - (last ? 1 : 0));
    channels = shape[last ? shape.size() - 1 : 1];
    int64_t positions = *elementCount(sizes);
    sampleStride = channels * positions;
    channelStride = last ? 1 : positions;
    positionStride = last ? channels : 1;
  }
};

static SmallVector<int64_t> outputShape(const nn::Window &window, ArrayRef<int64_t> inputShape,
                                        nn::ConvLayout layout) {
  SmallVector<int64_t> shape(inputShape);
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    int64_t &size = shape[i + (layout == nn::ConvLayout::channels_last ? 1 : 2)];
    size = window.outputSize(i, size);
  }
  return shape;
}

static FailureOr<Array> evaluateConv(nn::ConvOp op, const Array &input, const Array &weight,
                                     const Array *bias) {
  nn::Window window{ArrayRef<int64_t>(weight.shape).drop_front(2), op.getStrides(), op.getPadding(),
                    op.getDilations(), /*ceilMode=*/false};
  Image from(input.shape, op.getLayout());
  int64_t outputs = weight.shape[0], perGroup = weight.shape[1], groups = op.getGroups();
  if (from.channels != perGroup * groups)
    return op.emitError() << "input has " << from.channels << " channels, the weight takes "
                          << perGroup * groups;
  if (bias && bias->shape[0] != outputs)
    return op.emitError() << "bias has " << bias->shape[0] << " elements, the weight gives "
                          << outputs;
  SmallVector<int64_t> shape = outputShape(window, input.shape, op.getLayout());
  shape[op.getLayout() == nn::ConvLayout::channels_last ? shape.size() - 1 : 1] = outputs;
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  Image to(shape, op.getLayout());
  int64_t kernelSize = *elementCount(window.kernel);
  int64_t position = 0;
  forEachIndex(to.sizes, [&](ArrayRef<int64_t> index) {
    SmallVector<Tap> taps = tapsAt(window, index, from.sizes);
    llvm::erase_if(taps, [](Tap tap) { return tap.input < 0; });
    for (int64_t sample = 0; sample < shape[0]; ++sample)
      for (int64_t o = 0; o < outputs; ++o) {
        int64_t firstChannel = o / (outputs / groups) * perGroup;
        double sum = bias ? bias->floats[o] : 0;
        for (int64_t c = 0; c < perGroup; ++c) {
          // Numbers, not addresses: of an empty image there is none to start from.
          int64_t image = sample * from.sampleStride + (firstChannel + c) * from.channelStride;
          int64_t kernel = (o * perGroup + c) * kernelSize;
          for (Tap tap : taps)
            sum += input.floats[image + tap.input * from.positionStride] *
                   weight.floats[kernel + tap.kernel];
        }
        result->floats[sample * to.sampleStride + o * to.channelStride +
                       position * to.positionStride] = sum;
      }
    ++position;
  });
  return result;
}

static FailureOr<Array> evaluatePackedConv(nn::PackedConvOp op, const Array &input,
                                           const Array &weight, const Array *bias) {
  nn::Window window{op.getKernel(), op.getStrides(), op.getPadding(), op.getDilations(),
                    /*ceilMode=*/false};
  auto layout = nn::ConvLayout::channels_last;
  Image from(input.shape, layout);
  int64_t groups = weight.shape[0], panels = weight.shape[1], depth = weight.shape[2],
          panel = weight.shape[3], outputs = op.getOutputs();
  int64_t perGroup = from.channels / groups, outputsPerGroup = outputs / groups;
  SmallVector<int64_t> shape = outputShape(window, input.shape, layout);
  shape.back() = outputs;
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  Image to(shape, layout);
  int64_t position = 0;
  forEachIndex(to.sizes, [&](ArrayRef<int64_t> index) {
    SmallVector<Tap> taps = tapsAt(window, index, from.sizes);
    llvm::erase_if(taps, [](Tap tap) { return tap.input < 0; });
    for (int64_t sample = 0; sample < shape[0]; ++sample)
      for (int64_t o = 0; o < outputs; ++o) {
        int64_t group = o / outputsPerGroup, column = o % outputsPerGroup;
        int64_t image = sample * from.sampleStride + group * perGroup;
        int64_t kernel = (group * panels + column / panel) * depth * panel;
        double sum = bias ? bias->floats[o] : 0;
        for (Tap tap : taps)
          for (int64_t c = 0; c < perGroup; ++c)
            sum += input.floats[image + tap.input * from.positionStride + c] *
                   weight.floats[kernel + (tap.kernel * perGroup + c) * panel + column % panel];
        result->floats[sample * to.sampleStride + position * to.positionStride + o] = sum;
      }
    ++position;
  });
  return result;
}

static FailureOr<Array> evaluateDepthwiseConv(nn::DepthwiseConvOp op, const Array &input,
                                              const Array &weight, const Array *bias) {
  nn::Window window{op.getKernel(), op.getStrides(), op.getPadding(), op.getDilations(),
                    /*ceilMode=*/false};
  auto layout = nn::ConvLayout::channels_last;
  Image from(input.shape, layout);
  int64_t groups = op.getGroups(), outputs = weight.shape[1];
  int64_t perGroup = from.channels / groups;
  SmallVector<int64_t> shape = outputShape(window, input.shape, layout);
  shape.back() = outputs;
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  Image to(shape, layout);
  int64_t position = 0;
  forEachIndex(to.sizes, [&](ArrayRef<int64_t> index) {
    SmallVector<Tap> taps = tapsAt(window, index, from.sizes);
    llvm::erase_if(taps, [](Tap tap) { return tap.input < 0; });
    for (int64_t sample = 0; sample < shape[0]; ++sample)
      for (int64_t o = 0; o < outputs; ++o) {
        int64_t image = sample * from.sampleStride + o / (outputs / groups) * perGroup;
        double sum = bias ? bias->floats[o] : 0;
        for (Tap tap : taps)
          for (int64_t c = 0; c < perGroup; ++c)
            sum += input.floats[image + tap.input * from.positionStride + c] *
                   weight.floats[(tap.kernel * perGroup + c) * outputs + o];
        result->floats[sample * to.sampleStride + position * to.positionStride + o] = sum;
      }
    ++position;
  });
  return result;
}

static FailureOr<Array> evaluatePool(nn::PoolOp op, const Array &input) {
  nn::Window window{op.getKernel(), op.getStrides(), op.getPadding(), op.getDilations(),
                    op.getCeilMode()};
  Image from(input.shape, op.getLayout());
  SmallVector<int64_t> shape = outputShape(window, input.shape, op.getLayout());
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  Image to(shape, op.getLayout());
  bool isMax = op.getKind() == nn::PoolKind::max;
  int64_t position = 0;
  forEachIndex(to.sizes, [&](ArrayRef<int64_t> index) {
    SmallVector<Tap> taps = tapsAt(window, index, from.sizes);
    int64_t divisor =
        llvm::count_if(taps, [&](Tap tap) { return tap.input >= 0 || op.getCountIncludePad(); });
    for (int64_t sample = 0; sample < shape[0]; ++sample)
      for (int64_t c = 0; c < from.channels; ++c) {
        double best = -std::numeric_limits<double>::infinity(), sum = 0;
        for (Tap tap : taps) {
          if (tap.input < 0)
            continue;
          double value = input.floats[sample * from.sampleStride + c * from.channelStride +
                                      tap.input * from.positionStride];
          // Written so that a NaN, once seen, stays.
          best = best >= value || std::isnan(best) ? best : value;
          sum += value;
        }
        result->floats[sample * to.sampleStride + c * to.channelStride +
                       position * to.positionStride] = isMax ? best : sum / divisor;
      }
    ++position;
  });
  return result;
}

bool nacre::interpreter::isWindowed(Operation *op) {
  return isa<nn::ConvOp, nn::PackedConvOp, nn::DepthwiseConvOp, nn::PoolOp>(op);
}

FailureOr<Array> nacre::interpreter::evaluateWindowed(Operation *op, Operands operands) {
  const Array *bias = operands.size() > 2 ? operands[2] : nullptr;
  if (auto conv = dyn_cast<nn::ConvOp>(op))
    return evaluateConv(conv, *operands[0], *operands[1], bias);
  if (auto conv = dyn_cast<nn::PackedConvOp>(op))
    return evaluatePackedConv(conv, *operands[0], *operands[1], bias);
  if (auto conv = dyn_cast<nn::DepthwiseConvOp>(op))
    return evaluateDepthwiseConv(conv, *operands[0], *operands[1], bias);
  return evaluatePool(cast<nn::PoolOp>(op), *operands[0]);
}
