//===- BinaryKernelTest.cpp - compiled operations of two operands ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace nacre::test;

namespace {

constexpr const char *floats[] = {"f32", "f16", "bf16", "f64"};
constexpr const char *byteFloats[] = {"f8e4m3", "f8e5m2"};
constexpr const char *integers[] = {"i64", "i32", "i16", "i8", "u8", "i4"};
constexpr const char *predicates[] = {"eq", "ne", "lt", "le", "gt", "ge"};

/// A program of one result for each operation of `x` and `y`, written with {0}.
class Program {
public:
  explicit Program(const std::string &type) : type(type) {
    head = llvm::formatv("in x: {0}\nin y: {0}\n", type);
  }
  void add(const char *pattern, const std::string &result) {
    head += llvm::formatv("out r{0}: {1}\n", count, result);
    body +=
        llvm::formatv("%r{0} = ", count).str() + llvm::formatv(pattern, type, result).str() + "\n";
    ++count;
  }
  std::string text() const { return head + body; }

private:
  std::string type, head, body;
  int count = 0;
};

} // namespace

static void addComparisons(Program &program, const std::string &dims) {
  for (const char *predicate : predicates)
    program.add(("nn.compare " + std::string(predicate) + " %x, %y : {0}, {0} -> {1}").c_str(),
                "bool" + dims);
}

static std::vector<Case> arithmeticCases() {
  std::vector<Case> cases;
  for (std::string element : floats) {
    std::string type = element + "[N]";
    Program exact(type);
    for (const char *name : {"add", "sub", "mul", "div", "maximum", "minimum"})
      exact.add(("nn." + std::string(name) + " %x, %y : {0}, {0} -> {0}").c_str(), type);
    addComparisons(exact, "[N]");
    cases.push_back({.name = "exact_" + element,
                     .text = exact.text(),
                     .sizes = ragged("N"),
                     .values = {Values::special},
                     .sweeps = {{{"N", 30000}}}});
    Program near(type);
    near.add("nn.mod %x, %y : {0}, {0} -> {0}", type);
    near.add("nn.pow %x, %y : {0}, {0} -> {0}", type);
    cases.push_back({.name = "near_" + element,
                     .text = near.text(),
                     .sizes = ragged("N"),
                     .values = {Values::special},
                     .sweeps = {{{"N", 3000}}},
                     .ulps = 1,
                     .reason = "libm's pow; a remainder plus a divisor rounds"});
  }
  for (std::string element : byteFloats) {
    std::string type = element + "[N]";
    Program program(type);
    for (const char *name : {"add", "sub", "mul", "maximum", "minimum"})
      program.add(("nn." + std::string(name) + " %x, %y : {0}, {0} -> {0}").c_str(), type);
    addComparisons(program, "[N]");
    cases.push_back({.name = element,
                     .text = program.text(),
                     .sizes = ragged("N"),
                     .values = {Values::special},
                     .sweeps = {{{"N", 5003}}}});
  }
  for (std::string element : integers) {
    std::string type = element + "[N]";
    Program program(type);
    for (const char *name : {"add", "sub", "mul", "div", "mod", "maximum", "minimum"})
      program.add(("nn." + std::string(name) + " %x, %y : {0}, {0} -> {0}").c_str(), type);
    for (const char *name : {"neg", "abs", "sign", "relu"})
      program.add(("nn." + std::string(name) + " %x : {0} -> {0}").c_str(), type);
    addComparisons(program, "[N]");
    cases.push_back({.name = element,
                     .text = program.text(),
                     .sizes = ragged("N") + std::vector<Sizes>{{{"N", 5003}}},
                     .values = {Values::special, Values::integers}});
  }
  Program bools("bool[N]");
  for (const char *pattern :
       {"nn.and %x, %y : {0}, {0} -> {0}", "nn.or %x, %y : {0}, {0} -> {0}",
        "nn.not %x : {0} -> {0}", "nn.compare eq %x, %y : {0}, {0} -> {0}",
        "nn.compare ne %x, %y : {0}, {0} -> {0}", "nn.select %x, %y, %x : {0}, {0}, {0} -> {0}"})
    bools.add(pattern, "bool[N]");
  cases.push_back({.name = "bool",
                   .text = bools.text(),
                   .sizes = ragged("N") + std::vector<Sizes>{{{"N", 5003}}},
                   .values = {Values::normal}});
  return cases;
}

/// Casts of each type to every other one. What does not fit an integer is unspecified, so that each
/// integer gets numbers of its range.
static std::vector<Case> castCases() {
  std::vector<Case> cases;
  std::vector<const char *> all(std::begin(floats), std::end(floats));
  llvm::append_range(all, byteFloats);
  llvm::append_range(all, integers);
  all.push_back("bool");
  for (std::string from : all) {
    std::string type = from + "[N]";
    bool real = llvm::is_contained(floats, from) || llvm::is_contained(byteFloats, from);
    Program program(type);
    for (std::string to : all)
      if (to != from && !(real && llvm::is_contained(integers, to)))
        program.add("nn.cast %x : {0} -> {1}", to + "[N]");
    Case one{
        .name = from, .text = program.text(), .sizes = ragged("N"), .values = {Values::special}};
    if (real)
      one.sweeps = {{{"N", 65536}}};
    else
      one.sizes.push_back({{"N", 5003}});
    cases.push_back(one);
    if (!llvm::is_contained(floats, from))
      continue;
    std::string text;
    for (const char *to : integers)
      text += llvm::formatv(
          "in {1}x: {0}\nout {1}y: {1}[N]\n%{1}y = nn.cast %{1}x : {0} -> {1}[N]\n", type, to);
    cases.push_back({.name = from + "_to_integers",
                     .text = text,
                     .sizes = ragged("N") + std::vector<Sizes>{{{"N", 5003}}},
                     .values = {Values::normal},
                     .ranges = {{"i4x", {-8, 7}},
                                {"i8x", {-127, 127}},
                                {"u8x", {0, 255}},
                                {"i16x", {-32000, 32000}},
                                {"i32x", {-2.1e9, 2.1e9}},
                                {"i64x", {-9.2e18, 9.2e18}}}});
  }
  // f16 ends at 65504.
  for (Case &one : cases)
    if (one.name == "f16_to_integers")
      one.ranges["i32x"] = one.ranges["i64x"] = {-65504, 65504};
  return cases;
}

static const std::vector<Sizes> matrices = ragged("N", {{"M", 3}}) + ragged("M", {{"N", 5}});

/// Operands of every shape that broadcasts, and that lie elsewhere than in a row-major buffer.
static const std::vector<Case> broadcastCases = {
    {.name = "scalars_columns_rows",
     .text = R"(
       in x: f32[M, N]
       in scalar: f32[]
       in one: f32[1]
       in ones: f32[1, 1]
       in column: f32[N]
       in line: f32[1, N]
       in row: f32[M, 1]
       out a: f32[M, N]
       out b: f32[M, N]
       out c: f32[M, N]
       out d: f32[M, N]
       out e: f32[M, N]
       out f: f32[M, N]
       out g: f32[M, N]
       %a = nn.sub %x, %scalar : f32[M, N], f32[] -> f32[M, N]
       %b = nn.sub %one, %x : f32[1], f32[M, N] -> f32[M, N]
       %c = nn.sub %x, %ones : f32[M, N], f32[1, 1] -> f32[M, N]
       %d = nn.sub %x, %column : f32[M, N], f32[N] -> f32[M, N]
       %e = nn.sub %line, %x : f32[1, N], f32[M, N] -> f32[M, N]
       %f = nn.sub %x, %row : f32[M, N], f32[M, 1] -> f32[M, N]
       %g = nn.sub %row, %column : f32[M, 1], f32[N] -> f32[M, N]
     )",
     .sizes = matrices,
     .values = {Values::special}},
    {.name = "many_rows_or_columns",
     .text = R"(
       in x: f32[M, N]
       in column: f32[N]
       in row: f32[M, 1]
       out a: f32[M, N]
       %t = nn.sub %x, %column : f32[M, N], f32[N] -> f32[M, N]
       %a = nn.maximum %t, %row : f32[M, N], f32[M, 1] -> f32[M, N]
     )",
     .sizes = {{{"M", 70001}, {"N", 3}}, {{"M", 3}, {"N", 100003}}},
     .values = {Values::special}},
    {.name = "narrow_operands",
     .text = R"(
       in x: bf16[M, N]
       in column: bf16[N]
       in row: f16[M, 1]
       in wide: f16[M, N]
       in keep: bool[M, 1]
       in flags: bool[N]
       out a: bf16[M, N]
       out b: f16[M, N]
       out c: bf16[M, N]
       out d: bool[M, N]
       %a = nn.sub %x, %column : bf16[M, N], bf16[N] -> bf16[M, N]
       %b = nn.sub %wide, %row : f16[M, N], f16[M, 1] -> f16[M, N]
       %c = nn.select %keep, %x, %column : bool[M, 1], bf16[M, N], bf16[N] -> bf16[M, N]
       %d = nn.and %keep, %flags : bool[M, 1], bool[N] -> bool[M, N]
     )",
     .sizes = matrices,
     .values = {Values::special}},
    {.name = "inner_dimensions",
     .text = R"(
       in x: f32[A, M, 4, N]
       in p: f32[A, 1, 4, 1]
       in q: f32[M, 1, N]
       in r: f32[4, 1]
       in s: f32[A, M, 1, 1]
       in u: bool[4, 1]
       out a: f32[A, M, 4, N]
       out b: f32[A, M, 4, N]
       out c: f32[A, M, 4, N]
       out d: f32[A, M, 4, N]
       out e: f32[A, M, 4, N]
       %a = nn.sub %x, %p : f32[A, M, 4, N], f32[A, 1, 4, 1] -> f32[A, M, 4, N]
       %b = nn.sub %x, %q : f32[A, M, 4, N], f32[M, 1, N] -> f32[A, M, 4, N]
       %c = nn.sub %x, %r : f32[A, M, 4, N], f32[4, 1] -> f32[A, M, 4, N]
       %d = nn.sub %s, %x : f32[A, M, 1, 1], f32[A, M, 4, N] -> f32[A, M, 4, N]
       %t = nn.sub %p, %q : f32[A, 1, 4, 1], f32[M, 1, N] -> f32[A, M, 4, N]
       %e = nn.select %u, %t, %x : bool[4, 1], f32[A, M, 4, N], f32[A, M, 4, N] -> f32[A, M, 4, N]
     )",
     .sizes = ragged("N", {{"A", 2}, {"M", 3}}) +
              std::vector<Sizes>{{{"A", 0}, {"M", 3}, {"N", 2}}, {{"A", 3}, {"M", 0}, {"N", 2}}},
     .values = {Values::special}},
    {.name = "last_is_one",
     .text = R"(
       in x: f32[M, 1]
       in y: f32[1]
       in z: f32[1, M, 1]
       out a: f32[M, 1]
       out b: f32[1, M, 1]
       %a = nn.sub %x, %y : f32[M, 1], f32[1] -> f32[M, 1]
       %b = nn.sub %z, %x : f32[1, M, 1], f32[M, 1] -> f32[1, M, 1]
     )",
     .sizes = ragged("M") + std::vector<Sizes>{{{"M", 70001}}},
     .values = {Values::special}},
    {.name = "no_dimensions",
     .text = R"(
       in x: f32[]
       in y: f32[1]
       out a: f32[]
       out b: f32[1]
       %a = nn.exp %x : f32[] -> f32[]
       %b = nn.sub %x, %y : f32[], f32[1] -> f32[1]
     )",
     .ulps = 2,
     .reason = "a polynomial"},
    {.name = "transposed_and_sliced",
     .text = R"(
       in x: f32[M, N]
       in t: f32[N, M]
       in wide: f32[M, 40]
       in tall: f32[9, N]
       in cube: f32[N, 3, M]
       out a: f32[M, N]
       out b: f32[M, 7]
       out c: f32[4, N]
       out d: f32[3, M, N]
       out e: f32[M, 13]
       %c0 = arith.constant 0 : index
       %c1 = arith.constant 1 : index
       %m = tensor.dim %x, %c0 : f32[M, N]
       %n = tensor.dim %x, %c1 : f32[M, N]
       %tt = nn.transpose %t [1, 0] : f32[N, M] -> f32[M, N]
       %a = nn.sub %x, %tt : f32[M, N], f32[M, N] -> f32[M, N]
       %w0 = tensor.extract_slice %wide[0, 3] [%m, 7] [1, 1] : f32[M, 40] to f32[M, 7]
       %w1 = tensor.extract_slice %wide[0, 33] [%m, 7] [1, 1] : f32[M, 40] to f32[M, 7]
       %b = nn.sub %w0, %w1 : f32[M, 7], f32[M, 7] -> f32[M, 7]
       %t0 = tensor.extract_slice %tall[5, 0] [4, %n] [1, 1] : f32[9, N] to f32[4, N]
       %t1 = tensor.extract_slice %tall[1, 0] [4, %n] [2, 1] : f32[9, N] to f32[4, N]
       %c = nn.sub %t0, %t1 : f32[4, N], f32[4, N] -> f32[4, N]
       %q = nn.transpose %cube [1, 2, 0] : f32[N, 3, M] -> f32[3, M, N]
       %d = nn.sub %q, %x : f32[3, M, N], f32[M, N] -> f32[3, M, N]
       %w2 = tensor.extract_slice %wide[0, 2] [%m, 13] [1, 3] : f32[M, 40] to f32[M, 13]
       %w3 = tensor.extract_slice %wide[0, 0] [%m, 1] [1, 1] : f32[M, 40] to f32[M, 1]
       %e = nn.sub %w2, %w3 : f32[M, 13], f32[M, 1] -> f32[M, 13]
     )",
     .sizes = ragged("N", {{"M", 17}}) + ragged("M", {{"N", 3}}),
     .values = {Values::special}},
    {.name = "explicit_broadcast",
     .text = R"(
       in x: f32[1, N]
       in like: f32[M, N]
       out a: f32[M, N]
       out b: f32[M, N]
       %c0 = arith.constant 0 : index
       %c1 = arith.constant 1 : index
       %m = tensor.dim %like, %c0 : f32[M, N]
       %n = tensor.dim %like, %c1 : f32[M, N]
       %a = nn.broadcast %x[%m, %n] : f32[1, N] -> f32[M, N]
       %b = nn.sub %a, %like : f32[M, N], f32[M, N] -> f32[M, N]
     )",
     .sizes = matrices,
     .values = {Values::special}},
    {.name = "constants_and_weights",
     .text = R"(
       in x: f32[M, 19]
       in h: bf16[M, 19]
       weight w: f32[19]
       weight v: f32[19] stored bf16
       weight s: f32[]
       out a: f32[M, 19]
       out b: bf16[M, 19]
       %c = arith.constant dense<0.333333333> : tensor<f32>
       %k = arith.constant dense<1.5> : tensor<bf16>
       %0 = nn.mul %x, %c : f32[M, 19], f32[] -> f32[M, 19]
       %1 = nn.mul %0, %w : f32[M, 19], f32[19] -> f32[M, 19]
       %2 = nn.mul %1, %v : f32[M, 19], f32[19] -> f32[M, 19]
       %a = nn.mul %2, %s : f32[M, 19], f32[] -> f32[M, 19]
       %b = nn.mul %h, %k : bf16[M, 19], bf16[] -> bf16[M, 19]
     )",
     .sizes = ragged("M"),
     .ulps = 3,
     .reason = "four products and a constant, each rounded; products of weights may come first",
     .largest = 1e30},
};

static const bool registered = registerCases("Arithmetic", arithmeticCases()) &&
                               registerCases("Cast", castCases()) &&
                               registerCases("Broadcast", broadcastCases);
