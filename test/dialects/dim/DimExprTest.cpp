//===- DimExprTest.cpp - symbolic sizes -------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/dim/DimExpr.h"

#include <gtest/gtest.h>

#include <random>

using namespace nacre;

namespace {

class DimExprTest : public ::testing::Test {
protected:
  DimExpr sym(llvm::StringRef name) { return dims.get(dims.addSymbol(name)); }
  std::string str(const DimExpr &e) { return dims.print(e); }

  DimContext dims;
  DimSymbol bId = dims.addSymbol("B");
  DimSymbol sId = dims.addSymbol("S");
  DimSymbol dimId = dims.addSymbol("dim");
  DimSymbol headsId = dims.addSymbol("heads");
  DimExpr B = dims.get(bId), S = dims.get(sId), dim = dims.get(dimId), heads = dims.get(headsId);
};

TEST_F(DimExprTest, ConstantsFold) {
  EXPECT_EQ(DimExpr(2) + 3, DimExpr(5));
  EXPECT_EQ(DimExpr(2) * 3 - 6, DimExpr(0));
  EXPECT_TRUE((B - B).isConstant(0));
  EXPECT_FALSE(B.isConstant());
  EXPECT_EQ(DimExpr(7).constant(), 7);
}

TEST_F(DimExprTest, EqualityIsCanonical) {
  EXPECT_EQ(B * S + dim, dim + S * B);
  EXPECT_EQ((B + S) * (B - S), B * B - S * S);
  EXPECT_FALSE(B == S);
  EXPECT_FALSE(sym("B") == B) << "same name, another symbol";
  EXPECT_FALSE(DimExpr::invalid() == DimExpr::invalid());
}

TEST_F(DimExprTest, PrintsAsWritten) {
  EXPECT_EQ(str(B * S), "B*S");
  EXPECT_EQ(str(dim * 4), "4*dim");
  EXPECT_EQ(str(dims.exactDiv(dim, heads)), "dim/heads");
  EXPECT_EQ(str(dims.exactDiv(dim * 3, heads * 2)), "3*dim/(2*heads)");
  EXPECT_EQ(str(S - 1), "S - 1");
  EXPECT_EQ(str(DimExpr(5) - S), "5 - S");
  EXPECT_EQ(str(-S), "-S");
  EXPECT_EQ(str(DimExpr(0)), "0");
  EXPECT_EQ(str(DimExpr(-3)), "-3");
  EXPECT_EQ(str(S * S), "S**2");
  EXPECT_EQ(str(dims.exactDiv(1, S)), "1/S");
  EXPECT_EQ(str(dims.floorDiv(S + 1, 2)), "floordiv(S + 1, 2)");
  EXPECT_EQ(str(dims.exactDiv(S, S + 1)), "((S)/(S + 1))");
  EXPECT_EQ(str(DimExpr::invalid()), "<too large>");
}

TEST_F(DimExprTest, ExactDivisionCancels) {
  DimExpr headDim = dims.exactDiv(dim, heads);
  EXPECT_EQ(headDim * heads, dim);
  EXPECT_EQ(dims.exactDiv(B * S * dim, S), B * dim);
  EXPECT_EQ(dims.exactDiv(B * B - S * S, B + S), B - S);
  EXPECT_EQ(dims.exactDiv(B * dim + S * dim, dim), B + S);
  EXPECT_FALSE(dims.exactDiv(B, 0).isValid());
  // Without a polynomial quotient it is a function of both.
  DimExpr opaque = dims.exactDiv(B, S + 1);
  EXPECT_EQ(opaque, dims.exactDiv(B, S + 1));
  EXPECT_FALSE(opaque == dims.exactDiv(S, S + 1));
  EXPECT_EQ(dims.exactDiv(DimExpr(3), 2).constant(), std::nullopt);
}

TEST_F(DimExprTest, FloorDivision) {
  EXPECT_EQ(dims.floorDiv(7, 2), DimExpr(3));
  EXPECT_EQ(dims.floorDiv(-7, 2), DimExpr(-4));
  EXPECT_EQ(dims.floorDiv(7, -2), DimExpr(-4));
  EXPECT_EQ(dims.floorDiv(S * 4, 2), S * 2);
  EXPECT_EQ(dims.floorDiv(S * 2 + 3, 2), S + 1);
  EXPECT_EQ(dims.floorDiv(S + 3, 2), dims.floorDiv(S + 1, 2) + 1);
  EXPECT_EQ(dims.floorDiv(S - 1, 2), dims.floorDiv(S + 1, 2) - 1);
  EXPECT_EQ(dims.floorDiv(S, 1), S);
  EXPECT_EQ(dims.floorDiv(B * S, S), B);
  EXPECT_EQ(dims.floorDiv(S - B, B) + 1, dims.floorDiv(S, B));
  EXPECT_EQ(dims.floorDiv(S * B * 2 + S - B * 3, B), dims.floorDiv(S, B) + S * 2 - 3);
  EXPECT_EQ(dims.floorDiv(dims.floorDiv(S, 2), 4), dims.floorDiv(S, 8));
  EXPECT_FALSE(dims.floorDiv(S, 0).isValid());
}

TEST_F(DimExprTest, StridedLayersCompose) {
  // ResNet's stem: a 7x7 convolution of stride 2, then a 3x3 pooling.
  auto out = [&](DimExpr in, int64_t k, int64_t s, int64_t p) {
    return dims.floorDiv(in + 2 * p - k, s) + 1;
  };
  DimExpr size = out(out(S, 7, 2, 3), 3, 2, 1);
  EXPECT_EQ(size, dims.floorDiv(S - 1, 4) + 1);
  EXPECT_EQ(dims.evaluate(size, [](DimSymbol) { return 224; }), 56);
}

TEST_F(DimExprTest, CeilAndMod) {
  EXPECT_EQ(dims.ceilDiv(7, 2), DimExpr(4));
  EXPECT_EQ(dims.ceilDiv(-7, 2), DimExpr(-3));
  EXPECT_EQ(dims.ceilDiv(S, 4), dims.floorDiv(S + 3, 4));
  EXPECT_EQ(dims.ceilDiv(B * S, S), B);
  EXPECT_EQ(dims.mod(7, 4), DimExpr(3));
  EXPECT_EQ(dims.mod(-7, 4), DimExpr(1));
  EXPECT_EQ(dims.mod(S * 4 + 6, 4), DimExpr(2));
  EXPECT_EQ(dims.mod(S + 6, 4), dims.mod(S * 5 + 2, 4));
  EXPECT_EQ(str(dims.mod(S, 4)), "mod(S, 4)");
}

TEST_F(DimExprTest, MinAndMax) {
  EXPECT_EQ(dims.min(3, 5), DimExpr(3));
  EXPECT_EQ(dims.max(3, 5), DimExpr(5));
  EXPECT_EQ(dims.min(S, S + 1), S);
  EXPECT_EQ(dims.max(S, S + B), S + B);
  EXPECT_EQ(dims.min(S, B), dims.min(B, S));
  EXPECT_EQ(str(dims.min(S, B)).substr(0, 4), "min(");
}

TEST_F(DimExprTest, DefinitionsAreLookedThrough) {
  DimSymbol hiddenId = dims.addSymbol(DimSymbolInfo{"hidden", dim * 4, {}, 17});
  DimExpr hidden = dims.get(hiddenId);
  DimSymbolInfo twice{"twice", hidden * 2, {}, 0};
  DimExpr doubled = dims.get(dims.addSymbol(twice));
  EXPECT_FALSE(hidden == dim * 4);
  EXPECT_TRUE(dims.equal(hidden, dim * 4));
  EXPECT_TRUE(dims.equal(doubled, dim * 8));
  EXPECT_EQ(str(hidden), "hidden");
  EXPECT_EQ(dims.info(hiddenId).origin, 17u);
  EXPECT_EQ(str(dims.expand(dims.floorDiv(doubled, 3))), "floordiv(8*dim, 3)");
  dims.setValue(dimId, 10);
  EXPECT_EQ(dims.evaluate(doubled), 80);
  EXPECT_EQ(dims.resolve(doubled * S), S * 80);
}

/// What is remembered of an atom goes with the values that it was made from.
TEST_F(DimExprTest, ResolvingFollowsTheValues) {
  DimExpr hidden = dims.get(dims.addSymbol(DimSymbolInfo{"hidden", dim * 4, {}, 0}));
  DimExpr pieces = dims.floorDiv(hidden + S, heads) + dims.min(hidden, S);
  EXPECT_TRUE(dims.equal(pieces, dims.floorDiv(dim * 4 + S, heads) + dims.min(dim * 4, S)));
  EXPECT_EQ(dims.resolve(pieces), dims.expand(pieces));
  dims.setValue(dimId, 6);
  EXPECT_EQ(dims.resolve(pieces), dims.floorDiv(S + 24, heads) + dims.min(24, S));
  dims.setValue(headsId, 2);
  EXPECT_EQ(dims.resolve(pieces), dims.floorDiv(S, 2) + 12 + dims.min(24, S));
  dims.setValue(dimId, std::nullopt);
  EXPECT_EQ(dims.resolve(pieces), dims.floorDiv(S, 2) + dim * 2 + dims.min(dim * 4, S));
  DimExpr invalid = DimExpr::invalid();
  EXPECT_FALSE(dims.expand(invalid).isValid() || dims.resolve(invalid).isValid());
}

TEST_F(DimExprTest, Substitution) {
  DimExpr e = dims.floorDiv(B * S + 1, 2) + dims.exactDiv(dim, heads);
  DimExpr r = dims.substitute(e, [&](DimSymbol s) -> std::optional<DimExpr> {
    if (s == bId)
      return DimExpr(2);
    if (s == headsId)
      return DimExpr(4);
    return std::nullopt;
  });
  EXPECT_EQ(r, S + dims.exactDiv(dim, 4));
}

TEST_F(DimExprTest, Evaluation) {
  auto value = [&](DimSymbol s) -> std::optional<int64_t> {
    if (s == bId)
      return 3;
    if (s == sId)
      return 7;
    if (s == dimId)
      return 12;
    return std::nullopt;
  };
  EXPECT_EQ(dims.evaluate(B * S + 1, value), 22);
  EXPECT_EQ(dims.evaluate(dims.exactDiv(dim, B), value), 4);
  EXPECT_EQ(dims.evaluate(dims.exactDiv(dim, S), value), std::nullopt);
  EXPECT_EQ(dims.evaluate(heads, value), std::nullopt);
  EXPECT_EQ(dims.evaluate(dims.mod(S, B), value), 1);
  EXPECT_EQ(dims.evaluate(dims.max(S, B), value), 7);
  EXPECT_EQ(dims.evaluate(dims.ceilDiv(S, B), value), 3);
  EXPECT_EQ(dims.evaluate(dims.floorDiv(S, B - 3), value), std::nullopt);
}

TEST_F(DimExprTest, OverflowIsInvalid) {
  DimExpr big = INT64_MAX;
  EXPECT_FALSE((big + 1).isValid());
  EXPECT_FALSE((big * 2).isValid());
  EXPECT_FALSE(DimExpr(INT64_MIN).isValid());
  EXPECT_FALSE((big * S + big * S).isValid());
  EXPECT_FALSE(((big + 1) - 1).isValid());
  EXPECT_EQ(dims.evaluate(big * S, [](DimSymbol) { return 2; }), std::nullopt);
}

TEST_F(DimExprTest, GrowthIsBounded) {
  DimExpr sum = 1;
  for (int i = 0; i < 40; ++i)
    sum = sum + sym("x");
  DimExpr power = sum;
  for (int i = 0; i < 10; ++i)
    power = power * sum;
  EXPECT_FALSE(power.isValid());

  DimExpr nested = S;
  for (int i = 0; i < 1000; ++i)
    nested = dims.floorDiv(nested * nested + 1, nested);
  EXPECT_FALSE(nested.isValid());

  DimExpr shared = S;
  for (int i = 0; i < 30; ++i)
    shared = dims.floorDiv(shared * shared + 1, shared);
  EXPECT_LT(str(shared).size(), 2000u);
  EXPECT_TRUE(dims.isNonNegative(shared));
  EXPECT_EQ(dims.evaluate(shared, [](DimSymbol) { return 1; }), 2);
}

TEST_F(DimExprTest, Bounds) {
  EXPECT_TRUE(dims.isNonNegative(B * S + 1));
  EXPECT_TRUE(dims.isNonNegative(dims.exactDiv(dim, heads)));
  EXPECT_FALSE(dims.isNonNegative(S - 1));
  EXPECT_TRUE(dims.isLessOrEqual(S, S + B));
  EXPECT_FALSE(dims.isLessOrEqual(S, B));
  EXPECT_TRUE(dims.isNonNegative(dims.mod(S - 3, 4)));
  EXPECT_TRUE(dims.isNonNegative(dims.max(0, S - B)));
}

TEST_F(DimExprTest, SymbolsOf) {
  DimExpr e = dims.floorDiv(B * dim, 7) + heads;
  EXPECT_EQ(dims.symbolsOf(e), (std::vector<DimSymbol>{bId, dimId, headsId}));
}

// Random formulas have the value of the arithmetic that they were built by, also
// after some of the sizes were put in.
TEST_F(DimExprTest, RandomFormulasMeanWhatTheySay) {
  std::mt19937 random(1);
  auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  const DimSymbol ids[] = {bId, sId, dimId, headsId};
  auto floorOf = [](int64_t a, int64_t b) {
    return a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
  };
  struct Both {
    DimExpr expr;
    int64_t value;
  };
  unsigned compared = 0;
  for (int round = 0; round < 5000; ++round) {
    std::map<DimSymbol, int64_t> sizes;
    for (DimSymbol id : ids)
      sizes[id] = pick(1, 12);
    auto build = [&](unsigned depth, auto &&self) -> std::optional<Both> {
      if (depth == 0 || pick(0, 5) == 0) {
        if (pick(0, 2) == 0) {
          int64_t number = pick(-4, 8);
          return Both{number, number};
        }
        DimSymbol id = ids[pick(0, 3)];
        return Both{dims.get(id), sizes[id]};
      }
      std::optional<Both> a = self(depth - 1, self), b = self(depth - 1, self);
      if (!a || !b)
        return std::nullopt;
      switch (pick(0, 8)) {
      case 0:
      case 1:
        return Both{a->expr + b->expr, a->value + b->value};
      case 2:
        return Both{a->expr - b->expr, a->value - b->value};
      case 3:
        return Both{a->expr * b->expr, a->value * b->value};
      case 4:
        if (b->value == 0 || a->value % b->value != 0)
          return std::nullopt;
        return Both{dims.exactDiv(a->expr, b->expr), a->value / b->value};
      case 5:
        if (b->value == 0)
          return std::nullopt;
        return Both{dims.floorDiv(a->expr, b->expr), floorOf(a->value, b->value)};
      case 6:
        if (b->value == 0)
          return std::nullopt;
        return Both{dims.ceilDiv(a->expr, b->expr), -floorOf(-a->value, b->value)};
      case 7:
        if (b->value == 0)
          return std::nullopt;
        return Both{dims.mod(a->expr, b->expr), a->value - floorOf(a->value, b->value) * b->value};
      default:
        // Sizes are not negative, which `min` and `max` rely on; so are these.
        return pick(0, 1) ? Both{dims.min(a->expr, b->expr), std::min(a->value, b->value)}
                          : Both{dims.max(a->expr, b->expr), std::max(a->value, b->value)};
      }
    };
    std::optional<Both> both = build(4, build);
    // An intermediate that is not a whole number for these sizes has no value.
    if (!both || !both->expr.isValid())
      continue;
    auto valueOf = [&](DimSymbol id) { return std::optional<int64_t>(sizes[id]); };
    std::optional<int64_t> value = dims.evaluate(both->expr, valueOf);
    if (!value)
      continue;
    ++compared;
    ASSERT_EQ(*value, both->value) << str(both->expr);
    DimExpr partly = dims.substitute(both->expr, [&](DimSymbol id) -> std::optional<DimExpr> {
      if (id == bId || id == dimId)
        return DimExpr(sizes[id]);
      return std::nullopt;
    });
    std::optional<int64_t> rest = dims.evaluate(partly, valueOf);
    if (rest) {
      ASSERT_EQ(*rest, both->value) << str(both->expr) << " became " << str(partly);
    }
  }
  EXPECT_GT(compared, 1000u);
}

} // namespace
