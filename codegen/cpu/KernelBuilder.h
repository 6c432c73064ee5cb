//===- KernelBuilder.h - what every kernel generator writes with -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_KERNELBUILDER_H
#define NACRE_CODEGEN_CPU_KERNELBUILDER_H

#include "codegen/cpu/CpuTarget.h"
#include "dialects/nn/NN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace nacre::cpu {

/// The buffer that holds a tensor: row-major and contiguous. Bools, i4 and u8 are stored as i8, and
/// bf16 as i16: where a CPU has no bf16, LLVM would move it through f32 and a function that few
/// support libraries have.
mlir::MemRefType bufferType(mlir::RankedTensorType tensor);

/// The type of a buffer's elements. Kernels that only move elements load and store these.
mlir::Type elementIn(mlir::Value buffer);

/// The type that kernels compute elements of type `element` in: narrow floats in f32, u8 in i32,
/// all others in their own.
mlir::Type computeType(mlir::Type element);

/// Writes one kernel: a function of the buffers of a dispatch's tensors, its index operands,
/// its results' buffers, and `(thread, threads)`. Loops, index arithmetic and vector access
/// in the shapes that all generators need. Indices are in elements.
class KernelBuilder : public mlir::OpBuilder {
public:
  KernelBuilder(mlir::func::FuncOp function, nn::DispatchOp dispatch, const CpuTarget &target);

  mlir::Location loc;
  nn::DispatchOp dispatch;
  const CpuTarget &target;
  mlir::Value thread, threads;

  /// The yielded tensor, and where it goes.
  mlir::Value yielded() { return dispatch.getBody().front().getTerminator()->getOperand(0); }
  mlir::Value output;

  /// The buffer of a tensor inside the dispatch: a block argument, or a chain of transposes,
  /// slices and reshapes of one, which becomes a strided view. Failure where it has none.
  mlir::FailureOr<mlir::Value> buffer(mlir::Value tensor);
  /// The value of an index operand or an index computed in the dispatch.
  mlir::Value indexValue(mlir::Value index);

  /// Writes an operation of one result.
  template <typename Op, typename... Args>
  mlir::Value make(Args &&...args) {
    return Op::create(*this, loc, std::forward<Args>(args)...).getResult();
  }

  /// x * y + z; of floats rounded once where the target has an instruction for it.
  mlir::Value fma(mlir::Value x, mlir::Value y, mlir::Value z);

  // Index arithmetic, folded where constant.
  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value ceilDiv(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value less(mlir::Value a, mlir::Value b);
  mlir::Value product(mlir::ValueRange values);
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, index(b)); }
  mlir::Value mul(mlir::Value a, int64_t b) { return mul(a, index(b)); }

  /// Size of dimension `i` of a buffer.
  mlir::Value dim(mlir::Value buffer, int64_t i);
  llvm::SmallVector<mlir::Value> dims(mlir::Value buffer);

  using LoopBody = llvm::function_ref<void(mlir::Value)>;
  using CarriedBody =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)>;
  void loop(mlir::Value low, mlir::Value high, int64_t step, LoopBody body);
  /// A loop that carries values: the body gives the next ones; the last ones are returned.
  llvm::SmallVector<mlir::Value> loop(mlir::Value low, mlir::Value high, int64_t step,
                                      mlir::ValueRange initial, CarriedBody body);
  void onlyIf(mlir::Value condition, llvm::function_ref<void()> body);

  /// This thread's share `[first, second)` of `total` items.
  std::pair<mlir::Value, mlir::Value> share(mlir::Value total);

  /// Splits a row-major position into indices of dimensions of the given sizes.
  llvm::SmallVector<mlir::Value> delinearize(mlir::Value position, mlir::ValueRange sizes);

  // Vectors of `target.lanes` elements.
  mlir::VectorType vectorOf(mlir::Type element);
  mlir::Value splat(mlir::Type type, double value);
  mlir::Value broadcast(mlir::Value scalar);
  /// The i64 0, 1, 2, ...
  mlir::Value laneNumbers();
  /// A mask of the first `count` lanes.
  mlir::Value maskOf(mlir::Value count);
  /// Loads lanes at `indices`; `element` is the type to compute in: bytes become bools or the i32
  /// of a u8, i16 becomes the f32 of a bf16, a narrower float is widened. Masked-out lanes are
  /// zeros. The innermost stride may be any.
  mlir::Value loadVector(mlir::Value buffer, mlir::ValueRange indices, mlir::Type element,
                         mlir::Value mask = {});
  mlir::Value loadScalar(mlir::Value buffer, mlir::ValueRange indices, mlir::Type element);
  /// Stores what `loadVector` loads: bools as bytes, of an i32 the low byte, an f32 rounded to a
  /// narrower float.
  void storeVector(mlir::Value vector, mlir::Value buffer, mlir::ValueRange indices,
                   mlir::Value mask = {});
  void storeScalar(mlir::Value scalar, mlir::Value buffer, mlir::ValueRange indices);

  /// Collapses a contiguous buffer to `[rows, columns]`, columns being its last dimension (rank 0:
  /// `[1, 1]`).
  mlir::Value toRows(mlir::Value buffer);
  /// The same elements as one dimension.
  mlir::Value flatten(mlir::Value buffer);
  /// A buffer of this thread's own, on the stack.
  mlir::Value scratch(llvm::ArrayRef<int64_t> shape, mlir::Type element);

private:
  mlir::Value convert(mlir::Value value, mlir::Type element);
  mlir::Value toStorage(mlir::Value value, mlir::Type element);
  void storeNarrowed(mlir::Value value, mlir::Value buffer, mlir::ValueRange indices,
                     mlir::Value mask);

  mlir::func::FuncOp function;
  llvm::DenseMap<mlir::Value, mlir::Value> values;
};

} // namespace nacre::cpu

#endif
