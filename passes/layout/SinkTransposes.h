//===- SinkTransposes.h - moves transposes down -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_LAYOUT_SINKTRANSPOSES_H
#define NACRE_PASSES_LAYOUT_SINKTRANSPOSES_H

#include "dialects/nn/NN.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace nacre {

/// `[N, C, spatial...]` to `[N, spatial..., C]`, and back.
llvm::SmallVector<int64_t> toChannelsLast(int64_t rank);
llvm::SmallVector<int64_t> toChannelsFirst(int64_t rank);

/// `sizes[permutation[i]]` for each i: what a transpose does to a shape.
llvm::SmallVector<int64_t> applyPermutation(llvm::ArrayRef<int64_t> sizes,
                                            llvm::ArrayRef<int64_t> permutation);

/// A marked transpose leads from channels last to channels first and may move down.
void markSinking(nn::TransposeOp op);
void unmarkSinking(nn::TransposeOp op);

/// Moves marked transposes below their users, and removes those that meet an inverse one.
void populateSinkTransposesPatterns(mlir::RewritePatternSet &patterns, mlir::Pass::Statistic &sunk);

/// Makes transposes that only move dimensions of size 1 reshapes.
void populateUnitTransposePatterns(mlir::RewritePatternSet &patterns);

} // namespace nacre

#endif
