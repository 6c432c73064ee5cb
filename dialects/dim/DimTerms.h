//===- DimTerms.h - arithmetic on the terms of a DimExpr --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared by the files of this folder; not for users of DimExpr.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_DIALECTS_DIM_DIMTERMS_H
#define NACRE_DIALECTS_DIM_DIMTERMS_H

#include "dialects/dim/DimExpr.h"

#include "llvm/ADT/STLExtras.h"

namespace nacre::dim {

/// Powers beyond this are invalid expressions.
inline constexpr int64_t maxExponent = 1000;

// Each returns nothing when the result does not fit, or divides by zero.
std::optional<DimRational> add(DimRational a, DimRational b);
std::optional<DimRational> multiply(DimRational a, DimRational b);
std::optional<DimRational> inverse(DimRational a);
std::optional<DimTerm> multiply(const DimTerm &a, const DimTerm &b);
std::optional<DimTerm> inverse(const DimTerm &term);

/// The order of terms: higher total degree first, then the higher power of the
/// older atom. Multiplying both sides by a term keeps it, which the division
/// of polynomials relies on.
bool isHigher(const std::vector<DimPower> &a, const std::vector<DimPower> &b);

/// An integer for all integer values of its atoms: an integer coefficient and
/// no divisor.
bool isIntegral(const DimTerm &term);

} // namespace nacre::dim

#endif // NACRE_DIALECTS_DIM_DIMTERMS_H
