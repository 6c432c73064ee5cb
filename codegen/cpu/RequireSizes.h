//===- RequireSizes.h - the sizes that an entry accepts ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_REQUIRESIZES_H
#define NACRE_CODEGEN_CPU_REQUIRESIZES_H

#include "codegen/cpu/SizeTable.h"

namespace nacre::cpu {

/// Writes `cf.assert`s for what sizes of a call must fulfil, which the entry checks before it
/// computes: slices lie in their tensors and windows fit into theirs.
void requireSizes(mlir::func::FuncOp entry, SizeTable &table);

} // namespace nacre::cpu

#endif
