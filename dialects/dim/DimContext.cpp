//===- DimContext.cpp - symbols and functions of sizes ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/dim/DimTerms.h"

#include <algorithm>
#include <cassert>
#include <set>

using namespace nacre;
using namespace nacre::dim;

/// Functions and definitions nested deeper than this are invalid expressions,
/// so recursion over them needs no other limit.
static constexpr uint32_t maxDepth = 64;

//===----------------------------------------------------------------------===//
// Atoms
//===----------------------------------------------------------------------===//

bool DimContext::AtomKey::operator<(const AtomKey &other) const {
  if (kind != other.kind)
    return kind < other.kind;
  if (lhs.before(other.lhs))
    return true;
  if (other.lhs.before(lhs))
    return false;
  return rhs.before(other.rhs);
}

uint32_t DimContext::depthOf(const DimExpr &expr) const {
  uint32_t depth = 0;
  for (const DimTerm &term : expr.terms())
    for (DimPower power : term.powers)
      depth = std::max(depth, atoms[power.atom].depth);
  return depth;
}

DimSymbol DimContext::addSymbol(DimSymbolInfo info) {
  Atom atom;
  atom.kind = DimAtomKind::Symbol;
  atom.symbolIndex = static_cast<uint32_t>(symbols.size());
  if (info.definition) {
    atom.depth = depthOf(*info.definition) + 1;
    if (atom.depth > maxDepth)
      info.definition = expand(*info.definition);
  }
  symbols.push_back(std::move(info));
  return addAtom(std::move(atom));
}

uint32_t DimContext::addAtom(Atom atom) {
  auto id = static_cast<uint32_t>(atoms.size());
  atom.self = DimExpr::fromTerms({DimTerm{{1, 1}, {{id, 1}}}});
  atoms.push_back(std::move(atom));
  return id;
}

void DimContext::setValue(DimSymbol symbol, std::optional<int64_t> value) {
  symbols[atoms[symbol].symbolIndex].value = value;
  for (Atom &atom : atoms)
    atom.resolved.reset();
}

DimExpr DimContext::atom(DimAtomKind kind, const DimExpr &a, const DimExpr &b) {
  auto [place, isNew] =
      interned.try_emplace(AtomKey{kind, a, b}, static_cast<uint32_t>(atoms.size()));
  if (isNew) {
    Atom fresh;
    fresh.kind = kind;
    fresh.depth = std::max(depthOf(a), depthOf(b)) + 1;
    fresh.lhs = a;
    fresh.rhs = b;
    addAtom(std::move(fresh));
  }
  const Atom &found = atoms[place->second];
  return found.depth > maxDepth ? DimExpr::invalid() : found.self;
}

//===----------------------------------------------------------------------===//
// Division
//===----------------------------------------------------------------------===//

static int64_t floorOf(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return quotient - ((a % b != 0) && ((a < 0) != (b < 0)));
}

DimExpr DimContext::exactDiv(const DimExpr &a, const DimExpr &b) {
  if (!a.isValid() || !b.isValid() || b.terms().empty())
    return DimExpr::invalid();
  if (b.terms().size() == 1) {
    std::optional<DimTerm> factor = inverse(b.terms()[0]);
    if (!factor)
      return DimExpr::invalid();
    return a * DimExpr::fromTerms({*factor});
  }
  // Long division by the leading term. With divisors among the powers it need
  // not end, hence the bound; no quotient that people write is longer.
  std::optional<DimTerm> lead = inverse(b.terms()[0]);
  if (!lead)
    return DimExpr::invalid();
  DimExpr rest = a, quotient;
  for (unsigned step = 0; step < 64 && rest.isValid(); ++step) {
    if (rest.terms().empty())
      return quotient;
    std::optional<DimTerm> next = multiply(rest.terms()[0], *lead);
    if (!next)
      break;
    DimExpr part = DimExpr::fromTerms({*next});
    quotient = quotient + part;
    rest = rest - part * b;
  }
  return atom(DimAtomKind::ExactDiv, a, b);
}

DimExpr DimContext::floorDiv(const DimExpr &a, const DimExpr &b) {
  if (!a.isValid() || !b.isValid() || b.terms().empty())
    return DimExpr::invalid();
  std::optional<int64_t> divisor = b.constant();
  if (!divisor || *divisor <= 0) {
    std::optional<int64_t> value = a.constant();
    if (value && divisor)
      return floorOf(*value, *divisor);
    if (b.terms().size() == 1) {
      // What b divides moves out: floordiv(size - patch, patch) is floordiv(size, patch) - 1.
      DimExpr whole = 0, rest = 0;
      for (const DimTerm &term : a.terms()) {
        DimExpr dividend = DimExpr::fromTerms({term});
        DimExpr quotient = exactDiv(dividend, b);
        if (!quotient.isValid())
          return DimExpr::invalid();
        if (llvm::all_of(quotient.terms(), isIntegral))
          whole = whole + quotient;
        else
          rest = rest + dividend;
      }
      return rest.terms().empty() ? whole : whole + atom(DimAtomKind::FloorDiv, rest, b);
    }
    return atom(DimAtomKind::FloorDiv, a, b);
  }

  // What b divides whatever the sizes are moves out of the function, and the
  // constant that stays is smaller than b: (2*S + 3)/2 and S + 3/2 are both
  // S + 1.
  std::vector<DimTerm> out, in;
  bool inIsIntegral = true;
  for (const DimTerm &term : a.terms()) {
    if (!isIntegral(term)) {
      inIsIntegral = false;
      in.push_back(term);
      continue;
    }
    int64_t quotient = term.powers.empty() ? floorOf(term.coefficient.num, *divisor)
                                           : term.coefficient.num / *divisor;
    int64_t rest = term.coefficient.num - quotient * *divisor;
    // Only whole terms move: 3*S stays as it was written.
    if (!term.powers.empty() && rest != 0) {
      in.push_back(term);
      continue;
    }
    if (quotient != 0)
      out.push_back({{quotient, 1}, term.powers});
    if (rest != 0)
      in.push_back({{rest, 1}, term.powers});
  }
  DimExpr outside = DimExpr::fromTerms(std::move(out));
  DimExpr inside = DimExpr::fromTerms(std::move(in));
  if (*divisor == 1 && inIsIntegral)
    return outside + inside;
  if (std::optional<int64_t> value = inside.constant())
    return outside + DimExpr(floorOf(*value, *divisor));

  // floordiv(floordiv(x, m) + c, n) is floordiv(x + c*m, m*n), which makes the
  // sizes after two strided layers comparable.
  DimExpr offset = 0;
  llvm::ArrayRef<DimTerm> terms = inside.terms();
  if (terms.size() == 2 && terms[1].powers.empty() && terms[1].coefficient.den == 1) {
    offset = terms[1].coefficient.num;
    terms = terms.take_front();
  }
  if (terms.size() == 1 && terms[0].coefficient == DimRational{1, 1} &&
      terms[0].powers.size() == 1 && terms[0].powers[0].exponent == 1) {
    const Atom &inner = atoms[terms[0].powers[0].atom];
    std::optional<int64_t> innerDivisor = inner.rhs.constant();
    if (inner.kind == DimAtomKind::FloorDiv && innerDivisor && *innerDivisor > 0) {
      DimExpr dividend = inner.lhs + offset * inner.rhs;
      DimExpr product = inner.rhs * b;
      if (dividend.isValid() && product.isValid())
        return outside + floorDiv(dividend, product);
    }
  }
  return outside + atom(DimAtomKind::FloorDiv, inside, b);
}

DimExpr DimContext::ceilDiv(const DimExpr &a, const DimExpr &b) {
  if (!a.isValid() || !b.isValid() || b.terms().empty())
    return DimExpr::invalid();
  std::optional<int64_t> divisor = b.constant();
  if (divisor && *divisor > 0 && llvm::all_of(a.terms(), isIntegral))
    return floorDiv(a + DimExpr(*divisor - 1), b);
  std::optional<int64_t> value = a.constant();
  if (value && divisor)
    return -DimExpr(floorOf(-*value, *divisor));
  if (b.terms().size() == 1) {
    DimExpr quotient = exactDiv(a, b);
    if (quotient.isValid() && llvm::all_of(quotient.terms(), isIntegral))
      return quotient;
  }
  return atom(DimAtomKind::CeilDiv, a, b);
}

DimExpr DimContext::mod(const DimExpr &a, const DimExpr &b) {
  DimExpr quotient = floorDiv(a, b);
  if (!quotient.isValid())
    return DimExpr::invalid();
  DimExpr rest = a - b * quotient;
  // Without a function in the quotient the rest is a plain polynomial.
  bool isPlain = true;
  for (const DimTerm &term : quotient.terms())
    for (DimPower power : term.powers)
      if (atoms[power.atom].kind == DimAtomKind::FloorDiv)
        isPlain = false;
  if (isPlain)
    return rest;
  // Multiples of a constant b do not change the rest: keep what floorDiv kept.
  std::optional<int64_t> divisor = b.constant();
  if (!divisor || *divisor <= 0)
    return atom(DimAtomKind::Mod, a, b);
  std::vector<DimTerm> kept;
  for (const DimTerm &term : a.terms()) {
    DimTerm small = term;
    if (isIntegral(term))
      small.coefficient.num =
          term.coefficient.num - floorOf(term.coefficient.num, *divisor) * *divisor;
    if (small.coefficient.num != 0)
      kept.push_back(std::move(small));
  }
  return atom(DimAtomKind::Mod, DimExpr::fromTerms(std::move(kept)), b);
}

DimExpr DimContext::min(const DimExpr &a, const DimExpr &b) {
  if (!a.isValid() || !b.isValid())
    return DimExpr::invalid();
  if (isLessOrEqual(a, b))
    return a;
  if (isLessOrEqual(b, a))
    return b;
  return a.before(b) ? atom(DimAtomKind::Min, a, b) : atom(DimAtomKind::Min, b, a);
}

DimExpr DimContext::max(const DimExpr &a, const DimExpr &b) {
  if (!a.isValid() || !b.isValid())
    return DimExpr::invalid();
  if (isLessOrEqual(a, b))
    return b;
  if (isLessOrEqual(b, a))
    return a;
  return a.before(b) ? atom(DimAtomKind::Max, a, b) : atom(DimAtomKind::Max, b, a);
}

DimExpr DimContext::build(DimAtomKind kind, const DimExpr &a, const DimExpr &b) {
  switch (kind) {
  case DimAtomKind::FloorDiv:
    return floorDiv(a, b);
  case DimAtomKind::CeilDiv:
    return ceilDiv(a, b);
  case DimAtomKind::Mod:
    return mod(a, b);
  case DimAtomKind::Min:
    return min(a, b);
  case DimAtomKind::Max:
    return max(a, b);
  case DimAtomKind::ExactDiv:
    return exactDiv(a, b);
  case DimAtomKind::Symbol:
    break;
  }
  return DimExpr::invalid();
}

bool DimContext::isNonNegative(const DimExpr &expr) {
  if (!expr.isValid())
    return false;
  DimExpr expanded = expand(expr);
  llvm::DenseMap<uint32_t, bool> known;
  auto isPositiveSum = [&](const DimExpr &sum, auto &&atomIsNonNegative) {
    return llvm::all_of(sum.terms(), [&](const DimTerm &term) {
      return term.coefficient.num > 0 && llvm::all_of(term.powers, [&](DimPower power) {
               return atomIsNonNegative(power.atom, atomIsNonNegative);
             });
    });
  };
  auto atomIsNonNegative = [&](uint32_t id, auto &&self) -> bool {
    if (auto found = known.find(id); found != known.end())
      return found->second;
    const Atom &a = atoms[id];
    bool result = true;
    if (a.kind == DimAtomKind::Mod)
      result = isPositiveSum(a.rhs, self);
    else if (a.kind == DimAtomKind::Max)
      result = isPositiveSum(a.lhs, self) || isPositiveSum(a.rhs, self);
    else if (a.kind != DimAtomKind::Symbol)
      result = isPositiveSum(a.lhs, self) && isPositiveSum(a.rhs, self);
    known[id] = result;
    return result;
  };
  return expanded.isValid() && isPositiveSum(expanded, atomIsNonNegative);
}

//===----------------------------------------------------------------------===//
// Substitution and evaluation
//===----------------------------------------------------------------------===//

DimExpr DimContext::replaceAtoms(const DimExpr &expr, ReplaceAtom replacement) {
  llvm::ArrayRef<DimTerm> terms = expr.terms();
  if (terms.size() == 1 && terms[0].coefficient == DimRational{1, 1} &&
      terms[0].powers.size() == 1 && terms[0].powers[0].exponent == 1)
    return replacement(terms[0].powers[0].atom);
  auto stays = [&](const DimTerm &term) {
    return llvm::all_of(term.powers, [&](DimPower power) {
      DimExpr given = replacement(power.atom);
      return given.isSame(atoms[power.atom].self);
    });
  };
  if (!expr.isValid() || llvm::all_of(terms, stays))
    return expr;
  DimExpr sum;
  for (const DimTerm &term : terms) {
    DimExpr numerator = DimExpr::fromTerms({DimTerm{term.coefficient, {}}});
    DimExpr denominator = 1;
    for (DimPower power : term.powers) {
      DimExpr base = replacement(power.atom);
      DimExpr &side = power.exponent > 0 ? numerator : denominator;
      for (int32_t i = 0, e = std::abs(power.exponent); i < e && side.isValid(); ++i)
        side = side * base;
    }
    sum = sum + (denominator.isConstant(1) ? numerator : exactDiv(numerator, denominator));
  }
  return sum;
}

DimExpr DimContext::substituteImpl(const DimExpr &expr, Replace replace,
                                   llvm::DenseMap<uint32_t, DimExpr> &done) {
  return replaceAtoms(expr, [&](uint32_t id) -> DimExpr {
    if (auto found = done.find(id); found != done.end())
      return found->second;
    DimExpr result;
    if (atoms[id].kind == DimAtomKind::Symbol) {
      std::optional<DimExpr> given = replace(id);
      result = given ? *given : get(id);
    } else {
      // Building may add atoms, which moves the vector: copy first.
      DimAtomKind kind = atoms[id].kind;
      DimExpr lhs = atoms[id].lhs, rhs = atoms[id].rhs;
      result = build(kind, substituteImpl(lhs, replace, done), substituteImpl(rhs, replace, done));
    }
    done[id] = result;
    return result;
  });
}

DimExpr DimContext::substitute(const DimExpr &expr, Replace replace) {
  llvm::DenseMap<uint32_t, DimExpr> done;
  return substituteImpl(expr, replace, done);
}

DimExpr DimContext::expandAtom(uint32_t id) {
  if (atoms[id].expanded)
    return *atoms[id].expanded;
  DimExpr result = get(id);
  DimAtomKind kind = atoms[id].kind;
  if (kind != DimAtomKind::Symbol) {
    DimExpr lhs = atoms[id].lhs, rhs = atoms[id].rhs;
    result = build(kind, expand(lhs), expand(rhs));
  } else if (info(id).definition) {
    DimExpr definition = *info(id).definition;
    result = expand(definition);
  }
  atoms[id].expanded = result;
  return result;
}

DimExpr DimContext::expand(const DimExpr &expr) {
  return replaceAtoms(expr, [&](uint32_t id) { return expandAtom(id); });
}

DimExpr DimContext::resolveAtom(uint32_t id) {
  if (atoms[id].resolved)
    return *atoms[id].resolved;
  DimExpr result = get(id);
  DimAtomKind kind = atoms[id].kind;
  if (kind != DimAtomKind::Symbol) {
    DimExpr lhs = atoms[id].lhs, rhs = atoms[id].rhs;
    result = build(kind, resolveExpanded(lhs), resolveExpanded(rhs));
  } else if (std::optional<int64_t> value = info(id).value) {
    result = *value;
  }
  atoms[id].resolved = result;
  return result;
}

DimExpr DimContext::resolveExpanded(const DimExpr &expr) {
  return replaceAtoms(expr, [&](uint32_t id) { return resolveAtom(id); });
}

DimExpr DimContext::resolve(const DimExpr &expr) { return resolveExpanded(expand(expr)); }

std::optional<int64_t> DimContext::evaluateAtom(uint32_t id, ValueOf valueOf, Values &known) const {
  if (auto found = known.find(id); found != known.end())
    return found->second;
  const Atom &a = atoms[id];
  std::optional<int64_t> result;
  if (a.kind == DimAtomKind::Symbol) {
    result = valueOf(id);
    if (!result && info(id).definition)
      result = evaluateImpl(*info(id).definition, valueOf, known);
  } else {
    std::optional<int64_t> lhs = evaluateImpl(a.lhs, valueOf, known);
    std::optional<int64_t> rhs = evaluateImpl(a.rhs, valueOf, known);
    bool divides = a.kind != DimAtomKind::Min && a.kind != DimAtomKind::Max;
    if (lhs && rhs && !(divides && *rhs == 0)) {
      switch (a.kind) {
      case DimAtomKind::FloorDiv:
        result = floorOf(*lhs, *rhs);
        break;
      case DimAtomKind::CeilDiv:
        result = -floorOf(-*lhs, *rhs);
        break;
      case DimAtomKind::Mod:
        result = *lhs - floorOf(*lhs, *rhs) * *rhs;
        break;
      case DimAtomKind::Min:
        result = std::min(*lhs, *rhs);
        break;
      case DimAtomKind::Max:
        result = std::max(*lhs, *rhs);
        break;
      case DimAtomKind::ExactDiv:
        if (*lhs % *rhs == 0)
          result = *lhs / *rhs;
        break;
      case DimAtomKind::Symbol:
        break;
      }
    }
  }
  known[id] = result;
  return result;
}

std::optional<int64_t> DimContext::evaluateImpl(const DimExpr &expr, ValueOf valueOf,
                                                Values &known) const {
  if (!expr.isValid())
    return std::nullopt;
  DimRational sum;
  for (const DimTerm &term : expr.terms()) {
    DimRational product = term.coefficient;
    for (DimPower power : term.powers) {
      std::optional<int64_t> value = evaluateAtom(power.atom, valueOf, known);
      if (!value || *value == INT64_MIN)
        return std::nullopt;
      DimRational factor{*value, 1};
      if (power.exponent < 0) {
        std::optional<DimRational> inverted = inverse(factor);
        if (!inverted)
          return std::nullopt;
        factor = *inverted;
      }
      for (int32_t i = 0, e = std::abs(power.exponent); i < e; ++i) {
        std::optional<DimRational> next = multiply(product, factor);
        if (!next)
          return std::nullopt;
        product = *next;
      }
    }
    std::optional<DimRational> next = add(sum, product);
    if (!next)
      return std::nullopt;
    sum = *next;
  }
  if (sum.den != 1)
    return std::nullopt;
  return sum.num;
}

std::optional<int64_t> DimContext::evaluate(const DimExpr &expr, ValueOf valueOf) const {
  Values known;
  return evaluateImpl(expr, valueOf, known);
}

std::optional<int64_t> DimContext::evaluate(const DimExpr &expr) const {
  return evaluate(expr, [&](DimSymbol symbol) { return info(symbol).value; });
}

std::vector<DimSymbol> DimContext::symbolsOf(const DimExpr &expr) const {
  std::set<uint32_t> seen;
  std::vector<uint32_t> work;
  auto push = [&](const DimExpr &e) {
    for (const DimTerm &term : e.terms())
      for (DimPower power : term.powers)
        if (seen.insert(power.atom).second)
          work.push_back(power.atom);
  };
  push(expr);
  while (!work.empty()) {
    uint32_t id = work.back();
    work.pop_back();
    if (atoms[id].kind == DimAtomKind::Symbol)
      continue;
    push(atoms[id].lhs);
    push(atoms[id].rhs);
  }
  std::vector<DimSymbol> result;
  for (uint32_t id : seen)
    if (atoms[id].kind == DimAtomKind::Symbol)
      result.push_back(id);
  return result;
}
