//===- AttentionTest.cpp - numbers of attention and rotary -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expected numbers come from torch.nn.functional.scaled_dot_product_attention in float64, and for
// rotary from the rotate-half formula (LLaMA) and from complex products (GPT-J).

#include "test/dialects/nn/interpreter/Harness.h"

using namespace nacre::interpreter;

namespace {

class AttentionTest : public InterpreterTest {
protected:
  Tensor query = ramp({1, 4, 3, 2}, 0.5, 13), key = ramp({1, 2, 3, 2}, 0.25, 11),
         value = ramp({1, 2, 3, 2}, 1, 9);
};

TEST_F(AttentionTest, CausalWithGroupedKeys) {
  Outcome outcome = runOp("nn.attention %a, %b, %c {causal} : tensor<?x4x?x2xf32>, "
                          "tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32> -> tensor<?x4x?x2xf32>",
                          {query, key, value});
  EXPECT_EQ(outcome.values(), near({-4.0,
                                    1.0,
                                    -3.0200536371610873,
                                    1.9799463628389138,
                                    -3.072988462444809,
                                    1.9270115375551906,
                                    -4.0,
                                    1.0,
                                    -3.988102020807655,
                                    1.0118979791923446,
                                    -2.5513594980655103,
                                    2.4486405019344906,
                                    -1.0,
                                    4.0,
                                    -0.5659055472018155,
                                    0.5272443776145248,
                                    0.1747361609305227,
                                    -1.5770283163506176,
                                    -1.0,
                                    4.0,
                                    -0.45592055665077397,
                                    -0.35263554679380804,
                                    -0.2854258361613333,
                                    0.09208629650665527}))
      << outcome.errors;
}

TEST_F(AttentionTest, FloatMaskAndScale) {
  Outcome outcome =
      runOp("nn.attention %a, %b, %c mask %d {scale = 0.8 : f64} : "
            "tensor<1x4x3x2xf32>, tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>, "
            "tensor<1x1x3x3xf32> -> tensor<1x4x3x2xf32>",
            {query, key, value, floats({1, 1, 3, 3}, {0, -1, -infinity, 0.5, 0, 0, 0, 0, 2})});
  EXPECT_EQ(
      outcome.values(),
      near({-3.998993229179914,    1.0010067708200858,  -2.5150293224770177, 2.484970677522982,
            -2.4383535780921526,   2.561646421907848,   -3.9644288107273638, 1.0355711892726362,
            -3.9826254096122806,   1.0173745903877203,  -2.143165820315456,  2.856834179684544,
            -0.6456563062257954,   1.1652504498063636,  -0.3743288623068529, 0.6756092807386455,
            0.788165915640609,     -2.6427036019274794, -0.8021838885585818, 2.4174711084686544,
            -0.035969375821777325, -0.6341661069873609, 0.39730782158961336, -1.521677099811045}))
      << outcome.errors;
}

TEST_F(AttentionTest, ARowThatSeesNoKeyGivesZeros) {
  Outcome outcome = runOp("nn.attention %a, %b, %c mask %d : tensor<1x1x3x2xf32>, "
                          "tensor<1x1x3x2xf32>, tensor<1x1x3x2xf32>, tensor<3x3xi1> "
                          "-> tensor<1x1x3x2xf32>",
                          {ramp({1, 1, 3, 2}, 0.5, 13), ramp({1, 1, 3, 2}, 0.25, 11),
                           ramp({1, 1, 3, 2}, 1, 9), bools({3, 3}, {1, 0, 1, 0, 1, 1, 0, 0, 0})});
  EXPECT_EQ(outcome.values(), near({-3.980021258514124, 1.0199787414858767, -2.5, 2.5, 0.0, 0.0}))
      << outcome.errors;
}

TEST_F(AttentionTest, CausalAlignsTheLastQueryWithTheLastKey) {
  // Heads 0 and 1 of one key group each, queries 0 and 1 of three keys: PyTorch with the mask
  // [[1, 1, 0], [1, 1, 1]].
  std::vector<double> rows;
  for (int head = 0; head < 2; ++head)
    for (int i = 0; i < 4; ++i)
      rows.push_back(query.getFloat(head * 6 + i));
  Outcome outcome = runOp("nn.attention %a, %b, %c {causal} : tensor<1x2x?x2xf32>, "
                          "tensor<1x2x?x2xf32>, tensor<1x2x?x2xf32> -> tensor<1x2x?x2xf32>",
                          {floats({1, 2, 2, 2}, rows), key, value});
  EXPECT_EQ(outcome.values(), near({-3.994594469616389, 1.0054055303836111, -2.5151925609229635,
                                    2.4848074390770365, -0.5220827120180694, 0.17666169614455518,
                                    0.2854258361613333, -1.9058945566226784}))
      << outcome.errors;
}

TEST_F(AttentionTest, AValueThatIsNotSeenDoesNotCount) {
  Outcome outcome =
      runOp("nn.attention %a, %b, %c mask %d : tensor<1x1x1x1xf32>, "
            "tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>, tensor<1x1x1x2xf32> "
            "-> tensor<1x1x1x1xf32>",
            {floats({1, 1, 1, 1}, {1}), floats({1, 1, 2, 1}, {1, 1}),
             floats({1, 1, 2, 1}, {5, notANumber}), floats({1, 1, 1, 2}, {0, -infinity})});
  EXPECT_EQ(outcome.values(), near({5}));
}

TEST_F(AttentionTest, NoKeysAndNoQueries) {
  const char *text = "nn.attention %a, %b, %c : tensor<1x1x?x2xf32>, tensor<1x1x?x2xf32>, "
                     "tensor<1x1x?x3xf32> -> tensor<1x1x?x3xf32>";
  EXPECT_EQ(runOp(text, {floats({1, 1, 1, 2}, {1, 2}), floats({1, 1, 0, 2}, {}),
                         floats({1, 1, 0, 3}, {})})
                .values(),
            near({0, 0, 0}));
  EXPECT_EQ(runOp(text, {floats({1, 1, 0, 2}, {}), floats({1, 1, 1, 2}, {1, 2}),
                         floats({1, 1, 1, 3}, {1, 2, 3})})
                .shape(),
            numbers(1, 1, 0, 3));
}

TEST_F(AttentionTest, SizesMustAgree) {
  Outcome outcome = runOp("nn.attention %a, %b, %c : tensor<1x1x?x2xf32>, tensor<1x1x?x2xf32>, "
                          "tensor<1x1x?x2xf32> -> tensor<1x1x?x2xf32>",
                          {floats({1, 1, 1, 2}, {1, 2}), floats({1, 1, 1, 2}, {1, 2}),
                           floats({1, 1, 2, 2}, {1, 2, 3, 4})});
  EXPECT_FALSE(outcome.succeeded);
  EXPECT_EQ(outcome.errors, containing("sizes of query, key and value disagree"));
}

TEST_F(AttentionTest, RotaryHalf) {
  Outcome outcome = runOp("nn.rotary %a, %b {base = 100.0 : f64, dim = 4 : i64} : "
                          "tensor<1x2x2x6xf32>, tensor<2xi64> -> tensor<1x2x2x6xf32>",
                          {ramp({1, 2, 2, 6}, 0.5), ints({2}, {3, 7})});
  EXPECT_EQ(outcome.values(), near({1.4849887449006682,
                                    1.2508566957869456,
                                    -0.2116800120898008,
                                    -0.6598162824642664,
                                    1.5,
                                    0.5,
                                    -1.0339377258904414,
                                    -1.1472632809267327,
                                    0.42540895498391007,
                                    -0.9663265308565367,
                                    -1.0,
                                    1.5,
                                    -0.2833162362104219,
                                    -0.7731884512241426,
                                    1.555548748930602,
                                    0.8075763857949362,
                                    0.0,
                                    -1.0,
                                    1.4593466808743514,
                                    1.348747624498781,
                                    0.6085287709065312,
                                    -0.8251544373078872,
                                    1.0,
                                    0.0}))
      << outcome.errors;
}

TEST_F(AttentionTest, RotaryInterleaved) {
  Outcome outcome = runOp("nn.rotary %a, %b {style = #nn<rotary_style interleaved>} : "
                          "tensor<1x2x2x6xf32>, tensor<1x2xi32> -> tensor<1x2x2x6xf32>",
                          {ramp({1, 2, 2, 6}, 0.5), ints({1, 2}, {3, 7}, 32)});
  EXPECT_EQ(
      outcome.values(),
      near({1.343868736840801,    -1.2016725086902462, 0.13879810108005053, -0.990320699135675,
            1.4967370398493463,   0.5096844450667649,  0.6085287709065312,  -1.4593466808743514,
            0.9476790714399449,   0.3192246506063149,  -1.0225069899839787, 1.4847489536732814,
            -0.4244362442702891,  0.5655562523301563,  -1.624279149783563,  0.7821235475155992,
            0.006463259070189645, -0.9999791129229608, 0.8023600821555623,  1.362431025249836,
            0.00499744018949988,  -1.5811309324630747, 0.9998862832288925,  0.01508047117005742}))
      << outcome.errors;
}

TEST_F(AttentionTest, RotaryPositionsPerSample) {
  // Position 0 turns nothing; a quarter turn takes (x, y) to (-y, x).
  Outcome outcome =
      runOp("nn.rotary %a, %b : tensor<2x1x1x2xf64>, tensor<2x1xi64> -> tensor<2x1x1x2xf64>",
            {floats({2, 1, 1, 2}, {1, 2, 1, 2}), ints({2, 1}, {0, 1})});
  EXPECT_EQ(outcome.values(),
            near({1, 2, std::cos(1.0) - 2 * std::sin(1.0), 2 * std::cos(1.0) + std::sin(1.0)}));
}

} // namespace
