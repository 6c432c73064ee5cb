//===- HfConfig.cpp - the values of a config.json ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/HfConfig.h"
#include "frontend/weights/Json.h"
#include "frontend/weights/MappedFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace nacre;
using llvm::failure;
using llvm::StringRef;
using nlohmann::json;

static constexpr uint64_t maxConfigBytes = 16 << 20;
static constexpr int maxDepth = 32;

static std::string configIn(StringRef folder) {
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, "config.json");
  return path.str().str();
}

StringRef ConfigValue::kind() const {
  constexpr const char *kinds[] = {"true or false", "an integer", "a float",
                                   "a text",        "a list",     "an object"};
  return kinds[value.index()];
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
  std::optional<json> tree = parseJson(text, maxDepth, error);
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

static ConfigValue toValue(const json &node) {
  switch (node.type()) {
  case json::value_t::boolean:
    return {node.get<bool>()};
  case json::value_t::number_integer:
    return {node.get<int64_t>()};
  case json::value_t::number_unsigned:
    if (node.get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX))
      return {static_cast<int64_t>(node.get<uint64_t>())};
    return {node.get<double>()};
  case json::value_t::number_float:
    return {node.get<double>()};
  case json::value_t::string:
    return {node.get<std::string>()};
  case json::value_t::array: {
    ConfigList list;
    for (const json &element : node)
      list.push_back(toValue(element));
    return {std::move(list)};
  }
  default:
    return {ConfigObject{}}; // null within a list is of no use either
  }
}

std::optional<ConfigValue> HfConfig::find(StringRef key) const {
  const json *node = &tree;
  // A key that itself has a dot goes before a member of an object.
  if (auto whole = tree.find(key.str()); whole != tree.end()) {
    node = &*whole;
  } else {
    if (key.empty())
      return std::nullopt;
    while (!key.empty()) {
      auto [first, rest] = key.split('.');
      auto member = node->is_object() ? node->find(first.str()) : node->end();
      if (member == node->end())
        return std::nullopt;
      node = &*member;
      key = rest;
    }
  }
  if (node->is_null())
    return std::nullopt;
  return toValue(*node);
}

static void collectKeys(const json &object, const std::string &prefix,
                        std::vector<std::string> &keys) {
  for (const auto &[key, value] : object.items()) {
    keys.push_back(prefix + key);
    if (value.is_object())
      collectKeys(value, prefix + key + ".", keys);
  }
}

std::vector<std::string> HfConfig::keys() const {
  std::vector<std::string> keys;
  collectKeys(tree, "", keys);
  llvm::sort(keys);
  return keys;
}
