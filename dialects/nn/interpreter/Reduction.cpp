//===- Reduction.cpp - reference semantics of reductions and norms -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Array.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

/// What a reduction of no elements gives.
static double floatIdentity(nn::Reduction kind) {
  switch (kind) {
  case nn::Reduction::sum:
  case nn::Reduction::mean:
    return 0;
  case nn::Reduction::prod:
    return 1;
  case nn::Reduction::max:
    return -std::numeric_limits<double>::infinity();
  case nn::Reduction::min:
    return std::numeric_limits<double>::infinity();
  }
  llvm_unreachable("all kinds are listed");
}

static int64_t intIdentity(nn::Reduction kind, Type type) {
  auto integer = cast<IntegerType>(type);
  unsigned width = integer.getWidth();
  bool isUnsigned = integer.isUnsigned() || width == 1;
  switch (kind) {
  case nn::Reduction::sum:
  case nn::Reduction::mean:
    return 0;
  case nn::Reduction::prod:
    return 1;
  case nn::Reduction::max:
    return isUnsigned ? 0 : llvm::APInt::getSignedMinValue(width).getSExtValue();
  case nn::Reduction::min:
    return isUnsigned ? wrapToType(-1, type) : llvm::APInt::getSignedMaxValue(width).getSExtValue();
  }
  llvm_unreachable("all kinds are listed");
}

static double combine(nn::Reduction kind, double sofar, double value) {
  switch (kind) {
  case nn::Reduction::sum:
  case nn::Reduction::mean:
    return sofar + value;
  case nn::Reduction::prod:
    return sofar * value;
  case nn::Reduction::max:
    return sofar >= value || std::isnan(sofar) ? sofar : value;
  case nn::Reduction::min:
    return sofar <= value || std::isnan(sofar) ? sofar : value;
  }
  llvm_unreachable("all kinds are listed");
}

static int64_t combine(nn::Reduction kind, int64_t sofar, int64_t value, bool isUnsigned) {
  auto a = static_cast<uint64_t>(sofar), b = static_cast<uint64_t>(value);
  switch (kind) {
  case nn::Reduction::sum:
  case nn::Reduction::mean:
    return static_cast<int64_t>(a + b);
  case nn::Reduction::prod:
    return static_cast<int64_t>(a * b);
  case nn::Reduction::max:
    return isUnsigned ? static_cast<int64_t>(std::max(a, b)) : std::max(sofar, value);
  case nn::Reduction::min:
    return isUnsigned ? static_cast<int64_t>(std::min(a, b)) : std::min(sofar, value);
  }
  llvm_unreachable("all kinds are listed");
}

static FailureOr<Array> evaluateReduce(nn::ReduceOp op, const Array &input) {
  nn::Reduction kind = op.getKind();
  SmallVector<int64_t> kept(input.shape), shape;
  int64_t reducedCount = 1;
  for (int64_t axis : op.getAxes()) {
    reducedCount *= kept[axis];
    kept[axis] = 1;
  }
  for (auto [i, size] : llvm::enumerate(kept))
    if (op.getKeepDims() || !llvm::is_contained(op.getAxes(), static_cast<int64_t>(i)))
      shape.push_back(size);
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  llvm::fill(result->floats, floatIdentity(kind));
  if (!result->isFloat())
    llvm::fill(result->ints, intIdentity(kind, result->elementType));

  SmallVector<int64_t> strides = stridesOf(kept);
  for (int64_t axis : op.getAxes())
    strides[axis] = 0;
  bool isUnsigned = input.elementType.isUnsignedInteger();
  int64_t from = 0;
  forEachIndex(input.shape, [&](ArrayRef<int64_t> index) {
    int64_t to = offsetOf(index, strides);
    if (result->isFloat())
      result->floats[to] = combine(kind, result->floats[to], input.floats[from]);
    else
      result->ints[to] = combine(kind, result->ints[to], input.ints[from], isUnsigned);
    ++from;
  });
  if (kind == nn::Reduction::mean)
    for (double &value : result->floats)
      value /= static_cast<double>(reducedCount);
  for (int64_t &value : result->ints)
    value = wrapToType(value, result->elementType);
  return result;
}

static FailureOr<Array> evaluateSoftmax(nn::SoftmaxOp op, const Array &input) {
  FailureOr<Array> result = makeResult(op, input.shape);
  if (failed(result))
    return failure();
  int64_t axis = op.getAxis(), size = input.shape[axis], stride = stridesOf(input.shape)[axis];
  SmallVector<int64_t> lines(input.shape);
  lines[axis] = 1;
  SmallVector<int64_t> strides = stridesOf(input.shape);
  forEachIndex(lines, [&](ArrayRef<int64_t> index) {
    int64_t start = offsetOf(index, strides);
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t i = 0; i < size; ++i)
      largest = combine(nn::Reduction::max, largest, input.floats[start + i * stride]);
    for (int64_t i = 0; i < size; ++i) {
      double weight = std::exp(input.floats[start + i * stride] - largest);
      result->floats[start + i * stride] = weight;
      sum += weight;
    }
    for (int64_t i = 0; i < size; ++i)
      result->floats[start + i * stride] /= sum;
  });
  return result;
}

/// Subtracts the mean from `count` consecutive elements and divides them by their standard
/// deviation. The variance is taken from the differences, because the difference of the squares'
/// mean and the mean's square cancels.
static void standardize(const double *from, double *to, int64_t count, double epsilon) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += from[i];
  double mean = sum / count;
  for (int64_t i = 0; i < count; ++i)
    squares += (from[i] - mean) * (from[i] - mean);
  double deviation = std::sqrt(squares / count + epsilon);
  for (int64_t i = 0; i < count; ++i)
    to[i] = (from[i] - mean) / deviation;
}

/// Scales and shifts element i by the parameters' element `place(i)`.
static void scaleAndShift(Array &result, const Array *scale, const Array *bias,
                          function_ref<int64_t(int64_t)> place) {
  for (int64_t i = 0, end = result.count(); i < end; ++i) {
    if (scale)
      result.floats[i] *= scale->floats[place(i)];
    if (bias)
      result.floats[i] += bias->floats[place(i)];
  }
}

/// Checks the actual size of an optional parameter.
static LogicalResult checkParameter(Operation *op, const Array *parameter, ArrayRef<int64_t> shape,
                                    StringRef name) {
  if (parameter && ArrayRef<int64_t>(parameter->shape) != shape)
    return op->emitError() << "size of " << name << " does not fit the input";
  return success();
}

static FailureOr<Array> evaluateLayerNorm(nn::LayerNormOp op, const Array &input,
                                          const Array *scale, const Array *bias) {
  auto sizes = ArrayRef<int64_t>(input.shape).take_back(op.getNormalizedDims());
  FailureOr<Array> result = makeResult(op, input.shape);
  if (failed(result) || failed(checkParameter(op, scale, sizes, "scale")) ||
      failed(checkParameter(op, bias, sizes, "bias")))
    return failure();
  int64_t count = *elementCount(sizes);
  for (int64_t start = 0; start < result->count(); start += count)
    standardize(&input.floats[start], &result->floats[start], count,
                op.getEpsilon().convertToDouble());
  scaleAndShift(*result, scale, bias, [&](int64_t i) { return i % count; });
  return result;
}

static FailureOr<Array> evaluateRmsNorm(nn::RmsNormOp op, const Array &input, const Array *scale) {
  int64_t count = input.shape.back();
  FailureOr<Array> result = makeResult(op, input.shape);
  if (failed(result) || failed(checkParameter(op, scale, {count}, "scale")))
    return failure();
  for (int64_t start = 0; start < result->count(); start += count) {
    double squares = 0;
    for (int64_t i = start; i < start + count; ++i)
      squares += input.floats[i] * input.floats[i];
    double root = std::sqrt(squares / count + op.getEpsilon().convertToDouble());
    for (int64_t i = start; i < start + count; ++i)
      result->floats[i] = input.floats[i] / root;
  }
  scaleAndShift(*result, scale, nullptr, [&](int64_t i) { return i % count; });
  return result;
}

static FailureOr<Array> evaluateBatchNorm(nn::BatchNormOp op, const Array &input, const Array &mean,
                                          const Array &variance, const Array *scale,
                                          const Array *bias) {
  int64_t axis = op.getAxis(), channels = input.shape[axis];
  FailureOr<Array> result = makeResult(op, input.shape);
  if (failed(result) || failed(checkParameter(op, &mean, {channels}, "mean")) ||
      failed(checkParameter(op, &variance, {channels}, "variance")) ||
      failed(checkParameter(op, scale, {channels}, "scale")) ||
      failed(checkParameter(op, bias, {channels}, "bias")))
    return failure();
  int64_t stride = stridesOf(input.shape)[axis];
  auto channel = [&](int64_t i) { return i / stride % channels; };
  double epsilon = op.getEpsilon().convertToDouble();
  for (int64_t i = 0, end = result->count(); i < end; ++i) {
    int64_t c = channel(i);
    result->floats[i] =
        (input.floats[i] - mean.floats[c]) / std::sqrt(variance.floats[c] + epsilon);
  }
  scaleAndShift(*result, scale, bias, channel);
  return result;
}

static FailureOr<Array> evaluateGroupNorm(nn::GroupNormOp op, const Array &input,
                                          const Array *scale, const Array *bias) {
  int64_t channels = input.shape[1], perGroup = channels / static_cast<int64_t>(op.getGroups());
  FailureOr<Array> result = makeResult(op, input.shape);
  if (failed(result) || failed(checkParameter(op, scale, {channels}, "scale")) ||
      failed(checkParameter(op, bias, {channels}, "bias")))
    return failure();
  int64_t positions = *elementCount(ArrayRef<int64_t>(input.shape).drop_front(2));
  // The elements of one group of one sample are consecutive.
  int64_t count = perGroup * positions;
  for (int64_t start = 0; start < result->count(); start += count)
    standardize(&input.floats[start], &result->floats[start], count,
                op.getEpsilon().convertToDouble());
  scaleAndShift(*result, scale, bias, [&](int64_t i) { return i / positions % channels; });
  return result;
}

bool nacre::interpreter::isReduction(Operation *op) {
  return isa<nn::ReduceOp, nn::SoftmaxOp, nn::LayerNormOp, nn::RmsNormOp, nn::BatchNormOp,
             nn::GroupNormOp>(op);
}

FailureOr<Array> nacre::interpreter::evaluateReduction(Operation *op, Operands operands) {
  // The array of an optional operand, by its place in the op's definition.
  auto optional = [&](auto op, unsigned place) -> const Array * {
    auto [start, length] = op.getODSOperandIndexAndLength(place);
    return length ? operands[start] : nullptr;
  };
  const Array &input = *operands[0];
  return TypeSwitch<Operation *, FailureOr<Array>>(op)
      .Case([&](nn::ReduceOp op) { return evaluateReduce(op, input); })
      .Case([&](nn::SoftmaxOp op) { return evaluateSoftmax(op, input); })
      .Case([&](nn::LayerNormOp op) {
        return evaluateLayerNorm(op, input, optional(op, 1), optional(op, 2));
      })
      .Case([&](nn::RmsNormOp op) { return evaluateRmsNorm(op, input, optional(op, 1)); })
      .Case([&](nn::BatchNormOp op) {
        return evaluateBatchNorm(op, input, *operands[1], *operands[2], optional(op, 3),
                                 optional(op, 4));
      })
      .Case([&](nn::GroupNormOp op) {
        return evaluateGroupNorm(op, input, optional(op, 1), optional(op, 2));
      });
}
