//===- Lines.h - buffers seen along one axis --------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_LINES_H
#define NACRE_CODEGEN_CPU_LINES_H

#include "codegen/cpu/KernelBuilder.h"

namespace nacre::cpu {

/// A contiguous buffer seen as [before, size, after] around an axis.
struct Lines {
  mlir::Value before, size, after, flat;

  Lines(KernelBuilder &b, mlir::Value buffer, int64_t axis) : flat(b.flatten(buffer)) {
    llvm::SmallVector<mlir::Value> sizes = b.dims(buffer);
    before = b.product(mlir::ValueRange(sizes).take_front(axis));
    size = sizes[axis];
    after = b.product(mlir::ValueRange(sizes).drop_front(axis + 1));
  }

  /// The place in `flat` of element `i` of the line at `outer`, `inner`.
  mlir::Value at(KernelBuilder &b, mlir::Value outer, mlir::Value i, mlir::Value inner) const {
    return b.add(b.mul(b.add(b.mul(outer, size), i), after), inner);
  }

  /// Runs `body(outer, inner, mask)` for this thread's share of the vectors of `after` elements
  /// that lie side by side.
  void overVectors(KernelBuilder &b,
                   llvm::function_ref<void(mlir::Value, mlir::Value, mlir::Value)> body) const {
    int64_t lanes = b.target.lanes;
    mlir::Value perRow = b.ceilDiv(after, b.index(lanes));
    auto [low, high] = b.share(b.mul(before, perRow));
    b.loop(low, high, 1, [&](mlir::Value item) {
      mlir::Value inner = b.mul(b.rem(item, perRow), lanes);
      mlir::Value mask = b.maskOf(b.min(b.sub(after, inner), b.index(lanes)));
      body(b.div(item, perRow), inner, mask);
    });
  }
};

} // namespace nacre::cpu

#endif
