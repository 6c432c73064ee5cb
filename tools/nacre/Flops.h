//===- Flops.h - how much an entry computes ---------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_FLOPS_H
#define NACRE_TOOLS_NACRE_FLOPS_H

#include "dialects/dim/DimExpr.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>

namespace nacre::tool {

/// Floating-point operations as formulas of the dimension variables. A multiply-add counts as two;
/// an element of an element-wise result, and one that a reduction or a pooling window takes, as
/// one; an element of a norm or a softmax as five; moving data as none. A scan counts with all its
/// rounds; both sides of a branch count, and of a while loop, whose rounds nobody knows, one round.
struct FlopCount {
  DimExpr total;
  std::map<std::string, DimExpr> byPart; ///< by the path of the part that the operation is in
};

/// Counts an entry in the `nn` phase as the front end makes it. Dimension variables become symbols
/// of `dims`, one per name; `variables` keeps them. Adds size computations to the function.
FlopCount countFlops(mlir::func::FuncOp entry, DimContext &dims,
                     std::map<std::string, DimSymbol> &variables);

} // namespace nacre::tool

#endif
