//===- DataMovement.cpp - reference semantics of ops that move elements -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Array.h"

#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

/// The shape of `type` with its dynamic sizes filled in from index operands.
static SmallVector<int64_t> fillSizes(RankedTensorType type, Operands dynamicSizes) {
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t &size : shape)
    if (ShapedType::isDynamic(size)) {
      size = dynamicSizes.front()->ints[0];
      dynamicSizes = dynamicSizes.drop_front();
    }
  return shape;
}

/// The same elements in the same order under another shape.
static FailureOr<Array> relabel(Operation *op, const Array &input, ArrayRef<int64_t> shape) {
  if (failed(checkShape(op, shape, op->getResult(0).getType(), "result")))
    return failure();
  if (*elementCount(shape) != input.count())
    return op->emitError() << "cannot view " << input.count() << " elements as "
                           << *elementCount(shape);
  Array result = input;
  result.shape.assign(shape.begin(), shape.end());
  return result;
}

static FailureOr<Array> evaluateBroadcast(nn::BroadcastOp op, const Array &input,
                                          ArrayRef<int64_t> shape) {
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  auto strides =
      broadcastStrides(op, cast<RankedTensorType>(op.getInput().getType()), input.shape, shape);
  if (failed(strides))
    return failure();
  int64_t to = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    result->copyElement(to++, input, offsetOf(index, *strides));
  });
  return result;
}

static FailureOr<Array> evaluateTranspose(nn::TransposeOp op, const Array &input) {
  SmallVector<int64_t> shape, strides, inputStrides = stridesOf(input.shape);
  for (int64_t from : op.getPermutation()) {
    shape.push_back(input.shape[from]);
    strides.push_back(inputStrides[from]);
  }
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  int64_t to = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    result->copyElement(to++, input, offsetOf(index, strides));
  });
  return result;
}

static FailureOr<Array> evaluatePad(nn::PadOp op, const Array &input) {
  SmallVector<int64_t> shape(input.shape);
  for (auto [size, low, high] : llvm::zip(shape, op.getLow(), op.getHigh()))
    size += low + high;
  FailureOr<Array> value = toArray(op, op.getValue());
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(value) || failed(result))
    return failure();
  for (int64_t i = 0, end = result->count(); i < end; ++i)
    result->copyElement(i, *value, 0);
  SmallVector<int64_t> strides = stridesOf(shape);
  int64_t start = offsetOf(op.getLow(), strides), from = 0;
  forEachIndex(input.shape, [&](ArrayRef<int64_t> index) {
    result->copyElement(start + offsetOf(index, strides), input, from++);
  });
  return result;
}

static FailureOr<Array> evaluateGather(nn::GatherOp op, const Array &data, const Array &indices) {
  int64_t axis = op.getAxis(), size = data.shape[axis];
  ArrayRef<int64_t> dataShape = data.shape;
  SmallVector<int64_t> shape(dataShape.take_front(axis));
  llvm::append_range(shape, indices.shape);
  llvm::append_range(shape, dataShape.drop_front(axis + 1));
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  for (int64_t index : indices.ints)
    if (index < -size || index >= size)
      return op.emitError() << "index " << index << " is outside dimension " << axis << " of size "
                            << size;
  int64_t outer = *elementCount(dataShape.take_front(axis));
  int64_t inner = *elementCount(dataShape.drop_front(axis + 1));
  int64_t to = 0;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t index : indices.ints) {
      int64_t place = index < 0 ? index + size : index;
      for (int64_t i = 0; i < inner; ++i)
        result->copyElement(to++, data, (o * size + place) * inner + i);
    }
  return result;
}

/// Where a part of shape `part` begins in `whole`, per dimension; an error where it reaches
/// outside.
static FailureOr<SmallVector<int64_t>> placeOfPart(Operation *op, ArrayRef<int64_t> part,
                                                   ArrayRef<int64_t> whole, Operands starts,
                                                   ArrayRef<int64_t> axes) {
  SmallVector<int64_t> place(whole.size(), 0);
  for (auto [start, axis] : llvm::zip_equal(starts, axes))
    place[axis] = start->ints[0];
  for (auto [i, size] : llvm::enumerate(part)) {
    bool moves = llvm::is_contained(axes, static_cast<int64_t>(i));
    if (!moves && size != whole[i])
      return op->emitError() << "dimension " << i << " has size " << size << ", but the whole "
                             << whole[i];
    if (size > whole[i] || place[i] < 0 || place[i] > whole[i] - size)
      return op->emitError() << "part of " << size << " from " << place[i]
                             << " is outside dimension " << i << " of size " << whole[i];
  }
  return place;
}

static FailureOr<Array> evaluateSlice(nn::SliceOp op, const Array &input, Operands starts,
                                      ArrayRef<int64_t> shape) {
  auto place = placeOfPart(op, shape, input.shape, starts, op.getAxes());
  if (failed(place))
    return failure();
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  SmallVector<int64_t> strides = stridesOf(input.shape);
  int64_t base = offsetOf(*place, strides), to = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    result->copyElement(to++, input, base + offsetOf(index, strides));
  });
  return result;
}

static FailureOr<Array> evaluateInsert(nn::InsertOp op, const Array &value, const Array &whole,
                                       Operands starts) {
  auto place = placeOfPart(op, value.shape, whole.shape, starts, op.getAxes());
  if (failed(place))
    return failure();
  Array result = whole;
  SmallVector<int64_t> strides = stridesOf(whole.shape);
  int64_t base = offsetOf(*place, strides), from = 0;
  forEachIndex(value.shape, [&](ArrayRef<int64_t> index) {
    result.copyElement(base + offsetOf(index, strides), value, from++);
  });
  return result;
}

static FailureOr<Array> evaluateIota(nn::IotaOp op, ArrayRef<int64_t> shape) {
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  for (int64_t i = 0; i < shape[0]; ++i) {
    if (result->isFloat())
      result->floats[i] = static_cast<double>(i);
    else
      result->ints[i] = wrapToType(i, result->elementType);
  }
  return result;
}

static FailureOr<Array> evaluateDim(tensor::DimOp op, const Array &input, const Array &which) {
  int64_t dimension = which.ints[0];
  if (dimension < 0 || dimension >= input.rank())
    return op.emitError() << "dimension " << dimension << " is outside rank " << input.rank();
  return Array::scalar(op.getType(), input.shape[dimension]);
}

static FailureOr<Array> evaluateExtractSlice(tensor::ExtractSliceOp op, Operands operands) {
  const Array &input = *operands[0];
  Operands dynamic = operands.drop_front();
  auto resolve = [&](ArrayRef<int64_t> statics) {
    SmallVector<int64_t> values(statics);
    for (int64_t &value : values)
      if (ShapedType::isDynamic(value)) {
        value = dynamic.front()->ints[0];
        dynamic = dynamic.drop_front();
      }
    return values;
  };
  // Offsets, sizes, strides: the order of the operands too.
  SmallVector<int64_t> offsets = resolve(op.getStaticOffsets()),
                       sizes = resolve(op.getStaticSizes()), steps = resolve(op.getStaticStrides());
  for (int64_t i = 0; i < input.rank(); ++i) {
    // In 128 bits, because all three are free numbers.
    __extension__ typedef __int128 Wide;
    Wide first = offsets[i], last = first + (Wide(sizes[i]) - 1) * steps[i];
    bool empty = sizes[i] == 0 && offsets[i] >= 0 && offsets[i] <= input.shape[i];
    if (!empty && (sizes[i] < 0 || first < 0 || first >= input.shape[i] || last < 0 ||
                   last >= input.shape[i]))
      return op.emitError() << "slice of " << sizes[i] << " from " << offsets[i] << " by "
                            << steps[i] << " is outside dimension " << i << " of size "
                            << input.shape[i];
  }
  SmallVector<int64_t> shape;
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (int64_t i = 0; i < input.rank(); ++i)
    if (!dropped.test(i))
      shape.push_back(sizes[i]);
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  SmallVector<int64_t> strides = stridesOf(input.shape);
  int64_t start = offsetOf(offsets, strides), to = 0;
  // A step over a single element may be any number, and is never taken.
  for (auto [stride, step, size] : llvm::zip(strides, steps, sizes))
    stride = size > 1 ? stride * step : 0;
  forEachIndex(sizes, [&](ArrayRef<int64_t> index) {
    result->copyElement(to++, input, start + offsetOf(index, strides));
  });
  return result;
}

static FailureOr<Array> evaluateConcat(tensor::ConcatOp op, Operands operands) {
  int64_t axis = op.getDim();
  SmallVector<int64_t> shape(operands[0]->shape);
  shape[axis] = 0;
  for (const Array *operand : operands) {
    for (int64_t i = 0; i < operand->rank(); ++i)
      if (i != axis && operand->shape[i] != shape[i])
        return op.emitError() << "sizes " << shape[i] << " and " << operand->shape[i]
                              << " meet in dimension " << i << " but must be equal";
    shape[axis] += operand->shape[axis];
  }
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  SmallVector<int64_t> strides = stridesOf(shape);
  int64_t start = 0;
  for (const Array *operand : operands) {
    int64_t from = 0;
    forEachIndex(operand->shape, [&](ArrayRef<int64_t> index) {
      result->copyElement(start + offsetOf(index, strides), *operand, from++);
    });
    start += operand->shape[axis] * strides[axis];
  }
  return result;
}

static FailureOr<Array> evaluateSplat(tensor::SplatOp op, const Array &value,
                                      ArrayRef<int64_t> shape) {
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  for (int64_t i = 0, end = result->count(); i < end; ++i)
    result->copyElement(i, value, 0);
  return result;
}

/// Its elements are unspecified; NaN shows who reads them.
static FailureOr<Array> evaluateEmpty(tensor::EmptyOp op, ArrayRef<int64_t> shape) {
  FailureOr<Array> result = makeResult(op, shape);
  if (succeeded(result))
    llvm::fill(result->floats, std::numeric_limits<double>::quiet_NaN());
  return result;
}

static SmallVector<int64_t> collapsedShape(tensor::CollapseShapeOp op, const Array &input) {
  SmallVector<int64_t> shape;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    shape.push_back(1);
    for (int64_t dimension : group)
      shape.back() *= input.shape[dimension];
  }
  return shape;
}

/// The static output shape of tensor.expand_shape with the dynamic ones filled in.
static SmallVector<int64_t> expandedShape(tensor::ExpandShapeOp op, Operands dynamicSizes) {
  SmallVector<int64_t> shape(op.getStaticOutputShape());
  for (int64_t &size : shape)
    if (ShapedType::isDynamic(size)) {
      size = dynamicSizes.front()->ints[0];
      dynamicSizes = dynamicSizes.drop_front();
    }
  return shape;
}

bool nacre::interpreter::isDataMovement(Operation *op) {
  return isa<nn::ReshapeOp, nn::BroadcastOp, nn::TransposeOp, nn::PadOp, nn::GatherOp, nn::IotaOp,
             nn::SliceOp, nn::InsertOp, tensor::DimOp, tensor::ExtractSliceOp, tensor::ConcatOp,
             tensor::SplatOp, tensor::EmptyOp, tensor::CastOp, tensor::CollapseShapeOp,
             tensor::ExpandShapeOp>(op);
}

FailureOr<Array> nacre::interpreter::evaluateDataMovement(Operation *op, Operands operands) {
  return TypeSwitch<Operation *, FailureOr<Array>>(op)
      .Case([&](nn::ReshapeOp op) {
        return relabel(op, *operands[0], fillSizes(op.getType(), operands.drop_front()));
      })
      .Case([&](nn::BroadcastOp op) {
        return evaluateBroadcast(op, *operands[0], fillSizes(op.getType(), operands.drop_front()));
      })
      .Case([&](nn::TransposeOp op) { return evaluateTranspose(op, *operands[0]); })
      .Case([&](nn::PadOp op) { return evaluatePad(op, *operands[0]); })
      .Case([&](nn::GatherOp op) { return evaluateGather(op, *operands[0], *operands[1]); })
      .Case([&](nn::IotaOp op) { return evaluateIota(op, fillSizes(op.getType(), operands)); })
      .Case([&](nn::SliceOp op) {
        Operands starts = operands.slice(1, op.getStarts().size());
        return evaluateSlice(op, *operands[0], starts,
                             fillSizes(op.getType(), operands.drop_front(1 + starts.size())));
      })
      .Case([&](nn::InsertOp op) {
        return evaluateInsert(op, *operands[0], *operands[1], operands.drop_front(2));
      })
      .Case([&](tensor::DimOp op) { return evaluateDim(op, *operands[0], *operands[1]); })
      .Case([&](tensor::ExtractSliceOp op) { return evaluateExtractSlice(op, operands); })
      .Case([&](tensor::ConcatOp op) { return evaluateConcat(op, operands); })
      .Case([&](tensor::SplatOp op) {
        return evaluateSplat(op, *operands[0], fillSizes(op.getType(), operands.drop_front()));
      })
      .Case(
          [&](tensor::EmptyOp op) { return evaluateEmpty(op, fillSizes(op.getType(), operands)); })
      .Case([&](tensor::CastOp op) { return relabel(op, *operands[0], operands[0]->shape); })
      .Case([&](tensor::CollapseShapeOp op) {
        return relabel(op, *operands[0], collapsedShape(op, *operands[0]));
      })
      .Case([&](tensor::ExpandShapeOp op) {
        return relabel(op, *operands[0], expandedShape(op, operands.drop_front()));
      });
}
