//===- ReductionTest.cpp - numbers of reductions and norms -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expected numbers of norms come from torch.nn.functional in float64.

#include "test/dialects/nn/interpreter/Harness.h"

using namespace nacre::interpreter;

namespace {

class ReductionTest : public InterpreterTest {
protected:
  Tensor scale = floats({4}, {1, 2, 0.5, -1}), bias = floats({4}, {0, 0.1, 0.2, 0.3});
};

TEST_F(ReductionTest, Kinds) {
  auto reduce = [&](const std::string &kind) {
    return runOp("nn.reduce " + kind + " %a [1] : tensor<2x3xf32> -> tensor<2xf32>",
                 {floats({2, 3}, {1, -2, 3, 4, 5, -6})})
        .values();
  };
  EXPECT_EQ(reduce("sum"), near({2, 3}));
  EXPECT_EQ(reduce("mean"), near({2.0 / 3, 1}));
  EXPECT_EQ(reduce("max"), near({3, 5}));
  EXPECT_EQ(reduce("min"), near({-2, -6}));
  EXPECT_EQ(reduce("prod"), near({-6, -120}));
}

TEST_F(ReductionTest, AxesAndKeptDimensions) {
  Tensor x = floats({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  EXPECT_EQ(runOp("nn.reduce sum %a [0, 2] : tensor<2x2x3xf32> -> tensor<2xf32>", {x}).values(),
            near({1 + 2 + 3 + 7 + 8 + 9, 4 + 5 + 6 + 10 + 11 + 12}));
  Outcome kept =
      runOp("nn.reduce sum %a [1] {keep_dims} : tensor<2x2x3xf32> -> tensor<2x1x3xf32>", {x});
  EXPECT_EQ(kept.shape(), numbers(2, 1, 3));
  EXPECT_EQ(kept.values(), near({5, 7, 9, 17, 19, 21}));
  EXPECT_EQ(runOp("nn.reduce max %a [0, 1, 2] : tensor<2x2x3xf32> -> tensor<f32>", {x}).values(),
            near({12}));
}

TEST_F(ReductionTest, OfNothing) {
  auto reduce = [&](const std::string &kind) {
    return runOp("nn.reduce " + kind + " %a [0] : tensor<?x1xf32> -> tensor<1xf32>",
                 {floats({0, 1}, {})})
        .values();
  };
  EXPECT_EQ(reduce("sum"), near({0}));
  EXPECT_EQ(reduce("prod"), near({1}));
  EXPECT_EQ(reduce("mean"), near({notANumber}));
  EXPECT_EQ(reduce("max"), near({-infinity}));
  EXPECT_EQ(reduce("min"), near({infinity}));
  EXPECT_EQ(runOp("nn.reduce max %a [0] : tensor<?xi8> -> tensor<i8>", {ints({0}, {}, 8)}).values(),
            numbers(-128));
}

TEST_F(ReductionTest, NanPasses) {
  for (const char *kind : {"sum", "mean", "max", "min", "prod"})
    EXPECT_EQ(runOp(std::string("nn.reduce ") + kind + " %a [0] : tensor<3xf32> -> tensor<f32>",
                    {floats({3}, {1, notANumber, 2})})
                  .values(),
              near({notANumber}))
        << kind;
}

TEST_F(ReductionTest, IntegersWrap) {
  EXPECT_EQ(
      runOp("nn.reduce sum %a [0] : tensor<2xi8> -> tensor<i8>", {ints({2}, {127, 2}, 8)}).values(),
      numbers(-127));
  EXPECT_EQ(
      runOp("nn.reduce max %a [0] : tensor<2xi1> -> tensor<i1>", {bools({2}, {0, 1})}).values(),
      numbers(1));
}

TEST_F(ReductionTest, Softmax) {
  EXPECT_EQ(runOp("nn.softmax %a {axis = 1 : i64} : tensor<2x3xf32> -> tensor<2x3xf32>",
                  {ramp({2, 3}, 0.5)})
                .values(),
            near({0.056611732240471294, 0.6896720861245036, 0.25371618163502524,
                  0.056611732240471294, 0.6896720861245036, 0.25371618163502524}));
  EXPECT_EQ(runOp("nn.softmax %a {axis = 0 : i64} : tensor<2x3xf32> -> tensor<2x3xf32>",
                  {ramp({2, 3}, 0.5)})
                .values(),
            near({0.37754066879814546, 0.37754066879814546, 0.37754066879814546, 0.6224593312018546,
                  0.6224593312018546, 0.6224593312018546}));
  // Large values do not overflow; minus infinity has no weight.
  EXPECT_EQ(runOp("nn.softmax %a {axis = 0 : i64} : tensor<3xf32> -> tensor<3xf32>",
                  {floats({3}, {1e5, 1e5, -infinity})})
                .values(),
            near({0.5, 0.5, 0}));
}

TEST_F(ReductionTest, LayerNorm) {
  Tensor x = ramp({2, 3, 4}, 0.5, 11);
  EXPECT_EQ(runOp("nn.layer_norm %a {epsilon = 1.0e-3 : f64, normalized_dims = 2 : i64} : "
                  "tensor<2x3x4xf32> -> tensor<2x3x4xf32>",
                  {x})
                .values(),
            near({-1.3769048886743556,
                  0.1251731716976687,
                  1.6272512320696932,
                  -0.17524244037673614,
                  1.3268356199952882,
                  -0.475658052451141,
                  1.0264200079208832,
                  -0.7760736645255459,
                  0.7260043958464784,
                  -1.0764892765999508,
                  0.4255887837720736,
                  -1.3769048886743556,
                  0.0,
                  1.6510854501540437,
                  -0.33021709003080874,
                  1.320868360123235,
                  -0.6604341800616175,
                  0.9906512700924262,
                  -0.9906512700924262,
                  0.6604341800616175,
                  -1.320868360123235,
                  0.33021709003080874,
                  -1.6510854501540437,
                  0.0}));
  const char *text = R"(
    func.func @f(%x: tensor<2x3x4xf32>, %s: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<2x3x4xf32> {
      %0 = nn.layer_norm %x scale %s : tensor<4xf32> bias %b : tensor<4xf32> {epsilon = 1.0e-5 : f64}
        : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
      return %0 : tensor<2x3x4xf32>
    })";
  EXPECT_EQ(
      run(text, {x, scale, bias}).values(),
      near({-1.333536469928035,  0.24037225999242479, 0.9369543649602299,  0.510558389988637,
            1.1507904229446817,  -1.5439863184924025, 0.6109965796231007,  1.4507904229446817,
            1.1507904229446817,  -1.5439863184924025, 0.6109965796231007,  1.4507904229446817,
            -0.7844621268268285, 2.4533863804804854,  -0.3883465951201213, -0.4844621268268285,
            -0.7844621268268285, 2.4533863804804854,  -0.3883465951201213, -0.4844621268268285,
            -0.7844621268268285, 2.4533863804804854,  -0.3883465951201213, -0.4844621268268285}));
}

TEST_F(ReductionTest, RmsNorm) {
  const char *text = R"(
    func.func @f(%x: tensor<2x3x4xf32>, %s: tensor<4xf32>) -> tensor<2x3x4xf32> {
      %0 = nn.rms_norm %x scale %s : tensor<4xf32> {epsilon = 1.0e-6 : f64}
        : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
      return %0 : tensor<2x3x4xf32>
    })";
  EXPECT_EQ(run(text, {ramp({2, 3, 4}, 0.5, 11), scale}).values(), near({-1.4002798643762835,
                                                                         0.0,
                                                                         0.7001399321881417,
                                                                         0.2800559728752567,
                                                                         1.2977710958311615,
                                                                         -1.2977710958311615,
                                                                         0.4866641609366855,
                                                                         0.973328321873371,
                                                                         0.589767722051298,
                                                                         -2.359070888205192,
                                                                         0.1474419305128245,
                                                                         1.474419305128245,
                                                                         0.0,
                                                                         3.0860664114197207,
                                                                         -0.15430332057098603,
                                                                         -1.2344265645678882,
                                                                         -0.7844642991791427,
                                                                         2.3533928975374283,
                                                                         -0.5883482243843571,
                                                                         -0.7844642991791427,
                                                                         -1.2344265645678882,
                                                                         0.6172132822839441,
                                                                         -0.7715166028549302,
                                                                         0.0}));
}

TEST_F(ReductionTest, GroupNorm) {
  const char *text = R"(
    func.func @f(%x: tensor<2x4x3xf32>, %s: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<2x4x3xf32> {
      %0 = nn.group_norm %x scale %s : tensor<4xf32> bias %b : tensor<4xf32>
        {groups = 2 : i64, epsilon = 1.0e-5 : f64} : tensor<2x4x3xf32> -> tensor<2x4x3xf32>
      return %0 : tensor<2x4x3xf32>
    })";
  EXPECT_EQ(run(text, {ramp({2, 4, 3}, 0.5, 11), scale, bias}).values(),
            near({-1.503718327751667,   -0.04850704283069899, 1.4067042420902691,
                  -0.5790985996297852,  2.331323970212151,    -1.1611831135981725,
                  0.8432661900084881,   -0.12163309500424407, 0.6824496425063662,
                  1.2648992850127323,   -0.3432661900084882,  1.5865323800169764,
                  -0.5703501762690856,  1.3308170779611996,   -0.9505836271151427,
                  2.0011672542302854,   -2.561634155922399,   1.240700352538171,
                  -0.08517508813454283, 0.8654085389805999,   -0.2752918135575714,
                  -0.6505836271151427,  1.6308170779611997,   -0.27035017626908564}));
}

TEST_F(ReductionTest, BatchNorm) {
  const char *text = R"(
    func.func @f(%x: tensor<2x4x3xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>, %s: tensor<4xf32>,
                 %b: tensor<4xf32>) -> tensor<2x4x3xf32> {
      %0 = nn.batch_norm %x, %m, %v scale %s : tensor<4xf32> bias %b : tensor<4xf32>
        {epsilon = 1.0e-5 : f64} : tensor<2x4x3xf32>, tensor<4xf32>, tensor<4xf32>
        -> tensor<2x4x3xf32>
      return %0 : tensor<2x4x3xf32>
    })";
  EXPECT_EQ(run(text, {ramp({2, 4, 3}, 0.5, 11), floats({4}, {0, 0.5, 1, -1}),
                       floats({4}, {1, 2, 0.25, 4}), scale, bias})
                .values(),
            near({-2.4999875000937495,
                  0.0,
                  2.4999875000937495,
                  -1.3142100268524475,
                  2.2213150402786708,
                  -2.021315040278671,
                  0.6999900002999899,
                  -2.29995000149995,
                  0.2,
                  0.7999993750011718,
                  -0.4499990625017578,
                  1.0499990625017577,
                  0.0,
                  2.4999875000937495,
                  -0.4999975000187499,
                  2.2213150402786708,
                  -2.021315040278671,
                  1.5142100268524472,
                  -2.29995000149995,
                  0.2,
                  -2.79994000179994,
                  -0.4499990625017578,
                  1.0499990625017577,
                  -0.19999937500117188}));
}

TEST_F(ReductionTest, NormsOfNothing) {
  EXPECT_EQ(runOp("nn.layer_norm %a {epsilon = 0.1 : f64} : tensor<?x4xf32> -> tensor<?x4xf32>",
                  {floats({0, 4}, {})})
                .shape(),
            numbers(0, 4));
  EXPECT_EQ(runOp("nn.layer_norm %a {epsilon = 0.1 : f64} : tensor<2x?xf32> -> tensor<2x?xf32>",
                  {floats({2, 0}, {})})
                .shape(),
            numbers(2, 0));
}

TEST_F(ReductionTest, ParameterSizesAreChecked) {
  const char *text = R"(
    func.func @f(%x: tensor<1x?xf32>, %s: tensor<?xf32>) -> tensor<1x?xf32> {
      %0 = nn.rms_norm %x scale %s : tensor<?xf32> {epsilon = 0.1 : f64}
        : tensor<1x?xf32> -> tensor<1x?xf32>
      return %0 : tensor<1x?xf32>
    })";
  Outcome outcome = run(text, {floats({1, 2}, {1, 2}), floats({1}, {1})});
  EXPECT_FALSE(outcome.succeeded);
  EXPECT_EQ(outcome.errors, containing("size of scale does not fit the input"));
}

} // namespace
