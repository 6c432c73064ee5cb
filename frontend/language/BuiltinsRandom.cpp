//===- BuiltinsRandom.cpp - random numbers of keys --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;

/// Keys are drawn from a stream of their own, so that no key is a random number of its parent.
constexpr int64_t keyStream = 1;

/// An i64[] or a number, as a scalar tensor.
static std::optional<Tensor> scalar(BuiltinCall &call, unsigned i) {
  const Tensor *given = call.operand(i).value.tensor();
  if (!given) {
    if (call.operand(i).value.boolean()) {
      call.wrongType(i, "an i64[] or an int");
      return std::nullopt;
    }
    return call.e.constantTensor(call.operand(i), ElementType::I64);
  }
  if (given->type.element == ElementType::I64 && given->type.rank() == 0)
    return *given;
  call.wrongType(i, "an i64[] or an int");
  return std::nullopt;
}

/// Random numbers of `kind`, which begin `offset` places after the first one of the stream.
static Value draw(BuiltinCall &call, nn::RandomKind kind, const Tensor &key, const Tensor *offset,
                  const TensorType &type, int64_t stream) {
  std::optional<Tensor> zero;
  if (!offset)
    zero = call.e.constantTensor({Value(DimExpr(0)), call.range}, ElementType::I64);
  const Tensor &start = offset ? *offset : *zero;
  return call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    return ir.make<nn::RandomOp>(loc, t, kind, key.ir, start.ir, ir.dynamicSizes(type.dims, loc),
                                 static_cast<uint64_t>(stream));
  });
}

/// random_uniform and its like of (key, shape, dtype); `which` is the kind.
static Value applyRandom(BuiltinCall &call) {
  enum { Key, Shape, Element };
  auto kind = static_cast<nn::RandomKind>(call.builtin.which);
  bool bits = kind == nn::RandomKind::bits;
  ElementType element = bits ? ElementType::I32 : ElementType::F32;
  if (call.has(Element) && call.operand(Element).value.element())
    element = *call.operand(Element).value.element();
  bool fits =
      bits ? isIndex(element)
           : isFloat(element) && element != ElementType::F8E4M3 && element != ElementType::F8E5M2;
  if (!fits)
    return call.wrongType(Element, bits ? "i32 or i64" : "f64, f32, f16 or bf16");
  auto key = scalar(call, Key);
  auto shape = call.integers(Shape);
  if (!key || !shape)
    return {};
  return draw(call, kind, *key, nullptr, {element, {shape->begin(), shape->end()}}, 0);
}

/// split_key(key, n): n keys.
static Value applySplitKey(BuiltinCall &call) {
  auto key = scalar(call, 0);
  if (!key)
    return {};
  return draw(call, nn::RandomKind::bits, *key, nullptr, {ElementType::I64, {call.integer(1, 1)}},
              keyStream);
}

/// fold_in(key, i): key i of those that split_key gives.
static Value applyFoldIn(BuiltinCall &call) {
  auto key = scalar(call, 0), place = scalar(call, 1);
  if (!key || !place)
    return {};
  return draw(call, nn::RandomKind::bits, *key, &*place, {ElementType::I64, {}}, keyStream);
}

/// sample(logits, key, axis=-1): an index, by the largest sum of a logit and a Gumbel number.
static Value applySample(BuiltinCall &call) {
  const TensorType &logits = call.type(0);
  auto axis = call.axis(2, -1, logits.rank());
  auto key = scalar(call, 1);
  if (!axis || !key)
    return {};
  bool isDouble = logits.element == ElementType::F64;
  TensorType wide{isDouble ? ElementType::F64 : ElementType::F32, logits.dims};
  Value noise = draw(call, nn::RandomKind::gumbel, *key, nullptr, wide, 0);
  const Tensor *drawn = noise.tensor();
  if (!drawn)
    return {};
  TensorType type{ElementType::I64, logits.dims};
  type.dims.erase(type.dims.begin() + *axis);
  return call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    mlir::RankedTensorType whole = ir.lowerType(wide);
    mlir::Value x = call.ir(0);
    if (logits.element != wide.element)
      x = ir.make<nn::CastOp>(loc, whole, x);
    mlir::Value sum = ir.make<nn::AddOp>(loc, whole, x, drawn->ir);
    return ir.make<nn::ArgReduceOp>(loc, t, nn::Reduction::max, sum, *axis, /*keep_dims=*/false);
  });
}

llvm::ArrayRef<Builtin> language::randomBuiltins() {
  using enum Accepts;
  static const BuiltinParam floats[] = {
      {"key", Operand}, {"shape", Shape}, {"dtype", DType, "f32"}};
  static const BuiltinParam bits[] = {{"key", Operand}, {"shape", Shape}, {"dtype", DType, "i32"}};
  static const BuiltinParam split[] = {{"key", Operand}, {"n", Int}};
  static const BuiltinParam fold[] = {{"key", Operand}, {"i", Operand}};
  static const BuiltinParam sample[] = {
      {"logits", FloatTensor}, {"key", Operand}, {"axis", Int, "-1"}};
  auto kind = [](nn::RandomKind random) { return static_cast<int>(random); };
  static const Builtin rows[] = {
      {"random_bits", bits, applyRandom, kind(nn::RandomKind::bits)},
      {"random_uniform", floats, applyRandom, kind(nn::RandomKind::uniform)},
      {"random_normal", floats, applyRandom, kind(nn::RandomKind::normal)},
      {"random_gumbel", floats, applyRandom, kind(nn::RandomKind::gumbel)},
      {"split_key", split, applySplitKey},
      {"fold_in", fold, applyFoldIn},
      {"sample", sample, applySample},
  };
  return rows;
}
