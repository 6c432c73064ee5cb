//===- EmitSteps.h - kernels in shares that threads take --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_EMITSTEPS_H
#define NACRE_CODEGEN_CPU_EMITSTEPS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace nacre::cpu {

/// Rewrites an entry of the phase `buffers` from kernel calls with barriers between them to steps
/// whose shares threads take from the runtime; see nacre_next_share in its artifact.h. How much
/// work a step is becomes arithmetic on the dimension variables.
void emitSteps(mlir::func::FuncOp entry);

} // namespace nacre::cpu

#endif
