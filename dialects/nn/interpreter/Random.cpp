//===- Random.cpp - reference semantics of random numbers -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Array.h"

#include <array>
#include <cmath>

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

using FourWords = std::array<uint32_t, 4>;

/// Philox 4x32-10 of Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
static FourWords philox(FourWords counter, uint64_t key) {
  auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t left = uint64_t(0xD2511F53) * counter[0], right = uint64_t(0xCD9E8D57) * counter[2];
    counter = {static_cast<uint32_t>(right >> 32) ^ counter[1] ^ k0, static_cast<uint32_t>(right),
               static_cast<uint32_t>(left >> 32) ^ counter[3] ^ k1, static_cast<uint32_t>(left)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return counter;
}

static uint64_t join(uint32_t low, uint32_t high) { return uint64_t(high) << 32 | low; }

/// A number of the kind that floats of `isDouble` (f64 or f32) are made by.
static double spread(nn::RandomKind kind, const FourWords &w, bool isDouble) {
  auto uniform = [&](unsigned low, unsigned high) {
    return isDouble ? std::ldexp(double(join(w[low], w[high]) >> 11), -53)
                    : std::ldexp(double(w[low] >> 8), -24);
  };
  switch (kind) {
  case nn::RandomKind::bits:
    break;
  case nn::RandomKind::uniform:
    return uniform(0, 1);
  case nn::RandomKind::normal: {
    double u = uniform(0, 1), v = isDouble ? uniform(2, 3) : uniform(1, 1);
    return std::sqrt(-2 * std::log(1 - u)) * std::cos(2 * M_PI * v);
  }
  case nn::RandomKind::gumbel: {
    double u = isDouble ? std::ldexp(double(join(w[0], w[1]) >> 12) + 0.5, -52)
                        : std::ldexp(double(w[0] >> 9) + 0.5, -23);
    return -std::log(-std::log(u));
  }
  }
  llvm_unreachable("bits are no floats");
}

bool nacre::interpreter::isRandom(Operation *op) { return isa<nn::RandomOp>(op); }

FailureOr<Array> nacre::interpreter::evaluateRandom(Operation *op, Operands operands) {
  auto random = cast<nn::RandomOp>(op);
  SmallVector<int64_t> shape(random.getType().getShape());
  Operands sizes = operands.drop_front(2);
  for (int64_t &size : shape)
    if (ShapedType::isDynamic(size)) {
      size = sizes.front()->ints[0];
      sizes = sizes.drop_front();
    }
  FailureOr<Array> result = makeResult(op, shape);
  if (failed(result))
    return failure();
  auto key = static_cast<uint64_t>(operands[0]->ints[0]);
  auto offset = static_cast<uint64_t>(operands[1]->ints[0]);
  uint64_t stream = random.getStream();
  bool isDouble = result->elementType.isF64();
  for (int64_t i = 0, end = result->count(); i < end; ++i) {
    uint64_t place = offset + static_cast<uint64_t>(i);
    FourWords words = philox({static_cast<uint32_t>(place), static_cast<uint32_t>(place >> 32),
                              static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)},
                             key);
    if (!result->isFloat()) {
      result->ints[i] =
          wrapToType(static_cast<int64_t>(join(words[0], words[1])), result->elementType);
      continue;
    }
    double value = spread(random.getKind(), words, isDouble);
    // Narrower floats are rounded from those of f32.
    result->floats[i] = isDouble ? value : double(float(value));
  }
  return result;
}
