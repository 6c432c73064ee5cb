//===- ArgReduce.cpp - where the largest or smallest element is -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/Lines.h"
#include "codegen/cpu/RowLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {
/// Comparisons of elements of one type, for max or min.
struct Order {
  KernelBuilder &b;
  bool max, real;

  /// True where `x` takes the place of `best`, which came before: it is better, or the first NaN.
  Value better(Value x, Value best) const {
    if (!real)
      return b.make<arith::CmpIOp>(max ? arith::CmpIPredicate::sgt : arith::CmpIPredicate::slt, x,
                                   best);
    Value beats =
        b.make<arith::CmpFOp>(max ? arith::CmpFPredicate::UGT : arith::CmpFPredicate::ULT, x, best);
    Value number = b.make<arith::CmpFOp>(arith::CmpFPredicate::ORD, best, best);
    return b.make<arith::AndIOp>(beats, number);
  }

  /// True where both are equal, or both NaN.
  Value same(Value x, Value y) const {
    if (!real)
      return b.make<arith::CmpIOp>(arith::CmpIPredicate::eq, x, y);
    auto isNan = [&](Value v) { return b.make<arith::CmpFOp>(arith::CmpFPredicate::UNO, v, v); };
    Value equal = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, x, y);
    return b.make<arith::OrIOp>(equal, b.make<arith::AndIOp>(isNan(x), isNan(y)));
  }

  Value select(Value condition, Value x, Value y) const {
    return b.make<arith::SelectOp>(condition, x, y);
  }
};

/// The best elements of each lane, and in which vector of the row they were. Vectors are counted in
/// 32 bits, which is half the work of 64 and enough for rows of 2^33 elements.
struct Best {
  Value value, vector;
};
} // namespace

/// The index of the best of `count` elements from `first` on in `flat`.
static Value bestOfRow(KernelBuilder &b, const Order &order, Value flat, Value first, Value count,
                       Value worst) {
  constexpr int64_t chains = 4; // hides the latency of compare and select
  int64_t lanes = b.target.lanes;
  Type element = worst.getType();
  Value initial = b.broadcast(worst), zero = b.splat(b.vectorOf(b.getI32Type()), 0);
  auto take = [&](Best sofar, Value number, Value mask) -> Best {
    Value column = b.mul(number, lanes);
    Value x = b.loadVector(flat, b.add(first, column), element, mask);
    if (mask)
      x = order.select(mask, x, initial);
    Value wins = order.better(x, sofar.value);
    Value now = b.broadcast(b.make<arith::IndexCastOp>(b.getI32Type(), number));
    return {order.select(wins, x, sofar.value), order.select(wins, now, sofar.vector)};
  };
  Value vectors = b.div(count, b.index(lanes)), rest = b.rem(count, b.index(lanes));
  Value wide = b.mul(b.div(vectors, b.index(chains)), chains);
  SmallVector<Value> carried;
  for (int64_t i = 0; i < chains; ++i)
    carried.append({initial, zero});
  carried = b.loop(b.index(0), wide, chains, carried, [&](Value number, ValueRange values) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < chains; ++i) {
      Best best = take({values[2 * i], values[2 * i + 1]}, b.add(number, i), {});
      next.append({best.value, best.vector});
    }
    return next;
  });
  Best best{carried[0], carried[1]};
  for (int64_t i = 1; i < chains; ++i) {
    Value value = carried[2 * i], vector = carried[2 * i + 1];
    Value earlier = b.make<arith::AndIOp>(
        order.same(value, best.value),
        b.make<arith::CmpIOp>(arith::CmpIPredicate::slt, vector, best.vector));
    // Of NaN the first one stays, whatever the chain.
    Value wins = b.make<arith::OrIOp>(order.better(value, best.value), earlier);
    best = {order.select(wins, value, best.value), order.select(wins, vector, best.vector)};
  }
  carried =
      b.loop(wide, vectors, 1, {best.value, best.vector}, [&](Value number, ValueRange values) {
        Best next = take({values[0], values[1]}, number, {});
        return SmallVector<Value>{next.value, next.vector};
      });
  auto tail = scf::IfOp::create(b, b.loc, TypeRange{carried[0].getType(), carried[1].getType()},
                                b.less(b.index(0), rest), /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(tail.thenBlock());
    Best last = take({carried[0], carried[1]}, vectors, b.maskOf(rest));
    scf::YieldOp::create(b, b.loc, ValueRange{last.value, last.vector});
    b.setInsertionPointToStart(tail.elseBlock());
    scf::YieldOp::create(b, b.loc, carried);
  }
  // The first of the lanes that hold the best element.
  using Kind = vector::CombiningKind;
  Kind kind = order.real ? (order.max ? Kind::MAXIMUMF : Kind::MINIMUMF)
                         : (order.max ? Kind::MAXSI : Kind::MINSI);
  Value winner = b.make<vector::ReductionOp>(kind, tail.getResult(0));
  Type wideType = b.vectorOf(b.getI64Type());
  Value place = b.make<arith::MulIOp>(b.make<arith::ExtSIOp>(wideType, tail.getResult(1)),
                                      b.splat(wideType, static_cast<double>(lanes)));
  place = b.make<arith::AddIOp>(place, b.laneNumbers());
  Value far = b.broadcast(
      b.make<arith::ConstantOp>(b.getI64IntegerAttr(std::numeric_limits<int64_t>::max())));
  Value among = order.same(tail.getResult(0), b.broadcast(winner));
  return b.make<vector::ReductionOp>(Kind::MINSI, order.select(among, place, far));
}

LogicalResult nacre::cpu::emitArgReduce(KernelBuilder &b, nn::ArgReduceOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  if (failed(input))
    return failure();
  Type stored = getElementTypeOrSelf(root.getInput());
  Type element = stored.isInteger(1) ? elementIn(*input) : computeType(stored);
  Order order{b, root.getKind() == nn::Reduction::max, isa<FloatType>(element)};
  Value worst = neutralElement(b, root.getKind(), element);
  auto axis = static_cast<int64_t>(root.getAxis());
  Lines lines(b, *input, axis);
  Value out = b.flatten(b.output);
  if (axis + 1 == root.getInput().getType().getRank()) {
    auto [low, high] = b.share(lines.before);
    b.loop(low, high, 1, [&](Value row) {
      Value best = bestOfRow(b, order, lines.flat, b.mul(row, lines.size), lines.size, worst);
      b.storeScalar(best, out, row);
    });
    return success();
  }
  // Vectors run over lines that lie side by side.
  Value none = b.splat(b.vectorOf(b.getI64Type()), 0);
  lines.overVectors(b, [&](Value outer, Value inner, Value mask) {
    SmallVector<Value> best = b.loop(
        b.index(0), lines.size, 1, {b.broadcast(worst), none}, [&](Value i, ValueRange sofar) {
          Value x = b.loadVector(lines.flat, lines.at(b, outer, i, inner), element, mask);
          Value wins = order.better(x, sofar[0]);
          Value now = b.broadcast(b.make<arith::IndexCastOp>(b.getI64Type(), i));
          return SmallVector<Value>{order.select(wins, x, sofar[0]),
                                    order.select(wins, now, sofar[1])};
        });
    b.storeVector(best[1], out, b.add(b.mul(outer, lines.after), inner), mask);
  });
  return success();
}
