//===- KernelValues.cpp - the inputs and weights of a case -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelValues.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace mlir;
using namespace nacre;
using namespace nacre::test;
using interpreter::Tensor;

/// A generator that depends on a name alone.
static std::mt19937_64 randomFor(StringRef name) {
  uint64_t seed = 14695981039346656037u;
  for (char c : name)
    seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return std::mt19937_64(seed);
}

static std::vector<double> specialFloats(FloatType type, double largest) {
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  double denormal = llvm::APFloat::getSmallest(semantics).convertToDouble();
  double smallest = llvm::APFloat::getSmallestNormalized(semantics).convertToDouble();
  if (largest == 0)
    largest = llvm::APFloat::getLargest(semantics).convertToDouble();
  double infinity = std::numeric_limits<double>::infinity();
  return {std::nan(""), infinity,  -infinity, 0.0,      -0.0, denormal, -3 * denormal,
          smallest,     -smallest, largest,   -largest, 1.0,  -1.0};
}

/// The bits of element `i` of a sweep over all floats of a width, in an order that mixes exponents.
static uint64_t sweepBits(uint64_t i, int64_t count, unsigned width) {
  if (width == 8)
    return i & 0xff;
  if (width == 16)
    return (i * 40503) & 0xffff;
  // Even steps over all patterns, whose low bits differ from step to step.
  uint64_t all = width == 32 ? 0xffffffffu : ~uint64_t(0);
  uint64_t step = all / static_cast<uint64_t>(std::max<int64_t>(count, 1));
  uint64_t low = (i * 0x9e3779b97f4a7c15u) >> 40;
  return (i * step + (step ? low % step : 0)) & all;
}

static void setBits(Tensor &tensor, int64_t i, uint64_t bits, int64_t bytes) {
  std::memcpy(tensor.getMutableBytes().data() + i * bytes, &bits, bytes);
}

/// A number that is nearly of a normal distribution: the sum of four even ones, from one draw.
static double drawNormal(std::mt19937_64 &random) {
  double sum = 0;
  for (uint64_t bits = random(), i = 0; i < 4; ++i, bits >>= 16)
    sum += static_cast<double>(bits & 0xffff) / 32768 - 1;
  return sum * 0.8660254037844386; // deviation 1
}

static void fillFloats(Tensor &tensor, FloatType type, const Case &one, Values values,
                       std::mt19937_64 &random) {
  std::vector<double> special = specialFloats(type, one.largest);
  int64_t count = tensor.getNumElements();
  for (int64_t i = 0; i < count; ++i) {
    if (values == Values::sweep) {
      setBits(tensor, i, sweepBits(i, count, type.getWidth()), type.getWidth() / 8);
      continue;
    }
    double value =
        values == Values::integers ? static_cast<double>(random() % 9) - 4.0 : drawNormal(random);
    if (values == Values::special && random() % static_cast<unsigned>(one.specialsEvery) == 0)
      value = special[random() % special.size()];
    tensor.setFloat(i, value);
  }
}

static void fillIntegers(Tensor &tensor, unsigned width, Values values, std::mt19937_64 &random) {
  int64_t lowest = llvm::minIntN(width), highest = llvm::maxIntN(width);
  int64_t special[] = {lowest, highest, 0, -1, 1, lowest + 1};
  for (int64_t i = 0, n = tensor.getNumElements(); i < n; ++i) {
    int64_t value = static_cast<int64_t>(random());
    if (values == Values::integers || random() % 2)
      value = static_cast<int64_t>(random() % 9) - 4;
    else if (values == Values::special)
      value = special[random() % std::size(special)];
    if (width == 1)
      value &= 1;
    tensor.setInt(i, value);
  }
}

static void fillRange(Tensor &tensor, Interval range, std::mt19937_64 &random) {
  std::uniform_real_distribution<double> real(range.low, range.high);
  std::uniform_int_distribution<int64_t> whole(static_cast<int64_t>(range.low),
                                               static_cast<int64_t>(range.high));
  bool isReal = isa<FloatType>(tensor.getElementType());
  for (int64_t i = 0, n = tensor.getNumElements(); i < n; ++i)
    if (isReal)
      tensor.setFloat(i, real(random));
    else
      tensor.setInt(i, whole(random));
}

Tensor nacre::test::makeInput(const Case &one, StringRef name, Type element,
                              ArrayRef<int64_t> shape, Values values) {
  Tensor tensor = Tensor::zeros(element, shape);
  std::mt19937_64 random = randomFor((one.name + "/" + name + "/" + nameOf(values)).str());
  if (auto range = one.ranges.find(name.str()); range != one.ranges.end())
    fillRange(tensor, range->second, random);
  else if (auto real = dyn_cast<FloatType>(element))
    fillFloats(tensor, real, one, values, random);
  else
    fillIntegers(tensor, element.getIntOrFloatBitWidth(), values, random);
  return tensor;
}

Tensor nacre::test::makeWeight(const Case &one, StringRef name, Type element,
                               ArrayRef<int64_t> shape) {
  Tensor tensor = Tensor::zeros(element, shape);
  std::mt19937_64 random = randomFor(name);
  if (auto range = one.ranges.find(name.str()); range != one.ranges.end()) {
    fillRange(tensor, range->second, random);
    return tensor;
  }
  bool isReal = isa<FloatType>(element);
  for (int64_t i = 0, n = tensor.getNumElements(); i < n; ++i) {
    int64_t value = static_cast<int64_t>(random() % 33) - 16;
    if (isReal)
      tensor.setFloat(i, static_cast<double>(value) / 8);
    else
      tensor.setInt(i, value);
  }
  return tensor;
}

StringRef nacre::test::nameOf(Values values) {
  switch (values) {
  case Values::normal:
    return "normal";
  case Values::special:
    return "special";
  case Values::integers:
    return "integers";
  case Values::sweep:
    return "sweep";
  }
  llvm_unreachable("every kind of values has a name");
}
