//===- ParametersTest.cpp - values from outside the model file ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CompileHelper.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace nacre;
using nacre::test::Compilation;
using nlohmann::json;

static const char *const model = R"(
/// A model.
model M(
  dim:    int = config("n_embd", 8),          /// ignored
  scale:  float = config("rope.scale", 2),
  store:  dtype = config("torch_dtype", f32),
  sizes:  [int] = [1, 2],
  bias:   bool = false,
  heads:  int,
) {
  weight w: store[dim, heads]
  entry forward(x: f32[B, dim]) -> f32[B, heads] { return x @ cast(w, f32) * scale }
}
)";

static language::CompileOptions with(const json *config,
                                     std::vector<std::pair<std::string, std::string>> settings) {
  language::CompileOptions options;
  options.config = config;
  options.settings = std::move(settings);
  return options;
}

static std::string value(const Compilation &c, llvm::StringRef name) {
  for (const language::ParameterSummary &parameter : c.result.summary.parameters)
    if (parameter.name == name)
      return parameter.value;
  return "missing";
}

TEST(Parameters, Defaults) {
  Compilation c(model, with(nullptr, {{"heads", "3"}}));
  EXPECT_EQ(c.messages(), "");
  EXPECT_EQ(value(c, "dim"), "8");
  EXPECT_EQ(value(c, "scale"), "2");
  EXPECT_EQ(value(c, "store"), "f32");
  EXPECT_EQ(value(c, "bias"), "false");
  EXPECT_EQ(value(c, "heads"), "3");
}

TEST(Parameters, ConfigThenSettings) {
  json config = {{"n_embd", 16}, {"rope", {{"scale", 0.5}}}, {"torch_dtype", "bfloat16"}};
  Compilation c(model, with(&config, {{"heads", "3"}, {"sizes", "4, 5"}}));
  EXPECT_EQ(c.messages(), "");
  EXPECT_EQ(value(c, "dim"), "16");
  EXPECT_EQ(value(c, "scale"), "0.5");
  EXPECT_EQ(value(c, "store"), "bf16");
  Compilation stronger(model, with(&config, {{"heads", "3"}, {"dim", "32"}}));
  EXPECT_EQ(value(stronger, "dim"), "32");
  ASSERT_EQ(stronger.result.summary.weights.size(), 1u);
  EXPECT_EQ(stronger.result.summary.weights[0].shape, (std::vector<int64_t>{32, 3}));
  EXPECT_EQ(stronger.result.summary.weights[0].dtype, "bf16");
  EXPECT_EQ(stronger.result.summary.doc, "A model.");
}

/// The first line that a compilation says.
static std::string firstLine(Compilation &c) {
  std::string text = c.messages();
  return text.substr(0, text.find('\n'));
}

TEST(Parameters, WrongConfig) {
  auto say = [](json config) {
    Compilation c(model, with(&config, {{"heads", "3"}}));
    return firstLine(c);
  };
  EXPECT_EQ(
      say({{"n_embd", "many"}}),
      "model.ncr:4:17: error: config.json has \"many\" for 'n_embd', but 'dim' must be an int");
  EXPECT_EQ(say({{"n_embd", 1.5}}),
            "model.ncr:4:17: error: config.json has 1.5 for 'n_embd', but 'dim' must be an int");
  EXPECT_EQ(
      say({{"torch_dtype", "float128"}}),
      "model.ncr:6:19: error: config.json has \"float128\" for 'torch_dtype', but 'store' must "
      "be a dtype");
  EXPECT_EQ(say({{"n_embd", {1, 2}}}),
            "model.ncr:4:17: error: config.json has [1,2] for 'n_embd', but 'dim' must be an int");
  EXPECT_EQ(say({{"n_embd", 18446744073709551615u}}),
            "model.ncr:4:17: error: config.json has 18446744073709551615 for 'n_embd', but 'dim' "
            "must be a number of 64 bits");
  EXPECT_EQ(say({{"n_embd", nullptr}}), "");
}

TEST(Parameters, WrongSettings) {
  auto say = [](std::string name, std::string text) {
    Compilation c(model, with(nullptr, {{"heads", "3"}, {name, text}}));
    return firstLine(c);
  };
  EXPECT_EQ(say("dim", "x"), "--set dim: error: 'x' is no int");
  EXPECT_EQ(say("scale", "x"), "--set scale: error: 'x' is no float");
  EXPECT_EQ(say("bias", "1"), "--set bias: error: '1' is no bool");
  EXPECT_EQ(say("store", "f12"), "--set store: error: 'f12' is no dtype");
  EXPECT_EQ(say("sizes", "1,x"), "--set sizes: error: 'x' is no int");
  EXPECT_EQ(say("hedas", "4"),
            "--set hedas: error: the model 'M' has no parameter 'hedas'; did you mean 'heads'?");
}

TEST(Parameters, ChooseModel) {
  const char *two = "model A() { entry f(x: f32[4]) -> f32[4] { return x } }\n"
                    "model Bee() { entry f(x: f32[4]) -> f32[4] { return -x } }\n";
  Compilation none(two);
  EXPECT_EQ(firstLine(none), "model.ncr: error: the file declares several models: A, Bee");
  language::CompileOptions options;
  options.model = "Bee";
  Compilation bee(two, options);
  EXPECT_EQ(bee.result.summary.name, "Bee");
  options.model = "Be";
  Compilation near(two, options);
  EXPECT_EQ(firstLine(near),
            "model.ncr: error: the file declares no model 'Be'; did you mean 'Bee'?");
  Compilation library("fn f(x: f32[4]) -> f32[4] { return x }\n");
  EXPECT_EQ(firstLine(library), "model.ncr: error: the file declares no model");
}

TEST(Parameters, ModelAsPart) {
  json config = {{"size", 8}};
  language::CompileOptions options = with(&config, {});
  options.model = "Around";
  Compilation c(R"(
model Inner(dim: int = config("size", 4), more: int = 1) {
  weight w: f32[dim, dim]
  entry step(x: f32[B, dim]) -> f32[B, dim] { return x @ w + more }
  entry twice(x: f32[B, dim]) -> f32[B, dim] { return step(step(x)) }
}
model Around() {
  part a: Inner() as ""
  part b: Inner(4, more=2)
  entry forward(x: f32[B, 8], y: f32[B, 4]) -> (f32[B, 8], f32[B, 4]) {
    return a.twice(x), b.step(y)
  }
}
)",
                options);
  EXPECT_EQ(c.messages(), "");
  ASSERT_EQ(c.result.summary.entries.size(), 1u);
  ASSERT_EQ(c.result.summary.weights.size(), 2u);
  EXPECT_EQ(c.result.summary.weights[0].source, "w");
  EXPECT_EQ(c.result.summary.weights[0].shape[0], 8);
  EXPECT_EQ(c.result.summary.weights[1].source, "b.w");
  EXPECT_EQ(c.result.summary.weights[1].shape[0], 4);
}

TEST(Parameters, StepsAreBounded) {
  language::CompileOptions options;
  options.maxSteps = 1000;
  Compilation c("model M() {\n"
                "  entry f(x: f32[4]) -> f32[4] {\n"
                "    for i in range(100) { for j in range(100) { let y = x } }\n"
                "    return x\n  }\n}\n",
                options);
  EXPECT_NE(c.messages().find("this model takes too long to elaborate (more than 1000 steps)"),
            std::string::npos);
}
