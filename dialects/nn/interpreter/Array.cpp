//===- Array.cpp - what a value is while it is interpreted -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/interpreter/Array.h"

#include "dialects/nn/NN.h"

#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

Array::Array(Type elementType, ArrayRef<int64_t> shape) : elementType(elementType), shape(shape) {
  if (isFloat())
    floats.resize(count());
  else
    ints.resize(count());
}

Array Array::scalar(Type elementType, int64_t value) {
  Array array(elementType, {});
  array.ints[0] = wrapToType(value, elementType);
  return array;
}

/// Computing form takes 8 bytes per element, and a wrong size should be an error, not the end of
/// the machine's memory.
static bool isHoldable(ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = elementCount(shape);
  return count && *count <= int64_t(1) << 31;
}

static std::string describe(ArrayRef<int64_t> shape) {
  return "[" +
         llvm::join(llvm::map_range(shape, [](int64_t n) { return std::to_string(n); }), ", ") +
         "]";
}

LogicalResult nacre::interpreter::checkShape(Operation *op, ArrayRef<int64_t> shape, Type type,
                                             const Twine &what) {
  ArrayRef<int64_t> expected;
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    expected = tensor.getShape();
  bool fits =
      expected.size() == shape.size() && llvm::all_of(llvm::zip(expected, shape), [](auto sizes) {
        return ShapedType::isDynamic(std::get<0>(sizes)) ||
               std::get<0>(sizes) == std::get<1>(sizes);
      });
  if (!fits)
    return op->emitError() << what << " has shape " << describe(shape) << ", which is not of type "
                           << type;
  if (!isHoldable(shape))
    return op->emitError() << what << " of shape " << describe(shape) << " is too large";
  return success();
}

FailureOr<Array> nacre::interpreter::makeResult(Operation *op, ArrayRef<int64_t> shape) {
  Type type = op->getResult(0).getType();
  if (failed(checkShape(op, shape, type, "result")))
    return failure();
  return Array(getElementTypeOrSelf(type), shape);
}

SmallVector<int64_t> nacre::interpreter::stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (int64_t i = static_cast<int64_t>(shape.size()) - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

FailureOr<SmallVector<int64_t>> nacre::interpreter::broadcastStrides(Operation *op,
                                                                     RankedTensorType type,
                                                                     ArrayRef<int64_t> shape,
                                                                     ArrayRef<int64_t> result) {
  SmallVector<int64_t> strides(result.size(), 0), own = stridesOf(shape);
  int64_t added = static_cast<int64_t>(result.size()) - static_cast<int64_t>(shape.size());
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (type.getDimSize(i) == 1)
      continue;
    if (size != result[added + i])
      return op->emitError() << "sizes " << size << " and " << result[added + i]
                             << " meet in dimension " << added + i << " but must be equal";
    strides[added + i] = own[i];
  }
  return strides;
}

FailureOr<SmallVector<int64_t>> nacre::interpreter::broadcastResult(Operation *op, TypeRange types,
                                                                    Operands operands) {
  int64_t rank = 0;
  for (const Array *operand : operands)
    rank = std::max(rank, operand->rank());
  SmallVector<int64_t> shape(rank, 1);
  for (auto [type, operand] : llvm::zip(types, operands))
    for (int64_t i = 0; i < operand->rank(); ++i)
      if (cast<RankedTensorType>(type).getDimSize(i) != 1)
        shape[rank - operand->rank() + i] = operand->shape[i];
  return shape;
}

void nacre::interpreter::forEachIndex(ArrayRef<int64_t> shape,
                                      function_ref<void(ArrayRef<int64_t>)> visit) {
  if (llvm::is_contained(shape, 0))
    return;
  SmallVector<int64_t> index(shape.size(), 0);
  while (true) {
    visit(index);
    int64_t i = static_cast<int64_t>(shape.size()) - 1;
    while (i >= 0 && ++index[i] == shape[i])
      index[i--] = 0;
    if (i < 0)
      return;
  }
}

int64_t nacre::interpreter::offsetOf(ArrayRef<int64_t> index, ArrayRef<int64_t> strides) {
  int64_t offset = 0;
  for (auto [i, stride] : llvm::zip(index, strides))
    offset += i * stride;
  return offset;
}

void nacre::interpreter::roundToElementType(Array &array) {
  auto type = dyn_cast<FloatType>(array.elementType);
  if (!type || type.isF64())
    return;
  for (double &value : array.floats)
    value = roundToType(value, type);
}

Array nacre::interpreter::toArray(const Tensor &tensor) {
  Array array(tensor.getElementType(), tensor.getShape());
  for (int64_t i = 0, end = array.count(); i < end; ++i) {
    if (array.isFloat())
      array.floats[i] = tensor.getFloat(i);
    else
      array.ints[i] = tensor.getInt(i);
  }
  return array;
}

Tensor nacre::interpreter::toTensor(const Array &array, Precision precision) {
  Type type = array.elementType;
  if (array.isFloat() && precision == Precision::f64)
    type = Float64Type::get(type.getContext());
  Tensor tensor = Tensor::zeros(type, array.shape);
  for (int64_t i = 0, end = array.count(); i < end; ++i) {
    if (array.isFloat())
      tensor.setFloat(i, array.floats[i]);
    else
      tensor.setInt(i, array.ints[i]);
  }
  return tensor;
}

static double toDouble(llvm::APFloat value) {
  bool lossy = false;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lossy);
  return value.convertToDouble();
}

FailureOr<Array> nacre::interpreter::toArray(Operation *op, Attribute constant) {
  if (auto value = dyn_cast<FloatAttr>(constant)) {
    Array array(value.getType(), {});
    array.floats[0] = toDouble(value.getValue());
    return array;
  }
  if (auto value = dyn_cast<IntegerAttr>(constant)) {
    if (!isa<IndexType>(value.getType()) && !elementBytes(value.getType()))
      return op->emitError() << "cannot hold values of type " << value.getType();
    return Array::scalar(value.getType(),
                         static_cast<int64_t>(value.getValue().zextOrTrunc(64).getZExtValue()));
  }
  auto elements = dyn_cast<ElementsAttr>(constant);
  if (!elements || !elementBytes(elements.getElementType()))
    return op->emitError() << "cannot read the constant " << constant;
  if (!isHoldable(elements.getShapedType().getShape()))
    return op->emitError() << "constant of type " << elements.getType() << " is too large";
  Array array(elements.getElementType(), elements.getShapedType().getShape());
  if (array.isFloat()) {
    auto values = elements.tryGetValues<llvm::APFloat>();
    if (!values)
      return op->emitError() << "cannot read the constant's elements";
    for (auto [to, from] : llvm::zip(array.floats, *values))
      to = toDouble(from);
    return array;
  }
  auto values = elements.tryGetValues<llvm::APInt>();
  if (!values)
    return op->emitError() << "cannot read the constant's elements";
  for (auto [to, from] : llvm::zip(array.ints, *values))
    to = wrapToType(static_cast<int64_t>(from.zextOrTrunc(64).getZExtValue()), array.elementType);
  return array;
}
