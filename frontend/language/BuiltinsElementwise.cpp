//===- BuiltinsElementwise.cpp - maths on each element ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

#include <cmath>

using namespace nacre;
using namespace nacre::language;
using llvm::Twine;

namespace {

enum Unary {
  Exp,
  Log,
  Sqrt,
  Rsqrt,
  Sin,
  Cos,
  Tanh,
  Erf,
  Floor,
  Ceil,
  Round,
  Abs,
  Sign,
  Relu,
  Selu,
  Sigmoid,
  Silu,
  Softplus,
};
enum Binary { Maximum, Minimum, Pow };

} // namespace

static double compute(Unary which, double x) {
  switch (which) {
  case Exp:
    return std::exp(x);
  case Log:
    return std::log(x);
  case Sqrt:
    return std::sqrt(x);
  case Rsqrt:
    return 1 / std::sqrt(x);
  case Sin:
    return std::sin(x);
  case Cos:
    return std::cos(x);
  case Tanh:
    return std::tanh(x);
  case Erf:
    return std::erf(x);
  case Floor:
    return std::floor(x);
  case Ceil:
    return std::ceil(x);
  case Round:
    return std::nearbyint(x);
  case Abs:
    return std::abs(x);
  case Sign:
    return x > 0 ? 1 : x < 0 ? -1 : x;
  case Relu:
    return std::max(x, 0.0);
  case Sigmoid:
    return 1 / (1 + std::exp(-x));
  case Silu:
    return x / (1 + std::exp(-x));
  case Softplus:
    return std::log1p(std::exp(x));
  case Selu:
    return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
  }
  llvm_unreachable("unknown function");
}

static mlir::Value emitUnary(Emitter &ir, Unary which, mlir::Location loc,
                             mlir::RankedTensorType type, mlir::Value x) {
  switch (which) {
  case Exp:
    return ir.make<nn::ExpOp>(loc, type, x);
  case Log:
    return ir.make<nn::LogOp>(loc, type, x);
  case Sqrt:
    return ir.make<nn::SqrtOp>(loc, type, x);
  case Rsqrt:
    return ir.make<nn::RsqrtOp>(loc, type, x);
  case Sin:
    return ir.make<nn::SinOp>(loc, type, x);
  case Cos:
    return ir.make<nn::CosOp>(loc, type, x);
  case Tanh:
    return ir.make<nn::TanhOp>(loc, type, x);
  case Erf:
    return ir.make<nn::ErfOp>(loc, type, x);
  case Floor:
    return ir.make<nn::FloorOp>(loc, type, x);
  case Ceil:
    return ir.make<nn::CeilOp>(loc, type, x);
  case Round:
    return ir.make<nn::RoundOp>(loc, type, x);
  case Abs:
    return ir.make<nn::AbsOp>(loc, type, x);
  case Sign:
    return ir.make<nn::SignOp>(loc, type, x);
  case Relu:
    return ir.make<nn::ReluOp>(loc, type, x);
  case Selu:
    return ir.make<nn::SeluOp>(loc, type, x);
  case Sigmoid:
    return ir.make<nn::SigmoidOp>(loc, type, x);
  case Silu:
    return ir.make<nn::SiluOp>(loc, type, x);
  case Softplus:
    return ir.make<nn::SoftplusOp>(loc, type, x);
  }
  llvm_unreachable("unknown function");
}

static Value applyUnary(BuiltinCall &call) {
  auto which = static_cast<Unary>(call.builtin.which);
  const Value &x = call.operand(0).value;
  bool takesInts = which == Abs || which == Sign || which == Relu;
  if (const Tensor *tensor = x.tensor()) {
    if (!isFloat(tensor->type.element) && !(takesInts && isInteger(tensor->type.element)))
      return call.wrongType(0, takesInts ? "a tensor of numbers" : "a tensor of floats");
    return call.result(tensor->type,
                       [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
                         return emitUnary(ir, which, loc, t, tensor->ir);
                       });
  }
  if (x.boolean())
    return call.wrongType(0, "a number");
  if (x.unknown())
    return x;
  double number = 0;
  if (const DimExpr *integer = x.integer()) {
    auto known = call.e.valueOf(*integer);
    if (!known && call.e.dependsOnRun(*integer))
      return call.fail(call.rangeOf(0), "'" + call.builtin.name + "' of the size " +
                                            call.e.print(*integer) +
                                            " is known only when the model runs");
    if (!known)
      return Value::Unknown{CompileTimeKind::Float};
    number = static_cast<double>(*known);
  } else {
    number = *x.number();
  }
  double value = compute(which, number);
  if (!std::isfinite(value))
    return call.fail(call.range, "'" + call.builtin.name + "' of this number is not finite");
  return value;
}

static Value applyBinary(BuiltinCall &call) {
  Operand operands[] = {call.operand(0), call.operand(1)};
  if (!operands[0].value.tensor() && !operands[1].value.tensor())
    return call.wrongType(0, "a tensor (min, max and '**' are for numbers)");
  if (!call.e.unify(call.builtin.name, call.range, operands))
    return {};
  const Tensor &a = *operands[0].value.tensor(), &b = *operands[1].value.tensor();
  if (isBool(a.type.element) || (call.builtin.which == Pow && !isFloat(a.type.element)))
    return call.wrongType(0,
                          call.builtin.which == Pow ? "a tensor of floats" : "a tensor of numbers");
  auto shape = call.e.broadcast(call.builtin.name, call.calleeRange, operands);
  if (!shape)
    return {};
  return call.e.result(
      {a.type.element, *shape}, call.range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType type) {
        if (call.builtin.which == Maximum)
          return ir.make<nn::MaximumOp>(loc, type, a.ir, b.ir);
        if (call.builtin.which == Minimum)
          return ir.make<nn::MinimumOp>(loc, type, a.ir, b.ir);
        return ir.make<nn::PowOp>(loc, type, a.ir, b.ir);
      },
      a.ofWeights && b.ofWeights);
}

static Value applySelect(BuiltinCall &call) {
  const Value &condition = call.operand(0).value;
  if (!condition.tensor()) {
    if (condition.boolean())
      return call.operand(*condition.boolean() ? 1 : 2).value;
    return call.wrongType(0, "a tensor of bool");
  }
  if (!isBool(call.type(0).element))
    return call.wrongType(0, "a tensor of bool");
  Operand values[] = {call.operand(1), call.operand(2)};
  if (!values[0].value.tensor() && !values[1].value.tensor()) {
    // Two numbers become f32, or i64 where both are ints.
    bool ints = values[0].value.integer() && values[1].value.integer();
    auto first = call.e.constantTensor(values[0], ints ? ElementType::I64 : ElementType::F32);
    if (!first)
      return {};
    values[0].value = *first;
  }
  if (!call.e.unify(call.builtin.name, call.range, values))
    return {};
  auto shape = call.e.broadcast(call.builtin.name, call.calleeRange,
                                {call.operand(0), values[0], values[1]});
  if (!shape)
    return {};
  const Tensor &a = *values[0].value.tensor(), &b = *values[1].value.tensor();
  return call.e.result(
      {a.type.element, *shape}, call.range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType type) {
        return ir.make<nn::SelectOp>(loc, type, condition.tensor()->ir, a.ir, b.ir);
      },
      condition.tensor()->ofWeights && a.ofWeights && b.ofWeights);
}

static Value applyGelu(BuiltinCall &call) {
  auto form = call.text(1, "none");
  if (form && *form != "none" && *form != "tanh")
    return call.fail(call.rangeOf(1), "'approximate' of 'gelu' is \"none\" or \"tanh\"");
  return call.result(call.type(0), [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::GeluOp>(loc, t, call.ir(0),
                               *form == "tanh" ? nn::GeluForm::tanh : nn::GeluForm::erf);
  });
}

static Value applyLeakyRelu(BuiltinCall &call) {
  return call.result(call.type(0), [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::LeakyReluOp>(loc, t, call.ir(0),
                                    ir.builder.getF64FloatAttr(call.real(1, 0.01)));
  });
}

static Value applyElu(BuiltinCall &call) {
  return call.result(call.type(0), [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::EluOp>(loc, t, call.ir(0), ir.builder.getF64FloatAttr(call.real(1, 1.0)));
  });
}

static Value applyCast(BuiltinCall &call) {
  const Value &target = call.operand(1).value;
  ElementType element = target.element() ? *target.element() : ElementType::F32;
  const Value &x = call.operand(0).value;
  if (!x.tensor()) {
    auto constant = call.e.constantTensor(call.operand(0), element);
    return constant ? Value(*constant) : Value();
  }
  if (call.type(0).element == element)
    return x;
  TensorType type{element, call.type(0).dims};
  Value converted =
      call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
        return ir.make<nn::CastOp>(loc, t, call.ir(0));
      });
  if (!converted.tensor() || !isIndex(element) || !call.tensor(0).number)
    return converted;
  // A position stays the same number.
  Tensor same = *converted.tensor();
  same.number = call.tensor(0).number;
  return same;
}

llvm::ArrayRef<Builtin> language::elementwiseBuiltins() {
  static const BuiltinParam one[] = {{"x", Accepts::Operand}};
  static const BuiltinParam two[] = {{"a", Accepts::Operand}, {"b", Accepts::Operand}};
  static const BuiltinParam select[] = {
      {"condition", Accepts::Operand}, {"a", Accepts::Operand}, {"b", Accepts::Operand}};
  static const BuiltinParam gelu[] = {{"x", Accepts::FloatTensor},
                                      {"approximate", Accepts::Str, "\"none\""}};
  static const BuiltinParam leaky[] = {{"x", Accepts::FloatTensor},
                                       {"slope", Accepts::Float, "0.01"}};
  static const BuiltinParam elu[] = {{"x", Accepts::FloatTensor}, {"alpha", Accepts::Float, "1.0"}};
  static const BuiltinParam cast[] = {{"x", Accepts::Operand}, {"dtype", Accepts::DType}};
  static const Builtin rows[] = {
      {"exp", one, applyUnary, Exp},
      {"log", one, applyUnary, Log},
      {"sqrt", one, applyUnary, Sqrt},
      {"rsqrt", one, applyUnary, Rsqrt},
      {"sin", one, applyUnary, Sin},
      {"cos", one, applyUnary, Cos},
      {"tanh", one, applyUnary, Tanh},
      {"erf", one, applyUnary, Erf},
      {"floor", one, applyUnary, Floor},
      {"ceil", one, applyUnary, Ceil},
      {"round", one, applyUnary, Round},
      {"abs", one, applyUnary, Abs},
      {"sign", one, applyUnary, Sign},
      {"relu", one, applyUnary, Relu},
      {"selu", one, applyUnary, Selu},
      {"sigmoid", one, applyUnary, Sigmoid},
      {"silu", one, applyUnary, Silu},
      {"softplus", one, applyUnary, Softplus},
      {"gelu", gelu, applyGelu},
      {"leaky_relu", leaky, applyLeakyRelu},
      {"elu", elu, applyElu},
      {"maximum", two, applyBinary, Maximum},
      {"minimum", two, applyBinary, Minimum},
      {"pow", two, applyBinary, Pow},
      {"select", select, applySelect},
      {"where", select, applySelect},
      {"cast", cast, applyCast},
      {"to", cast, applyCast},
  };
  return rows;
}
