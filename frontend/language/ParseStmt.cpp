//===- ParseStmt.cpp - parsing statements and patterns ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/ParserImpl.h"

#include <optional>

using namespace nacre;
using namespace nacre::ast;

/// `x`, `_`, `[a, b]`, `(a, b)`, and `a, b` where `allowBareTuple`.
Pattern *Parser::parsePattern(bool allowBareTuple) {
  Nest nest(*this);
  SourceRange start = here();
  auto *pattern = context.create<Pattern>();
  pattern->kind = Pattern::Kind::Ignore;
  pattern->range = start;
  if (panicking)
    return pattern;

  bool isList = is(TokenKind::LeftBracket);
  if (isList || is(TokenKind::LeftParen)) {
    advance();
    TokenKind closing = isList ? TokenKind::RightBracket : TokenKind::RightParen;
    llvm::SmallVector<Pattern *, 4> elements;
    {
      Brackets inside(*this);
      while (!panicking && !atEnd() && !is(closing)) {
        elements.push_back(parsePattern(false));
        if (!consume(TokenKind::Comma))
          break;
      }
      close(closing, start);
    }
    pattern->range = since(start);
    if (elements.empty() && !panicking)
      error(pattern->range, "expected a name between the brackets");
    if (!isList && elements.size() == 1)
      return elements.front();
    pattern->kind = isList ? Pattern::Kind::List : Pattern::Kind::Tuple;
    pattern->elements = context.copy(ArrayRef<Pattern *>(elements));
  } else {
    Ident name = parseName("a name");
    if (name.text != "_" && !name.empty()) {
      pattern->kind = Pattern::Kind::Name;
      pattern->name = name;
    }
  }

  if (!allowBareTuple || panicking || !is(TokenKind::Comma) || !continues())
    return pattern;
  llvm::SmallVector<Pattern *, 4> elements{pattern};
  while (!panicking && consume(TokenKind::Comma))
    elements.push_back(parsePattern(false));
  auto *tuple = context.create<Pattern>();
  tuple->kind = Pattern::Kind::Tuple;
  tuple->range = since(start);
  tuple->elements = context.copy(ArrayRef<Pattern *>(elements));
  return tuple;
}

/// `{ statements }`. Statements that could not be read are left out.
Body Parser::parseBody() {
  Nest nest(*this);
  Body body;
  SourceRange open = here();
  body.range = open;
  if (!expect(TokenKind::LeftBrace, "'{'"))
    return body;
  size_t ownIndentation = indentation(open.begin);
  unsigned outerBrackets = brackets;
  brackets = 0;
  llvm::SmallVector<Stmt *, 8> stmts;
  bool isOpen = false;
  while (!is(TokenKind::RightBrace)) {
    size_t before = pos;
    bool isMember = startsMember();
    if (atEnd() || startsTopLevel() || (isMember && indentation(token().begin) <= ownIndentation)) {
      isOpen = true;
      break;
    }
    if (isMember) {
      SourceRange where = here();
      StringRef word = spellingOf(token());
      if (is(TokenKind::KwFn))
        error(where, "functions inside a function are written "
                     "'let f(x) = ...'");
      else
        error(where, "'" + word + "' belongs in the block, not in a function");
      panicking = gaveUp;
      parseMember(/*isModel=*/true);
    } else if (Stmt *stmt = parseStmt()) {
      stmts.push_back(stmt);
    }
    if (panicking)
      synchronize(before);
    if (pos == before)
      advance();
  }
  brackets = outerBrackets;
  if (!isOpen)
    advance();
  else if (!gaveUp)
    error(open, "this '{' is never closed");
  body.range = since(open);
  body.stmts = context.copy(ArrayRef<Stmt *>(stmts));
  return body;
}

/// After a statement: the end of the line, or of the body.
void Parser::endStatement() {
  if (panicking || atEnd())
    return;
  if (is(TokenKind::Semicolon)) {
    diags.error(here(), "statements end with the line; remove the ';'").fix(here(), "");
    while (consume(TokenKind::Semicolon)) {
    }
    return;
  }
  if (token().startsLine || is(TokenKind::RightBrace))
    return;
  if (is(TokenKind::RightParen) || is(TokenKind::RightBracket)) {
    error(here(), "this " + describe(token()) + " closes nothing");
    return;
  }
  expected("the end of the statement");
}

Stmt *Parser::parseStmt() {
  Nest nest(*this);
  if (panicking)
    return nullptr;
  Stmt *stmt = nullptr;
  SourceRange start = here();
  switch (token().kind) {
  case TokenKind::KwLet:
  case TokenKind::KwVar:
  case TokenKind::KwConst:
    stmt = parseLet();
    break;
  case TokenKind::KwIf:
    stmt = parseIfStmt();
    break;
  case TokenKind::KwFor:
    stmt = parseFor();
    break;
  case TokenKind::KwWhile:
    stmt = parseWhile();
    break;
  case TokenKind::KwReturn:
  case TokenKind::KwYield:
    stmt = parseReturn();
    break;
  case TokenKind::KwBreak:
    advance();
    stmt = context.create<BreakStmt>(start);
    break;
  case TokenKind::KwContinue:
    advance();
    stmt = context.create<ContinueStmt>(start);
    break;
  case TokenKind::KwElse:
    error(start, "this 'else' belongs to no 'if'");
    return nullptr;
  default:
    stmt = parseAssignOrExpr();
  }
  endStatement();
  return stmt;
}

Stmt *Parser::parseLet() {
  SourceRange start = here();
  LetStmt::Mode mode = is(TokenKind::KwLet)   ? LetStmt::Mode::Let
                       : is(TokenKind::KwVar) ? LetStmt::Mode::Var
                                              : LetStmt::Mode::Const;
  advance();
  if (isWord("mut") && isNext(TokenKind::Identifier)) {
    error(start.to(here()), "a variable that changes is declared with 'var'")
        .fix(start.to(here()), "var");
    return nullptr;
  }
  if (mode == LetStmt::Mode::Let && is(TokenKind::Identifier) && isNext(TokenKind::LeftParen) &&
      !token(1).startsLine) {
    Ident name = parseName("a name");
    ArrayRef<Param> params = parseParams(/*typeExample=*/"");
    if (!panicking && is(TokenKind::LeftBrace))
      error(here(), "a local function is one expression: "
                    "'let f(x) = ...'");
    expect(TokenKind::Equal, "'='");
    Expr *value = parseExpr();
    return context.create<LetFnStmt>(since(start), name, params, value);
  }
  Pattern *pattern = parsePattern(/*allowBareTuple=*/true);
  TypeRef *type = nullptr;
  if (!panicking && consume(TokenKind::Colon))
    type = parseType();
  expect(TokenKind::Equal, "'='");
  Expr *value = parseValue();
  return context.create<LetStmt>(since(start), mode, pattern, type, value);
}

Stmt *Parser::parseIfStmt() {
  Nest nest(*this);
  SourceRange start = here();
  advance();
  Expr *condition = parseExpr();
  Body thenBody = parseBody();
  Body elseBody;
  bool hasElse = false;
  if (!panicking && isWord("elif")) {
    error(here(), "'elif' is written 'else if'").fix(here(), "else if");
  } else if (!panicking && consume(TokenKind::KwElse)) {
    hasElse = true;
    if (is(TokenKind::KwIf)) {
      Stmt *inner = parseIfStmt();
      elseBody.range = inner->range;
      elseBody.stmts = context.copy(ArrayRef<Stmt *>(inner));
    } else {
      elseBody = parseBody();
    }
  }
  return context.create<IfStmt>(since(start), condition, thenBody, hasElse, elseBody);
}

Stmt *Parser::parseFor() {
  SourceRange start = here();
  advance();
  Pattern *pattern = parsePattern(/*allowBareTuple=*/true);
  expect(TokenKind::KwIn, "'in'");
  Expr *iterable = parseExpr();
  Body body = parseBody();
  return context.create<ForStmt>(since(start), pattern, iterable, body);
}

Stmt *Parser::parseWhile() {
  SourceRange start = here();
  advance();
  Expr *condition = parseExpr();
  Body body = parseBody();
  return context.create<WhileStmt>(since(start), condition, body);
}

/// `return a, b` and `yield a`.
Stmt *Parser::parseReturn() {
  SourceRange start = here();
  bool isReturn = is(TokenKind::KwReturn);
  advance();
  llvm::SmallVector<Expr *, 2> values;
  if (token().startsLine || is(TokenKind::RightBrace)) {
    error(start, "'" + diags.sourceMap().text(start) + "' needs a value");
  } else {
    do
      values.push_back(parseExpr());
    while (!panicking && consume(TokenKind::Comma));
  }
  ArrayRef<Expr *> list = context.copy(ArrayRef<Expr *>(values));
  if (values.size() == 1)
    if (auto *tuple = llvm::dyn_cast<TupleExpr>(values.front()))
      list = tuple->elements;
  if (isReturn)
    return context.create<ReturnStmt>(since(start), list);
  return context.create<YieldStmt>(since(start), list);
}

static std::optional<BinaryOp> compoundOperator(TokenKind kind) {
  switch (kind) {
  case TokenKind::PlusEqual:
    return BinaryOp::Add;
  case TokenKind::MinusEqual:
    return BinaryOp::Sub;
  case TokenKind::StarEqual:
    return BinaryOp::Mul;
  case TokenKind::SlashEqual:
    return BinaryOp::Div;
  case TokenKind::PercentEqual:
    return BinaryOp::Rem;
  case TokenKind::AtEqual:
    return BinaryOp::MatMul;
  default:
    return std::nullopt;
  }
}

/// A name, an index of a name, or a list or tuple of names.
bool Parser::checkTarget(const Expr *target) {
  const Expr *base = target;
  if (auto *index = llvm::dyn_cast<IndexExpr>(target))
    base = index->base;
  if (llvm::isa<NameExpr, ErrorExpr>(base))
    return true;
  ArrayRef<Expr *> elements;
  if (auto *list = llvm::dyn_cast<ListExpr>(target))
    elements = list->elements;
  else if (auto *tuple = llvm::dyn_cast<TupleExpr>(target))
    elements = tuple->elements;
  if (elements.empty()) {
    diags.error(target->range, "only a variable or a state can be assigned");
    return false;
  }
  for (const Expr *element : elements)
    if (!checkTarget(element))
      return false;
  return true;
}

Expr *Parser::parseValue() {
  SourceRange start = here();
  Expr *first = parseExpr();
  if (panicking || !is(TokenKind::Comma) || !continues())
    return first;
  llvm::SmallVector<Expr *, 4> elements{first};
  while (!panicking && consume(TokenKind::Comma))
    elements.push_back(parseExpr());
  return growOver(context.create<TupleExpr>(since(start), context.copy(ArrayRef<Expr *>(elements))),
                  elements);
}

Stmt *Parser::parseAssignOrExpr() {
  SourceRange start = here();
  Expr *target = parseValue();
  if (panicking || !continues())
    return context.create<ExprStmt>(since(start), target);

  if (is(TokenKind::Colon) && isNext(TokenKind::Equal)) {
    error(here().to(rangeOf(token(1))), "a new variable is declared with "
                                        "'let' or 'var'");
    return nullptr;
  }
  std::optional<BinaryOp> compound = compoundOperator(token().kind);
  if (!compound && !is(TokenKind::Equal)) {
    if (auto *name = llvm::dyn_cast<NameExpr>(target);
        name && !token().startsLine && is(TokenKind::Identifier)) {
      static constexpr StringRef words[] = {"let",   "var",   "const", "return",
                                            "yield", "while", "for",   "if"};
      StringRef near = nearestName(name->name, words);
      if (!near.empty()) {
        error(name->range, "'" + name->name + "' starts no statement")
            .didYouMean(name->range, near);
        return nullptr;
      }
      // `int x = 3` of C.
      if (isNext(TokenKind::Equal)) {
        error(name->range, "a new variable is declared with 'let' or 'var'")
            .fix(name->range, "let");
        return nullptr;
      }
    }
    return context.create<ExprStmt>(since(start), target);
  }
  SourceRange opRange = here();
  advance();
  Expr *value = parseValue();
  if (!panicking)
    checkTarget(target);
  return context.create<AssignStmt>(since(start), target, compound.has_value(),
                                    compound.value_or(BinaryOp::Add), opRange, value);
}
