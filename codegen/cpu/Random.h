//===- Random.h - random numbers by counter ---------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_RANDOM_H
#define NACRE_CODEGEN_CPU_RANDOM_H

#include "codegen/cpu/KernelBuilder.h"

namespace nacre::cpu {

/// The elements at `position`; key, offset and position are vectors of i64.
mlir::Value emitRandom(KernelBuilder &builder, nn::RandomOp op, mlir::Value key, mlir::Value offset,
                       mlir::Value position);

} // namespace nacre::cpu

#endif
