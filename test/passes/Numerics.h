//===- Numerics.h - runs a function before and after passes -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TEST_PASSES_NUMERICS_H
#define NACRE_TEST_PASSES_NUMERICS_H

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <string>

namespace nacre::test {

/// Gives dimension variables numbers: by their names in `nn.dims`, all others one number.
struct Sizes {
  std::map<std::string, int64_t> named;
  int64_t other;
};

/// The results of the function `name` on random inputs and random weights, the same for every
/// module with the same names. A weight with an expression has its value.
mlir::FailureOr<llvm::SmallVector<interpreter::Tensor>> run(mlir::ModuleOp module,
                                                            llvm::StringRef name,
                                                            const Sizes &sizes,
                                                            interpreter::Precision precision);

/// The largest difference relative to `1 + |before|` of each element; infinite where shapes differ
/// or one is NaN and the other is not.
double difference(const interpreter::Tensor &before, const interpreter::Tensor &after);

/// Runs a pipeline on a module: its text, of passes on the module or on its functions.
mlir::LogicalResult runPipeline(mlir::ModuleOp module, llvm::StringRef pipeline);

/// Loads the dialects of phase `nn` and registers the passes.
void prepare(mlir::MLIRContext &context);

} // namespace nacre::test

#endif
