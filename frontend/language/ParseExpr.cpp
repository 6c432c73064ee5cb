//===- ParseExpr.cpp - parsing expressions ----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/ParserImpl.h"

#include <cmath>
#include <optional>

using namespace nacre;
using namespace nacre::ast;

namespace {
struct OperatorInfo {
  BinaryOp op;
  unsigned level; ///< higher binds tighter
};
constexpr unsigned comparisonLevel = 2;
} // namespace

static std::optional<OperatorInfo> binaryOperator(TokenKind kind) {
  switch (kind) {
  case TokenKind::KwOr:
    return OperatorInfo{BinaryOp::Or, 0};
  case TokenKind::KwAnd:
    return OperatorInfo{BinaryOp::And, 1};
  case TokenKind::EqualEqual:
    return OperatorInfo{BinaryOp::Eq, comparisonLevel};
  case TokenKind::NotEqual:
    return OperatorInfo{BinaryOp::Ne, comparisonLevel};
  case TokenKind::Less:
    return OperatorInfo{BinaryOp::Lt, comparisonLevel};
  case TokenKind::LessEqual:
    return OperatorInfo{BinaryOp::Le, comparisonLevel};
  case TokenKind::Greater:
    return OperatorInfo{BinaryOp::Gt, comparisonLevel};
  case TokenKind::GreaterEqual:
    return OperatorInfo{BinaryOp::Ge, comparisonLevel};
  case TokenKind::Plus:
    return OperatorInfo{BinaryOp::Add, 3};
  case TokenKind::Minus:
    return OperatorInfo{BinaryOp::Sub, 3};
  case TokenKind::Star:
    return OperatorInfo{BinaryOp::Mul, 4};
  case TokenKind::Slash:
    return OperatorInfo{BinaryOp::Div, 4};
  case TokenKind::Percent:
    return OperatorInfo{BinaryOp::Rem, 4};
  case TokenKind::At:
    return OperatorInfo{BinaryOp::MatMul, 4};
  default:
    return std::nullopt;
  }
}

Expr *Parser::errorExpr() { return context.create<ErrorExpr>(here().first()); }

Expr *Parser::parseExpr() {
  Nest nest(*this);
  if (panicking)
    return errorExpr();
  return parseBinary(0);
}

Expr *Parser::parseBinary(unsigned level) {
  SourceRange start = here();
  Expr *lhs;
  if (is(TokenKind::KwNot) && level <= comparisonLevel) {
    Nest nest(*this);
    SourceRange opRange = here();
    advance();
    Expr *operand = parseBinary(comparisonLevel);
    lhs = grow(context.create<UnaryExpr>(since(start), UnaryOp::Not, opRange, operand), {operand});
  } else {
    lhs = parseUnary();
  }
  while (!panicking && continues()) {
    std::optional<OperatorInfo> info = binaryOperator(token().kind);
    if (!info || info->level < level)
      break;
    SourceRange opRange = here();
    advance();
    Expr *rhs = parseBinary(info->level + 1);
    lhs = grow(context.create<BinaryExpr>(since(start), info->op, opRange, lhs, rhs), {lhs, rhs});
    if (info->level != comparisonLevel || !continues())
      continue;
    std::optional<OperatorInfo> next = binaryOperator(token().kind);
    if (next && next->level == comparisonLevel)
      error(here(), "comparisons do not chain; write 'a < b and b < c'").label(opRange, "");
  }
  return lhs;
}

Expr *Parser::parseUnary() {
  Nest nest(*this);
  if (!is(TokenKind::Minus) || panicking)
    return parsePower();
  SourceRange start = here();
  advance();
  Expr *operand = parseUnary();
  return grow(context.create<UnaryExpr>(since(start), UnaryOp::Neg, start, operand), {operand});
}

Expr *Parser::parsePower() {
  SourceRange start = here();
  Expr *base = parsePostfix();
  if (panicking || !is(TokenKind::StarStar) || !continues())
    return base;
  SourceRange opRange = here();
  advance();
  // Right-associative, and the exponent may have a sign: 2 ** -x ** y.
  Expr *exponent = parseUnary();
  return grow(context.create<BinaryExpr>(since(start), BinaryOp::Pow, opRange, base, exponent),
              {base, exponent});
}

Expr *Parser::parsePostfix() {
  Expr *result = parsePrimary();
  while (!panicking) {
    if (is(TokenKind::LeftParen) && continues())
      result = parseCall(result);
    else if (is(TokenKind::LeftBracket) && continues())
      result = parseIndex(result);
    else if (is(TokenKind::Dot))
      result = parseMember(result);
    else
      break;
  }
  return result;
}

Expr *Parser::parseMember(Expr *base) {
  SourceRange dot = here();
  advance();
  if (is(TokenKind::Int) && token().begin == dot.end) {
    error(dot.to(here()),
          "parts of an array are chosen with brackets; write '[" + spellingOf(token()) + "]'")
        .fix(dot.to(here()), "[" + spellingOf(token()) + "]");
    return base;
  }
  Ident name = parseName("a name after '.'");
  return grow(context.create<MemberExpr>(since(base->range), base, name), {base});
}

Expr *Parser::parseCall(Expr *callee) {
  SourceRange open = here();
  advance();
  llvm::SmallVector<Argument, 4> args;
  {
    Brackets inside(*this);
    while (!panicking && !atEnd() && !is(TokenKind::RightParen)) {
      Argument arg;
      SourceRange start = here();
      if (is(TokenKind::Identifier) && isNext(TokenKind::Equal)) {
        arg.name = Ident{spellingOf(token()), here()};
        advance();
        advance();
      }
      if (is(TokenKind::Star) || is(TokenKind::StarStar)) {
        error(here(), "arguments cannot be unpacked with '" + spellingOf(token()) +
                          "'; write them one by one");
        break;
      }
      arg.value = parseExpr();
      if (arg.name.empty() && !args.empty() && !args.back().name.empty() && !panicking)
        diags
            .error(since(start), "an argument without a name cannot follow "
                                 "one with a name")
            .label(args.back().name.range, "named");
      args.push_back(arg);
      if (!consume(TokenKind::Comma))
        break;
    }
    close(TokenKind::RightParen, open);
  }
  auto *call = context.create<CallExpr>(since(callee->range), callee,
                                        context.copy(ArrayRef<Argument>(args)));
  grow(call, {callee});
  for (const Argument &arg : args)
    grow(call, {arg.value});
  return call;
}

bool Parser::parseIndexItem(IndexItem &item) {
  SourceRange start = here();
  auto endsPart = [&] {
    return is(TokenKind::Colon) || is(TokenKind::Comma) || is(TokenKind::RightBracket);
  };
  if (!is(TokenKind::Colon))
    item.start = parseExpr();
  if (!panicking && consume(TokenKind::Colon)) {
    item.isSlice = true;
    if (!endsPart())
      item.stop = parseExpr();
    if (!panicking && consume(TokenKind::Colon) && !endsPart())
      item.step = parseExpr();
  }
  item.range = since(start);
  return !panicking;
}

Expr *Parser::parseIndex(Expr *base) {
  SourceRange open = here();
  advance();
  llvm::SmallVector<IndexItem, 4> items;
  {
    Brackets inside(*this);
    while (!panicking && !atEnd() && !is(TokenKind::RightBracket)) {
      IndexItem item;
      bool isWhole = parseIndexItem(item);
      items.push_back(item);
      if (!isWhole || !consume(TokenKind::Comma))
        break;
    }
    close(TokenKind::RightBracket, open);
  }
  auto *index =
      context.create<IndexExpr>(since(base->range), base, context.copy(ArrayRef<IndexItem>(items)));
  grow(index, {base});
  for (const IndexItem &item : items)
    grow(index, {item.start, item.stop, item.step});
  return index;
}

Expr *Parser::parsePrimary() {
  if (panicking)
    return errorExpr();
  SourceRange range = here();
  switch (token().kind) {
  case TokenKind::Int:
    return parseInt();
  case TokenKind::Float:
    return parseFloat();
  case TokenKind::String: {
    std::string value = decodeString(spellingOf(token()));
    advance();
    return context.create<StringExpr>(range, context.copy(StringRef(value)));
  }
  case TokenKind::KwTrue:
  case TokenKind::KwFalse: {
    bool value = is(TokenKind::KwTrue);
    advance();
    return context.create<BoolExpr>(range, value);
  }
  case TokenKind::KwNone:
    advance();
    return context.create<NoneExpr>(range);
  case TokenKind::Ellipsis:
  case TokenKind::DotDot: {
    bool isLeadingDims = is(TokenKind::DotDot);
    advance();
    return context.create<EllipsisExpr>(range, isLeadingDims);
  }
  case TokenKind::Identifier: {
    StringRef name = spellingOf(token());
    // Words of Python that are names here would be reported as unknown later;
    // say at once how they are written.
    if (name == "lambda") {
      error(range, "local functions are written 'let f(x) = ...'");
      return errorExpr();
    }
    advance();
    return context.create<NameExpr>(range, name);
  }
  case TokenKind::LeftParen:
    return parseParens();
  case TokenKind::LeftBracket:
    return parseList();
  case TokenKind::KwIf:
    return parseIf();
  case TokenKind::KwScan:
    return parseScan();
  default:
    expected("an expression");
    return errorExpr();
  }
}

Expr *Parser::parseInt() {
  SourceRange range = here();
  std::string digits;
  for (char c : spellingOf(token()))
    if (c != '_')
      digits.push_back(c);
  StringRef rest(digits);
  unsigned radix = 10;
  if (rest.consume_front("0x") || rest.consume_front("0X"))
    radix = 16;
  int64_t value = 0;
  if (rest.getAsInteger(radix, value)) {
    diags.error(range, "this number does not fit in 64 bits");
    value = 0;
  }
  advance();
  return context.create<IntExpr>(range, value);
}

Expr *Parser::parseFloat() {
  SourceRange range = here();
  StringRef written = spellingOf(token());
  std::string digits;
  for (char c : written)
    if (c != '_')
      digits.push_back(c);
  double value = 0;
  if (digits.size() > 400 || StringRef(digits).getAsDouble(value) || !std::isfinite(value)) {
    diags.error(range, "this number does not fit in 64 bits");
    value = 0;
  }
  advance();
  return context.create<FloatExpr>(range, value, written);
}

Expr *Parser::parseParens() {
  SourceRange open = here();
  advance();
  llvm::SmallVector<Expr *, 4> elements;
  bool hasComma = false;
  {
    Brackets inside(*this);
    if (is(TokenKind::RightParen))
      error(open.to(here()), "expected an expression between '(' and ')'");
    while (!panicking && !atEnd() && !is(TokenKind::RightParen)) {
      elements.push_back(parseExpr());
      if (!consume(TokenKind::Comma))
        break;
      hasComma = true;
    }
    close(TokenKind::RightParen, open);
  }
  if (elements.empty())
    return errorExpr();
  if (elements.size() > 1)
    return growOver(
        context.create<TupleExpr>(since(open), context.copy(ArrayRef<Expr *>(elements))), elements);
  if (hasComma && !panicking)
    diags.error(since(open), "a tuple has at least two elements; remove the "
                             "','");
  Expr *inner = elements.front();
  inner->parenthesised = true;
  inner->range = since(open);
  return inner;
}

Expr *Parser::parseList() {
  SourceRange open = here();
  advance();
  Brackets inside(*this);
  llvm::SmallVector<Expr *, 8> elements;
  while (!panicking && !atEnd() && !is(TokenKind::RightBracket)) {
    elements.push_back(parseExpr());
    if (elements.size() == 1 && !panicking && consume(TokenKind::KwFor)) {
      Pattern *pattern = parsePattern(/*allowBareTuple=*/true);
      expect(TokenKind::KwIn, "'in'");
      Expr *iterable = parseExpr();
      Expr *condition = nullptr;
      if (!panicking && consume(TokenKind::KwIf))
        condition = parseExpr();
      close(TokenKind::RightBracket, open);
      return grow(
          context.create<ListCompExpr>(since(open), elements.front(), pattern, iterable, condition),
          {elements.front(), iterable, condition});
    }
    if (!consume(TokenKind::Comma))
      break;
  }
  close(TokenKind::RightBracket, open);
  return growOver(context.create<ListExpr>(since(open), context.copy(ArrayRef<Expr *>(elements))),
                  elements);
}

/// `if c { a } else { b }`; the current token is `if`.
Expr *Parser::parseIf() {
  Nest nest(*this);
  SourceRange start = here();
  advance();
  Expr *condition = parseExpr();
  auto value = [&]() -> Expr * {
    SourceRange open = here();
    if (!expect(TokenKind::LeftBrace, "'{'"))
      return errorExpr();
    Brackets inside(*this);
    Expr *result = parseExpr();
    if (!panicking && !consume(TokenKind::RightBrace))
      error(here(),
            "expected '}', found " + describe(token()) + "; 'if' as a value holds one expression")
          .label(open, "opened here");
    return result;
  };
  Expr *thenValue = value();
  Expr *elseValue;
  if (!panicking && !is(TokenKind::KwElse)) {
    error(since(start), "'if' as a value needs an 'else'");
    elseValue = errorExpr();
  } else {
    advance();
    elseValue = !panicking && is(TokenKind::KwIf) ? parseIf() : value();
  }
  return grow(context.create<IfExpr>(since(start), condition, thenValue, elseValue),
              {condition, thenValue, elseValue});
}

/// The current token is `scan`.
Expr *Parser::parseScan() {
  Nest nest(*this);
  SourceRange start = here();
  advance();
  // The header ends with the '{' of the body, not with the line.
  ++brackets;
  llvm::SmallVector<ScanInput, 2> inputs;
  do {
    ScanInput input;
    input.pattern = parsePattern(/*allowBareTuple=*/false);
    if (!panicking && consume(TokenKind::KwIn)) {
      input.sequence = parseExpr();
    } else if (input.pattern->kind == Pattern::Kind::Name) {
      input.sequence = context.create<NameExpr>(input.pattern->range, input.pattern->name.text);
    } else {
      expected("'in' and what to step over");
      input.sequence = errorExpr();
    }
    inputs.push_back(input);
  } while (!panicking && consume(TokenKind::Comma));

  auto word = [&](StringRef text) {
    if (panicking)
      return;
    if (isWord(text))
      advance();
    else
      expected("'" + text + "'");
  };
  word("over");
  word("axis");
  Expr *axis = parseExpr();
  bool isReverse = !panicking && isWord("reverse");
  if (isReverse)
    advance();

  llvm::SmallVector<ScanCarry, 4> carries;
  if (!panicking && isWord("carry")) {
    advance();
    SourceRange open = here();
    bool hasParens = consume(TokenKind::LeftParen);
    brackets += hasParens;
    while (!panicking && !(hasParens && is(TokenKind::RightParen))) {
      ScanCarry carry;
      carry.name = parseName("the name of a carried value");
      carry.initial = nullptr;
      if (!panicking && consume(TokenKind::Equal))
        carry.initial = parseExpr();
      carries.push_back(carry);
      if (!consume(TokenKind::Comma))
        break;
    }
    if (hasParens) {
      close(TokenKind::RightParen, open);
      brackets -= !panicking;
    }
  }

  if (!panicking)
    --brackets;
  // What the body's expressions nest counts for the expression around the scan.
  unsigned outerDeepest = deepest;
  deepest = 0;
  Body body = parseBody();
  auto *scan =
      context.create<ScanExpr>(since(start), context.copy(ArrayRef<ScanInput>(inputs)), axis,
                               isReverse, context.copy(ArrayRef<ScanCarry>(carries)), body);
  scan->depth = static_cast<uint16_t>(deepest + 1);
  deepest = std::max(deepest, outerDeepest);
  grow(scan, {axis});
  for (const ScanInput &input : inputs)
    grow(scan, {input.sequence});
  for (const ScanCarry &carry : carries)
    grow(scan, {carry.initial});
  return scan;
}
