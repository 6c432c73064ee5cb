//===- AttentionMask.h - the masks on the way to a softmax ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_FUSE_ATTENTIONMASK_H
#define NACRE_PASSES_FUSE_ATTENTIONMASK_H

#include "mlir/IR/PatternMatch.h"

#include <optional>

namespace nacre {

/// Collects the masks between the scores of an attention and its softmax, from the softmax
/// upwards, and says them in the words of nn.attention.
class AttentionMask {
public:
  /// `mask` is added to the scores; what follows multiplies the sum by `scale`.
  void add(mlir::Value mask, double scale, double fillerLimit);

  /// `filler` replaces the scores where `condition` does not hold (where it holds, if `hidden`),
  /// and what follows multiplies them by `scale`. False where the filler is no number, or one
  /// that a score could reach.
  bool choose(mlir::Value condition, bool hidden, mlir::Value filler, double scale,
              double fillerLimit);

  /// Whether masks of scores of rank `rank` fit an attention.
  bool isValid(int64_t rank) const;

  /// What an attention takes for the masks.
  struct Result {
    mlir::Value mask; ///< may be null
    bool causal = false;
    std::optional<int64_t> window;
  };
  /// For scores of rank `rank`.
  Result build(mlir::PatternRewriter &rewriter, mlir::Location loc, int64_t rank) const;

private:
  struct Term {
    mlir::Value value;
    /// For a mask that is added: what it is multiplied by.
    double scale = 1;
    /// For one that chooses: the filler's value in the softmax, and where it is put.
    bool chooses = false, hidden = false;
    double filler = 0;
  };
  void choose(mlir::Value condition, bool hidden, double filler);
  /// Takes those of `terms` that are a band into `result`.
  void takeBand(llvm::SmallVectorImpl<Term> &terms, Result &result) const;

  llvm::SmallVector<Term> terms;
};

} // namespace nacre

#endif
