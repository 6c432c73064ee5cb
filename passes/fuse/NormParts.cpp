//===- NormParts.cpp - the pieces that norms are written in -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fuse/NormParts.h"

#include "dialects/nn/NN.h"
#include "passes/support/Constants.h"
#include "passes/support/Sizes.h"

using namespace mlir;
using namespace nacre;

Value nacre::withoutBroadcast(Value value) {
  while (auto broadcast = value.getDefiningOp<nn::BroadcastOp>())
    value = broadcast.getInput();
  return value;
}

/// The number of last dimensions in `axes`, or nothing where others are named.
static std::optional<int64_t> countLast(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> sorted(axes);
  llvm::sort(sorted);
  int64_t count = axes.size();
  if (count == 0 || !llvm::equal(sorted, llvm::seq<int64_t>(rank - count, rank)))
    return std::nullopt;
  return count;
}

/// Whether `value` has the shape of `x` with the last `count` dimensions replaced by 1.
static bool keepsReducedDims(Value value, Value x, int64_t count) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() != rank)
    return false;
  for (int64_t i = 0; i < rank; ++i)
    if (i < rank - count ? !(sizeOf(value, i) == sizeOf(x, i)) : type.getDimSize(i) != 1)
      return false;
  return true;
}

std::optional<int64_t> nacre::matchMeanOfLast(Value mean, Value x) {
  mean = withoutBroadcast(mean);
  auto type = cast<RankedTensorType>(x.getType());
  Value kept = mean;
  std::optional<double> factor;
  // sum / n and sum * (1 / n), with the reshape that keeps the dimensions on either side.
  for (int step = 0; step < 3; ++step) {
    Operation *op = mean.getDefiningOp();
    if (!op)
      return std::nullopt;
    if (auto reshape = dyn_cast<nn::ReshapeOp>(op)) {
      mean = reshape.getInput();
    } else if (isa<nn::DivOp, nn::MulOp>(op) && !factor) {
      Value sum = op->getOperand(0), number = op->getOperand(1);
      if (isa<nn::MulOp>(op) && !splatValue(number))
        std::swap(sum, number);
      factor = splatValue(number);
      if (!factor || !keepsShape(sum.getType(), op->getResult(0).getType()))
        return std::nullopt;
      if (isa<nn::DivOp>(op))
        factor = 1 / *factor;
      mean = sum;
    } else {
      break;
    }
  }
  auto reduce = mean.getDefiningOp<nn::ReduceOp>();
  if (!reduce || reduce.getInput() != x)
    return std::nullopt;
  auto count = countLast(reduce.getAxes(), type.getRank());
  if (!count || !keepsReducedDims(kept, x, *count))
    return std::nullopt;
  if (reduce.getKind() == nn::Reduction::mean && !factor)
    return count;
  if (reduce.getKind() != nn::Reduction::sum || !factor)
    return std::nullopt;
  auto sizes = type.getShape().take_back(*count);
  if (ShapedType::isDynamicShape(sizes))
    return std::nullopt;
  double elements = ShapedType::getNumElements(sizes);
  // 1/n has been rounded, at worst to 8 bits (bf16).
  return std::abs(*factor * elements - 1) < 1e-2 ? count : std::nullopt;
}

/// The base of `value` where it is a power with the exponent `exponent`.
static Value matchPower(Value value, double exponent) {
  auto power = value.getDefiningOp<nn::PowOp>();
  if (!power || !keepsShape(power.getLhs().getType(), power.getType()) ||
      splatValue(power.getRhs()) != exponent)
    return {};
  return power.getLhs();
}

/// z where `value` is the square root of z.
static Value matchRoot(Value value) {
  value = withoutBroadcast(value);
  if (auto root = value.getDefiningOp<nn::SqrtOp>())
    return root.getInput();
  return matchPower(value, 0.5);
}

/// z where `value` is one over the square root of z.
static Value matchInverseRoot(Value value) {
  value = withoutBroadcast(value);
  if (auto root = value.getDefiningOp<nn::RsqrtOp>())
    return root.getInput();
  if (auto division = value.getDefiningOp<nn::DivOp>())
    if (splatValue(division.getLhs()) == 1.0 &&
        keepsShape(division.getRhs().getType(), division.getType()))
      return matchRoot(division.getRhs());
  return matchPower(value, -0.5);
}

/// Whether `square` is x * x.
static bool isSquareOf(Value square, Value x) {
  if (auto product = square.getDefiningOp<nn::MulOp>())
    return product.getLhs() == x && product.getRhs() == x;
  return matchPower(square, 2.0) == x;
}

/// Completes the match where `shifted` is the mean square of x plus epsilon.
static std::optional<RootMeanSquareDivision> matchShiftedSquare(Value x, Value shifted) {
  auto sum = withoutBroadcast(shifted).getDefiningOp<nn::AddOp>();
  if (!sum)
    return std::nullopt;
  Value mean = sum.getLhs(), number = sum.getRhs();
  if (!splatValue(number))
    std::swap(mean, number);
  auto epsilon = splatValue(number);
  if (!epsilon || !keepsShape(mean.getType(), sum.getType()))
    return std::nullopt;
  // The mean's own operand is the square; look for it among what the mean may be spelled as.
  Value square = withoutBroadcast(mean);
  while (
      isa_and_nonnull<nn::ReshapeOp, nn::DivOp, nn::MulOp, nn::ReduceOp>(square.getDefiningOp()) &&
      !isSquareOf(square, x)) {
    Operation *op = square.getDefiningOp();
    bool second = isa<nn::MulOp>(op) && splatValue(op->getOperand(0));
    square = op->getOperand(second ? 1 : 0);
  }
  if (!isSquareOf(square, x))
    return std::nullopt;
  auto count = matchMeanOfLast(mean, square);
  if (!count)
    return std::nullopt;
  return RootMeanSquareDivision{x, *epsilon, *count};
}

std::optional<RootMeanSquareDivision> nacre::matchRootMeanSquareDivision(Value result) {
  if (auto division = result.getDefiningOp<nn::DivOp>()) {
    if (Value shifted = matchRoot(division.getRhs());
        shifted && keepsShape(division.getLhs().getType(), division.getType()))
      return matchShiftedSquare(division.getLhs(), shifted);
    return std::nullopt;
  }
  auto product = result.getDefiningOp<nn::MulOp>();
  if (!product)
    return std::nullopt;
  for (auto [x, factor] : {std::pair(product.getLhs(), product.getRhs()),
                           std::pair(product.getRhs(), product.getLhs())})
    if (Value shifted = matchInverseRoot(factor);
        shifted && keepsShape(x.getType(), product.getType()))
      if (auto match = matchShiftedSquare(x, shifted))
        return match;
  return std::nullopt;
}
