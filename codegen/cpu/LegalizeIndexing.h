//===- LegalizeIndexing.h - order and random numbers in forms that have kernels -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_LEGALIZEINDEXING_H
#define NACRE_CODEGEN_CPU_LEGALIZEINDEXING_H

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace nacre::cpu {

/// Patterns of `legalize-for-cpu`: sorting runs along rows, random numbers are f32 or f64.
void addIndexingPatterns(mlir::RewritePatternSet &patterns);

} // namespace nacre::cpu

#endif
