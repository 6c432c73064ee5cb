//===- ToLlvm.h - from buffers to the llvm dialect --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_TOLLVM_H
#define NACRE_CODEGEN_OBJECT_TOLLVM_H

#include "mlir/Pass/PassManager.h"

namespace nacre::object {

/// Elementary functions become polynomials on f32 vectors and calls of libm elsewhere.
std::unique_ptr<mlir::Pass> createLowerMathPass();

/// Conversions of 8-bit floats become arithmetic on bits.
std::unique_ptr<mlir::Pass> createLowerByteFloatsPass();

/// Everything in a module of entries and kernels on buffers becomes the llvm dialect.
void buildToLlvmPipeline(mlir::OpPassManager &manager);

/// Makes the passes of this folder known by name.
void registerObjectPasses();

} // namespace nacre::object

#endif
