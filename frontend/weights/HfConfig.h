//===- HfConfig.h - the values of a config.json -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_HFCONFIG_H
#define NACRE_FRONTEND_WEIGHTS_HFCONFIG_H

#include "frontend/diagnostics/Diagnostic.h"

#include "llvm/Support/LogicalResult.h"

#include <nlohmann/json.hpp>

#include <string>

namespace nacre {

/// What config("key", default) of a model file looks into: the config.json of a Hugging Face
/// folder.
class HfConfig {
public:
  /// Reads a file, or the config.json of a folder. On failure adds an error that names the file.
  static llvm::FailureOr<HfConfig> load(llvm::StringRef path, DiagnosticEngine &diags);
  /// Reads a text that stands for the file `path`.
  static llvm::FailureOr<HfConfig> parse(llvm::StringRef text, llvm::StringRef path,
                                         DiagnosticEngine &diags);
  /// Whether the folder has a config.json.
  static bool isIn(llvm::StringRef folder);

  /// The keys and values: an object, whose parts nest at most 32 levels deep.
  const nlohmann::json &json() const { return tree; }

  /// The file, for messages.
  llvm::StringRef path() const { return name; }

private:
  std::string name;
  nlohmann::json tree;
};

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_HFCONFIG_H
