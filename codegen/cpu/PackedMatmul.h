//===- PackedMatmul.h - rows times packed weights ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_PACKEDMATMUL_H
#define NACRE_CODEGEN_CPU_PACKEDMATMUL_H

#include "codegen/cpu/MicroKernel.h"
#include "codegen/cpu/TileEmitter.h"

#include <numeric>

namespace nacre::cpu {

/// Rows that one pass over a panel multiplies: with a slice of the depth they stay in the second
/// cache. A multiple of every tile's height.
inline constexpr int64_t largestBlock = 144;
/// The depth in slices of about this many weight rows: a slice of a panel, the next one and the
/// same columns of a block of rows are half of a second cache of 2 MiB.
inline constexpr int64_t sliceTarget = 768;
/// Elements of a slice of a panel that may be widened on the stack.
inline constexpr int64_t largestWideSlice = 64 * 1024;

/// What a linear layer and a convolution share: rows of the input, each a fixed pattern of
/// elements, times a weight packed in panels of columns. A panel is worked through in strips as
/// wide as the target's tiles: panels are wider where another target shares the weights file.
struct PackedMatmul {
  KernelBuilder &b;
  TileEmitter &tile;
  mlir::Value rows;   // number of result rows
  mlir::Value input;  // the input as one dimension
  mlir::Value weight; // [groups, panels, header + depth * panelWidth] as one dimension
  mlir::Value bias;   // [outputs] or null
  int64_t outputs;    // columns of the result
  int64_t groups, panels, depth, panelWidth;
  int64_t header = 0; // elements of a panel before its first row
  /// Cache lines of the next slice that a tile asks for in each turn of its loop. With one, sixteen
  /// tiles get all of it, with two eight, which is what a small image has; more than needed evicts
  /// what is in use.
  int64_t linesAhead = 1;
  /// Where `height` rows from `row` on of group `group` start in `input`.
  llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value row, int64_t height,
                                                    mlir::Value group)>
      rowStarts;
  /// Where a step reads row `r` of the tile instead, which begins at `at` in `input`: a buffer and
  /// a place there.
  llvm::function_ref<std::pair<mlir::Value, mlir::Value>(int64_t r, mlir::Value at)> redirect = {};
  /// The depth is passed in slices of `sliceDepth` weight rows, the last one possibly shorter.
  int64_t slices, sliceDepth;
  /// Runs a micro-kernel over one slice: offsets from a row's start, and weight rows.
  using Step = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::Value count, mlir::Value inputOffset, mlir::Value weightOffset,
      mlir::ValueRange accumulators)>;
  llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value slice, bool last, Step step,
                                                    mlir::ValueRange accumulators)>
      overSlice;

  /// How sums are made, where not by b.fma, and what they become before the bias is added.
  llvm::function_ref<mlir::Value(mlir::Value scalar, mlir::Value vector, mlir::Value sum)>
      multiplyAdd = {};
  struct Tile;
  llvm::function_ref<void(const Tile &at, llvm::MutableArrayRef<mlir::Value> sums)> scale = {};

  /// Where a weight is stored otherwise: writes `count` rows from `firstRow` on of a strip, as the
  /// input's elements, [count, stripWidth], to `to`. Each block of rows then calls it.
  llvm::function_ref<void(mlir::Value panel, mlir::Value column, mlir::Value firstRow,
                          mlir::Value count, mlir::Value to)>
      widenSlice = {};

  int64_t groupOutputs() const { return outputs / groups; }
  /// Columns of a strip, whole strips of a panel, and strips of a group.
  int64_t stripWidth() const {
    int64_t widest = b.target.panel();
    return panelWidth <= widest ? panelWidth : std::gcd(panelWidth, widest);
  }
  int64_t stripsPerPanel() const { return panelWidth / stripWidth(); }
  int64_t strips() const { return llvm::divideCeil(groupOutputs(), stripWidth()); }
  mlir::Type element() const {
    return mlir::cast<mlir::MemRefType>(input.getType()).getElementType();
  }
  mlir::Type stored() const {
    return mlir::cast<mlir::MemRefType>(weight.getType()).getElementType();
  }
  /// The first element of a panel.
  mlir::Value panelStart(mlir::Value group, mlir::Value panel) const {
    return b.mul(b.add(b.mul(group, panels), panel), header + depth * panelWidth);
  }

  void emit();

  /// A tile of the result: its strip's panel and first column there, its row, the same within the
  /// block, and its size.
  struct Tile {
    mlir::Value group, panel, column, row, rowInBlock;
    int64_t height, vectors, columns;
  };
  llvm::SmallVector<mlir::Value> multiply(const Tile &at, mlir::Value slice, bool last,
                                          mlir::ValueRange accumulators);
  llvm::SmallVector<mlir::Value> loadPartial(const Tile &at);
  void storePartial(const Tile &at, mlir::ValueRange sums);
  void finish(const Tile &at, llvm::SmallVector<mlir::Value> sums);

  /// Writes a strip's slice of a narrow weight into `wide`, where that is set.
  void widen(mlir::Value group, mlir::Value panel, mlir::Value column, mlir::Value slice);

  mlir::Value wide = {};    // [sliceDepth * stripWidth]
  mlir::Value partial = {}; // [largestBlock, stripWidth], where there are several slices
};

/// How the depth of a linear layer is cut, in weight rows: in slices of about `target`.
struct DepthSlices {
  DepthSlices(int64_t depth, int64_t target, int64_t multiple = MicroKernel::unrolled)
      : depth(depth) {
    int64_t wanted = std::max<int64_t>(1, (depth + target / 2) / target);
    length = llvm::alignTo(llvm::divideCeil(std::max<int64_t>(depth, 1), wanted), multiple);
    count = std::max<int64_t>(1, llvm::divideCeil(depth, length));
  }
  /// Runs a micro-kernel over one of them.
  llvm::SmallVector<mlir::Value> run(KernelBuilder &b, mlir::Value slice, bool last,
                                     PackedMatmul::Step step, mlir::ValueRange accumulators) const {
    mlir::Value start = b.mul(slice, length);
    return step(b.index(last ? depth - (count - 1) * length : length), start, start, accumulators);
  }
  int64_t depth, length, count;
};

} // namespace nacre::cpu

#endif
