//===- SafetensorsHeader.cpp - the JSON in front of the data ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/SafetensorsHeader.h"
#include "frontend/weights/Json.h"

#include "llvm/ADT/StringSet.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace nacre;

namespace {

constexpr size_t maxRank = 16;
constexpr size_t maxNameBytes = 4096;

/// Takes the events of the JSON parser and stops it at the first that has no place in a header. A
/// tree of the whole text is never built: a hostile text could make it fifty times its own size.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
public:
  HeaderReader(llvm::StringRef json, std::vector<SafetensorsEntry> &entries)
      : json(json), entries(entries) {}

  std::string error;

  bool start_object(size_t) override {
    switch (state) {
    case State::Start:
      state = State::Names;
      return true;
    case State::Tensor:
      state = State::Fields;
      field = Field::None;
      seen = 0;
      return true;
    case State::Metadata:
      state = State::MetadataKeys;
      return true;
    default:
      return unexpected("an object");
    }
  }

  bool end_object() override {
    if (state == State::Fields) {
      if (seen != (1 << Field::DType | 1 << Field::Shape | 1 << Field::Offsets))
        return fail("lacks 'dtype', 'shape' or 'data_offsets'");
      state = State::Names;
    } else if (state == State::MetadataKeys) {
      state = State::Names;
    }
    return true;
  }

  bool key(string_t &key) override {
    switch (state) {
    case State::Names:
      if (key.size() > maxNameBytes)
        return fail(fmt::format("a name of {} bytes is longer than {}", key.size(), maxNameBytes));
      if (!names.insert(key).second) {
        inTensor(key);
        return fail("stands there twice");
      }
      if (key == "__metadata__") {
        state = State::Metadata;
        return true;
      }
      state = State::Tensor;
      entries.emplace_back().name = key;
      return true;
    case State::Fields: {
      field = key == "dtype"          ? Field::DType
              : key == "shape"        ? Field::Shape
              : key == "data_offsets" ? Field::Offsets
                                      : Field::None;
      if (field == Field::None)
        return fail(fmt::format("has a field '{:.64}', which is none of 'dtype', 'shape' and "
                                "'data_offsets'",
                                key));
      if (seen >> field & 1)
        return fail(fmt::format("has its field '{}' twice", key));
      seen |= 1 << field;
      return true;
    }
    default:
      return true; // of the metadata, which has no meaning for us
    }
  }

  bool start_array(size_t) override {
    if (state != State::Fields || (field != Field::Shape && field != Field::Offsets))
      return unexpected("a list");
    state = State::List;
    offsets = 0;
    return true;
  }

  bool end_array() override {
    state = State::Fields;
    if (field == Field::Offsets && offsets != 2)
      return fail("'data_offsets' must be two numbers, begin and end");
    return true;
  }

  bool string(string_t &text) override {
    if (state == State::MetadataKeys)
      return true;
    if (state != State::Fields || field != Field::DType)
      return unexpected("a text");
    if (text.size() > 32)
      return fail("'dtype' is a text too long for any type");
    entries.back().dtype = text;
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (state != State::List)
      return unexpected("a number");
    SafetensorsEntry &entry = entries.back();
    if (field == Field::Shape) {
      if (entry.shape.size() == maxRank)
        return fail(fmt::format("has more than {} dimensions", maxRank));
      if (value > static_cast<uint64_t>(INT64_MAX))
        return fail(fmt::format("a size of {} is beyond all bounds", value));
      entry.shape.push_back(static_cast<int64_t>(value));
      return true;
    }
    if (offsets++ < 2)
      (offsets == 1 ? entry.begin : entry.end) = value;
    return offsets <= 2 || fail("'data_offsets' must be two numbers, begin and end");
  }

  bool number_integer(number_integer_t value) override { // the parser calls it for negative ones
    if (state != State::List)
      return unexpected("a number");
    return fail(fmt::format("{} in '{}' is negative", value,
                            field == Field::Shape ? "shape" : "data_offsets"));
  }

  bool number_float(number_float_t, const string_t &text) override {
    return unexpected(fmt::format("the number {:.40}", text));
  }
  bool boolean(bool) override { return unexpected("true or false"); }
  bool null() override { return unexpected("null"); }
  bool binary(binary_t &) override { return unexpected("binary data"); }

  bool parse_error(size_t position, const std::string &,
                   const nlohmann::json::exception &) override {
    if (error.empty())
      error = "the header is not valid JSON " + describeJsonError(json, position);
    return false;
  }

private:
  enum class State { Start, Names, Tensor, Fields, List, Metadata, MetadataKeys };
  enum Field { None, DType, Shape, Offsets };

  void inTensor(llvm::StringRef name) { place = fmt::format("tensor '{}' ", name.take_front(200)); }

  bool fail(std::string what) {
    if (place.empty() && (state == State::Fields || state == State::List))
      inTensor(entries.back().name);
    error = place + what;
    return false;
  }

  bool unexpected(llvm::StringRef what) {
    if (state == State::Start)
      return fail(fmt::format("the header is {}, not an object", what.str()));
    if (state == State::Tensor || state == State::Fields || state == State::List) {
      inTensor(entries.back().name);
      return fail(fmt::format("has {} where a header has none", what.str()));
    }
    return fail(fmt::format("'__metadata__' has {} where it may only have texts", what.str()));
  }

  llvm::StringRef json;
  std::vector<SafetensorsEntry> &entries;
  llvm::StringSet<> names;
  State state = State::Start;
  Field field = Field::None;
  unsigned seen = 0;    // bits of Field
  unsigned offsets = 0; // how many of data_offsets have been read
  std::string place;
};

} // namespace

std::string nacre::parseSafetensorsHeader(llvm::StringRef json,
                                          std::vector<SafetensorsEntry> &entries) {
  HeaderReader reader(json, entries);
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &reader) && reader.error.empty())
    return "the header is not valid JSON";
  return reader.error;
}
