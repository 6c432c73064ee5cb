//===- AttentionMask.cpp - the masks on the way to a softmax ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A finite filler says something that minus infinity does not: a row that is filled all over
// averages all values. So a bool mask, whose empty rows are zeros, stands only for minus
// infinity, and a finite filler is added. Added to a score it is the filler, up to rounding of a
// number of that size.

#include "passes/fuse/AttentionMask.h"

#include "dialects/nn/NN.h"
#include "passes/fuse/BandMask.h"
#include "passes/support/Constants.h"

#include <cmath>

using namespace mlir;
using namespace nacre;

/// Whether a score can be taken for never being as low as `filler`.
static bool isBelowScores(double filler, double limit, Type element) {
  return filler <= limit || (element.isF16() && filler <= -65504.0);
}

void AttentionMask::choose(Value condition, bool hidden, double filler) {
  // (a and b) keeps what a keeps and b keeps; (a or b) hides what a hides and b hides.
  if (auto both = condition.getDefiningOp<nn::AndOp>(); both && !hidden) {
    choose(both.getLhs(), hidden, filler);
    choose(both.getRhs(), hidden, filler);
    return;
  }
  if (auto either = condition.getDefiningOp<nn::OrOp>(); either && hidden) {
    choose(either.getLhs(), hidden, filler);
    choose(either.getRhs(), hidden, filler);
    return;
  }
  Term term;
  term.value = condition;
  term.chooses = true;
  term.hidden = hidden;
  term.filler = filler;
  terms.push_back(term);
}

bool AttentionMask::choose(Value condition, bool hidden, Value filler, double scale,
                           double fillerLimit) {
  auto number = splatValue(filler);
  Type element = getElementTypeOrSelf(filler);
  if (!number || scale <= 0 || !isBelowScores(*number, fillerLimit, element) ||
      !isBelowScores(*number * scale, fillerLimit, element))
    return false;
  choose(condition, hidden, *number * scale);
  return true;
}

void AttentionMask::add(Value mask, double scale, double fillerLimit) {
  // select(keep, 0, filler) chooses, however often it is broadcast before being added.
  Value inner = mask;
  while (auto broadcast = inner.getDefiningOp<nn::BroadcastOp>())
    inner = broadcast.getInput();
  if (auto select = inner.getDefiningOp<nn::SelectOp>()) {
    if (splatValue(select.getOnTrue()) == 0.0 &&
        choose(select.getCondition(), /*hidden=*/false, select.getOnFalse(), scale, fillerLimit))
      return;
    if (splatValue(select.getOnFalse()) == 0.0 &&
        choose(select.getCondition(), /*hidden=*/true, select.getOnTrue(), scale, fillerLimit))
      return;
  }
  Term term;
  term.value = mask;
  term.scale = scale;
  terms.push_back(term);
}

bool AttentionMask::isValid(int64_t rank) const {
  return llvm::all_of(terms, [&](const Term &term) {
    return cast<RankedTensorType>(term.value.getType()).getRank() <= rank;
  });
}

/// A rank-3 mask `[B, Sq, Sk]` as `[B, 1, Sq, Sk]`; one of rank 2 or less broadcasts as it is.
static Value withHeads(PatternRewriter &rewriter, Location loc, Value mask, int64_t rank) {
  auto type = cast<RankedTensorType>(mask.getType());
  if (rank != 3 || type.getRank() != 3)
    return mask;
  SmallVector<int64_t> shape{type.getDimSize(0), 1, type.getDimSize(1), type.getDimSize(2)};
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < 3; ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(tensor::DimOp::create(rewriter, loc, mask, i));
  return nn::ReshapeOp::create(rewriter, loc, type.clone(shape), mask, sizes);
}

void AttentionMask::takeBand(SmallVectorImpl<Term> &terms, Result &result) const {
  SmallVector<std::optional<Band>> bands;
  for (const Term &term : terms)
    bands.push_back(term.chooses ? matchBand(term.value, term.hidden) : std::nullopt);
  // Every row of a band sees a key, so where there is nothing else its filler never shows.
  bool alone = llvm::all_of(bands, [](const auto &band) { return band.has_value(); });
  Band all;
  auto isTaken = [&](size_t i) { return bands[i] && (alone || std::isinf(terms[i].filler)); };
  for (size_t i = 0; i < terms.size(); ++i)
    if (isTaken(i))
      all = all & *bands[i];
  // A window is as wide to both sides, or ends where the query stands.
  std::optional<int64_t> window;
  if (all.before)
    window = *all.before + 1;
  constexpr int64_t limit = int64_t(1) << 31;
  if ((!all.isCausal() && all.before != all.after) || window.value_or(0) >= limit)
    return;
  result.causal = all.isCausal();
  result.window = window;
  SmallVector<Term> rest;
  for (size_t i = 0; i < terms.size(); ++i)
    if (!isTaken(i))
      rest.push_back(terms[i]);
  terms = std::move(rest);
}

AttentionMask::Result AttentionMask::build(PatternRewriter &rewriter, Location loc,
                                           int64_t rank) const {
  Result result;
  SmallVector<Term> terms(this->terms);
  takeBand(terms, result);
  Value keep, added;
  // Where one filler is all there is, any number that drowns every score will do, and a lower one
  // drowns them in wider arithmetic too.
  bool onlyFiller = llvm::all_of(
      terms, [&](const Term &term) { return term.chooses && term.filler == terms[0].filler; });
  constexpr double drowning = -1e30;
  // The terms were found from the softmax upwards; the attention applies them downwards.
  for (const Term &term : llvm::reverse(terms)) {
    if (!term.chooses) {
      Value mask = term.value;
      if (term.scale != 1)
        mask = nn::MulOp::create(
            rewriter, loc, mask,
            scalarConstant(rewriter, loc, getElementTypeOrSelf(mask), term.scale));
      added = added ? nn::AddOp::create(rewriter, loc, added, mask).getResult() : mask;
      continue;
    }
    bool isInfinite = std::isinf(term.filler);
    Value condition = term.value;
    if (term.hidden)
      condition = nn::NotOp::create(rewriter, loc, condition);
    if (isInfinite) {
      keep = keep ? nn::AndOp::create(rewriter, loc, keep, condition).getResult() : condition;
      continue;
    }
    Type element = added ? getElementTypeOrSelf(added) : Type(rewriter.getF32Type());
    // Still a number in a narrower type: see above what minus infinity would mean.
    double lowest =
        APFloat::getLargest(cast<FloatType>(element).getFloatSemantics(), true).convertToDouble();
    Value zero = scalarConstant(rewriter, loc, element, 0);
    double number = onlyFiller ? std::min(term.filler, drowning) : term.filler;
    Value filler = scalarConstant(rewriter, loc, element, std::max(number, lowest));
    added = nn::SelectOp::create(rewriter, loc, condition, added ? added : zero, filler);
  }
  if (keep && added) {
    Type element = getElementTypeOrSelf(added);
    Value filler = scalarConstant(rewriter, loc, element, -INFINITY);
    added = nn::SelectOp::create(rewriter, loc, keep, added, filler);
    keep = {};
  }
  result.mask = keep ? keep : added;
  if (result.mask)
    result.mask = withHeads(rewriter, loc, result.mask, rank);
  return result;
}
