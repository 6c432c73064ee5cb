//===- Constants.cpp - numbers known at compile time ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/support/Constants.h"

#include "dialects/nn/NN.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace nacre;

/// `value` as an element of type `element` holds it; nothing for what no number describes.
static std::optional<double> rounded(double value, Type element) {
  if (auto type = dyn_cast<FloatType>(element)) {
    APFloat number(value);
    bool inexact = false;
    number.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
    return number.convertToDouble();
  }
  // Integers here are sizes, indices and flags; outside this range a double is not exact.
  if (isa<IntegerType>(element) && std::abs(value) < 0x1p52 && std::trunc(value) == value)
    return value;
  return std::nullopt;
}

static std::optional<double> attributeValue(Attribute attribute) {
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getValueAsDouble();
  if (auto number = dyn_cast<IntegerAttr>(attribute)) {
    APInt value = number.getValue();
    if (value.getBitWidth() == 1)
      return value.isZero() ? 0.0 : 1.0;
    if (value.getSignificantBits() <= 52)
      return static_cast<double>(value.getSExtValue());
  }
  return std::nullopt;
}

static std::optional<double> evaluate(Value value, int depth) {
  // Deep constant arithmetic is the folder's work; this only has to see what it left.
  if (depth == 0)
    return std::nullopt;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  if (!type || !op)
    return std::nullopt;
  DenseElementsAttr data;
  if (matchPattern(value, m_Constant(&data)))
    return data.isSplat() ? attributeValue(data.getSplatValue<Attribute>()) : std::nullopt;
  if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
    Attribute element;
    return matchPattern(splat.getInput(), m_Constant(&element)) ? attributeValue(element)
                                                                : std::nullopt;
  }
  if (isa<nn::ReshapeOp, nn::BroadcastOp, nn::TransposeOp>(op))
    return evaluate(op->getOperand(0), depth - 1);

  SmallVector<double, 2> in;
  if (!isa<nn::CastOp, nn::NegOp, nn::SqrtOp, nn::RsqrtOp, nn::AddOp, nn::SubOp, nn::MulOp,
           nn::DivOp, nn::PowOp>(op))
    return std::nullopt;
  if (!isa<nn::CastOp>(op) && !isa<FloatType>(type.getElementType()))
    return std::nullopt;
  for (Value operand : op->getOperands()) {
    auto number = evaluate(operand, depth - 1);
    if (!number)
      return std::nullopt;
    in.push_back(*number);
  }
  auto result = llvm::TypeSwitch<Operation *, std::optional<double>>(op)
                    .Case([&](nn::CastOp cast) -> std::optional<double> {
                      if (type.getElementType().isInteger(1))
                        return in[0] != 0 ? 1.0 : 0.0;
                      return isa<FloatType>(type.getElementType()) ? in[0] : std::trunc(in[0]);
                    })
                    .Case([&](nn::NegOp) { return -in[0]; })
                    .Case([&](nn::SqrtOp) { return std::sqrt(in[0]); })
                    .Case([&](nn::RsqrtOp) { return 1 / std::sqrt(in[0]); })
                    .Case([&](nn::AddOp) { return in[0] + in[1]; })
                    .Case([&](nn::SubOp) { return in[0] - in[1]; })
                    .Case([&](nn::MulOp) { return in[0] * in[1]; })
                    .Case([&](nn::DivOp) { return in[0] / in[1]; })
                    .Case([&](nn::PowOp) { return std::pow(in[0], in[1]); })
                    .Default([](Operation *) { return std::nullopt; });
  return result ? rounded(*result, type.getElementType()) : std::nullopt;
}

std::optional<double> nacre::splatValue(Value value) { return evaluate(value, /*depth=*/16); }

Value nacre::scalarConstant(OpBuilder &builder, Location loc, Type element, double value) {
  auto type = RankedTensorType::get({}, element);
  return arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, builder.getFloatAttr(element, value)));
}

bool nacre::keepsShape(Type from, Type to) {
  auto before = cast<RankedTensorType>(from), after = cast<RankedTensorType>(to);
  if (before.getRank() != after.getRank())
    return false;
  for (auto [a, b] : llvm::zip(before.getShape(), after.getShape()))
    if (a != b && (a == 1 || b == 1))
      return false;
  return true;
}
