//===- Trigonometry.cpp - sine and cosine of f32 vectors -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/VectorFunctions.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {

enum class Function { sine, cosine };

/// The result is sin(rest), negated where the lowest bit of `turns`, an i32, is set.
struct Reduced {
  Value rest, turns;
};

} // namespace

/// Up to here pi in three parts is exact enough, and the number of half turns fits.
constexpr double largestNear = 0x1p17;

/// For |x| <= largestNear: sin(x) = (-1)^n sin(x - n pi), and cos(x) = (-1)^n sin((n + 1/2) pi -
/// x).
static Reduced reduceNear(const VectorArithmetic &e, Value x, Function function) {
  bool sine = function == Function::sine;
  Value inverse = e.constant(M_1_PI);
  VectorArithmetic::Rounded n =
      sine ? e.roundProduct(x, M_1_PI) : e.roundProduct(e.fma(x, inverse, e.constant(-0.5)), 1);
  // Each part's product with n is exact, or what it is subtracted from leaves as much as FMA keeps.
  // Without FMA this is double precision. Parts of one sign leave a zero's sign alone.
  constexpr double single[] = {0x1.921fb4p+1, 0x1.4442dp-23, 0x1.846988p-47};
  constexpr double twice[] = {0x1.921fb544p+1, 0x1.0b4611a626331p-33};
  Value number = sine ? n.number : e.add(n.number, e.constant(0.5));
  Value rest = sine ? x : e.neg(x);
  for (double part : e.isF32() ? ArrayRef<double>(single) : twice)
    rest = e.fma(number, e.constant(sine ? -part : part), rest);
  if (e.isF32())
    return {rest, n.bits};
  return {rest, e.make<arith::TruncIOp>(e.typeOf(e.b.getI32Type()), n.bits)};
}

/// For any finite x, after Payne and Hanek: |x| = m 2^k with an integer m of 24 bits, so that of
/// the binary digits of 1 / pi those whose product with m and 2^k is a multiple of 2 do not matter,
/// and 96 of those after them are enough.
static Reduced reduceFar(const VectorArithmetic &e, Value x, Function function) {
  KernelBuilder &b = e.b;
  Type i32 = e.typeOf(b.getI32Type()), i64 = e.typeOf(b.getI64Type());
  Type f64 = e.typeOf(b.getF64Type());
  auto small = [&](int64_t value) { return b.splat(i32, double(value)); };
  auto large = [&](int64_t value) { return b.splat(i64, double(value)); };
  auto extend = [&](Value value) { return e.make<arith::ExtUIOp>(i64, value); };
  auto right = [&](Value value, Value places) { return e.make<arith::ShRUIOp>(value, places); };
  auto left = [&](Value value, Value places) { return e.make<arith::ShLIOp>(value, places); };

  Value bits = e.bitsOf(e.abs(x));
  Value m = e.make<arith::OrIOp>(e.make<arith::AndIOp>(bits, small(0x7fffff)), small(0x800000));
  // The digits' words begin with 32 zeros; the first digit that matters has weight 2^0 in the
  // product: it is number 31 + k, where k = exponent - 150.
  constexpr uint32_t digits[] = {0x00000000, 0x517cc1b7, 0x27220a94, 0xfe13abe8,
                                 0xfa9a6ee0, 0x6db14acc, 0x9e21c820, 0xff28b1d5};
  Value first = e.make<arith::SubIOp>(right(bits, small(23)), small(150 - 31));
  Value word = right(first, small(5)), shift = e.make<arith::AndIOp>(first, small(31));
  auto digitsFrom = [&](int i) { return small(int32_t(digits[i])); };
  SmallVector<Value> window;
  for (int i = 0; i < 4; ++i)
    window.push_back(digitsFrom(i));
  for (int skipped = 1; skipped <= 4; ++skipped) {
    Value further = e.make<arith::CmpIOp>(arith::CmpIPredicate::uge, word, small(skipped));
    for (int i = 0; i < 4; ++i)
      window[i] = e.select(further, digitsFrom(skipped + i), window[i]);
  }
  Value back = e.make<arith::SubIOp>(small(31), shift);
  auto shifted = [&](int i) { // by 32 - shift in two steps: at once it may be 32
    Value low = right(right(window[i + 1], small(1)), back);
    return extend(e.make<arith::OrIOp>(left(window[i], shift), low));
  };
  // The product modulo 2 with 63 digits after the point.
  Value wide = extend(m);
  auto times = [&](Value value) { return e.make<arith::MulIOp>(wide, value); };
  Value low = times(shifted(2));
  Value middle = e.make<arith::AddIOp>(times(shifted(1)), right(low, large(32)));
  Value high = e.make<arith::AddIOp>(times(shifted(0)), right(middle, large(32)));
  Value product =
      e.make<arith::OrIOp>(left(high, large(32)), e.make<arith::AndIOp>(middle, large(0xffffffff)));
  bool sine = function == Function::sine;
  if (!sine)
    product = e.make<arith::SubIOp>(product, large(int64_t(1) << 62)); // a quarter of a turn
  Value turns = right(e.make<arith::AddIOp>(product, large(int64_t(1) << 62)), large(63));
  turns = e.make<arith::TruncIOp>(i32, turns);
  Value fraction = e.make<arith::SIToFPOp>(f64, left(product, large(1)));
  VectorArithmetic exact{b, f64};
  Value angle = exact.mul(fraction, exact.constant(std::ldexp(sine ? M_PI : -M_PI, -64)));
  Value rest = e.make<arith::TruncFOp>(e.type, angle);
  if (sine) // odd
    turns = e.make<arith::XOrIOp>(turns, right(e.bitsOf(x), small(31)));
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Value finite = e.compare(arith::CmpFPredicate::OLT, e.abs(x), e.constant(infinity));
  return {e.select(finite, rest, e.constant(std::nan(""))), turns};
}

/// sin(r) = r + r P(r^2) for |r| <= pi / 2.
static Value sineNearZero(const VectorArithmetic &e, Value r) {
  // Adding 0 makes a 0 of the product positive, and so keeps the sign of r where that is 0.
  Value factor = e.polynomial(
      e.mul(r, r), {2.60476986e-06, -0.000198096677, 0.008333073, -0.166666597, 0}); // sin
  return e.fma(factor, r, r);
}

static Value emitTrigonometric(KernelBuilder &b, Value x, Function function) {
  VectorArithmetic e{b, x.getType()};
  Type i32 = e.bitsType();
  Value turns;
  Value rest = inEnoughPrecision(b, x, [&](const VectorArithmetic &inner, Value x) {
    Reduced near = reduceNear(inner, x, function);
    turns = near.turns;
    return near.rest;
  });
  // One branch for all lanes: large arguments are rare.
  Value far = e.compare(arith::CmpFPredicate::OGT, e.abs(x), e.constant(largestNear));
  Value any = far;
  if (isa<VectorType>(x.getType()))
    any = b.make<vector::ReductionOp>(vector::CombiningKind::OR, far);
  auto choice = scf::IfOp::create(b, b.loc, TypeRange{e.type, i32}, any, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    Reduced reduced = reduceFar(e, x, function);
    Value chosen[] = {e.select(far, reduced.rest, rest), e.select(far, reduced.turns, turns)};
    scf::YieldOp::create(b, b.loc, chosen);
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(b, b.loc, ValueRange{rest, turns});
  }
  Value y = inEnoughPrecision(b, choice.getResult(0), sineNearZero);
  Value sign = e.make<arith::ShLIOp>(choice.getResult(1), b.splat(i32, 31));
  return e.fromBits(e.make<arith::XOrIOp>(e.bitsOf(y), sign));
}

Value nacre::cpu::emitSin(KernelBuilder &b, Value x) {
  return emitTrigonometric(b, x, Function::sine);
}

Value nacre::cpu::emitCos(KernelBuilder &b, Value x) {
  return emitTrigonometric(b, x, Function::cosine);
}
