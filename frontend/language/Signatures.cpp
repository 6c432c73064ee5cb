//===- Signatures.cpp - arguments meet parameters ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Elaborator.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

bool language::isVariableName(StringRef name) {
  return !name.empty() && name.front() != '_' && !llvm::isLower(name.front());
}

bool Elaborator::matchArguments(const Callee &callee, SourceRange range,
                                llvm::ArrayRef<PassedArgument> args,
                                llvm::SmallVectorImpl<const PassedArgument *> &slots) {
  slots.assign(callee.params.size(), nullptr);
  auto noteCallee = [&](Diagnostic &diag) {
    if (callee.declared.isValid())
      diag.note(callee.declared, "'" + callee.name + "' is declared");
    else if (!callee.signature.empty())
      diag.note("it is " + callee.signature);
  };
  bool good = true;
  size_t position = 0;
  for (const PassedArgument &arg : args) {
    if (arg.name.empty()) {
      if (position < slots.size()) {
        slots[position++] = &arg;
        continue;
      }
      if (position++ == slots.size())
        noteCallee(error(arg.operand.range, "'" + callee.name + "' takes " + Twine(slots.size()) +
                                                (slots.size() == 1 ? " argument" : " arguments") +
                                                ", but more are given"));
      good = false;
      continue;
    }
    auto *found = llvm::find_if(callee.params, [&](const Slot &s) { return s.name == arg.name; });
    if (found == callee.params.end()) {
      llvm::SmallVector<StringRef> names;
      for (const Slot &slot : callee.params)
        names.push_back(slot.name);
      Diagnostic &diag =
          error(arg.nameRange, "'" + callee.name + "' has no parameter '" + arg.name + "'");
      diag.didYouMean(arg.nameRange, nearestName(arg.name, names));
      noteCallee(diag);
      good = false;
      continue;
    }
    const PassedArgument *&slot = slots[found - callee.params.begin()];
    if (slot) {
      error(arg.nameRange, "'" + arg.name + "' is given twice").label(slot->operand.range, "first");
      good = false;
    }
    slot = &arg;
  }
  if (!good)
    return false;
  for (auto [i, slot] : llvm::enumerate(callee.params)) {
    if (slots[i] || !slot.required)
      continue;
    noteCallee(error(range, "'" + callee.name + "' needs an argument for '" + slot.name + "'"));
    good = false;
  }
  return good;
}

//===----------------------------------------------------------------------===//
// Declared types
//===----------------------------------------------------------------------===//

bool Elaborator::isFreeVariable(const ast::Expr *expr) {
  auto *name = llvm::dyn_cast_or_null<ast::NameExpr>(expr);
  if (!name || !isVariableName(name->name))
    return false;
  if (current->dims.contains(name->name))
    return true;
  for (Scope *s = scope; s; s = s->parent)
    for (const Variable &variable : s->variables)
      if (variable.name == name->name && variable.value.integer())
        return false;
  if (current->self) {
    auto member = current->self->members.find(name->name);
    if (member != current->self->members.end() && member->second.value.integer())
      return false;
  }
  Found found = modules.find(current->module, name->name);
  return !llvm::isa_and_nonnull<ast::ConstDecl>(found.decl);
}

std::optional<DimExpr> Elaborator::resolveDim(const ast::Expr *expr) {
  auto *name = llvm::dyn_cast<ast::NameExpr>(expr);
  if (name && isFreeVariable(expr)) {
    auto known = current->dims.find(name->name);
    if (known != current->dims.end())
      return known->second;
    llvm::SmallVector<StringRef> names;
    for (const auto &entry : current->dims)
      names.push_back(entry.getKey());
    if (!current->function) {
      error(expr->range, "unknown size '" + name->name +
                             "': sizes of weights and parts are made "
                             "of parameters");
      return std::nullopt;
    }
    error(expr->range, "no argument binds the dimension variable '" + name->name + "'")
        .didYouMean(expr->range, nearestName(name->name, names));
    return std::nullopt;
  }
  auto size = evalInt(expr, "a size");
  if (!size)
    return std::nullopt;
  if (auto number = valueOf(*size); number && *number < 0) {
    error(expr->range, "a size must not be negative, but this is " + Twine(*number));
    return std::nullopt;
  }
  return size;
}

std::optional<ElementType> Elaborator::resolveElement(const ast::Ident &name) {
  if (name.empty())
    return std::nullopt;
  if (auto element = elementTypeNamed(name.text))
    return element;
  if (auto value = lookup(name.text, name.range)) {
    if (const ElementType *element = value->element())
      return *element;
    // A dtype parameter without a value: any element type will do for a check.
    if (value->unknown() && value->unknown()->kind == CompileTimeKind::DType)
      return ElementType::F32;
    if (value->isPoison())
      return std::nullopt;
    error(name.range, "'" + name.text + "' is no element type, but " + describe(*value));
    return std::nullopt;
  }
  if (name.text == "int" || name.text == "float") {
    error(name.range, "tensors hold elements of a size: " +
                          StringRef(name.text == "int" ? "i64 or i32" : "f32 or f16") + ", not '" +
                          name.text + "'");
    return std::nullopt;
  }
  error(name.range, "unknown element type '" + name.text + "'")
      .didYouMean(name.range, nearestName(name.text, elementTypeNames()));
  return std::nullopt;
}

std::optional<TensorType> Elaborator::resolveType(const ast::TypeRef *type) {
  if (auto *named = llvm::dyn_cast<ast::NamedType>(type)) {
    auto element = resolveElement({named->name, named->range});
    if (!element)
      return std::nullopt;
    return TensorType{*element, {}};
  }
  auto *tensor = llvm::dyn_cast<ast::TensorType>(type);
  if (!tensor) {
    if (!llvm::isa<ast::ErrorType>(type))
      error(type->range, "a tensor type is wanted here, such as f32[B, 4]");
    return std::nullopt;
  }
  TensorType resolved;
  bool good = true;
  if (auto element = resolveElement(tensor->element))
    resolved.element = *element;
  else
    good = false;
  for (const ast::Dim &dim : tensor->dims) {
    if (dim.kind == ast::Dim::Kind::Bounded) {
      error(dim.range,
            "a size that is known only after the run ('<=') stands in the types of results, "
            "and of arguments of functions");
      good = false;
    } else if (dim.kind == ast::Dim::Kind::Leading) {
      if (current->leading) {
        resolved.dims.append(*current->leading);
      } else {
        error(dim.range, "no argument has '..' in its type, so it stands for nothing here");
        good = false;
      }
    } else if (auto size = resolveDim(dim.size)) {
      resolved.dims.push_back(*size);
    } else {
      good = false;
    }
  }
  if (!good)
    return std::nullopt;
  return resolved;
}

bool language::isCompileTimeType(const ast::TypeRef *type) {
  if (llvm::isa<ast::ListType>(type))
    return true;
  auto *named = llvm::dyn_cast<ast::NamedType>(type);
  return named && (named->name == "int" || named->name == "float" || named->name == "bool" ||
                   named->name == "str" || named->name == "dtype" || named->name == "fn");
}

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

/// The shape of `type` as written, dimension by dimension: which size of the
/// argument meets it.
static bool aligned(const ast::TensorType *type, size_t rank, size_t &leadAt, size_t &leadCount) {
  leadAt = type->dims.size();
  leadCount = 0;
  size_t fixed = 0;
  bool hasLead = false;
  for (auto [i, dim] : llvm::enumerate(type->dims)) {
    if (dim.kind != ast::Dim::Kind::Leading) {
      ++fixed;
      continue;
    }
    hasLead = true;
    leadAt = i;
  }
  if (hasLead ? rank < fixed : rank != fixed)
    return false;
  leadCount = hasLead ? rank - fixed : 0;
  return true;
}

void Elaborator::rejectArgument(const ast::Param &param, const Operand &operand,
                                llvm::ArrayRef<DimExpr> sizes) {
  const Tensor *tensor = operand.value.tensor();
  // The type as written, but with what a dtype parameter stands for.
  std::string wanted = sources.text(param.type->range).str();
  if (auto *type = llvm::dyn_cast<ast::TensorType>(param.type))
    if (auto bound = lookup(type->element.text, type->element.range); bound && bound->element())
      wanted.replace(0, type->element.text.size(), name(*bound->element()).str());
  Diagnostic &diag =
      error(operand.range, "'" + param.name.text + "' must be " + wanted + ", but this is " +
                               (tensor ? print(tensor->type) : describe(operand.value)));
  if (tensor && tensor->weight)
    diag.label(operand.range, labelFor(operand.value));
  noteOrigins(diag, sizes);
  diag.note(param.name.range, "'" + param.name.text.str() + "' is declared");
}

bool Elaborator::matchPlain(const ast::Param &param, Operand &operand) {
  Frame &frame = *current;
  auto *type = llvm::dyn_cast<ast::TensorType>(param.type);
  // Binds a size that is a variable by itself; false after saying that it has another value.
  auto bindSize = [&](const ast::Expr *size, const DimExpr &actual) {
    if (!isFreeVariable(size))
      return true;
    StringRef name = llvm::cast<ast::NameExpr>(size)->name;
    auto known = frame.dims.find(name);
    if (known == frame.dims.end()) {
      frame.dims[name] = addSymbol(name, actual, std::nullopt,
                                   {SymbolOrigin::Kind::Argument, operand.range,
                                    "argument '" + param.name.text.str() + "'", nullptr, frame.id});
      return true;
    }
    if (sameSize(known->second, actual, operand.range))
      return true;
    DimExpr bound = known->second;
    Diagnostic &diag = error(
        operand.range, "'" + name + "' is " +
                           print(dims.info(dims.symbolsOf(bound)[0]).definition.value_or(bound)) +
                           " in an earlier argument, but " + print(actual) + " here");
    diag.label(operand.range, labelFor(operand.value));
    noteOrigins(diag, {bound, actual});
    diag.note(param.name.range, "'" + param.name.text.str() + "' is declared");
    return false;
  };
  if (boundedAxis(type)) {
    size_t before = diags.errorCount();
    if (const BoundedTensor *bounded = operand.value.bounded();
        bounded && bounded->data.type.rank() == type->dims.size())
      for (auto [dim, actual] : llvm::zip_equal(type->dims, bounded->data.type.dims))
        if (!bindSize(dim.kind == ast::Dim::Kind::Bounded ? dim.bound : dim.size, actual))
          return false;
    operand.value = checkBounded(operand, type, "'" + param.name.text + "'");
    return diags.errorCount() == before;
  }
  StringRef elementName = type ? type->element.text : llvm::cast<ast::NamedType>(param.type)->name;
  SourceRange elementRange = type ? type->element.range : param.type->range;
  bool isVariable = !elementTypeNamed(elementName) && isVariableName(elementName) &&
                    !frame.elements.contains(elementName) && !lookup(elementName, elementRange);
  std::optional<ElementType> element;
  if (!isVariable) {
    element = resolveElement({elementName, elementRange});
    if (!element)
      return false;
  }
  // A number adapts to a scalar.
  if (!operand.value.tensor() && (operand.value.isNumber() || operand.value.boolean()) && element &&
      (!type || type->dims.empty())) {
    auto constant = constantTensor(operand, *element);
    if (!constant)
      return false;
    operand.value = *constant;
  }
  const Tensor *tensor = operand.value.tensor();
  size_t leadAt, leadCount = 0;
  if (!tensor || (element && tensor->type.element != *element) ||
      (type ? !aligned(type, tensor->type.rank(), leadAt, leadCount) : tensor->type.rank() != 0)) {
    rejectArgument(param, operand, {});
    return false;
  }
  if (isVariable)
    frame.elements[elementName] = tensor->type.element;
  if (!type)
    return true;
  size_t place = 0;
  for (const ast::Dim &dim : type->dims) {
    if (dim.kind == ast::Dim::Kind::Leading) {
      llvm::ArrayRef<DimExpr> own = llvm::ArrayRef(tensor->type.dims).slice(place, leadCount);
      place += leadCount;
      if (!frame.leading) {
        frame.leading.emplace(own.begin(), own.end());
        continue;
      }
      bool same = frame.leading->size() == own.size();
      for (size_t i = 0; same && i < own.size(); ++i)
        same = sameSize((*frame.leading)[i], own[i], operand.range);
      if (!same) {
        Diagnostic &diag = error(operand.range, "'..' is " + language::print(*frame.leading, dims) +
                                                    " in an earlier argument, but " +
                                                    language::print(own, dims) + " here");
        diag.label(operand.range, labelFor(operand.value));
        diag.note(param.name.range, "'" + param.name.text.str() + "' is declared");
        return false;
      }
      continue;
    }
    if (!bindSize(dim.size, tensor->type.dims[place++]))
      return false;
  }
  return true;
}

bool Elaborator::matchFormulas(const ast::Param &param, const Operand &operand) {
  auto *type = llvm::dyn_cast<ast::TensorType>(param.type);
  const Tensor *tensor = operand.value.tensor();
  if (!type || !tensor)
    return true;
  size_t leadAt, leadCount;
  if (!aligned(type, tensor->type.rank(), leadAt, leadCount))
    return true;
  size_t place = 0;
  for (const ast::Dim &dim : type->dims) {
    if (dim.kind != ast::Dim::Kind::Size) {
      place += leadCount;
      continue;
    }
    const DimExpr &actual = tensor->type.dims[place++];
    if (isFreeVariable(dim.size))
      continue;
    if (const ast::NameExpr *unbound = unboundVariable(dim.size)) {
      if (!solve(param, dim.size, unbound, actual, operand))
        return false;
      continue;
    }
    auto wanted = resolveDim(dim.size);
    if (!wanted)
      return false;
    if (!sameSize(*wanted, actual, operand.range)) {
      rejectArgument(param, operand, {*wanted, actual});
      return false;
    }
  }
  return true;
}

/// The first dimension variable in `expr` that nothing binds yet, or null.
const ast::NameExpr *Elaborator::unboundVariable(const ast::Expr *expr) {
  if (auto *name = llvm::dyn_cast<ast::NameExpr>(expr))
    return isFreeVariable(expr) && !current->dims.contains(name->name) ? name : nullptr;
  if (auto *unaryExpr = llvm::dyn_cast<ast::UnaryExpr>(expr))
    return unboundVariable(unaryExpr->operand);
  if (auto *binaryExpr = llvm::dyn_cast<ast::BinaryExpr>(expr)) {
    auto *left = unboundVariable(binaryExpr->lhs);
    return left ? left : unboundVariable(binaryExpr->rhs);
  }
  if (auto *callExpr = llvm::dyn_cast<ast::CallExpr>(expr))
    for (const ast::Argument &arg : callExpr->args)
      if (auto *found = unboundVariable(arg.value))
        return found;
  return nullptr;
}

bool language::splitLinear(DimContext &dims, const DimExpr &pattern, DimSymbol symbol,
                           DimExpr &factor, DimExpr &offset) {
  auto at = [&](int64_t n) {
    return dims.substitute(pattern, [&](DimSymbol s) -> std::optional<DimExpr> {
      return s == symbol ? std::optional<DimExpr>(n) : std::nullopt;
    });
  };
  offset = at(0);
  factor = at(1) - offset;
  return factor.isValid() && offset.isValid() && factor != DimExpr(0) &&
         pattern == factor * dims.get(symbol) + offset;
}

bool Elaborator::solve(const ast::Param &param, const ast::Expr *pattern,
                       const ast::NameExpr *unbound, const DimExpr &actual,
                       const Operand &operand) {
  DimExpr stand = addSymbol(unbound->name, std::nullopt, std::nullopt,
                            {SymbolOrigin::Kind::Argument, operand.range,
                             "argument '" + param.name.text.str() + "'", nullptr, current->id});
  DimSymbol symbol = dims.symbolsOf(stand)[0];
  current->dims[unbound->name] = stand;
  auto size = resolveDim(pattern);
  current->dims.erase(unbound->name);
  if (!size)
    return false;
  DimExpr factor, offset;
  if (!splitLinear(dims, dims.expand(*size), symbol, factor, offset)) {
    error(pattern->range, "'" + unbound->name + "' cannot be found from this formula")
        .note("an argument with '" + unbound->name.str() + "' alone as a size binds it");
    return false;
  }
  auto solution = divideExactly(actual - offset, factor, operand.range);
  if (!solution)
    return false;
  current->dims[unbound->name] =
      addSymbol(unbound->name, *solution, std::nullopt,
                {SymbolOrigin::Kind::Argument, operand.range,
                 "argument '" + param.name.text.str() + "'", nullptr, current->id});
  return true;
}

bool Elaborator::bindParams(llvm::ArrayRef<ast::Param> params,
                            llvm::ArrayRef<const PassedArgument *> slots) {
  // Compile-time parameters first: sizes of tensors may name them.
  llvm::SmallVector<Operand> operands(params.size());
  bool good = true;
  for (auto [i, param] : llvm::enumerate(params)) {
    if (slots[i])
      operands[i] = slots[i]->operand;
    else if (param.defaultValue)
      operands[i] = operand(param.defaultValue);
    if (param.type && isCompileTimeType(param.type) && !operands[i].value.isPoison()) {
      auto value = coerce(operands[i], param.type, "'" + param.name.text + "'");
      good &= value.has_value();
      operands[i].value = value.value_or(Value());
    }
    define(param.name, operands[i].value, /*assignable=*/false);
  }
  // A tensor binds the variables that stand alone; then formulas are checked.
  for (auto [i, param] : llvm::enumerate(params)) {
    if (!param.type || isCompileTimeType(param.type) || llvm::isa<ast::ErrorType>(param.type))
      continue;
    if (operands[i].value.isPoison() || !llvm::isa<ast::TensorType, ast::NamedType>(param.type)) {
      good = false;
      continue;
    }
    good &= matchPlain(param, operands[i]);
  }
  for (auto [i, param] : llvm::enumerate(params))
    if (good && param.type && !isCompileTimeType(param.type))
      good &= matchFormulas(param, operands[i]);
  if (!good)
    return false;
  // Inside, the argument has the type as declared, in the words of the callee.
  for (auto [i, param] : llvm::enumerate(params)) {
    const Tensor *tensor = operands[i].value.tensor();
    Variable *variable = llvm::find_if(
        scope->variables, [&](const Variable &v) { return v.name == param.name.text; });
    if (variable == scope->variables.end())
      continue;
    variable->value = operands[i].value;
    if (!tensor || !param.type || isCompileTimeType(param.type))
      continue;
    if (auto type = resolveType(param.type)) {
      Tensor copy = *tensor;
      copy.type = *type;
      variable->value = copy;
    }
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

Value Elaborator::checkType(const Operand &operand, const ast::TypeRef *type, const Twine &what) {
  if (boundedAxis(type))
    return checkBounded(operand, llvm::cast<ast::TensorType>(type), what);
  std::optional<TensorType> wanted = resolveType(type);
  if (!wanted || operand.value.isPoison())
    return wanted ? Value(Tensor{*wanted}) : Value();
  Operand given = operand;
  if (!given.value.tensor() && wanted->rank() == 0 &&
      (given.value.isNumber() || given.value.boolean())) {
    auto constant = constantTensor(given, wanted->element);
    if (!constant)
      return Tensor{*wanted};
    given.value = *constant;
  }
  const Tensor *tensor = given.value.tensor();
  bool same =
      tensor && tensor->type.element == wanted->element && tensor->type.rank() == wanted->rank();
  llvm::SmallVector<DimExpr> sizes;
  for (size_t i = 0; same && i < wanted->rank(); ++i)
    if (!sameSize(tensor->type.dims[i], wanted->dims[i], given.range)) {
      same = false;
      sizes = {tensor->type.dims[i], wanted->dims[i]};
    }
  if (!same) {
    Diagnostic &diag =
        error(given.range, what + " must be " + print(*wanted) + ", but is " +
                               (tensor ? print(tensor->type) : describe(given.value)));
    if (sizes.empty() && tensor)
      llvm::append_range(sizes, tensor->type.dims);
    noteOrigins(diag, sizes);
    diag.note(type->range, "the type is declared");
    return Tensor{*wanted};
  }
  Tensor copy = *tensor;
  copy.type = *wanted;
  nameNumber(copy);
  return copy;
}

Value Elaborator::checkResult(const ast::FnDecl *decl, const Operand &value,
                              llvm::ArrayRef<ast::Expr *> exprs) {
  std::string what =
      decl->name.empty() ? "the result" : "the result of '" + decl->name.text.str() + "'";
  auto *tuple = llvm::dyn_cast<ast::TupleType>(decl->result);
  if (!tuple || tuple->fields.size() == 1) {
    const ast::TypeRef *type = tuple ? tuple->fields[0].type : decl->result;
    if (isCompileTimeType(type))
      return coerce(value, type, what).value_or(Value());
    return checkType(value, type, what);
  }
  const std::vector<Value> *values = value.value.tuple();
  if (!values && value.value.list() && !value.value.list()->isOpen)
    values = &value.value.list()->elements;
  if (!value.value.isPoison() && (!values || values->size() != tuple->fields.size())) {
    error(value.range, what + " is " + Twine(tuple->fields.size()) + " values, but " +
                           (values ? Twine(values->size()).str() : describe(value.value)) +
                           (values ? " are returned" : " is returned"))
        .note(tuple->range, "the types are declared");
    values = nullptr;
  }
  std::vector<Value> checked;
  for (auto [i, field] : llvm::enumerate(tuple->fields)) {
    Operand part;
    part.range = i < exprs.size() && exprs.size() > 1 ? exprs[i]->range : value.range;
    if (values)
      part.value = (*values)[i];
    checked.push_back(checkType(part, field.type,
                                field.name.empty() ? "result " + std::to_string(i + 1)
                                                   : "'" + field.name.text.str() + "'"));
  }
  return Value::tuple(std::move(checked));
}

Value Elaborator::declaredResult(const ast::FnDecl *decl) {
  if (!decl->result || llvm::isa<ast::ErrorType>(decl->result) || isCompileTimeType(decl->result))
    return {};
  Operand nothing;
  nothing.range = decl->result->range;
  return checkResult(decl, nothing, {});
}
