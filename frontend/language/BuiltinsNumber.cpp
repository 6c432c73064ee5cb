//===- BuiltinsNumber.cpp - numbers and lists at compile time ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;
using llvm::Twine;

/// Longest list that `range` makes.
static constexpr int64_t maxRange = 1'000'000;

enum Division { FloorDiv, CeilDiv };

static Value applyDivision(BuiltinCall &call) {
  DimExpr a = call.integer(0, 0), b = call.integer(1, 1);
  if (call.e.valueOf(b) == 0)
    return call.fail(call.rangeOf(1), "division by zero");
  return call.builtin.which == FloorDiv ? call.e.dims.floorDiv(a, b) : call.e.dims.ceilDiv(a, b);
}

/// range(n) or range(start, stop, step=1).
static Value applyRange(BuiltinCall &call) {
  DimExpr start = call.has(1) ? call.integer(0, 0) : DimExpr(0);
  DimExpr stop = call.has(1) ? call.integer(1, 0) : call.integer(0, 0);
  std::optional<int64_t> numbers[] = {call.e.valueOf(start), call.e.valueOf(stop),
                                      call.e.valueOf(call.integer(2, 1))};
  for (auto [i, number] : llvm::enumerate(numbers)) {
    if (number)
      continue;
    const DimExpr &size = i == 0 ? start : i == 1 ? stop : *call.operand(2).value.integer();
    if (!call.e.dependsOnUnknown(size))
      return call.fail(call.range, "the size " + call.e.print(size) +
                                       " is known only when the model runs; 'range' counts at "
                                       "compile time");
    // One number stands for all.
    return Value::list(
        {call.e.addSymbol("i", std::nullopt, std::nullopt,
                          {SymbolOrigin::Kind::Const, call.range, "'range'", nullptr, 0})},
        /*isOpen=*/true);
  }
  auto [from, to, step] = std::tuple(*numbers[0], *numbers[1], *numbers[2]);
  if (step == 0)
    return call.fail(call.rangeOf(2), "the step of 'range' must not be 0");
  std::vector<Value> values;
  __int128 count = (static_cast<__int128>(to) - from) / step;
  if (count > 0 && !call.e.charge(std::min<__int128>(count, maxRange), call.range))
    return {};
  for (__int128 i = from; step > 0 ? i < to : i > to; i += step) {
    if (static_cast<int64_t>(values.size()) >= maxRange)
      return call.fail(call.range, "'range' makes at most " + Twine(maxRange) + " numbers");
    values.push_back(DimExpr(static_cast<int64_t>(i)));
  }
  return Value::list(std::move(values));
}

static Value applyLen(BuiltinCall &call) {
  const Value &value = call.operand(0).value;
  if (const ListValue *list = value.list()) {
    if (list->isOpen)
      return call.e.addSymbol("len", std::nullopt, std::nullopt,
                              {SymbolOrigin::Kind::Const, call.range, "'len'", nullptr, 0});
    return DimExpr(static_cast<int64_t>(list->elements.size()));
  }
  call.errorAt(0, "'len' takes a list, but this is " + call.e.describe(value))
      .note("'.shape[0]' is the first size of a tensor");
  return {};
}

/// enumerate(list): pairs (index, element).
static Value applyEnumerate(BuiltinCall &call) {
  const ListValue *list = call.operand(0).value.list();
  if (!list)
    return call.wrongType(0, "a list");
  std::vector<Value> pairs;
  for (auto [i, element] : llvm::enumerate(list->elements))
    pairs.push_back(Value::tuple({DimExpr(static_cast<int64_t>(i)), element}));
  return Value::list(std::move(pairs), list->isOpen);
}

/// zip(a, b): pairs of elements, as many as the shorter list has.
static Value applyZip(BuiltinCall &call) {
  const ListValue *a = call.operand(0).value.list(), *b = call.operand(1).value.list();
  if (!a || !b)
    return call.wrongType(a ? 1 : 0, "a list");
  std::vector<Value> pairs;
  for (auto [x, y] : llvm::zip(a->elements, b->elements))
    pairs.push_back(Value::tuple({x, y}));
  return Value::list(std::move(pairs), a->isOpen || b->isOpen);
}

static Value applyReversed(BuiltinCall &call) {
  const ListValue *list = call.operand(0).value.list();
  if (!list)
    return call.wrongType(0, "a list");
  return Value::list({list->elements.rbegin(), list->elements.rend()}, list->isOpen);
}

/// str(n): the digits of an int.
static Value applyStr(BuiltinCall &call) {
  DimExpr integer = call.integer(0, 0);
  if (auto known = call.e.valueOf(integer))
    return std::to_string(*known);
  if (call.e.dependsOnRun(integer))
    return call.fail(call.rangeOf(0),
                     "the size " + call.e.print(integer) + " is known only when the model runs");
  return Value::Unknown{CompileTimeKind::Str};
}

/// error("message"): what a library says about values it cannot work with, at
/// the place of the call that brought them.
static Value applyError(BuiltinCall &call) {
  const Frame *frame = call.e.frame();
  // On one side of an undecided choice nobody has done wrong yet.
  auto message = call.text(0, "");
  if (!message || frame->assuming)
    return {};
  call.e.frame()->returned = true;
  SourceRange place = frame->callRange.isValid() ? frame->callRange : call.range;
  Diagnostic &diag = call.e.error(place, *message);
  if (place != call.range)
    diag.note(call.range, "it is refused");
  return {};
}

llvm::ArrayRef<Builtin> language::numberBuiltins() {
  using enum Accepts;
  static const BuiltinParam division[] = {{"a", Int}, {"b", Int}};
  static const BuiltinParam range[] = {{"start", Int}, {"stop", Int, "None"}, {"step", Int, "1"}};
  static const BuiltinParam list[] = {{"list", Any}};
  static const BuiltinParam two[] = {{"a", Any}, {"b", Any}};
  static const BuiltinParam number[] = {{"n", Int}};
  static const BuiltinParam message[] = {{"message", Str}};
  static const Builtin rows[] = {
      {"floordiv", division, applyDivision, FloorDiv},
      {"ceildiv", division, applyDivision, CeilDiv},
      {"range", range, applyRange},
      {"len", list, applyLen},
      {"enumerate", list, applyEnumerate},
      {"zip", two, applyZip},
      {"reversed", list, applyReversed},
      {"str", number, applyStr},
      {"error", message, applyError},
  };
  return rows;
}
