//===- VectorMath.h - elementary functions on vectors -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_VECTORMATH_H
#define NACRE_CODEGEN_CPU_VECTORMATH_H

#include "codegen/cpu/KernelBuilder.h"

namespace nacre::cpu {

/// An integer, scalar or vector, as a float of the type that `real` is computed in, rounded once to
/// the precision of `real`.
mlir::Value emitNumber(KernelBuilder &builder, mlir::Value integer, mlir::Type real,
                       bool isUnsigned = false);

/// Writes one element-wise nn operation on operands that are scalars or vectors of the types that
/// the operation's element types are computed in (`computeType`); a narrow float is rounded to its
/// own precision by a cast to it, and where it is stored. Every operation with the Elementwise
/// trait is covered.
mlir::Value emitElementwise(KernelBuilder &builder, mlir::Operation *op, mlir::ValueRange operands);

} // namespace nacre::cpu

#endif
