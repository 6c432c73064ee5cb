//===- ParserImpl.h - the parser's class ------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recursive descent over a token array, one token of lookahead (two where a
// name may be an argument's or a result's). After an error the parser is
// `panicking`: functions return at once without further reports, until the loop
// over statements or declarations finds a place to go on.
//
// Lines end statements. Inside brackets line breaks mean nothing; outside, an
// expression goes on where a line ends in an operator or the next one starts
// with '.'.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_PARSERIMPL_H
#define NACRE_FRONTEND_LANGUAGE_PARSERIMPL_H

#include "frontend/language/Lexer.h"
#include "frontend/language/Parser.h"

#include "llvm/ADT/SmallVector.h"

namespace nacre {

class Parser {
public:
  Parser(TokenStream stream, ast::AstContext &context, DiagnosticEngine &diags)
      : stream(std::move(stream)), context(context), diags(diags),
        text(diags.sourceMap().text(this->stream.file)) {}

  ast::SourceFile *parse();

private:
  //===--- tokens: Parser.cpp ---------------------------------------------===//

  const Token &token(size_t ahead = 0) const {
    size_t index = std::min(pos + ahead, stream.tokens.size() - 1);
    return stream.tokens[index];
  }
  bool is(TokenKind kind) const { return token().kind == kind; }
  bool isNext(TokenKind kind) const { return token(1).kind == kind; }
  /// An identifier that reads `word`.
  bool isWord(llvm::StringRef word) const {
    return is(TokenKind::Identifier) && spellingOf(token()) == word;
  }
  bool atEnd() const { return is(TokenKind::EndOfFile); }
  /// The current token belongs to the line of the expression before it.
  bool continues() const { return brackets != 0 || !token().startsLine; }
  void advance() {
    if (!atEnd())
      ++pos;
  }
  bool consume(TokenKind kind) {
    if (!is(kind))
      return false;
    advance();
    return true;
  }
  llvm::StringRef spellingOf(const Token &t) const { return text.slice(t.begin, t.end); }
  SourceRange rangeOf(const Token &t) const { return {stream.file, t.begin, t.end}; }
  SourceRange here() const { return rangeOf(token()); }
  /// From the start of `from` to the end of the last token consumed.
  SourceRange since(SourceRange from) const;
  SourceRange previousEnd() const;

  //===--- errors: Parser.cpp ---------------------------------------------===//

  /// Reports and starts to panic; a parser that panics already keeps silent.
  Diagnostic &error(SourceRange range, const llvm::Twine &message);
  /// "expected X, found Y" at the current token, or at the end of the line
  /// before it where the token is on a new line.
  Diagnostic &expected(const llvm::Twine &what);
  bool expect(TokenKind kind, const llvm::Twine &what);
  /// The closing bracket of `open`.
  bool close(TokenKind kind, SourceRange open);
  std::string describe(const Token &t) const;
  /// The token starts a statement or declaration on a new line, so that an
  /// open bracket before it was forgotten.
  bool startsStatement() const;
  bool startsMember() const;
  bool startsTopLevel() const;
  /// Blanks at the start of the line that the current token, or `offset`, is on.
  size_t indentation(uint32_t offset) const;
  /// Goes to the next line that can start a statement or member, past the
  /// token `before`, where what could not be read began.
  void synchronize(size_t before);
  /// Leaves the whole file after nesting that no file needs.
  void tooDeep();

  struct Nest {
    explicit Nest(Parser &parser) : parser(parser) {
      if (++parser.depth > maxTreeDepth)
        parser.tooDeep();
    }
    ~Nest() { --parser.depth; }
    Parser &parser;
  };
  struct Brackets {
    explicit Brackets(Parser &parser) : parser(parser) { ++parser.brackets; }
    ~Brackets() {
      if (!parser.panicking)
        --parser.brackets;
    }
    Parser &parser;
  };

  //===--- expressions: ParseExpr.cpp -------------------------------------===//

  ast::Expr *parseExpr();
  ast::Expr *parseBinary(unsigned level);
  ast::Expr *parseUnary();
  ast::Expr *parsePower();
  ast::Expr *parsePostfix();
  ast::Expr *parsePrimary();
  ast::Expr *parseInt();
  ast::Expr *parseFloat();
  ast::Expr *parseParens();
  ast::Expr *parseList();
  ast::Expr *parseIf();
  ast::Expr *parseScan();
  ast::Expr *parseCall(ast::Expr *callee);
  ast::Expr *parseIndex(ast::Expr *base);
  ast::Expr *parseMember(ast::Expr *base);
  bool parseIndexItem(ast::IndexItem &item);
  ast::Expr *errorExpr();
  /// Sets the height of `node` from its children, and gives up where it is
  /// too high.
  template <typename T>
  T *grow(T *node, std::initializer_list<const ast::Expr *> children);
  template <typename T>
  T *growOver(T *node, llvm::ArrayRef<ast::Expr *> children);

  //===--- patterns, statements: ParseStmt.cpp ----------------------------===//

  ast::Pattern *parsePattern(bool allowBareTuple);
  ast::Body parseBody();
  ast::Stmt *parseStmt();
  ast::Stmt *parseLet();
  ast::Stmt *parseIfStmt();
  ast::Stmt *parseFor();
  ast::Stmt *parseWhile();
  ast::Stmt *parseReturn();
  ast::Stmt *parseAssignOrExpr();
  /// An expression, or `a, b` as a tuple.
  ast::Expr *parseValue();
  bool checkTarget(const ast::Expr *target);
  void endStatement();

  //===--- types, declarations: ParseDecl.cpp -----------------------------===//

  ast::TypeRef *parseType();
  ast::TypeRef *parseTensorType(ast::Ident element);
  ast::TypeRef *parseTupleType();
  ast::Ident parseName(const llvm::Twine &what);
  /// `typeExample` is what an error suggests for a missing type; without one
  /// types may be missing.
  llvm::ArrayRef<ast::Param> parseParams(llvm::StringRef typeExample);
  ast::Decl *parseTopLevel();
  ast::ImportDecl *parseImport();
  ast::Decl *parseBlock();
  ast::Decl *parseMember(bool isModel);
  llvm::ArrayRef<ast::Decl *> parseMembers(bool isModel, SourceRange &range);
  ast::Decl *parseMemberIf(bool isModel);
  ast::Decl *parseFn();
  ast::Decl *parseConst();
  ast::Decl *parseWeight();
  ast::Decl *parseState();
  ast::Decl *parsePart();
  ast::FileName parseFileName();
  /// The text of the `///` lines that end right above the current token.
  llvm::StringRef docBefore();
  llvm::StringRef fileDoc();

  TokenStream stream;
  ast::AstContext &context;
  DiagnosticEngine &diags;
  llvm::StringRef text;
  size_t pos = 0;
  unsigned depth = 0;
  unsigned brackets = 0; ///< open ( and [ around the current token
  unsigned deepest = 0;  ///< highest expression of the body being read
  bool panicking = false;
  bool gaveUp = false;
  Diagnostic silenced; ///< takes the chained calls of errors while panicking
};

template <typename T>
T *Parser::grow(T *node, std::initializer_list<const ast::Expr *> children) {
  for (const ast::Expr *child : children)
    if (child && child->depth >= node->depth)
      node->depth = child->depth + 1;
  deepest = std::max<unsigned>(deepest, node->depth);
  if (node->depth > maxTreeDepth)
    tooDeep();
  return node;
}

template <typename T>
T *Parser::growOver(T *node, llvm::ArrayRef<ast::Expr *> children) {
  for (const ast::Expr *child : children)
    grow(node, {child});
  return node;
}

} // namespace nacre

#endif // NACRE_FRONTEND_LANGUAGE_PARSERIMPL_H
