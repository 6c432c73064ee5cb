//===- FormatterTest.cpp - the one layout -----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inputs/format/NAME.ncr formats to Inputs/format/NAME.expected.ncr.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Formatter.h"
#include "frontend/language/Layout.h"
#include "frontend/language/Lexer.h"
#include "frontend/language/Parser.h"

#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace nacre;

namespace {

class FormatterTest : public ::testing::TestWithParam<const char *> {
protected:
  FileId load(const std::string &name) {
    std::string error;
    FileId file = sources.loadFile(NACRE_TEST_INPUTS "/format/" + name, error);
    EXPECT_NE(file, noFile) << error;
    return file;
  }
  std::string format(FileId file) {
    DiagnosticEngine diags(sources);
    std::optional<std::string> text = formatFile(file, diags);
    std::string errors;
    llvm::raw_string_ostream out(errors);
    renderDiagnostics(out, diags);
    EXPECT_TRUE(text) << errors;
    return text.value_or("");
  }
  /// The text of the comments, sorted: a comment may change places with one
  /// that was inside an expression.
  std::vector<std::string> comments(FileId file) {
    DiagnosticEngine diags(sources);
    std::vector<std::string> result;
    for (const ast::Comment &comment : lex(file, diags).comments)
      result.push_back(comment.text.str());
    std::sort(result.begin(), result.end());
    return result;
  }
  /// The tokens that carry meaning: brackets and commas may come and go.
  std::string meaning(FileId file) {
    DiagnosticEngine diags(sources);
    std::string result;
    for (const Token &token : lex(file, diags).tokens)
      switch (token.kind) {
      case TokenKind::Comma:
      case TokenKind::LeftParen:
      case TokenKind::RightParen:
        break;
      default:
        result += sources.text(file).slice(token.begin, token.end).str() + " ";
      }
    return result;
  }

  SourceMap sources;
};

TEST_P(FormatterTest, Golden) {
  FileId input = load(std::string(GetParam()) + ".ncr");
  FileId expected = load(std::string(GetParam()) + ".expected.ncr");
  ASSERT_NE(input, noFile);
  ASSERT_NE(expected, noFile);
  std::string text = format(input);
  EXPECT_EQ(text, sources.text(expected).str());
  FileId output = sources.addFile("output.ncr", text);
  EXPECT_EQ(format(output), text) << "formatting again changes nothing";
  EXPECT_EQ(comments(input), comments(output));
  EXPECT_EQ(meaning(input), meaning(output));
  for (uint32_t line = 1; line <= sources.lineCount(output); ++line)
    EXPECT_LE(layout::columnsOf(sources.line(output, line)), formatWidth) << line;
}

INSTANTIATE_TEST_SUITE_P(Files, FormatterTest,
                         ::testing::Values("chinese", "comments", "expressions", "gpt2", "loops",
                                           "statements"),
                         [](const auto &info) { return std::string(info.param); });

class FormatText : public FormatterTest {};

TEST_F(FormatText, EmptyAndBlankFiles) {
  EXPECT_EQ(format(sources.addFile("a.ncr", "")), "");
  EXPECT_EQ(format(sources.addFile("a.ncr", "\n\n \n")), "");
  EXPECT_EQ(format(sources.addFile("a.ncr", "\n// a\n\n\n// b")), "// a\n\n// b\n");
}

TEST_F(FormatText, LineEndsBecomeUnix) {
  EXPECT_EQ(format(sources.addFile("a.ncr", "const a=1 // b\r\nconst c=2\r\n")),
            "const a = 1  // b\nconst c = 2\n");
}

TEST_F(FormatText, BrokenFilesAreLeftAlone) {
  DiagnosticEngine diags(sources);
  EXPECT_FALSE(formatFile(sources.addFile("a.ncr", "const a ="), diags));
  EXPECT_EQ(diags.errorCount(), 1u);
}

// Every prefix of every golden, cut anywhere, parses with or without errors
// and crashes nothing; where it parses, its layout is stable.
TEST_P(FormatterTest, EveryPrefix) {
  FileId input = load(std::string(GetParam()) + ".ncr");
  ASSERT_NE(input, noFile);
  llvm::StringRef all = sources.text(input);
  for (size_t length = 0; length < all.size(); length += 3) {
    SourceMap local;
    DiagnosticEngine diags(local);
    std::optional<std::string> text =
        formatFile(local.addFile("a.ncr", all.take_front(length).str()), diags);
    ASSERT_EQ(text.has_value(), !diags.hasErrors());
    if (!text)
      continue;
    DiagnosticEngine again(local);
    EXPECT_EQ(formatFile(local.addFile("b.ncr", *text), again), text);
  }
}

} // namespace
