//===- Cost.h - what operations compute and move ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_COST_H
#define NACRE_DIALECTS_NN_COST_H

#include "dialects/dim/DimExpr.h"
#include "dialects/nn/NN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace nacre::nn {

/// The sizes of tensors and the values of indices as formulas of dimension variables. What has no
/// formula is invalid. Asking may add computations of sizes in front of operations.
class SymbolicSizes {
public:
  using Shape = llvm::SmallVector<DimExpr>;
  using Variable = llvm::function_ref<DimExpr(const std::string &name)>;

  explicit SymbolicSizes(DimContext &dims) : dims(dims) {}

  DimContext &context() { return dims; }
  /// The arguments of an entry, by the names in `nn.dims`.
  void setArguments(mlir::func::FuncOp entry, Variable variable);
  void setShape(mlir::Value tensor, Shape shape) { shapes[tensor] = std::move(shape); }
  void setNumber(mlir::Value index, DimExpr number) { numbers[index] = std::move(number); }

  DimExpr number(mlir::Value index);
  DimExpr number(mlir::OpFoldResult size);
  Shape shapeOf(mlir::Value tensor);
  DimExpr dim(mlir::Value tensor, int64_t dimension);
  DimExpr elements(mlir::Value tensor);
  /// How often a scan runs its body.
  DimExpr rounds(ScanOp scan);

private:
  /// Of an argument of a loop's body; empty for others.
  Shape outerShape(mlir::BlockArgument argument);

  DimContext &dims;
  llvm::DenseMap<mlir::Value, Shape> shapes;
  llvm::DenseMap<mlir::Value, DimExpr> numbers;
};

/// Floating-point operations. A multiply-add counts as two; an element of an element-wise result,
/// and one that a reduction or a pooling window takes, as one; an element of a norm or a softmax as
/// five; moving data as none. Scores that a causal mask hides are not counted.
DimExpr flopsOf(mlir::Operation *op, SymbolicSizes &sizes);

/// What an operation multiplies, as far as processors have units of their own for it: products of
/// two narrow operands, added up in 32 bits.
enum class Arithmetic { F32, BF16, Int8 };
Arithmetic arithmeticOf(mlir::Operation *op);

} // namespace nacre::nn

#endif
