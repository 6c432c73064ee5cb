//===- StandardLibraryTest.cpp - the library in the language ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every file checks for all values of its parameters and is laid out as the
// formatter does it; every block has the weight names of its PyTorch twin, and
// its shapes. What the blocks compute is compared in test/numerics.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Formatter.h"
#include "frontend/language/Language.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace nacre;

namespace {

std::vector<std::string> libraryFiles() {
  std::vector<std::string> files;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(NACRE_STD_DIRECTORY, error), end; it != end && !error;
       it.increment(error))
    if (llvm::StringRef(it->path()).ends_with(".ncr"))
      files.push_back(it->path());
  std::sort(files.begin(), files.end());
  return files;
}

language::CompileOptions options() {
  language::CompileOptions result;
  result.stdDirectory = NACRE_STD_DIRECTORY;
  return result;
}

std::string rendered(const DiagnosticEngine &diags) {
  std::string text;
  llvm::raw_string_ostream out(text);
  renderDiagnostics(out, diags);
  return text;
}

class LibraryFile : public ::testing::TestWithParam<std::string> {};

TEST_P(LibraryFile, ChecksForAllParameters) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  language::checkFile(GetParam(), sources, diags, options());
  EXPECT_EQ(rendered(diags), "");
}

TEST_P(LibraryFile, IsLaidOut) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  std::string error;
  FileId file = sources.loadFile(GetParam(), error);
  ASSERT_NE(file, noFile) << error;
  EXPECT_EQ(formatFile(file, diags).value_or("syntax errors"), sources.text(file).str());
}

INSTANTIATE_TEST_SUITE_P(All, LibraryFile, ::testing::ValuesIn(libraryFiles()),
                         [](const auto &info) { return llvm::sys::path::stem(info.param).str(); });

/// A block, a call of it, what it must be called in a weight file, and the
/// shape of its result.
struct Block {
  const char *name;
  const char *part;
  const char *arguments;
  const char *call;
  const char *weights; ///< "name[shape] ...", in the order of declaration
  const char *result;
};

void PrintTo(const Block &block, std::ostream *out) { *out << block.part; }

const Block blocks[] = {
    {"Linear", "Linear(3, 4)", "x: f32[B, S, 3]", "p(x)", "weight[4,3] bias[4]", "B,S,4"},
    {"LinearWithoutBias", "Linear(3, 4, bias=false)", "x: f32[3]", "p(x)", "weight[4,3]", "4"},
    {"Conv1D", "Conv1D(3, 4)", "x: f32[B, 3]", "p(x)", "weight[3,4] bias[4]", "B,4"},
    {"Embedding", "Embedding(10, 4)", "ids: i64[B, S]", "p(ids)", "weight[10,4]", "B,S,4"},
    {"LayerNorm", "LayerNorm(4)", "x: f32[B, 4]", "p(x)", "weight[4] bias[4]", "B,4"},
    {"LayerNormPlain", "LayerNorm(4, affine=false)", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"LayerNormScale", "LayerNorm(4, bias=false)", "x: f32[B, 4]", "p(x)", "weight[4]", "B,4"},
    {"RMSNorm", "RMSNorm(4, eps=1e-5)", "x: f32[B, 4]", "p(x)", "weight[4]", "B,4"},
    {"BatchNorm", "BatchNorm(4)", "x: f32[B, S, 4]", "p(x)",
     "running_mean[4] running_var[4] weight[4] bias[4]", "B,S,4"},
    {"BatchNorm1d", "BatchNorm1d(4)", "x: f32[B, 4, L]", "p(x)",
     "running_mean[4] running_var[4] weight[4] bias[4]", "B,4,L"},
    {"BatchNorm2d", "BatchNorm2d(4)", "x: f32[B, 4, H, W]", "p(x)",
     "running_mean[4] running_var[4] weight[4] bias[4]", "B,4,H,W"},
    {"BatchNorm3d", "BatchNorm3d(4, affine=false)", "x: f32[B, 4, D, H, W]", "p(x)",
     "running_mean[4] running_var[4]", "B,4,D,H,W"},
    {"GroupNorm", "GroupNorm(2, 4)", "x: f32[B, 4, H, W]", "p(x)", "weight[4] bias[4]", "B,4,H,W"},
    {"Conv1d", "Conv1d(4, 6, 3, padding=1, groups=2)", "x: f32[B, 4, L]", "p(x)",
     "weight[6,2,3] bias[6]", "B,6,L"},
    {"Conv2d", "Conv2d(3, 8, 7, stride=2, padding=3, bias=false)", "x: f32[B, 3, 224, 224]", "p(x)",
     "weight[8,3,7,7]", "B,8,112,112"},
    {"Conv3d", "Conv3d(1, 2, 3)", "x: f32[B, 1, 8, 8, 8]", "p(x)", "weight[2,1,3,3,3] bias[2]",
     "B,2,6,6,6"},
    {"ConvTranspose2d", "ConvTranspose2d(4, 6, 2)", "x: f32[B, 4, H, W]", "p(x)",
     "weight[4,6,2,2] bias[6]", "B,6,2*H,2*W"},
    {"MaxPool1d", "MaxPool1d(2)", "x: f32[B, 4, 10]", "p(x)", "", "B,4,5"},
    {"MaxPool2d", "MaxPool2d(3, stride=2, padding=1)", "x: f32[B, 4, 112, 112]", "p(x)", "",
     "B,4,56,56"},
    {"MaxPool3d", "MaxPool3d(2)", "x: f32[B, 4, 4, 4, 4]", "p(x)", "", "B,4,2,2,2"},
    {"AvgPool1d", "AvgPool1d(2)", "x: f32[B, 4, 10]", "p(x)", "", "B,4,5"},
    {"AvgPool2d", "AvgPool2d(2, stride=1)", "x: f32[B, 4, 10, 10]", "p(x)", "", "B,4,9,9"},
    {"AvgPool3d", "AvgPool3d(2)", "x: f32[B, 4, 4, 4, 4]", "p(x)", "", "B,4,2,2,2"},
    {"GlobalAvgPool", "GlobalAvgPool()", "x: f32[B, 4, H, W]", "p(x)", "", "B,4"},
    {"GlobalMaxPool", "GlobalMaxPool()", "x: f32[B, 4, 5, 5]", "p(x)", "", "B,4"},
    {"ReLU", "ReLU()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"ReLU6", "ReLU6()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"LeakyReLU", "LeakyReLU(0.2)", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"ELU", "ELU(alpha=2.0)", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"SELU", "SELU()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"Sigmoid", "Sigmoid()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"Tanh", "Tanh()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"GELU", "GELU()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"GELUTanh", "GELU(approximate=\"tanh\")", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"SiLU", "SiLU()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"Softplus", "Softplus()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"Mish", "Mish()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"Hardswish", "Hardswish()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"Hardsigmoid", "Hardsigmoid()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"Softmax", "Softmax(axis=0)", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"Dropout", "Dropout(0.1)", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"Identity", "Identity()", "x: f32[B, 4]", "p(x)", "", "B,4"},
    {"MultiheadAttention", "MultiheadAttention(8, 2)", "q: f32[B, S, 8], k: f32[B, T, 8]",
     "p(q, k, k)", "in_proj_weight[24,8] in_proj_bias[24] out_proj.weight[8,8] out_proj.bias[8]",
     "B,S,8"},
    {"MultiheadAttentionMasked", "MultiheadAttention(8, 2, bias=false)",
     "q: f32[B, S, 8], m: bool[B, S]", "p.masked(q, q, q, m, causal=true)",
     "in_proj_weight[24,8] out_proj.weight[8,8]", "B,S,8"},
    {"FeaturesLinear", "FeaturesLinear(9)", "ids: i64[B, F], v: f32[B, F]", "p(ids, v)",
     "fc.weight[9,1] bias[1]", "B"},
    {"FeaturesEmbedding", "FeaturesEmbedding(9, 4)", "ids: i64[B, F], v: f32[B, F]", "p(ids, v)",
     "embedding.weight[9,4]", "B,F,4"},
    {"MultiLayerPerceptron", "MultiLayerPerceptron(8, [4])", "x: f32[B, 8]", "p(x)",
     "mlp.0.weight[4,8] mlp.0.bias[4] mlp.1.running_mean[4] mlp.1.running_var[4] mlp.1.weight[4] "
     "mlp.1.bias[4] mlp.4.weight[1,4] mlp.4.bias[1]",
     "B,1"},
    {"MLP", "MLP(4, 16)", "x: f32[B, S, 4]", "p(x)",
     "c_fc.weight[4,16] c_fc.bias[16] c_proj.weight[16,4] c_proj.bias[4]", "B,S,4"},
    {"TransformerEncoderLayer", "TransformerEncoderLayer(8, 2, 16)", "x: f32[B, S, 8]", "p(x)",
     "self_attn.in_proj_weight[24,8] self_attn.in_proj_bias[24] self_attn.out_proj.weight[8,8] "
     "self_attn.out_proj.bias[8] linear1.weight[16,8] linear1.bias[16] linear2.weight[8,16] "
     "linear2.bias[8] norm1.weight[8] norm1.bias[8] norm2.weight[8] norm2.bias[8]",
     "B,S,8"},
    {"TransformerEncoder",
     "TransformerEncoder(1, 8, 2, 16, activation=\"gelu\", norm_first=true, final_norm=true)",
     "x: f32[B, S, 8], m: bool[B, S]", "p.masked(x, m)",
     "layers.0.self_attn.in_proj_weight[24,8] layers.0.self_attn.in_proj_bias[24] "
     "layers.0.self_attn.out_proj.weight[8,8] layers.0.self_attn.out_proj.bias[8] "
     "layers.0.linear1.weight[16,8] layers.0.linear1.bias[16] layers.0.linear2.weight[8,16] "
     "layers.0.linear2.bias[8] layers.0.norm1.weight[8] layers.0.norm1.bias[8] "
     "layers.0.norm2.weight[8] layers.0.norm2.bias[8] norm.weight[8] norm.bias[8]",
     "B,S,8"},
    {"TransformerDecoderLayer", "TransformerDecoderLayer(8, 2, 16, norm_first=true, bias=false)",
     "x: f32[B, S, 8], m: f32[B, T, 8]", "p(x, m)",
     "self_attn.in_proj_weight[24,8] self_attn.out_proj.weight[8,8] "
     "multihead_attn.in_proj_weight[24,8] multihead_attn.out_proj.weight[8,8] "
     "linear1.weight[16,8] linear2.weight[8,16] norm1.weight[8] norm2.weight[8] norm3.weight[8]",
     "B,S,8"},
    {"TransformerDecoder", "TransformerDecoder(1, 8, 2, 16)", "x: f32[B, S, 8], m: f32[B, T, 8]",
     "p(x, m, causal=false)",
     "layers.0.self_attn.in_proj_weight[24,8] layers.0.self_attn.in_proj_bias[24] "
     "layers.0.self_attn.out_proj.weight[8,8] layers.0.self_attn.out_proj.bias[8] "
     "layers.0.multihead_attn.in_proj_weight[24,8] layers.0.multihead_attn.in_proj_bias[24] "
     "layers.0.multihead_attn.out_proj.weight[8,8] layers.0.multihead_attn.out_proj.bias[8] "
     "layers.0.linear1.weight[16,8] layers.0.linear1.bias[16] layers.0.linear2.weight[8,16] "
     "layers.0.linear2.bias[8] layers.0.norm1.weight[8] layers.0.norm1.bias[8] "
     "layers.0.norm2.weight[8] layers.0.norm2.bias[8] layers.0.norm3.weight[8] "
     "layers.0.norm3.bias[8]",
     "B,S,8"},
};

class LibraryBlock : public ::testing::TestWithParam<Block> {};

TEST_P(LibraryBlock, WeightsAndShapes) {
  const Block &block = GetParam();
  std::string text = std::string("import std.nn\nmodel M {\n  part p: ") + block.part +
                     "\n  entry forward(" + block.arguments + ") {\n    return " + block.call +
                     "\n  }\n}\n";
  mlir::MLIRContext context;
  SourceMap sources;
  DiagnosticEngine diags(sources);
  language::CompileResult result =
      language::compileModel(context, sources.addFile("m.ncr", text), sources, diags, options());
  ASSERT_EQ(rendered(diags), "") << text;
  ASSERT_EQ(result.internalError, "");

  std::string weights;
  for (const language::WeightSummary &weight : result.summary.weights) {
    llvm::StringRef name = weight.source;
    EXPECT_TRUE(name.consume_front("p.")) << weight.source;
    EXPECT_TRUE(weight.used) << weight.source;
    if (!weights.empty())
      weights += ' ';
    weights += name.str() + "[";
    for (size_t i = 0; i < weight.shape.size(); ++i)
      weights += (i ? "," : "") + std::to_string(weight.shape[i]);
    weights += "]";
  }
  EXPECT_EQ(weights, block.weights);
  ASSERT_EQ(result.summary.entries.size(), 1u);
  ASSERT_EQ(result.summary.entries[0].results.size(), 1u);
  std::string shape;
  for (const std::string &size : result.summary.entries[0].results[0].shape)
    shape += (shape.empty() ? "" : ",") + size;
  EXPECT_EQ(shape, block.result);
}

INSTANTIATE_TEST_SUITE_P(All, LibraryBlock, ::testing::ValuesIn(blocks),
                         [](const auto &info) { return info.param.name; });

TEST(Library, UnknownActivation) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  FileId file = sources.addFile("m.ncr", "import std.activation\nmodel M {\n"
                                         "  entry f(x: f32[B]) { return activate(x, \"rleu\") }\n"
                                         "}\n");
  mlir::MLIRContext context;
  language::compileModel(context, file, sources, diags, options());
  EXPECT_NE(rendered(diags).find("m.ncr:3:31: error: no activation is called so"),
            std::string::npos)
      << rendered(diags);
}

} // namespace
