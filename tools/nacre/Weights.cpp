//===- Weights.cpp - the tensors of a model's weights ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Weights.h"

#include "frontend/language/Types.h"
#include "frontend/weights/Initial.h"
#include "tools/nacre/Crash.h"

using namespace nacre;
using namespace nacre::tool;
using interpreter::Tensor;

StorageType nacre::tool::storageOf(llvm::StringRef dtype) {
  return typeFromName(dtype).value_or(StorageType::I8);
}

WeightProvider::WeightProvider(LoadedModel &model, mlir::MLIRContext &context,
                               DiagnosticEngine &diags)
    : model(model), context(context), diags(diags) {
  for (const language::WeightSummary &weight : model.language.summary.weights)
    declared[weight.path] = &weight;
}

mlir::Type WeightProvider::elementOf(llvm::StringRef path, StorageType stored) {
  auto element = language::elementTypeNamed(declared.lookup(path)->dtype);
  return element && language::isInteger(*element) ? language::lower(*element, &context)
                                                  : toMLIR(stored, &context);
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
    tensor = Tensor::viewOf(elementOf(path, weight->type), weight->shape, *bytes);
  } else if (const language::WeightSummary *weight = declared.lookup(path)) {
    StorageType type = storageOf(weight->dtype);
    std::optional<NpyArray> initial = makeInitial(weight->initial, path, type, weight->shape);
    if (initial)
      tensor = Tensor::copyOf(elementOf(path, type), weight->shape, initial->data);
  }
  if (!tensor)
    internalError("weight '" + path + "' has no value");
  return *tensor;
}

void WeightProvider::release(llvm::StringRef path) {
  if (const Weight *weight = model.bound.lookup(path))
    model.weights->release(*weight);
}
