//===- Random.cpp - random numbers by counter, vector by vector -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Random.h"

#include "codegen/cpu/VectorFunctions.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <array>
#include <cmath>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {
/// Arithmetic on vectors of words, and of two words each.
struct Words {
  KernelBuilder &b;
  Type word = b.vectorOf(b.getI32Type()), pair = b.vectorOf(b.getI64Type());

  Value constant(uint32_t value) const { return splat(word, APInt(32, value)); }
  Value constant64(uint64_t value) const { return splat(pair, APInt(64, value)); }
  Value low(Value x) const { return b.make<arith::TruncIOp>(word, x); }
  Value high(Value x) const { return low(b.make<arith::ShRUIOp>(x, constant64(32))); }
  Value widen(Value x) const { return b.make<arith::ExtUIOp>(pair, x); }
  Value join(Value lowWord, Value highWord) const {
    return b.make<arith::OrIOp>(widen(lowWord),
                                b.make<arith::ShLIOp>(widen(highWord), constant64(32)));
  }
  Value add(Value x, Value y) const { return b.make<arith::AddIOp>(x, y); }
  Value exclusiveOr(Value x, Value y) const { return b.make<arith::XOrIOp>(x, y); }
  Value product(Value x, uint32_t factor) const {
    return b.make<arith::MulIOp>(widen(x), constant64(factor));
  }

private:
  Value splat(Type type, const APInt &value) const {
    return b.make<arith::ConstantOp>(DenseElementsAttr::get(cast<VectorType>(type), value));
  }
};

using FourWords = std::array<Value, 4>;
} // namespace

/// Philox 4x32-10 of Salmon et al. 2011, with the paper's multipliers and key increments.
static FourWords philox(const Words &w, FourWords counter, Value key0, Value key1) {
  constexpr uint32_t factor0 = 0xD2511F53, factor1 = 0xCD9E8D57;
  constexpr uint32_t golden = 0x9E3779B9, root3 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    Value left = w.product(counter[0], factor0), right = w.product(counter[2], factor1);
    counter = {w.exclusiveOr(w.exclusiveOr(w.high(right), counter[1]), key0), w.low(right),
               w.exclusiveOr(w.exclusiveOr(w.high(left), counter[3]), key1), w.low(left)};
    key0 = w.add(key0, w.constant(golden));
    key1 = w.add(key1, w.constant(root3));
  }
  return counter;
}

Value nacre::cpu::emitRandom(KernelBuilder &b, nn::RandomOp op, Value key, Value offset,
                             Value position) {
  Words w{b};
  Value place = w.add(offset, position);
  uint64_t stream = op.getStream();
  FourWords block = philox(w,
                           {w.low(place), w.high(place), w.constant(static_cast<uint32_t>(stream)),
                            w.constant(static_cast<uint32_t>(stream >> 32))},
                           w.low(key), w.high(key));
  Type element = computeType(getElementTypeOrSelf(op.getType()));
  if (op.getKind() == nn::RandomKind::bits)
    return element.isInteger(32) ? block[0] : w.join(block[0], block[1]);
  VectorArithmetic e{b, b.vectorOf(element)};
  bool isDouble = !e.isF32();
  // The upper bits of word i, of doubles of the words i and i + 1, as a whole number.
  auto upper = [&](int i, int dropped) {
    Value bits = isDouble
                     ? b.make<arith::ShRUIOp>(w.join(block[i], block[i + 1]), w.constant64(dropped))
                     : b.make<arith::ShRUIOp>(block[i], w.constant(dropped));
    return b.make<arith::SIToFPOp>(e.type, bits);
  };
  auto uniform = [&](int i) {
    return isDouble ? e.mul(upper(i, 11), e.constant(0x1p-53))
                    : e.mul(upper(i, 8), e.constant(0x1p-24));
  };
  auto log = [&](Value x) { return isDouble ? b.make<math::LogOp>(x) : emitLog(b, x); };
  switch (op.getKind()) {
  case nn::RandomKind::bits:
    break;
  case nn::RandomKind::uniform:
    return uniform(0);
  case nn::RandomKind::normal: {
    Value angle = e.mul(uniform(isDouble ? 2 : 1), e.constant(2 * M_PI));
    Value cosine = isDouble ? b.make<math::CosOp>(angle) : emitCos(b, angle);
    Value square = e.mul(log(e.sub(e.one(), uniform(0))), e.constant(-2));
    return e.mul(b.make<math::SqrtOp>(square), cosine);
  }
  case nn::RandomKind::gumbel: {
    Value number = e.add(upper(0, isDouble ? 12 : 9), e.constant(0.5));
    Value u = e.mul(number, e.constant(isDouble ? 0x1p-52 : 0x1p-23));
    return e.neg(log(e.neg(log(u))));
  }
  }
  llvm_unreachable("bits are no floats");
}
