//===- ConvKernelTest.cpp - compiled convolutions --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/WindowSizes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace nacre::test;

namespace {
/// A convolution: the weight is [outputs, inputs / groups, kernel].
struct Convolution {
  const char *name;
  int inputs, outputs, groups;
  const char *spatial; ///< sizes of the image: "H, W"
  const char *kernel;  ///< "3, 3"
  const char *strides, *padding, *dilations;
  bool bothLayouts = false; ///< also channels first, else last alone
  const char *element = "f32";
};
} // namespace

constexpr Convolution convolutions[] = {
    {"1d", 3, 17, 1, "H", "3", "1", "1, 1", "1", true},
    {"1d_strided_dilated", 4, 5, 1, "H", "4", "2", "0, 3", "2"},
    {"1d_depthwise", 17, 17, 17, "H", "5", "1", "2, 2", "1"},
    {"2d", 3, 20, 1, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1", true},
    {"2d_pointwise", 20, 65, 1, "H, W", "1, 1", "1, 1", "0, 0, 0, 0", "1, 1"},
    {"2d_wide", 5, 130, 1, "H, W", "2, 3", "1, 2", "0, 1, 2, 0", "1, 1"},
    {"2d_strided_dilated", 7, 9, 1, "H, W", "3, 2", "2, 3", "2, 1, 0, 3", "2, 1"},
    {"2d_one_channel", 1, 1, 1, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1", true},
    {"2d_grouped", 6, 8, 2, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1", true},
    {"2d_grouped_wide", 40, 140, 2, "H, W", "1, 2", "1, 1", "0, 0, 0, 0", "1, 1"},
    {"2d_depthwise", 20, 20, 20, "H, W", "3, 3", "2, 2", "1, 1, 1, 1", "1, 1", true},
    {"2d_many_channels", 33, 70, 1, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1"},
    {"2d_many_strided_dilated", 35, 9, 1, "H, W", "2, 3", "3, 2", "2, 1, 0, 4", "1, 2"},
    {"2d_many_grouped_f64", 64, 20, 2, "H, W", "1, 3", "1, 1", "0, 0, 2, 2", "1, 1", false, "f64"},
    {"1d_depthwise_long_kernel", 18, 18, 18, "H", "33", "1", "16, 16", "1"},
    {"2d_depthwise_vectors", 48, 48, 48, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1"},
    {"2d_depthwise_blocks", 300, 300, 300, "H, W", "1, 3", "1, 1", "0, 0, 1, 1", "1, 1"},
    {"2d_depthwise_dilated", 17, 17, 17, "H, W", "2, 3", "1, 3", "1, 2, 3, 1", "2, 2"},
    {"2d_depthwise_doubled", 21, 42, 21, "H, W", "3, 3", "2, 1", "1, 1, 0, 2", "1, 1"},
    {"2d_depthwise_f64", 20, 20, 20, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1", false, "f64"},
    {"2d_depthwise_bf16", 20, 20, 20, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1", false, "bf16"},
    {"2d_groups_of_4", 36, 36, 9, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1", true},
    {"2d_groups_of_8", 24, 24, 3, "H, W", "2, 2", "1, 2", "0, 1, 1, 0", "1, 1"},
    {"2d_groups_of_8_to_4", 48, 24, 6, "H, W", "1, 2", "1, 1", "0, 0, 1, 1", "1, 1"},
    {"3d_depthwise", 19, 19, 19, "D, H, W", "2, 1, 3", "1, 2, 1", "1, 0, 0, 0, 1, 1", "1, 1, 1"},
    {"2d_depthwise_multiplied", 5, 15, 5, "H, W", "3, 3", "1, 1", "1, 0, 0, 1", "1, 1"},
    {"2d_f16", 3, 17, 1, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1", false, "f16"},
    {"2d_bf16", 3, 17, 1, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1", false, "bf16"},
    {"2d_f64", 3, 17, 1, "H, W", "3, 3", "1, 1", "1, 1, 1, 1", "1, 1", false, "f64"},
    {"3d", 2, 9, 1, "D, H, W", "2, 3, 3", "1, 1, 2", "0, 1, 1, 1, 0, 0", "1, 1, 1", true},
    {"3d_grouped_dilated", 6, 6, 3, "D, H, W", "3, 2, 1", "2, 1, 1", "1, 1, 0, 2, 0, 0", "1, 2, 1"},
};

static Case convolution(const Convolution &conv, bool last) {
  std::string element = conv.element, spatial = conv.spatial, out;
  for (char c : spatial)
    out += llvm::isAlpha(c) ? "o" + std::string(1, c) : std::string(1, c);
  auto image = [&](const std::string &sizes, int channels) {
    std::string count = std::to_string(channels);
    return element +
           (last ? "[B, " + sizes + ", " + count + "]" : "[B, " + count + ", " + sizes + "]");
  };
  std::string x = image(spatial, conv.inputs), y = image(out, conv.outputs);
  std::string w = llvm::formatv("{0}[{1}, {2}, {3}]", element, conv.outputs,
                                conv.inputs / conv.groups, conv.kernel);
  std::string b = llvm::formatv("{0}[{1}]", element, conv.outputs);
  auto lines = [&](const char *input, const char *weight, const char *bias) {
    std::string rest = llvm::formatv("strides [{0}] padding [{1}] dilations [{2}] {{groups = {3} : "
                                     "i64, layout = #nn<conv_layout "
                                     "{4}>} : {5}, {6}",
                                     conv.strides, conv.padding, conv.dilations, conv.groups,
                                     last ? "channels_last" : "channels_first", x, w);
    return llvm::formatv("%y = nn.conv %{0}, %{1} {3} -> {4}\n"
                         "%z = nn.conv %{0}, %{1} bias %{2} {3}, {5} -> {4}\n",
                         input, weight, bias, rest, y, b)
        .str();
  };
  std::string text = llvm::formatv(
      "in x: {0}\nweight w: {1}\nweight b: {2}\nout y: {3}\nout z: {3}\n", x, w, b, y);
  text += lines("x", "w", "b");
  text += llvm::formatv("bound:\n%a = nn.abs %x : {0} -> {0}\n%aw = nn.abs %w : {1} -> {1}\n"
                        "%ab = nn.abs %b : {2} -> {2}\n",
                        x, w, b);
  text += lines("a", "aw", "ab");

  std::vector<Sizes> sizes;
  for (int64_t size : {0, 1, 2, 7, 8, 15, 17})
    sizes.push_back({{"B", 2}, {"D", 4}, {"H", size}, {"W", 21 - size}});
  sizes.push_back({{"B", 1}, {"D", 2}, {"H", 65}, {"W", 3}});
  sizes.push_back({{"B", 3}, {"D", 3}, {"H", 3}, {"W", 66}});
  sizes.push_back({{"B", 0}, {"D", 3}, {"H", 5}, {"W", 5}});
  if (conv.name == llvm::StringRef("1d_strided_dilated"))
    sizes.push_back({{"B", 1}, {"H", 100003}});
  Case one{.name = std::string(conv.name) + (last ? "_last" : "_first"),
           .text = text,
           .sizes = sizes,
           .values = {Values::special, Values::integers},
           .ulps = 24,
           .reason = "the order of a sum of at most 297 products and a bias",
           .largest = 1e4,
           .specialsEvery = 200};
  refuseSmallImages(one, spatial, {conv.kernel, conv.padding, conv.dilations});
  return one;
}

static std::vector<Case> convCases() {
  std::vector<Case> cases;
  for (const Convolution &conv : convolutions) {
    cases.push_back(convolution(conv, /*last=*/true));
    if (conv.bothLayouts)
      cases.push_back(convolution(conv, /*last=*/false));
  }
  cases.push_back({.name = "computed_weight",
                   .text = R"(
                     in x: f32[B, 3, H, W]
                     in w: f32[5, 3, 3, 2]
                     in b: f32[5]
                     in v: f32[6, 1, 3, 3]
                     out y: f32[B, 5, oH, oW]
                     out z: f32[B, 6, oH, oW]
                     %y = nn.conv %x, %w bias %b strides [1, 2] padding [1, 1, 0, 1] dilations [1, 1] : f32[B, 3, H, W], f32[5, 3, 3, 2], f32[5] -> f32[B, 5, oH, oW]
                     %z = nn.conv %x, %v strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {groups = 3 : i64} : f32[B, 3, H, W], f32[6, 1, 3, 3] -> f32[B, 6, oH, oW]
                   )",
                   .sizes = {{{"B", 2}, {"H", 7}, {"W", 9}}, {{"B", 1}, {"H", 1}, {"W", 3}}},
                   .values = {Values::integers}});
  cases.push_back({.name = "depthwise_epilogues",
                   .text = R"(
                     in x: f32[B, H, 14, 20]
                     weight w: f32[20, 1, 3, 3]
                     weight b: f32[20]
                     out y: f32[B, H, 14, 20]
                     out z: f32[B, H, 14, 20]
                     %0 = nn.conv %x, %w bias %b strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {groups = 20 : i64, layout = #nn<conv_layout channels_last>} : f32[B, H, 14, 20], f32[20, 1, 3, 3], f32[20] -> f32[B, H, 14, 20]
                     %1 = nn.relu %0 : f32[B, H, 14, 20] -> f32[B, H, 14, 20]
                     %y = nn.add %1, %x : f32[B, H, 14, 20], f32[B, H, 14, 20] -> f32[B, H, 14, 20]
                     %2 = nn.conv %y, %w strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {groups = 20 : i64, layout = #nn<conv_layout channels_last>} : f32[B, H, 14, 20], f32[20, 1, 3, 3] -> f32[B, H, 14, 20]
                     %z = nn.silu %2 : f32[B, H, 14, 20] -> f32[B, H, 14, 20]
                     bound:
                     %a = nn.abs %x : f32[B, H, 14, 20] -> f32[B, H, 14, 20]
                     %aw = nn.abs %w : f32[20, 1, 3, 3] -> f32[20, 1, 3, 3]
                     %ab = nn.abs %b : f32[20] -> f32[20]
                     %0 = nn.conv %a, %aw bias %ab strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {groups = 20 : i64, layout = #nn<conv_layout channels_last>} : f32[B, H, 14, 20], f32[20, 1, 3, 3], f32[20] -> f32[B, H, 14, 20]
                     %y = nn.add %0, %a : f32[B, H, 14, 20], f32[B, H, 14, 20] -> f32[B, H, 14, 20]
                     %z = nn.conv %y, %aw strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {groups = 20 : i64, layout = #nn<conv_layout channels_last>} : f32[B, H, 14, 20], f32[20, 1, 3, 3] -> f32[B, H, 14, 20]
                   )",
                   .sizes = {{{"B", 2}, {"H", 7}}, {{"B", 1}, {"H", 1}}, {{"B", 3}, {"H", 2}}},
                   .values = {Values::normal},
                   .ulps = 40,
                   .reason = "two sums of 9 products, and silu"});
  // Enough tiles of 2 x 2 for Winograd's products: rows and columns that end within a tile,
  // channels and outputs that end within a vector, two groups of panels, and several blocks of
  // tiles.
  struct Winograd {
    const char *name;
    int height, width, inputs, outputs;
    const char *padding;
    int low, high; ///< what the padding adds to the height and the width
  };
  for (const Winograd &one : {Winograd{"winograd", 14, 15, 32, 64, "1, 1, 1, 1", 2, 2},
                              Winograd{"winograd_ragged", 13, 17, 35, 150, "0, 2, 1, 0", 2, 1},
                              Winograd{"winograd_unpadded", 32, 21, 40, 33, "0, 0, 0, 0", 0, 0}}) {
    std::string image = llvm::formatv("{0}, {1}", one.height, one.width);
    std::string places =
        llvm::formatv("{0}, {1}", one.height + one.low - 2, one.width + one.high - 2);
    std::string x = llvm::formatv("f32[B, {0}, {1}]", image, one.inputs);
    std::string y = llvm::formatv("f32[B, {0}, {1}]", places, one.outputs);
    std::string w = llvm::formatv("f32[{0}, {1}, 3, 3]", one.outputs, one.inputs);
    std::string c = llvm::formatv("f32[{0}]", one.outputs);
    auto lines = [&](const char *input, const char *weight, const char *bias, const char *beside) {
      std::string rest =
          llvm::formatv("strides [1, 1] padding [{0}] dilations [1, 1] {{layout = #nn<conv_layout "
                        "channels_last>} : {1}, {2}",
                        one.padding, x, w);
      return llvm::formatv("%y = nn.conv %{0}, %{1} {4} -> {5}\n"
                           "%0 = nn.conv %{0}, %{1} bias %{2} {4}, {6} -> {5}\n"
                           "%z = nn.add %0, %{3} : {5}, {5} -> {5}\n",
                           input, weight, bias, beside, rest, y, c)
          .str();
    };
    std::string text = llvm::formatv("in x: {0}\nin r: {1}\nweight w: {2}\nweight b: {3}\n"
                                     "out y: {1}\nout z: {1}\n",
                                     x, y, w, c);
    text += lines("x", "w", "b", "r");
    text += llvm::formatv("bound:\n%a = nn.abs %x : {0} -> {0}\n%ar = nn.abs %r : {1} -> {1}\n"
                          "%aw = nn.abs %w : {2} -> {2}\n%ab = nn.abs %b : {3} -> {3}\n",
                          x, y, w, c);
    text += lines("a", "aw", "ab", "ar");
    cases.push_back({.name = one.name,
                     .text = text,
                     .sizes = {{{"B", 0}}, {{"B", 1}}, {{"B", 3}}},
                     .values = {Values::normal, Values::integers},
                     .ulps = 24,
                     .reason = "sums of 360 products of sums of 4 places and 9 taps"});
  }
  cases.push_back({.name = "norm_relu_residual_pool",
                   .text = R"(
                     in x: f32[B, 6, H, W]
                     weight w: f32[6, 6, 3, 3]
                     weight v: f32[6, 6, 3, 3]
                     weight mean: f32[6]
                     weight variance: f32[6]
                     weight s: f32[6]
                     weight b: f32[6]
                     out y: f32[B, 6]
                     %0 = nn.conv %x, %w strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : f32[B, 6, H, W], f32[6, 6, 3, 3] -> f32[B, 6, H, W]
                     %1 = nn.batch_norm %0, %mean, %variance scale %s : f32[6] bias %b : f32[6] {epsilon = 1.0e-5 : f64} : f32[B, 6, H, W], f32[6], f32[6] -> f32[B, 6, H, W]
                     %2 = nn.relu %1 : f32[B, 6, H, W] -> f32[B, 6, H, W]
                     %3 = nn.conv %2, %v bias %b strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : f32[B, 6, H, W], f32[6, 6, 3, 3], f32[6] -> f32[B, 6, H, W]
                     %4 = nn.add %3, %x : f32[B, 6, H, W], f32[B, 6, H, W] -> f32[B, 6, H, W]
                     %5 = nn.relu %4 : f32[B, 6, H, W] -> f32[B, 6, H, W]
                     %y = nn.reduce mean %5 [2, 3] : f32[B, 6, H, W] -> f32[B, 6]
                     bound:
                     %a = nn.abs %x : f32[B, 6, H, W] -> f32[B, 6, H, W]
                     %aw = nn.abs %w : f32[6, 6, 3, 3] -> f32[6, 6, 3, 3]
                     %av = nn.abs %v : f32[6, 6, 3, 3] -> f32[6, 6, 3, 3]
                     %ab = nn.abs %b : f32[6] -> f32[6]
                     %as = nn.abs %s : f32[6] -> f32[6]
                     %zero = nn.sub %b, %b : f32[6], f32[6] -> f32[6]
                     %am = nn.abs %mean : f32[6] -> f32[6]
                     %rm = nn.reshape %am : f32[6] -> f32[6, 1, 1]
                     %0 = nn.conv %a, %aw strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : f32[B, 6, H, W], f32[6, 6, 3, 3] -> f32[B, 6, H, W]
                     %m = nn.add %0, %rm : f32[B, 6, H, W], f32[6, 1, 1] -> f32[B, 6, H, W]
                     %1 = nn.batch_norm %m, %zero, %variance scale %as : f32[6] bias %ab : f32[6] {epsilon = 1.0e-5 : f64} : f32[B, 6, H, W], f32[6], f32[6] -> f32[B, 6, H, W]
                     %3 = nn.conv %1, %av bias %ab strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : f32[B, 6, H, W], f32[6, 6, 3, 3], f32[6] -> f32[B, 6, H, W]
                     %4 = nn.add %3, %a : f32[B, 6, H, W], f32[B, 6, H, W] -> f32[B, 6, H, W]
                     %y = nn.reduce mean %4 [2, 3] : f32[B, 6, H, W] -> f32[B, 6]
                   )",
                   .sizes = {{{"B", 2}, {"H", 7}, {"W", 9}}, {{"B", 1}, {"H", 1}, {"W", 17}}},
                   .values = {Values::normal},
                   .ulps = 90,
                   .reason = "two sums of 54 products, and a mean of at most 63 numbers",
                   .ranges = {{"variance", {0.25, 4}}}});
  return cases;
}

static const bool registered = registerCases("Conv", convCases());
