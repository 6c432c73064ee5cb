//===- Sizes.cpp - symbolic sizes while code runs ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Elaborator.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

DimExpr Elaborator::addSymbol(StringRef name, std::optional<DimExpr> definition,
                              std::optional<int64_t> value, SymbolOrigin origin) {
  DimSymbolInfo info;
  info.name = name.str();
  info.definition = std::move(definition);
  info.value = value;
  info.origin = origins.size();
  origins.push_back(std::move(origin));
  return dims.get(dims.addSymbol(std::move(info)));
}

Elaborator::Match Elaborator::compare(const DimExpr &a, const DimExpr &b) {
  // Overflow was reported where the size was made.
  if (!a.isValid() || !b.isValid() || dims.equal(a, b))
    return Match::Equal;
  return dims.resolve(a) == dims.resolve(b) ? Match::ByValue : Match::Different;
}

bool Elaborator::sameSize(const DimExpr &a, const DimExpr &b, SourceRange range) {
  switch (compare(a, b)) {
  case Match::Equal:
    return true;
  case Match::ByValue:
    warnByValue(a, b, range);
    return true;
  case Match::Different:
    return current && current->assuming > 0;
  }
  llvm_unreachable("unknown match");
}

void Elaborator::warnByValue(const DimExpr &a, const DimExpr &b, SourceRange range) {
  // Say which parameters must have their values, in the words of the root model.
  std::string because;
  llvm::SmallVector<DimSymbol> seen;
  for (const DimExpr &side : {dims.expand(a), dims.expand(b)})
    for (DimSymbol symbol : dims.symbolsOf(side)) {
      const DimSymbolInfo &info = dims.info(symbol);
      if (!info.value || llvm::is_contained(seen, symbol))
        continue;
      seen.push_back(symbol);
      because += (because.empty() ? "" : " and ") + info.name + " = " + std::to_string(*info.value);
    }
  warning(range, print(a) + " and " + print(b) + " agree only because " + because)
      .note("another value of a parameter makes this an error");
}

std::optional<int64_t> Elaborator::valueOf(const DimExpr &dim) {
  if (!dim.isValid())
    return std::nullopt;
  return dims.resolve(dim).constant();
}

bool Elaborator::dependsOnUnknown(const DimExpr &dim) {
  return llvm::any_of(dims.symbolsOf(dims.resolve(dim)), [&](DimSymbol symbol) {
    return originOf(symbol).kind != SymbolOrigin::Kind::Free &&
           originOf(symbol).kind != SymbolOrigin::Kind::Number;
  });
}

bool Elaborator::dependsOnNumber(const DimExpr &dim) {
  return llvm::any_of(dims.symbolsOf(dims.resolve(dim)), [&](DimSymbol symbol) {
    return originOf(symbol).kind == SymbolOrigin::Kind::Number;
  });
}

bool Elaborator::dependsOnRun(const DimExpr &dim) {
  return llvm::any_of(dims.symbolsOf(dims.resolve(dim)), [&](DimSymbol symbol) {
    return originOf(symbol).kind == SymbolOrigin::Kind::Free;
  });
}

std::optional<llvm::SmallVector<DimExpr, 4>> Elaborator::broadcast(StringRef what,
                                                                   SourceRange range,
                                                                   llvm::ArrayRef<Operand> operands,
                                                                   size_t leaveOut) {
  auto shapeOf = [&](const Operand &operand) {
    llvm::ArrayRef<DimExpr> all = operand.value.tensor()->type.dims;
    return all.drop_back(std::min(leaveOut, all.size()));
  };
  size_t rank = 0;
  for (const Operand &operand : operands)
    rank = std::max(rank, shapeOf(operand).size());
  llvm::SmallVector<DimExpr, 4> shape(rank, DimExpr(1));
  for (const Operand &operand : operands) {
    llvm::ArrayRef<DimExpr> own = shapeOf(operand);
    for (size_t i = 0; i < own.size(); ++i) {
      DimExpr &joined = shape[rank - own.size() + i];
      if (isOne(own[i]) || compare(joined, own[i]) == Match::Equal)
        continue;
      if (isOne(joined)) {
        joined = own[i];
        continue;
      }
      if (valueOf(own[i]) == 1) {
        warnByValue(own[i], DimExpr(1), range);
        continue;
      }
      if (valueOf(joined) == 1) {
        warnByValue(joined, DimExpr(1), range);
        joined = own[i];
        continue;
      }
      if (sameSize(joined, own[i], range))
        continue;
      Diagnostic &diag = error(
          range, "'" + what + "' needs shapes that broadcast, but " + print(joined) + " and " +
                     print(own[i]) + " differ in dimension " +
                     Twine(static_cast<int64_t>(i) - static_cast<int64_t>(own.size() + leaveOut)));
      llvm::SmallVector<DimExpr> sizes;
      for (const Operand &other : operands) {
        diag.label(other.range, labelFor(other.value));
        llvm::append_range(sizes, other.value.tensor()->type.dims);
      }
      noteOrigins(diag, sizes);
      return std::nullopt;
    }
  }
  return shape;
}

/// A whole number for all sizes, as far as terms tell.
static bool isWhole(const DimContext &dims, const DimExpr &expr) {
  return llvm::all_of(expr.terms(), [](const DimTerm &term) {
    return term.coefficient.den == 1 &&
           llvm::all_of(term.powers, [](DimPower power) { return power.exponent > 0; });
  });
}

std::optional<DimExpr> Elaborator::divideExactly(const DimExpr &a, const DimExpr &b,
                                                 SourceRange range, bool isOperator) {
  if (valueOf(b) == 0) {
    error(range, "division by zero");
    return std::nullopt;
  }
  DimExpr quotient = dims.exactDiv(a, b);
  // Where both are numbers in this compilation, the remainder must be zero.
  if (auto x = valueOf(a), y = valueOf(b); x && y) {
    if (*x % *y == 0)
      return quotient;
    std::string values = std::to_string(*x) + " / " + std::to_string(*y);
    std::string text = print(a) + " / " + print(b);
    Diagnostic &diag =
        error(range, (text == values ? values : text + " = " + values) + " is not a whole number");
    noteOrigins(diag, {a, b});
    if (isOperator)
      diag.note("floordiv(a, b) rounds down, ceildiv(a, b) rounds up");
    return std::nullopt;
  }
  // A size of the run divides only where the formula shows it.
  if (dependsOnRun(a) && !dependsOnUnknown(a) && !dependsOnUnknown(b) &&
      !isWhole(dims, dims.resolve(quotient)) && !(current && current->assuming)) {
    Diagnostic &diag =
        error(range, print(a) + " / " + print(b) + " is not a whole number for all sizes");
    noteOrigins(diag, {a, b});
    if (isOperator)
      diag.note("floordiv(a, b) rounds down, ceildiv(a, b) rounds up");
    return std::nullopt;
  }
  return quotient;
}

bool Elaborator::requireAtMost(const DimExpr &small, const DimExpr &large, SourceRange range,
                               const Twine &message) {
  if (!small.isValid() || !large.isValid())
    return true;
  DimExpr low = dims.resolve(small), high = dims.resolve(large);
  if (dims.isLessOrEqual(low, high))
    return true;
  if (auto slack = (high - low).constant()) {
    if (*slack >= 0)
      return true;
    Diagnostic &diag = error(range, message);
    noteOrigins(diag, {small, large});
    return false;
  }
  if (dependsOnUnknown(low) || dependsOnUnknown(high))
    return true;
  std::string text = print(low) + " <= " + print(high);
  if (!llvm::is_contained(requirements, text))
    requirements.push_back(text);
  return true;
}

DimExpr Elaborator::translate(const DimExpr &dim, const Frame &frame) {
  return dims.substitute(dim, [&](DimSymbol symbol) -> std::optional<DimExpr> {
    const DimSymbolInfo &info = dims.info(symbol);
    if (!info.definition)
      return std::nullopt;
    const SymbolOrigin &origin = originOf(symbol);
    bool isOwn = origin.frame ? origin.frame == frame.id : origin.owner == frame.self;
    if (isOwn)
      return std::nullopt;
    return translate(*info.definition, frame);
  });
}

Value Elaborator::translate(const Value &value, const Frame &frame) {
  if (const DimExpr *integer = value.integer())
    return translate(*integer, frame);
  if (const Tensor *tensor = value.tensor()) {
    Tensor copy = *tensor;
    for (DimExpr &dim : copy.type.dims)
      dim = translate(dim, frame);
    if (copy.number)
      copy.number = translate(*copy.number, frame);
    return copy;
  }
  if (const BoundedTensor *bounded = value.bounded()) {
    BoundedTensor copy = *bounded;
    copy.data = *translate(copy.data, frame).tensor();
    copy.length = *translate(copy.length, frame).tensor();
    return copy;
  }
  auto all = [&](const std::vector<Value> &values) {
    std::vector<Value> copies;
    for (const Value &element : values)
      copies.push_back(translate(element, frame));
    return copies;
  };
  if (const ListValue *list = value.list())
    return Value::list(all(list->elements), list->isOpen);
  if (const std::vector<Value> *elements = value.tuple())
    return Value::tuple(all(*elements));
  return value;
}
