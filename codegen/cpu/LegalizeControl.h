//===- LegalizeControl.h - loops in the form that is lowered ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_LEGALIZECONTROL_H
#define NACRE_CODEGEN_CPU_LEGALIZECONTROL_H

#include "dialects/nn/NN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"

namespace nacre::cpu {

/// A scan takes slices along dimension 0, where each is a contiguous part of its input.
void addControlPatterns(mlir::RewritePatternSet &patterns);

/// Moves what loops and branches compute of weights alone in front of them.
void hoistWeightExpressions(mlir::func::FuncOp entry);

} // namespace nacre::cpu

#endif
