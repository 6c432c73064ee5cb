//===- Safetensors.h - reading .safetensors files ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_SAFETENSORS_H
#define NACRE_FRONTEND_WEIGHTS_SAFETENSORS_H

#include "frontend/weights/WeightTable.h"

namespace nacre {

/// Adds the tensors of a .safetensors file, whose content is `bytes`, to `weights`. Names may still
/// collide with those of other files. Errors name `path`.
llvm::LogicalResult readSafetensors(llvm::ArrayRef<char> bytes, llvm::StringRef path,
                                    std::vector<Weight> &weights, DiagnosticEngine &diags);

/// The files of a model in several pieces, from its model.safetensors.index.json.
struct ShardIndex {
  std::vector<std::string> files; ///< plain file names, in the folder of the index; each once
  std::vector<std::pair<std::string, size_t>> tensors; ///< name, and number of the file it is in
};

/// Reads the text of an index. Errors name `path`.
llvm::FailureOr<ShardIndex> parseShardIndex(llvm::StringRef json, llvm::StringRef path,
                                            DiagnosticEngine &diags);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_SAFETENSORS_H
