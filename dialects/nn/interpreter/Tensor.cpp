//===- Tensor.cpp - a tensor of numbers in memory --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/interpreter/Tensor.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace mlir;
using namespace nacre::interpreter;

/// Enough for any weight or activation; far below what would wrap a size in bytes.
static constexpr int64_t maxElements = int64_t(1) << 36;

std::optional<int64_t> nacre::interpreter::elementBytes(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    if (integer.getWidth() == 0 || integer.getWidth() > 64)
      return std::nullopt;
    return std::max<int64_t>(8, llvm::PowerOf2Ceil(integer.getWidth())) / 8;
  }
  if (isa<IndexType>(type))
    return 8;
  if (auto real = dyn_cast<FloatType>(type))
    if (llvm::is_contained({8u, 16u, 32u, 64u}, real.getWidth()))
      return real.getWidth() / 8;
  return std::nullopt;
}

std::optional<int64_t> nacre::interpreter::elementCount(ArrayRef<int64_t> shape) {
  if (llvm::any_of(shape, [](int64_t size) { return size < 0; }))
    return std::nullopt;
  // Zeros are left out at first, so that the count of any part of a good shape is good as well.
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size > maxElements / count)
      return std::nullopt;
    count *= std::max<int64_t>(size, 1);
  }
  return llvm::is_contained(shape, 0) ? 0 : count;
}

double nacre::interpreter::roundToType(double value, FloatType type) {
  if (type.isF64())
    return value;
  if (type.isF32())
    return static_cast<float>(value);
  llvm::APFloat number(value);
  bool lossy = false;
  number.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lossy);
  number.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lossy);
  return number.convertToDouble();
}

int64_t nacre::interpreter::wrapToType(int64_t value, Type type) {
  unsigned width = isa<IndexType>(type) ? 64 : type.getIntOrFloatBitWidth();
  if (width == 64)
    return value;
  if (width == 1 || type.isUnsignedInteger())
    return value & llvm::maskTrailingOnes<uint64_t>(width);
  return llvm::SignExtend64(value, width);
}

Tensor Tensor::zeros(Type elementType, ArrayRef<int64_t> shape) {
  Tensor tensor;
  tensor.elementType = elementType;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.owned =
      std::make_shared<std::vector<char>>(*elementCount(shape) * *elementBytes(elementType));
  tensor.bytes = *tensor.owned;
  return tensor;
}

std::optional<Tensor> Tensor::viewOf(Type elementType, ArrayRef<int64_t> shape,
                                     ArrayRef<char> bytes) {
  std::optional<int64_t> size = elementBytes(elementType), count = elementCount(shape);
  if (!size || !count || static_cast<int64_t>(bytes.size()) != *size * *count)
    return std::nullopt;
  Tensor tensor;
  tensor.elementType = elementType;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.bytes = bytes;
  return tensor;
}

std::optional<Tensor> Tensor::copyOf(Type elementType, ArrayRef<int64_t> shape,
                                     ArrayRef<char> bytes) {
  std::optional<Tensor> tensor = viewOf(elementType, shape, bytes);
  if (tensor) {
    tensor->owned = std::make_shared<std::vector<char>>(bytes.begin(), bytes.end());
    tensor->bytes = *tensor->owned;
  }
  return tensor;
}

int64_t Tensor::getInt(int64_t i) const {
  int64_t size = *elementBytes(elementType);
  uint64_t bits = 0;
  std::memcpy(&bits, bytes.data() + i * size, size);
  return wrapToType(static_cast<int64_t>(bits), elementType);
}

void Tensor::setInt(int64_t i, int64_t value) {
  int64_t size = *elementBytes(elementType);
  int64_t bits = wrapToType(value, elementType);
  std::memcpy(owned->data() + i * size, &bits, size);
}

double Tensor::getFloat(int64_t i) const {
  auto type = dyn_cast<FloatType>(elementType);
  if (!type) {
    int64_t value = getInt(i);
    return elementType.isUnsignedInteger() ? static_cast<double>(static_cast<uint64_t>(value))
                                           : static_cast<double>(value);
  }
  int64_t size = type.getWidth() / 8;
  uint64_t bits = 0;
  std::memcpy(&bits, bytes.data() + i * size, size);
  if (type.isF64())
    return llvm::bit_cast<double>(bits);
  if (type.isF32())
    return llvm::bit_cast<float>(static_cast<uint32_t>(bits));
  llvm::APFloat number(type.getFloatSemantics(), llvm::APInt(type.getWidth(), bits));
  bool lossy = false;
  number.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lossy);
  return number.convertToDouble();
}

void Tensor::setFloat(int64_t i, double value) {
  auto type = cast<FloatType>(elementType);
  llvm::APFloat number(value);
  bool lossy = false;
  number.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lossy);
  uint64_t bits = number.bitcastToAPInt().getZExtValue();
  int64_t size = type.getWidth() / 8;
  std::memcpy(owned->data() + i * size, &bits, size);
}
