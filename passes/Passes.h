//===- Passes.h - the passes from nn to nn, and their order -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_PASSES_H
#define NACRE_PASSES_PASSES_H

#include "mlir/Pass/Pass.h"

namespace nacre {

// Each of these files consumes the macro.
#define GEN_PASS_DECL
#include "passes/fuse/Passes.h.inc"
#define GEN_PASS_DECL
#include "passes/layout/Passes.h.inc"
#define GEN_PASS_DECL
#include "passes/memory/Passes.h.inc"
#define GEN_PASS_DECL
#include "passes/quantize/Passes.h.inc"
#define GEN_PASS_DECL
#include "passes/simplify/Passes.h.inc"

/// Adds what removes work without changing what is computed by which operation: canonicalisation,
/// sizes read from arguments, common subexpressions, joined slices, dead weights. Registered as the
/// pipeline `nn-simplify`.
void buildSimplifyPipeline(mlir::OpPassManager &manager);

/// Adds the passes that lead from phase `nn` to phase `nn-optimized`, in the one order in which
/// each finds what it looks for. Registered as the pipeline `nn-optimize`. The manager is a
/// module's.
void buildOptimizePipeline(mlir::OpPassManager &manager);

/// Makes every pass of this folder, `nn-simplify` and `nn-optimize` known by name.
void registerPasses();

} // namespace nacre

#endif
