//===- StorageType.h - element types that files hold ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_STORAGETYPE_H
#define NACRE_FRONTEND_WEIGHTS_STORAGETYPE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace mlir {
class MLIRContext;
class Type;
} // namespace mlir

namespace nacre {

/// What an element is stored as. All are little-endian; a Bool is one byte.
enum class StorageType : uint8_t {
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
  U64,
  U32,
  U16,
  U8,
  Bool
};

/// Bytes of one element.
unsigned elementBytes(StorageType type);

/// The language's word, such as "bf16".
llvm::StringRef typeName(StorageType type);

bool isFloat(StorageType type);

/// The type that a word of the language, of a safetensors header ("BF16") or of an .npy header
/// ("<f4") names; nothing for other words.
std::optional<StorageType> typeFromName(llvm::StringRef name);
std::optional<StorageType> typeFromSafetensors(llvm::StringRef name);
std::optional<StorageType> typeFromNpy(llvm::StringRef descr);

/// The `descr` of an .npy header; empty for types that NumPy does not have.
llvm::StringRef npyName(StorageType type);

/// As an element type of a tensor: integers are signless, unsigned ones too, Bool is i1.
mlir::Type toMLIR(StorageType type, mlir::MLIRContext *context);

/// "f32[768, 2304]".
std::string describeTensor(StorageType type, llvm::ArrayRef<int64_t> shape);

/// The bytes of a dense tensor; nothing if a size is negative or the product does not fit.
std::optional<uint64_t> tensorBytes(StorageType type, llvm::ArrayRef<int64_t> shape);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_STORAGETYPE_H
