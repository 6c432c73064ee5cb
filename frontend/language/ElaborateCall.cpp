//===- ElaborateCall.cpp - calls, expanded in place -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"
#include "frontend/language/Elaborator.h"

#include "llvm/Support/SaveAndRestore.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

static void addSlots(Callee &callee, llvm::ArrayRef<ast::Param> params) {
  for (const ast::Param &param : params)
    callee.params.push_back({param.name.text, !param.defaultValue});
}

Value Elaborator::call(const Function &function, SourceRange range,
                       llvm::ArrayRef<PassedArgument> args) {
  Callee callee;
  llvm::SmallVector<const PassedArgument *> slots;
  if (const ast::LetFnStmt *local = function.local) {
    callee.name = local->name.text.str();
    callee.declared = local->name.range;
    addSlots(callee, local->params);
    if (!matchArguments(callee, range, args, slots))
      return {};
    Scope &inner = scopeStore.emplace_back();
    inner.parent = function.scope;
    Frame *caller = current;
    Value value;
    {
      llvm::SaveAndRestore inFrame(current, function.frame);
      llvm::SaveAndRestore assume(current->assuming, std::max(current->assuming, caller->assuming));
      llvm::SaveAndRestore inScope(scope, &inner);
      if (!bindParams(local->params, slots))
        return {};
      value = eval(local->value);
    }
    // Another call's, that was handed on as an argument: its result in the words of this one.
    return caller == function.frame ? value : translate(value, *caller);
  }

  const ast::FnDecl *decl = function.decl;
  visited.insert(decl);
  StringRef blockName = function.self ? function.self->decl->name.text : StringRef();
  callee.name = (decl->name.empty() ? blockName : decl->name.text).str();
  callee.declared =
      decl->name.empty() && function.self ? function.self->decl->name.range : decl->name.range;
  addSlots(callee, decl->params);
  if (!matchArguments(callee, range, args, slots))
    return {};

  Frame &frame = frameStore.emplace_back();
  frame.caller = current;
  frame.function = &frame.ownFunction;
  frame.ownFunction = function;
  frame.self = function.self;
  frame.module = function.module;
  frame.callRange = range;
  frame.id = ++frames;
  frame.assuming = current ? current->assuming : 0;
  Frame *caller = current;
  Scope &inner = scopeStore.emplace_back();
  {
    llvm::SaveAndRestore inFrame(current, &frame);
    llvm::SaveAndRestore inScope(scope, &inner);
    llvm::SaveAndRestore<Loop *> noLoop(loop, nullptr);
    llvm::SaveAndRestore noChoice(choices, 0u);
    if (!bindParams(decl->params, slots))
      return {};
    runStmts(decl->body.stmts);
    checkReturns(decl, "'" + callee.name + "'");
    if (frame.result.isPoison())
      frame.result = declaredResult(decl);
    if (frame.result.function()) {
      error(range, "a function cannot be a result");
      return {};
    }
  }
  return caller ? translate(frame.result, *caller) : frame.result;
}

//===----------------------------------------------------------------------===//
// Builtins
//===----------------------------------------------------------------------===//

std::string language::printSignature(const Builtin &builtin) {
  std::string text = builtin.name.str() + "(";
  for (auto [i, param] : llvm::enumerate(builtin.params)) {
    text += (i ? ", " : "") + param.name.str();
    if (!param.defaultText.empty())
      text += "=" + param.defaultText.str();
  }
  return text + ")";
}

/// What a parameter takes, in words; empty for anything.
static StringRef words(Accepts accepts) {
  switch (accepts) {
  case Accepts::Any:
    return "a value";
  case Accepts::Tensor:
    return "a tensor";
  case Accepts::FloatTensor:
    return "a tensor of floats";
  case Accepts::IndexTensor:
    return "a tensor of i64 or i32";
  case Accepts::BoolTensor:
    return "a tensor of bool";
  case Accepts::Operand:
    return "a tensor or a number";
  case Accepts::Int:
    return "an int";
  case Accepts::Float:
    return "a float";
  case Accepts::Bool:
    return "a bool";
  case Accepts::Str:
    return "a str";
  case Accepts::DType:
    return "a dtype";
  case Accepts::Ints:
    return "an int or a list of ints";
  case Accepts::Shape:
    return "a list of ints";
  case Accepts::Tensors:
    return "a list of tensors";
  }
  llvm_unreachable("unknown kind of parameter");
}

static bool accepted(Accepts accepts, const Value &value) {
  const Tensor *tensor = value.tensor();
  auto isUnknown = [&](CompileTimeKind kind) {
    return value.unknown() && value.unknown()->kind == kind;
  };
  auto isIntList = [&] {
    return value.list() && llvm::all_of(value.list()->elements,
                                        [](const Value &v) { return v.integer() || v.isPoison(); });
  };
  switch (accepts) {
  case Accepts::Any:
    return true;
  case Accepts::Tensor:
    return tensor;
  case Accepts::FloatTensor:
    return tensor && isFloat(tensor->type.element);
  case Accepts::IndexTensor:
    return tensor && isIndex(tensor->type.element);
  case Accepts::BoolTensor:
    return tensor && isBool(tensor->type.element);
  case Accepts::Operand:
    return tensor || value.isNumber() || value.boolean();
  case Accepts::Int:
    return value.integer();
  case Accepts::Float:
    return value.isNumber();
  case Accepts::Bool:
    return value.boolean() || isUnknown(CompileTimeKind::Bool);
  case Accepts::Str:
    return value.text() || isUnknown(CompileTimeKind::Str);
  case Accepts::DType:
    return value.element() || isUnknown(CompileTimeKind::DType);
  case Accepts::Ints:
    return value.integer() || isIntList();
  case Accepts::Shape:
    return isIntList();
  case Accepts::Tensors:
    return value.list() && llvm::all_of(value.list()->elements,
                                        [](const Value &v) { return v.tensor() || v.isPoison(); });
  }
  llvm_unreachable("unknown kind of parameter");
}

Value Elaborator::callBuiltin(const Builtin &builtin, SourceRange range, SourceRange calleeRange,
                              llvm::ArrayRef<PassedArgument> args) {
  Callee callee;
  callee.name = builtin.name.str();
  callee.signature = printSignature(builtin);
  for (const BuiltinParam &param : builtin.params)
    callee.params.push_back({param.name, param.defaultText.empty()});
  llvm::SmallVector<const PassedArgument *> slots;
  if (!matchArguments(callee, range, args, slots))
    return {};
  BuiltinCall call(*this, builtin, range, calleeRange);
  bool good = true;
  for (auto [i, slot] : llvm::enumerate(slots)) {
    if (!slot)
      continue;
    const BuiltinParam &param = builtin.params[i];
    call.operands[i] = slot->operand;
    const Value &value = slot->operand.value;
    if (value.isPoison()) {
      good = false;
    } else if (param.defaultText == "None" && value.isNone()) {
      continue;
    } else if (!accepted(param.accepts, value)) {
      error(slot->operand.range, "'" + param.name + "' of '" + builtin.name + "' must be " +
                                     words(param.accepts) + ", but this is " + describe(value))
          .note("it is " + callee.signature);
      good = false;
    } else if (const ListValue *list = value.list();
               list && (param.accepts == Accepts::Tensors || param.accepts == Accepts::Shape) &&
               llvm::any_of(list->elements, [](const Value &v) { return v.isPoison(); })) {
      good = false;
    }
  }
  return good ? builtin.apply(call) : Value();
}

//===----------------------------------------------------------------------===//
// BuiltinCall
//===----------------------------------------------------------------------===//

bool BuiltinCall::ofWeights() const {
  bool any = false;
  for (const Operand &operand : operands) {
    llvm::SmallVector<Value> values(1, operand.value);
    if (const ListValue *list = operand.value.list())
      values.assign(list->elements.begin(), list->elements.end());
    for (const Value &value : values)
      if (const Tensor *tensor = value.tensor()) {
        if (!tensor->ofWeights)
          return false;
        any = true;
      }
  }
  return any;
}

std::optional<int64_t> BuiltinCall::number(unsigned i, int64_t absent) {
  if (!has(i))
    return absent;
  const DimExpr &integer = *operands[i].value.integer();
  if (auto known = e.valueOf(integer))
    return known;
  if (!e.dependsOnUnknown(integer) && integer.isValid())
    fail(operands[i].range, "'" + builtin.params[i].name + "' must be known at compile time, but " +
                                e.print(integer) + " is a size of the run");
  return std::nullopt;
}

DimExpr BuiltinCall::integer(unsigned i, DimExpr absent) const {
  return has(i) ? *operands[i].value.integer() : absent;
}

double BuiltinCall::real(unsigned i, double absent) const {
  if (!has(i))
    return absent;
  const Value &value = operands[i].value;
  if (const double *number = value.number())
    return *number;
  if (const DimExpr *integer = value.integer())
    return static_cast<double>(e.valueOf(*integer).value_or(1));
  return absent;
}

bool BuiltinCall::flag(unsigned i, bool absent) const {
  if (!has(i) || !operands[i].value.boolean())
    return absent;
  return *operands[i].value.boolean();
}

std::optional<std::string> BuiltinCall::text(unsigned i, StringRef absent) const {
  if (!has(i))
    return absent.str();
  if (const std::string *text = operands[i].value.text())
    return *text;
  return std::nullopt;
}

std::optional<llvm::SmallVector<DimExpr>> BuiltinCall::integers(unsigned i) const {
  llvm::SmallVector<DimExpr> result;
  if (!has(i))
    return result;
  const Value &value = operands[i].value;
  if (const DimExpr *integer = value.integer()) {
    result.push_back(*integer);
    return result;
  }
  const ListValue *list = value.list();
  if (!list || list->isOpen)
    return std::nullopt;
  for (const Value &element : list->elements) {
    if (!element.integer())
      return std::nullopt;
    result.push_back(*element.integer());
  }
  return result;
}

std::optional<llvm::SmallVector<int64_t>> BuiltinCall::numbers(unsigned i) {
  auto sizes = integers(i);
  if (!sizes)
    return std::nullopt;
  llvm::SmallVector<int64_t> result;
  for (const DimExpr &size : *sizes) {
    auto known = e.valueOf(size);
    if (!known) {
      if (!e.dependsOnUnknown(size) && size.isValid())
        fail(operands[i].range, "'" + builtin.params[i].name +
                                    "' must be known at compile time, but " + e.print(size) +
                                    " is a size of the run");
      return std::nullopt;
    }
    result.push_back(*known);
  }
  return result;
}

std::optional<int64_t> BuiltinCall::axisNamed(int64_t axis, size_t rank, SourceRange where) {
  int64_t count = rank;
  if (axis >= -count && axis < count)
    return axis < 0 ? axis + count : axis;
  Diagnostic &diag = e.error(where, "there is no axis " + Twine(axis) + ": the tensor has " +
                                        Twine(rank) + (rank == 1 ? " dimension" : " dimensions"));
  if (operands[0].value.tensor())
    diag.label(operands[0].range, e.labelFor(operands[0].value));
  return std::nullopt;
}

std::optional<int64_t> BuiltinCall::axis(unsigned i, int64_t absent, size_t rank) {
  auto known = number(i, absent);
  if (!known)
    return std::nullopt;
  return axisNamed(*known, rank, rangeOf(i));
}

std::optional<llvm::SmallVector<int64_t>> BuiltinCall::axes(unsigned i, size_t rank) {
  auto named = numbers(i);
  if (!named)
    return std::nullopt;
  llvm::SmallVector<int64_t> result;
  for (int64_t axis : *named) {
    auto known = axisNamed(axis, rank, rangeOf(i));
    if (!known)
      return std::nullopt;
    if (llvm::is_contained(result, *known)) {
      fail(rangeOf(i), "axis " + Twine(axis) + " is named twice");
      return std::nullopt;
    }
    result.push_back(*known);
  }
  llvm::sort(result);
  return result;
}

Diagnostic &BuiltinCall::errorAt(unsigned i, const Twine &message) {
  Diagnostic &diag = e.error(rangeOf(i), message);
  if (present(i)) {
    diag.label(rangeOf(i), e.labelFor(operands[i].value));
    if (operands[i].value.tensor())
      e.noteOrigins(diag, type(i).dims);
  }
  return diag;
}

Value BuiltinCall::wrongType(unsigned i, const Twine &wanted) {
  errorAt(i, "'" + builtin.params[i].name + "' of '" + builtin.name + "' must be " + wanted +
                 ", but this is " + e.describe(operands[i].value));
  return {};
}

bool BuiltinCall::expect(unsigned i, const TensorType &wanted) {
  if (!has(i))
    return true;
  const TensorType &actual = type(i);
  bool same = actual.element == wanted.element && actual.rank() == wanted.rank();
  llvm::SmallVector<DimExpr> sizes;
  for (size_t k = 0; same && k < wanted.rank(); ++k)
    if (!e.sameSize(actual.dims[k], wanted.dims[k], rangeOf(i))) {
      same = false;
      sizes = {wanted.dims[k], actual.dims[k]};
    }
  if (same)
    return true;
  Diagnostic &diag =
      e.error(rangeOf(i), "'" + builtin.params[i].name + "' of '" + builtin.name + "' must be " +
                              e.print(wanted) + ", but this is " + e.print(actual));
  diag.label(rangeOf(i), e.labelFor(operands[i].value));
  e.noteOrigins(diag, sizes);
  return false;
}
