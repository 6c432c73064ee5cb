//===- MicroKernel.cpp - the inner loop of all matrix products -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/MicroKernel.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

SmallVector<Value> MicroKernel::zeros() const {
  return SmallVector<Value>(rows * vectors, b.splat(b.vectorOf(element), 0));
}

SmallVector<Value> MicroKernel::run(Value low, Value high, ValueRange accumulators) const {
  // The accumulators are loop-carried values, never memory: no alias analysis is needed to
  // keep them in registers.
  return b.loop(low, high, 1, accumulators, [&](Value k, ValueRange carried) {
    SmallVector<Value> shared, next;
    for (int64_t v = 0; v < vectors; ++v)
      shared.push_back(right(v, k));
    for (int64_t r = 0; r < rows; ++r) {
      Value scalar = b.broadcast(left(r, k));
      for (int64_t v = 0; v < vectors; ++v)
        next.push_back(b.fma(scalar, shared[v], carried[r * vectors + v]));
    }
    return next;
  });
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
