//===- ParseDecl.cpp - parsing types and declarations -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/ParserImpl.h"

using namespace nacre;
using namespace nacre::ast;

Ident Parser::parseName(const llvm::Twine &what) {
  if (panicking)
    return {};
  if (!continues()) {
    expected(what);
    return {};
  }
  if (is(TokenKind::Identifier)) {
    Ident name{spellingOf(token()), here()};
    advance();
    return name;
  }
  if (isKeyword(spellingOf(token())))
    error(here(), "'" + spellingOf(token()) + "' is a word of the language and cannot be a name");
  else
    expected(what);
  return {};
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

TypeRef *Parser::parseType() {
  Nest nest(*this);
  SourceRange start = here();
  if (!panicking && is(TokenKind::LeftBracket)) {
    advance();
    TypeRef *element;
    {
      Brackets inside(*this);
      element = parseType();
      close(TokenKind::RightBracket, start);
    }
    return context.create<ListType>(since(start), element);
  }
  if (!panicking && is(TokenKind::LeftParen))
    return parseTupleType();
  // A `fn` on the next line is a member behind a type that is missing.
  if (!panicking && is(TokenKind::KwFn) && continues()) {
    StringRef name = spellingOf(token());
    advance();
    return context.create<NamedType>(start, name);
  }
  Ident name = parseName("a type such as f32[B, S] or int");
  if (panicking)
    return context.create<ErrorType>(start);
  if (is(TokenKind::LeftBracket) && continues())
    return parseTensorType(name);
  return context.create<NamedType>(name.range, name.text);
}

TypeRef *Parser::parseTensorType(Ident element) {
  SourceRange open = here();
  advance();
  llvm::SmallVector<Dim, 4> dims;
  {
    Brackets inside(*this);
    while (!panicking && !atEnd() && !is(TokenKind::RightBracket)) {
      Dim dim;
      dim.range = here();
      if (consume(TokenKind::DotDot)) {
        dim.kind = Dim::Kind::Leading;
      } else if (is(TokenKind::Ellipsis)) {
        diags
            .error(here(), "leading dimensions are written '..' in a type; "
                           "'...' belongs in an index")
            .fix(here(), "..");
        advance();
        dim.kind = Dim::Kind::Leading;
      } else if (is(TokenKind::Colon)) {
        error(here(), "every dimension of a type has a size; a name with a "
                      "capital letter, such as B, stands for any size");
        break;
      } else {
        Expr *size = parseExpr();
        dim.kind = Dim::Kind::Size;
        dim.size = size;
        auto *compare = llvm::dyn_cast<BinaryExpr>(size);
        if (compare && compare->op == BinaryOp::Le && !compare->parenthesised) {
          dim.kind = Dim::Kind::Bounded;
          dim.size = compare->lhs;
          dim.bound = compare->rhs;
        }
        dim.range = size->range;
      }
      dims.push_back(dim);
      if (!consume(TokenKind::Comma))
        break;
    }
    close(TokenKind::RightBracket, open);
  }
  return context.create<TensorType>(since(element.range), element,
                                    context.copy(ArrayRef<Dim>(dims)));
}

TypeRef *Parser::parseTupleType() {
  SourceRange open = here();
  advance();
  llvm::SmallVector<TupleField, 4> fields;
  {
    Brackets inside(*this);
    while (!panicking && !atEnd() && !is(TokenKind::RightParen)) {
      TupleField field;
      if (is(TokenKind::Identifier) && isNext(TokenKind::Colon)) {
        field.name = parseName("a name");
        advance();
      }
      field.type = parseType();
      fields.push_back(field);
      if (!consume(TokenKind::Comma))
        break;
    }
    close(TokenKind::RightParen, open);
  }
  if (fields.empty() && !panicking)
    error(since(open), "expected a type between '(' and ')'");
  return context.create<TupleType>(since(open), context.copy(ArrayRef<TupleField>(fields)));
}

/// `(name: type = default, ...)`; the current token should be '('.
ArrayRef<Param> Parser::parseParams(StringRef typeExample) {
  bool needTypes = !typeExample.empty();
  SourceRange open = here();
  if (!expect(TokenKind::LeftParen, "'('"))
    return {};
  llvm::SmallVector<Param, 8> params;
  {
    Brackets inside(*this);
    while (!panicking && !atEnd() && !is(TokenKind::RightParen)) {
      Param param;
      param.doc = docBefore();
      param.range = here();
      param.name = parseName("the name of a parameter");
      param.type = nullptr;
      param.defaultValue = nullptr;
      if (!panicking && consume(TokenKind::Colon))
        param.type = parseType();
      else if (!panicking && needTypes) {
        // `int x` of C is the likely mistake; anything else lacks a type.
        if (is(TokenKind::Identifier))
          error(param.range.to(here()), "a parameter is written 'name: type'");
        else
          diags.error(param.name.range, "parameter '" + param.name.text +
                                            "' needs a type, as in '" + param.name.text + ": " +
                                            typeExample + "'");
        param.type = context.create<ErrorType>(param.name.range);
      }
      if (!panicking && consume(TokenKind::Equal))
        param.defaultValue = parseExpr();
      if (needTypes && !param.type)
        param.type = context.create<ErrorType>(param.name.range);
      param.range = since(param.range);
      params.push_back(param);
      if (!consume(TokenKind::Comma))
        break;
    }
    close(TokenKind::RightParen, open);
  }
  return context.copy(ArrayRef<Param>(params));
}

//===----------------------------------------------------------------------===//
// Declarations at the top of a file
//===----------------------------------------------------------------------===//

Decl *Parser::parseTopLevel() {
  switch (token().kind) {
  case TokenKind::KwImport:
    return parseImport();
  case TokenKind::KwFn:
    return parseFn();
  case TokenKind::KwConst:
    return parseConst();
  case TokenKind::KwLet:
  case TokenKind::KwVar:
    error(here(), "at the top of a file a value is declared with 'const'").fix(here(), "const");
    return nullptr;
  case TokenKind::RightBrace:
  case TokenKind::Semicolon:
    return nullptr;
  case TokenKind::Identifier: {
    StringRef word = spellingOf(token());
    if (word == "model" || word == "block")
      return parseBlock();
    if (word == "weight" || word == "part" || word == "state") {
      error(here(), "'" + word + "' belongs inside a block or a model");
      return nullptr;
    }
    if (word == "entry") {
      error(here(), "'entry' belongs inside a model");
      return nullptr;
    }
    if (word == "def" || word == "func" || word == "function") {
      error(here(), "functions are declared with 'fn'").fix(here(), "fn");
      return nullptr;
    }
    if (word == "from") {
      error(here(), "an import is written 'import folder.file'");
      return nullptr;
    }
    if (word == "class" || word == "struct" || word == "module") {
      error(here(), "'" + word +
                        "' is written 'block', or 'model' for what is "
                        "compiled")
          .fix(here(), "block");
      return nullptr;
    }
    static constexpr StringRef words[] = {"import", "model", "block", "fn", "const"};
    Diagnostic &diagnostic = error(here(), "expected a declaration: import, model, block, fn or "
                                           "const; found '" +
                                               word + "'");
    diagnostic.didYouMean(here(), nearestName(word, words));
    return nullptr;
  }
  default:
    error(here(), "expected a declaration: import, model, block, fn or const; "
                  "found " +
                      describe(token()));
    return nullptr;
  }
}

ImportDecl *Parser::parseImport() {
  SourceRange start = here();
  advance();
  if (is(TokenKind::String)) {
    error(here(), "a file is imported by its name with dots, as in "
                  "'import folder.file'");
    return nullptr;
  }
  SourceRange pathStart = here();
  llvm::SmallVector<Ident, 4> path;
  do
    path.push_back(parseName("the name of a file, as in 'import std.nn'"));
  while (!panicking && !token().startsLine && consume(TokenKind::Dot));
  if (!panicking && is(TokenKind::KwAs) && continues())
    error(here(), "an import has no other name: what the file declares is "
                  "visible as it is");
  if (panicking)
    return nullptr;
  return context.create<ImportDecl>(since(start), context.copy(ArrayRef<Ident>(path)),
                                    since(pathStart));
}

/// `block` or `model`, which is the current token.
Decl *Parser::parseBlock() {
  SourceRange start = here();
  bool isModel = isWord("model");
  advance();
  Ident name = parseName(isModel ? "the name of the model" : "the name of the block");
  ArrayRef<Param> params;
  if (!panicking && is(TokenKind::LeftParen))
    params = parseParams("int");
  SourceRange bodyRange;
  ArrayRef<Decl *> members = parseMembers(isModel, bodyRange);
  return context.create<BlockDecl>(since(start), name, isModel, params, bodyRange, members);
}

/// `fn name(params) -> type { ... }`, `fn (params) ...`, `entry name ...`.
Decl *Parser::parseFn() {
  SourceRange start = here();
  bool isEntry = !is(TokenKind::KwFn);
  advance();
  Ident name;
  if (isEntry || !is(TokenKind::LeftParen))
    name = parseName(isEntry ? "the name of the entry" : "the name of the function, or '('");
  ArrayRef<Param> params = parseParams("f32[B, S]");
  TypeRef *result = nullptr;
  if (!panicking && consume(TokenKind::Arrow))
    result = parseType();
  else if (!panicking && is(TokenKind::Colon))
    error(here(), "the type of the result follows '->'").fix(here(), " ->");
  Body body = parseBody();
  return context.create<FnDecl>(since(start), name, isEntry, params, result, body);
}

Decl *Parser::parseConst() {
  SourceRange start = here();
  advance();
  Ident name = parseName("the name of the constant");
  TypeRef *type = nullptr;
  if (!panicking && consume(TokenKind::Colon))
    type = parseType();
  expect(TokenKind::Equal, "'='");
  Expr *value = parseExpr();
  return context.create<ConstDecl>(since(start), name, type, value);
}

//===----------------------------------------------------------------------===//
// Members of blocks
//===----------------------------------------------------------------------===//

ArrayRef<Decl *> Parser::parseMembers(bool isModel, SourceRange &range) {
  Nest nest(*this);
  SourceRange open = here();
  range = open;
  if (!expect(TokenKind::LeftBrace, "'{'"))
    return {};
  llvm::SmallVector<Decl *, 16> members;
  bool isOpen = false;
  while (!is(TokenKind::RightBrace)) {
    if (atEnd() || startsTopLevel()) {
      isOpen = true;
      break;
    }
    size_t before = pos;
    StringRef doc = docBefore();
    if (Decl *member = parseMember(isModel)) {
      member->doc = doc;
      members.push_back(member);
    }
    endStatement();
    if (panicking)
      synchronize(before);
    if (pos == before)
      advance();
  }
  if (!isOpen)
    advance();
  else if (!gaveUp)
    error(open, "this '{' is never closed");
  range = since(open);
  return context.copy(ArrayRef<Decl *>(members));
}

Decl *Parser::parseMember(bool isModel) {
  if (panicking)
    return nullptr;
  switch (token().kind) {
  case TokenKind::KwFn:
    return parseFn();
  case TokenKind::KwConst:
    return parseConst();
  case TokenKind::KwIf:
    return parseMemberIf(isModel);
  case TokenKind::KwLet:
  case TokenKind::KwVar:
    error(here(), "among the members of a block a value is declared with "
                  "'const'")
        .fix(here(), "const");
    return nullptr;
  case TokenKind::KwFor:
    error(here(), "parts are repeated with an array, 'part h[n]: Block()', or "
                  "a list, 'part h: [Block(i) for i in range(n)]'");
    return nullptr;
  case TokenKind::KwImport:
    error(here(), "imports stand at the top of the file");
    return nullptr;
  case TokenKind::Identifier:
    break;
  default:
    error(here(), "expected a member: weight, part, state, const, fn" +
                      llvm::Twine(isModel ? ", entry" : "") + " or if; found " + describe(token()));
    return nullptr;
  }

  StringRef word = spellingOf(token());
  if (word == "weight")
    return parseWeight();
  if (word == "state")
    return parseState();
  if (word == "part")
    return parsePart();
  if (word == "entry") {
    if (!isModel) {
      error(here(), "only a model has entries; in a block write 'fn'").fix(here(), "fn");
      return nullptr;
    }
    return parseFn();
  }
  if (word == "def" || word == "func" || word == "function") {
    error(here(), "functions are declared with 'fn'").fix(here(), "fn");
    return nullptr;
  }
  if (word == "self") {
    error(here(), "members are declared with 'weight' and 'part', and used "
                  "without 'self'");
    return nullptr;
  }
  static constexpr StringRef words[] = {"weight", "part", "state", "const", "entry", "fn", "if"};
  error(here(), "expected a member: weight, part, state, const, fn" +
                    llvm::Twine(isModel ? ", entry" : "") + " or if; found '" + word + "'")
      .didYouMean(here(), nearestName(word, words));
  return nullptr;
}

Decl *Parser::parseMemberIf(bool isModel) {
  Nest nest(*this);
  SourceRange start = here();
  advance();
  Expr *condition = parseExpr();
  SourceRange thenRange, elseRange;
  ArrayRef<Decl *> thenMembers = parseMembers(isModel, thenRange);
  ArrayRef<Decl *> elseMembers;
  bool hasElse = false;
  if (!panicking && isWord("elif")) {
    error(here(), "'elif' is written 'else if'").fix(here(), "else if");
  } else if (!panicking && consume(TokenKind::KwElse)) {
    hasElse = true;
    if (is(TokenKind::KwIf)) {
      Decl *inner = parseMemberIf(isModel);
      elseRange = inner->range;
      elseMembers = context.copy(ArrayRef<Decl *>(inner));
    } else {
      elseMembers = parseMembers(isModel, elseRange);
    }
  }
  return context.create<IfDecl>(since(start), condition, thenRange, thenMembers, hasElse, elseRange,
                                elseMembers);
}

/// `as "name.in.file"`, where it is written.
FileName Parser::parseFileName() {
  FileName name;
  if (panicking || !is(TokenKind::KwAs))
    return name;
  advance();
  if (!is(TokenKind::String)) {
    expected("the name in the file, in double quotes");
    return name;
  }
  name.range = here();
  name.value = context.copy(StringRef(decodeString(spellingOf(token()))));
  advance();
  return name;
}

Decl *Parser::parseWeight() {
  SourceRange start = here();
  advance();
  Ident name = parseName("the name of the weight");
  expect(TokenKind::Colon, "':' and the type of the weight");
  TypeRef *type = parseType();
  Expr *initial = nullptr;
  if (!panicking && consume(TokenKind::Equal))
    initial = parseExpr();
  FileName fileName = parseFileName();
  return context.create<WeightDecl>(since(start), name, type, initial, fileName);
}

Decl *Parser::parseState() {
  SourceRange start = here();
  advance();
  Ident name = parseName("the name of the state");
  expect(TokenKind::Colon, "':' and the type of the state");
  TypeRef *type = parseType();
  Expr *initial = nullptr;
  if (!panicking && consume(TokenKind::Equal))
    initial = parseExpr();
  return context.create<StateDecl>(since(start), name, type, initial);
}

Decl *Parser::parsePart() {
  SourceRange start = here();
  advance();
  Ident name = parseName("the name of the part");
  Expr *count = nullptr;
  if (!panicking && is(TokenKind::LeftBracket)) {
    SourceRange open = here();
    advance();
    {
      Brackets inside(*this);
      count = parseExpr();
    }
    close(TokenKind::RightBracket, open);
  }
  expect(TokenKind::Colon, "':' and the block of the part");
  Expr *value = parseExpr();
  FileName fileName = parseFileName();
  return context.create<PartDecl>(since(start), name, count, value, fileName);
}
