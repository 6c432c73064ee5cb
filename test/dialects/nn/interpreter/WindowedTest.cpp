//===- WindowedTest.cpp - numbers of convolutions and pools ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expected numbers come from torch.nn.functional in float64 on the same ramps.

#include "test/dialects/nn/interpreter/Harness.h"

using namespace nacre::interpreter;

namespace {

class WindowedTest : public InterpreterTest {
protected:
  /// `[N, C, H, W]` as `[N, H, W, C]`.
  Tensor channelsLast(const Tensor &image) {
    auto shape = image.getShape();
    Tensor result = floats({shape[0], shape[2], shape[3], shape[1]},
                           std::vector<double>(image.getNumElements()));
    int64_t from = 0;
    for (int64_t n = 0; n < shape[0]; ++n)
      for (int64_t c = 0; c < shape[1]; ++c)
        for (int64_t h = 0; h < shape[2]; ++h)
          for (int64_t w = 0; w < shape[3]; ++w)
            result.setFloat(((n * shape[2] + h) * shape[3] + w) * shape[1] + c,
                            image.getFloat(from++));
    return result;
  }
};

// conv2d(stride=(2, 1), padding=(1, 1), dilation=(1, 2), groups=2) with a bias
const std::vector<double> grouped = {1.875,  0.125, 2.75,  -0.75,  0.375,  0.0,    0.125,  4.875,
                                     0.875,  -0.5,  -1.75, -4.125, -1.375, -0.375, -0.375, -1.125,
                                     -3.5,   -1.75, -3.5,  -0.75,  -2.25,  3.5,    3.625,  -1.5,
                                     0.75,   0.375, -4.25, 2.375,  1.125,  1.375,  0.625,  -2.625,
                                     -2.375, 2.25,  2.375, 0.625,  3.625,  0.375,  -5.5,   1.375};

TEST_F(WindowedTest, Conv2d) {
  Outcome outcome =
      runOp("nn.conv %a, %b bias %c strides [2, 1] padding [1, 1, 1, 1] dilations [1, 2] "
            "{groups = 2 : i64} : tensor<1x4x4x5xf64>, tensor<4x2x3x2xf64>, tensor<4xf64> "
            "-> tensor<1x4x2x5xf64>",
            {ramp({1, 4, 4, 5}, 0.25), ramp({4, 2, 3, 2}, 0.5, 11), floats({4}, {1, -2, 0.5, 0})});
  EXPECT_EQ(outcome.values(), near(grouped)) << outcome.errors;
}

TEST_F(WindowedTest, Conv2dChannelsLast) {
  Outcome outcome =
      runOp("nn.conv %a, %b bias %c strides [2, 1] padding [1, 1, 1, 1] dilations [1, 2] "
            "{groups = 2 : i64, layout = #nn<conv_layout channels_last>} : tensor<1x?x?x4xf64>, "
            "tensor<4x2x3x2xf64>, tensor<4xf64> -> tensor<1x?x?x4xf64>",
            {channelsLast(ramp({1, 4, 4, 5}, 0.25)), ramp({4, 2, 3, 2}, 0.5, 11),
             floats({4}, {1, -2, 0.5, 0})});
  EXPECT_EQ(outcome.values(), near([&] {
              Tensor expected = channelsLast(floats({1, 4, 2, 5}, grouped));
              std::vector<double> values;
              for (int64_t i = 0; i < expected.getNumElements(); ++i)
                values.push_back(expected.getFloat(i));
              return values;
            }()))
      << outcome.errors;
}

TEST_F(WindowedTest, Conv1dAnd3d) {
  EXPECT_EQ(runOp("nn.conv %a, %b strides [2] padding [1, 1] dilations [1] : tensor<2x3x6xf64>, "
                  "tensor<2x3x3xf64> -> tensor<2x2x3xf64>",
                  {ramp({2, 3, 6}), ramp({2, 3, 3}, 1, 5)})
                .values(),
            near({10, 6, -6, 10, 6, -6, -6, -4, 12, -6, -4, 12}));
  EXPECT_EQ(runOp("nn.conv %a, %b strides [1, 1, 1] padding [0, 0, 0, 0, 0, 0] "
                  "dilations [1, 1, 1] : tensor<1x2x2x3x3xf64>, tensor<1x2x2x2x2xf64> "
                  "-> tensor<1x1x1x2x2xf64>",
                  {ramp({1, 2, 2, 3, 3}), ramp({1, 2, 2, 2, 2}, 1, 5)})
                .values(),
            near({10, -10, 6, 0}));
}

TEST_F(WindowedTest, ConvOfAnEmptyBatch) {
  Outcome outcome = runOp("nn.conv %a, %b strides [1] padding [0, 0] dilations [1] : "
                          "tensor<?x1x4xf64>, tensor<2x1x3xf64> -> tensor<?x2x2xf64>",
                          {floats({0, 1, 4}, {}), floats({2, 1, 3}, {1, 1, 1, 1, 1, 1})});
  EXPECT_EQ(outcome.shape(), numbers(0, 2, 2)) << outcome.errors;
}

TEST_F(WindowedTest, AWindowThatDoesNotFitGivesNothing) {
  Outcome outcome = runOp("nn.conv %a, %b strides [1] padding [0, 0] dilations [1] : "
                          "tensor<1x1x?xf64>, tensor<1x1x3xf64> -> tensor<1x1x?xf64>",
                          {floats({1, 1, 2}, {1, 2}), floats({1, 1, 3}, {1, 1, 1})});
  EXPECT_EQ(outcome.shape(), numbers(1, 1, 0)) << outcome.errors;
}

TEST_F(WindowedTest, SizesOfPools) {
  // max_pool1d of 1 to 5 elements, rounding down and up each; 0 where PyTorch refuses.
  struct {
    int kernel, stride, padding;
    std::vector<int64_t> sizes;
  } cases[] = {
      {3, 2, 0, {0, 0, 0, 1, 1, 1, 1, 2, 2, 2}}, {3, 3, 1, {1, 1, 1, 1, 1, 2, 2, 2, 2, 2}},
      {4, 3, 0, {0, 0, 0, 1, 0, 1, 1, 1, 1, 2}}, {2, 1, 0, {0, 0, 1, 1, 2, 2, 3, 3, 4, 4}},
      {3, 5, 1, {1, 1, 1, 1, 1, 1, 1, 1, 1, 2}}, {5, 2, 2, {1, 1, 1, 2, 2, 2, 2, 3, 3, 3}}};
  for (auto &[kernel, stride, padding, sizes] : cases)
    for (size_t i = 0; i < sizes.size(); ++i) {
      int64_t n = static_cast<int64_t>(i) / 2 + 1;
      std::string pad = std::to_string(padding);
      Outcome outcome =
          runOp("nn.pool max %a kernel [" + std::to_string(kernel) + "] strides [" +
                    std::to_string(stride) + "] padding [" + pad + ", " + pad + "] dilations [1] " +
                    (i % 2 ? "{ceil_mode}" : "") + " : tensor<1x1x?xf64> -> tensor<1x1x?xf64>",
                {ramp({1, 1, n})});
      EXPECT_EQ(outcome.shape(), numbers(1, 1, sizes[i]))
          << outcome.errors << n << " elements under " << kernel << " by " << stride;
    }
}

TEST_F(WindowedTest, MaxPool) {
  // max_pool2d(3, 2, 1, ceil_mode=True)
  EXPECT_EQ(runOp("nn.pool max %a kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] "
                  "dilations [1, 1] {ceil_mode} : tensor<1x1x5x5xf64> -> tensor<1x1x3x3xf64>",
                  {ramp({1, 1, 5, 5}, 1, 13)})
                .values(),
            near({6, 4, 1, 6, 6, 6, 4, 6, 6}));
  // max_pool2d(2, 1, 0, dilation=2)
  EXPECT_EQ(runOp("nn.pool max %a kernel [2, 2] strides [1, 1] padding [0, 0, 0, 0] "
                  "dilations [2, 2] : tensor<1x1x5x5xf64> -> tensor<1x1x3x3xf64>",
                  {ramp({1, 1, 5, 5}, 1, 13)})
                .values(),
            near({5, -1, 4, 6, 6, 3, 5, 5, 2}));
}

TEST_F(WindowedTest, PaddingNeverWinsAMaximum) {
  Outcome outcome = runOp("nn.pool max %a kernel [3] strides [1] padding [1, 1] dilations [1] : "
                          "tensor<1x1x2xf64> -> tensor<1x1x2xf64>",
                          {floats({1, 1, 2}, {-5, -7})});
  EXPECT_EQ(outcome.values(), near({-5, -5}));
}

TEST_F(WindowedTest, NanWinsAMaximum) {
  Outcome outcome = runOp("nn.pool max %a kernel [2] strides [1] padding [0, 0] dilations [1] : "
                          "tensor<1x1x4xf64> -> tensor<1x1x3xf64>",
                          {floats({1, 1, 4}, {notANumber, 7, 1, 2})});
  EXPECT_EQ(outcome.values(), near({notANumber, 7, 2}));
}

TEST_F(WindowedTest, AveragePool) {
  // avg_pool2d(3, 2, 1, ceil_mode=True, count_include_pad=...)
  const std::string common = "nn.pool average %a kernel [3, 3] strides [2, 2] "
                             "padding [1, 1, 1, 1] dilations [1, 1] ";
  const std::string type = " : tensor<1x1x6x6xf64> -> tensor<1x1x4x4xf64>";
  EXPECT_EQ(
      runOp(common + "{ceil_mode, count_include_pad}" + type, {ramp({1, 1, 6, 6}, 1, 13)}).values(),
      near({-0.6666666666666666, -0.3333333333333333, 0.5555555555555556, 0.5, 0.1111111111111111,
            -1.0, 0.3333333333333333, 0.5, 1.1111111111111112, -0.2222222222222222,
            -0.3333333333333333, 0.16666666666666666, 1.1666666666666667, 1.1666666666666667,
            -0.3333333333333333, 0.0}));
  EXPECT_EQ(
      runOp(common + "{ceil_mode}" + type, {ramp({1, 1, 6, 6}, 1, 13)}).values(),
      near({-1.5, -0.5, 0.8333333333333334, 1.5, 0.16666666666666666, -1.0, 0.3333333333333333, 1.0,
            1.6666666666666667, -0.2222222222222222, -0.3333333333333333, 0.3333333333333333, 3.5,
            2.3333333333333335, -0.6666666666666666, 0.0}));
}

TEST_F(WindowedTest, PackedConvIsConv) {
  // [O, C/g, taps...] -> [O, taps..., C/g] -> [g, O/g, taps * C/g] -> panels.
  const char *text = R"(
    func.func @f(%x: tensor<2x?x6x4xf32>, %w: tensor<6x2x3x2xf32>, %b: tensor<6xf32>)
        -> (tensor<2x?x5x6xf32>, tensor<2x?x5x6xf32>) {
      %0 = nn.conv %x, %w bias %b strides [2, 1] padding [1, 0, 0, 1] dilations [1, 2]
        {groups = 2 : i64, layout = #nn<conv_layout channels_last>}
        : tensor<2x?x6x4xf32>, tensor<6x2x3x2xf32>, tensor<6xf32> -> tensor<2x?x5x6xf32>
      %t = nn.transpose %w [0, 2, 3, 1] : tensor<6x2x3x2xf32> -> tensor<6x3x2x2xf32>
      %g = nn.reshape %t : tensor<6x3x2x2xf32> -> tensor<2x3x12xf32>
      %p = nn.pack %g {panel = 2 : i64} : tensor<2x3x12xf32> -> tensor<2x2x12x2xf32>
      %1 = nn.packed_conv %x, %p bias %b kernel [3, 2] strides [2, 1] padding [1, 0, 0, 1]
        dilations [1, 2] {outputs = 6 : i64}
        : tensor<2x?x6x4xf32>, tensor<2x2x12x2xf32>, tensor<6xf32> -> tensor<2x?x5x6xf32>
      return %0, %1 : tensor<2x?x5x6xf32>, tensor<2x?x5x6xf32>
    })";
  Outcome outcome = run(text, {ramp({2, 7, 6, 4}, 1, 13), ramp({6, 2, 3, 2}, 0.5, 11), ramp({6})});
  EXPECT_EQ(outcome.shape(1), numbers(2, 3, 5, 6)) << outcome.errors;
  EXPECT_EQ(outcome.values(0), near(outcome.values(1)));
}

TEST_F(WindowedTest, WinogradConvIsConv) {
  const char *text = R"(
    func.func @f(%x: tensor<2x?x6x4xf32>, %w: tensor<6x4x3x3xf32>, %b: tensor<6xf32>)
        -> (tensor<2x?x5x6xf32>, tensor<2x?x5x6xf32>) {
      %0 = nn.conv %x, %w bias %b strides [1, 1] padding [1, 0, 0, 1] dilations [1, 1]
        {layout = #nn<conv_layout channels_last>}
        : tensor<2x?x6x4xf32>, tensor<6x4x3x3xf32>, tensor<6xf32> -> tensor<2x?x5x6xf32>
      %u = nn.winograd_weight %w : tensor<6x4x3x3xf32> -> tensor<16x6x4xf32>
      %p = nn.pack %u {panel = 4 : i64} : tensor<16x6x4xf32> -> tensor<16x2x4x4xf32>
      %1 = nn.winograd_conv %x, %p bias %b padding [1, 0, 0, 1] {outputs = 6 : i64}
        : tensor<2x?x6x4xf32>, tensor<16x2x4x4xf32>, tensor<6xf32> -> tensor<2x?x5x6xf32>
      return %0, %1 : tensor<2x?x5x6xf32>, tensor<2x?x5x6xf32>
    })";
  Outcome outcome = run(text, {ramp({2, 7, 6, 4}, 1, 13), ramp({6, 4, 3, 3}, 0.5, 11), ramp({6})});
  EXPECT_EQ(outcome.shape(1), numbers(2, 6, 5, 6)) << outcome.errors;
  EXPECT_EQ(outcome.values(0), near(outcome.values(1)));
}

TEST_F(WindowedTest, DepthwiseConvIsConv) {
  // [O, C/g, taps...] -> [taps..., C/g, O] -> [taps * C/g, O].
  const char *text = R"(
    func.func @f(%x: tensor<2x?x6x4xf32>, %w: tensor<6x2x3x2xf32>, %b: tensor<6xf32>)
        -> (tensor<2x?x5x6xf32>, tensor<2x?x5x6xf32>) {
      %0 = nn.conv %x, %w bias %b strides [2, 1] padding [1, 0, 0, 1] dilations [1, 2]
        {groups = 2 : i64, layout = #nn<conv_layout channels_last>}
        : tensor<2x?x6x4xf32>, tensor<6x2x3x2xf32>, tensor<6xf32> -> tensor<2x?x5x6xf32>
      %t = nn.transpose %w [2, 3, 1, 0] : tensor<6x2x3x2xf32> -> tensor<3x2x2x6xf32>
      %r = nn.reshape %t : tensor<3x2x2x6xf32> -> tensor<12x6xf32>
      %1 = nn.depthwise_conv %x, %r bias %b kernel [3, 2] strides [2, 1] padding [1, 0, 0, 1]
        dilations [1, 2] {groups = 2 : i64}
        : tensor<2x?x6x4xf32>, tensor<12x6xf32>, tensor<6xf32> -> tensor<2x?x5x6xf32>
      return %0, %1 : tensor<2x?x5x6xf32>, tensor<2x?x5x6xf32>
    })";
  Outcome outcome = run(text, {ramp({2, 7, 6, 4}, 1, 13), ramp({6, 2, 3, 2}, 0.5, 11), ramp({6})});
  EXPECT_EQ(outcome.shape(1), numbers(2, 3, 5, 6)) << outcome.errors;
  EXPECT_EQ(outcome.values(0), near(outcome.values(1)));
}

} // namespace
