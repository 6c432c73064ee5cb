//===- BuiltinsIndex.cpp - indices, order and running sums ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;
using llvm::Twine;

/// argmax(x, axis=-1, keepdims=false); `which` is the kind.
static Value applyArg(BuiltinCall &call) {
  const TensorType &x = call.type(0);
  auto axis = call.axis(1, -1, x.rank());
  if (!axis)
    return {};
  bool keep = call.flag(2, false);
  TensorType type{ElementType::I64, x.dims};
  if (keep)
    type.dims[*axis] = 1;
  else
    type.dims.erase(type.dims.begin() + *axis);
  return call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::ArgReduceOp>(loc, t, static_cast<nn::Reduction>(call.builtin.which),
                                    call.ir(0), *axis, keep);
  });
}

/// The elements of argument 0 at `indices` along `axis`.
static Value takeAlong(BuiltinCall &call, const Value &indices, int64_t axis) {
  const Tensor *places = indices.tensor();
  if (!places)
    return {};
  return call.result({call.type(0).element, places->type.dims},
                     [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
                       return ir.make<nn::TakeAlongOp>(loc, t, call.ir(0), places->ir, axis);
                     });
}

/// top_k(x, k, axis=-1): the elements and their indices.
static Value applyTopK(BuiltinCall &call) {
  enum { X, K, Axis };
  const TensorType &x = call.type(X);
  if (isBool(x.element))
    return call.wrongType(X, "a tensor of numbers");
  auto axis = call.axis(Axis, -1, x.rank());
  if (!axis)
    return {};
  DimExpr k = call.integer(K, 1);
  auto known = call.number(K, 1);
  if (!known && !call.e.dependsOnUnknown(k))
    return {};
  if (known && *known < 1)
    return call.fail(call.rangeOf(K), "'k' must be positive, but is " + Twine(*known));
  const DimExpr &size = x.dims[*axis];
  if (!call.e.requireAtMost(k, size, call.rangeOf(K),
                            "dimension " + Twine(*axis) + " has " + call.e.print(size) +
                                " elements, fewer than k = " + call.e.print(k)))
    return {};
  TensorType type{ElementType::I64, x.dims};
  type.dims[*axis] = k;
  Value indices = call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::TopKOp>(loc, t, call.ir(X), *known, *axis);
  });
  Value values = takeAlong(call, indices, *axis);
  if (values.isPoison())
    return {};
  return Value::tuple({values, indices});
}

/// The axis, by default the last, of builtins that want numbers and an axis; none after an error.
static std::optional<int64_t> axisOfNumbers(BuiltinCall &call) {
  if (!isBool(call.type(0).element))
    return call.axis(1, -1, call.type(0).rank());
  call.wrongType(0, "a tensor of numbers");
  return std::nullopt;
}

enum Sort { Elements, Indices };

/// sort and argsort of (x, axis=-1, descending=false).
static Value applySort(BuiltinCall &call) {
  const TensorType &x = call.type(0);
  auto axis = axisOfNumbers(call);
  if (!axis)
    return {};
  bool descending = call.flag(2, false);
  Value indices = call.result(
      {ElementType::I64, x.dims}, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
        return ir.make<nn::ArgSortOp>(loc, t, call.ir(0), *axis, descending);
      });
  return call.builtin.which == Indices ? indices : takeAlong(call, indices, *axis);
}

/// cumsum and its like of (x, axis=-1, exclusive=false, reverse=false); `which` is the kind.
static Value applyCumulative(BuiltinCall &call) {
  const TensorType &x = call.type(0);
  auto axis = axisOfNumbers(call);
  if (!axis)
    return {};
  return call.result(x, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::CumulativeOp>(loc, t, static_cast<nn::Reduction>(call.builtin.which),
                                     call.ir(0), *axis, call.flag(2, false), call.flag(3, false));
  });
}

/// take_along_axis(x, indices, axis=-1).
static Value applyTakeAlong(BuiltinCall &call) {
  const TensorType &x = call.type(0), &indices = call.type(1);
  auto axis = call.axis(2, -1, x.rank());
  if (!axis)
    return {};
  bool fits = indices.rank() == x.rank();
  for (size_t i = 0; fits && i < x.rank(); ++i)
    fits = static_cast<int64_t>(i) == *axis ||
           call.e.sameSize(x.dims[i], indices.dims[i], call.rangeOf(1));
  if (!fits) {
    call.errorAt(1, "indices must have the dimensions of " + call.print(0) + " but for axis " +
                        Twine(*axis) + ", but they are " + call.print(1));
    return {};
  }
  return takeAlong(call, call.operand(1).value, *axis);
}

/// scatter(data, indices, updates, axis=0, mode="set").
static Value applyScatter(BuiltinCall &call) {
  enum { Data, Indices, Updates, Axis, Mode };
  const TensorType &data = call.type(Data);
  auto axis = call.axis(Axis, 0, data.rank());
  auto text = call.text(Mode, "set");
  if (!axis || !text)
    return {};
  std::optional<nn::ScatterMode> mode = nn::symbolizeScatterMode(*text);
  if (!mode)
    return call.fail(call.rangeOf(Mode),
                     "'mode' must be \"set\", \"add\", \"max\" or \"min\", but is \"" + *text +
                         "\"");
  if (isBool(data.element) && *mode != nn::ScatterMode::set)
    return call.wrongType(Data, "a tensor of numbers, since bools can only be set");
  TensorType wanted{data.element, {}};
  wanted.dims.append(data.dims.begin(), data.dims.begin() + *axis);
  llvm::append_range(wanted.dims, call.type(Indices).dims);
  wanted.dims.append(data.dims.begin() + *axis + 1, data.dims.end());
  if (!call.expect(Updates, wanted))
    return {};
  return call.result(data, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::ScatterOp>(loc, t, *mode, call.ir(Data), call.ir(Indices), call.ir(Updates),
                                  *axis);
  });
}

/// one_hot(ids, n, dtype=f32): 1 at the place that each id names, 0 elsewhere.
static Value applyOneHot(BuiltinCall &call) {
  const TensorType &ids = call.type(0);
  DimExpr count = call.integer(1, 1);
  if (auto known = call.e.valueOf(count); known && *known < 0)
    return call.fail(call.rangeOf(1), "'n' must not be negative, but is " + Twine(*known));
  ElementType element = call.has(2) && call.operand(2).value.element()
                            ? *call.operand(2).value.element()
                            : ElementType::F32;
  llvm::SmallVector<DimExpr> column(ids.dims.begin(), ids.dims.end());
  column.push_back(1);
  Value places = call.e.reshape(call.range, call.tensor(0), column);
  const Tensor *own = places.tensor();
  if (!own)
    return {};
  TensorType type{element, ids.dims};
  type.dims.push_back(count);
  return call.result(
      type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) -> mlir::Value {
        auto sizes = ir.dynamicSizes({count}, loc);
        auto numbers = ir.make<nn::IotaOp>(loc, ir.lowerType({ids.element, {count}}),
                                           sizes.empty() ? mlir::Value() : sizes[0]);
        auto truths = ir.lowerType({ElementType::Bool, type.dims});
        auto hits = ir.make<nn::CompareOp>(loc, truths, nn::ComparePredicate::eq, own->ir, numbers);
        return isBool(element) ? hits : ir.make<nn::CastOp>(loc, t, hits);
      });
}

llvm::ArrayRef<Builtin> language::indexBuiltins() {
  using enum Accepts;
  static const BuiltinParam arg[] = {
      {"x", Tensor}, {"axis", Int, "-1"}, {"keepdims", Bool, "false"}};
  static const BuiltinParam topK[] = {{"x", Tensor}, {"k", Int}, {"axis", Int, "-1"}};
  static const BuiltinParam sort[] = {
      {"x", Tensor}, {"axis", Int, "-1"}, {"descending", Bool, "false"}};
  static const BuiltinParam cumulative[] = {
      {"x", Tensor}, {"axis", Int, "-1"}, {"exclusive", Bool, "false"}, {"reverse", Bool, "false"}};
  static const BuiltinParam takeAlong[] = {
      {"x", Tensor}, {"indices", IndexTensor}, {"axis", Int, "-1"}};
  static const BuiltinParam scatter[] = {{"data", Tensor},
                                         {"indices", IndexTensor},
                                         {"updates", Tensor},
                                         {"axis", Int, "0"},
                                         {"mode", Str, "\"set\""}};
  static const BuiltinParam oneHot[] = {{"ids", IndexTensor}, {"n", Int}, {"dtype", DType, "f32"}};
  auto kind = [](nn::Reduction reduction) { return static_cast<int>(reduction); };
  static const Builtin rows[] = {
      {"argmax", arg, applyArg, kind(nn::Reduction::max)},
      {"argmin", arg, applyArg, kind(nn::Reduction::min)},
      {"top_k", topK, applyTopK},
      {"sort", sort, applySort, Elements},
      {"argsort", sort, applySort, Indices},
      {"cumsum", cumulative, applyCumulative, kind(nn::Reduction::sum)},
      {"cumprod", cumulative, applyCumulative, kind(nn::Reduction::prod)},
      {"cummax", cumulative, applyCumulative, kind(nn::Reduction::max)},
      {"cummin", cumulative, applyCumulative, kind(nn::Reduction::min)},
      {"take_along_axis", takeAlong, applyTakeAlong},
      {"scatter", scatter, applyScatter},
      {"one_hot", oneHot, applyOneHot},
  };
  return rows;
}
