//===- MatmulKernelTest.cpp - compiled linear layers and products ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "llvm/Support/FormatVariadic.h"

using namespace nacre::test;

/// A sum of k products, each step rounded once by half an epsilon, and the bias.
static std::function<double(const Sizes &)> depth(int64_t k) {
  return [=](const Sizes &) { return 1 + static_cast<double>(k + 1) / 2; };
}
static std::function<double(const Sizes &)> depth(const char *k) {
  return [=](const Sizes &sizes) { return 1 + static_cast<double>(sizes.at(k) + 1) / 2; };
}
constexpr const char *orderOfSum = "the order of the sum, relative to that of the magnitudes";

/// x w^T + b with a weight of the model, as it comes and `input_major`, with a bias and without.
static Case linear(const std::string &element, int64_t k, int64_t n, std::vector<Sizes> sizes,
                   const std::string &stored = "") {
  std::string kept = stored.empty() ? "" : " stored " + stored;
  return {.name = llvm::formatv("{0}{1}_{2}x{3}", element, stored, n, k),
          .text = llvm::formatv(R"(
            in x: {0}[M, {1}]
            weight w: {0}[{2}, {1}]{3}
            weight v: {0}[{1}, {2}]{3}
            weight b: {0}[{2}]
            out y: {0}[M, {2}]
            out z: {0}[M, {2}]
            %y = nn.linear %x, %w : {0}[M, {1}], {0}[{2}, {1}] -> {0}[M, {2}]
            %z = nn.linear %x, %v bias %b {{input_major} : {0}[M, {1}], {0}[{1}, {2}], {0}[{2}] -> {0}[M, {2}]
            bound:
            %a = nn.abs %x : {0}[M, {1}] -> {0}[M, {1}]
            %aw = nn.abs %w : {0}[{2}, {1}] -> {0}[{2}, {1}]
            %av = nn.abs %v : {0}[{1}, {2}] -> {0}[{1}, {2}]
            %ab = nn.abs %b : {0}[{2}] -> {0}[{2}]
            %y = nn.linear %a, %aw : {0}[M, {1}], {0}[{2}, {1}] -> {0}[M, {2}]
            %z = nn.linear %a, %av bias %ab {{input_major} : {0}[M, {1}], {0}[{1}, {2}], {0}[{2}] -> {0}[M, {2}]
          )",
                                element, k, n, kept),
          .sizes = std::move(sizes),
          .values = {Values::special, Values::integers},
          .ulps = 1,
          .reason = orderOfSum,
          .terms = depth(k),
          .largest = 1e4,
          .specialsEvery = 100};
}

static std::vector<Case> linearCases() {
  std::vector<Sizes> few = {{{"M", 0}}, {{"M", 1}}, {{"M", 7}}, {{"M", 65}}};
  std::vector<Case> cases = {
      linear("f32", 20, 17, ragged("M")), linear("f32", 130, 65, ragged("M")),
      linear("f32", 64, 64, few),         linear("f32", 7, 1, few),
      linear("f32", 1, 7, few),           linear("f32", 16, 15, few),
      linear("f32", 0, 20, few),          linear("f32", 5000, 70, {{{"M", 1}}, {{"M", 13}}}),
      linear("f32", 3, 300, few),         linear("f16", 20, 17, few),
      linear("bf16", 20, 17, few),        linear("f64", 20, 17, few),
      linear("f64", 65, 130, few),        linear("f32", 20, 65, few, "f16"),
      linear("f32", 20, 65, few, "bf16"), linear("f32", 3, 5, {{{"M", 70001}}}),
  };
  cases.push_back({.name = "ranks",
                   .text = R"(
                     in x: f32[20]
                     in t: f32[B, S, 20]
                     weight w: f32[17, 20]
                     weight b: f32[17]
                     out y: f32[17]
                     out z: f32[B, S, 17]
                     %y = nn.linear %x, %w bias %b : f32[20], f32[17, 20], f32[17] -> f32[17]
                     %z = nn.linear %t, %w bias %b : f32[B, S, 20], f32[17, 20], f32[17] -> f32[B, S, 17]
                   )",
                   .sizes = ragged("S", {{"B", 2}}),
                   .values = {Values::integers}});
  cases.push_back({.name = "computed_weight",
                   .text = R"(
                     in x: f32[M, K]
                     in r: f32[K]
                     in w: f32[N, K]
                     in v: f32[K, N]
                     in b: f32[N]
                     out y: f32[M, N]
                     out z: f32[M, N]
                     out q: f32[N]
                     %y = nn.linear %x, %w bias %b : f32[M, K], f32[N, K], f32[N] -> f32[M, N]
                     %z = nn.linear %x, %v {input_major} : f32[M, K], f32[K, N] -> f32[M, N]
                     %q = nn.linear %r, %w bias %b : f32[K], f32[N, K], f32[N] -> f32[N]
                   )",
                   .sizes = ragged("M", {{"N", 17}, {"K", 5}}) +
                            ragged("N", {{"M", 7}, {"K", 20}}) + ragged("K", {{"M", 7}, {"N", 17}}),
                   .values = {Values::integers}});
  // What a model has around its layers.
  cases.push_back(
      {.name = "gelu_and_residual",
       .text = R"(
                     in x: f32[M, 40]
                     in r: f32[M, 40]
                     weight w: f32[72, 40]
                     weight b: f32[72]
                     weight v: f32[40, 72]
                     weight c: f32[40]
                     out h: f32[M, 72]
                     out y: f32[M, 40]
                     %0 = nn.linear %x, %w bias %b : f32[M, 40], f32[72, 40], f32[72] -> f32[M, 72]
                     %h = nn.gelu %0 : f32[M, 72] -> f32[M, 72]
                     %1 = nn.linear %x, %w bias %b : f32[M, 40], f32[72, 40], f32[72] -> f32[M, 72]
                     %2 = nn.relu %1 : f32[M, 72] -> f32[M, 72]
                     %3 = nn.linear %2, %v bias %c : f32[M, 72], f32[40, 72], f32[40] -> f32[M, 40]
                     %y = nn.add %3, %r : f32[M, 40], f32[M, 40] -> f32[M, 40]
                     bound:
                     %a = nn.abs %x : f32[M, 40] -> f32[M, 40]
                     %aw = nn.abs %w : f32[72, 40] -> f32[72, 40]
                     %ab = nn.abs %b : f32[72] -> f32[72]
                     %av = nn.abs %v : f32[40, 72] -> f32[40, 72]
                     %ac = nn.abs %c : f32[40] -> f32[40]
                     %ar = nn.abs %r : f32[M, 40] -> f32[M, 40]
                     %h = nn.linear %a, %aw bias %ab : f32[M, 40], f32[72, 40], f32[72] -> f32[M, 72]
                     %3 = nn.linear %h, %av bias %ac : f32[M, 72], f32[40, 72], f32[40] -> f32[M, 40]
                     %y = nn.add %3, %ar : f32[M, 40], f32[M, 40] -> f32[M, 40]
                   )",
       .sizes = ragged("M"),
       .values = {Values::normal},
       .ulps = 1,
       .reason = "the order of both sums, one after the other; gelu's slope is below 1.2",
       .terms = depth(40 + 72 + 20)});
  cases.push_back({.name = "narrow_epilogue",
                   .text = R"(
                     in x: bf16[M, 20]
                     in r: bf16[M, 65]
                     weight w: bf16[65, 20]
                     out y: bf16[M, 65]
                     out z: bf16[M, 65]
                     %0 = nn.linear %x, %w : bf16[M, 20], bf16[65, 20] -> bf16[M, 65]
                     %y = nn.add %0, %r : bf16[M, 65], bf16[M, 65] -> bf16[M, 65]
                     %1 = nn.linear %r, %w {input_major} : bf16[M, 65], bf16[65, 20] -> bf16[M, 20]
                     %2 = nn.sigmoid %1 : bf16[M, 20] -> bf16[M, 20]
                     %z = nn.linear %2, %w : bf16[M, 20], bf16[65, 20] -> bf16[M, 65]
                     bound:
                     %aw = nn.abs %w : bf16[65, 20] -> bf16[65, 20]
                     %ax = nn.abs %x : bf16[M, 20] -> bf16[M, 20]
                     %ar = nn.abs %r : bf16[M, 65] -> bf16[M, 65]
                     %0 = nn.linear %ax, %aw : bf16[M, 20], bf16[65, 20] -> bf16[M, 65]
                     %y = nn.add %0, %ar : bf16[M, 65], bf16[M, 65] -> bf16[M, 65]
                     %1 = nn.linear %ar, %aw {input_major} : bf16[M, 65], bf16[65, 20] -> bf16[M, 20]
                     %z = nn.linear %1, %aw : bf16[M, 20], bf16[65, 20] -> bf16[M, 65]
                   )",
                   .sizes = ragged("M"),
                   .values = {Values::normal},
                   .ulps = 2,
                   .reason = "each layer's result rounds to bf16"});
  return cases;
}

namespace {
/// Shapes of both sides and the result of a product, with M, K and N as sizes.
struct Product {
  const char *name, *lhs, *rhs, *result;
};
} // namespace

constexpr Product products[] = {
    {"plain", "[M, K]", "[K, N]", "[M, N]"},
    {"one_right_side", "[B, M, K]", "[K, N]", "[B, M, N]"},
    {"batches", "[B, M, K]", "[B, K, N]", "[B, M, N]"},
    {"one_left_side", "[M, K]", "[B, K, N]", "[B, M, N]"},
    {"broadcast", "[B, 1, M, K]", "[3, K, N]", "[B, 3, M, N]"},
    {"broadcast_batch", "[1, B, M, K]", "[3, 1, K, N]", "[3, B, M, N]"},
};

static const std::vector<Sizes> productSizes =
    ragged("M", {{"K", 7}, {"N", 17}, {"B", 2}}) + ragged("N", {{"K", 5}, {"M", 7}, {"B", 2}}) +
    ragged("K", {{"M", 7}, {"N", 17}, {"B", 2}}) +
    std::vector<Sizes>{{{"M", 1}, {"K", 130}, {"N", 65}, {"B", 3}},
                       {{"M", 13}, {"K", 20}, {"N", 100}, {"B", 0}}};

static Case product(const Product &shapes, const std::string &element, bool transposed) {
  std::string lhs = element + shapes.lhs, rhs = shapes.rhs, result = element + shapes.result;
  if (transposed)
    rhs = rhs.substr(0, rhs.size() - 5) + "N, K]";
  rhs = element + rhs;
  bool real = element[0] != 'i';
  std::string bound = llvm::formatv(R"(
    bound:
    %a = nn.abs %x : {0} -> {0}
    %b = nn.abs %y : {1} -> {1}
    %z = nn.matmul %a, %b{3} : {0}, {1} -> {2}
  )",
                                    lhs, rhs, result, transposed ? " {transpose_rhs}" : "");
  return {.name = std::string(shapes.name) + (transposed ? "_transposed_" : "_") + element,
          .text = llvm::formatv(R"(
            in x: {0}
            in y: {1}
            out z: {2}
            %z = nn.matmul %x, %y{3} : {0}, {1} -> {2}
          )",
                                lhs, rhs, result, transposed ? " {transpose_rhs}" : "")
                      .str() +
                  (real ? bound : ""),
          .sizes = productSizes,
          .values = {Values::special, Values::integers},
          .ulps = real ? 1.0 : 0.0,
          .reason = orderOfSum,
          .terms = depth("K"),
          .largest = 1e4,
          .specialsEvery = 100};
}

static std::vector<Case> matmulCases() {
  std::vector<Case> cases;
  for (const Product &shapes : products)
    cases.push_back(product(shapes, "f32", /*transposed=*/cases.size() % 2));
  cases.push_back(product(products[0], "f32", /*transposed=*/true));
  for (const char *element : {"f16", "bf16", "f64", "i64", "i32", "i8"})
    cases.push_back(product(products[2], element, element[0] == 'f'));
  cases.push_back({.name = "of_views",
                   .text = R"(
                     in x: f32[K, M]
                     in y: f32[N, 3, K]
                     in q: f32[S, 24]
                     out a: f32[3, M, N]
                     out s: f32[3, S, S]
                     %c0 = arith.constant 0 : index
                     %n = tensor.dim %q, %c0 : f32[S, 24]
                     %t = nn.transpose %x [1, 0] : f32[K, M] -> f32[M, K]
                     %u = nn.transpose %y [1, 2, 0] : f32[N, 3, K] -> f32[3, K, N]
                     %a = nn.matmul %t, %u : f32[M, K], f32[3, K, N] -> f32[3, M, N]
                     %h = nn.reshape %q[%n] : f32[S, 24] -> f32[S, 3, 8]
                     %ht = nn.transpose %h [1, 0, 2] : f32[S, 3, 8] -> f32[3, S, 8]
                     %s = nn.matmul %ht, %ht {transpose_rhs} : f32[3, S, 8], f32[3, S, 8] -> f32[3, S, S]
                   )",
                   .sizes = ragged("M", {{"K", 7}, {"N", 17}, {"S", 5}}) +
                            ragged("S", {{"K", 3}, {"N", 17}, {"M", 1}}),
                   .values = {Values::integers}});
  cases.push_back({.name = "softmax_after_mask",
                   .text = R"(
                     in q: f32[B, S, 20]
                     in k: f32[B, S, 20]
                     in keep: bool[B, 1, S]
                     out p: f32[B, S, S]
                     %c = arith.constant dense<0.25> : tensor<f32>
                     %low = arith.constant dense<-1.0e9> : tensor<f32>
                     %0 = nn.matmul %q, %k {transpose_rhs} : f32[B, S, 20], f32[B, S, 20] -> f32[B, S, S]
                     %1 = nn.mul %0, %c : f32[B, S, S], f32[] -> f32[B, S, S]
                     %2 = nn.select %keep, %1, %low : bool[B, 1, S], f32[B, S, S], f32[] -> f32[B, S, S]
                     %p = nn.softmax %2 {axis = 2 : i64} : f32[B, S, S] -> f32[B, S, S]
                   )",
                   .sizes = ragged("S", {{"B", 2}}),
                   .values = {Values::normal},
                   .ulps = 60,
                   .reason = "scores up to 6 of sums of 20 products, then softmax"});
  return cases;
}

static const bool registered =
    registerCases("Linear", linearCases()) && registerCases("Matmul", matmulCases());
