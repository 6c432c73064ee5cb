//===- Weights.cpp - the tensors of a model's weights ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Weights.h"

#include "frontend/weights/Initial.h"
#include "tools/nacre/Crash.h"

using namespace nacre;
using namespace nacre::tool;
using interpreter::Tensor;

WeightProvider::WeightProvider(LoadedModel &model, mlir::MLIRContext &context,
                               DiagnosticEngine &diags)
    : model(model), context(context), diags(diags) {
  for (const language::WeightSummary &weight : model.language.summary.weights)
    declared[weight.path] = &weight;
}

mlir::FailureOr<Tensor> WeightProvider::load(llvm::StringRef path) {
  std::optional<Tensor> tensor;
  if (const Weight *weight = model.bound.lookup(path)) {
    llvm::Expected<llvm::ArrayRef<char>> bytes = model.weights->bytes(*weight);
    if (!bytes) {
      diags
          .errorAt(model.weights->fileOf(*weight),
                   "weight '" + path + "' cannot be read: " + llvm::toString(bytes.takeError()))
          .note("the file is damaged; write it again");
      return mlir::failure();
    }
    tensor = Tensor::viewOf(toMLIR(weight->type, &context), weight->shape, *bytes);
  } else if (const language::WeightSummary *weight = declared.lookup(path)) {
    std::optional<StorageType> type = typeFromName(weight->dtype);
    std::optional<NpyArray> initial =
        type ? makeInitial(weight->initial, path, *type, weight->shape) : std::nullopt;
    if (initial)
      tensor = Tensor::copyOf(toMLIR(*type, &context), weight->shape, initial->data);
  }
  if (!tensor)
    internalError("weight '" + path + "' has no value");
  return *tensor;
}

void WeightProvider::release(llvm::StringRef path) {
  if (const Weight *weight = model.bound.lookup(path))
    model.weights->release(*weight);
}
