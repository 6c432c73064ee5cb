//===- RowLoops.cpp - loops over the columns of one row --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/RowLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

vector::CombiningKind nacre::cpu::combiningKind(nn::Reduction kind, bool real) {
  using Kind = vector::CombiningKind;
  switch (kind) {
  case nn::Reduction::sum:
  case nn::Reduction::mean:
    return Kind::ADD;
  case nn::Reduction::max:
    return real ? Kind::MAXIMUMF : Kind::MAXSI;
  case nn::Reduction::min:
    return real ? Kind::MINIMUMF : Kind::MINSI;
  case nn::Reduction::prod:
    return Kind::MUL;
  }
  llvm_unreachable("every reduction is handled");
}

Value nacre::cpu::neutralElement(KernelBuilder &b, nn::Reduction kind, Type element) {
  if (kind == nn::Reduction::prod)
    return b.splat(element, 1);
  if (kind != nn::Reduction::max && kind != nn::Reduction::min)
    return b.splat(element, 0);
  bool max = kind == nn::Reduction::max;
  if (isa<FloatType>(element)) {
    double infinity = std::numeric_limits<double>::infinity();
    return b.splat(element, max ? -infinity : infinity);
  }
  unsigned width = element.getIntOrFloatBitWidth();
  APInt value = max ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width);
  return b.make<arith::ConstantOp>(b.getIntegerAttr(element, value));
}

void nacre::cpu::overColumns(KernelBuilder &b, Value low, Value high,
                             llvm::function_ref<void(Value, Value)> body) {
  Value rest = b.rem(b.sub(high, low), b.index(b.target.lanes));
  Value full = b.sub(high, rest);
  b.loop(low, full, b.target.lanes, [&](Value column) { body(column, Value()); });
  b.onlyIf(b.less(b.index(0), rest), [&] { body(full, b.maskOf(rest)); });
}

Value nacre::cpu::reduceColumns(KernelBuilder &b, Value low, Value high, Value first, Value neutral,
                                vector::CombiningKind kind,
                                llvm::function_ref<Value(Value, Value)> term) {
  constexpr int64_t chains = 4; // hides the latency of an addition
  int64_t lanes = b.target.lanes;
  Value initial = b.broadcast(neutral);
  auto combine = [&](Value x, Value y) { return vector::makeArithReduction(b, b.loc, kind, x, y); };
  Value count = b.sub(high, low);
  Value wide = b.add(low, b.mul(b.div(count, b.index(chains * lanes)), chains * lanes));
  Value full = b.sub(high, b.rem(count, b.index(lanes)));
  SmallVector<Value> partial(chains, initial);
  partial = b.loop(low, wide, chains * lanes, partial, [&](Value column, ValueRange carried) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < chains; ++i)
      next.push_back(combine(carried[i], term(b.add(column, i * lanes), Value())));
    return next;
  });
  Value sum = combine(combine(partial[0], partial[1]), combine(partial[2], partial[3]));
  sum = b.loop(wide, full, lanes, sum, [&](Value column, ValueRange carried) {
    return SmallVector<Value>{combine(carried[0], term(column, Value()))};
  })[0];
  Value rest = b.sub(high, full);
  auto tail = scf::IfOp::create(b, b.loc, TypeRange(sum.getType()), b.less(b.index(0), rest),
                                /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(tail.thenBlock());
    Value mask = b.maskOf(rest);
    Value last = arith::SelectOp::create(b, b.loc, mask, term(full, mask), initial);
    scf::YieldOp::create(b, b.loc, combine(sum, last));
    b.setInsertionPointToStart(tail.elseBlock());
    scf::YieldOp::create(b, b.loc, sum);
  }
  // Lane by lane in halves: an order that LLVM may not change, and a short one.
  auto fast = isa<FloatType>(neutral.getType()) && kind == vector::CombiningKind::ADD
                  ? arith::FastMathFlags::reassoc
                  : arith::FastMathFlags::none;
  return vector::ReductionOp::create(b, b.loc, kind, tail.getResult(0), first, fast);
}
