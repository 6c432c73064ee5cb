//===- VectorMath.h - elementary functions on vectors -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_VECTORMATH_H
#define NACRE_CODEGEN_CPU_VECTORMATH_H

#include "codegen/cpu/KernelBuilder.h"

namespace nacre::cpu {

/// e^x of a float scalar or vector, in f32 within 2 ulp; NaN stays NaN, overflow is infinite,
/// underflow goes to zero through the denormals.
mlir::Value emitExp(KernelBuilder &builder, mlir::Value x);

/// Writes one element-wise nn operation on operands that are scalars or vectors of the
/// operation's element types. Every operation with the Elementwise trait is covered.
mlir::Value emitElementwise(KernelBuilder &builder, mlir::Operation *op, mlir::ValueRange operands);

} // namespace nacre::cpu

#endif
