//===- HfConfig.cpp - the values of a config.json ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/HfConfig.h"
#include "frontend/weights/Json.h"
#include "frontend/weights/MappedFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace nacre;
using llvm::failure;
using llvm::StringRef;

static constexpr uint64_t maxConfigBytes = 16 << 20;
static constexpr int maxDepth = 32;

static std::string configIn(StringRef folder) {
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, "config.json");
  return path.str().str();
}

bool HfConfig::isIn(StringRef folder) { return llvm::sys::fs::exists(configIn(folder)); }

llvm::FailureOr<HfConfig> HfConfig::load(StringRef path, DiagnosticEngine &diags) {
  std::string file = llvm::sys::fs::is_directory(path) ? configIn(path) : path.str();
  llvm::FailureOr<std::string> text = readTextFile(file, maxConfigBytes, diags);
  if (failed(text))
    return failure();
  return parse(*text, file, diags);
}

llvm::FailureOr<HfConfig> HfConfig::parse(StringRef text, StringRef path, DiagnosticEngine &diags) {
  std::string error;
  std::optional<nlohmann::json> tree = parseJson(text, maxDepth, error);
  if (tree && !tree->is_object())
    error = "is JSON, but not an object of keys and values";
  if (!error.empty()) {
    diags.errorAt(path, error);
    return failure();
  }
  HfConfig config;
  config.name = path.str();
  config.tree = std::move(*tree);
  return config;
}
