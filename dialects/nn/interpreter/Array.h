//===- Array.h - what a value is while it is interpreted --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_INTERPRETER_ARRAY_H
#define NACRE_DIALECTS_NN_INTERPRETER_ARRAY_H

#include "dialects/nn/interpreter/Interpreter.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace nacre::interpreter {

/// A row-major array in computing form: floats of any type as doubles; integers, bools and index
/// values as 64 bits, extended as `wrapToType` says. A scalar has rank 0.
struct Array {
  mlir::Type elementType;
  llvm::SmallVector<int64_t> shape;
  std::vector<double> floats;
  std::vector<int64_t> ints;

  Array() = default;
  /// Zeros; the shape must have an `elementCount`.
  Array(mlir::Type elementType, llvm::ArrayRef<int64_t> shape);

  bool isFloat() const { return llvm::isa<mlir::FloatType>(elementType); }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  int64_t count() const { return *elementCount(shape); }

  /// Copies element `from` of an array of the same element type to `to`.
  void copyElement(int64_t to, const Array &source, int64_t from) {
    if (isFloat())
      floats[to] = source.floats[from];
    else
      ints[to] = source.ints[from];
  }

  static Array scalar(mlir::Type elementType, int64_t value);
};

/// The values of an operation's operands, in order.
using Operands = llvm::ArrayRef<const Array *>;

/// Zeros of the operation's result element type and `shape`, which must fit the result type where
/// that is static; otherwise an error at `op`.
mlir::FailureOr<Array> makeResult(mlir::Operation *op, llvm::ArrayRef<int64_t> shape);

/// Checks that `shape` is one of `type`'s; `what` names the value in the error at `op`.
mlir::LogicalResult checkShape(mlir::Operation *op, llvm::ArrayRef<int64_t> shape, mlir::Type type,
                               const llvm::Twine &what);

/// Row-major strides in elements.
llvm::SmallVector<int64_t> stridesOf(llvm::ArrayRef<int64_t> shape);

/// The strides with which an operand of static type `type` and actual `shape` is read under a
/// broadcast to `result`: 0 where it repeats. An error at `op` where a size is neither statically
/// 1 nor equal.
mlir::FailureOr<llvm::SmallVector<int64_t>> broadcastStrides(mlir::Operation *op,
                                                             mlir::RankedTensorType type,
                                                             llvm::ArrayRef<int64_t> shape,
                                                             llvm::ArrayRef<int64_t> result);

/// The actual shape to which the operands broadcast, by `broadcastShapes`' rule on their types.
mlir::FailureOr<llvm::SmallVector<int64_t>>
broadcastResult(mlir::Operation *op, mlir::TypeRange types, Operands operands);

/// Calls `visit(index)` for each index of `shape` in row-major order.
void forEachIndex(llvm::ArrayRef<int64_t> shape,
                  llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit);

/// The position of `index` under `strides`.
int64_t offsetOf(llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> strides);

/// Rounds the floats of `array` to its element type.
void roundToElementType(Array &array);

Array toArray(const Tensor &tensor);
/// With Precision::f64 a float array becomes an f64 tensor.
Tensor toTensor(const Array &array, Precision precision);
/// Fails, with an error at `op`, on attributes without element values.
mlir::FailureOr<Array> toArray(mlir::Operation *op, mlir::Attribute constant);

// One evaluation per family of operations, each in the file of that name. `op` is one that the
// family names; the result is not yet rounded.
bool isElementwise(mlir::Operation *op);
mlir::FailureOr<Array> evaluateElementwise(mlir::Operation *op, Operands operands,
                                           Precision precision);
bool isMatmulLike(mlir::Operation *op);
mlir::FailureOr<Array> evaluateMatmulLike(mlir::Operation *op, Operands operands);
bool isWindowed(mlir::Operation *op);
mlir::FailureOr<Array> evaluateWindowed(mlir::Operation *op, Operands operands);
bool isWinograd(mlir::Operation *op);
mlir::FailureOr<Array> evaluateWinograd(mlir::Operation *op, Operands operands);
bool isAttentionLike(mlir::Operation *op);
mlir::FailureOr<Array> evaluateAttentionLike(mlir::Operation *op, Operands operands);
bool isReduction(mlir::Operation *op);
mlir::FailureOr<Array> evaluateReduction(mlir::Operation *op, Operands operands);
bool isDataMovement(mlir::Operation *op);
mlir::FailureOr<Array> evaluateDataMovement(mlir::Operation *op, Operands operands);
bool isIndexing(mlir::Operation *op);
mlir::FailureOr<Array> evaluateIndexing(mlir::Operation *op, Operands operands);
bool isRandom(mlir::Operation *op);
mlir::FailureOr<Array> evaluateRandom(mlir::Operation *op, Operands operands);
bool isArithmetic(mlir::Operation *op);
mlir::FailureOr<Array> evaluateArithmetic(mlir::Operation *op, Operands operands);

} // namespace nacre::interpreter

#endif
