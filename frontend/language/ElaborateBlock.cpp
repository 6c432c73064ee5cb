//===- ElaborateBlock.cpp - parts and what they declare ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Elaborator.h"

#include "llvm/Support/SaveAndRestore.h"

#include <fmt/format.h>

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

/// Parts of a model; more are a slip of the pen, or an attack.
static constexpr size_t maxParts = 100'000;
/// Parts inside parts.
static constexpr unsigned maxNesting = 60;

Instance *Elaborator::newInstance(const ast::BlockDecl *decl, const Module *module,
                                  Instance *parent, std::string path, std::string source) {
  Instance &instance = instances.emplace_back();
  instance.decl = decl;
  instance.module = module;
  instance.parent = parent;
  instance.path = std::move(path);
  instance.source = std::move(source);
  instantiated.insert(decl);
  return &instance;
}

bool Elaborator::declare(Instance *instance, const ast::Ident &name, Member member) {
  if (name.empty())
    return false;
  member.range = name.range;
  remember(name.range, member.value);
  bool isWeight = member.kind == Member::Kind::Weight;
  auto [previous, isNew] = instance->members.insert({name.text, std::move(member)});
  // Both sides of an undecided `if` may declare a name.
  if (isNew || current->assuming)
    return isNew;
  Diagnostic &diag = error(name.range, "'" + name.text + "' is declared twice");
  diag.note(previous->second.range, "first declared");
  if (isWeight && previous->second.kind == Member::Kind::Param)
    diag.note("'weight w: ... as \"" + name.text.str() + "\"' keeps the name in the weight file");
  return false;
}

void Elaborator::declareParam(Instance *instance, const ast::Param &param, Value value) {
  if (const DimExpr *integer = value.integer())
    value = addSymbol(param.name.text, *integer, std::nullopt,
                      {SymbolOrigin::Kind::Param, param.name.range,
                       "'" + param.name.text.str() + "'", instance, 0});
  declare(instance, param.name, {Member::Kind::Param, {}, std::move(value), nullptr});
}

Instance *Elaborator::instantiate(const ast::BlockDecl *decl, const Module *module,
                                  Instance *parent, std::string path, std::string source,
                                  SourceRange range, llvm::ArrayRef<PassedArgument> args) {
  if (instances.size() >= maxParts || nesting >= maxNesting) {
    gaveUp = true;
    fail(range, nesting >= maxNesting
                    ? "'" + decl->name.text + "' is nested too deeply; does a block contain itself?"
                    : "this model has more than " + Twine(maxParts) + " parts");
    return nullptr;
  }
  Callee callee;
  callee.name = decl->name.text.str();
  callee.declared = decl->name.range;
  for (const ast::Param &param : decl->params)
    callee.params.push_back({param.name.text, !param.defaultValue});
  llvm::SmallVector<const PassedArgument *> slots;
  if (!matchArguments(callee, range, args, slots))
    return nullptr;

  Instance *instance = newInstance(decl, module, parent, std::move(path), std::move(source));
  instance->declared = range;
  Frame &frame = frameStore.emplace_back();
  frame.caller = current;
  frame.self = instance;
  frame.module = module;
  frame.callRange = range;
  frame.id = ++frames;
  frame.assuming = current->assuming;
  llvm::SaveAndRestore deeper(nesting, nesting + 1);
  llvm::SaveAndRestore inFrame(current, &frame);
  llvm::SaveAndRestore<Scope *> noScope(scope, nullptr);
  for (auto [i, param] : llvm::enumerate(decl->params)) {
    Operand given;
    if (slots[i])
      given = slots[i]->operand;
    else if (param.defaultValue)
      given = operand(param.defaultValue);
    Value value;
    if (!given.value.isPoison() && param.type)
      value = coerce(given, param.type, "'" + param.name.text + "'").value_or(Value());
    declareParam(instance, param, value);
  }
  declareMembers(instance, decl->members);
  return instance;
}

Instance *Elaborator::instantiateSymbolic(const ast::BlockDecl *decl, const Module *module) {
  Instance *instance = newInstance(decl, module, nullptr, "", "");
  Frame &frame = frameStore.emplace_back();
  frame.self = instance;
  frame.module = module;
  frame.id = ++frames;
  llvm::SaveAndRestore inFrame(current, &frame);
  llvm::SaveAndRestore<Scope *> noScope(scope, nullptr);
  for (const ast::Param &param : decl->params) {
    if (!param.type)
      continue;
    Value value = unknownOf(param.type, param.name.text,
                            {SymbolOrigin::Kind::Param, param.name.range,
                             "'" + param.name.text.str() + "'", instance, 0});
    declare(instance, param.name, {Member::Kind::Param, {}, value, nullptr});
    // The default must be of the type, whoever uses it.
    if (param.defaultValue)
      if (Operand given = operand(param.defaultValue); !given.value.isPoison())
        coerce(given, param.type, "'" + param.name.text + "'");
  }
  declareMembers(instance, decl->members);
  return instance;
}

Instance *Elaborator::instantiateModel(const ast::BlockDecl *decl, const Module *module,
                                       bool symbolic) {
  Instance *instance = newInstance(decl, module, nullptr, "", "");
  Frame &frame = frameStore.emplace_back();
  frame.self = instance;
  frame.module = module;
  frame.id = ++frames;
  llvm::SaveAndRestore inFrame(current, &frame);
  llvm::SaveAndRestore<Scope *> noScope(scope, nullptr);
  llvm::SmallVector<StringRef> names;
  for (const ast::Param &param : decl->params) {
    names.push_back(param.name.text);
    if (!param.type || llvm::isa<ast::ErrorType>(param.type)) {
      declare(instance, param.name, {Member::Kind::Param, {}, Value(), nullptr});
      continue;
    }
    SymbolOrigin origin{SymbolOrigin::Kind::Param, param.name.range,
                        "'" + param.name.text.str() + "'", instance, 0};
    std::optional<Value> value = modelParam(param);
    if (!value) {
      if (!symbolic)
        error(param.name.range, "the parameter '" + param.name.text + "' has no value")
            .note("give it with --set " + param.name.text.str() + "=..., or a default in the file");
      value = unknownOf(param.type, param.name.text, origin);
    } else if (const DimExpr *integer = value->integer()) {
      // The root of all sizes: a symbol that has this number in this compilation.
      value = addSymbol(param.name.text, std::nullopt, valueOf(*integer), origin);
    }
    declare(instance, param.name, {Member::Kind::Param, {}, *value, nullptr});
  }
  for (const auto &[name, text] : options.settings)
    if (!llvm::is_contained(names, name))
      diags.errorAt("--set " + name,
                    "the model '" + decl->name.text + "' has no parameter '" + name + "'" +
                        (nearestName(name, names).empty()
                             ? ""
                             : "; did you mean '" + nearestName(name, names).str() + "'?"));
  declareMembers(instance, decl->members);
  return instance;
}

void Elaborator::declareMembers(Instance *instance, llvm::ArrayRef<ast::Decl *> members) {
  for (ast::Decl *member : members) {
    if (gaveUp)
      return;
    declareMember(instance, member);
  }
}

void Elaborator::declareMember(Instance *instance, ast::Decl *decl) {
  using Kind = ast::Decl::Kind;
  switch (decl->kind) {
  case Kind::Const:
    return declareConst(instance, llvm::cast<ast::ConstDecl>(decl));
  case Kind::Weight:
    return declareWeight(instance, llvm::cast<ast::WeightDecl>(decl));
  case Kind::Part:
    return declarePart(instance, llvm::cast<ast::PartDecl>(decl));
  case Kind::State:
    return declareState(instance, llvm::cast<ast::StateDecl>(decl));
  case Kind::Fn: {
    auto *fn = llvm::cast<ast::FnDecl>(decl);
    if (fn->isEntry && !instance->decl->isModel)
      error(fn->name.range, "'entry' stands only in a model; a block has 'fn'");
    Function function;
    function.decl = fn;
    function.self = instance;
    function.module = instance->module;
    if (!fn->name.empty()) {
      declare(instance, fn->name, {Member::Kind::Fn, {}, function, nullptr});
      return;
    }
    if (instance->unnamed && !current->assuming)
      error(fn->range.first(), "'" + instance->decl->name.text + "' has two unnamed 'fn's")
          .note(instance->unnamed->range.first(), "the first is");
    else if (!instance->unnamed)
      instance->unnamed = fn;
    return;
  }
  case Kind::If: {
    auto *choice = llvm::cast<ast::IfDecl>(decl);
    bool poisoned;
    std::optional<bool> chosen = condition(choice->condition, &poisoned);
    if (chosen)
      return declareMembers(instance, *chosen ? choice->thenMembers : choice->elseMembers);
    llvm::SaveAndRestore assume(current->assuming, current->assuming + 1);
    declareMembers(instance, choice->thenMembers);
    declareMembers(instance, choice->elseMembers);
    return;
  }
  case Kind::Import:
  case Kind::Block:
    return;
  }
}

void Elaborator::declareConst(Instance *instance, const ast::ConstDecl *decl) {
  Operand given = operand(decl->value);
  Value value = given.value;
  if (decl->type && !value.isPoison())
    value = coerce(given, decl->type, "'" + decl->name.text + "'").value_or(Value());
  if (!value.isPoison() && !value.isCompileTime() && !value.list())
    value = fail(decl->value->range,
                 "a constant must be known at compile time, but this is " + describe(value));
  if (const DimExpr *integer = value.integer())
    value = addSymbol(decl->name.text, *integer, std::nullopt,
                      {SymbolOrigin::Kind::Const, decl->name.range,
                       "'" + decl->name.text.str() + "'", instance, 0});
  declare(instance, decl->name, {Member::Kind::Const, {}, value, nullptr});
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

static std::string pathOf(StringRef prefix, const Twine &name) {
  std::string text = name.str();
  if (prefix.empty() || text.empty())
    return text.empty() ? prefix.str() : text;
  return (prefix + "." + text).str();
}

std::string Elaborator::fileNameOf(const ast::FileName &name) {
  std::string text;
  StringRef rest = name.value;
  while (!rest.empty()) {
    auto [before, after] = rest.split('{');
    text += before;
    if (before.size() == rest.size())
      return text;
    auto [inner, behind] = after.split('}');
    std::optional<Value> value = lookup(inner, name.range);
    rest = behind;
    if (value && value->text()) {
      text += *value->text();
    } else if (auto number =
                   value && value->integer() ? valueOf(*value->integer()) : std::nullopt) {
      text += std::to_string(*number);
    } else if (!value || !(value->isPoison() || value->integer() || value->unknown())) {
      error(name.range, "'{" + inner +
                            "}' in the name of a file's weight must be a parameter or "
                            "constant that is an int or a str");
      return text;
    }
  }
  return text;
}

std::string Elaborator::printInitial(const ast::Expr *expr) {
  const ast::Expr *callee = expr;
  llvm::ArrayRef<ast::Argument> args;
  if (auto *callExpr = llvm::dyn_cast<ast::CallExpr>(expr)) {
    callee = callExpr->callee;
    args = callExpr->args;
  }
  auto *name = llvm::dyn_cast<ast::NameExpr>(callee);
  static constexpr StringRef known[] = {"zeros", "ones", "normal", "uniform"};
  if (!name || !llvm::is_contained(known, name->name)) {
    if (!llvm::isa<ast::ErrorExpr>(expr))
      error(expr->range, "unknown initial value")
          .didYouMean(callee->range, name ? nearestName(name->name, known) : "")
          .note("there are zeros, ones, normal(deviation) and uniform(limit)");
    return "";
  }
  bool takesNumber = name->name == "normal" || name->name == "uniform";
  if (args.size() != (takesNumber ? 1 : 0)) {
    error(expr->range,
          "'" + name->name + "' takes " + (takesNumber ? "one number" : "no arguments"));
    return "";
  }
  if (!takesNumber)
    return name->name.str();
  Value value = eval(args[0].value);
  if (const double *number = value.number())
    return fmt::format("{}({})", name->name.str(), *number);
  if (const DimExpr *integer = value.integer())
    return fmt::format("{}({})", name->name.str(), valueOf(*integer).value_or(1));
  if (!value.isPoison() && !value.unknown())
    error(args[0].value->range,
          "'" + name->name + "' takes a number, but this is " + describe(value));
  return "";
}

void Elaborator::declareWeight(Instance *instance, const ast::WeightDecl *decl) {
  auto type = resolveType(decl->type);
  std::string initial = decl->initial ? printInitial(decl->initial) : "";
  if (!type) {
    declare(instance, decl->name, {Member::Kind::Const, {}, Value(), nullptr});
    return;
  }
  isReasonable(*type, decl->type->range);
  auto weight = std::make_unique<Weight>();
  weight->decl = decl;
  weight->owner = instance;
  weight->path = pathOf(instance->path, decl->name.text);
  weight->source = pathOf(instance->source, decl->fileName.isPresent() ? fileNameOf(decl->fileName)
                                                                       : decl->name.text.str());
  weight->type = *type;
  weight->initial = initial;
  if (!declare(instance, decl->name, {Member::Kind::Weight, {}, Value(), weight.get()}))
    return;
  instance->order.push_back(weight.get());
  instance->weights.push_back(std::move(weight));
}

Value Elaborator::readWeight(Weight *weight, SourceRange range) {
  if (!current->function)
    return fail(range, "a weight has no value at compile time");
  weight->used = true;
  readWeights.insert(weight->decl);
  Tensor tensor;
  tensor.type = weight->type;
  tensor.weight = weight;
  tensor.ofWeights = true;
  if (emits())
    tensor.ir = emitter->load(*weight, emitter->lowerType(tensor.type), locationOf(range));
  return tensor;
}

void Elaborator::collectWeights(Instance *instance, llvm::SmallVectorImpl<Weight *> &out) {
  for (auto owned : instance->order) {
    if (auto *weight = llvm::dyn_cast<Weight *>(owned))
      out.push_back(weight);
    else if (auto *part = llvm::dyn_cast<Instance *>(owned))
      collectWeights(part, out);
  }
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

void Elaborator::declarePart(Instance *instance, const ast::PartDecl *decl) {
  std::string path = pathOf(instance->path, decl->name.text);
  std::string source =
      pathOf(instance->source,
             decl->fileName.isPresent() ? fileNameOf(decl->fileName) : decl->name.text.str());
  // `as ""`: no level of its own in the file, also for the parts of a list.
  llvm::SaveAndRestore flat(partsAreFlat,
                            decl->fileName.isPresent() && decl->fileName.value.empty());
  Value value;
  if (!decl->count) {
    value = makePart(instance, decl->value, path, source);
  } else if (auto count = evalInt(decl->count, "the number of parts")) {
    auto known = valueOf(*count);
    if (known && (*known < 0 || *known > static_cast<int64_t>(maxParts))) {
      error(decl->count->range, "the number of parts must be from 0 to " + Twine(maxParts) +
                                    ", but is " + Twine(*known));
    } else if (!known && !dependsOnUnknown(*count)) {
      error(decl->count->range, "the number of parts must be known at compile time");
    } else {
      std::vector<Value> parts;
      for (int64_t i = 0; i < known.value_or(1) && !gaveUp; ++i) {
        std::string index = "." + std::to_string(i);
        parts.push_back(makePart(instance, decl->value, path + index, indexed(source, index)));
      }
      value = Value::list(std::move(parts), /*isOpen=*/!known);
    }
  }
  declare(instance, decl->name, {Member::Kind::Part, {}, value, nullptr});
}

Value Elaborator::makePart(Instance *instance, const ast::Expr *expr, std::string path,
                           std::string source) {
  if (llvm::isa<ast::ErrorExpr>(expr) || gaveUp)
    return {};
  if (auto *list = llvm::dyn_cast<ast::ListExpr>(expr)) {
    std::vector<Value> parts;
    for (auto [i, element] : llvm::enumerate(list->elements)) {
      std::string index = "." + std::to_string(i);
      parts.push_back(makePart(instance, element, path + index, indexed(source, index)));
    }
    return Value::list(std::move(parts));
  }
  if (auto *comp = llvm::dyn_cast<ast::ListCompExpr>(expr)) {
    std::optional<ListValue> items = iterate(operand(comp->iterable));
    if (!items)
      return {};
    std::vector<Value> parts;
    bool isOpen = items->isOpen;
    for (const Value &item : items->elements) {
      Scope &inner = scopeStore.emplace_back();
      inner.parent = scope;
      llvm::SaveAndRestore inScope(scope, &inner);
      bind(comp->pattern, item, comp->iterable->range, /*assignable=*/false);
      bool poisoned = false;
      std::optional<bool> chosen = true;
      if (comp->condition)
        chosen = condition(comp->condition, &poisoned);
      if (poisoned)
        return {};
      isOpen |= !chosen;
      if (chosen && !*chosen)
        continue;
      std::string index = "." + std::to_string(parts.size());
      parts.push_back(makePart(instance, comp->element, path + index, indexed(source, index)));
    }
    return Value::list(std::move(parts), isOpen);
  }
  if (auto *choice = llvm::dyn_cast<ast::IfExpr>(expr)) {
    bool poisoned;
    std::optional<bool> chosen = condition(choice->condition, &poisoned);
    if (poisoned)
      return {};
    return makePart(instance, chosen.value_or(true) ? choice->thenValue : choice->elseValue, path,
                    source);
  }
  auto *callExpr = llvm::dyn_cast<ast::CallExpr>(expr);
  auto *name = llvm::dyn_cast<ast::NameExpr>(callExpr ? callExpr->callee : expr);
  if (!name)
    return fail(expr->range, "a part is a block with its arguments, such as Linear(4, 8)");
  Found found = modules.find(current->module, name->name);
  auto *block = llvm::dyn_cast_or_null<ast::BlockDecl>(found.decl);
  if (!block) {
    if (found.decl)
      return fail(name->range, "'" + name->name + "' is no block");
    llvm::SmallVector<StringRef> names;
    modules.collectNames(current->module, names);
    Diagnostic &diag = error(name->range, "unknown block '" + name->name + "'");
    if (std::string import = modules.importFor(name->name); !import.empty())
      diag.note("'import " + import + "' makes it known");
    else
      diag.didYouMean(name->range, nearestName(name->name, names));
    return {};
  }
  if (!callExpr) {
    error(expr->range,
          "the block '" + name->name + "' needs its arguments: '" + name->name + "(...)'");
    return {};
  }
  llvm::SmallVector<PassedArgument> args;
  evalArgs(callExpr->args, args);
  Instance *part = instantiate(block, found.module, instance, std::move(path), std::move(source),
                               expr->range, args);
  if (!part)
    return {};
  instance->order.push_back(part);
  return part;
}
