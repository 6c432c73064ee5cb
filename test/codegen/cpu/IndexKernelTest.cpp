//===- IndexKernelTest.cpp - compiled indices, order, running sums, random numbers ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"

using namespace nacre::test;
using llvm::formatv;
using nacre::interpreter::Tensor;

constexpr const char *numbers[] = {"f32", "f16", "bf16", "f64", "i64", "i32", "i16", "i8", "u8"};

static const std::vector<Sizes> cubes =
    ragged("C", {{"A", 2}, {"B", 3}}) + ragged("B", {{"A", 2}, {"C", 3}});

static bool isReal(const std::string &element) { return element[0] == 'f' || element == "bf16"; }

static std::vector<Case> argReduceCases() {
  std::vector<Case> cases;
  auto text = [](const std::string &element) {
    return formatv(R"(
      in x: {0}[A, B, C]
      out a: i64[B, C]
      out b: i64[A, 1, C]
      out c: i64[A, B]
      out d: i64[A, B, 1]
      %a = nn.arg_reduce max %x {{axis = 0 : i64} : {0}[A, B, C] -> i64[B, C]
      %b = nn.arg_reduce min %x {{axis = 1 : i64, keep_dims} : {0}[A, B, C] -> i64[A, 1, C]
      %c = nn.arg_reduce max %x {{axis = 2 : i64} : {0}[A, B, C] -> i64[A, B]
      %d = nn.arg_reduce min %x {{axis = 2 : i64, keep_dims} : {0}[A, B, C] -> i64[A, B, 1]
    )",
                   element)
        .str();
  };
  for (std::string element : {"f32", "f16", "bf16", "f64", "i64", "i32", "i16", "i8", "u8", "bool"})
    cases.push_back({.name = element,
                     .text = text(element),
                     .sizes = element == "f32" ? cubes : ragged("C", {{"A", 2}, {"B", 3}}),
                     .values = {Values::special, Values::integers},
                     .specialsEvery = 30});
  // Rows of several chains of vectors, with many equal elements.
  cases.push_back({.name = "long_rows",
                   .text = text("f32"),
                   .sizes = {{{"A", 3}, {"B", 1}, {"C", 50257}}, {{"A", 2}, {"B", 2}, {"C", 1000}}},
                   .values = {Values::normal, Values::integers}});
  return cases;
}

static std::vector<Case> orderCases() {
  std::vector<Case> cases;
  for (std::string element : numbers)
    cases.push_back({.name = element,
                     .text = formatv(R"(
                       in x: {0}[A, C]
                       out a: i64[A, C]
                       out b: i64[A, C]
                       out c: i64[A, C]
                       %a = nn.arg_sort %x {{axis = 1 : i64} : {0}[A, C] -> i64[A, C]
                       %b = nn.arg_sort %x {{axis = 1 : i64, descending} : {0}[A, C] -> i64[A, C]
                       %c = nn.arg_sort %x {{axis = 0 : i64} : {0}[A, C] -> i64[A, C]
                     )",
                                     element),
                     .sizes = ragged("C", {{"A", 3}}),
                     .values = {Values::special, Values::integers},
                     .specialsEvery = 5});
  for (std::string element : numbers)
    for (int k : {1, 7})
      cases.push_back(
          {.name = "first_" + std::to_string(k) + "_" + element,
           .text = formatv(R"(
                         in x: {0}[A, C]
                         out a: i64[A, {1}]
                         %a = nn.top_k %x {{k = {1} : i64, axis = 1 : i64} : {0}[A, C] -> i64[A, {1}]
                       )",
                           element, k),
           .sizes = ragged("C", {{"A", 2}}) + std::vector<Sizes>{{{"A", 2}, {"C", 3000}}},
           .values = {Values::special, Values::integers},
           .specialsEvery = 30});
  cases.push_back({.name = "first_along_another_axis",
                   .text = R"(
                     in x: f32[8, C]
                     out a: i64[4, C]
                     %a = nn.top_k %x {k = 4 : i64, axis = 0 : i64} : f32[8, C] -> i64[4, C]
                   )",
                   .sizes = ragged("C")});
  return cases;
}

static std::vector<Case> cumulativeCases() {
  std::vector<Case> cases;
  for (std::string element : numbers)
    for (std::string kind : {"sum", "prod", "max", "min"}) {
      bool extreme = kind == "max" || kind == "min";
      // The forms of loops do not depend on the type.
      if (element != "f32" && (kind == "prod" || kind == "min") && element != "i8")
        continue;
      cases.push_back({.name = kind + "_" + element,
                       .text = formatv(R"(
                         in x: {0}[A, C]
                         out a: {0}[A, C]
                         out b: {0}[A, C]
                         out c: {0}[A, C]
                         out d: {0}[A, C]
                         out e: {0}[A, C]
                         out f: {0}[A, C]
                         %a = nn.cumulative {1} %x {{axis = 1 : i64} : {0}[A, C] -> {0}[A, C]
                         %b = nn.cumulative {1} %x {{axis = 1 : i64, exclusive} : {0}[A, C] -> {0}[A, C]
                         %c = nn.cumulative {1} %x {{axis = 1 : i64, reverse} : {0}[A, C] -> {0}[A, C]
                         %d = nn.cumulative {1} %x {{axis = 1 : i64, exclusive, reverse} : {0}[A, C] -> {0}[A, C]
                         %e = nn.cumulative {1} %x {{axis = 0 : i64} : {0}[A, C] -> {0}[A, C]
                         %f = nn.cumulative {1} %x {{axis = 0 : i64, exclusive, reverse} : {0}[A, C] -> {0}[A, C]
                       )",
                                       element, kind),
                       .sizes = ragged("C", {{"A", 3}}),
                       .values = {extreme || !isReal(element) ? Values::special
                                  : kind == "sum"             ? Values::integers
                                                              : Values::normal},
                       .ulps = kind == "prod" && isReal(element) ? 150.0 : 0,
                       .reason = kind == "prod" ? "the order of up to 150 products" : "",
                       .specialsEvery = 30,
                       .ranges = kind == "prod" && isReal(element)
                                     ? std::map<std::string, Interval>{{"x", {0.9, 1.1}}}
                                     : std::map<std::string, Interval>{}});
    }
  return cases;
}

static std::vector<Case> scatterCases() {
  std::vector<Case> cases;
  for (std::string element : {"f32", "bf16", "f64", "i64", "i8", "u8", "bool"})
    for (std::string mode : {"set", "add", "max", "min"}) {
      if (element == "bool" && mode != "set")
        continue;
      cases.push_back({.name = mode + "_" + element,
                       .text = formatv(R"(
                         in x: {0}[5, C]
                         in at: i64[B]
                         in u: {0}[B, C]
                         in w: {0}[C, 5]
                         out a: {0}[5, C]
                         out b: {0}[C, 5]
                         %a = nn.scatter {1} %x, %at, %u {{axis = 0 : i64} : {0}[5, C], i64[B], {0}[B, C] -> {0}[5, C]
                         %t = nn.transpose %u [1, 0] : {0}[B, C] -> {0}[C, B]
                         %b = nn.scatter {1} %w, %at, %t {{axis = 1 : i64} : {0}[C, 5], i64[B], {0}[C, B] -> {0}[C, 5]
                       )",
                                       element, mode),
                       .sizes = ragged("C", {{"B", 7}}) + std::vector<Sizes>{{{"B", 0}, {"C", 3}}},
                       .values = {mode == "add" ? Values::integers : Values::special},
                       .ranges = {{"at", {-5, 4}}}});
    }
  for (std::string element : {"f32", "f16", "i64", "u8", "bool"})
    cases.push_back({.name = "take_along_" + element,
                     .text = formatv(R"(
                       in x: {0}[A, 6, C]
                       in at: i32[A, 4, C]
                       out a: {0}[A, 4, C]
                       %a = nn.take_along %x, %at {{axis = 1 : i64} : {0}[A, 6, C], i32[A, 4, C] -> {0}[A, 4, C]
                     )",
                                     element),
                     .sizes = ragged("C", {{"A", 2}}),
                     .values = {Values::special},
                     .ranges = {{"at", {-6, 5}}}});
  cases.push_back({.name = "outside",
                   .text = R"(
                     in at: i64[M]
                     in u: f32[M]
                     in x: f32[7]
                     out a: f32[7]
                     out b: f32[M]
                     %a = nn.scatter add %x, %at, %u {axis = 0 : i64} : f32[7], i64[M], f32[M] -> f32[7]
                     %b = nn.take_along %x, %at {axis = 0 : i64} : f32[7], i64[M] -> f32[M]
                   )",
                   .sizes = {{{"M", 40}}},
                   .values = {Values::integers},
                   .ranges = {{"at", {-9e18, 9e18}}},
                   .forReference = [](llvm::MutableArrayRef<Tensor> inputs) {
                     Tensor &at = inputs[0];
                     for (int64_t i = 0; i < at.getNumElements(); ++i)
                       at.setInt(i, at.getInt(i) < 0 ? 0 : 6);
                   }});
  return cases;
}

static std::vector<Case> randomCases() {
  auto text = [](const char *kind, const std::string &element) {
    return formatv(R"(
      in key: i64[]
      in like: {1}[A, C]
      out a: {1}[A, C]
      out b: {1}[A, C]
      out c: {1}[3, 5]
      out d: {1}[]
      %i0 = arith.constant 0 : index
      %i1 = arith.constant 1 : index
      %A = tensor.dim %like, %i0 : {1}[A, C]
      %C = tensor.dim %like, %i1 : {1}[A, C]
      %zero = arith.constant dense<0> : tensor<i64>
      %far = arith.constant dense<17179869183> : tensor<i64>
      %a = nn.random {0} %key at %zero[%A, %C] : i64[], i64[] -> {1}[A, C]
      %r = nn.random {0} %key at %far[%A, %C] {{stream = 7 : i64} : i64[], i64[] -> {1}[A, C]
      %b = nn.add %r, %like : {1}[A, C], {1}[A, C] -> {1}[A, C]
      %c = nn.random {0} %key at %far : i64[], i64[] -> {1}[3, 5]
      %d = nn.random {0} %key at %key : i64[], i64[] -> {1}[]
    )",
                   kind, element)
        .str();
  };
  std::vector<Case> cases;
  for (const char *element : {"i32", "i64"})
    cases.push_back({.name = std::string("bits_") + element,
                     .text = text("bits", element),
                     .sizes = ragged("C", {{"A", 3}}),
                     .values = {Values::integers}});
  for (const char *element : {"f32", "f64", "bf16"})
    cases.push_back({.name = std::string("uniform_") + element,
                     .text = text("uniform", element),
                     .sizes = ragged("C", {{"A", 3}}),
                     .values = {Values::integers},
                     // A number that is rounded to bf16 is rounded before it is added to.
                     .precision = nacre::interpreter::Precision::declared});
  return cases;
}

static const bool registered =
    registerCases("ArgReduce", argReduceCases()) && registerCases("Order", orderCases()) &&
    registerCases("Cumulative", cumulativeCases()) && registerCases("Scatter", scatterCases()) &&
    registerCases("Random", randomCases());
