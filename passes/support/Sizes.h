//===- Sizes.h - which dimensions are the same number -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_SUPPORT_SIZES_H
#define NACRE_PASSES_SUPPORT_SIZES_H

#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/Value.h"

#include <optional>

namespace nacre {

/// Where the size of a dimension comes from. Two equal sizes are the same number whenever the
/// program runs; two different ones may still be.
struct Size {
  /// A dimension of a tensor, an index value, or a dimension variable's name; null for a number.
  const void *origin = nullptr;
  /// The number, or which dimension.
  int64_t index = 0;

  bool operator==(const Size &other) const = default;
  bool isStatic() const { return !origin; }
};

/// The tensor outside a loop, and its dimension, that has the size of `dimension` of an argument of
/// the loop's body: a slice's is the input's, a carry keeps the size that it begins with.
std::optional<std::pair<mlir::Value, int64_t>> outerSize(mlir::BlockArgument argument,
                                                         int64_t dimension);

/// The size of dimension `dimension` of a ranked tensor.
Size sizeOf(mlir::Value tensor, int64_t dimension);

/// The size that an index value, or an attribute, stands for.
Size sizeOf(mlir::OpFoldResult size);

/// True where two tensors have the same shape whenever the program runs.
bool sameShape(mlir::Value a, mlir::Value b);

} // namespace nacre

#endif
