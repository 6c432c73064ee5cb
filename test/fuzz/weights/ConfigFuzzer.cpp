//===- ConfigFuzzer.cpp - any bytes as config.json and as a shard index ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/HfConfig.h"
#include "frontend/weights/Safetensors.h"

#include <cstdlib>

using namespace nacre;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  SourceMap sources;
  {
    DiagnosticEngine diags(sources);
    llvm::FailureOr<HfConfig> config = HfConfig::parse(text, "fuzz", diags);
    if (succeeded(config) == diags.hasErrors())
      abort();
    // The deepest walk that a message may take.
    if (succeeded(config))
      config->json().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  DiagnosticEngine diags(sources);
  llvm::FailureOr<ShardIndex> index = parseShardIndex(text, "fuzz", diags);
  if (succeeded(index) == diags.hasErrors())
    abort();
  if (succeeded(index))
    for (const std::string &file : index->files)
      if (file.empty() || file == ".." || file.find('/') != std::string::npos)
        abort();
  return 0;
}
