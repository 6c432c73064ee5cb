//===- NormKernelTest.cpp - compiled softmax and normalisation -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "llvm/Support/FormatVariadic.h"

using namespace nacre::test;

/// Depth of the sums of a row: several vectors are summed side by side, of 4 lanes at least.
static std::function<double(const Sizes &)> rowSum(const char *columns, double factor = 1) {
  return
      [=](const Sizes &sizes) { return 1 + factor * static_cast<double>(sizes.at(columns)) / 64; };
}

static const std::vector<Sizes> rows = ragged("N", {{"M", 3}}) + ragged("M", {{"N", 5}});
static const std::vector<Sizes> manyRows = {{{"M", 70001}, {"N", 3}}, {{"M", 3}, {"N", 100003}}};

static std::vector<Case> softmaxCases() {
  std::vector<Case> cases;
  for (std::string element : {"f32", "f16", "bf16", "f64"})
    cases.push_back(
        {.name = element,
         .text = llvm::formatv(R"(
           in x: {0}[M, N]
           out y: {0}[M, N]
           %y = nn.softmax %x {{axis = 1 : i64} : {0}[M, N] -> {0}[M, N]
           bound:
           %p = nn.softmax %x {{axis = 1 : i64} : {0}[M, N] -> {0}[M, N]
           %m = nn.reduce max %x [1] {{keep_dims} : {0}[M, N] -> {0}[M, 1]
           %d = nn.sub %m, %x : {0}[M, 1], {0}[M, N] -> {0}[M, N]
           %c = arith.constant dense<1.0> : tensor<{0}>
           %e = nn.add %d, %c : {0}[M, N], {0}[] -> {0}[M, N]
           %y = nn.mul %p, %e : {0}[M, N], {0}[M, N] -> {0}[M, N]
         )",
                               element),
         .sizes = element == "f32" ? rows + manyRows : rows,
         .ulps = 6,
         .reason = "x - max rounds by its size before exp; exp, the sum, its inverse, a product",
         .terms = rowSum("N"),
         .specialsEvery = 40});
  for (int axis : {0, 1, 2})
    cases.push_back({.name = "axis_" + std::to_string(axis),
                     .text = llvm::formatv(R"(
                       in x: f32[A, B, C]
                       out y: f32[A, B, C]
                       %y = nn.softmax %x {{axis = {0} : i64} : f32[A, B, C] -> f32[A, B, C]
                     )",
                                           axis),
                     .sizes = ragged("A", {{"B", 3}, {"C", 2}}) +
                              ragged("B", {{"A", 2}, {"C", 3}}) + ragged("C", {{"A", 2}, {"B", 3}}),
                     .ulps = 20,
                     .reason = "as along rows, for numbers of a normal distribution",
                     .terms =
                         [](const Sizes &sizes) {
                           return 1 + static_cast<double>(
                                          std::max({sizes.at("A"), sizes.at("B"), sizes.at("C")})) /
                                          64;
                         },
                     .specialsEvery = 100});
  return cases;
}

/// (|x| + mean |x|) / deviation * |scale| + |bias|: what the error of a centered norm is relative
/// to.
constexpr const char *normBound = R"(
  %a = nn.abs %x : {0} -> {0}
  %ma = nn.reduce mean %a {1} {{keep_dims} : {0} -> {2}
  %m = nn.reduce mean %x {1} {{keep_dims} : {0} -> {2}
  %away = nn.sub %x, %m : {0}, {2} -> {0}
  %squares = nn.mul %away, %away : {0}, {0} -> {0}
  %v = nn.reduce mean %squares {1} {{keep_dims} : {0} -> {2}
  %c = arith.constant dense<1.0e-5> : tensor<{3}>
  %w = nn.add %v, %c : {2}, {3}[] -> {2}
  %inverse = nn.rsqrt %w : {2} -> {2}
  %sum = nn.add %a, %ma : {0}, {2} -> {0}
  %y0 = nn.mul %sum, %inverse : {0}, {2} -> {0}
)";

static std::vector<Case> layerNormCases() {
  std::vector<Case> cases;
  for (std::string element : {"f32", "f16", "bf16", "f64"}) {
    std::string x = element + "[M, N]", w = element + "[N]";
    std::string bound =
        llvm::formatv(normBound, x, "[1]", element + "[M, 1]", element).str() + llvm::formatv(R"(
          %as = nn.abs %s : {1} -> {1}
          %ab = nn.abs %b : {1} -> {1}
          %y1 = nn.mul %y0, %as : {0}, {1} -> {0}
          %y2 = nn.add %y0, %ab : {0}, {1} -> {0}
          %y3 = nn.add %y1, %ab : {0}, {1} -> {0}
        )",
                                                                                              x, w)
                                                                                    .str();
    cases.push_back(
        {.name = element,
         .text = llvm::formatv(R"(
           in x: {0}
           in s: {1}
           in b: {1}
           out y0: {0}
           out y1: {0}
           out y2: {0}
           out y3: {0}
           %y0 = nn.layer_norm %x {{epsilon = 1.0e-5 : f64} : {0} -> {0}
           %y1 = nn.layer_norm %x scale %s : {1} {{epsilon = 1.0e-5 : f64} : {0} -> {0}
           %y2 = nn.layer_norm %x bias %b : {1} {{epsilon = 1.0e-5 : f64} : {0} -> {0}
           %y3 = nn.layer_norm %x scale %s : {1} bias %b : {1} {{epsilon = 1.0e-5 : f64} : {0} -> {0}
           bound:
         )",
                               x, w)
                     .str() +
                 bound,
         .sizes = rows,
         .ulps = 6,
         .reason = "mean and variance are sums; a root, a division, two products, a sum",
         .terms = rowSum("N"),
         .largest = 1e4,
         .specialsEvery = 40});
  }
  cases.push_back(
      {.name = "many_rows_or_columns",
       .text = "in x: f32[M, N]\nout y0: f32[M, N]\n"
               "%y0 = nn.layer_norm %x {epsilon = 1.0e-5 : f64} : f32[M, N] -> f32[M, N]\n"
               "bound:\n" +
               llvm::formatv(normBound, "f32[M, N]", "[1]", "f32[M, 1]", "f32").str(),
       .sizes = manyRows,
       .values = {Values::normal},
       .ulps = 6,
       .reason = "as above",
       .terms = rowSum("N")});
  for (int dims : {1, 2, 3}) {
    std::string x = "f32[A, 3, 5]", w = dims == 1   ? "f32[5]"
                                        : dims == 2 ? "f32[3, 5]"
                                                    : "f32[A, 3, 5]";
    std::string axes = dims == 1 ? "[2]" : dims == 2 ? "[1, 2]" : "[0, 1, 2]";
    std::string kept = dims == 1 ? "f32[A, 3, 1]" : dims == 2 ? "f32[A, 1, 1]" : "f32[1, 1, 1]";
    cases.push_back({.name = "normalized_dims_" + std::to_string(dims),
                     .text = llvm::formatv(R"(
           in x: {0}
           in s: {1}
           in b: {1}
           out y: {0}
           %y = nn.layer_norm %x scale %s : {1} bias %b : {1} {{epsilon = 1.0e-5 : f64, normalized_dims = {2} : i64} : {0} -> {0}
           bound:
         )",
                                           x, w, dims)
                                 .str() +
                             llvm::formatv(normBound, x, axes, kept, "f32").str() +
                             llvm::formatv(R"(
           %as = nn.abs %s : {1} -> {1}
           %ab = nn.abs %b : {1} -> {1}
           %y1 = nn.mul %y0, %as : {0}, {1} -> {0}
           %y = nn.add %y1, %ab : {0}, {1} -> {0}
         )",
                                           x, w)
                                 .str(),
                     .sizes = ragged("A"),
                     .values = {Values::normal},
                     .ulps = 6,
                     .reason = "as above",
                     .terms = rowSum("A", 15)});
  }
  return cases;
}

static std::vector<Case> rmsNormCases() {
  std::vector<Case> cases;
  for (std::string element : {"f32", "f16", "bf16", "f64"})
    cases.push_back({.name = element,
                     .text = llvm::formatv(R"(
                       in x: {0}[M, N]
                       in s: {0}[N]
                       out y0: {0}[M, N]
                       out y1: {0}[M, N]
                       %y0 = nn.rms_norm %x {{epsilon = 1.0e-6 : f64} : {0}[M, N] -> {0}[M, N]
                       %y1 = nn.rms_norm %x scale %s : {0}[N] {{epsilon = 1.0e-6 : f64} : {0}[M, N] -> {0}[M, N]
                     )",
                                           element),
                     .sizes = element == "f32" ? rows + manyRows : rows,
                     .ulps = 4,
                     .reason = "a sum of squares, a root, a division, two products",
                     .terms = rowSum("N"),
                     .largest = 1e4,
                     .specialsEvery = 40});
  return cases;
}

static std::vector<Case> groupNormCases() {
  std::vector<Case> cases;
  for (int groups : {1, 2, 6})
    for (std::string element : {"f32", "f16"}) {
      if (element == "f16" && groups != 2)
        continue;
      std::string x = element + "[B, 6, L, 3]", flat = element + "[B, G, K]";
      flat = element + "[B, " + std::to_string(groups) + ", K]";
      std::string kept = element + "[B, " + std::to_string(groups) + ", 1]";
      cases.push_back({.name = element + "_groups_" + std::to_string(groups),
                       .text = llvm::formatv(R"(
             in x0: {0}
             in s: {1}[6]
             in b: {1}[6]
             out y: {0}
             out z: {0}
             %y = nn.group_norm %x0 scale %s : {1}[6] bias %b : {1}[6] {{epsilon = 1.0e-5 : f64, groups = {2} : i64} : {0} -> {0}
             %z = nn.group_norm %x0 {{epsilon = 1.0e-5 : f64, groups = {2} : i64} : {0} -> {0}
             bound:
             %c0 = arith.constant 0 : index
             %c2 = arith.constant 2 : index
             %per = arith.constant {3} : index
             %n = tensor.dim %x0, %c0 : {0}
             %l = tensor.dim %x0, %c2 : {0}
             %k = arith.muli %l, %per : index
             %x = nn.reshape %x0[%n, %k] : {0} -> {4}
           )",
                                             x, element, groups, 18 / groups, flat)
                                   .str() +
                               llvm::formatv(normBound, flat, "[2]", kept, element).str() +
                               llvm::formatv(R"(
             %z = nn.reshape %y0[%n, %l] : {2} -> {0}
             %as = nn.abs %s : {1}[6] -> {1}[6]
             %ab = nn.abs %b : {1}[6] -> {1}[6]
             %rs = nn.reshape %as : {1}[6] -> {1}[6, 1, 1]
             %rb = nn.reshape %ab : {1}[6] -> {1}[6, 1, 1]
             %y1 = nn.mul %z, %rs : {0}, {1}[6, 1, 1] -> {0}
             %y = nn.add %y1, %rb : {0}, {1}[6, 1, 1] -> {0}
           )",
                                             x, element, flat)
                                   .str(),
                       .sizes = ragged("L", {{"B", 2}}) +
                                std::vector<Sizes>{{{"L", 3}, {"B", 0}}, {{"L", 3001}, {"B", 1}}},
                       .ulps = 6,
                       .reason = "as layer_norm",
                       .terms = rowSum("L", 18),
                       .largest = 1e4,
                       .specialsEvery = 150});
    }
  cases.push_back({.name = "without_spatial_dimensions",
                   .text = R"(
         in x0: f32[B, 6]
         out y: f32[B, 6]
         %y = nn.group_norm %x0 {epsilon = 1.0e-5 : f64, groups = 2 : i64} : f32[B, 6] -> f32[B, 6]
         bound:
         %c0 = arith.constant 0 : index
         %n = tensor.dim %x0, %c0 : f32[B, 6]
         %x = nn.reshape %x0[%n] : f32[B, 6] -> f32[B, 2, 3]
       )" + llvm::formatv(normBound, "f32[B, 2, 3]", "[2]", "f32[B, 2, 1]", "f32").str() +
                           "%y = nn.reshape %y0[%n] : f32[B, 2, 3] -> f32[B, 6]",
                   .sizes = ragged("B"),
                   .values = {Values::normal},
                   .ulps = 6,
                   .reason = "as layer_norm"});
  return cases;
}

/// Mean and variance are weights, so that compilers fold: x * factor + shift.
static std::vector<Case> batchNormCases() {
  std::vector<Case> cases;
  for (std::string dims : {"[B, 5]", "[B, 5, L]", "[B, 5, L, 3]", "[B, 2, 5, L, 3]", "[B, L, 5]"})
    for (std::string element : {"f32", "bf16"}) {
      int axis = dims == "[B, L, 5]" || dims == "[B, 2, 5, L, 3]" ? 2 : 1;
      std::string parameter = element + (axis == 1 && dims == "[B, 5]" ? "[5]"
                                         : dims == "[B, L, 5]"         ? "[5]"
                                         : dims == "[B, 5, L]"         ? "[5, 1]"
                                                                       : "[5, 1, 1]");
      cases.push_back(
          {.name = element + "_" + std::to_string(cases.size()),
           .text = llvm::formatv(R"(
             in x: {0}
             weight mean: {1}[5]
             weight variance: {1}[5]
             weight s: {1}[5]
             weight b: {1}[5]
             out y: {0}
             out z: {0}
             %y = nn.batch_norm %x, %mean, %variance scale %s : {1}[5] bias %b : {1}[5] {{epsilon = 1.0e-5 : f64, axis = {2} : i64} : {0}, {1}[5], {1}[5] -> {0}
             %z = nn.batch_norm %x, %mean, %variance {{epsilon = 1.0e-5 : f64, axis = {2} : i64} : {0}, {1}[5], {1}[5] -> {0}
             bound:
             %zero = arith.constant dense<0.0> : tensor<{1}>
             %m0 = nn.mul %mean, %zero : {1}[5], {1}[] -> {1}[5]
             %am = nn.abs %mean : {1}[5] -> {1}[5]
             %rm = nn.reshape %am : {1}[5] -> {3}
             %ax = nn.abs %x : {0} -> {0}
             %a = nn.add %ax, %rm : {0}, {3} -> {0}
             %as = nn.abs %s : {1}[5] -> {1}[5]
             %ab = nn.abs %b : {1}[5] -> {1}[5]
             %y = nn.batch_norm %a, %m0, %variance scale %as : {1}[5] bias %ab : {1}[5] {{epsilon = 1.0e-5 : f64, axis = {2} : i64} : {0}, {1}[5], {1}[5] -> {0}
             %z = nn.batch_norm %a, %m0, %variance {{epsilon = 1.0e-5 : f64, axis = {2} : i64} : {0}, {1}[5], {1}[5] -> {0}
           )",
                                 dims == "" ? "" : element + dims, element, axis, parameter),
           .sizes = ragged("B", {{"L", 4}}) + ragged("L", {{"B", 2}}),
           .ulps = 4,
           .reason = "the factor rounds after a root and a division, the shift after a product",
           .largest = 1e4,
           .ranges = {{"variance", {0.25, 4}}}});
    }
  return cases;
}

/// Norms between the parts of a transformer's layer.
static const std::vector<Case> chains = {
    {.name = "norm_after_residual",
     .text = R"(
       in x0: f32[M, N]
       in r: f32[M, N]
       in s: f32[N]
       in b: f32[N]
       out total: f32[M, N]
       out y: f32[M, N]
       out z: f32[M, N]
       %total = nn.add %x0, %r : f32[M, N], f32[M, N] -> f32[M, N]
       %y = nn.layer_norm %total scale %s : f32[N] bias %b : f32[N] {epsilon = 1.0e-5 : f64} : f32[M, N] -> f32[M, N]
       %0 = nn.layer_norm %r {epsilon = 1.0e-5 : f64} : f32[M, N] -> f32[M, N]
       %z = nn.add %0, %x0 : f32[M, N], f32[M, N] -> f32[M, N]
       bound:
       %x = nn.add %x0, %r : f32[M, N], f32[M, N] -> f32[M, N]
     )" + llvm::formatv(normBound, "f32[M, N]", "[1]", "f32[M, 1]", "f32").str() +
             R"(
       %total = nn.abs %x : f32[M, N] -> f32[M, N]
       %as = nn.abs %s : f32[N] -> f32[N]
       %ab = nn.abs %b : f32[N] -> f32[N]
       %y1 = nn.mul %y0, %as : f32[M, N], f32[N] -> f32[M, N]
       %y = nn.add %y1, %ab : f32[M, N], f32[N] -> f32[M, N]
       %ar = nn.abs %r : f32[M, N] -> f32[M, N]
       %rv = nn.layer_norm %ar {epsilon = 1.0e-5 : f64} : f32[M, N] -> f32[M, N]
       %av = nn.abs %rv : f32[M, N] -> f32[M, N]
       %ax = nn.abs %x0 : f32[M, N] -> f32[M, N]
       %z0 = nn.add %av, %ax : f32[M, N], f32[M, N] -> f32[M, N]
       %four = arith.constant dense<4.0> : tensor<f32>
       %z = nn.add %z0, %four : f32[M, N], f32[] -> f32[M, N]
     )",
     .sizes = ragged("N", {{"M", 3}}),
     .values = {Values::normal},
     .ulps = 12,
     .reason =
         "as layer_norm, of numbers that have rounded before; the mean may be the deviation's "
         "four times",
     .terms = rowSum("N")},
    {.name = "gated_after_rms_norm",
     .text = R"(
       in x: bf16[M, N]
       in r: bf16[M, N]
       in s: bf16[N]
       out y: bf16[M, N]
       %sum = nn.add %x, %r : bf16[M, N], bf16[M, N] -> bf16[M, N]
       %n = nn.rms_norm %sum scale %s : bf16[N] {epsilon = 1.0e-6 : f64} : bf16[M, N] -> bf16[M, N]
       %g = nn.silu %n : bf16[M, N] -> bf16[M, N]
       %y = nn.mul %g, %r : bf16[M, N], bf16[M, N] -> bf16[M, N]
       bound:
       %ax = nn.abs %x : bf16[M, N] -> bf16[M, N]
       %ar = nn.abs %r : bf16[M, N] -> bf16[M, N]
       %as = nn.abs %s : bf16[N] -> bf16[N]
       %sum = nn.add %ax, %ar : bf16[M, N], bf16[M, N] -> bf16[M, N]
       %t = nn.add %x, %r : bf16[M, N], bf16[M, N] -> bf16[M, N]
       %n = nn.rms_norm %t scale %as : bf16[N] {epsilon = 1.0e-6 : f64} : bf16[M, N] -> bf16[M, N]
       %q = nn.div %n, %t : bf16[M, N], bf16[M, N] -> bf16[M, N]
       %m = nn.mul %q, %sum : bf16[M, N], bf16[M, N] -> bf16[M, N]
       %y = nn.mul %m, %ar : bf16[M, N], bf16[M, N] -> bf16[M, N]
     )",
     .sizes = ragged("N", {{"M", 3}}),
     .values = {Values::normal},
     .ulps = 4,
     .reason = "the sum, the norm and silu may round to bf16 on the way"},
};

static const bool registered =
    registerCases("NormInModels", chains) && registerCases("Softmax", softmaxCases()) &&
    registerCases("LayerNorm", layerNormCases()) && registerCases("RmsNorm", rmsNormCases()) &&
    registerCases("GroupNorm", groupNormCases()) && registerCases("BatchNorm", batchNormCases());
