//===- WeightsFile.h - writing a .weights file ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_WEIGHTSFILE_H
#define NACRE_CODEGEN_OBJECT_WEIGHTSFILE_H

#include "codegen/object/ArtifactData.h"
#include "codegen/object/WeightBuilder.h"

namespace nacre::object {

/// Writes the weights of a module in phase `buffers`, tensor by tensor, into `path`; `seed` is what
/// else the build depends on. Fills in the build id, which names content and seed, in
/// the file's header and returns it. `progress(done, total)` is called in bytes. Fails after an
/// error was reported, or with a message in `error`.
mlir::FailureOr<BuildId> writeWeightsFile(mlir::ModuleOp module, WeightSource source,
                                          llvm::StringRef path, llvm::StringRef seed,
                                          llvm::function_ref<void(uint64_t, uint64_t)> progress,
                                          std::string &error);

} // namespace nacre::object

#endif
