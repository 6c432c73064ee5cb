//===- Signature.h - what an artifact's entries take and give ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_SIGNATURE_H
#define NACRE_CODEGEN_OBJECT_SIGNATURE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nacre::object {

struct TensorSignature {
  std::string name;
  mlir::RankedTensorType type;
  std::vector<std::string> sizes; ///< "B", "768", "S + 2"
  /// Of a result that is as long along this axis as the call finds out: the scalar result that says
  /// so. The type's size is the bound.
  std::optional<unsigned> lengthAxis;
  std::string length;
  /// "f32[B, S, 768]", "i64[B, N <= 1024]".
  std::string spell() const;
};

struct EntrySignature {
  std::string name, doc;
  std::vector<std::string> variables;
  std::vector<TensorSignature> inputs, results;
  std::vector<std::string> states; ///< those of the model's that it uses
  /// What a variable of the states is called in this entry, or its number; of the same name if
  /// there is nothing.
  std::map<std::string, std::string> stateSizes;
  std::string arenaFormula;
  bool hasCheck = false;
  /// Arena and live-set lower bound in bytes with every variable at 64.
  int64_t arenaAt64 = 0, liveBoundAt64 = 0;
  /// "512*B bytes (1.000 of what is alive at once, all sizes 64)".
  std::string describeArena() const;
};

/// What a model keeps from call to call.
struct StateSignature {
  std::vector<TensorSignature> tensors;
  std::vector<std::string> variables;
  /// The bytes of all of it, as a formula: "64 + 8*B".
  std::string describe() const;
  /// What the variable of that number is in a call of the entry: a number, one of the entry's own
  /// variables, or "" where the entry has nothing to do with it.
  std::string sizeIn(const EntrySignature &entry, size_t variable) const;
};

/// The word of the language for an element type: "f32".
std::string spellElement(mlir::Type type);

/// The states that a module declares, up to phase `buffers`, in order.
StateSignature stateOf(mlir::ModuleOp module);

/// The entries of a module in phase `buffers`, in order.
std::vector<EntrySignature> signaturesOf(mlir::ModuleOp module);

} // namespace nacre::object

#endif
