//===- WeightsFile.h - writing a .weights file ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_WEIGHTSFILE_H
#define NACRE_CODEGEN_OBJECT_WEIGHTSFILE_H

#include "codegen/object/ArtifactData.h"
#include "codegen/object/WeightBuilder.h"

namespace nacre::object {

/// Writes the weights of a module in phase `buffers`, tensor by tensor, into `path`; `seed` is what
/// else the build depends on. Fills in the build id, which names content and seed, in
/// the file's header and returns it; `inputs` becomes part of the table of contents. Holds the
/// largest tensor twice at most, besides some 100 MB. `progress(done, total)` is called in bytes.
/// Fails after an error was reported, or with a message in `error`.
mlir::FailureOr<BuildId> writeWeightsFile(mlir::ModuleOp module, WeightSource source,
                                          llvm::StringRef path, llvm::StringRef seed,
                                          llvm::function_ref<void(uint64_t, uint64_t)> progress,
                                          std::string &error);

/// A hash of what a file's data depends on, besides the compiler: `seed` with the program, and the
/// stored weights. Fails after an error was reported.
mlir::FailureOr<BuildId> hashOfInputs(mlir::ModuleOp module, WeightSource source,
                                      llvm::StringRef seed);

/// Whether a file is the one that writeWeightsFile made when it returned `id` for this module and
/// seed, as far as the code reads it: its data is hashed again.
bool isWeightsFile(llvm::StringRef path, mlir::ModuleOp module, llvm::StringRef seed,
                   const BuildId &id);

} // namespace nacre::object

#endif
