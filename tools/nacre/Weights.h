//===- Weights.h - the tensors of a model's weights -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_WEIGHTS_H
#define NACRE_TOOLS_NACRE_WEIGHTS_H

#include "dialects/nn/interpreter/Tensor.h"
#include "tools/nacre/Session.h"

namespace nacre::tool {

/// What files hold elements as that the language calls `dtype`: an i4 is a byte.
StorageType storageOf(llvm::StringRef dtype);

/// Gives weights by their path in the model, from the file or, where the file has none, as the
/// model initialises them.
class WeightProvider {
public:
  WeightProvider(LoadedModel &model, mlir::MLIRContext &context, DiagnosticEngine &diags);

  /// The tensor as it is stored, good until `release`. Fails where it cannot be read, which is then
  /// reported.
  mlir::FailureOr<interpreter::Tensor> load(llvm::StringRef path);
  void release(llvm::StringRef path);

private:
  /// The type that a weight has in the model where it is an integer, whose sign files leave to it;
  /// of floats the stored one.
  mlir::Type elementOf(llvm::StringRef path, StorageType stored);

  LoadedModel &model;
  mlir::MLIRContext &context;
  DiagnosticEngine &diags;
  llvm::StringMap<const language::WeightSummary *> declared;
};

} // namespace nacre::tool

#endif
