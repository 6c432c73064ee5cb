//===- Window.h - the arithmetic of sliding windows -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_WINDOW_H
#define NACRE_DIALECTS_NN_WINDOW_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"

namespace nacre::nn {

/// How a convolution or a pool walks over the spatial dimensions, one entry per dimension;
/// padding holds low and high interleaved.
struct Window {
  llvm::ArrayRef<int64_t> kernel, strides, padding, dilations;
  bool ceilMode;

  /// Checks counts and signs against the number of spatial dimensions.
  mlir::LogicalResult verify(std::optional<mlir::Location> loc, int64_t spatial) const;

  /// The output size of spatial dimension `i` for input size `in`; 0 where the window does not
  /// fit. Rounding up, a window fits that reaches beyond the padding.
  int64_t outputSize(int64_t i, int64_t in) const;

  /// The smallest size of spatial dimension `i` into which a window fits.
  int64_t smallestInput(int64_t i) const;

  /// Replaces the input sizes at `shape[first ...]` by output sizes.
  mlir::LogicalResult inferSizes(std::optional<mlir::Location> loc,
                                 llvm::MutableArrayRef<int64_t> shape, int64_t first) const;

  /// The same for sizes that may be values.
  void reifySizes(mlir::OpBuilder &builder, mlir::Location loc,
                  llvm::MutableArrayRef<mlir::OpFoldResult> sizes, int64_t first) const;
};

} // namespace nacre::nn

#endif
