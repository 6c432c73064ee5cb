//===- SizeTable.h - dynamic sizes as values of the entry -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_SIZETABLE_H
#define NACRE_CODEGEN_CPU_SIZETABLE_H

#include "dialects/nn/NN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace nacre::cpu {

/// Every size in an entry as a constant or a value computed from the entry's dimension
/// variables alone, so that equal expressions without arithmetic are the same value.
class SizeTable {
public:
  /// Replaces each `tensor.dim` in the entry by what it reads.
  explicit SizeTable(mlir::func::FuncOp entry);

  mlir::OpFoldResult size(mlir::Value tensor, int64_t dimension);
  /// The values of the dynamic dimensions, in order.
  llvm::SmallVector<mlir::Value> dynamicSizes(mlir::Value tensor);

private:
  mlir::OpFoldResult blockArgumentSize(mlir::BlockArgument argument, int64_t dimension);
  mlir::Value argumentSize(mlir::BlockArgument argument, int64_t dimension);
  void computeResultSizes(mlir::Operation *op);

  mlir::func::FuncOp entry;
  llvm::StringMap<mlir::Value> variables;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, mlir::OpFoldResult> sizes;
};

} // namespace nacre::cpu

#endif
