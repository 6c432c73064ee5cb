//===- Convert.h - elements of files as numbers to compute with -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_CONVERT_H
#define NACRE_FRONTEND_WEIGHTS_CONVERT_H

#include "frontend/weights/StorageType.h"

#include "llvm/ADT/ArrayRef.h"

namespace nacre {

/// Writes every element of `data` as f32: exact for f16, bf16 and the f8 types, rounded to nearest
/// for f64 and integers. `result` has as many elements as `data`; `data` need not be aligned.
void convertToF32(StorageType type, llvm::ArrayRef<char> data, llvm::MutableArrayRef<float> result);

/// Writes `value` as one element of that type: rounded to nearest even for floats, truncated for
/// integers, and true for a Bool unless it is 0. `to` has elementBytes(type) bytes, unaligned.
void storeNumber(StorageType type, double value, char *to);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_CONVERT_H
