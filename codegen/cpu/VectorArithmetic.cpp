//===- VectorArithmetic.cpp - float arithmetic of one type -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/VectorArithmetic.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

Value VectorArithmetic::abs(Value x) const { return make<math::AbsFOp>(x); }

Value VectorArithmetic::atLeast(Value x, double bound) const {
  Value limit = constant(bound);
  return select(compare(arith::CmpFPredicate::OLT, x, limit), limit, x);
}

Value VectorArithmetic::atMost(Value x, double bound) const {
  Value limit = constant(bound);
  return select(compare(arith::CmpFPredicate::OGT, x, limit), limit, x);
}

Value VectorArithmetic::boundedSize(Value x, double bound) const {
  if (!isWide())
    return atMost(abs(x), bound);
  constexpr int smallerSize = 2, withoutSign = 2 << 2;
  Value how = make<arith::ConstantOp>(b.getI32IntegerAttr(smallerSize | withoutSign));
  return wideIntrinsic("mask.range", {x, constant(bound), how}, /*rounds=*/true);
}

Type VectorArithmetic::typeOf(Type element) const {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

Value VectorArithmetic::polynomial(Value x, ArrayRef<double> coefficients) const {
  Value sum = constant(coefficients.front());
  for (double coefficient : coefficients.drop_front())
    sum = fma(sum, x, constant(coefficient));
  return sum;
}

Type VectorArithmetic::bitsType() const {
  return typeOf(b.getIntegerType(getElementTypeOrSelf(type).getIntOrFloatBitWidth()));
}

// What is added to an integer in `Rounded::bits`: to where exponents begin, of an f32 twice.
constexpr int singleBias = 254, doubleBias = 1022;

VectorArithmetic::Rounded VectorArithmetic::roundProduct(Value x, Value factor) const {
  // There floats are integers, and the last bits of their significands say which.
  Value base = constant(isF32() ? 0x1.8p23 + singleBias : 0x1.8p52 + doubleBias);
  Value sum = fma(x, factor, base);
  return {sub(sum, base), bitsOf(sum)};
}

Value VectorArithmetic::scale(Value x, const Rounded &n) const {
  if (isWide())
    return wideIntrinsic("mask.scalef", {x, n.number}, /*rounds=*/true);
  Type integer = bitsType();
  auto shift = [&](int places) { return make<arith::ShLIOp>(n.bits, b.splat(integer, places)); };
  if (!isF32()) {
    Value exponent = make<arith::AddIOp>(shift(52), b.splat(integer, double(1LL << 52)));
    return mul(x, fromBits(exponent));
  }
  // 2^n is out of range where the result need not be: by halves, whose exponents fit. The first is
  // half of n + 254, shifted into place less its last bit; the second what is then left.
  Value half = make<arith::AndIOp>(shift(22), b.splat(integer, 0x7f800000));
  Value rest = make<arith::SubIOp>(shift(23), half);
  return mul(mul(x, fromBits(half)), fromBits(rest));
}

Value VectorArithmetic::roughInverse(Value x) const {
  return isWide() ? wideIntrinsic("rcp14", x, /*rounds=*/false) : div(one(), x);
}

bool VectorArithmetic::isWide() const {
  auto vector = dyn_cast<VectorType>(type);
  return b.target.lanes == 16 && vector && vector.getShape() == ArrayRef<int64_t>{16} && isF32();
}

Value VectorArithmetic::wideIntrinsic(StringRef name, ValueRange operands, bool rounds) const {
  SmallVector<Value> arguments(operands);
  arguments.push_back(operands.front());
  arguments.push_back(make<arith::ConstantOp>(b.getI16IntegerAttr(-1)));
  if (rounds) // in the mode that the processor is in
    arguments.push_back(make<arith::ConstantOp>(b.getI32IntegerAttr(4)));
  std::string full = ("llvm.x86.avx512." + name + ".ps.512").str();
  return LLVM::CallIntrinsicOp::create(b, b.loc, type, b.getStringAttr(full), arguments)
      .getResults();
}
