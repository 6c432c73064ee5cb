//===- Types.h - types of run-time values -----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a tensor holds and how large it is. Sizes are symbolic; which symbols
// they name is the vocabulary of the block that the type is printed for.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_TYPES_H
#define NACRE_FRONTEND_LANGUAGE_TYPES_H

#include "dialects/dim/DimExpr.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace nacre::language {

enum class ElementType : uint8_t {
  F64,
  F32,
  F16,
  BF16,
  F8E4M3,
  F8E5M2,
  I64,
  I32,
  I16,
  I8,
  I4,
  U8,
  Bool,
};

/// The name in the language: "f32", "bool".
llvm::StringRef name(ElementType element);
/// The element type of that name; also the spellings of config.json files
/// ("float32", "torch.bfloat16").
std::optional<ElementType> elementTypeNamed(llvm::StringRef name);
std::optional<ElementType> elementTypeInConfig(llvm::StringRef name);
/// All names, for suggestions.
llvm::ArrayRef<llvm::StringRef> elementTypeNames();

inline bool isFloat(ElementType element) { return element <= ElementType::F8E5M2; }
inline bool isBool(ElementType element) { return element == ElementType::Bool; }
inline bool isInteger(ElementType element) { return !isFloat(element) && !isBool(element); }
/// What an index may hold.
inline bool isIndex(ElementType element) {
  return element == ElementType::I64 || element == ElementType::I32;
}
/// Bits of storage per element.
unsigned bitWidth(ElementType element);

mlir::Type lower(ElementType element, mlir::MLIRContext *context);

/// `f32[B, S, dim]`.
struct TensorType {
  ElementType element = ElementType::F32;
  llvm::SmallVector<DimExpr, 4> dims;

  size_t rank() const { return dims.size(); }
};

/// The type as a user would write it.
std::string print(const TensorType &type, const DimContext &dims);
/// `[B, S, dim]`.
std::string print(llvm::ArrayRef<DimExpr> shape, const DimContext &dims);

} // namespace nacre::language

#endif
