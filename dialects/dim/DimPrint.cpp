//===- DimPrint.cpp - printing sizes as a user writes them ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/dim/DimTerms.h"

using namespace nacre;
using namespace nacre::dim;

/// A formula longer than this helps nobody; nested functions that share their
/// operands could also print exponentially much.
static constexpr size_t maxLength = 400;
static constexpr unsigned maxPrintDepth = 8;

static llvm::StringRef functionName(DimAtomKind kind) {
  switch (kind) {
  case DimAtomKind::FloorDiv:
    return "floordiv";
  case DimAtomKind::CeilDiv:
    return "ceildiv";
  case DimAtomKind::Mod:
    return "mod";
  case DimAtomKind::Min:
    return "min";
  case DimAtomKind::Max:
    return "max";
  case DimAtomKind::ExactDiv:
  case DimAtomKind::Symbol:
    break;
  }
  return "";
}

void DimContext::printAtom(uint32_t id, std::string &out, unsigned depth) const {
  const Atom &a = atoms[id];
  if (a.kind == DimAtomKind::Symbol) {
    out += symbols[a.symbolIndex].name;
    return;
  }
  if (depth >= maxPrintDepth || out.size() > maxLength) {
    out += "...";
    return;
  }
  if (a.kind == DimAtomKind::ExactDiv) {
    out += "((";
    printExpr(a.lhs, out, depth + 1);
    out += ")/(";
    printExpr(a.rhs, out, depth + 1);
    out += "))";
    return;
  }
  out += functionName(a.kind);
  out += '(';
  printExpr(a.lhs, out, depth + 1);
  out += ", ";
  printExpr(a.rhs, out, depth + 1);
  out += ')';
}

/// The absolute value of the term: "4*dim", "dim/heads", "dim/(2*heads)".
void DimContext::printTerm(const DimTerm &term, std::string &out, unsigned depth) const {
  int64_t num = std::abs(term.coefficient.num);
  bool any = false;
  auto factor = [&](DimPower power, int32_t exponent) {
    if (any)
      out += '*';
    any = true;
    printAtom(power.atom, out, depth);
    if (exponent != 1)
      out += "**" + std::to_string(exponent);
  };
  bool hasNumerator = llvm::any_of(term.powers, [](DimPower power) { return power.exponent > 0; });
  if (num != 1 || !hasNumerator) {
    out += std::to_string(num);
    any = true;
  }
  for (DimPower power : term.powers)
    if (power.exponent > 0)
      factor(power, power.exponent);

  size_t divisors = llvm::count_if(term.powers, [](DimPower power) { return power.exponent < 0; });
  if (term.coefficient.den != 1)
    ++divisors;
  if (divisors == 0)
    return;
  out += '/';
  if (divisors > 1)
    out += '(';
  any = false;
  if (term.coefficient.den != 1) {
    out += std::to_string(term.coefficient.den);
    any = true;
  }
  for (DimPower power : term.powers)
    if (power.exponent < 0)
      factor(power, -power.exponent);
  if (divisors > 1)
    out += ')';
}

void DimContext::printExpr(const DimExpr &expr, std::string &out, unsigned depth) const {
  if (!expr.isValid()) {
    out += "<too large>";
    return;
  }
  llvm::ArrayRef<DimTerm> terms = expr.terms();
  if (terms.empty()) {
    out += '0';
    return;
  }
  // "ctx - S" rather than "-S + ctx".
  size_t first = 0;
  for (size_t i = 0; i < terms.size(); ++i)
    if (terms[i].coefficient.num > 0) {
      first = i;
      break;
    }
  if (terms[first].coefficient.num < 0)
    out += '-';
  printTerm(terms[first], out, depth);
  for (size_t i = 0; i < terms.size(); ++i) {
    if (i == first)
      continue;
    if (out.size() > maxLength) {
      out += " + ...";
      return;
    }
    out += terms[i].coefficient.num < 0 ? " - " : " + ";
    printTerm(terms[i], out, depth);
  }
}

std::string DimContext::print(const DimExpr &expr) const {
  std::string out;
  printExpr(expr, out, 0);
  return out;
}
