//===- PackedLinear.cpp - linear layers of packed weights ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/PackedMatmul.h"
#include "dialects/nn/Int8.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

LogicalResult nacre::cpu::emitPackedLinear(KernelBuilder &b, nn::PackedLinearOp root) {
  FailureOr<Value> input = b.buffer(root.getInput()), weight = b.buffer(root.getWeight());
  FailureOr<Value> bias = root.getBias() ? b.buffer(root.getBias()) : FailureOr<Value>(Value());
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), root.getResult());
  if (failed(input) || failed(weight) || failed(bias) || failed(tile))
    return failure();
  auto shape = root.getWeight().getType().getShape();
  int64_t depth = shape[1];
  auto rowStarts = [&](Value row, int64_t height, Value) {
    SmallVector<Value> starts;
    for (int64_t r = 0; r < height; ++r)
      starts.push_back(b.mul(b.add(row, r), depth));
    return starts;
  };
  // Of a narrow weight a slice is in the cache twice.
  bool narrow = getElementTypeOrSelf(root.getWeight()) != getElementTypeOrSelf(root.getInput());
  DepthSlices slices(depth, narrow ? sliceTarget / 2 : sliceTarget);
  auto overSlice = [&](Value slice, bool last, PackedMatmul::Step step, ValueRange accumulators) {
    return slices.run(b, slice, last, step, accumulators);
  };
  PackedMatmul{.b = b,
               .tile = *tile,
               .rows = b.dim(b.toRows(*input), 0),
               .input = b.flatten(*input),
               .weight = b.flatten(*weight),
               .bias = *bias,
               .outputs = int64_t(root.getOutputs()),
               .groups = 1,
               .panels = shape[0],
               .depth = depth,
               .panelWidth = shape[2],
               .rowStarts = rowStarts,
               .slices = slices.count,
               .sliceDepth = slices.length,
               .overSlice = overSlice}
      .emit();
  return success();
}

/// sum + the products of four unsigned bytes of each lane of `rows` and four signed ones of
/// `columns`; all are vectors of i32.
static Value multiplyBytes(KernelBuilder &b, Value rows, Value columns, Value sum) {
  auto type = cast<VectorType>(sum.getType());
  if (b.target.int8Dot) {
    int64_t lanes = type.getDimSize(0);
    auto bytes = VectorType::get({lanes * 4}, b.getI8Type());
    auto name = b.getStringAttr("llvm.x86.avx512.vpdpbusd." + Twine(lanes * 32));
    return LLVM::CallIntrinsicOp::create(b, b.loc, type, name,
                                         ValueRange{sum, b.make<vector::BitCastOp>(bytes, rows),
                                                    b.make<vector::BitCastOp>(bytes, columns)})
        .getResults();
  }
  for (int64_t i = 0; i < 4; ++i) {
    // Byte i to the top, and down again with its sign or with zeros.
    Value up = b.splat(type, 24 - 8 * i), down = b.splat(type, 24);
    Value x = b.make<arith::ShRUIOp>(b.make<arith::ShLIOp>(rows, up), down);
    Value w = b.make<arith::ShRSIOp>(b.make<arith::ShLIOp>(columns, up), down);
    sum = b.make<arith::AddIOp>(sum, b.make<arith::MulIOp>(x, w));
  }
  return sum;
}

LogicalResult nacre::cpu::emitPackedLinearInt8(KernelBuilder &b, nn::PackedLinearInt8Op root) {
  FailureOr<Value> input = b.buffer(root.getInput()), weight = b.buffer(root.getWeight());
  FailureOr<Value> bias = root.getBias() ? b.buffer(root.getBias()) : FailureOr<Value>(Value());
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), root.getResult());
  if (failed(input) || failed(weight) || failed(bias) || failed(tile))
    return failure();
  // Rows and panels are seen as 32-bit numbers, four depths in each.
  auto asWords = [&](Value buffer) -> Value {
    Value bytes = b.flatten(buffer);
    return memref::ViewOp::create(b, b.loc, MemRefType::get({ShapedType::kDynamic}, b.getI32Type()),
                                  bytes, b.index(0), b.div(b.dim(bytes, 0), b.index(4)));
  };
  int64_t lanes = b.target.lanes, width = root.getPanel();
  int64_t depth = llvm::divideCeil(root.getDepth(), 4), stride = depth + 2;
  Value rows = asWords(*input), words = asWords(*weight);
  auto rowStarts = [&](Value row, int64_t height, Value) {
    SmallVector<Value> starts;
    for (int64_t r = 0; r < height; ++r)
      starts.push_back(b.mul(b.add(row, r), stride));
    return starts;
  };
  DepthSlices slices(depth, sliceTarget);
  auto overSlice = [&](Value slice, bool last, PackedMatmul::Step step, ValueRange accumulators) {
    return slices.run(b, slice, last, step, accumulators);
  };
  auto multiplyAdd = [&](Value scalar, Value vector, Value sum) {
    return multiplyBytes(b, scalar, vector, sum);
  };
  PackedMatmul matmul{.b = b,
                      .tile = *tile,
                      .rows = b.dim(b.toRows(*input), 0),
                      .input = rows,
                      .weight = words,
                      .bias = *bias,
                      .outputs = int64_t(root.getOutputs()),
                      .groups = 1,
                      .panels = root.getWeight().getType().getDimSize(0),
                      .depth = depth,
                      .panelWidth = width,
                      .header = 2 * width,
                      .rowStarts = rowStarts,
                      .slices = slices.count,
                      .sliceDepth = slices.length,
                      .overSlice = overSlice,
                      .multiplyAdd = multiplyAdd};
  // (sum - row's zero * column's sum) * column's scale * row's scale, with the panel's header.
  auto scale = [&](const PackedMatmul::Tile &at, MutableArrayRef<Value> sums) {
    Type f32 = b.getF32Type(), i32 = b.getI32Type();
    VectorType reals = b.vectorOf(f32);
    Value panel = b.add(matmul.panelStart(at.group, at.panel), at.column);
    SmallVector<Value> starts = rowStarts(at.row, at.height, at.group);
    SmallVector<Value> scales, zeros;
    for (Value start : starts) {
      Value word = b.loadScalar(rows, b.add(start, depth), i32);
      scales.push_back(b.broadcast(b.make<arith::BitcastOp>(f32, word)));
      zeros.push_back(b.broadcast(b.loadScalar(rows, b.add(start, depth + 1), i32)));
    }
    for (int64_t v = 0; v < at.vectors; ++v) {
      Value bits = b.loadVector(words, b.add(panel, v * lanes), i32);
      Value columnScale = b.make<vector::BitCastOp>(reals, bits);
      Value columnSum = b.loadVector(words, b.add(panel, width + v * lanes), i32);
      for (int64_t r = 0; r < at.height; ++r) {
        Value &sum = sums[r * at.vectors + v];
        Value excess = b.make<arith::MulIOp>(zeros[r], columnSum);
        Value exact = b.make<arith::SIToFPOp>(reals, b.make<arith::SubIOp>(sum, excess));
        sum = b.make<arith::MulFOp>(exact, b.make<arith::MulFOp>(columnScale, scales[r]));
      }
    }
  };
  matmul.scale = scale;
  matmul.emit();
  return success();
}
