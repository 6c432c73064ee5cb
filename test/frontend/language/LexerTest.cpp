//===- LexerTest.cpp - source text to tokens --------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Lexer.h"

#include <gtest/gtest.h>

using namespace nacre;

namespace {

class LexerTest : public ::testing::Test {
protected:
  /// The tokens as text, "|" before one that starts a line.
  std::string tokens(std::string text) {
    FileId file = sources.addFile("a.ncr", text);
    stream = lex(file, diags);
    std::string result;
    for (const Token &token : stream.tokens) {
      if (token.kind == TokenKind::EndOfFile)
        break;
      if (token.startsLine)
        result += "|";
      result += sources.text(file).slice(token.begin, token.end).str() + " ";
    }
    return result;
  }

  SourceMap sources;
  DiagnosticEngine diags{sources};
  TokenStream stream;
};

TEST_F(LexerTest, LongestPunctuationWins) {
  EXPECT_EQ(tokens("a**b*c...d..e.f<=g<h->i-j"), "|a ** b * c ... d .. e . f <= g < h -> i - j ");
  EXPECT_FALSE(diags.hasErrors());
}

TEST_F(LexerTest, Numbers) {
  EXPECT_EQ(tokens("1 1_000 0xFF 1.5 1e-5 2.5e+3 0..n x[0].y 1.T"),
            "|1 1_000 0xFF 1.5 1e-5 2.5e+3 0 .. n x [ 0 ] . y 1 . T ");
  EXPECT_FALSE(diags.hasErrors());
  EXPECT_EQ(stream.tokens[0].kind, TokenKind::Int);
  EXPECT_EQ(stream.tokens[3].kind, TokenKind::Float);
  EXPECT_EQ(stream.tokens[4].kind, TokenKind::Float);
}

TEST_F(LexerTest, NamesOfAllScripts) {
  EXPECT_EQ(tokens("权重 größe имя _x1 x² αβ"), "|权重 größe имя _x1 x αβ ");
  EXPECT_EQ(diags.errorCount(), 1u) << "a superscript is no letter";
}

TEST_F(LexerTest, KeywordsAndContextualWords) {
  tokens("weight part state model block entry over axis carry scan let");
  for (size_t i = 0; i < 9; ++i)
    EXPECT_EQ(stream.tokens[i].kind, TokenKind::Identifier) << i;
  EXPECT_EQ(stream.tokens[9].kind, TokenKind::KwScan);
  EXPECT_EQ(stream.tokens[10].kind, TokenKind::KwLet);
  EXPECT_TRUE(isKeyword("let"));
  EXPECT_FALSE(isKeyword("weight"));
}

TEST_F(LexerTest, Comments) {
  EXPECT_EQ(tokens("// a\nx // b  \n/// doc\ny\n//// rule\n"), "|x |y ");
  ASSERT_EQ(stream.comments.size(), 4u);
  EXPECT_TRUE(stream.comments[0].ownLine);
  EXPECT_FALSE(stream.comments[1].ownLine);
  EXPECT_EQ(stream.comments[1].text, "// b");
  EXPECT_TRUE(stream.comments[2].isDoc);
  EXPECT_FALSE(stream.comments[3].isDoc);
  EXPECT_EQ(stream.tokens[1].commentEnd, 3u);
}

TEST_F(LexerTest, WindowsLineEndsAndByteOrderMark) {
  EXPECT_EQ(tokens("\xEF\xBB\xBF"
                   "a\r\nb // c\r\n"),
            "|a |b ");
  EXPECT_EQ(stream.comments[0].text, "// c");
  EXPECT_FALSE(diags.hasErrors());
}

TEST_F(LexerTest, BrokenEncodingIsReportedOnce) {
  tokens("a \xff\xfe b \"\xff\" // \xff");
  EXPECT_EQ(diags.errorCount(), 1u);
}

TEST_F(LexerTest, TooLarge) {
  tokens(std::string(maxSourceBytes + 1, 'a'));
  EXPECT_EQ(diags.errorCount(), 1u);
  EXPECT_EQ(stream.tokens.size(), 1u);
}

TEST(StringLiterals, RoundTrip) {
  for (std::string text : {"", "plain", "a\"b\\c", "\n\t\r", "中文", "\x01"})
    EXPECT_EQ(decodeString(quoteString(text)), text);
  EXPECT_EQ(decodeString("\"\\u{4E2D}\\u{41}\""), "中A");
  EXPECT_EQ(decodeString("\"open"), "open");
  EXPECT_EQ(decodeString(""), "");
}

} // namespace
