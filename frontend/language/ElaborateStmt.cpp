//===- ElaborateStmt.cpp - running statements at compile time ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Elaborator.h"

#include "llvm/Support/SaveAndRestore.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

/// The first word of a statement, where a fault of its kind is shown.
static SourceRange keyword(const ast::Stmt *stmt, unsigned length) {
  return {stmt->range.file, stmt->range.begin,
          std::min(stmt->range.begin + length, stmt->range.end)};
}

void Elaborator::runBody(const ast::Body &body) {
  Scope &inner = scopeStore.emplace_back();
  inner.parent = scope;
  llvm::SaveAndRestore inScope(scope, &inner);
  runStmts(body.stmts);
}

void Elaborator::runStmts(llvm::ArrayRef<ast::Stmt *> stmts) {
  for (size_t i = 0; i < stmts.size(); ++i) {
    // A 'return' in an inner loop ends the rounds of the outer ones too.
    const bool *ended = loop && loop->flags ? loop->flags->variables[1].value.boolean() : nullptr;
    if ((ended && *ended) || current->returned || signal != LoopSignal::None || gaveUp)
      return;
    // Only the run knows whether the call has returned: what is left runs if not.
    if (std::optional<Tensor> returned = std::exchange(current->mayHaveReturned, std::nullopt)) {
      Value earlier = std::exchange(current->result, Value());
      SourceRange at = stmts[i]->range;
      Value goesOn = unary(ast::UnaryOp::Not, at, at, {*returned, at});
      auto ended = [&] {
        current->returned = true;
        current->result = earlier;
      };
      if (const Tensor *tensor = goesOn.tensor())
        runChoice(*tensor, at, [&] { runStmts(stmts.drop_front(i)); }, ended, nullptr);
      return;
    }
    // Only the run knows whether this round of the loop has ended: what is left runs if not.
    if (Loop *skipping = skippingLoop()) {
      Value &ended = skipping->flags->variables[1].value;
      SourceRange at = stmts[i]->range;
      Value goesOn = unary(ast::UnaryOp::Not, at, at, {ended, at});
      auto rest = [&] {
        ended = false;
        runStmts(stmts.drop_front(i));
      };
      if (const Tensor *tensor = goesOn.tensor())
        runChoice(*tensor, at, rest, [] {}, nullptr);
      return;
    }
    if (auto *choice = llvm::dyn_cast<ast::IfStmt>(stmts[i])) {
      if (runIf(choice, stmts.drop_front(i + 1)))
        return;
    } else {
      run(stmts[i]);
    }
  }
}

void Elaborator::run(const ast::Stmt *stmt) {
  using Kind = ast::Stmt::Kind;
  switch (stmt->kind) {
  case Kind::Let:
    return runLet(llvm::cast<ast::LetStmt>(stmt));
  case Kind::LetFn: {
    auto *let = llvm::cast<ast::LetFnStmt>(stmt);
    Function function;
    function.local = let;
    function.self = current->self;
    function.module = current->module;
    function.scope = scope;
    function.frame = current;
    return define(let->name, function, /*assignable=*/false);
  }
  case Kind::Assign:
    return runAssign(llvm::cast<ast::AssignStmt>(stmt));
  case Kind::Expr: {
    auto *expr = llvm::cast<ast::ExprStmt>(stmt);
    Value value = eval(expr->value);
    if (!value.isPoison() && !value.isNone())
      warning(expr->range, "this value is not used").note("'let name = ...' keeps it");
    return;
  }
  case Kind::If:
    runIf(llvm::cast<ast::IfStmt>(stmt), {});
    return;
  case Kind::For:
    return runFor(llvm::cast<ast::ForStmt>(stmt));
  case Kind::While:
    return runWhile(llvm::cast<ast::WhileStmt>(stmt));
  case Kind::Return:
    return runReturn(llvm::cast<ast::ReturnStmt>(stmt));
  case Kind::Yield:
    return runYield(llvm::cast<ast::YieldStmt>(stmt));
  case Kind::Break:
  case Kind::Continue:
    return leaveLoop(stmt);
  }
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

void Elaborator::define(const ast::Ident &name, Value value, bool assignable) {
  if (name.empty())
    return;
  remember(name.range, value);
  for (Variable &variable : scope->variables)
    if (variable.name == name.text) {
      error(name.range, "'" + name.text + "' is declared twice in these braces")
          .note(variable.range, "first declared");
      variable.value = Value();
      return;
    }
  scope->variables.push_back({name.text, name.range, std::move(value), assignable});
}

void Elaborator::bind(const ast::Pattern *pattern, const Value &value, SourceRange valueRange,
                      bool assignable) {
  using Kind = ast::Pattern::Kind;
  if (pattern->kind == Kind::Ignore)
    return;
  if (pattern->kind == Kind::Name)
    return define(pattern->name, value, assignable);

  const std::vector<Value> *elements = value.tuple();
  bool isOpen = false;
  if (const ListValue *list = value.list()) {
    elements = &list->elements;
    isOpen = list->isOpen;
  }
  size_t wanted = pattern->elements.size();
  bool bad = value.isPoison() || value.unknown();
  if (!bad && !elements) {
    error(valueRange, describe(value) + " cannot be taken apart into " + Twine(wanted) + " names")
        .label(pattern->range, Twine(wanted) + (wanted == 1 ? " name" : " names"));
    bad = true;
  } else if (!bad && !isOpen && elements->size() != wanted) {
    error(valueRange, "there are " + Twine(elements->size()) + " values for " + Twine(wanted) +
                          (wanted == 1 ? " name" : " names"))
        .label(pattern->range, Twine(wanted) + (wanted == 1 ? " name" : " names"));
    bad = true;
  }
  for (size_t i = 0; i < wanted; ++i) {
    Value element;
    if (!bad && !elements->empty())
      element = (*elements)[isOpen ? 0 : i];
    bind(pattern->elements[i], element, valueRange, assignable);
  }
}

void Elaborator::runLet(const ast::LetStmt *stmt) {
  Operand given = operand(stmt->value);
  Value value = given.value;
  if (stmt->type && !value.isPoison()) {
    if (auto *type = llvm::dyn_cast<ast::TensorType>(stmt->type); type && value.tensor())
      value = checkType(given, type, "'" + sources.text(stmt->pattern->range) + "'");
    else
      value = coerce(given, stmt->type, "'" + sources.text(stmt->pattern->range) + "'")
                  .value_or(Value());
  }
  bool isConst = stmt->mode == ast::LetStmt::Mode::Const;
  if (isConst && !value.isPoison() && !value.isCompileTime() && !value.list())
    value = fail(stmt->value->range,
                 "a constant must be known at compile time, but this is " + describe(value));
  if (isConst && value.integer() && stmt->pattern->kind == ast::Pattern::Kind::Name) {
    const ast::Ident &name = stmt->pattern->name;
    value = addSymbol(
        name.text, *value.integer(), std::nullopt,
        {SymbolOrigin::Kind::Const, name.range, "'" + name.text.str() + "'", nullptr, current->id});
  }
  bind(stmt->pattern, value, stmt->value->range, stmt->mode == ast::LetStmt::Mode::Var);
}

void Elaborator::assignTo(const ast::Expr *target, const Value &value, SourceRange valueRange) {
  if (auto *name = llvm::dyn_cast<ast::NameExpr>(target)) {
    bool throughScan = false;
    for (Scope *s = scope; s; throughScan |= s->isScan, s = s->parent)
      for (Variable &variable : llvm::reverse(s->variables)) {
        if (variable.name != name->name)
          continue;
        if (throughScan) {
          error(target->range, "'" + name->name +
                                   "' is declared outside this scan, whose rounds hand "
                                   "on only what 'carry' names")
              .note("'carry " + name->name.str() + "' hands it from round to round")
              .note(variable.range, "it is declared");
          return;
        }
        if (!variable.assignable) {
          error(target->range, "'" + name->name + "' cannot be assigned to")
              .note(variable.range, "declare it with 'var' to change it; it is declared");
          return;
        }
        variable.value = value;
        return;
      }
    if (State *state = stateNamed(name->name))
      return writeState(state, {value, valueRange}, target->range);
    if (lookup(name->name, target->range)) {
      error(target->range, "'" + name->name + "' is no variable and cannot be assigned to")
          .note("'let " + name->name.str() + " = ...' declares a new name");
      return;
    }
    llvm::SmallVector<StringRef> names;
    for (Scope *s = scope; s; s = s->parent)
      for (const Variable &variable : s->variables)
        names.push_back(variable.name);
    StringRef near = nearestName(name->name, names);
    Diagnostic &diag = error(target->range, "'" + name->name + "' is not declared");
    if (near.empty())
      diag.note("'var " + name->name.str() + " = ...' declares it");
    else
      diag.didYouMean(target->range, near);
    return;
  }
  llvm::ArrayRef<ast::Expr *> targets;
  if (auto *list = llvm::dyn_cast<ast::ListExpr>(target))
    targets = list->elements;
  else if (auto *tuple = llvm::dyn_cast<ast::TupleExpr>(target))
    targets = tuple->elements;
  else if (auto *part = llvm::dyn_cast<ast::IndexExpr>(target)) {
    return assignPart(part, {value, valueRange});
  } else {
    if (!llvm::isa<ast::ErrorExpr>(target))
      error(target->range, "this cannot be assigned to");
    return;
  }
  const std::vector<Value> *elements = value.tuple();
  if (const ListValue *list = value.list(); list && !list->isOpen)
    elements = &list->elements;
  if (!value.isPoison() && elements && elements->size() != targets.size()) {
    error(valueRange, "there are " + Twine(elements->size()) + " values for " +
                          Twine(targets.size()) + " names")
        .label(target->range, Twine(targets.size()) + " names");
    elements = nullptr;
  } else if (!value.isPoison() && !elements && !value.list()) {
    error(valueRange,
          describe(value) + " cannot be taken apart into " + Twine(targets.size()) + " names");
  }
  for (size_t i = 0; i < targets.size(); ++i)
    assignTo(targets[i], elements ? (*elements)[i] : Value(), valueRange);
}

void Elaborator::runAssign(const ast::AssignStmt *stmt) {
  Operand value = operand(stmt->value);
  if (stmt->isCompound)
    value.value = binary(stmt->op, stmt->range, stmt->opRange, operand(stmt->target), value);
  assignTo(stmt->target, value.value, value.range);
}

//===----------------------------------------------------------------------===//
// Choices and loops
//===----------------------------------------------------------------------===//

/// Runs both sides where neither is known to be taken. What they assign is
/// unknown afterwards.
void Elaborator::runUndecided(llvm::function_ref<void()> thenSide,
                              llvm::function_ref<void()> elseSide) {
  struct Saved {
    Variable *variable;
    Value before;
  };
  llvm::SmallVector<Saved> saved;
  for (Scope *s = scope; s; s = s->parent)
    for (Variable &variable : s->variables)
      if (variable.assignable)
        saved.push_back({&variable, variable.value});
  // Code after the choice runs under what the side that went on assumed.
  ++current->assuming;
  thenSide();
  bool thenReturned = std::exchange(current->returned, false);
  std::optional<Tensor> thenMay = std::exchange(current->mayHaveReturned, std::nullopt);
  for (Saved &s : saved)
    if (!thenReturned)
      std::swap(s.variable->value, s.before);
  elseSide();
  current->returned = thenReturned && current->returned;
  if (!current->mayHaveReturned && !current->returned)
    current->mayHaveReturned = thenMay;
}

/// `break` and `continue`.
void Elaborator::leaveLoop(const ast::Stmt *stmt) {
  bool isBreak = stmt->kind == ast::Stmt::Kind::Break;
  StringRef word = isBreak ? "break" : "continue";
  if (!loop) {
    error(stmt->range, "'" + word + "' stands only in a loop");
    return;
  }
  if (loop->kind == Loop::Kind::Scan) {
    error(stmt->range, "'" + word + "' cannot leave a 'scan', which runs for each element")
        .note("'while' runs as long as a condition holds; 'if' around the rest skips it");
    return;
  }
  loop->hasBreak |= isBreak;
  // On one side of an undecided choice the loop goes on for the other side.
  if (current->assuming)
    return;
  signal = isBreak ? LoopSignal::Break : LoopSignal::Continue;
  if (isBreak)
    loop->flags->variables[0].value = true;
  loop->flags->variables[1].value = true;
}

bool Elaborator::runIf(const ast::IfStmt *stmt, llvm::ArrayRef<ast::Stmt *> rest) {
  bool poisoned;
  std::optional<Tensor> atRunTime;
  std::optional<bool> chosen = condition(stmt->condition, &poisoned, &atRunTime);
  if (chosen) {
    if (*chosen)
      runBody(stmt->thenBody);
    else if (stmt->hasElse)
      runBody(stmt->elseBody);
    return false;
  }
  if (atRunTime) {
    bool elseRanRest = false;
    auto elseSide = [&] {
      // What follows a chain 'else if' follows each choice of it.
      if (const ast::IfStmt *chain = stmt->hasElse ? stmt->elseIf() : nullptr)
        elseRanRest = runIf(chain, rest);
      else if (stmt->hasElse)
        runBody(stmt->elseBody);
    };
    return runChoice(
        *atRunTime, keyword(stmt, 2), [&] { runBody(stmt->thenBody); }, elseSide,
        [&] { runStmts(rest); }, &elseRanRest);
  }
  // After a wrong condition both sides are still worth checking.
  runUndecided([&] { runBody(stmt->thenBody); },
               [&] {
                 if (stmt->hasElse)
                   runBody(stmt->elseBody);
               });
  return false;
}

std::optional<ListValue> Elaborator::iterate(const Operand &iterable) {
  const Value &value = iterable.value;
  if (value.isPoison())
    return std::nullopt;
  if (const ListValue *list = value.list())
    return *list;
  if (value.tensor())
    error(iterable.range, "'for' is written out when the model is compiled, and walks over a list")
        .label(iterable.range, labelFor(value))
        .note("'scan x in xs over axis 0 { ... }' walks over a tensor; split(x, n) makes a list");
  else
    error(iterable.range, "'for' walks over a list, but this is " + describe(value))
        .note("'range(n)' counts from 0 to n - 1");
  return std::nullopt;
}

void Elaborator::runFor(const ast::ForStmt *stmt) {
  std::optional<ListValue> items = iterate(operand(stmt->iterable));
  if (!items)
    return;
  Scope &flags = openFlags(keyword(stmt, 3));
  Loop inside{Loop::Kind::For, loop, &flags};
  inside.choices = choices;
  llvm::SaveAndRestore<Loop *> inLoop(loop, &inside);
  for (const Value &item : items->elements) {
    // After a 'break' that only the run knows of, it also knows whether this round runs.
    flags.variables[1].value = flags.variables[0].value;
    Scope &inner = scopeStore.emplace_back();
    inner.parent = &flags;
    llvm::SaveAndRestore inScope(scope, &inner);
    bind(stmt->pattern, item, stmt->iterable->range, /*assignable=*/false);
    runStmts(stmt->body.stmts);
    signal = LoopSignal::None;
    const bool *broke = flags.variables[0].value.boolean();
    if ((broke && *broke) || current->returned || gaveUp)
      return;
  }
}

void Elaborator::runReturn(const ast::ReturnStmt *stmt) {
  for (const Loop *around = loop; around; around = around->outer)
    if (around->kind == Loop::Kind::Scan) {
      error(keyword(stmt, 6), "'return' cannot leave a 'scan', which runs for each element")
          .note("'yield' gives what is stacked; 'carry' keeps a value for after the scan");
      return;
    }
  Operand value;
  value.range = stmt->range;
  if (stmt->values.size() == 1) {
    value = operand(stmt->values[0]);
  } else if (stmt->values.empty()) {
    value.value = Value::None();
  } else {
    std::vector<Value> values;
    for (const ast::Expr *expr : stmt->values)
      values.push_back(eval(expr));
    value = {Value::tuple(std::move(values)),
             stmt->values.front()->range.to(stmt->values.back()->range)};
  }
  const ast::FnDecl *decl = current->function ? current->function->decl : nullptr;
  Value checked = decl && decl->result ? checkResult(decl, value, stmt->values) : value.value;
  if (returnsFromWhile()) {
    if (!checked.isNone() && !(decl && decl->result)) {
      error(keyword(stmt, 6), "'return' in a 'while' needs to know the type of the result")
          .note("declare it: 'fn ... -> f32[B] { ... }'");
      checked = Value();
    }
    // On one side of an undecided choice the loop goes on for the other side.
    if (current->assuming)
      return;
    leaveByReturn(true, checked);
    signal = LoopSignal::Break;
    return;
  }
  current->returned = true;
  // Of two returns on undecided sides, one good value is enough to go on.
  if (current->result.isPoison())
    current->result = checked;
}
