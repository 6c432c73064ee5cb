//===- BuiltinsLinear.cpp - products of matrices ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;
using llvm::Twine;

static Value applyMatmul(BuiltinCall &call) {
  return call.e.binary(ast::BinaryOp::MatMul, call.range, call.calleeRange, call.operand(0),
                       call.operand(1));
}

/// linear(x, weight, bias=None): the weight is [out, in].
static Value applyLinear(BuiltinCall &call) {
  const TensorType &x = call.type(0), &weight = call.type(1);
  if (x.rank() == 0)
    return call.wrongType(0, "a tensor with a last dimension");
  if (weight.rank() != 2)
    return call.wrongType(1, "a matrix [out, in]");
  if (call.e.compare(weight.dims[1], x.dims.back()) == Elaborator::Match::Different &&
      call.e.compare(weight.dims[0], x.dims.back()) != Elaborator::Match::Different) {
    call.errorAt(1, "'weight' of 'linear' must be [out, in], but this is " + call.print(1))
        .note("'x @ weight' takes [in, out]; 'weight.T' turns it");
    return {};
  }
  if (!call.expect(1, {x.element, {weight.dims[0], x.dims.back()}}) ||
      !call.expect(2, {x.element, {weight.dims[0]}}))
    return {};
  TensorType type = x;
  type.dims.back() = weight.dims[0];
  const Tensor &w = call.tensor(1);
  return call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    // linear(x, w.T) reads w as it is stored.
    bool inputMajor = static_cast<bool>(w.untransposed);
    return ir.make<nn::LinearOp>(loc, t, call.ir(0), inputMajor ? w.untransposed : w.ir, call.ir(2),
                                 inputMajor);
  });
}

namespace {
enum AttentionArgument { Q, K, V, Mask, Causal, Scale, Window, Lengths, Start, Blocks, BlockSize };
} // namespace

/// Checks what says which keys are seen, other than the mask.
static bool checkVisibility(BuiltinCall &call, const TensorType &q, const TensorType &k) {
  constexpr int64_t limit = int64_t(1) << 31;
  for (unsigned i : {Window, BlockSize})
    if (call.has(i))
      if (auto size = call.number(i, 1); size && (*size < 1 || *size >= limit)) {
        call.errorAt(i, "'" + call.builtin.params[i].name +
                            "' must be positive and below 2^31, "
                            "but is " +
                            Twine(*size));
        return false;
      }
  for (unsigned i : {Lengths, Start})
    if (call.has(i)) {
      const TensorType &type = call.type(i);
      if (type.rank() > 1 || (type.rank() == 1 && !call.e.isOne(type.dims[0]) &&
                              !call.e.sameSize(type.dims[0], q.dims[0], call.rangeOf(i)))) {
        call.wrongType(i,
                       "one number, or one of each batch entry, [" + call.e.print(q.dims[0]) + "]");
        return false;
      }
    }
  if (call.has(Start) && !call.has(Window) && !call.flag(Causal, false)) {
    call.errorAt(Start, "'start' says where the queries stand, which nothing asks without 'causal' "
                        "or 'window'");
    return false;
  }
  if (call.has(Blocks) != call.has(BlockSize)) {
    call.errorAt(call.has(Blocks) ? Blocks : BlockSize,
                 "'blocks' and 'block_size' are given together");
    return false;
  }
  if (!call.has(Blocks))
    return true;
  auto size = call.number(BlockSize, 1);
  if (!size)
    return true;
  const TensorType &blocks = call.type(Blocks);
  TensorType wanted{blocks.element,
                    {q.dims[0], q.dims[1], call.e.dims.ceilDiv(q.dims[2], *size),
                     call.e.dims.ceilDiv(k.dims[2], *size)}};
  bool fits = blocks.rank() <= 4;
  for (size_t i = 0; fits && i < blocks.rank(); ++i) {
    const DimExpr &own = blocks.dims[blocks.rank() - 1 - i];
    fits = call.e.isOne(own) || call.e.sameSize(own, wanted.dims[3 - i], call.rangeOf(Blocks));
  }
  if (!fits)
    call.errorAt(Blocks, "'blocks' must broadcast to " + call.e.print(wanted) + ", but this is " +
                             call.print(Blocks));
  return fits;
}

/// An argument that is a place, or several: an int becomes a tensor.
static bool takePlaces(BuiltinCall &call, unsigned i) {
  if (!call.has(i))
    return true;
  Operand &given = call.operands[i];
  if (given.value.integer()) {
    auto constant = call.e.constantTensor(given, ElementType::I64);
    given.value = constant ? Value(*constant) : Value();
    return constant.has_value();
  }
  if (given.value.tensor() && isIndex(given.value.tensor()->type.element))
    return true;
  call.wrongType(i, "an int, or a tensor of i64 or i32");
  return false;
}

static Value applyAttention(BuiltinCall &call) {
  for (unsigned i : {Lengths, Start})
    if (!takePlaces(call, i))
      return {};
  const TensorType &q = call.type(Q), &k = call.type(K), &v = call.type(V);
  for (unsigned i : {Q, K, V})
    if (call.type(i).rank() != 4)
      return call.wrongType(i, "[batch, heads, length, size]");
  for (unsigned i : {K, V})
    if (call.type(i).element != q.element)
      return call.wrongType(i, "of " + name(q.element) + " as 'q'");
  if (!call.expect(K, {q.element, {q.dims[0], k.dims[1], k.dims[2], q.dims[3]}}) ||
      !call.expect(V, {q.element, {q.dims[0], k.dims[1], k.dims[2], v.dims[3]}}))
    return {};
  // Query heads share key heads in equal groups.
  if (call.e.compare(q.dims[1], k.dims[1]) != Elaborator::Match::Equal) {
    auto heads = call.e.valueOf(q.dims[1]), groups = call.e.valueOf(k.dims[1]);
    if (heads && groups && (*groups == 0 || *heads % *groups != 0)) {
      call.errorAt(K, "the heads of 'q', " + call.e.print(q.dims[1]) +
                          ", must be a multiple of the heads of 'k', " + call.e.print(k.dims[1]))
          .label(call.rangeOf(Q), call.print(Q));
      return {};
    }
  }
  for (unsigned i : {Q, K})
    if (call.e.dependsOnRun(call.type(i).dims[1])) {
      call.errorAt(i, "the number of heads must be known at compile time, but is " +
                          call.e.print(call.type(i).dims[1]));
      return {};
    }
  for (unsigned i : {Q, V})
    if (call.e.dependsOnRun(call.type(i).dims[3])) {
      call.errorAt(i, "the size of a head must be known at compile time, but is " +
                          call.e.print(call.type(i).dims[3]));
      return {};
    }
  if (call.has(Mask)) {
    const TensorType &mask = call.type(Mask);
    if (!isBool(mask.element) && mask.element != q.element)
      return call.wrongType(Mask, "bool, or " + name(q.element) + " to add to the scores");
    TensorType scores{mask.element, {q.dims[0], q.dims[1], q.dims[2], k.dims[2]}};
    bool fits = mask.rank() <= 4;
    for (size_t i = 0; fits && i < mask.rank(); ++i) {
      const DimExpr &own = mask.dims[mask.rank() - 1 - i];
      fits = call.e.isOne(own) || call.e.sameSize(own, scores.dims[3 - i], call.rangeOf(Mask));
    }
    if (!fits) {
      call.errorAt(Mask, "'mask' must broadcast to " + call.e.print(scores) + ", but this is " +
                             call.print(Mask));
      return {};
    }
  }
  if (!checkVisibility(call, q, k))
    return {};
  TensorType type = q;
  type.dims[3] = v.dims[3];
  return call.result(type, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    mlir::FloatAttr scale;
    if (call.has(Scale))
      scale = ir.builder.getF64FloatAttr(call.real(Scale, 1));
    auto number = [&](unsigned i) {
      return call.has(i) ? ir.builder.getI64IntegerAttr(*call.number(i, 1)) : mlir::IntegerAttr();
    };
    return ir.make<nn::AttentionOp>(loc, t, call.ir(Q), call.ir(K), call.ir(V), call.ir(Mask),
                                    call.ir(Lengths), call.ir(Start), call.ir(Blocks), scale,
                                    call.flag(Causal, false), number(Window), number(BlockSize),
                                    /*span=*/mlir::IntegerAttr());
  });
}

static Value applyRope(BuiltinCall &call) {
  enum { X, Positions, Base, Dim, Interleaved, Start };
  if (!takePlaces(call, Start))
    return {};
  const TensorType &x = call.type(X);
  if (x.rank() < 2)
    return call.wrongType(X, "[..., length, size]");
  DimExpr length = x.dims[x.rank() - 2], size = x.dims.back();
  if (call.e.dependsOnRun(size))
    return call.wrongType(X, "a tensor whose last dimension is known at compile time");
  if (call.has(Positions)) {
    const TensorType &positions = call.type(Positions);
    if (positions.rank() < 1 || positions.rank() > 2 || (positions.rank() == 2 && x.rank() < 3))
      return call.wrongType(Positions, "[length] or [batch, length]");
    TensorType wanted = positions;
    wanted.dims.back() = length;
    if (positions.rank() == 2)
      wanted.dims[0] = x.dims[0];
    if (!call.expect(Positions, wanted))
      return {};
  }
  if (call.has(Start)) {
    if (call.has(Positions))
      return call.fail(call.rangeOf(Start), "'start' counts positions from a place on; 'positions' "
                                            "says them all");
    if (call.type(Start).rank() != 0)
      return call.wrongType(Start, "one number");
  }
  auto rotated = call.has(Dim) ? call.number(Dim, 0) : call.e.valueOf(size);
  if (rotated &&
      (*rotated < 2 || *rotated % 2 != 0 || *rotated > call.e.valueOf(size).value_or(*rotated))) {
    call.errorAt(call.has(Dim) ? Dim : X, "rope turns an even number of elements, at most the last "
                                          "dimension, but not " +
                                              Twine(*rotated));
    return {};
  }
  return call.result(x, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
    mlir::Value positions = call.ir(Positions);
    if (!positions) {
      TensorType type{ElementType::I64, {length}};
      llvm::SmallVector<mlir::Value> sizes = ir.dynamicSizes(type.dims, loc);
      positions =
          ir.make<nn::IotaOp>(loc, ir.lowerType(type), sizes.empty() ? mlir::Value() : sizes[0]);
      if (call.has(Start)) {
        mlir::Value start = call.ir(Start);
        if (call.type(Start).element != ElementType::I64)
          start = ir.make<nn::CastOp>(loc, ir.lowerType({ElementType::I64, {}}), start);
        positions = ir.make<nn::AddOp>(loc, ir.lowerType(type), positions, start);
      }
    }
    mlir::IntegerAttr dim;
    if (call.has(Dim))
      dim = ir.builder.getI64IntegerAttr(*rotated);
    return ir.make<nn::RotaryOp>(
        loc, t, call.ir(X), positions, ir.builder.getF64FloatAttr(call.real(Base, 10000)), dim,
        nn::RotaryStyleAttr::get(ir.builder.getContext(), call.flag(Interleaved, false)
                                                              ? nn::RotaryStyle::interleaved
                                                              : nn::RotaryStyle::half));
  });
}

static Value applyEmbedding(BuiltinCall &call) {
  if (call.type(0).rank() != 2)
    return call.wrongType(0, "a matrix [count, size]");
  return call.e.gather(call.range, call.tensor(0), call.tensor(1), 0);
}

llvm::ArrayRef<Builtin> language::linearBuiltins() {
  static const BuiltinParam matmul[] = {{"a", Accepts::Tensor}, {"b", Accepts::Tensor}};
  static const BuiltinParam linear[] = {{"x", Accepts::FloatTensor},
                                        {"weight", Accepts::FloatTensor},
                                        {"bias", Accepts::FloatTensor, "None"}};
  static const BuiltinParam attention[] = {
      {"q", Accepts::FloatTensor},         {"k", Accepts::FloatTensor},
      {"v", Accepts::FloatTensor},         {"mask", Accepts::Tensor, "None"},
      {"causal", Accepts::Bool, "false"},  {"scale", Accepts::Float, "None"},
      {"window", Accepts::Int, "None"},    {"lengths", Accepts::Operand, "None"},
      {"start", Accepts::Operand, "None"}, {"blocks", Accepts::BoolTensor, "None"},
      {"block_size", Accepts::Int, "None"}};
  static const BuiltinParam rope[] = {{"x", Accepts::FloatTensor},
                                      {"positions", Accepts::IndexTensor, "None"},
                                      {"base", Accepts::Float, "10000.0"},
                                      {"dim", Accepts::Int, "None"},
                                      {"interleaved", Accepts::Bool, "false"},
                                      {"start", Accepts::Operand, "None"}};
  static const BuiltinParam embedding[] = {{"weight", Accepts::Tensor},
                                           {"ids", Accepts::IndexTensor}};
  static const Builtin rows[] = {
      {"matmul", matmul, applyMatmul},          {"linear", linear, applyLinear},
      {"attention", attention, applyAttention}, {"rope", rope, applyRope},
      {"embedding", embedding, applyEmbedding},
  };
  return rows;
}
