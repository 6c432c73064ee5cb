//===- Json.h - parsing JSON that nobody vouches for ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_WEIGHTS_JSON_H
#define NACRE_FRONTEND_WEIGHTS_JSON_H

#include "llvm/ADT/StringRef.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace nacre {

/// The tree of `text`. On failure, also where objects and lists nest deeper than `maxDepth`,
/// returns nothing and says why in `error`. Callers limit the length of the text.
std::optional<nlohmann::json> parseJson(llvm::StringRef text, int maxDepth, std::string &error);

/// Says what a parser's `position`, as it tells parse_error, points at: "at line 3, column 7:
/// unexpected
/// ']'".
std::string describeJsonError(llvm::StringRef text, size_t position);

} // namespace nacre

#endif // NACRE_FRONTEND_WEIGHTS_JSON_H
