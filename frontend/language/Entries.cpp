//===- Entries.cpp - running functions by themselves ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Elaborator.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

DimExpr Elaborator::addFreeSize(llvm::StringRef name, SourceRange range, const ast::Param &param,
                                SizeSource source) {
  DimExpr size = addSymbol(name, std::nullopt, std::nullopt,
                           {SymbolOrigin::Kind::Free, range,
                            "argument '" + param.name.text.str() + "'", nullptr, current->id});
  freeSizes[dims.symbolsOf(size)[0]] = source;
  return size;
}

/// Declares the element type and the sizes that stand alone in one argument.
void Elaborator::declareFreeNames(const ast::Param &param, unsigned argument, bool isEntry) {
  auto *type = llvm::dyn_cast<ast::TensorType>(param.type);
  if (!type)
    return;
  StringRef element = type->element.text;
  if (isVariableName(element) && !elementTypeNamed(element) && !lookup(element, type->range)) {
    if (isEntry)
      error(type->element.range, "an entry says what its arguments hold, such as f32");
    current->elements[element] = ElementType::F32;
  }
  for (auto [i, dim] : llvm::enumerate(type->dims)) {
    unsigned dimension = i;
    if (dim.kind == ast::Dim::Kind::Leading) {
      if (isEntry)
        error(dim.range, "an entry names each dimension of its arguments; '..' is for functions");
      // One stands for any number: a check cannot run for all of them.
      if (!current->leading)
        current->leading.emplace({addFreeSize("..", dim.range, param, {argument, dimension})});
    } else if (const ast::Expr *own = dim.kind == ast::Dim::Kind::Size ? dim.size : dim.bound;
               isFreeVariable(own)) {
      StringRef name = llvm::cast<ast::NameExpr>(own)->name;
      if (!current->dims.contains(name)) {
        DimExpr size = addFreeSize(name, dim.range, param, {argument, dimension});
        current->dims[name] = size;
      }
    }
  }
}

/// The type of an argument; sizes that only its formulas name are found from them.
std::optional<TensorType> Elaborator::freeType(const ast::Param &param, unsigned argument) {
  auto *type = llvm::dyn_cast<ast::TensorType>(param.type);
  for (auto [i, dim] : llvm::enumerate(type ? type->dims : llvm::ArrayRef<ast::Dim>())) {
    const ast::NameExpr *unbound =
        dim.kind == ast::Dim::Kind::Size ? unboundVariable(dim.size) : nullptr;
    if (!unbound)
      continue;
    DimExpr size =
        addFreeSize(unbound->name, unbound->range, param, {argument, static_cast<unsigned>(i)});
    DimSymbol symbol = dims.symbolsOf(size)[0];
    current->dims[unbound->name] = size;
    auto whole = resolveDim(dim.size);
    if (!whole)
      return std::nullopt;
    DimExpr factor, offset;
    if (!splitLinear(dims, dims.expand(*whole), symbol, factor, offset)) {
      error(dim.range, "'" + unbound->name + "' cannot be found from this formula")
          .note("an argument with '" + unbound->name.str() + "' alone as a size binds it");
      return std::nullopt;
    }
  }
  return resolveType(param.type);
}

/// An artifact is called with the sizes of variables; nothing there solves formulas for them.
bool Elaborator::namesItsSizes(const ast::Param &param, const TensorType &type) {
  auto *tensor = llvm::dyn_cast<ast::TensorType>(param.type);
  if (!tensor)
    return true; // a number
  for (auto [dim, size] : llvm::zip(tensor->dims, type.dims)) {
    if (dim.kind != ast::Dim::Kind::Size || isFreeVariable(dim.size) || !dependsOnRun(size))
      continue;
    error(dim.range, "a size of an entry's argument is a number or a variable by itself, not the "
                     "formula " +
                         print(size))
        .note("give this size a name of its own; sizes of results may be formulas");
    return false;
  }
  return true;
}

bool Elaborator::declareFree(const Function &function, bool isEntry,
                             llvm::SmallVectorImpl<Port> &ports) {
  bool good = true;
  // Compile-time parameters first: sizes of tensors may name them.
  for (const ast::Param &param : function.decl->params) {
    Value value;
    if (param.type && isCompileTimeType(param.type)) {
      if (isEntry) {
        error(param.range, "an entry takes tensors; '" + param.name.text +
                               "' is known at compile time and belongs to the model's parameters");
        good = false;
      }
      value = unknownOf(param.type, param.name.text,
                        {SymbolOrigin::Kind::Param, param.name.range,
                         "'" + param.name.text.str() + "'", nullptr, current->id});
    }
    define(param.name, value, /*assignable=*/false);
  }
  llvm::SmallVector<const ast::Param *> tensors;
  for (const ast::Param &param : function.decl->params)
    if (param.type && !isCompileTimeType(param.type))
      tensors.push_back(&param);
  // Sizes that stand alone, in any argument, come before formulas of them.
  for (auto [i, param] : llvm::enumerate(tensors))
    declareFreeNames(*param, i, isEntry);
  for (auto [i, tensor] : llvm::enumerate(tensors)) {
    const ast::Param &param = *tensor;
    size_t before = diags.errorCount();
    if (!isEntry && boundedAxis(param.type)) {
      Value any = checkBounded({}, llvm::cast<ast::TensorType>(param.type), "");
      for (Variable &variable : scope->variables)
        if (variable.name == param.name.text)
          variable.value = any;
      good &= !any.isPoison();
      continue;
    }
    auto type = freeType(param, i);
    // Arguments have no value yet: a size that names one comes to nothing.
    if (!type && diags.errorCount() == before && !diags.hasErrors())
      error(param.type->range, "a size is made of parameters and dimension variables, such as B; "
                               "it cannot be another argument");
    if (!type || !isReasonable(*type, param.type->range)) {
      good = false;
      continue;
    }
    if (isEntry && !namesItsSizes(param, *type)) {
      good = false;
      continue;
    }
    for (Variable &variable : scope->variables)
      if (variable.name == param.name.text) {
        Tensor tensor{*type};
        nameNumber(tensor);
        variable.value = tensor;
      }
    ports.push_back({param.name.text.str(), *type});
  }
  return good;
}

static PortSummary summarizePort(const Port &port, DimContext &dims) {
  PortSummary summary;
  summary.name = port.name;
  summary.dtype = name(port.type.element).str();
  for (const DimExpr &dim : port.type.dims)
    summary.shape.push_back(dims.print(dims.resolve(dim)));
  if (!port.bounded.empty())
    summary.shape[port.axis] = port.bounded + " <= " + summary.shape[port.axis];
  return summary;
}

/// The results of an entry by name: as declared, else "result", "result1", ...
static llvm::SmallVector<std::string> resultNames(const ast::FnDecl *decl, size_t count) {
  llvm::SmallVector<std::string> names;
  auto *tuple = llvm::dyn_cast_or_null<ast::TupleType>(decl->result);
  for (size_t i = 0; i < count; ++i) {
    if (tuple && i < tuple->fields.size() && !tuple->fields[i].name.empty())
      names.push_back(tuple->fields[i].name.text.str());
    else
      names.push_back(count == 1 ? "result" : "result" + std::to_string(i));
  }
  return names;
}

void Elaborator::runEntry(Instance *model, const Function &function, ModelSummary *summary) {
  const ast::FnDecl *decl = function.decl;
  visited.insert(decl);
  requirements.clear();
  freeSizes.clear();
  stateSizes.clear();
  entryStates.clear();
  Frame &frame = frameStore.emplace_back();
  frame.ownFunction = function;
  frame.function = &frame.ownFunction;
  frame.self = model;
  frame.module = function.module;
  frame.id = ++frames;
  Scope &inner = scopeStore.emplace_back();
  llvm::SaveAndRestore inFrame(current, &frame);
  llvm::SaveAndRestore inScope(scope, &inner);
  llvm::SmallVector<Port> arguments, results;
  bool good = declareFree(function, /*isEntry=*/true, arguments);
  SourceRange at = decl->name.empty() ? decl->range.first() : decl->name.range;
  if (emits()) {
    emitter->beginEntry(decl->name.text, locationOf(at), arguments);
    for (const auto &[symbol, source] : freeSizes)
      emitter->defineSize(symbol, source);
    for (auto [i, port] : llvm::enumerate(arguments))
      for (Variable &variable : inner.variables)
        if (variable.name == port.name) {
          Tensor tensor = *variable.value.tensor();
          tensor.ir = emitter->argument(i);
          variable.value = tensor;
        }
  }
  runStmts(decl->body.stmts);
  checkReturns(decl, "'" + decl->name.text.str() + "'");
  if (!frame.returned && !gaveUp)
    return;
  std::vector<Value> values{frame.result};
  if (const std::vector<Value> *several = frame.result.tuple())
    values = *several;
  llvm::SmallVector<mlir::Value> lowered;
  llvm::SmallVector<std::string> names = resultNames(decl, values.size());
  llvm::SetVector<StringRef> taken;
  for (const Port &port : arguments)
    taken.insert(port.name);
  for (auto [i, value] : llvm::enumerate(values)) {
    const BoundedTensor *bounded = value.bounded();
    const Tensor *tensor = bounded ? &bounded->data : value.tensor();
    if (!tensor) {
      if (!value.isPoison())
        error(at,
              "an entry returns tensors, but '" + decl->name.text + "' returns " + describe(value));
      return;
    }
    if (!taken.insert(names[i])) {
      error(at,
            "two arguments or results of '" + decl->name.text + "' are named '" + names[i] + "'")
          .note("results are named in '-> (name: f32[...], ...)'");
      return;
    }
    results.push_back({names[i], tensor->type});
    lowered.push_back(tensor->ir);
    if (!bounded)
      continue;
    if (!taken.insert(bounded->name)) {
      error(at, "two arguments, results or sizes of '" + decl->name.text + "' are named '" +
                    bounded->name + "'")
          .note("each size that is known only after the run has a name of its own");
      return;
    }
    results.back().bounded = bounded->name;
    results.back().axis = bounded->axis;
    results.push_back({bounded->name, bounded->length.type});
    lowered.push_back(bounded->length.ir);
  }
  if (!good)
    return;
  if (emits()) {
    std::vector<std::string> states;
    for (const State *state : entryStates)
      states.push_back(state->path);
    llvm::SmallVector<std::pair<std::string, std::string>> sizes;
    for (const auto &[variable, size] : stateSizes)
      sizes.push_back({variable, dims.print(dims.resolve(size))});
    emitter->setStates(states, sizes);
    emitter->endEntry(locationOf(at), results, lowered, decl->doc);
  }
  if (!summary)
    return;
  EntrySummary &entry = summary->entries.emplace_back();
  entry.name = decl->name.text.str();
  entry.doc = decl->doc.str();
  for (const Port &port : arguments)
    entry.arguments.push_back(summarizePort(port, dims));
  for (const Port &port : results)
    entry.results.push_back(summarizePort(port, dims));
  entry.requirements = requirements;
}

void Elaborator::checkAlone(const Function &function) {
  if (function.decl->isEntry && function.self && function.self->decl->isModel)
    return runEntry(function.self, function, nullptr);
  visited.insert(function.decl);
  stateSizes.clear();
  entryStates.clear();
  Frame &frame = frameStore.emplace_back();
  frame.ownFunction = function;
  frame.function = &frame.ownFunction;
  frame.self = function.self;
  frame.module = function.module;
  frame.id = ++frames;
  Scope &inner = scopeStore.emplace_back();
  llvm::SaveAndRestore inFrame(current, &frame);
  llvm::SaveAndRestore inScope(scope, &inner);
  llvm::SaveAndRestore<Emitter *> noIR(emitter, nullptr);
  llvm::SmallVector<Port> ports;
  declareFree(function, /*isEntry=*/false, ports);
  runStmts(function.decl->body.stmts);
  checkReturns(function.decl, function.decl->name.empty()
                                  ? "this function"
                                  : "'" + function.decl->name.text.str() + "'");
}

void Elaborator::elaborateEntries(Instance *model, ModelSummary &summary) {
  if (gaveUp)
    return;
  bool any = false;
  for (const auto &[name, member] : model->members) {
    const Function *function = member.value.function();
    if (member.kind != Member::Kind::Fn || !function || !function->decl->isEntry)
      continue;
    any = true;
    runEntry(model, *function, &summary);
  }
  if (!any)
    error(model->decl->name.range, "the model '" + model->decl->name.text + "' has no 'entry'")
        .note("'entry forward(x: f32[B, 4]) -> f32[B, 2] { ... }' is what compiled code offers");
  for (const auto &[name, member] : model->members)
    if (const Function *function = member.value.function();
        function && !visited.contains(function->decl))
      checkAlone(*function);
}

void Elaborator::checkRemaining(const Module *module) {
  for (const auto &[name, decl] : module->decls) {
    if (gaveUp)
      return;
    if (auto *fn = llvm::dyn_cast<ast::FnDecl>(decl); fn && !visited.contains(fn)) {
      if (fn->isEntry) {
        error(fn->name.range, "'entry' stands only in a model; here it is 'fn'");
        continue;
      }
      Function function;
      function.decl = fn;
      function.module = module;
      checkAlone(function);
    }
    if (llvm::isa<ast::ConstDecl>(decl))
      moduleValue({decl, module});
    auto *block = llvm::dyn_cast<ast::BlockDecl>(decl);
    if (!block || block->isModel)
      continue;
    bool allRun = instantiated.contains(block);
    llvm::SmallVector<llvm::ArrayRef<ast::Decl *>> groups{block->members};
    while (!groups.empty())
      for (ast::Decl *member : groups.pop_back_val()) {
        if (auto *fn = llvm::dyn_cast<ast::FnDecl>(member))
          allRun &= visited.contains(fn);
        if (auto *choice = llvm::dyn_cast<ast::IfDecl>(member)) {
          groups.push_back(choice->thenMembers);
          groups.push_back(choice->elseMembers);
        }
      }
    if (allRun)
      continue;
    Instance *instance = instantiateSymbolic(block, module);
    llvm::SmallVector<Function> functions;
    for (const auto &[memberName, member] : instance->members)
      if (const Function *function = member.value.function())
        functions.push_back(*function);
    if (instance->unnamed) {
      Function function;
      function.decl = instance->unnamed;
      function.self = instance;
      function.module = module;
      functions.push_back(function);
    }
    for (const Function &function : functions)
      if (!visited.contains(function.decl) && !gaveUp)
        checkAlone(function);
  }
}

void Elaborator::warnUnread(Instance *model) {
  llvm::SmallVector<Weight *> weights;
  collectWeights(model, weights);
  for (Weight *weight : weights)
    if (!readWeights.contains(weight->decl) &&
        weight->decl->name.range.file == model->decl->name.range.file)
      warning(weight->decl->name.range,
              "the weight '" + weight->decl->name.text + "' is never read");
}

void Elaborator::emitWeights(Instance *model) {
  llvm::SmallVector<Weight *> weights;
  collectWeights(model, weights);
  llvm::SmallVector<const Weight *> used;
  for (Weight *weight : weights)
    if (weight->used)
      used.push_back(weight);
  emitter->declareWeights(
      used, [&](const Weight &weight) { return locationOf(weight.decl->name.range); });
}

static PartSummary summarizePart(const Instance *instance) {
  PartSummary summary;
  summary.path = instance->path;
  summary.block = instance->decl->name.text.str();
  summary.doc = instance->decl->doc.str();
  for (auto owned : instance->order)
    if (const auto *part = llvm::dyn_cast<Instance *>(owned))
      summary.parts.push_back(summarizePart(part));
  return summary;
}

void Elaborator::summarize(Instance *model, ModelSummary &summary) {
  summary.name = model->decl->name.text.str();
  summary.doc = model->decl->doc.str();
  for (const ast::Param &param : model->decl->params) {
    auto member = model->members.find(param.name.text);
    if (member == model->members.end())
      continue;
    ParameterSummary &entry = summary.parameters.emplace_back();
    entry.name = param.name.text.str();
    entry.type = param.type ? sources.text(param.type->range).str() : "";
    entry.doc = param.doc.str();
    const Value &value = member->second.value;
    if (const DimExpr *integer = value.integer()) {
      auto known = valueOf(*integer);
      entry.value = known ? std::to_string(*known) : "";
    } else if (!value.unknown() && !value.isPoison()) {
      // "the float 0.5" without the words before the value.
      std::string text = describe(value);
      entry.value = value.list() ? text : text.substr(text.find(' ', 4) + 1);
    }
  }
  summary.root = summarizePart(model);
  llvm::SmallVector<Weight *> weights;
  collectWeights(model, weights);
  for (const Weight *weight : weights) {
    WeightSummary &entry = summary.weights.emplace_back();
    entry.path = weight->path;
    entry.source = weight->source;
    entry.dtype = name(weight->type.element).str();
    for (const DimExpr &dim : weight->type.dims)
      entry.shape.push_back(valueOf(dim).value_or(-1));
    entry.initial = weight->initial;
    entry.used = weight->used;
  }
}
