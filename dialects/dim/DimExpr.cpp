//===- DimExpr.cpp - sums of terms over atoms -------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/dim/DimExpr.h"
#include "dialects/dim/DimTerms.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace nacre;
using namespace nacre::dim;

//===----------------------------------------------------------------------===//
// Rational numbers
//===----------------------------------------------------------------------===//

/// Lowest terms of num/den; nothing when they do not fit.
static std::optional<DimRational> reduced(__int128 num, __int128 den) {
  if (den == 0)
    return std::nullopt;
  if (den < 0) {
    num = -num;
    den = -den;
  }
  __int128 a = num < 0 ? -num : num, b = den;
  while (b) {
    __int128 rest = a % b;
    a = b;
    b = rest;
  }
  num /= a;
  den /= a;
  // INT64_MIN is left out so that negation always fits.
  if (num > INT64_MAX || num < -INT64_MAX || den > INT64_MAX)
    return std::nullopt;
  return DimRational{static_cast<int64_t>(num), static_cast<int64_t>(den)};
}

std::optional<DimRational> dim::add(DimRational a, DimRational b) {
  if (int64_t sum;
      a.den == 1 && b.den == 1 && !llvm::AddOverflow(a.num, b.num, sum) && sum != INT64_MIN)
    return DimRational{sum, 1};
  // Both products fit 126 bits, hence the sum fits too.
  return reduced(static_cast<__int128>(a.num) * b.den + static_cast<__int128>(b.num) * a.den,
                 static_cast<__int128>(a.den) * b.den);
}

std::optional<DimRational> dim::multiply(DimRational a, DimRational b) {
  // Whole numbers, as nearly always, need no division.
  if (int64_t product;
      a.den == 1 && b.den == 1 && !llvm::MulOverflow(a.num, b.num, product) && product != INT64_MIN)
    return DimRational{product, 1};
  return reduced(static_cast<__int128>(a.num) * b.num, static_cast<__int128>(a.den) * b.den);
}

std::optional<DimRational> dim::inverse(DimRational a) { return reduced(a.den, a.num); }

//===----------------------------------------------------------------------===//
// Terms
//===----------------------------------------------------------------------===//

static int64_t degree(const std::vector<DimPower> &powers) {
  int64_t sum = 0;
  for (DimPower power : powers)
    sum += power.exponent;
  return sum;
}

bool dim::isHigher(const std::vector<DimPower> &a, const std::vector<DimPower> &b) {
  int64_t degreeA = degree(a), degreeB = degree(b);
  if (degreeA != degreeB)
    return degreeA > degreeB;
  for (size_t i = 0; i < a.size() || i < b.size(); ++i) {
    if (i == a.size())
      return b[i].exponent < 0;
    if (i == b.size())
      return a[i].exponent > 0;
    if (a[i].atom < b[i].atom)
      return a[i].exponent > 0;
    if (a[i].atom > b[i].atom)
      return b[i].exponent < 0;
    if (a[i].exponent != b[i].exponent)
      return a[i].exponent > b[i].exponent;
  }
  return false;
}

std::optional<DimTerm> dim::multiply(const DimTerm &a, const DimTerm &b) {
  DimTerm result;
  std::optional<DimRational> coefficient = multiply(a.coefficient, b.coefficient);
  if (!coefficient)
    return std::nullopt;
  result.coefficient = *coefficient;
  size_t i = 0, j = 0;
  while (i < a.powers.size() || j < b.powers.size()) {
    if (j == b.powers.size() || (i < a.powers.size() && a.powers[i].atom < b.powers[j].atom)) {
      result.powers.push_back(a.powers[i++]);
    } else if (i == a.powers.size() || b.powers[j].atom < a.powers[i].atom) {
      result.powers.push_back(b.powers[j++]);
    } else {
      int64_t exponent = static_cast<int64_t>(a.powers[i].exponent) + b.powers[j].exponent;
      if (exponent > maxExponent || exponent < -maxExponent)
        return std::nullopt;
      if (exponent != 0)
        result.powers.push_back({a.powers[i].atom, static_cast<int32_t>(exponent)});
      ++i;
      ++j;
    }
  }
  return result;
}

std::optional<DimTerm> dim::inverse(const DimTerm &term) {
  std::optional<DimRational> coefficient = inverse(term.coefficient);
  if (!coefficient)
    return std::nullopt;
  DimTerm result{*coefficient, term.powers};
  for (DimPower &power : result.powers)
    power.exponent = -power.exponent;
  return result;
}

bool dim::isIntegral(const DimTerm &term) {
  return term.coefficient.den == 1 &&
         llvm::all_of(term.powers, [](DimPower power) { return power.exponent > 0; });
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

DimExpr::DimExpr(int64_t constant) {
  if (constant == INT64_MIN) {
    isInvalid = true;
    return;
  }
  if (constant != 0)
    data = std::make_shared<const Terms>(Terms{DimTerm{{constant, 1}, {}}});
}

DimExpr DimExpr::invalid() {
  DimExpr result;
  result.isInvalid = true;
  return result;
}

llvm::ArrayRef<DimTerm> DimExpr::terms() const {
  if (!data)
    return {};
  return *data;
}

bool DimExpr::isConstant() const {
  return isValid() && (!data || (data->size() == 1 && (*data)[0].powers.empty()));
}

std::optional<int64_t> DimExpr::constant() const {
  if (!isConstant())
    return std::nullopt;
  if (!data)
    return 0;
  DimRational value = (*data)[0].coefficient;
  if (value.den != 1)
    return std::nullopt;
  return value.num;
}

DimExpr DimExpr::fromTerms(Terms terms) {
  if (terms.size() > 1)
    std::sort(terms.begin(), terms.end(),
              [](const DimTerm &a, const DimTerm &b) { return isHigher(a.powers, b.powers); });
  Terms merged;
  merged.reserve(terms.size());
  for (DimTerm &term : terms) {
    if (!merged.empty() && merged.back().powers == term.powers) {
      std::optional<DimRational> sum = add(merged.back().coefficient, term.coefficient);
      if (!sum)
        return invalid();
      merged.back().coefficient = *sum;
    } else {
      merged.push_back(std::move(term));
    }
    if (merged.back().coefficient.num == 0)
      merged.pop_back();
  }
  if (merged.size() > maxTerms)
    return invalid();
  DimExpr result;
  if (!merged.empty())
    result.data = std::make_shared<const Terms>(std::move(merged));
  return result;
}

DimExpr DimExpr::operator+(const DimExpr &other) const {
  if (!isValid() || !other.isValid())
    return invalid();
  if (!data)
    return other;
  if (!other.data)
    return *this;
  Terms sum;
  sum.reserve(data->size() + other.data->size());
  sum.insert(sum.end(), data->begin(), data->end());
  sum.insert(sum.end(), other.data->begin(), other.data->end());
  return fromTerms(std::move(sum));
}

DimExpr DimExpr::operator-() const {
  if (!isValid() || !data)
    return *this;
  Terms negated = *data;
  for (DimTerm &term : negated)
    term.coefficient.num = -term.coefficient.num;
  return fromTerms(std::move(negated));
}

DimExpr DimExpr::operator-(const DimExpr &other) const { return *this + (-other); }

DimExpr DimExpr::operator*(const DimExpr &other) const {
  if (!isValid() || !other.isValid())
    return invalid();
  if (isConstant(1))
    return other;
  if (other.isConstant(1))
    return *this;
  Terms product;
  product.reserve(terms().size() * other.terms().size());
  for (const DimTerm &a : terms())
    for (const DimTerm &b : other.terms()) {
      std::optional<DimTerm> term = multiply(a, b);
      if (!term)
        return invalid();
      product.push_back(std::move(*term));
    }
  return fromTerms(std::move(product));
}

bool DimExpr::operator==(const DimExpr &other) const {
  if (!isValid() || !other.isValid())
    return false;
  if (data == other.data)
    return true;
  return terms() == other.terms();
}

bool DimExpr::before(const DimExpr &other) const {
  if (isInvalid != other.isInvalid)
    return isInvalid < other.isInvalid;
  llvm::ArrayRef<DimTerm> a = terms(), b = other.terms();
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}
