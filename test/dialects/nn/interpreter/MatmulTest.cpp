//===- MatmulTest.cpp - numbers of matrix products -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/dialects/nn/interpreter/Harness.h"

using namespace nacre::interpreter;

namespace {

using MatmulTest = InterpreterTest;

TEST_F(MatmulTest, ByHand) {
  // | 1 2 3 |   | 1 0 |   | 14  8 |
  // | 4 5 6 | * | 2 1 | = | 32 17 |
  //             | 3 2 |
  Tensor a = floats({2, 3}, {1, 2, 3, 4, 5, 6}), b = floats({3, 2}, {1, 0, 2, 1, 3, 2});
  EXPECT_EQ(runOp("nn.matmul %a, %b : tensor<2x3xf32>, tensor<3x2xf32> -> tensor<2x2xf32>", {a, b})
                .values(),
            numbers(14, 8, 32, 17));
  Tensor bt = floats({2, 3}, {1, 2, 3, 0, 1, 2});
  EXPECT_EQ(runOp("nn.matmul %a, %b {transpose_rhs} : tensor<2x3xf32>, tensor<2x3xf32> "
                  "-> tensor<2x2xf32>",
                  {a, bt})
                .values(),
            numbers(14, 8, 32, 17));
}

TEST_F(MatmulTest, LeadingDimensionsBroadcast) {
  Tensor a = ramp({2, 1, 2, 3}, 1, 11), b = ramp({3, 3, 2});
  Outcome outcome = runOp("nn.matmul %a, %b : tensor<2x1x2x3xf32>, tensor<3x3x2xf32> "
                          "-> tensor<2x3x2x2xf32>",
                          {a, b});
  EXPECT_EQ(outcome.shape(), numbers(2, 3, 2, 2)) << outcome.errors;
  std::vector<double> expected;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int m = 0; m < 2; ++m)
        for (int n = 0; n < 2; ++n) {
          double sum = 0;
          for (int k = 0; k < 3; ++k)
            sum += a.getFloat(i * 6 + m * 3 + k) * b.getFloat(j * 6 + k * 2 + n);
          expected.push_back(sum);
        }
  EXPECT_EQ(outcome.values(), expected);
}

TEST_F(MatmulTest, IntegersWrap) {
  Outcome outcome = runOp("nn.matmul %a, %b : tensor<1x2xi8>, tensor<2x1xi8> -> tensor<1x1xi8>",
                          {ints({1, 2}, {100, 100}, 8), ints({2, 1}, {2, 1}, 8)});
  EXPECT_EQ(outcome.values(), numbers(300 - 256)) << outcome.errors;
}

TEST_F(MatmulTest, EmptyInnerDimensionGivesZeros) {
  Outcome outcome = runOp("nn.matmul %a, %b : tensor<2x?xf32>, tensor<?x2xf32> -> tensor<2x2xf32>",
                          {floats({2, 0}, {}), floats({0, 2}, {})});
  EXPECT_EQ(outcome.values(), numbers(0, 0, 0, 0)) << outcome.errors;
}

TEST_F(MatmulTest, InnerSizesMustAgree) {
  Outcome outcome = runOp("nn.matmul %a, %b : tensor<2x?xf32>, tensor<?x2xf32> -> tensor<2x2xf32>",
                          {floats({2, 1}, {1, 2}), floats({2, 2}, {1, 2, 3, 4})});
  EXPECT_FALSE(outcome.succeeded);
  EXPECT_EQ(outcome.errors, containing("inner sizes 1 and 2 differ"));
}

TEST_F(MatmulTest, NanStaysInItsRowAndColumn) {
  Outcome outcome = runOp("nn.matmul %a, %b : tensor<2x1xf32>, tensor<1x2xf32> -> tensor<2x2xf32>",
                          {floats({2, 1}, {notANumber, 1}), floats({1, 2}, {infinity, 0})});
  EXPECT_EQ(outcome.values(), near({notANumber, notANumber, infinity, 0}));
}

TEST_F(MatmulTest, Linear) {
  // x = [1 2 3]; weight [N, K]; y = [1+4+9, 0+2+6] + bias
  Tensor x = floats({1, 1, 3}, {1, 2, 3}), w = floats({2, 3}, {1, 2, 3, 0, 1, 2}),
         inputMajor = floats({3, 2}, {1, 0, 2, 1, 3, 2}), bias = floats({2}, {0.5, -1});
  EXPECT_EQ(
      runOp("nn.linear %a, %b : tensor<1x?x3xf32>, tensor<2x3xf32> -> tensor<1x?x2xf32>", {x, w})
          .values(),
      numbers(14, 8));
  EXPECT_EQ(runOp("nn.linear %a, %b bias %c : tensor<1x?x3xf32>, tensor<2x3xf32>, tensor<2xf32> "
                  "-> tensor<1x?x2xf32>",
                  {x, w, bias})
                .values(),
            numbers(14.5, 7));
  EXPECT_EQ(runOp("nn.linear %a, %b bias %c {input_major} : tensor<1x?x3xf32>, tensor<3x2xf32>, "
                  "tensor<2xf32> -> tensor<1x?x2xf32>",
                  {x, inputMajor, bias})
                .values(),
            numbers(14.5, 7));
  EXPECT_EQ(runOp("nn.linear %a, %b : tensor<3xf32>, tensor<2x3xf32> -> tensor<2xf32>",
                  {floats({3}, {1, 2, 3}), w})
                .values(),
            numbers(14, 8));
}

TEST_F(MatmulTest, LinearRoundsOnce) {
  // 1 + 2^-11 - 1: rounding the sum before the bias is added would lose the 2^-11 in f16.
  Outcome outcome =
      runOp("nn.linear %a, %b bias %c : tensor<1x2xf16>, tensor<1x2xf16>, "
            "tensor<1xf16> -> tensor<1x1xf16>",
            {floats({1, 2}, {1, 0.00048828125}), floats({1, 2}, {1, 1}), floats({1}, {-1})},
            Precision::declared);
  EXPECT_EQ(outcome.values(), numbers(0.00048828125)) << outcome.errors;
}

TEST_F(MatmulTest, Pack) {
  // Three rows in panels of two: the second panel's last column is padding.
  Outcome outcome = runOp("nn.pack %a {panel = 2 : i64} : tensor<3x2xf32> -> tensor<2x2x2xf32>",
                          {floats({3, 2}, {1, 2, 3, 4, 5, 6})});
  EXPECT_EQ(outcome.values(), numbers(1, 3, 2, 4, 5, 0, 6, 0)) << outcome.errors;
}

TEST_F(MatmulTest, PackedLinearIsLinear) {
  const char *text = R"(
    func.func @f(%x: tensor<2x?x5xf32>, %w: tensor<7x5xf32>, %b: tensor<7xf32>)
        -> (tensor<2x?x7xf32>, tensor<2x?x7xf32>) {
      %0 = nn.linear %x, %w bias %b : tensor<2x?x5xf32>, tensor<7x5xf32>, tensor<7xf32>
        -> tensor<2x?x7xf32>
      %p = nn.pack %w {panel = 4 : i64} : tensor<7x5xf32> -> tensor<2x5x4xf32>
      %1 = nn.packed_linear %x, %p bias %b {outputs = 7 : i64}
        : tensor<2x?x5xf32>, tensor<2x5x4xf32>, tensor<7xf32> -> tensor<2x?x7xf32>
      return %0, %1 : tensor<2x?x7xf32>, tensor<2x?x7xf32>
    })";
  Outcome outcome = run(text, {ramp({2, 3, 5}, 1, 13), ramp({7, 5}, 0.5, 11), ramp({7})});
  EXPECT_EQ(outcome.values(1).size(), 42u) << outcome.errors;
  EXPECT_EQ(outcome.values(0), near(outcome.values(1)));
}

} // namespace
