//===- Scatter.cpp - elements written and read by index -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/Lines.h"
#include "codegen/cpu/RowLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

static vector::CombiningKind combining(nn::ScatterMode mode, bool real) {
  nn::Reduction kind = mode == nn::ScatterMode::add   ? nn::Reduction::sum
                       : mode == nn::ScatterMode::max ? nn::Reduction::max
                                                      : nn::Reduction::min;
  return combiningKind(kind, real);
}

LogicalResult nacre::cpu::emitScatter(KernelBuilder &b, nn::ScatterOp root) {
  FailureOr<Value> data = b.buffer(root.getData()), indices = b.buffer(root.getIndices());
  FailureOr<Value> updates = b.buffer(root.getUpdates());
  if (failed(data) || failed(indices) || failed(updates))
    return failure();
  bool set = root.getMode() == nn::ScatterMode::set;
  Type stored = elementIn(b.output);
  Type element = set ? stored : computeType(getElementTypeOrSelf(root.getType()));
  Lines lines(b, *data, static_cast<int64_t>(root.getAxis()));
  Value out = b.flatten(b.output), flatUpdates = b.flatten(*updates);
  Value flatIndices = b.flatten(*indices), count = b.dim(flatIndices, 0);
  Type indexType = getElementTypeOrSelf(root.getIndices());
  // A thread has columns of its own, whose updates it takes in their order.
  Value chunk = b.index(16 * b.target.lanes), perRow = b.ceilDiv(lines.after, chunk);
  auto [low, high] = b.share(b.mul(lines.before, perRow));
  b.loop(low, high, 1, [&](Value item) {
    Value outer = b.div(item, perRow), first = b.mul(b.rem(item, perRow), chunk);
    Value last = b.min(b.add(first, chunk), lines.after);
    b.loop(b.index(0), lines.size, 1, [&](Value i) {
      overColumns(b, first, last, [&](Value column, Value mask) {
        Value at = lines.at(b, outer, i, column);
        b.storeVector(b.loadVector(lines.flat, at, stored, mask), out, at, mask);
      });
    });
    b.loop(b.index(0), count, 1, [&](Value j) {
      Value where = clampIndex(b, b.loadScalar(flatIndices, j, indexType), lines.size);
      Value from = b.mul(b.add(b.mul(outer, count), j), lines.after);
      overColumns(b, first, last, [&](Value column, Value mask) {
        Value at = lines.at(b, outer, where, column);
        Value x = b.loadVector(flatUpdates, b.add(from, column), element, mask);
        if (!set)
          x = vector::makeArithReduction(b, b.loc,
                                         combining(root.getMode(), isa<FloatType>(element)),
                                         b.loadVector(out, at, element, mask), x);
        b.storeVector(x, out, at, mask);
      });
    });
  });
  return success();
}

LogicalResult nacre::cpu::emitTakeAlong(KernelBuilder &b, nn::TakeAlongOp root) {
  FailureOr<Value> data = b.buffer(root.getData()), indices = b.buffer(root.getIndices());
  if (failed(data) || failed(indices))
    return failure();
  auto axis = static_cast<int64_t>(root.getAxis());
  Lines from(b, *data, axis), to(b, *indices, axis);
  Value out = b.flatten(b.output);
  Type stored = elementIn(b.output), indexType = getElementTypeOrSelf(root.getIndices());
  auto [low, high] = b.share(b.mul(to.before, to.size));
  b.loop(low, high, 1, [&](Value item) {
    Value outer = b.div(item, to.size), start = b.mul(item, to.after);
    b.loop(b.index(0), to.after, 1, [&](Value inner) {
      Value at = b.add(start, inner);
      Value where = clampIndex(b, b.loadScalar(to.flat, at, indexType), from.size);
      Value x = b.loadScalar(from.flat, from.at(b, outer, where, inner), stored);
      b.storeScalar(x, out, at);
    });
  });
  return success();
}
