//===- KernelCompare.cpp - how far a result is from the reference ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCompare.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace nacre;
using interpreter::Tensor;

namespace {

/// How one float type rounds.
struct Format {
  FloatType type;
  double epsilon, smallest, largest;

  explicit Format(FloatType type) : type(type) {
    const llvm::fltSemantics &semantics = type.getFloatSemantics();
    epsilon = std::ldexp(1.0, 1 - static_cast<int>(type.getFPMantissaWidth()));
    smallest = llvm::APFloat::getSmallestNormalized(semantics).convertToDouble();
    largest = llvm::APFloat::getLargest(semantics).convertToDouble();
  }

  /// The error of `got` in epsilons of `magnitude`; 0 where it is as good as can be.
  double error(double got, double want, double magnitude) const {
    double rounded = interpreter::roundToType(want, type);
    // A type without infinities has no number beyond its largest.
    if (got == rounded || (std::isnan(got) && std::isnan(rounded)))
      return 0;
    if (std::isnan(got) || std::isnan(rounded) || std::isinf(want))
      return INFINITY;
    // Near the largest number a small error decides whether the result is infinite.
    if (std::isinf(got))
      got = std::copysign(largest * (1 + epsilon / 2), got);
    return std::abs(got - want) / (epsilon * std::max(magnitude, smallest));
  }
};

} // namespace

static std::string placeOf(int64_t i, ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t size : llvm::reverse(shape)) {
    text = std::to_string(i % size) + (text.empty() ? "" : ", ") + text;
    i /= size;
  }
  return "[" + text + "]";
}

std::string nacre::test::difference(const Tensor &got, const Tensor &want, const Tensor &bound,
                                    double ulps) {
  constexpr int64_t shown = 4;
  std::string text;
  llvm::raw_string_ostream out(text);
  auto real = dyn_cast<FloatType>(got.getElementType());
  int64_t wrong = 0;
  double worst = 0;
  for (int64_t i = 0, n = got.getNumElements(); i < n; ++i) {
    if (!real) {
      if (got.getInt(i) != want.getInt(i) && wrong++ < shown)
        out << "\n  " << placeOf(i, got.getShape()) << " is " << got.getInt(i) << ", must be "
            << want.getInt(i);
      continue;
    }
    double wanted = want.getFloat(i), magnitude = std::abs(bound.getFloat(i));
    if (!(magnitude > std::abs(wanted)) || std::isinf(magnitude))
      magnitude = std::abs(wanted);
    double error = Format(real).error(got.getFloat(i), wanted, magnitude);
    worst = std::max(worst, error);
    if (error > ulps && wrong++ < shown)
      out << "\n  " << placeOf(i, got.getShape()) << " is "
          << llvm::format("%.9g, must be %.17g, off by %.4g epsilons of %.3g", got.getFloat(i),
                          wanted, error, magnitude);
  }
  if (wrong)
    out << "\n  " << wrong << " of " << got.getNumElements() << " elements";
  if (wrong && real)
    out << llvm::format(", worst %.4g, allowed %.4g", worst, ulps);
  return text;
}
