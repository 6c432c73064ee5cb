//===- NormParts.h - the pieces that norms are written in -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_FUSE_NORMPARTS_H
#define NACRE_PASSES_FUSE_NORMPARTS_H

#include "mlir/IR/Value.h"

#include <optional>

namespace nacre {

/// `x` divided by `sqrt(square + epsilon)`, where `square` is a mean over the last dimensions of
/// `x` squared.
struct RootMeanSquareDivision {
  mlir::Value x;
  double epsilon;
  int64_t normalizedDims;
};

/// Recognises the division in the spellings of `nn.div`, `nn.mul`, `nn.sqrt`, `nn.rsqrt`,
/// `nn.pow` and `nn.reduce`. `result` has `x`'s shape.
std::optional<RootMeanSquareDivision> matchRootMeanSquareDivision(mlir::Value result);

/// The number of last dimensions that `mean` is `x`'s mean over, with the dimensions kept as 1;
/// nothing where it is something else.
std::optional<int64_t> matchMeanOfLast(mlir::Value mean, mlir::Value x);

/// `value` without the explicit broadcast in front of an operation that broadcasts anyway.
mlir::Value withoutBroadcast(mlir::Value value);

} // namespace nacre

#endif
