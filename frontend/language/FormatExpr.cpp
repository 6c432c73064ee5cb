//===- FormatExpr.cpp - layout of statements and expressions ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/FormatterImpl.h"

using namespace nacre;
using namespace nacre::ast;

/// Columns by which a line is indented that goes on with the one before.
static constexpr unsigned continuation = 4;

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

Formatter::DocRef Formatter::expr(const Expr *e) {
  if (!e->parenthesised)
    return bareExpr(e);
  return arena.group(cat({str("("), arena.indent(2, cat({arena.softLine(), bareExpr(e)})),
                          arena.softLine(), str(")")}));
}

Formatter::DocRef Formatter::bareExpr(const Expr *e) {
  switch (e->kind) {
  case Expr::Kind::Error:
  case Expr::Kind::Int:
  case Expr::Kind::Float:
  case Expr::Kind::Bool:
  case Expr::Kind::String:
  case Expr::Kind::None:
  case Expr::Kind::Ellipsis:
    // Literals keep their spelling: 0xff, 1_000, escapes.
    return source(e->bareRange);
  case Expr::Kind::Name:
    return str(llvm::cast<NameExpr>(e)->name);
  case Expr::Kind::Member:
  case Expr::Kind::Call:
  case Expr::Kind::Index:
    return postfix(e);
  case Expr::Kind::Unary: {
    auto *unary = llvm::cast<UnaryExpr>(e);
    bool isWord = unary->op == UnaryOp::Not;
    return cat({str(spelling(unary->op)), str(isWord ? " " : ""), expr(unary->operand)});
  }
  case Expr::Kind::Binary:
    return binary(llvm::cast<BinaryExpr>(e));
  case Expr::Kind::List:
    return elements("[", "]", e->range, llvm::cast<ListExpr>(e)->elements);
  case Expr::Kind::Tuple:
    return elements("(", ")", e->range, llvm::cast<TupleExpr>(e)->elements);
  case Expr::Kind::ListComp: {
    auto *comp = llvm::cast<ListCompExpr>(e);
    Docs inner{arena.softLine(),    expr(comp->element),          arena.line(),
               str("for "),         pattern(comp->pattern, true), str(" in "),
               expr(comp->iterable)};
    if (comp->condition)
      inner.append({arena.line(), str("if "), expr(comp->condition)});
    return arena.group(cat({str("["), arena.indent(2, cat(inner)), arena.softLine(), str("]")}));
  }
  case Expr::Kind::If:
    return ifValue(llvm::cast<IfExpr>(e));
  case Expr::Kind::Scan:
    return scan(llvm::cast<ScanExpr>(e));
  }
  return arena.empty();
}

/// Operators that may be regrouped on one level: a + b - c.
static unsigned levelOf(BinaryOp op) {
  switch (op) {
  case BinaryOp::Or:
    return 0;
  case BinaryOp::And:
    return 1;
  case BinaryOp::Add:
  case BinaryOp::Sub:
    return 3;
  case BinaryOp::Mul:
  case BinaryOp::Div:
  case BinaryOp::Rem:
  case BinaryOp::MatMul:
    return 4;
  case BinaryOp::Pow:
    return 5;
  default:
    return 2;
  }
}

/// The operands of a chain of one level, each with its operator behind it:
/// that is where the language lets a line end.
void Formatter::operands(const BinaryExpr *e, Docs &parts) {
  auto *left = llvm::dyn_cast<BinaryExpr>(e->lhs);
  if (left && !left->parenthesised && e->op != BinaryOp::Pow && levelOf(left->op) == levelOf(e->op))
    operands(left, parts);
  else
    parts.push_back(expr(e->lhs));
  parts.push_back(str(" "));
  parts.push_back(str(spelling(e->op)));
  parts.push_back(arena.line());
  parts.push_back(expr(e->rhs));
}

Formatter::DocRef Formatter::binary(const BinaryExpr *e) {
  Docs parts;
  operands(e, parts);
  return arena.group(arena.indent(continuation, cat(parts)));
}

Formatter::DocRef Formatter::elements(StringRef open, StringRef close, SourceRange range,
                                      ArrayRef<Expr *> values) {
  // A list of the statement level, `a, b = f(x)`, has no brackets in the text.
  bool hasBrackets = text.substr(range.begin).starts_with(open);
  uint32_t begin = range.begin + (hasBrackets ? 1 : 0);
  uint32_t end = range.end - (hasBrackets ? 1 : 0);
  return list(
      open, close, begin, end, values.size(), [&](size_t i) { return values[i]->range; },
      [&](size_t i) { return expr(values[i]); });
}

Formatter::DocRef Formatter::call(const CallExpr *e) {
  size_t open = text.find('(', e->callee->range.end);
  return list(
      "(", ")", static_cast<uint32_t>(open) + 1, e->range.end - 1, e->args.size(),
      [&](size_t i) { return e->args[i].range(); },
      [&](size_t i) {
        const Argument &arg = e->args[i];
        if (arg.name.empty())
          return expr(arg.value);
        return cat({str(arg.name.text), str("="), expr(arg.value)});
      });
}

Formatter::DocRef Formatter::index(const IndexExpr *e) {
  size_t open = text.find('[', e->base->range.end);
  auto item = [&](size_t i) {
    const IndexItem &item = e->items[i];
    if (!item.isSlice)
      return expr(item.start);
    Docs parts;
    if (item.start)
      parts.push_back(expr(item.start));
    parts.push_back(str(":"));
    if (item.stop)
      parts.push_back(expr(item.stop));
    if (item.step) {
      parts.push_back(str(":"));
      parts.push_back(expr(item.step));
    }
    return cat(parts);
  };
  return list(
      "[", "]", static_cast<uint32_t>(open) + 1, e->range.end - 1, e->items.size(),
      [&](size_t i) { return e->items[i].range; }, item);
}

/// `(args)`, `[items]` or `.name` of the outermost postfix operator.
Formatter::DocRef Formatter::suffixOf(const Expr *e) {
  if (auto *c = llvm::dyn_cast<CallExpr>(e))
    return call(c);
  if (auto *i = llvm::dyn_cast<IndexExpr>(e))
    return index(i);
  return cat({str("."), str(llvm::cast<MemberExpr>(e)->name.text)});
}

/// A chain `x.f(a).g(b)[0]`. With two or more method calls it may be broken
/// before each of them.
Formatter::DocRef Formatter::postfix(const Expr *e) {
  llvm::SmallVector<const Expr *, 8> chain;
  const Expr *base = e;
  bool isTop = true;
  while (isTop || !base->parenthesised) {
    isTop = false;
    const Expr *next = nullptr;
    if (auto *c = llvm::dyn_cast<CallExpr>(base))
      next = c->callee;
    else if (auto *i = llvm::dyn_cast<IndexExpr>(base))
      next = i->base;
    else if (auto *m = llvm::dyn_cast<MemberExpr>(base))
      next = m->base;
    if (!next)
      break;
    chain.push_back(base);
    base = next;
  }
  std::reverse(chain.begin(), chain.end());
  unsigned methods = 0;
  for (size_t i = 1; i < chain.size(); ++i)
    methods += llvm::isa<CallExpr>(chain[i]) && llvm::isa<MemberExpr>(chain[i - 1]);

  Docs head{expr(base)}, rest;
  bool mayBreak = methods >= 2;
  for (size_t i = 0; i < chain.size(); ++i) {
    bool startsMethod = llvm::isa<MemberExpr>(chain[i]) && i + 1 < chain.size() &&
                        llvm::isa<CallExpr>(chain[i + 1]);
    if (mayBreak && startsMethod)
      rest.push_back(arena.softLine());
    (rest.empty() ? head : rest).push_back(suffixOf(chain[i]));
  }
  if (rest.empty())
    return cat(head);
  head.push_back(arena.indent(continuation, cat(rest)));
  return arena.group(cat(head));
}

Formatter::DocRef Formatter::ifValue(const IfExpr *e) {
  auto braces = [&](const Expr *value) {
    return cat(
        {str("{"), arena.indent(2, cat({arena.line(), expr(value)})), arena.line(), str("}")});
  };
  Docs parts;
  const Expr *rest = e;
  while (auto *inner = llvm::dyn_cast<IfExpr>(rest)) {
    if (inner != e && inner->parenthesised)
      break;
    parts.append(
        {str("if "), expr(inner->condition), str(" "), braces(inner->thenValue), str(" else ")});
    rest = inner->elseValue;
    // `else { if ... }` and `else if` are the same value; print the latter.
  }
  parts.push_back(braces(rest));
  return arena.group(cat(parts));
}

Formatter::DocRef Formatter::scan(const ScanExpr *e) {
  Docs head;
  for (const ScanInput &input : e->inputs) {
    head.push_back(head.empty() ? str("scan ") : str(", "));
    head.push_back(pattern(input.pattern));
    // `scan x over` steps over the variable of that name.
    if (input.sequence->range != input.pattern->range)
      head.append({str(" in "), expr(input.sequence)});
  }
  head.append({str(" over axis "), expr(e->axis)});
  if (e->isReverse)
    head.push_back(str(" reverse"));
  Docs carries;
  for (const ScanCarry &carry : e->carries) {
    if (carries.empty())
      carries.append({arena.line(), str("carry ")});
    else
      carries.append({str(","), arena.line()});
    carries.push_back(str(carry.name.text));
    if (carry.initial)
      carries.append({str(" = "), expr(carry.initial)});
  }
  head.push_back(arena.indent(continuation, cat(carries)));
  return cat({arena.group(cat(head)), str(" "), body(e->body, /*mayBeOneLine=*/false)});
}

/// `a, b` without brackets.
Formatter::DocRef Formatter::exprs(ArrayRef<Expr *> values) {
  Docs parts;
  for (const Expr *value : values) {
    if (!parts.empty())
      parts.append({str(","), arena.line()});
    parts.push_back(expr(value));
  }
  if (values.size() == 1)
    return parts.front();
  return arena.group(arena.indent(continuation, cat(parts)));
}

Formatter::DocRef Formatter::pattern(const Pattern *p, bool isBare) {
  switch (p->kind) {
  case Pattern::Kind::Name:
    return str(p->name.text);
  case Pattern::Kind::Ignore:
    return str("_");
  case Pattern::Kind::List:
  case Pattern::Kind::Tuple:
    break;
  }
  bool isList = p->kind == Pattern::Kind::List;
  Docs parts;
  if (isList || !isBare)
    parts.push_back(str(isList ? "[" : "("));
  bool isFirst = true;
  for (const Pattern *element : p->elements) {
    if (!isFirst)
      parts.push_back(str(", "));
    isFirst = false;
    parts.push_back(pattern(element));
  }
  if (isList || !isBare)
    parts.push_back(str(isList ? "]" : ")"));
  return cat(parts);
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

Formatter::DocRef Formatter::body(const Body &b, bool mayBeOneLine) {
  uint32_t begin = b.range.begin + 1, end = b.range.end;
  if (b.stmts.empty() && !hasCommentBefore(end))
    return str("{}");
  bool hasComments = hasCommentBefore(end);
  if (mayBeOneLine && !hasComments && b.stmts.size() == 1 &&
      !llvm::isa<IfStmt, ForStmt, WhileStmt>(b.stmts.front()))
    return arena.group(cat({str("{"), arena.indent(2, cat({arena.line(), stmt(b.stmts.front())})),
                            arena.line(), str("}")}));
  DocRef after = trailingComment(begin, b.stmts.empty() ? end : b.stmts.front()->range.begin);
  if (b.stmts.empty() && !hasCommentBefore(end))
    return cat({str("{"), after, arena.hardLine(), str("}")});
  DocRef inner = lines(
      begin, end, b.stmts.size(), [&](size_t i) { return b.stmts[i]->range; },
      [&](size_t i) { return stmt(b.stmts[i]); }, [](size_t) { return Gap::Keep; });
  return cat({str("{"), after, arena.indent(2, cat({arena.hardLine(), inner})), arena.hardLine(),
              str("}")});
}

Formatter::DocRef Formatter::ifStmt(const IfStmt *s) {
  Docs parts{str("if "), expr(s->condition), str(" "),
             body(s->thenBody, /*mayBeOneLine=*/!s->hasElse)};
  if (s->hasElse) {
    parts.push_back(str(" else "));
    if (const IfStmt *inner = s->elseIf())
      parts.push_back(ifStmt(inner));
    else
      parts.push_back(body(s->elseBody, /*mayBeOneLine=*/false));
  }
  return cat(parts);
}

Formatter::DocRef Formatter::stmt(const Stmt *s) {
  switch (s->kind) {
  case Stmt::Kind::Let: {
    auto *let = llvm::cast<LetStmt>(s);
    StringRef word = let->mode == LetStmt::Mode::Let   ? "let "
                     : let->mode == LetStmt::Mode::Var ? "var "
                                                       : "const ";
    Docs head{str(word), pattern(let->pattern)};
    if (let->type)
      head.append({str(": "), type(let->type)});
    return assigned(cat(head), let->value);
  }
  case Stmt::Kind::LetFn: {
    auto *let = llvm::cast<LetFnStmt>(s);
    return assigned(
        cat({str("let "), str(let->name.text), params(let->params, let->name.range.end + 1, true)}),
        let->value);
  }
  case Stmt::Kind::Assign: {
    auto *assign = llvm::cast<AssignStmt>(s);
    DocRef target = expr(assign->target);
    if (!assign->isCompound)
      return assigned(target, assign->value);
    return cat({target, str(" "), str(spelling(assign->op)), str("= "), expr(assign->value)});
  }
  case Stmt::Kind::Expr:
    return expr(llvm::cast<ExprStmt>(s)->value);
  case Stmt::Kind::If:
    return ifStmt(llvm::cast<IfStmt>(s));
  case Stmt::Kind::For: {
    auto *loop = llvm::cast<ForStmt>(s);
    return cat({str("for "), pattern(loop->pattern, true), str(" in "), expr(loop->iterable),
                str(" "), body(loop->body, /*mayBeOneLine=*/true)});
  }
  case Stmt::Kind::While: {
    auto *loop = llvm::cast<WhileStmt>(s);
    return cat(
        {str("while "), expr(loop->condition), str(" "), body(loop->body, /*mayBeOneLine=*/true)});
  }
  case Stmt::Kind::Return:
    return cat({str("return "), exprs(llvm::cast<ReturnStmt>(s)->values)});
  case Stmt::Kind::Yield:
    return cat({str("yield "), exprs(llvm::cast<YieldStmt>(s)->values)});
  case Stmt::Kind::Break:
    return str("break");
  case Stmt::Kind::Continue:
    return str("continue");
  }
  return arena.empty();
}
