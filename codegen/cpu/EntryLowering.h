//===- EntryLowering.h - an entry from tensors to buffers -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_ENTRYLOWERING_H
#define NACRE_CODEGEN_CPU_ENTRYLOWERING_H

#include "codegen/cpu/KernelCosts.h"
#include "codegen/cpu/KernelTable.h"

#include "mlir/IR/IRMapping.h"

namespace nacre::cpu {

/// Bytes of one element in a buffer.
int64_t elementBytes(mlir::Type element);

/// Rewrites one entry from tensors to buffers.
class EntryLowering {
public:
  EntryLowering(mlir::func::FuncOp entry, KernelTable &kernels, llvm::StringMap<int64_t> &offsets)
      : entry(entry), kernels(kernels), costs(entry), weightOffsets(offsets),
        b(entry.getContext()) {}
  mlir::LogicalResult run();

  int64_t calls = 0;

private:
  /// Bytes that hold a tensor, from an offset on (null: 0), and its dynamic sizes.
  struct Storage {
    mlir::Value bytes, offset;
    llvm::SmallVector<mlir::Value> sizes;
  };

  void declare();
  void declareStates();
  mlir::LogicalResult convert(mlir::Operation &op);
  mlir::LogicalResult convert(mlir::Block &block);
  mlir::LogicalResult convertDispatch(nn::DispatchOp dispatch);

  // Loops and branches: LowerControl.cpp.
  mlir::LogicalResult convertScan(nn::ScanOp scan);
  mlir::LogicalResult convertWhile(nn::WhileOp loop);
  mlir::LogicalResult convertIf(nn::IfOp choice);
  mlir::Value roundsOf(nn::ScanOp scan);
  /// Where a result of a loop or a branch is written: its place, or new bytes.
  Storage placeOf(mlir::Value result, llvm::SmallVector<mlir::Value> sizes);
  /// Gives each carry of a loop its buffer of two halves, of which the body reads one and writes
  /// the other.
  void carry(mlir::ValueRange initial, mlir::ValueRange arguments, mlir::ValueRange next,
             mlir::Value round);
  void carried(mlir::ValueRange initial, mlir::ValueRange results, mlir::Value rounds);
  mlir::Value decide(mlir::Value flag);

  mlir::Value view(mlir::Value tensor);
  /// Bytes of a tensor; `aligned` where another one follows.
  mlir::Value byteCount(mlir::RankedTensorType type, mlir::ValueRange sizes, bool aligned = false);
  mlir::Value allocate(mlir::Value bytes);
  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value c);
  mlir::Value sub(mlir::Value a, mlir::Value c);
  mlir::Value mul(mlir::Value a, mlir::Value c);
  /// The values of index operands of the entry.
  llvm::SmallVector<mlir::Value> lookup(mlir::ValueRange sizes);

  mlir::func::FuncOp entry, lowered;
  KernelTable &kernels;
  KernelCosts costs;
  llvm::StringMap<int64_t> &weightOffsets;
  mlir::OpBuilder b;
  mlir::Location loc = entry.getLoc();
  mlir::Value weights, thread, threads, team;
  llvm::StringMap<mlir::Value> variables;
  llvm::StringMap<mlir::Value> states; // bytes
  llvm::DenseMap<mlir::Value, Storage> storage;
  llvm::DenseMap<mlir::Value, Storage> places; // where a tensor is to be written
  mlir::IRMapping indices;
};

} // namespace nacre::cpu

#endif
