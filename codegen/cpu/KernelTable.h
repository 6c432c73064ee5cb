//===- KernelTable.h - one function per distinct dispatch -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_KERNELTABLE_H
#define NACRE_CODEGEN_CPU_KERNELTABLE_H

#include "codegen/cpu/CpuTarget.h"
#include "dialects/nn/NN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace nacre::cpu {

/// Writes each distinct dispatch once.
class KernelTable {
public:
  KernelTable(mlir::ModuleOp module, const CpuTarget &target) : module(module), target(target) {}

  /// The kernel of a dispatch, or failure after an error.
  mlir::FailureOr<mlir::func::FuncOp> get(nn::DispatchOp dispatch);
  size_t size() const { return kernels.size(); }

private:
  mlir::FailureOr<mlir::func::FuncOp> write(nn::DispatchOp dispatch);

  mlir::ModuleOp module;
  const CpuTarget &target;
  llvm::StringMap<mlir::func::FuncOp> kernels;
};

} // namespace nacre::cpu

#endif
