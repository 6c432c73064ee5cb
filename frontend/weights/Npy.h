//===- Npy.h - NumPy's file of one array ------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_NPY_H
#define NACRE_FRONTEND_WEIGHTS_NPY_H

#include "frontend/weights/MappedFile.h"
#include "frontend/weights/StorageType.h"

#include "llvm/ADT/SmallVector.h"

namespace nacre {

/// No .npy header may be longer than this.
inline constexpr uint64_t maxNpyHeaderBytes = 64 << 10;

struct NpyHeader {
  StorageType type = StorageType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  uint64_t dataOffset = 0; ///< from the start of the file
  uint64_t byteSize = 0;   ///< of the elements
};

/// Reads the header of an array; `bytes` is the file, or at least its first maxNpyHeaderBytes. The
/// data may lie beyond `bytes`. Returns what is wrong, with a way out, or "".
std::string parseNpyHeader(llvm::ArrayRef<char> bytes, NpyHeader &header);

/// An array in memory, dense and row-major.
struct NpyArray {
  StorageType type = StorageType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  std::vector<char> data;
};

/// Reads an .npy file. On failure adds an error that names `path`.
llvm::FailureOr<NpyArray> readNpy(llvm::StringRef path, DiagnosticEngine &diags);

/// Writes an .npy file, under another name first, so that no half of a file is ever seen under
/// `path`. NumPy has no bf16 and no f8: these are written as float32, which holds each of their
/// values exactly. `data` has tensorBytes(type, shape) bytes.
llvm::LogicalResult writeNpy(llvm::StringRef path, StorageType type, llvm::ArrayRef<int64_t> shape,
                             llvm::ArrayRef<char> data, DiagnosticEngine &diags);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_NPY_H
