//===- KernelCase.cpp - a row of the kernel tests' tables ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

using namespace nacre;
using namespace nacre::test;
using llvm::StringRef;

namespace {

/// A line `x: f32[B, 7]`.
struct Port {
  StringRef name, type, stored;
};

/// The element types of the language, and MLIR's words for them.
constexpr std::pair<StringRef, StringRef> elements[] = {
    {"f32", "f32"}, {"f16", "f16"},         {"bf16", "bf16"},    {"f64", "f64"}, {"i64", "i64"},
    {"i32", "i32"}, {"i16", "i16"},         {"i8", "i8"},        {"u8", "ui8"},  {"bool", "i1"},
    {"i4", "i4"},   {"f8e4m3", "f8E4M3FN"}, {"f8e5m2", "f8E5M2"}};

} // namespace

static Port portOf(StringRef line) {
  Port port;
  std::tie(port.name, line) = line.split(": ");
  std::tie(port.type, port.stored) = line.split(" stored ");
  return port;
}

/// The sizes of a type "f32[B, 7]" as quoted words.
static std::string dimsOf(StringRef type) {
  llvm::SmallVector<StringRef> sizes;
  type.split('[').second.drop_back().split(sizes, ", ", -1, /*KeepEmpty=*/false);
  std::vector<std::string> words;
  for (StringRef size : sizes)
    words.push_back(("\"" + size + "\"").str());
  return "[" + llvm::join(words, ", ") + "]";
}

/// Writes types in MLIR's way.
static std::string expandTypes(StringRef line) {
  std::string result;
  while (!line.empty()) {
    size_t word = line.find_if([](char c) { return llvm::isAlnum(c); });
    result += line.take_front(word);
    line = line.drop_front(std::min(word, line.size()));
    StringRef name = line.take_while([](char c) { return llvm::isAlnum(c); });
    line = line.drop_front(name.size());
    const auto *element = llvm::find_if(elements, [&](auto &pair) { return pair.first == name; });
    if (element == std::end(elements) || !line.starts_with("[")) {
      result += name;
      continue;
    }
    llvm::SmallVector<StringRef> sizes;
    StringRef list = line.take_until([](char c) { return c == ']'; });
    line = line.drop_front(list.size() + 1);
    list.drop_front().split(sizes, ", ", -1, /*KeepEmpty=*/false);
    result += "tensor<";
    for (StringRef size : sizes)
      result += (llvm::all_of(size, llvm::isDigit) ? size.str() : "?") + "x";
    result += element->second.str() + ">";
  }
  return result;
}

std::string nacre::test::moduleText(StringRef text) {
  std::vector<Port> inputs, weights, states, outputs;
  std::vector<std::string> body, bound;
  auto *lines = &body;
  llvm::SmallVector<StringRef> all;
  text.split(all, '\n');
  for (StringRef line : all) {
    line = line.trim();
    if (line.consume_front("in "))
      inputs.push_back(portOf(line));
    else if (line.consume_front("weight "))
      weights.push_back(portOf(line));
    else if (line.consume_front("state "))
      states.push_back(portOf(line));
    else if (line.consume_front("out "))
      outputs.push_back(portOf(line));
    else if (line == "bound:")
      lines = &bound;
    else if (!line.empty())
      lines->push_back(line.str());
  }

  std::string result;
  llvm::raw_string_ostream out(result);
  for (const Port &weight : weights) {
    std::string type = expandTypes(weight.type);
    out << "ml_program.global private @" << weight.name << "(#ml_program.extern<" << type
        << ">) : " << type;
    if (!weight.stored.empty())
      out << " {nn.stored = " << weight.stored << "}";
    out << "\n";
  }
  for (const Port &state : states) {
    std::string dims = StringRef(dimsOf(state.type)).str();
    out << "ml_program.global private mutable @" << state.name << " : " << expandTypes(state.type)
        << " {nn.dims = " << dims << "}\n";
  }
  auto function = [&](StringRef name, StringRef attributes, llvm::ArrayRef<std::string> lines) {
    out << "func.func @" << name << "(";
    llvm::interleaveComma(inputs, out, [&](const Port &port) {
      out << "%" << port.name << ": " << expandTypes(port.type) << " {nn.name = \"" << port.name
          << "\", nn.dims = " << dimsOf(port.type) << "}";
    });
    out << ") -> (";
    llvm::interleaveComma(outputs, out, [&](const Port &port) {
      out << expandTypes(port.type) << " {nn.name = \"" << port.name
          << "\", nn.dims = " << dimsOf(port.type) << "}";
    });
    out << ") " << attributes << "{\n";
    for (const Port &weight : weights)
      out << "  %" << weight.name << " = ml_program.global_load_const @" << weight.name << " : "
          << expandTypes(weight.type) << "\n";
    for (const std::string &line : lines)
      out << "  " << expandTypes(line) << "\n";
    out << "  return ";
    llvm::interleaveComma(outputs, out, [&](const Port &port) { out << "%" << port.name; });
    out << " : ";
    llvm::interleaveComma(outputs, out, [&](const Port &port) { out << expandTypes(port.type); });
    out << "\n}\n";
  };
  function("kernel", "attributes {nn.entry} ", body);
  if (!bound.empty())
    function("bound", "", bound);
  return result;
}

std::vector<Sizes> nacre::test::ragged(StringRef variable, const Sizes &sizes) {
  std::vector<Sizes> result;
  for (int64_t size : {0, 1, 7, 15, 16, 17, 63, 64, 65, 130}) {
    result.push_back(sizes);
    result.back()[variable.str()] = size;
  }
  return result;
}

std::vector<Sizes> nacre::test::operator+(std::vector<Sizes> first,
                                          const std::vector<Sizes> &second) {
  llvm::append_range(first, second);
  return first;
}

namespace {
class KernelTest : public testing::Test {
public:
  explicit KernelTest(const Case &one) : one(one) {}
  void TestBody() override { check(one); }

private:
  Case one;
};
} // namespace

bool nacre::test::registerCases(const char *suite, const std::vector<Case> &cases) {
  for (const Case &one : cases)
    testing::RegisterTest(suite, one.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [one]() -> testing::Test * { return new KernelTest(one); });
  return true;
}
