//===- Insert.cpp - a part written at run-time positions -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/BufferViews.h"
#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/RowLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

/// Copies this thread's rows of a buffer, at most one row where it has no dimension.
static void copyRows(KernelBuilder &b, Value from, Value to) {
  Type element = elementIn(to);
  SmallVector<Value> sizes = b.dims(from);
  if (sizes.empty()) {
    auto [low, high] = b.share(b.index(1));
    b.loop(low, high, 1, [&](Value) { b.storeScalar(b.loadScalar(from, {}, element), to, {}); });
    return;
  }
  ValueRange leading = ValueRange(sizes).drop_back();
  auto [low, high] = b.share(b.product(leading));
  b.loop(low, high, 1, [&](Value row) {
    SmallVector<Value> at = b.delinearize(row, leading);
    overColumns(b, b.index(0), sizes.back(), [&](Value column, Value mask) {
      at.push_back(column);
      b.storeVector(b.loadVector(from, at, element, mask), to, at, mask);
      at.pop_back();
    });
  });
}

LogicalResult nacre::cpu::emitInsert(KernelBuilder &b, nn::InsertOp root) {
  FailureOr<Value> value = b.buffer(root.getValue());
  if (failed(value))
    return failure();
  SmallVector<Value> part = b.dims(*value), whole = b.dims(b.output);
  auto starts = clampedStarts(b, root.getStarts(), root.getAxes(), part, whole);
  if (failed(starts))
    return failure();
  SmallVector<OpFoldResult> strides(whole.size(), b.getIndexAttr(1));
  if (b.dispatch->hasAttr("nn.in_place")) {
    Value place = b.make<memref::SubViewOp>(b.output, getAsOpFoldResult(*starts),
                                            getAsOpFoldResult(part), strides);
    copyRows(b, *value, place);
    return success();
  }
  FailureOr<Value> destination = b.buffer(root.getDestination());
  if (failed(destination))
    return failure();
  if (whole.empty()) {
    copyRows(b, *value, b.output);
    return success();
  }
  // Row by row, so that the thread that copies a row of the destination writes its part of it too.
  Type element = elementIn(b.output);
  ValueRange leading = ValueRange(whole).drop_back();
  auto [low, high] = b.share(b.product(leading));
  b.loop(low, high, 1, [&](Value row) {
    SmallVector<Value> at = b.delinearize(row, leading), from;
    overColumns(b, b.index(0), whole.back(), [&](Value column, Value mask) {
      at.push_back(column);
      b.storeVector(b.loadVector(*destination, at, element, mask), b.output, at, mask);
      at.pop_back();
    });
    Value inside = b.make<arith::ConstantOp>(b.getBoolAttr(true));
    for (auto [i, index] : llvm::enumerate(at)) {
      from.push_back(b.sub(index, (*starts)[i]));
      // A row before the part is far behind it as an unsigned number.
      Value fits = b.make<arith::CmpIOp>(arith::CmpIPredicate::ult, from.back(), part[i]);
      inside = b.make<arith::AndIOp>(inside, fits);
    }
    b.onlyIf(inside, [&] {
      overColumns(b, b.index(0), part.back(), [&](Value column, Value mask) {
        SmallVector<Value> to(at);
        from.push_back(column);
        to.push_back(b.add(column, starts->back()));
        b.storeVector(b.loadVector(*value, from, element, mask), b.output, to, mask);
        from.pop_back();
      });
    });
  });
  return success();
}
