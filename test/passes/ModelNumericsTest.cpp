//===- ModelNumericsTest.cpp - optimised models compute the same -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The models of the zoo, small, as their model files say and after the whole pipeline.

#include "test/passes/Numerics.h"

#include "frontend/language/Language.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace nacre;
using namespace nacre::test;

namespace {

struct Model {
  std::string name, file;
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<Sizes> sizes;
};

std::ostream &operator<<(std::ostream &out, const Model &model) { return out << model.name; }

const std::vector<Sizes> sequences = {Sizes{{{"B", 1}, {"S", 1}}, 1},
                                      Sizes{{{"B", 3}, {"S", 7}}, 2}};
const std::vector<Sizes> images = {Sizes{{{"B", 1}}, 1}, Sizes{{{"B", 3}}, 1}};

const Model models[] = {
    {"bert",
     "bert/bert.ncr",
     {{"vocab", "11"},
      {"kinds", "4"},
      {"ctx", "8"},
      {"dim", "12"},
      {"heads", "3"},
      {"layers", "2"},
      {"hidden", "20"}},
     sequences},
    {"gpt2",
     "gpt2/gpt2.ncr",
     {{"vocab", "11"}, {"ctx", "8"}, {"dim", "12"}, {"heads", "3"}, {"layers", "2"}},
     sequences},
    {"mlp", "digits/mlp.ncr", {}, images},
    {"cnn", "digits/cnn.ncr", {}, images},
};

class ModelNumerics : public testing::TestWithParam<Model> {};

} // namespace

TEST_P(ModelNumerics, OptimisedComputesTheSame) {
  MLIRContext context;
  prepare(context);
  SourceMap sources;
  nacre::DiagnosticEngine diags(sources);
  language::CompileOptions options;
  options.stdDirectory = NACRE_STD_DIRECTORY;
  options.settings = GetParam().settings;
  auto compiled =
      language::compileModel(context, NACRE_MODELS "/" + GetParam().file, sources, diags, options);
  ASSERT_TRUE(compiled.module);
  OwningOpRef<ModuleOp> optimised = compiled.module->clone();
  ASSERT_TRUE(succeeded(runPipeline(*optimised, "nn-optimize")));
  for (func::FuncOp entry : compiled.module->getOps<func::FuncOp>())
    for (const Sizes &sizes : GetParam().sizes) {
      // In f64: random weights make numbers large, which in f32 would hide a wrong formula.
      auto expected = run(*compiled.module, entry.getName(), sizes, interpreter::Precision::f64);
      auto actual = run(*optimised, entry.getName(), sizes, interpreter::Precision::f64);
      ASSERT_TRUE(succeeded(expected) && succeeded(actual)) << entry.getName().str();
      for (auto [a, b] : llvm::zip_equal(*expected, *actual))
        EXPECT_LT(difference(a, b), 1e-6) << entry.getName().str();
    }
}

INSTANTIATE_TEST_SUITE_P(Models, ModelNumerics, testing::ValuesIn(models),
                         [](const auto &info) { return info.param.name; });
