//===- ElaborateState.cpp - data that lives between calls -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A state belongs to a part, as a weight does. Its dimension variables are
// sizes of the whole model's state: each entry says what they are by the sizes
// of its own arguments.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Elaborator.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

void Elaborator::declareState(Instance *instance, const ast::StateDecl *decl) {
  auto state = std::make_unique<State>();
  state->decl = decl;
  state->owner = instance;
  state->path = (instance->path.empty() ? "" : instance->path + ".") + decl->name.text.str();
  bool good = true;
  ast::Ident element;
  if (auto *named = llvm::dyn_cast<ast::NamedType>(decl->type))
    element = {named->name, named->range};
  auto *type = llvm::dyn_cast<ast::TensorType>(decl->type);
  if (type)
    element = type->element;
  if (element.empty()) {
    if (!llvm::isa<ast::ErrorType>(decl->type))
      error(decl->type->range, "a state is a tensor, such as f32[B, dim]");
    good = false;
  } else if (auto known = resolveElement(element)) {
    state->element = *known;
  } else {
    good = false;
  }
  for (const ast::Dim &dim : type ? type->dims : llvm::ArrayRef<ast::Dim>()) {
    if (dim.kind != ast::Dim::Kind::Size) {
      error(dim.range, "a state has sizes that are known before it is used");
      good = false;
    } else if (isFreeVariable(dim.size)) {
      state->dims.push_back(0);
      state->variables.push_back(llvm::cast<ast::NameExpr>(dim.size)->name.str());
    } else if (const ast::NameExpr *unbound = unboundVariable(dim.size)) {
      error(dim.range, "a size of a state is a number or a variable by itself, such as '" +
                           unbound->name + "', not a formula of one");
      good = false;
    } else if (auto size = resolveDim(dim.size)) {
      state->dims.push_back(*size);
      state->variables.emplace_back();
    } else {
      good = false;
    }
  }
  if (decl->initial)
    if (auto *name = llvm::dyn_cast<ast::NameExpr>(decl->initial); !name || name->name != "zeros")
      error(decl->initial->range, "a state is zero before the first call")
          .note("an entry that assigns it gives it another start");
  if (good)
    good = isReasonable({state->element, state->dims}, decl->type->range);
  if (!declare(instance, decl->name,
               {Member::Kind::State, {}, Value(), nullptr, good ? state.get() : nullptr}))
    return;
  instance->order.push_back(state.get());
  instance->states.push_back(std::move(state));
}

/// A number, or a variable by itself.
bool Elaborator::isPlainSize(const DimExpr &size) {
  if (size.isConstant())
    return true;
  std::vector<DimSymbol> symbols = dims.symbolsOf(size);
  return symbols.size() == 1 && size == dims.get(symbols[0]);
}

std::optional<TensorType> Elaborator::stateType(const State &state, SourceRange range) {
  TensorType type{state.element, {}};
  Frame *outermost = current;
  while (outermost->caller)
    outermost = outermost->caller;
  for (auto [dim, variable] : llvm::zip(state.dims, state.variables)) {
    if (variable.empty()) {
      type.dims.push_back(dim);
      continue;
    }
    auto root = stateSizes.find(variable);
    auto own = current->dims.find(variable);
    if (own != current->dims.end()) {
      DimExpr size = dims.expand(own->second);
      if (root == stateSizes.end()) {
        DimExpr resolved = dims.resolve(size);
        bool isPlain = isPlainSize(resolved);
        if (!isPlain && !current->assuming && !dependsOnUnknown(resolved)) {
          Diagnostic &diag = error(range, "the size '" + variable +
                                              "' of this state is a number or "
                                              "a variable of the entry, but here it is " +
                                              print(own->second));
          noteOrigins(diag, {own->second});
          diag.note(state.decl->name.range, "the state is declared");
          return std::nullopt;
        }
        stateSizes[variable] = size;
      } else if (!sameSize(root->second, size, range)) {
        Diagnostic &diag =
            error(range, "the size '" + variable + "' of states is " + print(root->second) +
                             " in this entry, but " + print(own->second) + " here");
        noteOrigins(diag, {own->second});
        diag.note(state.decl->name.range, "the state is declared");
        return std::nullopt;
      }
      type.dims.push_back(own->second);
      continue;
    }
    if (root == stateSizes.end()) {
      auto found = outermost->dims.find(variable);
      if (found != outermost->dims.end()) {
        root = stateSizes.emplace(variable, found->second).first;
      } else if (!emitter && !(outermost->function && outermost->function->decl &&
                               outermost->function->decl->isEntry)) {
        // A function that is checked by itself.
        root = stateSizes
                   .emplace(variable, addSymbol(variable, std::nullopt, std::nullopt,
                                                {SymbolOrigin::Kind::Free, state.decl->name.range,
                                                 "a state", nullptr, 0}))
                   .first;
      } else {
        error(range, "nothing in this entry says how large '" + variable + "' of this state is")
            .note(state.decl->name.range, "the state is declared")
            .note("an argument whose size is '" + variable + "' says it");
        return std::nullopt;
      }
    }
    type.dims.push_back(root->second);
  }
  return type;
}

Value Elaborator::readState(State *state, SourceRange range) {
  if (!current->function)
    return fail(range, "a state has no value at compile time");
  auto type = stateType(*state, range);
  if (!type)
    return {};
  state->used = true;
  entryStates.insert(state);
  return result(*type, range, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType) {
    return ir.loadState(*state, *type, loc);
  });
}

void Elaborator::writeState(State *state, const Operand &given, SourceRange range) {
  if (!current->function) {
    error(range, "a state is assigned when an entry runs");
    return;
  }
  // What is stored says a size that nothing else does.
  if (const Tensor *tensor = given.value.tensor();
      tensor && tensor->type.rank() == state->variables.size())
    for (auto [variable, size] : llvm::zip(state->variables, tensor->type.dims))
      if (!variable.empty() && !current->dims.contains(variable) && isPlainSize(dims.resolve(size)))
        stateSizes.try_emplace(variable, dims.expand(size));
  auto type = stateType(*state, range);
  if (!type || given.value.isPoison())
    return;
  Operand value = given;
  if (!value.value.tensor() && type->rank() == 0 &&
      (value.value.isNumber() || value.value.boolean())) {
    auto constant = constantTensor(value, type->element);
    if (!constant)
      return;
    value.value = *constant;
  }
  const Tensor *tensor = value.value.tensor();
  bool same =
      tensor && tensor->type.element == type->element && tensor->type.rank() == type->rank();
  llvm::SmallVector<DimExpr> sizes;
  for (size_t i = 0; same && i < type->rank(); ++i)
    if (!sameSize(tensor->type.dims[i], type->dims[i], value.range)) {
      same = false;
      sizes = {tensor->type.dims[i], type->dims[i]};
    }
  if (!same) {
    Diagnostic &diag =
        error(given.range, "the state '" + state->decl->name.text + "' is " + print(*type) +
                               ", but this is " + describe(given.value));
    noteOrigins(diag, sizes);
    diag.note(state->decl->name.range, "the state is declared");
    diag.note("'" + state->decl->name.text.str() + "[...] = value' assigns a part of it");
    return;
  }
  state->used = true;
  entryStates.insert(state);
  if (emits())
    ir().storeState(*state, tensor->ir, locationOf(range));
}

State *Elaborator::stateNamed(StringRef name) {
  for (Scope *s = scope; s; s = s->parent)
    for (const Variable &variable : s->variables)
      if (variable.name == name)
        return nullptr;
  if (!current || !current->self)
    return nullptr;
  auto member = current->self->members.find(name);
  return member == current->self->members.end() ? nullptr : member->second.state;
}

void Elaborator::assignPart(const ast::IndexExpr *target, const Operand &value) {
  auto *name = llvm::dyn_cast<ast::NameExpr>(target->base);
  if (!name) {
    if (!llvm::isa<ast::ErrorExpr>(target->base))
      error(target->range, "a part of a variable or of a state is assigned, by its name");
    return;
  }
  if (State *state = stateNamed(name->name)) {
    Value old = readState(state, name->range);
    if (const Tensor *tensor = old.tensor())
      writeState(state, {insertPart(target, *tensor, value), target->range}, target->range);
    return;
  }
  Value old = eval(name);
  if (old.isPoison())
    return;
  const Tensor *tensor = old.tensor();
  if (!tensor) {
    error(name->range, "parts of tensors can be assigned, but this is " + describe(old))
        .note(old.bounded() ? "append(x, value) adds to a bounded tensor"
                            : "'[...]' and '+' make lists");
    return;
  }
  Value next = insertPart(target, *tensor, value);
  assignTo(name, next, target->range);
}

void Elaborator::emitStates(Instance *model) {
  llvm::SmallVector<const State *> used;
  std::vector<const Instance *> open{model};
  while (!open.empty()) {
    const Instance *instance = open.back();
    open.pop_back();
    llvm::SmallVector<const Instance *> parts;
    for (auto owned : instance->order) {
      if (auto *state = llvm::dyn_cast<State *>(owned); state && state->used)
        used.push_back(state);
      if (auto *part = llvm::dyn_cast<Instance *>(owned))
        parts.push_back(part);
    }
    open.insert(open.end(), parts.rbegin(), parts.rend());
  }
  emitter->declareStates(used,
                         [&](const State &state) { return locationOf(state.decl->name.range); });
}
