//===- Tensor.h - a tensor of numbers in memory -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_INTERPRETER_TENSOR_H
#define NACRE_DIALECTS_NN_INTERPRETER_TENSOR_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <memory>
#include <optional>
#include <vector>

namespace nacre::interpreter {

/// Bytes of one element in memory: integers take the next power of two (i1 one byte, 0 or 1),
/// floats their width. Nothing for types that no tensor of numbers holds.
std::optional<int64_t> elementBytes(mlir::Type elementType);

/// The product of the sizes; nothing where a size is negative or the product exceeds what is
/// sensible to hold in memory.
std::optional<int64_t> elementCount(llvm::ArrayRef<int64_t> shape);

/// A row-major tensor, its elements in the host's byte order. Copies share the bytes.
class Tensor {
public:
  Tensor() = default;

  /// Zeros. The element type must have `elementBytes` and the shape an `elementCount`.
  static Tensor zeros(mlir::Type elementType, llvm::ArrayRef<int64_t> shape);

  /// A copy of `bytes`, or nothing where their number does not fit type and shape.
  static std::optional<Tensor> copyOf(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                                      llvm::ArrayRef<char> bytes);

  /// The same without a copy: `bytes` must live as long as the tensor and its copies.
  static std::optional<Tensor> viewOf(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                                      llvm::ArrayRef<char> bytes);

  /// The same bytes, shared, under another shape of as many elements.
  Tensor withShape(llvm::ArrayRef<int64_t> newShape) const {
    Tensor result = *this;
    result.shape.assign(newShape.begin(), newShape.end());
    return result;
  }

  mlir::Type getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getNumElements() const { return *elementCount(shape); }
  llvm::ArrayRef<char> getBytes() const { return bytes; }

  /// The bytes to write to. Only for a tensor that owns them (`zeros`, `copyOf`).
  llvm::MutableArrayRef<char> getMutableBytes() { return *owned; }

  /// Element `i` in row-major order; integers and bools are converted.
  double getFloat(int64_t i) const;
  /// Element `i` of a tensor of integers: sign-extended, or zero-extended where the type is
  /// unsigned or i1.
  int64_t getInt(int64_t i) const;
  /// Rounds to nearest even where the element type is narrower.
  void setFloat(int64_t i, double value);
  /// Keeps the low bits where the element type is narrower.
  void setInt(int64_t i, int64_t value);

private:
  mlir::Type elementType;
  llvm::SmallVector<int64_t> shape;
  std::shared_ptr<std::vector<char>> owned;
  llvm::ArrayRef<char> bytes;
};

/// `value` rounded to the nearest (ties to even) number of the float type, infinite above its
/// largest.
double roundToType(double value, mlir::FloatType type);

/// The low bits of `value`, extended back to 64 as `Tensor::getInt` says.
int64_t wrapToType(int64_t value, mlir::Type integerOrIndexType);

} // namespace nacre::interpreter

#endif
