//===- RowLoops.h - loops over the columns of one row -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_ROWLOOPS_H
#define NACRE_CODEGEN_CPU_ROWLOOPS_H

#include "codegen/cpu/KernelBuilder.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace nacre::cpu {

/// Runs `body` for whole vectors of [low, high), then for what remains under a mask.
void overColumns(KernelBuilder &builder, mlir::Value low, mlir::Value high,
                 llvm::function_ref<void(mlir::Value column, mlir::Value mask)> body);

/// How elements of floats, or of integers, are combined.
mlir::vector::CombiningKind combiningKind(nn::Reduction kind, bool real);
/// The value that changes nothing when combined.
mlir::Value neutralElement(KernelBuilder &builder, nn::Reduction kind, mlir::Type element);

/// Combines `term(column, mask)` over [low, high) with the scalar `initial`, whose type the terms'
/// elements have. Terms are summed in several independent vectors, in an order that depends on the
/// number of columns alone. Masked-out lanes are replaced by the neutral element.
mlir::Value
reduceColumns(KernelBuilder &builder, mlir::Value low, mlir::Value high, mlir::Value initial,
              mlir::Value neutral, mlir::vector::CombiningKind kind,
              llvm::function_ref<mlir::Value(mlir::Value column, mlir::Value mask)> term);

} // namespace nacre::cpu

#endif
