//===- WeightBuilder.h - the bytes of packed and folded weights -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_WEIGHTBUILDER_H
#define NACRE_CODEGEN_OBJECT_WEIGHTBUILDER_H

#include "dialects/nn/interpreter/Interpreter.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"

namespace nacre::object {

/// Where weights come from, one at a time.
struct WeightSource {
  /// The stored tensor of a weight by its path in the model, or an error already reported.
  std::function<mlir::FailureOr<interpreter::Tensor>(llvm::StringRef path)> load;
  /// No tensor that `load` gave for this path is used any more.
  std::function<void(llvm::StringRef path)> release;
};

/// Makes the tensors that globals stand for: what a file holds, or the value of an expression
/// of weights (`nn.expression`). Memory is that of one expression at a time.
class WeightBuilder {
public:
  WeightBuilder(mlir::ModuleOp module, WeightSource source)
      : module(module), source(std::move(source)) {}

  /// The tensor in the global's own element type.
  mlir::FailureOr<interpreter::Tensor> build(mlir::ml_program::GlobalOp global);
  /// Frees what the source holds for the last tensor built.
  void release();

private:
  mlir::FailureOr<interpreter::Tensor> evaluate(mlir::func::FuncOp expression);
  mlir::FailureOr<interpreter::Tensor> load(llvm::StringRef name);

  mlir::ModuleOp module;
  WeightSource source;
  llvm::SmallVector<std::string> held;
};

} // namespace nacre::object

#endif
