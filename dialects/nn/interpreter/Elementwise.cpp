//===- Elementwise.cpp - reference semantics, element by element -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "dialects/nn/interpreter/Array.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>
#include <numbers>

using namespace mlir;
using namespace nacre;
using namespace nacre::interpreter;

// Holds every integer of 64 bits, signed or unsigned, and their sums and quotients.
__extension__ typedef __int128 Wide;

static Wide widen(int64_t value, Type type) {
  return type.isUnsignedInteger() ? Wide(static_cast<uint64_t>(value)) : Wide(value);
}

static double elu(double x, double alpha) { return x > 0 ? x : alpha * std::expm1(x); }

static double sigmoid(double x) {
  // exp of a positive number would overflow where the result is small, but not 0.
  double small = std::exp(-std::abs(x));
  return (x < 0 ? small : 1) / (1 + small);
}

/// x * sigmoid(factor), 0 at minus infinity, where the product is not a number.
static double gated(double x, double factor) { return x == -INFINITY ? -0.0 : x * sigmoid(factor); }

static double gelu(double x, nn::GeluForm form) {
  if (form == nn::GeluForm::tanh)
    return gated(x, 2 * std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x));
  // 1 + erf would cancel below zero.
  return x == -INFINITY ? -0.0 : 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
}

/// log(1 + exp(x)) without overflow.
static double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

/// The constants of Klambauer et al. 2017, to double precision.
static double selu(double x) {
  return 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717);
}

static double sign(double x) { return std::isnan(x) ? x : double(x > 0) - double(x < 0); }

static double relu(double x) { return x > 0 || std::isnan(x) ? x : 0; }

/// The remainder with the sign of y. fmod is exact, so that only the sum rounds.
static double floorMod(double x, double y) {
  double rest = std::fmod(x, y);
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

static double maximum(double x, double y) {
  return std::isnan(x) ? x : std::isnan(y) ? y : x > y ? x : y;
}

static double minimum(double x, double y) {
  return std::isnan(x) ? x : std::isnan(y) ? y : x < y ? x : y;
}

/// Rounded to minus infinity; 0 where y is 0.
static Wide floorDiv(Wide x, Wide y) {
  if (y == 0)
    return 0;
  Wide quotient = x / y;
  return x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient;
}

static Wide floorMod(Wide x, Wide y) { return y == 0 ? 0 : x - y * floorDiv(x, y); }

static FailureOr<double> unaryFloat(Operation *op, double x) {
  return TypeSwitch<Operation *, FailureOr<double>>(op)
      .Case([&](nn::NegOp) { return -x; })
      .Case([&](nn::AbsOp) { return std::fabs(x); })
      .Case([&](nn::SignOp) { return sign(x); })
      .Case([&](nn::ExpOp) { return std::exp(x); })
      .Case([&](nn::LogOp) { return std::log(x); })
      .Case([&](nn::SqrtOp) { return std::sqrt(x); })
      .Case([&](nn::RsqrtOp) { return 1 / std::sqrt(x); })
      .Case([&](nn::SinOp) { return std::sin(x); })
      .Case([&](nn::CosOp) { return std::cos(x); })
      .Case([&](nn::TanhOp) { return std::tanh(x); })
      .Case([&](nn::ErfOp) { return std::erf(x); })
      .Case([&](nn::FloorOp) { return std::floor(x); })
      .Case([&](nn::CeilOp) { return std::ceil(x); })
      .Case([&](nn::RoundOp) { return std::nearbyint(x); })
      .Case([&](nn::SigmoidOp) { return sigmoid(x); })
      .Case([&](nn::ReluOp) { return relu(x); })
      .Case([&](nn::SiluOp) { return gated(x, x); })
      .Case([&](nn::SeluOp) { return selu(x); })
      .Case([&](nn::SoftplusOp) { return softplus(x); })
      .Case([&](nn::GeluOp gelu) { return ::gelu(x, gelu.getForm()); })
      .Case(
          [&](nn::LeakyReluOp leaky) { return x > 0 ? x : leaky.getSlope().convertToDouble() * x; })
      .Case([&](nn::EluOp elu) { return ::elu(x, elu.getAlpha().convertToDouble()); })
      .Default([](Operation *other) { return other->emitError("is not defined on floats"); });
}

static FailureOr<Wide> unaryInt(Operation *op, Wide x) {
  return TypeSwitch<Operation *, FailureOr<Wide>>(op)
      .Case([&](nn::NegOp) { return -x; })
      .Case([&](nn::AbsOp) { return x < 0 ? -x : x; })
      .Case([&](nn::SignOp) { return Wide(x > 0) - Wide(x < 0); })
      .Case([&](nn::ReluOp) { return x > 0 ? x : Wide(0); })
      .Case([&](nn::NotOp) { return x == 0 ? Wide(1) : Wide(0); })
      .Default([](Operation *other) { return other->emitError("is not defined on integers"); });
}

static FailureOr<double> binaryFloat(Operation *op, double x, double y) {
  return TypeSwitch<Operation *, FailureOr<double>>(op)
      .Case([&](nn::AddOp) { return x + y; })
      .Case([&](nn::SubOp) { return x - y; })
      .Case([&](nn::MulOp) { return x * y; })
      .Case([&](nn::DivOp) { return x / y; })
      .Case([&](nn::ModOp) { return floorMod(x, y); })
      .Case([&](nn::PowOp) { return std::pow(x, y); })
      .Case([&](nn::MaximumOp) { return maximum(x, y); })
      .Case([&](nn::MinimumOp) { return minimum(x, y); })
      .Default([](Operation *other) { return other->emitError("is not defined on floats"); });
}

static FailureOr<Wide> binaryInt(Operation *op, Wide x, Wide y) {
  return TypeSwitch<Operation *, FailureOr<Wide>>(op)
      .Case([&](nn::AddOp) { return x + y; })
      .Case([&](nn::SubOp) { return x - y; })
      // Only the low 64 bits of the product are kept, which unsigned arithmetic gives in full.
      .Case([&](nn::MulOp) { return Wide(static_cast<uint64_t>(x) * static_cast<uint64_t>(y)); })
      .Case([&](nn::DivOp) { return floorDiv(x, y); })
      .Case([&](nn::ModOp) { return floorMod(x, y); })
      .Case([&](nn::MaximumOp) { return std::max(x, y); })
      .Case([&](nn::MinimumOp) { return std::min(x, y); })
      .Case([&](nn::AndOp) { return x & y; })
      .Case([&](nn::OrOp) { return x | y; })
      .Default([](Operation *other) { return other->emitError("is not defined on integers"); });
}

template <typename T>
static bool holds(nn::ComparePredicate predicate, T x, T y) {
  switch (predicate) {
  case nn::ComparePredicate::eq:
    return x == y;
  case nn::ComparePredicate::ne:
    return x != y;
  case nn::ComparePredicate::lt:
    return x < y;
  case nn::ComparePredicate::le:
    return x <= y;
  case nn::ComparePredicate::gt:
    return x > y;
  case nn::ComparePredicate::ge:
    return x >= y;
  }
  llvm_unreachable("all predicates are listed");
}

/// Truncates towards zero. Outside the integer's range, where the dialect leaves the result open,
/// the nearest integer of the type; 0 for NaN.
static int64_t truncate(double value, IntegerType type) {
  llvm::APSInt integer(type.getWidth(), /*isUnsigned=*/type.isUnsigned());
  bool exact = false;
  llvm::APFloat(value).convertToInteger(integer, llvm::APFloat::rmTowardZero, &exact);
  return wrapToType(integer.getExtValue(), type);
}

/// One rounding from the integer to the target, where going through double would round twice.
static double toNearest(Wide value, FloatType type, Precision precision) {
  llvm::APFloat number(precision == Precision::f64 ? llvm::APFloat::IEEEdouble()
                                                   : type.getFloatSemantics());
  bool negative = value < 0;
  llvm::APInt magnitude(64, static_cast<uint64_t>(negative ? -value : value));
  number.convertFromAPInt(magnitude, /*IsSigned=*/false, llvm::APFloat::rmNearestTiesToEven);
  bool lossy = false;
  number.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lossy);
  return negative ? -number.convertToDouble() : number.convertToDouble();
}

static FailureOr<Array> evaluateCast(nn::CastOp op, const Array &input, Precision precision) {
  FailureOr<Array> result = makeResult(op, input.shape);
  if (failed(result))
    return failure();
  Type to = result->elementType;
  for (int64_t i = 0, end = result->count(); i < end; ++i) {
    if (input.isFloat() && result->isFloat())
      result->floats[i] = input.floats[i];
    else if (input.isFloat())
      result->ints[i] =
          to.isInteger(1) ? input.floats[i] != 0 : truncate(input.floats[i], cast<IntegerType>(to));
    else if (result->isFloat())
      result->floats[i] =
          toNearest(widen(input.ints[i], input.elementType), cast<FloatType>(to), precision);
    else
      result->ints[i] = to.isInteger(1) ? input.ints[i] != 0 : wrapToType(input.ints[i], to);
  }
  return result;
}

/// The element that `op` gives for the elements of `operands` at `offsets`.
static LogicalResult evaluateElement(Operation *op, Operands operands, ArrayRef<int64_t> offsets,
                                     Array &result, int64_t at) {
  if (isa<nn::SelectOp>(op)) {
    int64_t chosen = operands[0]->ints[offsets[0]] ? 1 : 2;
    result.copyElement(at, *operands[chosen], offsets[chosen]);
    return success();
  }
  const Array &x = *operands[0];
  bool binary = operands.size() == 2;
  const Array &y = *operands[binary ? 1 : 0];
  int64_t yOffset = offsets[binary ? 1 : 0];
  if (auto compare = dyn_cast<nn::CompareOp>(op)) {
    result.ints[at] = x.isFloat()
                          ? holds(compare.getPredicate(), x.floats[offsets[0]], y.floats[yOffset])
                          : holds(compare.getPredicate(), widen(x.ints[offsets[0]], x.elementType),
                                  widen(y.ints[yOffset], y.elementType));
    return success();
  }
  if (result.isFloat()) {
    FailureOr<double> value = binary ? binaryFloat(op, x.floats[offsets[0]], y.floats[yOffset])
                                     : unaryFloat(op, x.floats[offsets[0]]);
    if (failed(value))
      return failure();
    result.floats[at] = *value;
    return success();
  }
  Wide left = widen(x.ints[offsets[0]], x.elementType);
  FailureOr<Wide> value =
      binary ? binaryInt(op, left, widen(y.ints[yOffset], y.elementType)) : unaryInt(op, left);
  if (failed(value))
    return failure();
  result.ints[at] = wrapToType(static_cast<int64_t>(*value), result.elementType);
  return success();
}

bool nacre::interpreter::isElementwise(Operation *op) { return op->hasTrait<nn::Elementwise>(); }

FailureOr<Array> nacre::interpreter::evaluateElementwise(Operation *op, Operands operands,
                                                         Precision precision) {
  if (auto cast = dyn_cast<nn::CastOp>(op))
    return evaluateCast(cast, *operands[0], precision);
  auto shape = broadcastResult(op, op->getOperandTypes(), operands);
  if (failed(shape))
    return failure();
  FailureOr<Array> result = makeResult(op, *shape);
  if (failed(result))
    return failure();
  SmallVector<SmallVector<int64_t>> strides;
  for (auto [operand, value] : llvm::zip(operands, op->getOperands())) {
    auto own =
        broadcastStrides(op, cast<RankedTensorType>(value.getType()), operand->shape, *shape);
    if (failed(own))
      return failure();
    strides.push_back(std::move(*own));
  }
  bool good = true;
  int64_t at = 0;
  SmallVector<int64_t> offsets(operands.size());
  forEachIndex(*shape, [&](ArrayRef<int64_t> index) {
    if (!good)
      return;
    for (size_t i = 0; i < offsets.size(); ++i)
      offsets[i] = offsetOf(index, strides[i]);
    good = succeeded(evaluateElement(op, operands, offsets, *result, at++));
  });
  if (!good)
    return failure();
  return result;
}
