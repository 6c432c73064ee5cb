//===- Power.cpp - powers of f32 vectors -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/VectorFunctions.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

/// log2 of a double that was an f32 >= 0, to about 40 bits.
static Value log2Of(const VectorArithmetic &e, Value x) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Type i64 = e.bitsType(), i32 = e.typeOf(e.b.getI32Type());
  auto bits = [&](int64_t value) { return e.b.splat(i64, double(value)); };
  // x = m 2^n with m from 3/4 to 3/2; every f32 is normal as a double.
  constexpr int64_t threeQuarters = 0x3fe8000000000000, bias = 1024, exponentBits = -(1LL << 52);
  Value pattern = e.bitsOf(x), above = e.make<arith::SubIOp>(pattern, bits(threeQuarters));
  Value biased = e.make<arith::ShRUIOp>(e.make<arith::AddIOp>(above, bits(bias << 52)), bits(52));
  Value n = e.make<arith::SubIOp>(e.make<arith::TruncIOp>(i32, biased), e.b.splat(i32, bias));
  Value exponent = e.make<arith::AndIOp>(above, bits(exponentBits));
  Value f = e.sub(e.fromBits(e.make<arith::SubIOp>(pattern, exponent)), e.one());
  Value slope = e.polynomial(
      f, {0.027589394669526521, -0.08064142903723702, 0.11630586254603821, -0.12605759376115239,
          0.13194721241423074, -0.14387150462796891, 0.16019315051832139, -0.18034690546455612,
          0.20610385396615294, -0.24044912452935929, 0.28853892542685328, -0.3606737592124552,
          0.48089834751126215, -0.72134752045034722, 1.442695040888363}); // log2_double
  Value result = e.fma(f, slope, e.make<arith::SIToFPOp>(e.type, n));
  Value zero = e.compare(arith::CmpFPredicate::OEQ, x, e.constant(0));
  Value finite = e.compare(arith::CmpFPredicate::OLT, x, e.constant(infinity));
  result = e.select(finite, result, x); // NaN too
  return e.select(zero, e.constant(-infinity), result);
}

Value nacre::cpu::emitPow(KernelBuilder &b, Value x, Value y) {
  // 2^(y log2 x) in double precision: the logarithm needs some 10 bits more than the result.
  constexpr double infinity = std::numeric_limits<double>::infinity();
  VectorArithmetic single{b, x.getType()};
  VectorArithmetic e{b, single.typeOf(b.getF64Type())};
  auto extend = [&](Value value) { return e.make<arith::ExtFOp>(e.type, value); };
  Value base = extend(x), power = extend(y);
  // Bounds past which the result stays 0 or infinite; that of y makes 1 of 1^infinity.
  Value product = e.mul(e.atMost(e.atLeast(power, -0x1p40), 0x1p40), log2Of(e, e.abs(base)));
  product = e.atMost(e.atLeast(product, -200), 200);
  VectorArithmetic::Rounded n = e.roundProduct(product, 1);
  Value result =
      e.polynomial(e.sub(product, n.number),
                   {1.5201907373446544e-05, 0.00015469290914677355, 0.0013333922607316219,
                    0.0096180272543287728, 0.055504103534189789, 0.2402265119815376,
                    0.69314718072845483, 0.99999999996168298}); // exp2_double
  result = e.scale(result, n);

  // A negative base: integers keep or lose the sign, of all others there is no power. Every float
  // from 2^24 is even.
  Value size = e.atMost(e.abs(power), 0x1p24);
  VectorArithmetic::Rounded whole = e.roundProduct(size, 1);
  Value isWhole = e.compare(arith::CmpFPredicate::OEQ, whole.number, size);
  Type i64 = e.bitsType();
  Value last = e.make<arith::AndIOp>(whole.bits, b.splat(i64, 1));
  Value odd = e.make<arith::AndIOp>(
      isWhole, e.make<arith::CmpIOp>(arith::CmpIPredicate::ne, last, b.splat(i64, 0)));
  Value signBit = e.make<arith::AndIOp>(e.bitsOf(base), e.bitsOf(e.constant(-0.0)));
  Value flip = e.select(odd, signBit, b.splat(i64, 0));
  result = e.fromBits(e.make<arith::XOrIOp>(e.bitsOf(result), flip));
  auto both = [&](Value p, Value q) { return e.make<arith::AndIOp>(p, q); };
  Value negative = both(e.compare(arith::CmpFPredicate::OLT, base, e.constant(0)),
                        e.compare(arith::CmpFPredicate::OGT, base, e.constant(-infinity)));
  Value fractional = e.compare(arith::CmpFPredicate::ONE, whole.number, size);
  result = e.select(both(negative, fractional), e.constant(std::nan("")), result);

  Value one = e.make<arith::OrIOp>(e.compare(arith::CmpFPredicate::OEQ, base, e.one()),
                                   e.compare(arith::CmpFPredicate::OEQ, power, e.constant(0)));
  result = e.select(one, e.one(), result); // whatever the other is, NaN too
  return e.make<arith::TruncFOp>(single.type, result);
}
