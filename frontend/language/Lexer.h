//===- Lexer.h - source text to tokens --------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_LANGUAGE_LEXER_H
#define NACRE_FRONTEND_LANGUAGE_LEXER_H

#include "frontend/diagnostics/Diagnostic.h"
#include "frontend/language/AST.h"

#include "llvm/ADT/StringRef.h"

#include <vector>

namespace nacre {

enum class TokenKind : uint8_t {
  EndOfFile,
  Identifier,
  Int,
  Float,
  String,
#define NACRE_KEYWORD(Name, text) Kw##Name,
#define NACRE_PUNCTUATION(Name, text) Name,
#include "frontend/language/Tokens.def"
};

struct Token {
  TokenKind kind = TokenKind::EndOfFile;
  /// The first token of its line. Lines end statements.
  bool startsLine = false;
  uint32_t begin = 0;
  uint32_t end = 0;
  /// How many comments of the file come before this token.
  uint32_t commentEnd = 0;
};

/// A file as tokens. The last one is EndOfFile.
struct TokenStream {
  FileId file = noFile;
  std::vector<Token> tokens;
  std::vector<ast::Comment> comments;
};

/// Largest source file that is read, in bytes.
inline constexpr size_t maxSourceBytes = 4u << 20;

/// Splits the text of `file` into tokens. Characters and literals that are not
/// of the language are reported and left out, or read as what was meant (a
/// full-width bracket, a string in single quotes). Time is linear in the text.
TokenStream lex(FileId file, DiagnosticEngine &diags);

/// The text of a keyword or punctuation; "" for the other kinds.
llvm::StringRef spelling(TokenKind kind);

/// True for a name that the language reserves.
bool isKeyword(llvm::StringRef name);

/// Decodes the escapes of a string literal, quotes included. Escapes were
/// checked by `lex`.
std::string decodeString(llvm::StringRef literal);

/// `text` as a string literal, the inverse of `decodeString`.
std::string quoteString(llvm::StringRef text);

} // namespace nacre

#endif // NACRE_FRONTEND_LANGUAGE_LEXER_H
