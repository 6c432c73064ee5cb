//===- PackedMatmul.h - rows times packed weights ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_PACKEDMATMUL_H
#define NACRE_CODEGEN_CPU_PACKEDMATMUL_H

#include "codegen/cpu/MicroKernel.h"
#include "codegen/cpu/TileEmitter.h"

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
/// elements, times a weight packed in panels of columns.
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

  int64_t groupOutputs() const { return outputs / groups; }
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

  /// A tile of the result: where it lies, and its place in the block.
  struct Tile {
    mlir::Value group, panel, row, rowInBlock;
    int64_t height, vectors, columns;
  };
  llvm::SmallVector<mlir::Value> multiply(const Tile &at, mlir::Value slice, bool last,
                                          mlir::ValueRange accumulators);
  llvm::SmallVector<mlir::Value> loadPartial(const Tile &at);
  void storePartial(const Tile &at, mlir::ValueRange sums);
  void finish(const Tile &at, llvm::SmallVector<mlir::Value> sums);

  /// Copies a slice of a narrow weight into `wide`, where that is set.
  void widen(mlir::Value group, mlir::Value panel, mlir::Value slice);

  mlir::Value wide = {};    // [sliceDepth * panelWidth]
  mlir::Value partial = {}; // [largestBlock, panel], where there are several slices
};

} // namespace nacre::cpu

#endif
