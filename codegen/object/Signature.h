//===- Signature.h - what an artifact's entries take and give ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_SIGNATURE_H
#define NACRE_CODEGEN_OBJECT_SIGNATURE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"

#include <string>
#include <vector>

namespace nacre::object {

struct TensorSignature {
  std::string name;
  mlir::RankedTensorType type;
  std::vector<std::string> sizes; ///< "B", "768", "S + 2"
  /// "f32[B, S, 768]".
  std::string spell() const;
};

struct EntrySignature {
  std::string name, doc;
  std::vector<std::string> variables;
  std::vector<TensorSignature> inputs, results;
  std::string arenaFormula;
  bool hasCheck = false;
  /// Arena and live-set lower bound in bytes with every variable at 64.
  int64_t arenaAt64 = 0, liveBoundAt64 = 0;
  /// "512*B bytes (1.000 of what is alive at once, all sizes 64)".
  std::string describeArena() const;
};

/// The word of the language for an element type: "f32".
std::string spellElement(mlir::Type type);

/// The entries of a module in phase `buffers`, in order.
std::vector<EntrySignature> signaturesOf(mlir::ModuleOp module);

} // namespace nacre::object

#endif
