//===- VectorMath.cpp - element-wise operations on vectors -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/VectorMath.h"

#include "codegen/cpu/VectorArithmetic.h"
#include "codegen/cpu/VectorFunctions.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

/// Of Klambauer et al. 2017.
constexpr double seluScale = 1.0507009873554804934, seluAlpha = 1.6732632423543772848;

/// An elementary function of f32; null for all other operations.
static Value emitFunction(KernelBuilder &b, Operation *op, Value x, Value y) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](nn::ExpOp) { return emitExp(b, x); })
      .Case([&](nn::LogOp) { return emitLog(b, x); })
      .Case([&](nn::PowOp) { return emitPow(b, x, y); })
      .Case([&](nn::RsqrtOp) { return emitRsqrt(b, x); })
      .Case([&](nn::SinOp) { return emitSin(b, x); })
      .Case([&](nn::CosOp) { return emitCos(b, x); })
      .Case([&](nn::TanhOp) { return emitTanh(b, x); })
      .Case([&](nn::ErfOp) { return emitErf(b, x); })
      .Case([&](nn::SigmoidOp) { return emitSigmoid(b, x); })
      .Case([&](nn::SiluOp) { return emitSilu(b, x); })
      .Case([&](nn::SoftplusOp) { return emitSoftplus(b, x); })
      .Case([&](nn::GeluOp gelu) {
        return gelu.getForm() == nn::GeluForm::erf ? emitGeluErf(b, x) : emitGeluTanh(b, x);
      })
      .Case([&](nn::EluOp elu) { return emitElu(b, x, elu.getAlpha().convertToDouble(), 1); })
      .Case([&](nn::SeluOp) { return emitElu(b, x, seluScale * seluAlpha, seluScale); })
      .Default([](Operation *) { return Value(); });
}

/// Of doubles: 1 / (1 + e^-x), below zero as e^x / (1 + e^x): neither overflows.
static Value emitDoubleSigmoid(const VectorArithmetic &e, Value x) {
  Value small = emitExp(e.b, e.neg(e.abs(x)));
  Value negative = e.compare(arith::CmpFPredicate::OLT, x, e.constant(0));
  return e.div(e.select(negative, small, e.one()), e.add(e.one(), small));
}

static Value emitDoubleGelu(const VectorArithmetic &e, nn::GeluOp op, Value x) {
  x = e.atLeast(x, -1000); // at minus infinity the limit
  if (op.getForm() == nn::GeluForm::erf) {
    Value half = e.mul(x, e.constant(0.5));
    Value erf = e.make<math::ErfOp>(e.mul(x, e.constant(M_SQRT1_2)));
    return e.fma(half, erf, half);
  }
  // 0.5 x (1 + tanh(u)) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3).
  Value inner = e.fma(e.mul(x, x), e.constant(0.044715), e.one());
  Value u2 = e.mul(e.mul(x, e.constant(2.0 * std::sqrt(2.0 / M_PI))), inner);
  return e.mul(x, emitDoubleSigmoid(e, u2));
}

/// Integer x / y rounded to minus infinity. Division by 0 gives 0 and the lowest integer by -1
/// wraps: the instruction would trap on both, and no input may stop the program.
static Value emitFloorDivide(const VectorArithmetic &e, Value x, Value y) {
  auto is = [&](int64_t n) {
    return e.make<arith::CmpIOp>(arith::CmpIPredicate::eq, y, e.constant(n));
  };
  Value zero = is(0), minusOne = is(-1);
  Value unsafe = e.make<arith::OrIOp>(zero, minusOne);
  Value quotient = e.make<arith::FloorDivSIOp>(x, e.select(unsafe, e.constant(1), y));
  Value negated = e.make<arith::SubIOp>(e.constant(0), x);
  return e.select(zero, e.constant(0), e.select(minusOne, negated, quotient));
}

/// x - y * floor(x / y); of floats by remainder, and a correction where the signs differ.
static Value emitModulo(const VectorArithmetic &e, Value x, Value y, bool real) {
  if (real) {
    Value rest = e.make<arith::RemFOp>(x, y);
    Value zero = e.constant(0);
    Value nonzero = e.compare(arith::CmpFPredicate::UNE, rest, zero);
    Value restNegative = e.compare(arith::CmpFPredicate::OLT, rest, zero);
    Value yNegative = e.compare(arith::CmpFPredicate::OLT, y, zero);
    Value differ = e.make<arith::XOrIOp>(restNegative, yNegative);
    return e.select(e.make<arith::AndIOp>(nonzero, differ), e.add(rest, y), rest);
  }
  Value product = e.make<arith::MulIOp>(emitFloorDivide(e, x, y), y);
  Value isZero = e.make<arith::CmpIOp>(arith::CmpIPredicate::eq, y, e.constant(0));
  return e.select(isZero, e.constant(0), e.make<arith::SubIOp>(x, product));
}

static Value emitCompare(const VectorArithmetic &e, nn::ComparePredicate predicate, Value x,
                         Value y) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  constexpr std::pair<F, I> table[] = {{F::OEQ, I::eq},  {F::UNE, I::ne},  {F::OLT, I::slt},
                                       {F::OLE, I::sle}, {F::OGT, I::sgt}, {F::OGE, I::sge}};
  auto [real, integer] = table[static_cast<uint32_t>(predicate)];
  if (isa<FloatType>(getElementTypeOrSelf(x)))
    return e.make<arith::CmpFOp>(real, x, y);
  return e.make<arith::CmpIOp>(integer, x, y);
}

/// The float `x` with the precision of a narrow float, as f32. A double is first rounded to an f32
/// whose last bit tells whether anything was lost (round to odd), so that it is rounded only once.
static Value roundTo(const VectorArithmetic &e, Value x, FloatType narrow) {
  auto clone = [&](Type element) -> Type {
    auto vector = dyn_cast<VectorType>(x.getType());
    return vector ? Type(vector.clone(element)) : element;
  };
  Type f32 = clone(e.b.getF32Type());
  if (getElementTypeOrSelf(x).isF64()) {
    Type i32 = clone(e.b.getI32Type());
    Value nearest = e.make<arith::TruncFOp>(f32, x),
          back = e.make<arith::ExtFOp>(x.getType(), nearest);
    Value exact = e.compare(arith::CmpFPredicate::UEQ, back, x);
    Value above =
        e.compare(arith::CmpFPredicate::OGT, e.make<math::AbsFOp>(back), e.make<math::AbsFOp>(x));
    Value bits = e.make<arith::BitcastOp>(i32, nearest);
    Value down = e.make<arith::SubIOp>(bits, e.b.splat(i32, 1));
    Value odd = e.make<arith::OrIOp>(e.select(above, down, bits), e.b.splat(i32, 1));
    x = e.make<arith::BitcastOp>(f32, e.select(exact, bits, odd));
  }
  return e.make<arith::ExtFOp>(f32, e.make<arith::TruncFOp>(clone(narrow), x));
}

Value nacre::cpu::emitNumber(KernelBuilder &b, Value integer, Type real, bool isUnsigned) {
  VectorArithmetic e{b, integer.getType()};
  bool narrow = real.getIntOrFloatBitWidth() < 32;
  Type type = narrow ? Type(b.getF64Type()) : real;
  if (auto vector = dyn_cast<VectorType>(integer.getType()))
    type = vector.clone(type);
  Value number =
      isUnsigned ? e.make<arith::UIToFPOp>(type, integer) : e.make<arith::SIToFPOp>(type, integer);
  return narrow ? roundTo(e, number, cast<FloatType>(real)) : number;
}

/// `x` holds elements of type `from`, or what they are computed in.
static Value emitCast(const VectorArithmetic &e, Value x, Type from, Type element) {
  if (from == element)
    return x;
  Type to = computeType(element);
  if (auto vector = dyn_cast<VectorType>(x.getType()))
    to = vector.clone(to);
  bool fromUnsigned = from.isInteger(1) || from.isUnsignedInteger();
  auto fromReal = dyn_cast<FloatType>(from), toReal = dyn_cast<FloatType>(element);
  if (element.isInteger(1)) {
    Value zero = e.constant(0);
    if (fromReal)
      return e.make<arith::CmpFOp>(arith::CmpFPredicate::UNE, x, zero);
    return e.make<arith::CmpIOp>(arith::CmpIPredicate::ne, x, zero);
  }
  if (toReal && !fromReal)
    return emitNumber(e.b, x, element, fromUnsigned);
  if (toReal && toReal.getWidth() < 32)
    return roundTo(e, x, toReal);
  if (fromReal && toReal) {
    unsigned width = computeType(from).getIntOrFloatBitWidth();
    if (width == toReal.getWidth())
      return x;
    return width < toReal.getWidth() ? e.make<arith::ExtFOp>(to, x)
                                     : e.make<arith::TruncFOp>(to, x);
  }
  if (fromReal)
    return e.make<arith::FPToSIOp>(to, x);
  unsigned width = getElementTypeOrSelf(x).getIntOrFloatBitWidth();
  if (width == getElementTypeOrSelf(to).getIntOrFloatBitWidth())
    return x;
  if (width > getElementTypeOrSelf(to).getIntOrFloatBitWidth())
    return e.make<arith::TruncIOp>(to, x);
  return fromUnsigned ? e.make<arith::ExtUIOp>(to, x) : e.make<arith::ExtSIOp>(to, x);
}

static Value emitSign(const VectorArithmetic &e, Value x, bool real) {
  Value zero = e.constant(0), one = e.constant(1), minus = e.constant(-1);
  if (real) {
    Value negative = e.compare(arith::CmpFPredicate::OLT, x, zero);
    Value positive = e.compare(arith::CmpFPredicate::OGT, x, zero);
    return e.select(positive, one, e.select(negative, minus, x));
  }
  return e.make<arith::MinSIOp>(e.make<arith::MaxSIOp>(x, minus), one);
}

static Value emitOperation(KernelBuilder &b, Operation *op, ValueRange operands) {
  Value x = operands.front();
  Value y = operands.size() > 1 ? operands[1] : Value();
  bool real = isa<FloatType>(getElementTypeOrSelf(x));
  VectorArithmetic e{b, x.getType()};
  if (e.isF32())
    if (Value result = emitFunction(b, op, x, y))
      return result;
  auto zeroOf = [&] { return e.constant(0); };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](nn::NegOp) {
        return real ? e.make<arith::NegFOp>(x) : e.make<arith::SubIOp>(zeroOf(), x);
      })
      .Case([&](nn::AbsOp) { return real ? e.make<math::AbsFOp>(x) : e.make<math::AbsIOp>(x); })
      .Case([&](nn::SignOp) { return emitSign(e, x, real); })
      .Case([&](nn::ExpOp) { return emitExp(b, x); })
      .Case([&](nn::LogOp) { return e.make<math::LogOp>(x); })
      .Case([&](nn::SqrtOp) { return e.make<math::SqrtOp>(x); })
      .Case([&](nn::RsqrtOp) { return e.div(e.one(), e.make<math::SqrtOp>(x)); })
      .Case([&](nn::SinOp) { return e.make<math::SinOp>(x); })
      .Case([&](nn::CosOp) { return e.make<math::CosOp>(x); })
      .Case([&](nn::TanhOp) { return e.make<math::TanhOp>(x); })
      .Case([&](nn::ErfOp) { return e.make<math::ErfOp>(x); })
      .Case([&](nn::FloorOp) { return e.make<math::FloorOp>(x); })
      .Case([&](nn::CeilOp) { return e.make<math::CeilOp>(x); })
      .Case([&](nn::RoundOp) { return e.make<math::RoundEvenOp>(x); })
      .Case([&](nn::NotOp) { return e.make<arith::XOrIOp>(x, e.constant(1)); })
      .Case([&](nn::SigmoidOp) { return emitDoubleSigmoid(e, x); })
      .Case(
          [&](nn::ReluOp) { return real ? e.atLeast(x, 0) : e.make<arith::MaxSIOp>(x, zeroOf()); })
      .Case([&](nn::SiluOp) {
        Value bounded = e.atLeast(x, -1000); // at minus infinity the limit
        return e.mul(bounded, emitDoubleSigmoid(e, bounded));
      })
      .Case([&](nn::SoftplusOp) {
        // max(x, 0) + log(1 + e^-|x|) neither overflows nor loses the small side.
        Value small = emitExp(b, e.make<arith::NegFOp>(e.make<math::AbsFOp>(x)));
        return e.add(e.atLeast(x, 0), e.make<math::Log1pOp>(small));
      })
      .Case([&](nn::GeluOp gelu) { return emitDoubleGelu(e, gelu, x); })
      .Case([&](nn::LeakyReluOp leaky) {
        Value scaled = e.mul(x, e.constant(leaky.getSlope().convertToDouble()));
        return e.select(e.compare(arith::CmpFPredicate::OGT, x, zeroOf()), x, scaled);
      })
      .Case([&](nn::EluOp elu) {
        Value low = e.mul(e.make<math::ExpM1Op>(e.atMost(x, 0)),
                          e.constant(elu.getAlpha().convertToDouble()));
        return e.select(e.compare(arith::CmpFPredicate::OGT, x, zeroOf()), x, low);
      })
      .Case([&](nn::SeluOp) {
        Value low = e.mul(e.make<math::ExpM1Op>(e.atMost(x, 0)), e.constant(seluScale * seluAlpha));
        Value high = e.mul(x, e.constant(seluScale));
        return e.select(e.compare(arith::CmpFPredicate::OGT, x, zeroOf()), high, low);
      })
      .Case([&](nn::AddOp) { return real ? e.add(x, y) : e.make<arith::AddIOp>(x, y); })
      .Case([&](nn::SubOp) { return real ? e.sub(x, y) : e.make<arith::SubIOp>(x, y); })
      .Case([&](nn::MulOp) { return real ? e.mul(x, y) : e.make<arith::MulIOp>(x, y); })
      .Case([&](nn::DivOp) { return real ? e.div(x, y) : emitFloorDivide(e, x, y); })
      .Case([&](nn::ModOp) { return emitModulo(e, x, y, real); })
      .Case([&](nn::PowOp) { return e.make<math::PowFOp>(x, y); })
      .Case([&](nn::MaximumOp) {
        return real ? e.make<arith::MaximumFOp>(x, y) : e.make<arith::MaxSIOp>(x, y);
      })
      .Case([&](nn::MinimumOp) {
        return real ? e.make<arith::MinimumFOp>(x, y) : e.make<arith::MinSIOp>(x, y);
      })
      .Case([&](nn::AndOp) { return e.make<arith::AndIOp>(x, y); })
      .Case([&](nn::OrOp) { return e.make<arith::OrIOp>(x, y); })
      .Case([&](nn::CompareOp compare) { return emitCompare(e, compare.getPredicate(), x, y); })
      .Case([&](nn::SelectOp) { return e.select(x, y, operands[2]); })
      .Case([&](nn::CastOp cast) {
        return emitCast(e, x, getElementTypeOrSelf(cast.getInput()),
                        getElementTypeOrSelf(cast.getType()));
      });
}

Value nacre::cpu::emitElementwise(KernelBuilder &b, Operation *op, ValueRange operands) {
  Value result = emitOperation(b, op, operands);
  // A u8 that is computed in i32 wraps at 8 bits.
  if (getElementTypeOrSelf(op->getResult(0)).isUnsignedInteger(8))
    return b.make<arith::AndIOp>(result, b.splat(result.getType(), 255));
  return result;
}
