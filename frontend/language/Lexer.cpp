//===- Lexer.cpp - source text to tokens ------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Lexer.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Unicode.h"

using namespace nacre;
using llvm::StringRef;

StringRef nacre::spelling(TokenKind kind) {
  switch (kind) {
#define NACRE_KEYWORD(Name, text)                                                                  \
  case TokenKind::Kw##Name:                                                                        \
    return text;
#define NACRE_PUNCTUATION(Name, text)                                                              \
  case TokenKind::Name:                                                                            \
    return text;
#include "frontend/language/Tokens.def"
  default:
    return "";
  }
}

static TokenKind identifierKind(StringRef text) {
  return llvm::StringSwitch<TokenKind>(text)
#define NACRE_KEYWORD(Name, text) .Case(text, TokenKind::Kw##Name)
#include "frontend/language/Tokens.def"
      .Default(TokenKind::Identifier);
}

bool nacre::isKeyword(StringRef name) { return identifierKind(name) != TokenKind::Identifier; }

//===----------------------------------------------------------------------===//
// Characters
//===----------------------------------------------------------------------===//

/// The code point at the front of `text`, U+FFFD where it is not UTF-8.
static uint32_t decode(StringRef text, uint32_t &length) {
  auto *source = reinterpret_cast<const llvm::UTF8 *>(text.begin());
  auto *begin = source;
  auto *end = reinterpret_cast<const llvm::UTF8 *>(text.end());
  llvm::UTF32 codePoint = 0;
  if (llvm::convertUTF8Sequence(&source, end, &codePoint, llvm::strictConversion) ==
      llvm::conversionOK) {
    length = static_cast<uint32_t>(source - begin);
    return codePoint;
  }
  length = 1;
  return 0xFFFD;
}

/// Beyond ASCII every letter, ideograph and digit of any script may be in a
/// name; punctuation, symbols, blanks, invisible and private characters may
/// not.
static bool isNameCharacter(uint32_t c) {
  struct Range {
    uint32_t first, last;
  };
  static constexpr Range excluded[] = {
      {0x0080, 0x00A9}, {0x00AB, 0x00B4}, {0x00B6, 0x00B9},   {0x00BB, 0x00BF},   {0x00D7, 0x00D7},
      {0x00F7, 0x00F7}, {0x1680, 0x1680}, {0x2000, 0x206F},   {0x20A0, 0x20CF},   {0x2190, 0x2BFF},
      {0x2E00, 0x2E7F}, {0x3000, 0x3004}, {0x3008, 0x3020},   {0x3030, 0x3030},   {0xD800, 0xF8FF},
      {0xFE10, 0xFE1F}, {0xFE30, 0xFE6F}, {0xFEFF, 0xFEFF},   {0xFF00, 0xFF20},   {0xFF3B, 0xFF40},
      {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF}};
  for (Range range : excluded)
    if (c >= range.first && c <= range.last)
      return false;
  return c >= 0x80 && llvm::sys::unicode::isPrintable(c);
}

/// The ASCII character that `c` is the full-width form of, or 0: what an input
/// method for Chinese or Japanese leaves behind.
static char narrowForm(uint32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E)
    return static_cast<char>(c - 0xFEE0);
  switch (c) {
  case 0x3000:
  case 0x00A0:
    return ' ';
  case 0x3001:
    return ',';
  case 0x3010:
    return '[';
  case 0x3011:
    return ']';
  case 0x2018:
  case 0x2019:
    return '\'';
  case 0x201C:
  case 0x201D:
    return '"';
  case 0x2212:
    return '-';
  case 0x00D7:
    return '*';
  default:
    return 0;
  }
}

//===----------------------------------------------------------------------===//
// Lexer
//===----------------------------------------------------------------------===//

namespace {

class Lexer {
public:
  Lexer(FileId file, DiagnosticEngine &diags) : text(diags.sourceMap().text(file)), diags(diags) {
    result.file = file;
  }

  TokenStream run();

private:
  char at(size_t offset) const { return pos + offset < text.size() ? text[pos + offset] : '\0'; }
  SourceRange range(size_t begin, size_t end) const {
    return {result.file, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }
  void add(TokenKind kind, size_t begin);
  bool skipName();
  void number();
  void string(char quote);
  void comment(size_t begin);
  void punctuation();
  void strange();
  void checkEncoding();

  TokenStream result;
  StringRef text;
  DiagnosticEngine &diags;
  size_t pos = 0;
  bool startsLine = true;
};

} // namespace

void Lexer::add(TokenKind kind, size_t begin) {
  Token token;
  token.kind = kind;
  token.startsLine = startsLine;
  token.begin = static_cast<uint32_t>(begin);
  token.end = static_cast<uint32_t>(pos);
  token.commentEnd = static_cast<uint32_t>(result.comments.size());
  result.tokens.push_back(token);
  startsLine = false;
}

/// Skips the characters of a name. Returns whether there were any.
bool Lexer::skipName() {
  size_t begin = pos;
  while (pos < text.size()) {
    char c = text[pos];
    if (llvm::isAlnum(c) || c == '_') {
      ++pos;
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x80)
      break;
    uint32_t length;
    uint32_t codePoint = decode(text.drop_front(pos), length);
    if (codePoint == 0xFFFD || !isNameCharacter(codePoint))
      break;
    pos += length;
  }
  return pos != begin;
}

void Lexer::number() {
  size_t begin = pos;
  TokenKind kind = TokenKind::Int;
  auto digits = [&] {
    while (llvm::isDigit(at(0)) || (at(0) == '_' && llvm::isDigit(at(1))))
      ++pos;
  };
  if (at(0) == '0' && (at(1) == 'x' || at(1) == 'X') && llvm::isHexDigit(at(2))) {
    pos += 2;
    while (llvm::isHexDigit(at(0)) || (at(0) == '_' && llvm::isHexDigit(at(1))))
      ++pos;
  } else {
    digits();
    if (at(0) == '.' && llvm::isDigit(at(1))) {
      kind = TokenKind::Float;
      ++pos;
      digits();
    }
    bool hasSign = at(1) == '+' || at(1) == '-';
    if ((at(0) == 'e' || at(0) == 'E') && llvm::isDigit(at(hasSign ? 2 : 1))) {
      kind = TokenKind::Float;
      pos += hasSign ? 2 : 1;
      digits();
    }
    // `1.` alone; `1..` is a range of dimensions and `1.name` a member.
    if (kind == TokenKind::Int && at(0) == '.' && at(1) != '.' && !llvm::isAlpha(at(1)) &&
        at(1) != '_' && static_cast<unsigned char>(at(1)) < 0x80) {
      ++pos;
      kind = TokenKind::Float;
      StringRef written = text.slice(begin, pos);
      diags
          .error(range(begin, pos), "a number needs a digit after the point; "
                                    "write '" +
                                        written + "0'")
          .fix(range(begin, pos), written + "0");
    }
  }
  size_t end = pos;
  if (skipName()) {
    StringRef digitsText = text.slice(begin, end);
    StringRef rest = text.slice(end, pos);
    diags
        .error(range(begin, pos), "'" + digitsText + rest +
                                      "' is neither a number nor a name; "
                                      "a product is written '" +
                                      digitsText + " * " + rest + "'")
        .fix(range(begin, pos), digitsText + " * " + rest);
    pos = end;
    add(kind, begin);
    skipName();
    return;
  }
  add(kind, begin);
}

void Lexer::string(char quote) {
  size_t begin = pos++;
  while (pos < text.size() && text[pos] != '\n' && text[pos] != quote) {
    if (text[pos] != '\\') {
      ++pos;
      continue;
    }
    size_t escape = pos++;
    switch (at(0)) {
    case '"':
    case '\'':
    case '\\':
    case 'n':
    case 't':
    case 'r':
      ++pos;
      continue;
    case 'u': {
      StringRef rest = text.drop_front(pos + 1);
      uint32_t value = 0;
      size_t close = rest.take_front(8).find('}');
      if (rest.consume_front("{") && close != StringRef::npos &&
          !rest.take_front(close - 1).getAsInteger(16, value) && value <= 0x10FFFF &&
          !(value >= 0xD800 && value <= 0xDFFF)) {
        pos += close + 2;
        continue;
      }
      diags.error(range(escape, pos + 1),
                  "an escaped character is written '\\u{4E2D}', with one to "
                  "six hexadecimal digits");
      ++pos;
      continue;
    }
    default:
      diags.error(range(escape, std::min(pos + 1, text.size())),
                  "unknown escape; the language has \\\" \\\\ \\n \\t \\r and "
                  "\\u{...}");
      // The loop looks at what follows the backslash again: it may be the
      // end of the line or the closing quote of another kind.
      if (pos < text.size() && text[pos] != '\n')
        ++pos;
    }
  }
  bool isClosed = pos < text.size() && text[pos] == quote;
  if (isClosed)
    ++pos;
  if (!isClosed)
    diags.error(range(begin, pos), "this string is not closed on its line");
  else if (quote == '\'')
    diags.error(range(begin, pos), "strings are written in double quotes")
        .fix(range(begin, pos), quoteString(decodeString(text.slice(begin, pos))));
  add(TokenKind::String, begin);
}

/// A comment to the end of the line; `begin` is where it starts.
void Lexer::comment(size_t begin) {
  StringRef line = text.drop_front(begin).take_until([](char c) { return c == '\n'; });
  pos = begin + line.size();
  line = line.rtrim(" \t\r\v\f");
  ast::Comment result;
  result.range = range(begin, begin + line.size());
  result.text = line;
  // `////` and more is a rule drawn across the page, not documentation.
  result.isDoc = line.starts_with("///") && !line.starts_with("////");
  result.ownLine = startsLine;
  this->result.comments.push_back(result);
}

void Lexer::punctuation() {
  size_t begin = pos;
  StringRef rest = text.drop_front(pos);
#define NACRE_PUNCTUATION(Name, symbol)                                                            \
  if (rest.starts_with(symbol)) {                                                                  \
    pos += sizeof(symbol) - 1;                                                                     \
    add(TokenKind::Name, begin);                                                                   \
    return;                                                                                        \
  }
#include "frontend/language/Tokens.def"
  strange();
}

/// Characters that start no token. Those that other languages use are read as
/// what they mean there, so that one such habit costs one error.
void Lexer::strange() {
  size_t begin = pos;
  auto readAs = [&](StringRef written, StringRef meant, TokenKind kind) {
    pos += written.size();
    diags.error(range(begin, pos), "'" + written + "' is written '" + meant + "' here")
        .fix(range(begin, pos), meant);
    add(kind, begin);
  };
  StringRef rest = text.drop_front(pos);
  if (rest.starts_with("&&"))
    return readAs("&&", "and", TokenKind::KwAnd);
  if (rest.starts_with("||"))
    return readAs("||", "or", TokenKind::KwOr);
  if (rest.starts_with("!"))
    return readAs("!", "not", TokenKind::KwNot);
  if (rest.starts_with("#")) {
    diags.error(range(begin, begin + 1), "comments start with '//'")
        .fix(range(begin, begin + 1), "//");
    pos += rest.take_until([](char c) { return c == '\n'; }).size();
    return;
  }
  if (rest.starts_with("\\")) {
    ++pos;
    diags.error(range(begin, pos), "unexpected '\\'; inside brackets, and after an operator, an "
                                   "expression continues on the next line by itself");
    return;
  }

  uint32_t length;
  uint32_t codePoint = decode(rest, length);
  char narrow = codePoint == 0xFFFD ? 0 : narrowForm(codePoint);
  if (narrow && StringRef("()[]{},:;=<>+-*/%@.\"' ").contains(narrow)) {
    pos += length;
    StringRef meant(&narrow, 1);
    diags
        .error(range(begin, pos), "'" + rest.take_front(length) + "' is not the '" + meant +
                                      "' of the language; write the ASCII "
                                      "character")
        .fix(range(begin, pos), meant);
    if (narrow == '"' || narrow == '\'') {
      // Take the text up to the closing quote along, so that its words are not
      // read as names.
      StringRef line = text.drop_front(pos).take_until([](char c) { return c == '\n'; });
      size_t close = line.find_first_of("\"'");
      for (StringRef mark : {"\xE2\x80\x98", "\xE2\x80\x99", "\xE2\x80\x9C", "\xE2\x80\x9D"}) {
        size_t found = line.find(mark);
        if (found != StringRef::npos)
          close = std::min(close, found + mark.size() - 1);
      }
      if (close != StringRef::npos)
        pos += close + 1;
      add(TokenKind::String, begin);
      return;
    }
#define NACRE_PUNCTUATION(Name, symbol)                                                            \
  if (meant == symbol)                                                                             \
    return add(TokenKind::Name, begin);
#include "frontend/language/Tokens.def"
    return;
  }

  // One error for a run of such characters: a binary file has many. What is not
  // UTF-8 was reported at the start.
  bool isUtf8 = true;
  while (pos < text.size()) {
    char c = text[pos];
    unsigned char byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      if (llvm::isPrint(c) && !StringRef("$?`^~&|").contains(c))
        break;
      if (c == '\n' || c == ' ' || c == '\t' || c == '\r')
        break;
      ++pos;
      continue;
    }
    codePoint = decode(text.drop_front(pos), length);
    if (codePoint == 0xFFFD)
      isUtf8 = false;
    else if (pos != begin && (isNameCharacter(codePoint) || narrowForm(codePoint)))
      break;
    pos += length;
  }
  if (pos == begin)
    ++pos;
  StringRef shown = text.slice(begin, pos);
  if (isUtf8)
    diags.error(range(begin, pos), "'" + shown + "' has no meaning here");
}

/// Reports the first byte that is not UTF-8, in comments and strings too.
void Lexer::checkEncoding() {
  auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.begin());
  auto *end = reinterpret_cast<const llvm::UTF8 *>(text.end());
  const llvm::UTF8 *at = begin;
  if (!llvm::isLegalUTF8String(&at, end))
    diags.error(range(at - begin, at - begin + 1),
                "this is not UTF-8 text; save the file in UTF-8");
}

TokenStream Lexer::run() {
  if (text.size() > maxSourceBytes) {
    diags.errorAt(diags.sourceMap().name(result.file),
                  "the file is larger than 4 MB, which no model file is");
    add(TokenKind::EndOfFile, pos);
    return std::move(result);
  }
  if (text.starts_with("\xEF\xBB\xBF"))
    pos = 3;
  checkEncoding();
  while (pos < text.size()) {
    char c = text[pos];
    if (c == '\n') {
      startsLine = true;
      ++pos;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f') {
      ++pos;
    } else if (c == '/' && at(1) == '/') {
      comment(pos);
    } else if (c == '/' && at(1) == '*') {
      size_t close = text.find("*/", pos + 2);
      size_t end = close == StringRef::npos ? text.size() : close + 2;
      diags.error(range(pos, pos + 2), "comments start with '//' and end with the line");
      if (text.slice(pos, end).contains('\n'))
        startsLine = true;
      pos = end;
    } else if (llvm::isDigit(c)) {
      number();
    } else if (c == '.' && llvm::isDigit(at(1)) &&
               (result.tokens.empty() || result.tokens.back().end != pos || startsLine)) {
      size_t begin = pos++;
      while (llvm::isDigit(at(0)))
        ++pos;
      StringRef written = text.slice(begin, pos);
      diags
          .error(range(begin, pos), "a number needs a digit before the point; "
                                    "write '0" +
                                        written + "'")
          .fix(range(begin, pos), "0" + written);
      add(TokenKind::Float, begin);
    } else if (c == '"' || c == '\'') {
      string(c);
    } else {
      size_t begin = pos;
      if (skipName())
        add(identifierKind(text.slice(begin, pos)), begin);
      else
        punctuation();
    }
  }
  startsLine = true;
  add(TokenKind::EndOfFile, pos);
  return std::move(result);
}

TokenStream nacre::lex(FileId file, DiagnosticEngine &diags) { return Lexer(file, diags).run(); }

//===----------------------------------------------------------------------===//
// String literals
//===----------------------------------------------------------------------===//

std::string nacre::decodeString(StringRef literal) {
  char quote = literal.empty() ? '"' : literal.front();
  literal = literal.drop_front(literal.empty() ? 0 : 1);
  std::string value;
  while (!literal.empty() && literal.front() != quote) {
    char c = literal.front();
    literal = literal.drop_front();
    if (c != '\\' || literal.empty()) {
      value.push_back(c);
      continue;
    }
    c = literal.front();
    literal = literal.drop_front();
    switch (c) {
    case 'n':
      value.push_back('\n');
      break;
    case 't':
      value.push_back('\t');
      break;
    case 'r':
      value.push_back('\r');
      break;
    case 'u': {
      auto [digits, rest] = literal.split('}');
      uint32_t codePoint = 0;
      char buffer[UNI_MAX_UTF8_BYTES_PER_CODE_POINT];
      char *end = buffer;
      if (digits.consume_front("{") && !digits.getAsInteger(16, codePoint) &&
          llvm::ConvertCodePointToUTF8(codePoint, end)) {
        value.append(buffer, end);
        literal = rest;
      }
      break;
    }
    default:
      value.push_back(c);
    }
  }
  return value;
}

std::string nacre::quoteString(StringRef text) {
  std::string result = "\"";
  for (char c : text) {
    switch (c) {
    case '"':
      result += "\\\"";
      break;
    case '\\':
      result += "\\\\";
      break;
    case '\n':
      result += "\\n";
      break;
    case '\t':
      result += "\\t";
      break;
    case '\r':
      result += "\\r";
      break;
    default:
      // Other control characters are legal in a literal but not visible.
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
        result += "\\u{" + llvm::utohexstr(static_cast<unsigned char>(c)) + "}";
      else
        result.push_back(c);
    }
  }
  return result + "\"";
}
