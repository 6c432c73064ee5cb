//===- Constants.h - numbers known at compile time --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_SUPPORT_CONSTANTS_H
#define NACRE_PASSES_SUPPORT_CONSTANTS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace nacre {

/// The one number that every element of a float or integer tensor has, where that is known:
/// constants and splats, seen through shape changes, conversions and arithmetic. Each step is
/// rounded to its element type, as running it would.
std::optional<double> splatValue(mlir::Value value);

/// A rank-0 constant of the given element type, which broadcasts against anything.
mlir::Value scalarConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type element,
                           double value);

/// True where an element-wise operation with result type `to` leaves `from`'s shape as it is, so
/// that its other operands only broadcast into it.
bool keepsShape(mlir::Type from, mlir::Type to);

} // namespace nacre

#endif
