//===- SafetensorsHeader.h - the JSON in front of the data ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_SAFETENSORSHEADER_H
#define NACRE_FRONTEND_WEIGHTS_SAFETENSORSHEADER_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace nacre {

/// One entry of the header, as it says; only the form has been checked.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;
  llvm::SmallVector<int64_t, 4> shape;
  uint64_t begin = 0, end = 0; ///< `data_offsets`
};

/// Reads {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}, in order.
/// Memory stays in proportion to the tensors, whatever else the text holds. Returns what is wrong
/// with the text, or "" if nothing is.
std::string parseSafetensorsHeader(llvm::StringRef json, std::vector<SafetensorsEntry> &entries);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_SAFETENSORSHEADER_H
