//===- Shapes.h - what the dialect's shape rules share ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_SHAPES_H
#define NACRE_DIALECTS_NN_SHAPES_H

#include "dialects/nn/NN.h"

namespace nacre::nn {

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType());
}

/// True where two sizes can be the same number.
inline bool agree(int64_t a, int64_t b) {
  return a == b || mlir::ShapedType::isDynamic(a) || mlir::ShapedType::isDynamic(b);
}

/// A size as types spell it: a number or `?`.
std::string spell(int64_t size);
/// `[2, ?, 3]`.
std::string spell(llvm::ArrayRef<int64_t> shape);

/// Checks that `parameter`, where present, has the shape `sizes` and the input's element type.
mlir::LogicalResult checkParameter(std::optional<mlir::Location> loc, mlir::Value parameter,
                                   llvm::StringRef name, mlir::Value input,
                                   llvm::ArrayRef<int64_t> sizes);

/// Checks that `input` may stand where a broadcast to `result` is wanted: it has at most its rank,
/// and each dimension is statically 1 or agrees.
bool broadcastsTo(llvm::ArrayRef<int64_t> input, llvm::ArrayRef<int64_t> result);

/// Sizes from an input beyond this could overflow when padding is added.
inline constexpr int64_t largestSize = int64_t(1) << 62;
/// Window parameters and paddings are smaller, so that sums and products of them fit 64 bits.
inline constexpr int64_t parameterLimit = int64_t(1) << 31;

} // namespace nacre::nn

#endif
