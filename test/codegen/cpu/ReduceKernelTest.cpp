//===- ReduceKernelTest.cpp - compiled reductions and pooling --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/WindowSizes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace nacre::test;
using llvm::StringRef;

namespace {
/// Axes of a tensor [A, B, C], and what is left of it.
struct Axes {
  const char *list, *left, *kept;
};
} // namespace

constexpr Axes everyAxes[] = {
    {"[0]", "[B, C]", "[1, B, C]"},   {"[1]", "[A, C]", "[A, 1, C]"},
    {"[2]", "[A, B]", "[A, B, 1]"},   {"[0, 1]", "[C]", "[1, 1, C]"},
    {"[1, 2]", "[A]", "[A, 1, 1]"},   {"[0, 2]", "[B]", "[1, B, 1]"},
    {"[0, 1, 2]", "[]", "[1, 1, 1]"},
};

static const std::vector<Sizes> cubes =
    ragged("A", {{"B", 3}, {"C", 5}}) + ragged("B", {{"A", 3}, {"C", 2}}) +
    ragged("C", {{"A", 2}, {"B", 3}}) +
    std::vector<Sizes>{{{"A", 5}, {"B", 17}, {"C", 33}}, {{"A", 0}, {"B", 0}, {"C", 0}}};

static double elements(const Sizes &sizes) {
  double count = 1;
  for (auto &[name, size] : sizes)
    count *= static_cast<double>(size);
  return count;
}

/// Each of `kinds` over all axes, every second with the dimensions kept; `bound` is the kind that
/// gives the error's magnitude of |x|, or null.
static std::string reductions(const std::string &element, std::vector<const char *> kinds,
                              bool ofMagnitudes) {
  std::string x = element + "[A, B, C]", head = "in x: " + x + "\n", body,
              bound = "bound:\n%a = nn.abs %x : " + x + " -> " + x + "\n";
  int count = 0;
  for (const char *kind : kinds)
    for (const Axes &axes : everyAxes) {
      // The forms of loops do not depend on the type.
      if (element != "f32" && (axes.list == StringRef("[1]") || axes.list == StringRef("[0, 1]") ||
                               axes.list == StringRef("[1, 2]")))
        continue;
      bool keep = count % 2;
      std::string type = element + (keep ? axes.kept : axes.left);
      head += llvm::formatv("out r{0}: {1}\n", count, type);
      auto line = [&](const char *of) {
        return llvm::formatv("%r{0} = nn.reduce {1} %{2} {3}{4} : {5} -> {6}\n", count, kind, of,
                             axes.list, keep ? " {keep_dims}" : "", x, type)
            .str();
      };
      body += line("x");
      bound += line("a");
      ++count;
    }
  return head + body + (ofMagnitudes ? bound : "");
}

static std::vector<Case> reduceCases() {
  std::vector<Case> cases;
  for (std::string element : {"f32", "f16", "bf16", "f64"}) {
    cases.push_back({.name = "extremes_" + element,
                     .text = reductions(element, {"max", "min"}, false),
                     .sizes = cubes,
                     .specialsEvery = 30});
    cases.push_back({.name = "sums_" + element,
                     .text = reductions(element, {"sum", "mean"}, true),
                     .sizes = cubes,
                     .values = {Values::special, Values::integers},
                     .ulps = 1,
                     .reason = "the order of a sum",
                     .terms = [](const Sizes &sizes) { return 1 + elements(sizes) / 2; },
                     .largest = 1e4,
                     .specialsEvery = 30});
    cases.push_back({.name = "products_" + element,
                     .text = reductions(element, {"prod"}, false),
                     .sizes = cubes,
                     .values = {Values::normal},
                     .ulps = 1,
                     .reason = "the order of a product",
                     .terms = [](const Sizes &sizes) { return 1 + elements(sizes) / 2; },
                     .ranges = {{"x", {0.9, 1.1}}}});
  }
  for (std::string element : {"i64", "i32", "i16", "i8", "u8"})
    cases.push_back({.name = element,
                     .text = reductions(element, {"sum", "max", "min", "prod"}, false),
                     .sizes = cubes,
                     .values = {Values::special}});
  cases.push_back({.name = "many_rows_or_columns",
                   .text = R"(
                     in x: f32[M, N]
                     out a: f32[N]
                     out b: f32[M]
                     out c: f32[]
                     %a = nn.reduce sum %x [0] : f32[M, N] -> f32[N]
                     %b = nn.reduce sum %x [1] : f32[M, N] -> f32[M]
                     %c = nn.reduce sum %x [0, 1] : f32[M, N] -> f32[]
                   )",
                   .sizes = {{{"M", 70001}, {"N", 3}}, {{"M", 3}, {"N", 100003}}},
                   .values = {Values::integers}});
  cases.push_back({.name = "of_views",
                   .text = R"(
                     in x: f32[M, N]
                     in cube: f32[N, 4, M]
                     out a: f32[M]
                     out b: f32[M]
                     out c: f32[M, N]
                     out d: f32[4]
                     %t = nn.transpose %x [1, 0] : f32[M, N] -> f32[N, M]
                     %a = nn.reduce sum %t [0] : f32[N, M] -> f32[M]
                     %b = nn.reduce max %t [0] : f32[N, M] -> f32[M]
                     %q = nn.transpose %cube [2, 1, 0] : f32[N, 4, M] -> f32[M, 4, N]
                     %c = nn.reduce sum %q [1] : f32[M, 4, N] -> f32[M, N]
                     %d = nn.reduce min %q [0, 2] : f32[M, 4, N] -> f32[4]
                   )",
                   .sizes = ragged("N", {{"M", 3}}) + ragged("M", {{"N", 5}}),
                   .values = {Values::integers}});
  cases.push_back({.name = "axes_none",
                   .text = R"(
                     in x: f32[M, N]
                     in y: f32[]
                     out a: f32[M, N]
                     out b: f32[]
                     %a = nn.reduce sum %x [] : f32[M, N] -> f32[M, N]
                     %b = nn.reduce max %y [] : f32[] -> f32[]
                   )",
                   .sizes = {{{"M", 3}, {"N", 17}}},
                   .values = {Values::special}});
  return cases;
}

namespace {
/// A window over one to three dimensions.
struct Window {
  const char *name, *dims, *kernel, *strides, *padding, *dilations;
};
} // namespace

constexpr Window windows[] = {
    {"1d", "[H]", "[3]", "[1]", "[1, 1]", "[1]"},
    {"1d_wide", "[H]", "[5]", "[3]", "[2, 0]", "[2]"},
    {"2d", "[H, W]", "[2, 2]", "[2, 2]", "[0, 0, 0, 0]", "[1, 1]"},
    {"2d_padded", "[H, W]", "[3, 2]", "[2, 3]", "[1, 2, 1, 0]", "[1, 2]"},
    {"2d_global", "[9, 7]", "[9, 7]", "[1, 1]", "[0, 0, 0, 0]", "[1, 1]"},
    {"3d", "[D, H, W]", "[2, 3, 2]", "[1, 2, 2]", "[1, 0, 0, 1, 1, 1]", "[1, 1, 2]"},
};

/// The result's sizes are formulas; the type only says that they are not static.
static std::string pooled(const Window &window, const char *element, bool last) {
  std::string spatial = llvm::StringRef(window.dims).drop_front().drop_back().str();
  bool isStatic = llvm::isDigit(spatial.front());
  std::string out = isStatic ? "1, 1" : "";
  if (!isStatic)
    for (char c : spatial)
      out += c == ',' || c == ' ' ? std::string(1, c) : "o" + std::string(1, c);
  return element + (last ? "[B, " + out + ", E]" : "[B, E, " + out + "]");
}

static std::vector<Case> poolCases() {
  std::vector<Case> cases;
  for (const Window &window : windows)
    for (bool last : {false, true})
      for (const char *element : {"f32", "f16"}) {
        if (element == llvm::StringRef("f16") && (last || window.name != llvm::StringRef("2d")))
          continue;
        std::string spatial = llvm::StringRef(window.dims).drop_front().drop_back().str();
        std::string x =
            std::string(element) + (last ? "[B, " + spatial + ", E]" : "[B, E, " + spatial + "]");
        std::string y = pooled(window, element, last);
        std::string head = "in x: " + x + "\n", body, bound;
        bound = "bound:\n%a = nn.abs %x : " + x + " -> " + x + "\n";
        int count = 0;
        for (const char *kind : {"max", "average"})
          for (const char *mode :
               {"", "ceil_mode", "count_include_pad", "ceil_mode, count_include_pad"}) {
            if (kind == llvm::StringRef("max") && llvm::StringRef(mode).contains("pad"))
              continue;
            std::string attributes = mode;
            if (last)
              attributes += (attributes.empty() ? "" : ", ") +
                            std::string("layout = #nn<conv_layout channels_last>");
            head += llvm::formatv("out r{0}: {1}\n", count, y);
            auto line = [&](const char *of) {
              return llvm::formatv("%r{0} = nn.pool {1} %{2} kernel {3} strides {4} padding {5} "
                                   "dilations {6} {{{7}} : {8} -> {9}\n",
                                   count, kind, of, window.kernel, window.strides, window.padding,
                                   window.dilations, attributes, x, y)
                  .str();
            };
            body += line("x");
            bound += line("a");
            ++count;
          }
        std::vector<Sizes> sizes;
        for (int64_t size : {0, 1, 2, 5, 6, 7, 8, 15, 17})
          sizes.push_back({{"B", 2}, {"E", 3}, {"D", 4}, {"H", size}, {"W", 20 - size}});
        for (int64_t channels : {0, 1, 15, 16, 17, 65})
          sizes.push_back({{"B", 1}, {"E", channels}, {"D", 3}, {"H", 9}, {"W", 6}});
        sizes.push_back({{"B", 0}, {"E", 3}, {"D", 3}, {"H", 9}, {"W", 6}});
        cases.push_back({.name = std::string(window.name) + (last ? "_last_" : "_first_") + element,
                         .text = head + body + bound,
                         .sizes = sizes,
                         .values = {Values::special, Values::integers},
                         .ulps = 35,
                         .reason = "the order of a sum of at most 63 terms, a division",
                         .largest = 1e4,
                         .specialsEvery = 30});
        auto inside = [](StringRef list) { return list.drop_front().drop_back(); };
        refuseSmallImages(
            cases.back(), spatial,
            {inside(window.kernel), inside(window.padding), inside(window.dilations)});
      }
  return cases;
}

static const bool registered =
    registerCases("Reduce", reduceCases()) && registerCases("Pool", poolCases());
