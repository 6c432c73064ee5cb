//===- NpzFuzzer.cpp - any bytes as an .npz and as an .npy file -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "FuzzWeights.h"
#include "frontend/weights/Npy.h"
#include "frontend/weights/Npz.h"

using namespace nacre;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::ArrayRef<char> input(reinterpret_cast<const char *>(data), size);
  SourceMap sources;
  DiagnosticEngine diags(sources);
  std::vector<Weight> weights;
  bool accepted = succeeded(readNpz(input, "fuzz", weights, diags));
  fuzz::checkWeights(accepted, input, weights, diags);

  NpyHeader header;
  if (parseNpyHeader(input, header).empty() &&
      (header.dataOffset > size || tensorBytes(header.type, header.shape) != header.byteSize))
    abort();
  return 0;
}
