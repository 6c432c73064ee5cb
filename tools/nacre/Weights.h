//===- Weights.h - the tensors of a model's weights -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_WEIGHTS_H
#define NACRE_TOOLS_NACRE_WEIGHTS_H

#include "dialects/nn/interpreter/Tensor.h"
#include "tools/nacre/Session.h"

namespace nacre::tool {

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
  LoadedModel &model;
  mlir::MLIRContext &context;
  DiagnosticEngine &diags;
  llvm::StringMap<const language::WeightSummary *> declared;
};

} // namespace nacre::tool

#endif
