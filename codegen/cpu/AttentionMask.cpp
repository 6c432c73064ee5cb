//===- AttentionMask.cpp - which keys an attention sees --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/AttentionMask.h"

#include "codegen/cpu/VectorFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

constexpr double log2E = 1.44269504088896341;

double AttentionOperands::unit() const {
  return VectorArithmetic{b, b.vectorOf(real)}.isWide() ? log2E : 1;
}

double AttentionOperands::scale() const {
  nn::AttentionOp attention = op;
  std::optional<APFloat> given = attention.getScale();
  return unit() * (given ? given->convertToDouble() : 1 / std::sqrt(static_cast<double>(depth)));
}

Value AttentionOperands::weightOf(Value score) const {
  VectorArithmetic e{b, score.getType()};
  // A power that underflows costs the core a hundred times another's time, and every unseen key has
  // one. Beside the largest weight, 1, it is nothing.
  if (!e.isWide()) {
    Value nothing = e.compare(arith::CmpFPredicate::OLT, score, e.constant(-87));
    Value power = emitExp(b, e.select(nothing, e.constant(-87), score));
    return e.select(nothing, e.constant(0), power);
  }
  Value counts = e.compare(arith::CmpFPredicate::UGE, score, e.constant(-126));
  // 2 to the nearest integer, times 2 to what is left.
  Value high = e.constant(0x1.8p23);
  Value n = e.sub(e.add(score, high), high);
  Value power = e.polynomial(e.sub(score, n), {0.00132695248, 0.00967129227, 0.0555071086,
                                               0.240222469, 0.693147004, 1}); // exp2_short
  return e.select(counts, e.wideIntrinsic("mask.scalef", {power, n}, /*rounds=*/true),
                  e.constant(0));
}

AttentionMask::AttentionMask(const AttentionOperands &operands)
    : o(operands), b(operands.b), op(operands.op) {
  if (!o.mask)
    return;
  RankedTensorType type = cast<RankedTensorType>(op.getMask().getType());
  int64_t rank = type.getRank();
  isBool = type.getElementType().isInteger(1);
  hasHeads = rank >= 3 && type.getDimSize(rank - 3) != 1;
  hasKeys = rank >= 1 && type.getDimSize(rank - 1) != 1;
  hasQueries = rank >= 2 && type.getDimSize(rank - 2) != 1;
}

/// The number of a batch entry in a buffer that has one for each, or one for all; cut to [low,
/// high].
static Value numberOf(KernelBuilder &b, Value numbers, Value batch, Value low, Value high) {
  auto type = cast<MemRefType>(numbers.getType());
  SmallVector<Value> place;
  if (type.getRank() == 1)
    place.push_back(type.getDimSize(0) == 1 ? b.index(0) : batch);
  Value number = b.loadScalar(numbers, place, type.getElementType());
  number = b.make<arith::IndexCastOp>(b.getIndexType(), number);
  return b.max(b.min(number, high), low);
}

void AttentionMask::enter(Value newBatch, Value newHead) {
  batch = newBatch;
  head = newHead;
  length = o.lengths ? numberOf(b, o.lengths, batch, b.index(0), o.keys) : o.keys;
  shift = b.sub(o.keys, o.queries);
  if (o.start) {
    // Further away nothing changes, and no sum overflows.
    Value reach = b.add(b.add(o.keys, o.queries), static_cast<int64_t>(op.getWindow().value_or(0)));
    shift = numberOf(b, o.start, batch, b.sub(b.index(0), reach), reach);
  }
}

std::pair<Value, Value> AttentionMask::range(Value first, Value count) {
  Value low = b.index(0), high = length;
  Value end = b.add(b.add(first, count), shift);
  int64_t window = static_cast<int64_t>(op.getWindow().value_or(0));
  if (window)
    low = b.max(low, b.sub(b.add(first, shift), b.index(window - 1)));
  if (op.getCausal())
    high = b.min(high, end);
  else if (window)
    high = b.min(high, b.add(end, window - 1));
  return {low, high};
}

bool AttentionMask::hidesInside(bool severalQueries) {
  return o.mask || o.blocks || ((op.getCausal() || hasWindow()) && severalQueries);
}

SmallVector<Value> AttentionMask::indices(Value query, Value key) {
  auto type = cast<MemRefType>(o.mask.getType());
  SmallVector<Value> result;
  Value wanted[] = {batch, head, query, key};
  for (int64_t i = 0; i < type.getRank(); ++i)
    result.push_back(type.getDimSize(i) == 1 ? b.index(0) : wanted[4 - type.getRank() + i]);
  return result;
}

Value AttentionMask::at(Value query, Value key) {
  Value value = b.loadScalar(o.mask, indices(query, key), isBool ? Type(b.getI1Type()) : o.real);
  if (isBool || o.unit() == 1)
    return value;
  return b.make<arith::MulFOp>(value, b.splat(o.real, o.unit()));
}

Value AttentionMask::alongKeys(Value query, Value key, Value count) {
  Value values = b.loadVector(o.mask, indices(query, key), isBool ? Type(b.getI1Type()) : o.real,
                              b.maskOf(count));
  if (isBool || o.unit() == 1)
    return values;
  return b.make<arith::MulFOp>(values, o.splat(o.unit()));
}

Value AttentionMask::seesAny(Value first, Value end) {
  Type bits = b.vectorOf(b.getI1Type());
  Value any =
      b.loop(first, end, b.target.lanes, b.splat(bits, 0), [&](Value key, ValueRange carried) {
        Value values = alongKeys(b.index(0), key, b.sub(end, key));
        // Only minus infinity hides; past the end zeros were loaded.
        if (!isBool) {
          Value seen = b.make<arith::CmpFOp>(arith::CmpFPredicate::UNE, values,
                                             o.splat(-std::numeric_limits<double>::infinity()));
          values = b.make<arith::AndIOp>(seen, b.maskOf(b.sub(end, key)));
        }
        return SmallVector<Value>{b.make<arith::OrIOp>(carried[0], values)};
      })[0];
  return b.make<vector::ReductionOp>(vector::CombiningKind::OR, any);
}

Value AttentionMask::block(Value query, Value key) {
  auto type = cast<MemRefType>(o.blocks.getType());
  Value size = b.index(static_cast<int64_t>(*op.getBlockSize()));
  Value wanted[] = {batch, head, b.div(query, size), b.div(key, size)};
  SmallVector<Value> place;
  for (int64_t i = 0; i < type.getRank(); ++i)
    place.push_back(type.getDimSize(i) == 1 ? b.index(0) : wanted[4 - type.getRank() + i]);
  return b.loadScalar(o.blocks, place, b.getI1Type());
}

Value AttentionMask::laneNumbers() {
  SmallVector<int32_t> numbers = llvm::to_vector(llvm::seq<int32_t>(0, b.target.lanes));
  return b.make<arith::ConstantOp>(DenseElementsAttr::get(
      cast<VectorType>(b.vectorOf(b.getI32Type())), ArrayRef<int32_t>(numbers)));
}

Value AttentionMask::distance(Value index) {
  constexpr int64_t far = 1 << 20;
  index = b.max(b.min(index, b.index(far)), b.index(-far));
  return b.broadcast(b.make<arith::IndexCastOp>(b.getI32Type(), index));
}
