//===- FuzzWeights.h - what must hold for every accepted file ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "frontend/weights/WeightTable.h"
#include "frontend/weights/Zip.h"

#include <cstdlib>

namespace nacre::fuzz {

/// Aborts if a reader accepted what does not lie in the file, or refused without a word. Touches
/// every byte that a compiler would read.
inline void checkWeights(bool accepted, llvm::ArrayRef<char> file, llvm::ArrayRef<Weight> weights,
                         const DiagnosticEngine &diags) {
  if (accepted == diags.hasErrors())
    abort();
  if (!accepted)
    return;
  unsigned sum = 0;
  for (const Weight &weight : weights) {
    if (tensorBytes(weight.type, weight.shape) != weight.byteSize)
      abort();
    uint64_t stored = weight.packedSize ? weight.packedSize : weight.byteSize;
    if (weight.offset > file.size() || stored > file.size() - weight.offset)
      abort();
    for (char byte : file.slice(weight.offset, stored))
      sum += static_cast<unsigned char>(byte);
    if (weight.packedSize) {
      if (weight.skip > weight.unpackedSize || weight.byteSize > weight.unpackedSize - weight.skip)
        abort();
      std::vector<char> unpacked(weight.unpackedSize);
      inflateInto(file.slice(weight.offset, stored), unpacked);
    }
  }
  volatile unsigned used = sum;
  (void)used;
}

} // namespace nacre::fuzz
