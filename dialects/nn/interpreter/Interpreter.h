//===- Interpreter.h - the reference semantics of nn programs ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_INTERPRETER_INTERPRETER_H
#define NACRE_DIALECTS_NN_INTERPRETER_INTERPRETER_H

#include "dialects/nn/interpreter/Tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringMap.h"

#include <functional>

namespace nacre::interpreter {

enum class Precision {
  /// Every float is a double from inputs to results, whatever the types say: the oracle.
  f64,
  /// Each operation computes in double and rounds its result once to the declared element type.
  declared,
};

struct Options {
  Precision precision = Precision::declared;

  /// Gives the weight of that name; called once per load, so it may read lazily. Its shape must be
  /// the global's; its element type may be any float where the global's is one. A provider that
  /// fails reports why itself.
  std::function<mlir::FailureOr<Tensor>(llvm::StringRef name)> weights;

  /// The state variables between calls, by name: what is missing is zero, what is stored is put
  /// here. A call that fails may have stored some of them.
  llvm::StringMap<Tensor> *states = nullptr;
};

/// Evaluates the body of `function`, of one block of `nn`-phase operations (nn, tensor, arith,
/// ml_program, with their regions), on `inputs`, one per argument; a scalar argument takes a rank-0
/// tensor. Float inputs may be of any float type. Returns one tensor per result; with
/// Precision::f64 the floats among them are f64.
///
/// Fails, with an error at the operation, where inputs do not fit the types, sizes that must be
/// equal are not, a gather, slice or insert reaches outside its data, an operation is not of the
/// phase, or the weight provider fails. Not made for speed, but a value is freed after its last
/// use.
mlir::FailureOr<llvm::SmallVector<Tensor>>
interpret(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> inputs, const Options &options);

} // namespace nacre::interpreter

#endif
