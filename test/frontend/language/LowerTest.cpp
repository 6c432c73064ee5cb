//===- LowerTest.cpp - what the nn dialect gets from the language ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CompileHelper.h"
#include "Goldens.h"

#include <gtest/gtest.h>

using namespace nacre;
using nacre::test::Compilation;

/// Expects these pieces of text in this order.
static void expectInOrder(const std::string &text, std::initializer_list<const char *> pieces) {
  size_t at = 0;
  for (const char *piece : pieces) {
    size_t found = text.find(piece, at);
    ASSERT_NE(found, std::string::npos) << "missing, or out of order: " << piece << "\nin\n"
                                        << text;
    at = found + 1;
  }
}

TEST(Lower, Perceptron) {
  Compilation c(R"(
block Linear(from: int, to: int, bias: bool = true) {
  weight weight: f32[to, from]
  if bias {
    weight b: f32[to] as "bias"
  }
  fn (x: f32[.., from]) -> f32[.., to] {
    if bias { return linear(x, weight, b) }
    return linear(x, weight)
  }
}
/// A perceptron.
model MLP(hidden_size: int = 128, classes: int = 10) {
  part hidden: Linear(64, hidden_size)
  part output: Linear(hidden_size, classes, bias=false)
  /// Logits.
  entry forward(images: f32[B, 1, 8, 8]) -> f32[B, classes] {
    return output(relu(hidden(images.reshape([B, 64]))))
  }
}
)");
  expectInOrder(
      c.ir(),
      {"#ml_program.extern : tensor<128x64xf32>", "ml_program.global private @hidden.weight",
       "tensor<128x64xf32>", "ml_program.global private @hidden.b", "{nn.source = \"hidden.bias\"}",
       "ml_program.global private @output.weight",
       "func.func @forward(%arg0: tensor<?x1x8x8xf32> {nn.dims = [\"B\", \"1\", \"8\", \"8\"], "
       "nn.name = \"images\"}) -> (tensor<?x10xf32> {nn.dims = [\"B\", \"10\"], nn.name = "
       "\"result\"}) attributes {nn.doc = \"Logits.\", nn.entry}",
       "tensor.dim %arg0", "nn.reshape", "tensor<?x1x8x8xf32> -> tensor<?x64xf32>", "nn.linear",
       "bias %hidden.b", "nn.relu", "nn.linear",
       "tensor<?x128xf32>, tensor<10x128xf32> -> "
       "tensor<?x10xf32>",
       "return"});
  EXPECT_EQ(c.messages(), "");
  EXPECT_EQ(c.result.summary.parameters.size(), 2u);
  EXPECT_EQ(c.result.summary.weights.size(), 3u);
  ASSERT_EQ(c.result.summary.entries.size(), 1u);
  EXPECT_EQ(c.result.summary.entries[0].results[0].shape[1], "10");
}

/// The IR, and warnings before it.
static std::string lowered(llvm::StringRef source) {
  Compilation c(source);
  return c.result.module ? c.messages() + c.ir() : c.messages();
}

TEST(Lower, Builtins) { test::checkGoldens("lower/builtins.cases", lowered); }
TEST(Lower, Language) { test::checkGoldens("lower/language.cases", lowered); }
TEST(Lower, Control) { test::checkGoldens("lower/control.cases", lowered); }
