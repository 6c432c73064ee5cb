//===- BuiltinsReduce.cpp - many elements into one --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;
using llvm::Twine;

namespace {

enum Reduce { Sum, Mean, Max, Min, Prod, Var };
enum { X, Axis, KeepDims };

/// The reduced axes and the result's type.
struct Plan {
  llvm::SmallVector<int64_t> axes;
  TensorType type;
  TensorType kept; ///< the type with reduced dimensions of 1
};

} // namespace

static std::optional<Plan> plan(BuiltinCall &call) {
  const TensorType &x = call.type(X);
  Plan plan;
  if (call.has(Axis)) {
    auto axes = call.axes(Axis, x.rank());
    if (!axes)
      return std::nullopt;
    plan.axes = *axes;
  } else {
    for (size_t i = 0; i < x.rank(); ++i)
      plan.axes.push_back(i);
  }
  plan.type.element = x.element;
  plan.kept = x;
  for (size_t i = 0; i < x.rank(); ++i) {
    bool reduced = llvm::is_contained(plan.axes, static_cast<int64_t>(i));
    if (reduced)
      plan.kept.dims[i] = 1;
    if (!reduced || call.flag(KeepDims, false))
      plan.type.dims.push_back(reduced ? DimExpr(1) : x.dims[i]);
  }
  return plan;
}

static nn::Reduction kindOf(int which) {
  switch (which) {
  case Mean:
    return nn::Reduction::mean;
  case Max:
    return nn::Reduction::max;
  case Min:
    return nn::Reduction::min;
  case Prod:
    return nn::Reduction::prod;
  default:
    return nn::Reduction::sum;
  }
}

/// min(a, b) and max(a, b) of two ints or numbers.
static Value ofNumbers(BuiltinCall &call) {
  const Value &a = call.operand(X).value, &b = call.operand(Axis).value;
  bool isMax = call.builtin.which == Max;
  if (!call.has(Axis) || !b.isNumber())
    return call.fail(call.range, "'" + call.builtin.name + "' of numbers takes two of them");
  if (a.unknown() || b.unknown())
    return Value::Unknown{CompileTimeKind::Float};
  if (a.integer() && b.integer())
    return isMax ? call.e.dims.max(*a.integer(), *b.integer())
                 : call.e.dims.min(*a.integer(), *b.integer());
  double x = call.real(X, 0), y = call.real(Axis, 0);
  return isMax ? std::max(x, y) : std::min(x, y);
}

static Value applyReduce(BuiltinCall &call) {
  int which = call.builtin.which;
  if (!call.operand(X).value.tensor()) {
    if ((which == Max || which == Min) && call.operand(X).value.isNumber())
      return ofNumbers(call);
    return call.wrongType(X, "a tensor");
  }
  if (call.has(Axis) && call.operand(Axis).value.tensor()) {
    call.errorAt(Axis, "'axis' of '" + call.builtin.name + "' must be an int or a list of ints")
        .note(which == Max   ? "maximum(a, b) compares element by element"
              : which == Min ? "minimum(a, b) compares element by element"
                             : "it is " + printSignature(call.builtin));
    return {};
  }
  if (call.has(Axis) && !call.operand(Axis).value.integer() && !call.operand(Axis).value.list())
    return call.wrongType(Axis, "an int or a list of ints");
  const TensorType &x = call.type(X);
  bool floatsOnly = which == Mean || which == Var;
  if (isBool(x.element) || (floatsOnly && !isFloat(x.element)))
    return call.wrongType(X, floatsOnly ? "a tensor of floats" : "a tensor of numbers");
  auto planned = plan(call);
  if (!planned)
    return {};
  return call.result(
      planned->type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) -> mlir::Value {
        auto reduce = [&](nn::Reduction kind, mlir::Value value, mlir::RankedTensorType type,
                          bool keep) {
          return ir.make<nn::ReduceOp>(loc, type, kind, value, planned->axes, keep);
        };
        bool keep = call.flag(KeepDims, false);
        if (which != Var)
          return reduce(kindOf(which), call.ir(X), t, keep);
        // Biased variance, as layer norm's: the mean of squared distances.
        mlir::RankedTensorType whole = ir.lowerType(x);
        mlir::Value mean =
            reduce(nn::Reduction::mean, call.ir(X), ir.lowerType(planned->kept), true);
        mlir::Value distance = ir.make<nn::SubOp>(loc, whole, call.ir(X), mean);
        mlir::Value square = ir.make<nn::MulOp>(loc, whole, distance, distance);
        return reduce(nn::Reduction::mean, square, t, keep);
      });
}

llvm::ArrayRef<Builtin> language::reductionBuiltins() {
  static const BuiltinParam params[] = {{"x", Accepts::Operand},
                                        {"axis", Accepts::Any, "None"},
                                        {"keepdims", Accepts::Bool, "false"}};
  static const Builtin rows[] = {
      {"sum", params, applyReduce, Sum},   {"mean", params, applyReduce, Mean},
      {"max", params, applyReduce, Max},   {"min", params, applyReduce, Min},
      {"prod", params, applyReduce, Prod}, {"variance", params, applyReduce, Var},
  };
  return rows;
}
