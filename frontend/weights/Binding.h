//===- Binding.h - a model's weights and the files' -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_BINDING_H
#define NACRE_FRONTEND_WEIGHTS_BINDING_H

#include "frontend/weights/WeightTable.h"

namespace nacre {

/// A weight that the model declares.
struct WantedWeight {
  std::string path;       ///< in the model: "h.0.attn.c_attn.weight"
  std::string nameInFile; ///< from `as "..."`; empty: the path
  StorageType type = StorageType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  SourceRange declared;        ///< where; may be invalid
  bool hasInitializer = false; ///< may be missing from the file

  llvm::StringRef lookupName() const { return nameInFile.empty() ? path : nameInFile; }
};

/// Finds every wanted weight in the table: the result has, in the order of `wanted`, the weight of
/// the file, or null for one that is missing but has an initializer. A declared f32 accepts f16,
/// bf16, f32 and f64 in the file, and the file's type is kept; any other type must be the same.
///
/// Adds errors for all weights that are missing, of another shape, or of another type, at most
/// `maxErrors` and then one with the count of the rest, and one warning for weights of the file
/// that the model does not use.
llvm::FailureOr<std::vector<const Weight *>> bindWeights(llvm::ArrayRef<WantedWeight> wanted,
                                                         const WeightTable &table,
                                                         DiagnosticEngine &diags,
                                                         unsigned maxErrors = 20);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_BINDING_H
