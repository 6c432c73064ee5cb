//===- Weights.h - values that only depend on weights -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_SUPPORT_WEIGHTS_H
#define NACRE_PASSES_SUPPORT_WEIGHTS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

#include "llvm/ADT/SmallVector.h"

namespace nacre {

/// True for an operation that may be part of a weight expression: without effects and regions,
/// all results of static shape or index type. Loads and constants are the leaves.
bool canBePartOfWeight(mlir::Operation *op);

/// True where `value` can be computed at compile time from weights and constants alone.
bool isWeightExpression(mlir::Value value);

/// Moves whatever `value` needs before `op`, which must be in the block that defines it or in one
/// inside that.
/// `value` is a weight expression.
void hoistWeightExpression(mlir::Value value, mlir::Operation *op);

/// True where nothing but one operation reads `value` and, behind it, the weights it is made of:
/// a rewrite that replaces `value` then leaves no second copy of them in the artifact. Slices of
/// one weight that do not overlap count as different weights.
/// Uses in other functions are left out: they are rewritten alike.
bool isSoleUse(mlir::Value value);

/// The element type that the weights behind `value` have in their file (`nn.stored`), where all
/// have the same one and it is not the type they are used in; null otherwise.
mlir::Type storedType(mlir::Value value);

/// True where a weight behind `value` is kept in another type than it is used in: the result of
/// arithmetic on it would be stored in full size.
bool isStoredNarrower(mlir::Value value);

/// `value` as a parameter of exactly the static shape `sizes`, dropping leading dimensions of
/// size 1 by a reshape before the builder's place; null where it has another shape.
mlir::Value asParameter(mlir::OpBuilder &builder, mlir::Value value, llvm::ArrayRef<int64_t> sizes);

} // namespace nacre

#endif
