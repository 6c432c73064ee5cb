//===- HfConfig.h - the values of a config.json -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_HFCONFIG_H
#define NACRE_FRONTEND_WEIGHTS_HFCONFIG_H

#include "frontend/diagnostics/Diagnostic.h"

#include "llvm/Support/LogicalResult.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace nacre {

struct ConfigValue;
using ConfigList = std::vector<ConfigValue>;
struct ConfigObject {}; ///< its members have keys of their own: "rope_scaling.factor"

/// A value as the file says it: 1 is an integer, 1.0 a float. Integers beyond 64 bits are floats.
struct ConfigValue {
  std::variant<bool, int64_t, double, std::string, ConfigList, ConfigObject> value;

  template <typename T>
  const T *get() const {
    return std::get_if<T>(&value);
  }
  /// "an integer", "a list" and so on, for messages.
  llvm::StringRef kind() const;
};

/// What config("key", default) of a model file looks into: the config.json of a Hugging Face
/// folder.
class HfConfig {
public:
  /// Reads a file, or the config.json of a folder. On failure adds an error that names the file.
  static llvm::FailureOr<HfConfig> load(llvm::StringRef path, DiagnosticEngine &diags);
  /// Reads a text that stands for the file `path`.
  static llvm::FailureOr<HfConfig> parse(llvm::StringRef json, llvm::StringRef path,
                                         DiagnosticEngine &diags);
  /// Whether the folder has a config.json.
  static bool isIn(llvm::StringRef folder);

  /// The value of `key`, with dots for members of objects. Nothing where the file has none or says
  /// null, as it does for "take the default".
  std::optional<ConfigValue> find(llvm::StringRef key) const;

  /// All keys, dotted ones too, sorted; for suggestions.
  std::vector<std::string> keys() const;

  /// The file, for messages.
  llvm::StringRef path() const { return name; }

private:
  std::string name;
  nlohmann::json tree; // an object
};

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_HFCONFIG_H
