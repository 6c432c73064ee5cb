//===- ElaborateExpr.cpp - what expressions stand for -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"
#include "frontend/language/Elaborator.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

/// Nested evaluations, of expressions and of the calls in them; bounds the stack.
static constexpr unsigned maxDepth = 500;

bool Elaborator::charge(uint64_t n, SourceRange range) {
  if (gaveUp)
    return false;
  steps += n;
  if (steps <= options.maxSteps)
    return true;
  gaveUp = true;
  error(range,
        "this model takes too long to elaborate (more than " + Twine(options.maxSteps) + " steps)");
  return false;
}

Value Elaborator::eval(const ast::Expr *expr) {
  if (gaveUp)
    return {};
  if (!charge(1, expr->range))
    return {};
  if (depth >= maxDepth) {
    gaveUp = true;
    return fail(expr->range, "calls are nested too deeply; does a function call itself?");
  }
  llvm::SaveAndRestore deeper(depth, depth + 1);
  Value value = evalImpl(expr);
  remember(expr->range, value);
  return value;
}

Value Elaborator::evalImpl(const ast::Expr *expr) {
  using Kind = ast::Expr::Kind;
  switch (expr->kind) {
  case Kind::Error:
    return {};
  case Kind::Int:
    return DimExpr(llvm::cast<ast::IntExpr>(expr)->value);
  case Kind::Float:
    return llvm::cast<ast::FloatExpr>(expr)->value;
  case Kind::Bool:
    return llvm::cast<ast::BoolExpr>(expr)->value;
  case Kind::String:
    return llvm::cast<ast::StringExpr>(expr)->value.str();
  case Kind::None:
    return Value::None();
  case Kind::Ellipsis:
    return Value::Ellipsis();
  case Kind::Name:
    return evalName(llvm::cast<ast::NameExpr>(expr));
  case Kind::Member:
    return evalMember(llvm::cast<ast::MemberExpr>(expr));
  case Kind::Call:
    return evalCall(llvm::cast<ast::CallExpr>(expr));
  case Kind::Index:
    return evalIndex(llvm::cast<ast::IndexExpr>(expr));
  case Kind::Unary: {
    auto *unaryExpr = llvm::cast<ast::UnaryExpr>(expr);
    return unary(unaryExpr->op, expr->range, unaryExpr->opRange, operand(unaryExpr->operand));
  }
  case Kind::Binary: {
    auto *binaryExpr = llvm::cast<ast::BinaryExpr>(expr);
    if (binaryExpr->op == ast::BinaryOp::And || binaryExpr->op == ast::BinaryOp::Or)
      return logical(binaryExpr);
    Operand lhs = operand(binaryExpr->lhs), rhs = operand(binaryExpr->rhs);
    return binary(binaryExpr->op, expr->range, binaryExpr->opRange, lhs, rhs);
  }
  case Kind::List:
    return evalList(llvm::cast<ast::ListExpr>(expr));
  case Kind::ListComp:
    return evalListComp(llvm::cast<ast::ListCompExpr>(expr));
  case Kind::Tuple: {
    std::vector<Value> values;
    for (const ast::Expr *element : llvm::cast<ast::TupleExpr>(expr)->elements)
      values.push_back(eval(element));
    return Value::tuple(std::move(values));
  }
  case Kind::If:
    return evalIf(llvm::cast<ast::IfExpr>(expr));
  case Kind::Scan:
    return evalScan(llvm::cast<ast::ScanExpr>(expr));
  }
  llvm_unreachable("unknown expression");
}

Value Elaborator::evalList(const ast::ListExpr *expr) {
  std::vector<Value> values;
  for (const ast::Expr *element : expr->elements) {
    auto *ellipsis = llvm::dyn_cast<ast::EllipsisExpr>(element);
    if (!ellipsis || !ellipsis->isLeadingDims) {
      values.push_back(eval(element));
      continue;
    }
    if (!current->leading) {
      error(element->range, "'..' stands for the leading dimensions of an argument, but no "
                            "argument of this function has '..' in its type");
      return {};
    }
    for (const DimExpr &dim : *current->leading)
      values.push_back(dim);
  }
  return Value::list(std::move(values));
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

std::optional<Value> Elaborator::lookup(StringRef name, SourceRange range) {
  for (Scope *s = scope; s; s = s->parent)
    for (Variable &variable : llvm::reverse(s->variables))
      if (variable.name == name)
        return variable.value;
  if (current) {
    auto dim = current->dims.find(name);
    if (dim != current->dims.end())
      return Value(dim->second);
    auto element = current->elements.find(name);
    if (element != current->elements.end())
      return Value(element->second);
    if (current->self) {
      auto member = current->self->members.find(name);
      if (member != current->self->members.end())
        return memberValue(member->second, range);
    }
    if (Found found = modules.find(current->module, name); found.decl)
      return moduleValue(found);
  }
  if (const Builtin *builtin = findBuiltin(name))
    return Value(builtin);
  if (auto element = elementTypeNamed(name))
    return Value(*element);
  return std::nullopt;
}

void Elaborator::collectNames(llvm::SmallVectorImpl<StringRef> &names) {
  for (Scope *s = scope; s; s = s->parent)
    for (const Variable &variable : s->variables)
      names.push_back(variable.name);
  if (current) {
    for (const auto &entry : current->dims)
      names.push_back(entry.getKey());
    if (current->self)
      for (const auto &[name, member] : current->self->members)
        names.push_back(name);
    modules.collectNames(current->module, names);
  }
  collectBuiltinNames(names);
  llvm::append_range(names, elementTypeNames());
}

Value Elaborator::unknownName(StringRef name, SourceRange range) {
  llvm::SmallVector<StringRef> names;
  collectNames(names);
  Diagnostic &diag = error(range, "unknown name '" + name + "'");
  if (current && current->scanNames.contains(name)) {
    diag.note(current->scanNames.lookup(name), "'" + name.str() + " = ...' lives in the scan alone")
        .note("'var " + name.str() + " = ...' before the scan and 'carry " + name.str() +
              "' keep the last value");
    return {};
  }
  if (std::string import = modules.importFor(name); !import.empty())
    diag.note("'import " + import + "' makes it known");
  else
    diag.didYouMean(range, nearestName(name, names));
  return {};
}

Value Elaborator::evalName(const ast::NameExpr *expr) {
  if (auto value = lookup(expr->name, expr->range))
    return *value;
  return unknownName(expr->name, expr->range);
}

Value Elaborator::memberValue(const Member &member, SourceRange range) {
  switch (member.kind) {
  case Member::Kind::Weight:
    return readWeight(member.weight, range);
  case Member::Kind::State:
    return member.state ? readState(member.state, range) : Value();
  default:
    return member.value;
  }
}

Value Elaborator::moduleValue(const Found &found) {
  if (auto *block = llvm::dyn_cast<ast::BlockDecl>(found.decl))
    return Value::BlockName{block, found.module};
  if (auto *fn = llvm::dyn_cast<ast::FnDecl>(found.decl)) {
    Function function;
    function.decl = fn;
    function.module = found.module;
    return function;
  }
  auto *constant = llvm::dyn_cast<ast::ConstDecl>(found.decl);
  if (!constant)
    return {};
  auto known = moduleConsts.find(constant);
  if (known != moduleConsts.end())
    return known->second;
  if (!constsInProgress.insert(constant).second)
    return fail(constant->name.range,
                "the constant '" + constant->name.text + "' is defined by itself");
  Frame constFrame;
  constFrame.module = found.module;
  constFrame.id = ++frames;
  Value value;
  {
    llvm::SaveAndRestore inFrame(current, &constFrame);
    llvm::SaveAndRestore<Scope *> noScope(scope, nullptr);
    Operand given = operand(constant->value);
    value = given.value;
    if (constant->type && !value.isPoison())
      value = coerce(given, constant->type, "'" + constant->name.text + "'").value_or(Value());
  }
  constsInProgress.erase(constant);
  moduleConsts[constant] = value;
  return value;
}

//===----------------------------------------------------------------------===//
// Members and calls
//===----------------------------------------------------------------------===//

Value Elaborator::memberOf(const Value &base, const ast::MemberExpr *expr) {
  StringRef name = expr->name.text;
  if (base.isPoison() || name.empty())
    return {};
  if (Instance *part = base.part()) {
    auto member = part->members.find(name);
    if (member != part->members.end())
      return translate(memberValue(member->second, expr->range), *current);
    llvm::SmallVector<StringRef> names;
    for (const auto &[known, unused] : part->members)
      names.push_back(known);
    Diagnostic &diag =
        error(expr->name.range, "'" + part->decl->name.text + "' has no member '" + name + "'");
    diag.didYouMean(expr->name.range, nearestName(name, names));
    diag.note(part->decl->name.range, "'" + part->decl->name.text.str() + "' is declared");
    return {};
  }
  if (const Tensor *tensor = base.tensor()) {
    if (name == "T")
      return transposed(*tensor, expr->range);
    if (name == "shape") {
      std::vector<Value> sizes(tensor->type.dims.begin(), tensor->type.dims.end());
      return Value::list(std::move(sizes));
    }
    if (name == "dtype")
      return tensor->type.element;
    if (name == "rank")
      return DimExpr(static_cast<int64_t>(tensor->type.rank()));
    if (lookup(name, {}))
      return fail(expr->name.range, "'" + name + "' needs arguments: write '." + name + "(...)'");
    error(expr->name.range, "a tensor has no member '" + name + "'")
        .label(expr->base->range, labelFor(base))
        .didYouMean(expr->name.range, nearestName(name, {"T", "shape", "dtype", "rank"}));
    return {};
  }
  if (const BoundedTensor *bounded = base.bounded()) {
    if (name == "data")
      return bounded->data;
    if (name == "dtype")
      return bounded->data.type.element;
    error(expr->name.range, describe(base) + " has no member '" + name + "'")
        .note("'.data' is all its places, of which length(x) count");
    return {};
  }
  error(expr->name.range, describe(base) + " has no member '" + name + "'");
  return {};
}

Value Elaborator::evalMember(const ast::MemberExpr *expr) {
  return memberOf(eval(expr->base), expr);
}

Value Elaborator::transposed(const Tensor &tensor, SourceRange range) {
  if (tensor.type.rank() != 2) {
    error(range, "'.T' needs a matrix, but this is " + print(tensor.type))
        .note("transpose(x, [...]) names the new order of any number of dimensions");
    return {};
  }
  TensorType type = tensor.type;
  std::swap(type.dims[0], type.dims[1]);
  Value value = result(
      type, range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType lowered) {
        return ir.make<nn::TransposeOp>(loc, lowered, tensor.ir, llvm::ArrayRef<int64_t>{1, 0});
      },
      tensor.ofWeights);
  if (value.isPoison())
    return value;
  Tensor copy = *value.tensor();
  copy.untransposed = tensor.ir;
  return copy;
}

bool Elaborator::evalArgs(llvm::ArrayRef<ast::Argument> args,
                          llvm::SmallVectorImpl<PassedArgument> &out) {
  bool good = true;
  for (const ast::Argument &arg : args) {
    out.push_back({arg.name.text, arg.name.range, operand(arg.value)});
    good &= !out.back().operand.value.isPoison();
  }
  return good;
}

Value Elaborator::evalCall(const ast::CallExpr *expr) {
  llvm::SmallVector<PassedArgument> args;
  Value callee;
  SourceRange calleeRange = expr->callee->range;
  bool good = true;
  auto *member = llvm::dyn_cast<ast::MemberExpr>(expr->callee);
  if (!member) {
    if (auto *name = llvm::dyn_cast<ast::NameExpr>(expr->callee); name && name->name == "config") {
      if (auto value = evalConfig(expr, nullptr))
        return *value;
      return fail(expr->range, "config.json has no such key, and no default is given");
    }
    callee = eval(expr->callee);
  } else {
    calleeRange = member->name.range;
    Value base = eval(member->base);
    if (base.part()) {
      callee = memberOf(base, member);
    } else {
      good = !base.isPoison();
      if (auto function = lookup(member->name.text, calleeRange))
        callee = *function;
      else if (good && !member->name.empty())
        unknownName(member->name.text, calleeRange);
      args.push_back({{}, {}, {base, member->base->range}});
    }
  }
  good &= evalArgs(expr->args, args);
  if (!good || callee.isPoison())
    return {};
  return callValue(callee, expr->range, calleeRange, args);
}

Value Elaborator::callValue(const Value &callee, SourceRange range, SourceRange calleeRange,
                            llvm::ArrayRef<PassedArgument> args) {
  if (const Function *function = callee.function())
    return call(*function, range, args);
  if (const Builtin *builtin = callee.builtin())
    return callBuiltin(*builtin, range, calleeRange, args);
  if (const ElementType *element = callee.element()) {
    // `f32(x)` is cast(x, f32).
    llvm::SmallVector<PassedArgument> castArgs(args);
    castArgs.push_back({"dtype", calleeRange, {*element, calleeRange}});
    return callBuiltin(*findBuiltin("cast"), range, calleeRange, castArgs);
  }
  if (Instance *part = callee.part()) {
    if (!part->unnamed) {
      error(calleeRange, "the block '" + part->decl->name.text + "' has no unnamed 'fn' to call")
          .note(part->decl->name.range, "'" + part->decl->name.text.str() + "' is declared");
      return {};
    }
    Function function;
    function.decl = part->unnamed;
    function.self = part;
    function.module = part->module;
    return call(function, range, args);
  }
  if (const Value::BlockName *block = callee.block()) {
    StringRef name = block->decl->name.text;
    error(calleeRange, "'" + name + "' is a block; its weights need a name")
        .note("declare 'part name: " + name.str() + "(...)' in the block, then call 'name(...)'");
    return {};
  }
  if (const ListValue *list = callee.list();
      list && llvm::any_of(list->elements, [](const Value &v) { return v.part(); })) {
    error(calleeRange, "this is a list of parts; call them one by one")
        .note("'for part in parts { x = part(x) }'");
    return {};
  }
  // A function of which this check knows no more than that it is one gives any value.
  if (callee.isPoison() || (callee.unknown() && callee.unknown()->kind == CompileTimeKind::Fn))
    return {};
  return fail(calleeRange, describe(callee) + " cannot be called");
}

//===----------------------------------------------------------------------===//
// Choices and comprehensions
//===----------------------------------------------------------------------===//

std::optional<bool> Elaborator::condition(const ast::Expr *expr, bool *poisoned,
                                          std::optional<Tensor> *atRunTime) {
  Value value = eval(expr);
  *poisoned = false;
  if (const bool *known = value.boolean())
    return *known;
  if (value.unknown() && value.unknown()->kind == CompileTimeKind::Bool)
    return std::nullopt;
  *poisoned = true;
  if (value.isPoison())
    return std::nullopt;
  if (const Tensor *tensor = value.tensor()) {
    bool isOneElement = llvm::all_of(tensor->type.dims, [&](const DimExpr &d) { return isOne(d); });
    if (isBool(tensor->type.element) && isOneElement && atRunTime) {
      Value flag = tensor->type.rank() == 0 ? value : reshape(expr->range, *tensor, {});
      if (const Tensor *scalar = flag.tensor()) {
        *poisoned = false;
        *atRunTime = *scalar;
      }
    } else if (isBool(tensor->type.element) && isOneElement) {
      error(expr->range, "this condition must be known when the model is compiled")
          .label(expr->range, labelFor(value));
    } else if (isBool(tensor->type.element)) {
      error(expr->range, "a condition is one bool, but this has several: " + describe(value))
          .note("select(condition, a, b) chooses element by element");
    } else
      error(expr->range, "a condition must be a bool, but this is " + describe(value));
    return std::nullopt;
  }
  error(expr->range, "a condition must be a bool, but this is " + describe(value));
  return std::nullopt;
}

Value Elaborator::evalIf(const ast::IfExpr *expr) {
  bool poisoned;
  std::optional<Tensor> atRunTime;
  std::optional<bool> chosen = condition(expr->condition, &poisoned, &atRunTime);
  if (poisoned)
    return {};
  if (chosen)
    return eval(*chosen ? expr->thenValue : expr->elseValue);
  if (atRunTime)
    return chooseValue(expr, *atRunTime);
  llvm::SaveAndRestore assume(current->assuming, current->assuming + 1);
  Value first = eval(expr->thenValue);
  Value second = eval(expr->elseValue);
  return first.isPoison() ? second : first;
}

Value Elaborator::evalListComp(const ast::ListCompExpr *expr) {
  std::optional<ListValue> items = iterate(operand(expr->iterable));
  if (!items)
    return {};
  std::vector<Value> values;
  bool isOpen = items->isOpen;
  for (const Value &item : items->elements) {
    Scope &inner = scopeStore.emplace_back();
    inner.parent = scope;
    llvm::SaveAndRestore inScope(scope, &inner);
    bind(expr->pattern, item, expr->iterable->range, /*assignable=*/false);
    if (expr->condition) {
      bool poisoned;
      std::optional<bool> chosen = condition(expr->condition, &poisoned);
      if (poisoned)
        return {};
      isOpen |= !chosen;
      if (chosen && !*chosen)
        continue;
    }
    values.push_back(eval(expr->element));
    if (gaveUp)
      return {};
  }
  return Value::list(std::move(values), isOpen);
}

std::optional<DimExpr> Elaborator::evalInt(const ast::Expr *expr, const Twine &what) {
  Value value = eval(expr);
  if (const DimExpr *integer = value.integer())
    return *integer;
  if (!value.isPoison())
    error(expr->range, what + " must be an int, but this is " + describe(value));
  return std::nullopt;
}
