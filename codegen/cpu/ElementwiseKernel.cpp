//===- ElementwiseKernel.cpp - element-wise dispatches, and copies ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/RowLoops.h"
#include "codegen/cpu/TileEmitter.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

LogicalResult nacre::cpu::emitElementwiseKernel(KernelBuilder &b) {
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), {});
  if (failed(tile))
    return failure();
  if (tile->isFlat()) {
    // Threads share whole cache lines: chunks of 16 vectors.
    Value total = b.dim(b.flatten(b.output), 0);
    Value chunk = b.index(16 * b.target.lanes);
    auto [low, high] = b.share(b.ceilDiv(total, chunk));
    Value first = b.min(b.mul(low, chunk), total), last = b.min(b.mul(high, chunk), total);
    overColumns(b, first, last, [&](Value column, Value mask) {
      Place place{{}, column, mask};
      tile->store(tile->emit(place, {}), place);
    });
    return success();
  }
  Value rows = b.toRows(b.output);
  auto [low, high] = b.share(b.dim(rows, 0));
  b.loop(low, high, 1, [&](Value row) {
    overColumns(b, b.index(0), b.dim(rows, 1), [&](Value column, Value mask) {
      Place place{row, column, mask};
      tile->store(tile->emit(place, {}), place);
    });
  });
  return success();
}
