//===- AttentionMask.h - which keys an attention sees -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_ATTENTIONMASK_H
#define NACRE_CODEGEN_CPU_ATTENTIONMASK_H

#include "codegen/cpu/VectorArithmetic.h"

namespace nacre::cpu {

/// The buffers and sizes of an attention.
struct AttentionOperands {
  KernelBuilder &b;
  nn::AttentionOp op;
  mlir::Value query, key, value;            ///< [B, H, S, D]
  mlir::Value mask, lengths, start, blocks; ///< may be null
  mlir::Value output;                       ///< as the operation's result

  int64_t heads = op.getQuery().getType().getDimSize(1);
  int64_t groups = op.getKey().getType().getDimSize(1);
  int64_t depth = op.getQuery().getType().getDimSize(3);
  int64_t width = op.getValue().getType().getDimSize(3);
  /// What it is computed in.
  mlir::Type real = computeType(mlir::getElementTypeOrSelf(op.getQuery().getType()));
  mlir::Value batches = b.dim(query, 0), queries = b.dim(query, 2), keys = b.dim(key, 2);

  /// Scores are counted in powers of two where that is cheaper; so many of them are a power of e.
  double unit() const;
  /// What a product of q and k is multiplied by to be a score, in that unit.
  double scale() const;
  /// 2 or e to the power of a vector of scores less the largest; 0 where it would underflow.
  mlir::Value weightOf(mlir::Value score) const;
  mlir::Value splat(double value) const { return b.splat(b.vectorOf(real), value); }
};

/// Which keys are seen, for one batch entry and head at a time.
class AttentionMask {
public:
  explicit AttentionMask(const AttentionOperands &operands);

  /// Goes to a batch entry and head; to another head of it.
  void enter(mlir::Value batch, mlir::Value head);
  void turnTo(mlir::Value other) { head = other; }

  /// Key `queryShift() + i` is the one at which query i stands.
  mlir::Value queryShift() const { return shift; }
  /// The first key, and the one after the last, that any of `count` queries from `first` on sees
  /// by its place. May be an empty range.
  std::pair<mlir::Value, mlir::Value> range(mlir::Value first, mlir::Value count);

  /// Whether keys inside a range may not be seen, so that weights of 0 are there.
  bool hidesInside(bool severalQueries);
  bool hasWindow() { return op.getWindow().has_value(); }

  /// Whether the mask says something of single keys, alike for all queries: then `seesAny` tells
  /// whether any of the keys [first, end) is seen.
  bool isPerKey() const { return o.mask && !hasQueries && hasKeys; }
  mlir::Value seesAny(mlir::Value first, mlir::Value end);

  /// Whether the mask, or blocks, differ by query.
  bool isPerQuery() const { return (o.mask && hasQueries) || o.blocks; }

  /// A bool mask chooses, a float mask is added.
  bool chooses() const { return isBool; }
  /// The mask at a query and a key: a bool, or a float in the unit of scores.
  mlir::Value at(mlir::Value query, mlir::Value key);
  /// Of as many keys from `key` on as a vector has lanes, of which `count` exist; the rest is 0.
  mlir::Value alongKeys(mlir::Value query, mlir::Value key, mlir::Value count);
  /// Whether the mask has a row for each query, a column for each key, and something for each head.
  bool perHead() const { return hasHeads; }
  bool perQuery() const { return hasQueries; }
  bool perKey() const { return hasKeys; }

  /// Whether the block of scores of a query and a key is computed.
  mlir::Value block(mlir::Value query, mlir::Value key);

  /// The lanes of a vector, as i32 numbers.
  mlir::Value laneNumbers();
  /// A signed distance as a vector of i32, cut to what they hold: smaller by more than all lanes
  /// is as good as any.
  mlir::Value distance(mlir::Value index);

private:
  llvm::SmallVector<mlir::Value> indices(mlir::Value query, mlir::Value key);

  const AttentionOperands &o;
  KernelBuilder &b;
  nn::AttentionOp op;
  bool isBool = false, hasHeads = false, hasQueries = false, hasKeys = false;
  mlir::Value batch, head, length, shift;
};

} // namespace nacre::cpu

#endif
