//===- BuiltinsCreate.cpp - tensors from nothing ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;

/// Elements of one number in the given shape.
static Value filled(BuiltinCall &call, unsigned shapeAt, ElementType element, const Operand &fill) {
  auto shape = call.integers(shapeAt);
  if (!shape)
    return {};
  auto scalar = call.e.constantTensor(fill, element);
  if (!scalar)
    return {};
  TensorType type{element, {shape->begin(), shape->end()}};
  return call.result(
      type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) -> mlir::Value {
        if (type.rank() == 0)
          return scalar->ir;
        return ir.make<nn::BroadcastOp>(loc, t, scalar->ir, ir.dynamicSizes(type.dims, loc));
      });
}

static ElementType elementOf(BuiltinCall &call, unsigned i, ElementType absent) {
  if (!call.has(i) || !call.operand(i).value.element())
    return absent;
  return *call.operand(i).value.element();
}

/// `which` is the number: zeros(shape), ones(shape).
static Value applyFilled(BuiltinCall &call) {
  ElementType element = elementOf(call, 1, ElementType::F32);
  Value number = isBool(element) ? Value(call.builtin.which != 0)
                                 : Value(DimExpr(static_cast<int64_t>(call.builtin.which)));
  return filled(call, 0, element, {number, call.range});
}

static Value applyFull(BuiltinCall &call) {
  const Value &value = call.operand(1).value;
  ElementType natural = value.integer()   ? ElementType::I64
                        : value.boolean() ? ElementType::Bool
                                          : ElementType::F32;
  if (const Tensor *tensor = value.tensor())
    return call.wrongType(1, "a number, which " + call.e.print(tensor->type) + " is not");
  return filled(call, 0, elementOf(call, 2, natural), call.operand(1));
}

/// arange(n): 0, 1, ... n - 1.
static Value applyArange(BuiltinCall &call) {
  ElementType element = elementOf(call, 1, ElementType::I64);
  if (isBool(element))
    return call.wrongType(1, "a dtype of numbers");
  DimExpr count = call.integer(0, 0);
  if (auto known = call.e.valueOf(count); known && *known < 0)
    return call.fail(call.rangeOf(0),
                     "'arange' counts up from 0, but the end is " + llvm::Twine(*known));
  TensorType type{element, {count}};
  return call.e.result(
      type, call.range, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
        llvm::SmallVector<mlir::Value> sizes = ir.dynamicSizes(type.dims, loc);
        return ir.make<nn::IotaOp>(loc, t, sizes.empty() ? mlir::Value() : sizes[0]);
      });
}

llvm::ArrayRef<Builtin> language::createBuiltins() {
  using enum Accepts;
  static const BuiltinParam filledParams[] = {{"shape", Shape}, {"dtype", DType, "f32"}};
  static const BuiltinParam full[] = {
      {"shape", Shape}, {"value", Operand}, {"dtype", DType, "None"}};
  static const BuiltinParam arange[] = {{"n", Int}, {"dtype", DType, "i64"}};
  static const Builtin rows[] = {
      {"zeros", filledParams, applyFilled, 0},
      {"ones", filledParams, applyFilled, 1},
      {"full", full, applyFull},
      {"arange", arange, applyArange},
  };
  return rows;
}
