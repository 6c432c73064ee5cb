//===- SafetensorsFuzzer.cpp - any bytes as a .safetensors file -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "FuzzWeights.h"
#include "frontend/weights/Safetensors.h"

#include "llvm/Support/Endian.h"

using namespace nacre;

static void read(llvm::ArrayRef<char> file) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  std::vector<Weight> weights;
  bool accepted = succeeded(readSafetensors(file, "fuzz", weights, diags));
  fuzz::checkWeights(accepted, file, weights, diags);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::ArrayRef<char> input(reinterpret_cast<const char *>(data), size);
  read(input);
  // The same as a header of the right length with some data behind it: a length of eight bytes is
  // seldom guessed.
  constexpr size_t dataBytes = 64;
  std::vector<char> file(8);
  llvm::support::endian::write64le(file.data(), size);
  file.insert(file.end(), input.begin(), input.end());
  file.resize(file.size() + dataBytes);
  read(file);
  return 0;
}
