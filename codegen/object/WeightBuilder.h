//===- WeightBuilder.h - the bytes of packed and folded weights -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_WEIGHTBUILDER_H
#define NACRE_CODEGEN_OBJECT_WEIGHTBUILDER_H

#include "dialects/nn/interpreter/Interpreter.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "llvm/Support/BLAKE3.h"

namespace nacre::object {

/// Where weights come from, one at a time.
struct WeightSource {
  /// The stored tensor of a weight by its path in the model, or an error already reported.
  std::function<mlir::FailureOr<interpreter::Tensor>(llvm::StringRef path)> load;
  /// No tensor that `load` gave for this path is used any more.
  std::function<void(llvm::StringRef path)> release;
};

/// Makes the tensors that globals stand for: what a file holds, or the value of an expression
/// of weights (`nn.expression`). Memory is that of one expression at a time, computed on all cores.
class WeightBuilder {
public:
  WeightBuilder(mlir::ModuleOp module, WeightSource source)
      : module(module), source(std::move(source)) {}

  /// The tensor in the global's own element type.
  mlir::FailureOr<interpreter::Tensor> build(mlir::ml_program::GlobalOp global);
  /// The stored weights that tensors built since the last call are views of or were made from. To
  /// be released when these are not used any more.
  std::vector<std::string> takeHeld() { return std::exchange(held, {}); }
  void release(llvm::ArrayRef<std::string> names);
  /// Adds to a hash the stored weights that the file's tensors are made from.
  mlir::LogicalResult hashSources(llvm::BLAKE3 &hash);

private:
  mlir::FailureOr<interpreter::Tensor> evaluate(mlir::func::FuncOp expression);
  mlir::FailureOr<interpreter::Tensor> load(llvm::StringRef name);

  mlir::ModuleOp module;
  WeightSource source;
  std::vector<std::string> held;
};

} // namespace nacre::object

#endif
