//===- Json.cpp - parsing JSON that nobody vouches for ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Json.h"

#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>

using namespace nacre;
using nlohmann::json;

namespace {

/// Finds the first fault, its place, and the depth, without building anything.
class Checker : public nlohmann::json_sax<json> {
public:
  Checker(llvm::StringRef text, int maxDepth) : text(text), maxDepth(maxDepth) {}
  std::string error;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t &) override { return true; }
  bool string(string_t &) override { return true; }
  bool binary(binary_t &) override { return true; }
  bool key(string_t &) override { return true; }
  bool start_object(size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool start_array(size_t) override { return enter(); }
  bool end_array() override { return leave(); }

  bool parse_error(size_t position, const std::string &, const json::exception &) override {
    error = "is not valid JSON " + describeJsonError(text, position);
    return false;
  }

private:
  bool enter() {
    if (++depth <= maxDepth)
      return true;
    error = fmt::format("nests objects and lists deeper than {} levels", maxDepth);
    return false;
  }
  bool leave() {
    --depth;
    return true;
  }

  llvm::StringRef text;
  int maxDepth, depth = 0;
};

} // namespace

std::string nacre::describeJsonError(llvm::StringRef text, size_t position) {
  // The position is that of the last byte read, counted from 1.
  if (position == 0 || position > text.size())
    return "at its end: it is cut off";
  llvm::StringRef before = text.take_front(position - 1);
  size_t line = before.count('\n') + 1, column = before.size() - (before.rfind('\n') + 1) + 1;
  unsigned char byte = text[position - 1];
  std::string found = llvm::isPrint(byte) ? fmt::format("'{}'", static_cast<char>(byte))
                                          : fmt::format("byte {:#04x}", byte);
  return fmt::format("at line {}, column {}: unexpected {}", line, column, found);
}

std::optional<json> nacre::parseJson(llvm::StringRef text, int maxDepth, std::string &error) {
  Checker checker(text, maxDepth);
  if (!json::sax_parse(text.begin(), text.end(), &checker)) {
    error = checker.error;
    return std::nullopt;
  }
  return json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}
