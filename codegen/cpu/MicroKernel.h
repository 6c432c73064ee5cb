//===- MicroKernel.h - the inner loop of all matrix products ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_MICROKERNEL_H
#define NACRE_CODEGEN_CPU_MICROKERNEL_H

#include "codegen/cpu/KernelBuilder.h"

namespace nacre::cpu {

/// A tile of `rows` x `vectors` accumulators, row-major, in registers.
struct MicroKernel {
  KernelBuilder &b;
  int64_t rows, vectors;
  /// What sums are: f32, f64 or an integer.
  mlir::Type element;
  /// The scalar of row r, or vector v of the shared side, at step k + i: apart, so that the address
  /// of k is computed once and i goes into the instructions.
  llvm::function_ref<mlir::Value(int64_t r, mlir::Value k, int64_t i)> left;
  llvm::function_ref<mlir::Value(int64_t v, mlir::Value k, int64_t i)> right;
  /// scalar * vector + sum; null: KernelBuilder::fma.
  llvm::function_ref<mlir::Value(mlir::Value scalar, mlir::Value vector, mlir::Value sum)>
      multiplyAdd = {};
  /// Called once for every `unrolled` steps, to ask for memory that is needed later; may be null.
  llvm::function_ref<void(mlir::Value k)> ahead = {};

  /// Steps of one turn of the loop. Scalar arithmetic takes turns with the multiplications on the
  /// ports of the core, so there should be little of it.
  static constexpr int64_t unrolled = 4;

  llvm::SmallVector<mlir::Value> zeros() const;
  /// accumulator[r, v] += left(r, k) * right(v, k) for k in [0, count).
  llvm::SmallVector<mlir::Value> run(mlir::Value count, mlir::ValueRange accumulators) const;

private:
  llvm::SmallVector<mlir::Value> step(mlir::Value k, int64_t i,
                                      mlir::ValueRange accumulators) const;
};

/// Runs `body` for tiles of rows that cover [low, high): tiles of the target's height, then one of
/// what remains, each with its height known at compile time.
void forRowTiles(KernelBuilder &builder, mlir::Value low, mlir::Value high,
                 llvm::function_ref<void(mlir::Value row, int64_t height)> body);

} // namespace nacre::cpu

#endif
