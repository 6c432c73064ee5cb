//===- VectorFunctions.cpp - elementary functions on f32 vectors -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Every list of coefficients was derived by tools/coefficients.py, under the name that stands in
// the comment beside it. Where the argument of a polynomial is negated, so are the odd
// coefficients.

#include "codegen/cpu/VectorFunctions.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

constexpr double log2E = 1.44269504088896341;

using Rounded = VectorArithmetic::Rounded;

Value nacre::cpu::inEnoughPrecision(
    KernelBuilder &b, Value x,
    llvm::function_ref<Value(const VectorArithmetic &, Value)> function) {
  VectorArithmetic single{b, x.getType()};
  if (b.target.fusedMultiplyAdd)
    return function(single, x);
  VectorArithmetic wide{b, single.typeOf(b.getF64Type())};
  return single.make<arith::TruncFOp>(single.type,
                                      function(wide, wide.make<arith::ExtFOp>(wide.type, x)));
}

/// x + n ln2, in which x cancels: ln2 in two parts, of which the first has few bits, so that its
/// product with n is exact (Cody and Waite).
static Value addLn2(const VectorArithmetic &e, Value n, Value x) {
  constexpr double first = 0.693359375;
  return e.fma(n, e.constant(M_LN2 - first), e.fma(n, e.constant(first), x));
}

/// e^-r for |r| <= ln2 / 2, or that less 1, which is more exact.
static Value expOfMinus(const VectorArithmetic &e, Value r) {
  return e.polynomial(
      r, {0.00138212997, -0.00836866815, 0.0416682586, -0.166665211, 0.49999994, -1, 1}); // exp
}
static Value expOfMinusLess1(const VectorArithmetic &e, Value r) {
  return e.mul(r, e.polynomial(r, {0.00138212997, -0.00836866815, 0.0416682586, -0.166665211,
                                   0.49999994, -1})); // exp
}

Value nacre::cpu::emitExp(KernelBuilder &b, Value x) {
  VectorArithmetic e{b, x.getType()};
  if (!e.isF32())
    return e.make<math::ExpOp>(x);
  // Past the bounds the result is infinite or 0.
  x = e.atMost(e.atLeast(x, -104), 89);
  Rounded n = e.roundProduct(x, log2E);
  Value r = addLn2(e, e.neg(n.number), x);
  Value y = e.polynomial(
      r, {0.00138212997, 0.00836866815, 0.0416682586, 0.166665211, 0.49999994, 1, 1}); // exp
  return e.scale(y, n);
}

Value nacre::cpu::emitLog(KernelBuilder &b, Value x) {
  VectorArithmetic e{b, x.getType()};
  // x = m 2^n with m from 3/4 to 3/2, so that nothing cancels around 1.
  Value m, n;
  if (e.isWide()) {
    // These know denormals, zeros, infinities and NaN; and make NaN of what is negative.
    constexpr int threeQuarters = 3, negativeIsNaN = 2 << 2;
    Value how = b.make<arith::ConstantOp>(b.getI32IntegerAttr(threeQuarters | negativeIsNaN));
    m = e.wideIntrinsic("mask.getmant", {x, how}, /*rounds=*/true);
    n = e.sub(e.wideIntrinsic("mask.getexp", x, /*rounds=*/true),
              e.wideIntrinsic("mask.getexp", m, /*rounds=*/true));
  } else {
    Type i32 = e.bitsType();
    Value tiny = e.compare(arith::CmpFPredicate::OLT, x, e.constant(0x1p-126));
    Value bits = e.bitsOf(e.select(tiny, e.mul(x, e.constant(0x1p23)), x));
    Value above = e.make<arith::SubIOp>(bits, b.splat(i32, 0x3f400000)); // 3/4
    Value exponent = e.make<arith::AndIOp>(above, b.splat(i32, -0x800000));
    m = e.fromBits(e.make<arith::SubIOp>(bits, exponent));
    n = e.make<arith::SIToFPOp>(e.type, e.make<arith::ShRSIOp>(above, b.splat(i32, 23)));
    n = e.sub(n, e.select(tiny, e.constant(23), e.constant(0)));
  }
  Value result = inEnoughPrecision(b, m, [&](const VectorArithmetic &e, Value m) {
    Value f = e.sub(m, e.one());
    Value rest =
        e.polynomial(f, {-0.0451120548, 0.104688786, -0.131638736, 0.144783214, -0.166469991,
                         0.199908197, -0.250001043, 0.333334506, -0.5}); // log
    Value power = e.isF32() ? n : e.make<arith::ExtFOp>(e.type, n);
    return e.fma(power, e.constant(M_LN2), e.fma(e.mul(f, f), rest, f));
  });
  if (e.isWide())
    return result;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Value zero = e.constant(0);
  Value positive = e.compare(arith::CmpFPredicate::OGT, x, zero);
  Value finite = e.compare(arith::CmpFPredicate::OLT, x, e.constant(infinity));
  Value negative = e.compare(arith::CmpFPredicate::OLT, x, zero);
  Value special = e.select(negative, e.constant(std::nan("")), x);
  special = e.select(e.compare(arith::CmpFPredicate::OEQ, x, zero), e.constant(-infinity), special);
  return e.select(e.make<arith::AndIOp>(positive, finite), result, special);
}

Value nacre::cpu::emitRsqrt(KernelBuilder &b, Value x) {
  VectorArithmetic e{b, x.getType()};
  if (!e.isWide())
    return e.div(e.one(), e.make<math::SqrtOp>(x));
  // 14 bits and a step of Newton's method. Of 0 and infinity the first value is the result, and the
  // step makes NaN.
  Value first = e.wideIntrinsic("rsqrt14", x, /*rounds=*/false);
  Value error = e.fma(e.neg(e.mul(x, first)), first, e.one());
  Value result = e.fma(e.mul(first, e.constant(0.5)), error, first);
  return e.select(e.compare(arith::CmpFPredicate::ORD, error, error), result, first);
}

Value nacre::cpu::emitTanh(KernelBuilder &b, Value x) {
  // tanh(t) = (e^2t - 1) / (e^2t + 1) with t = |x|, e^2t = 2^n (1 + 2p): both halved and divided by
  // 2^n. Past the bound it rounds to 1.
  Value result = inEnoughPrecision(b, x, [](const VectorArithmetic &e, Value x) {
    Value t = e.atMost(e.abs(x), 9.02);
    Rounded n = e.roundProduct(t, -2 * log2E);
    Value r = e.fma(n.number, e.constant(M_LN2 / 2), t);
    Value rest =
        e.polynomial(r, {0.0443838239, 0.133860052, 0.333339542, 0.666661859, 0.99999994}); // tanh
    Value p = e.fma(e.mul(r, r), rest, r);
    Value half = e.constant(0.5), small = e.scale(half, n);
    Value above = e.sub(half, small), below = e.add(half, small);
    Value inverse = e.roughInverse(e.add(below, p));
    Value y = e.mul(e.add(above, p), inverse);
    // above + p - y (below + p)
    Value error = e.add(e.fma(e.neg(below), y, above), p);
    return e.fma(e.fma(e.neg(p), y, error), inverse, y);
  });
  return b.make<math::CopySignOp>(result, x);
}

Value nacre::cpu::emitErf(KernelBuilder &b, Value x) {
  return inEnoughPrecision(b, x, [](const VectorArithmetic &e, Value x) {
    Value t = e.abs(x), square = e.mul(x, x);
    Value small = e.polynomial(square, {-0.000605246169, 0.00500416011, -0.0267732851, 0.112819761,
                                        -0.376125067, 0.128379151}); // erf_small
    small = e.fma(x, small, x);
    // 1 - root^4. Past the bound it rounds to 1.
    Value root =
        e.polynomial(e.atMost(t, 3.95),
                     {-3.0139905e-05, 0.000302138506, -5.98428196e-05, -0.00961640105, 0.0366500132,
                      -0.00726239709, -0.102237321, -0.289256006, 1.00127947}); // erf_large
    root = e.mul(root, root);
    Value large = e.make<math::CopySignOp>(e.fma(e.neg(root), root, e.one()), x);
    return e.select(e.compare(arith::CmpFPredicate::OLT, t, e.constant(0.9)), small, large);
  });
}

Value nacre::cpu::emitSigmoid(KernelBuilder &b, Value x) {
  return inEnoughPrecision(b, x, [](const VectorArithmetic &e, Value x) {
    // With x = n ln2 + r: 2^n / (2^n + e^-r). Past the bounds it is 0 or 1.
    x = e.atMost(e.atLeast(x, -104), 30);
    Rounded n = e.roundProduct(x, log2E);
    Value r = addLn2(e, e.neg(n.number), x);
    Value power = e.scale(e.one(), n), rest = expOfMinus(e, r);
    Value inverse = e.roughInverse(e.add(power, rest));
    Value error = e.fma(e.neg(rest), inverse, e.fma(e.neg(power), inverse, e.one()));
    return e.scale(e.fma(error, inverse, inverse), n);
  });
}

/// max(x, 0) - t E / (1 + E) for E = 2^n (1 + less1), which is x / (1 + E) for x = t and x E / (1 +
/// E) for x = -t.
static Value emitGated(const VectorArithmetic &e, Value x, Value t, const Rounded &n, Value less1) {
  Value power = e.scale(e.add(less1, e.one()), n);
  Value inverse = e.roughInverse(e.add(power, e.one()));
  Value y = e.mul(e.fma(t, less1, t), inverse);
  // t (1 + less1) - y (1 + power)
  Value error = e.fma(t, less1, e.sub(t, y));
  error = e.fma(e.neg(power), y, error);
  return e.sub(e.atLeast(x, 0), e.scale(e.fma(error, inverse, y), n));
}

Value nacre::cpu::emitSilu(KernelBuilder &b, Value x) {
  return inEnoughPrecision(b, x, [](const VectorArithmetic &e, Value x) {
    Value t = e.boundedSize(x, 110);
    Rounded n = e.roundProduct(t, -log2E);
    return emitGated(e, x, t, n, expOfMinusLess1(e, addLn2(e, n.number, t)));
  });
}

Value nacre::cpu::emitSoftplus(KernelBuilder &b, Value x) {
  return inEnoughPrecision(b, x, [](const VectorArithmetic &e, Value x) {
    // max(x, 0) + log(1 + z) with z = e^-|x|, which is at most 1.
    Value t = e.boundedSize(x, 105);
    Rounded n = e.roundProduct(t, -log2E);
    Value z = e.scale(expOfMinus(e, addLn2(e, n.number, t)), n);
    Value rest =
        e.polynomial(z, {-0.00330601609, 0.0201483499, -0.0575585775, 0.106697984, -0.153490216,
                         0.196931824, -0.24958156, 0.333304703, -0.499999315}); // softplus
    return e.add(e.atLeast(x, 0), e.fma(e.mul(z, z), rest, z));
  });
}

/// 2^-r - 1 for |r| <= 1/2.
static Value exp2OfMinusLess1(const VectorArithmetic &e, Value r) {
  return e.mul(r, e.polynomial(r, {0.000153292887, -0.00133909716, 0.00961849932, -0.0555035956,
                                   0.240226477, -0.693147182})); // exp2
}

Value nacre::cpu::emitGeluErf(KernelBuilder &b, Value x) {
  return inEnoughPrecision(b, x, [](const VectorArithmetic &e, Value x) {
    // x Phi(x) = max(x, 0) - t Phi(-t) with t = |x|: nothing cancels, the second is at most half of
    // the first. t Phi(-t) = e^(-t^2/2) p / q with p = t + t^2 P(t) and q = slope p + 2 + t Q(t),
    // where e^(-t^2/2) is 2^(n - r). Past the bound it rounds to 0.
    constexpr double halfLog2E = 0.7213475108146667, slope = 2.5066449642181396; // both of them f32
    Value t = e.boundedSize(x, 14.5);
    Value square = e.mul(t, t), half = e.constant(halfLog2E), two = e.constant(2);
    Rounded n = e.roundProduct(square, -halfLog2E);
    // An error of the exponent becomes a relative error: the square needs more bits.
    Value r = e.fma(e.fma(t, t, e.neg(square)), half, e.fma(square, half, n.number));
    Value less1 = exp2OfMinusLess1(e, r);
    Value p = e.fma(square, e.polynomial(t, {0.00897149555, 0.0864274427, 0.38209331, 0.898250401}),
                    t);                                                    // gelu, "Q"
    Value rest = e.polynomial(t, {0.0223478787, 0.21922192, 0.885625601}); // gelu, "P"
    Value steep = e.constant(slope);
    Value q = e.fma(p, steep, e.fma(t, rest, two));
    // What the roundings of q have left out.
    Value missing = e.fma(t, rest, e.fma(p, steep, e.sub(two, q)));
    Value inverse = e.roughInverse(q);
    Value part = e.fma(p, less1, p), y = e.mul(part, inverse);
    // p (1 + less1) - y (q + missing): first what both are nearly equal in
    Value error = e.add(e.fma(e.neg(q), y, part), e.fma(p, less1, e.sub(p, part)));
    error = e.fma(e.neg(missing), y, error);
    return e.sub(e.atLeast(x, 0), e.scale(e.fma(error, inverse, y), n));
  });
}

Value nacre::cpu::emitGeluTanh(KernelBuilder &b, Value x) {
  return inEnoughPrecision(b, x, [](const VectorArithmetic &e, Value x) {
    // x (1 + tanh(u)) / 2 = x / (1 + e^-2u) = x / (1 + 2^-w) with w = t (a + b t^2). Past the bound
    // 2^-w rounds to 0. The factor is taken in two parts, since an error of w becomes a relative
    // error: `factor`, whose distance from `few` is exact, and `rest`.
    const double a = 2 * std::sqrt(2 / M_PI) * log2E, cubic = 0.044715 * a;
    const double few = 2.296875, head = static_cast<float>(cubic);
    Value t = e.boundedSize(x, 10.9);
    Value square = e.mul(t, t), slope = e.constant(head);
    Value factor = e.fma(square, slope, e.constant(few));
    Value rest = e.fma(square, e.constant(cubic - head), e.constant(a - few));
    rest = e.fma(e.fma(t, t, e.neg(square)), slope, rest);
    rest = e.add(rest, e.fma(square, slope, e.sub(e.constant(few), factor)));
    Rounded n = e.roundProduct(t, e.neg(factor));
    Value r = e.fma(t, rest, e.fma(t, factor, n.number));
    return emitGated(e, x, t, n, exp2OfMinusLess1(e, r));
  });
}

Value nacre::cpu::emitElu(KernelBuilder &b, Value x, double negative, double positive) {
  return inEnoughPrecision(b, x, [&](const VectorArithmetic &e, Value x) {
    // e^x - 1 = 2^n p + (2^n - 1) with p = e^r - 1. Past the bound it rounds to -1.
    Value low = e.atLeast(x, -20);
    Rounded n = e.roundProduct(low, log2E);
    Value r = e.fma(n.number, e.constant(-M_LN2), low);
    Value rest = e.polynomial(
        r, {0.00138699624, 0.0083662523, 0.0416674428, 0.166665465, 0.49999997}); // expm1
    Value p = e.fma(e.mul(r, r), rest, r);
    Value factor = e.constant(negative), power = e.scale(factor, n);
    low = e.fma(power, p, e.sub(power, factor));
    Value high = e.mul(x, e.constant(positive));
    return e.select(e.compare(arith::CmpFPredicate::OLT, x, e.constant(0)), low, high);
  });
}
