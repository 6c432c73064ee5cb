//===- Matmul.cpp - matrix products of two activations ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/MicroKernel.h"
#include "codegen/cpu/TileEmitter.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

LogicalResult nacre::cpu::emitMatmul(KernelBuilder &b, nn::MatmulOp root) {
  FailureOr<Value> lhs = b.buffer(root.getLhs()), rhs = b.buffer(root.getRhs());
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), root.getResult());
  if (failed(lhs) || failed(rhs) || failed(tile))
    return failure();
  Type element = getElementTypeOrSelf(root.getType());
  SmallVector<Value> sizes = b.dims(b.output);
  int64_t rank = sizes.size(), lanes = b.target.lanes;
  Value batches = b.product(ValueRange(sizes).drop_back(2));
  Value height = sizes[rank - 2], width = sizes[rank - 1];
  Value depth = b.dim(*lhs, root.getLhs().getType().getRank() - 1);
  int64_t vectors = b.target.panel() / lanes;
  Value panelWidth = b.index(b.target.panel());
  Value panels = b.ceilDiv(width, panelWidth);

  /// Indices of an operand: its leading dimensions broadcast, then the last two.
  auto indices = [&](RankedTensorType type, ValueRange batch, Value row, Value column) {
    SmallVector<Value> result;
    int64_t leading = type.getRank() - 2, skipped = rank - 2 - leading;
    for (int64_t i = 0; i < leading; ++i)
      result.push_back(type.getDimSize(i) == 1 ? b.index(0) : batch[skipped + i]);
    result.push_back(row);
    result.push_back(column);
    return result;
  };
  auto [low, high] = b.share(b.mul(batches, panels));
  b.loop(low, high, 1, [&](Value item) {
    Value batchIndex = b.div(item, panels), panel = b.rem(item, panels);
    SmallVector<Value> batch = b.delinearize(batchIndex, ValueRange(sizes).drop_back(2));
    Value firstColumn = b.mul(panel, panelWidth);
    Value left = b.sub(width, firstColumn);
    auto run = [&](bool masked) {
      SmallVector<Value> masks;
      for (int64_t v = 0; v < vectors; ++v)
        masks.push_back(masked ? b.maskOf(b.max(b.sub(left, b.index(v * lanes)), b.index(0)))
                               : Value());
      forRowTiles(b, b.index(0), height, [&](Value row, int64_t rows) {
        auto leftAt = [&](int64_t r, Value k, int64_t i) {
          return b.loadScalar(
              *lhs, indices(root.getLhs().getType(), batch, b.add(row, r), b.add(k, i)), element);
        };
        auto rightAt = [&](int64_t v, Value k, int64_t i) {
          return b.loadVector(
              *rhs,
              indices(root.getRhs().getType(), batch, b.add(k, i), b.add(firstColumn, v * lanes)),
              element, masks[v]);
        };
        MicroKernel kernel{b, rows, vectors, element, leftAt, rightAt};
        SmallVector<Value> sums = kernel.run(depth, kernel.zeros());
        for (int64_t r = 0; r < rows; ++r)
          for (int64_t v = 0; v < vectors; ++v) {
            Place at{b.add(b.mul(batchIndex, height), b.add(row, r)), b.add(firstColumn, v * lanes),
                     masks[v]};
            tile->store(tile->emit(at, sums[r * vectors + v]), at);
          }
      });
    };
    Value whole = b.less(b.index(b.target.panel() - 1), left);
    b.onlyIf(whole, [&] { run(false); });
    Value partial = b.less(left, panelWidth);
    b.onlyIf(partial, [&] { run(true); });
  });
  return success();
}
