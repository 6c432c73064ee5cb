//===- MicroKernel.cpp - the inner loop of all matrix products -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/MicroKernel.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

SmallVector<Value> MicroKernel::zeros() const {
  return SmallVector<Value>(rows * vectors, b.splat(b.vectorOf(element), 0));
}

SmallVector<Value> MicroKernel::step(Value k, int64_t i, ValueRange accumulators) const {
  SmallVector<Value> shared, next;
  for (int64_t v = 0; v < vectors; ++v)
    shared.push_back(right(v, k, i));
  for (int64_t r = 0; r < rows; ++r) {
    Value scalar = b.broadcast(left(r, k, i));
    for (int64_t v = 0; v < vectors; ++v) {
      Value sum = accumulators[r * vectors + v];
      next.push_back(multiplyAdd ? multiplyAdd(scalar, shared[v], sum)
                                 : b.fma(scalar, shared[v], sum));
    }
  }
  return next;
}

SmallVector<Value> MicroKernel::run(Value count, ValueRange accumulators) const {
  // The accumulators are loop-carried values, never memory: no alias analysis is needed to
  // keep them in registers.
  Value rest = b.rem(count, b.index(unrolled)), whole = b.sub(count, rest);
  SmallVector<Value> sums =
      b.loop(b.index(0), whole, unrolled, accumulators, [&](Value k, ValueRange carried) {
        if (ahead)
          ahead(k);
        SmallVector<Value> next(carried);
        for (int64_t i = 0; i < unrolled; ++i)
          next = step(k, i, next);
        return next;
      });
  if (getConstantIntValue(rest) == 0)
    return sums;
  return b.loop(whole, count, 1, sums,
                [&](Value k, ValueRange carried) { return step(k, 0, carried); });
}

void nacre::cpu::forRowTiles(KernelBuilder &b, Value low, Value high,
                             llvm::function_ref<void(Value, int64_t)> body) {
  int64_t height = b.target.tileRows();
  Value count = b.sub(high, low);
  Value rest = b.rem(count, b.index(height));
  Value full = b.sub(high, rest);
  b.loop(low, full, height, [&](Value row) { body(row, height); });
  // One case per remaining height; a height that cannot occur is folded away.
  SmallVector<int64_t> cases = llvm::to_vector(llvm::seq<int64_t>(1, height));
  auto choice = scf::IndexSwitchOp::create(b, b.loc, TypeRange(), rest, cases, cases.size());
  OpBuilder::InsertionGuard guard(b);
  for (auto [region, rows] : llvm::zip(choice.getCaseRegions(), cases)) {
    b.createBlock(&region);
    body(full, rows);
    scf::YieldOp::create(b, b.loc);
  }
  b.createBlock(&choice.getDefaultRegion());
  scf::YieldOp::create(b, b.loc);
}
