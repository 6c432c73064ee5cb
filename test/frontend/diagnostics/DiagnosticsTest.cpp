//===- DiagnosticsTest.cpp - collecting and printing diagnostics *- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/diagnostics/Diagnostic.h"

#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace nacre;

namespace {

class DiagnosticsTest : public ::testing::Test {
protected:
  SourceRange find(FileId file, llvm::StringRef text) {
    size_t at = sources.text(file).find(text);
    EXPECT_NE(at, llvm::StringRef::npos) << text.str();
    return {file, static_cast<uint32_t>(at), static_cast<uint32_t>(at + text.size())};
  }
  std::string rendered(RenderOptions options = {}) {
    std::string text;
    llvm::raw_string_ostream out(text);
    renderDiagnostics(out, diags, options);
    return text;
  }

  SourceMap sources;
  DiagnosticEngine diags{sources};
};

TEST_F(DiagnosticsTest, LabelsShareTheLine) {
  FileId file = sources.addFile("gpt2.ncr", "block A(hidden: int) {\n"
                                            "  return x @ w\n"
                                            "}\n");
  diags.error(find(file, "@"), "'@' needs the inner dimensions to agree")
      .label(find(file, "x"), "f32[B, S, hidden]")
      .label(find(file, "w"), "f32[dim, 3*dim]   (weight w)")
      .note(find(file, "hidden"), "hidden = 4*dim, from 'hidden'");
  EXPECT_EQ(rendered(), "gpt2.ncr:2:12: error: '@' needs the inner dimensions to agree\n"
                        "    2 |   return x @ w\n"
                        "      |          ~ ^ ~ f32[dim, 3*dim]   (weight w)\n"
                        "      |          ~ f32[B, S, hidden]\n"
                        "note: hidden = 4*dim, from 'hidden' at gpt2.ncr:1:9\n");
}

TEST_F(DiagnosticsTest, WideCharactersKeepTheCaretInPlace) {
  FileId file = sources.addFile("a.ncr", "let 注意力 = 错 + b\n");
  diags.error(find(file, "错"), "unknown name");
  EXPECT_EQ(rendered(), "a.ncr:1:11: error: unknown name\n"
                        "    1 | let 注意力 = 错 + b\n"
                        "      |              ^^\n");
}

TEST_F(DiagnosticsTest, LabelsOnOtherLines) {
  FileId file = sources.addFile("a.ncr", "first\nsecond\nthird\nfourth\n");
  diags.error(find(file, "fourth"), "twice")
      .label(find(file, "first"), "first here")
      .label(find(file, "third"), "");
  EXPECT_EQ(rendered(), "a.ncr:4:1: error: twice\n"
                        "    1 | first\n"
                        "      | ~~~~~ first here\n"
                        "  ...\n"
                        "    3 | third\n"
                        "      | ~~~~~\n"
                        "    4 | fourth\n"
                        "      | ^^^^^^\n");
}

TEST_F(DiagnosticsTest, LabelInAnotherFileIsANote) {
  FileId a = sources.addFile("a.ncr", "x\n");
  FileId b = sources.addFile("b.ncr", "\nyy\n");
  diags.error(find(a, "x"), "clash").label(find(b, "yy"), "the other one");
  EXPECT_EQ(rendered(), "a.ncr:1:1: error: clash\n"
                        "    1 | x\n"
                        "      | ^\n"
                        "note: the other one at b.ncr:2:1\n");
}

TEST_F(DiagnosticsTest, EndOfFileAndTabs) {
  FileId file = sources.addFile("a.ncr", "\tx");
  diags.error({file, 2, 2}, "expected '}'");
  EXPECT_EQ(rendered(), "a.ncr:1:3: error: expected '}'\n"
                        "    1 |     x\n"
                        "      |      ^\n");
}

TEST_F(DiagnosticsTest, RangeOverSeveralLinesStopsAtTheFirst) {
  FileId file = sources.addFile("a.ncr", "ab\ncd\n");
  diags.error({file, 1, 5}, "long");
  EXPECT_EQ(rendered(), "a.ncr:1:2: error: long\n"
                        "    1 | ab\n"
                        "      |  ^\n");
}

TEST_F(DiagnosticsTest, ControlCharactersAreShownNotObeyed) {
  FileId file = sources.addFile("a.ncr", "a\x1b[31m\xff"
                                         "b\n");
  diags.error(find(file, "b"), "bad \x1b[0m text");
  EXPECT_EQ(rendered(), "a.ncr:1:8: error: bad \xEF\xBF\xBD[0m text\n"
                        "    1 | a\xEF\xBF\xBD[31m\xEF\xBF\xBD"
                        "b\n"
                        "      |        ^\n");
}

TEST_F(DiagnosticsTest, LongLinesGetAWindow) {
  FileId file =
      sources.addFile("a.ncr", std::string(1000, 'a') + "!" + std::string(1000, 'b') + "\n");
  diags.error(find(file, "!"), "here");
  std::string text = rendered();
  EXPECT_LT(text.size(), 600u);
  size_t lineStart = text.find("| ") + 2;
  size_t mark = text.find('!') - lineStart;
  size_t caretLine = text.rfind("| ") + 2;
  EXPECT_EQ(text.find('^') - caretLine, mark);
}

TEST_F(DiagnosticsTest, AtMostTwentyErrors) {
  FileId file = sources.addFile("a.ncr", std::string(30, 'x') + "\n");
  for (uint32_t i = 0; i < 30; ++i)
    diags.error({file, i, i + 1}, "no");
  std::string text = rendered();
  EXPECT_NE(text.find("and 10 more errors\n"), std::string::npos);
  EXPECT_NE(text.find("a.ncr:1:20:"), std::string::npos);
  EXPECT_EQ(text.find("a.ncr:1:21:"), std::string::npos);
  EXPECT_EQ(diags.errorCount(), 30u);
}

TEST_F(DiagnosticsTest, SameFaultIsKeptOnce) {
  FileId file = sources.addFile("a.ncr", "x\n");
  for (int i = 0; i < 5; ++i)
    diags.error({file, 0, 1}, "no").note("why");
  EXPECT_EQ(diags.errorCount(), 1u);
  EXPECT_EQ(diags.diagnostics().front().notes.size(), 1u);
}

TEST_F(DiagnosticsTest, SortedByPlace) {
  FileId file = sources.addFile("a.ncr", "xy\n");
  diags.warning({file, 1, 2}, "second");
  diags.error({file, 0, 1}, "first");
  std::string text = rendered();
  EXPECT_LT(text.find("error: first"), text.find("warning: second"));
  EXPECT_TRUE(diags.hasErrors());
  EXPECT_EQ(diags.warningCount(), 1u);
}

TEST_F(DiagnosticsTest, WithoutSource) {
  diags.errorAt("model.safetensors", "the header is cut off");
  diags.errorAt("", "no model given").note("try 'nacre compile model.ncr'");
  EXPECT_EQ(rendered(), "model.safetensors: error: the header is cut off\n"
                        "error: no model given\n"
                        "note: try 'nacre compile model.ncr'\n");
}

TEST_F(DiagnosticsTest, ManyFaultsStayBounded) {
  FileId file = sources.addFile("a.ncr", std::string(100000, 'x'));
  for (uint32_t i = 0; i < 100000; ++i)
    diags.error({file, i, i + 1}, "no");
  EXPECT_EQ(diags.errorCount(), 100000u);
  EXPECT_LE(diags.diagnostics().size(), 1000u);
}

TEST_F(DiagnosticsTest, DidYouMean) {
  FileId file = sources.addFile("a.ncr", "layer_nrom\n");
  SourceRange range = find(file, "layer_nrom");
  diags.error(range, "unknown name 'layer_nrom'")
      .didYouMean(range, nearestName("layer_nrom", {"softmax", "layer_norm"}));
  EXPECT_EQ(diags.diagnostics().front().message,
            "unknown name 'layer_nrom'; did you mean 'layer_norm'?");
  EXPECT_EQ(diags.diagnostics().front().fixes.front().replacement, "layer_norm");
}

TEST(NearestName, FindsMisspellings) {
  EXPECT_EQ(nearestName("sofmax", {"softmax", "sigmoid"}), "softmax");
  EXPECT_EQ(nearestName("layernorm", {"LayerNorm", "layer_nor"}), "LayerNorm");
  EXPECT_EQ(nearestName("h.0.attn.weigth", {"h.0.attn.bias", "h.0.attn.weight"}),
            "h.0.attn.weight");
  EXPECT_EQ(nearestName("x", {"y", "z"}), "");
  EXPECT_EQ(nearestName("completely", {"different"}), "");
  EXPECT_EQ(nearestName("a", {}), "");
  EXPECT_EQ(nearestName("same", {"same"}), "");
}

TEST(SourceMap, LinesAndColumns) {
  SourceMap sources;
  FileId file = sources.addFile("a", "ab\r\n维度x\n");
  EXPECT_EQ(sources.lineCount(file), 3u);
  EXPECT_EQ(sources.line(file, 1), "ab");
  EXPECT_EQ(sources.line(file, 2), "维度x");
  EXPECT_EQ(sources.line(file, 3), "");
  EXPECT_EQ(sources.line(file, 4), "");
  LineColumn at = sources.lineColumn(file, 10);
  EXPECT_EQ(at.line, 2u);
  EXPECT_EQ(at.column, 3u);
  at = sources.lineColumn(file, 1000);
  EXPECT_EQ(at.line, 3u);
}

TEST(SourceMap, MissingFile) {
  SourceMap sources;
  std::string error;
  EXPECT_EQ(sources.loadFile("/nonexistent/a.ncr", error), noFile);
  EXPECT_NE(error.find("cannot read '/nonexistent/a.ncr'"), std::string::npos);
  EXPECT_EQ(sources.loadFile("/", error), noFile);
  EXPECT_NE(error.find("directory"), std::string::npos);
}

} // namespace
