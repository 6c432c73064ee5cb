//===- KernelCosts.h - what each kernel call computes and moves -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_KERNELCOSTS_H
#define NACRE_CODEGEN_CPU_KERNELCOSTS_H

#include "dialects/nn/Cost.h"

namespace nacre::cpu {

/// Describes the dispatches of one entry, for profiles.
class KernelCosts {
public:
  /// The entry is in phase `dispatch`, and stays so as long as dispatches are described.
  explicit KernelCosts(mlir::func::FuncOp entry);

  /// Marks a call of the kernel that was made from a dispatch:
  ///
  ///   nn.kernel = {name, ops, arithmetic, flops, read, weights, written}
  ///   nn.part   = "encoder.layer.0.attention"     where the model says so
  ///   nn.line   = "bert.ncr:52"                   where it is known
  ///
  /// `ops` are the names of its operations; `arithmetic` is "bf16" or "int8" where it multiplies
  /// these, and left out for all else. The others are formulas of the entry's dimension
  /// variables: floating-point operations, bytes that are read, those of them that are weights, and
  /// bytes that are written. What a kernel needs twice counts once: this is what cannot be avoided.
  /// A formula is a list of terms, a term [coefficient, {variable = exponent}, functions...], a
  /// function ["floordiv", formula, formula, exponent]; one that cannot be had is left out.
  void mark(mlir::Operation *call, nn::DispatchOp dispatch, llvm::StringRef kernel);

private:
  mlir::Attribute formula(const DimExpr &expr);
  mlir::DictionaryAttr describe(nn::DispatchOp dispatch, llvm::StringRef kernel);

  mlir::Builder b;
  DimContext dims;
  nn::SymbolicSizes sizes;
};

} // namespace nacre::cpu

#endif
