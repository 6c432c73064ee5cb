//===- DataMovement.cpp - gather, concat, pad, pack, rotary, iota ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/RowLoops.h"
#include "codegen/cpu/VectorFunctions.h"
#include "codegen/cpu/VectorMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

/// Runs `body(indices of the leading dimensions)` for this thread's rows of a buffer.
static void overRows(KernelBuilder &b, ValueRange sizes,
                     llvm::function_ref<void(ValueRange)> body) {
  ValueRange leading = sizes.empty() ? sizes : sizes.drop_back();
  auto [low, high] = b.share(b.product(leading));
  b.loop(low, high, 1, [&](Value row) { body(b.delinearize(row, leading)); });
}

LogicalResult nacre::cpu::emitGather(KernelBuilder &b, nn::GatherOp root) {
  FailureOr<Value> data = b.buffer(root.getData()), indices = b.buffer(root.getIndices());
  if (failed(data) || failed(indices))
    return failure();
  // data as [before, axis, after], the result as [before, indices, after].
  int64_t axis = root.getAxis();
  Type element = elementIn(b.output);
  SmallVector<Value> sizes = b.dims(*data);
  Value before = b.product(ValueRange(sizes).take_front(axis));
  Value after = b.product(ValueRange(sizes).drop_front(axis + 1));
  Value places = b.product(b.dims(*indices));
  Value flatIndices = b.flatten(*indices), out = b.flatten(b.output), in = b.flatten(*data);
  auto [low, high] = b.share(b.mul(before, places));
  b.loop(low, high, 1, [&](Value item) {
    Value raw =
        b.loadScalar(flatIndices, b.rem(item, places), getElementTypeOrSelf(root.getIndices()));
    Value at = clampIndex(b, raw, sizes[axis]);
    Value from = b.mul(b.add(b.mul(b.div(item, places), sizes[axis]), at), after);
    Value to = b.mul(item, after);
    overColumns(b, b.index(0), after, [&](Value column, Value mask) {
      Value x = b.loadVector(in, b.add(from, column), element, mask);
      b.storeVector(x, out, b.add(to, column), mask);
    });
  });
  return success();
}

LogicalResult nacre::cpu::emitConcat(KernelBuilder &b, tensor::ConcatOp root) {
  int64_t dimension = root.getDim();
  Type element = elementIn(b.output);
  Value offset = b.index(0);
  for (Value tensor : root.getInputs()) {
    FailureOr<Value> input = b.buffer(tensor);
    if (failed(input))
      return failure();
    SmallVector<Value> sizes = b.dims(*input);
    overRows(b, sizes, [&](ValueRange at) {
      overColumns(b, b.index(0), sizes.back(), [&](Value column, Value mask) {
        SmallVector<Value> from(at), to(at);
        from.push_back(column);
        to.push_back(column);
        to[dimension] = b.add(to[dimension], offset);
        b.storeVector(b.loadVector(*input, from, element, mask), b.output, to, mask);
      });
    });
    offset = b.add(offset, sizes[dimension]);
  }
  return success();
}

/// A constant of a tensor's element type as what buffers hold: bools as bytes, bf16 as i16.
static TypedAttr storedConstant(Attribute value, Type element) {
  if (cast<TypedAttr>(value).getType() == element)
    return cast<TypedAttr>(value);
  APInt bits = isa<FloatAttr>(value) ? cast<FloatAttr>(value).getValue().bitcastToAPInt()
                                     : cast<IntegerAttr>(value).getValue();
  return IntegerAttr::get(element, bits.zext(element.getIntOrFloatBitWidth()));
}

LogicalResult nacre::cpu::emitPad(KernelBuilder &b, nn::PadOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  if (failed(input))
    return failure();
  Type element = elementIn(b.output);
  SmallVector<Value> inSizes = b.dims(*input), outSizes = b.dims(b.output);
  Value wide = b.broadcast(b.make<arith::ConstantOp>(storedConstant(root.getValueAttr(), element)));
  overRows(b, outSizes, [&](ValueRange at) {
    auto fill = [&](Value low, Value high) {
      overColumns(b, low, high, [&](Value column, Value mask) {
        SmallVector<Value> to(at);
        to.push_back(column);
        b.storeVector(wide, b.output, to, mask);
      });
    };
    // A row of the result lies in the input where all its leading indices do.
    SmallVector<Value> from;
    Value inside = b.make<arith::ConstantOp>(b.getBoolAttr(true));
    for (auto [i, index] : llvm::enumerate(at)) {
      Value shifted = b.sub(index, b.index(root.getLow()[i]));
      from.push_back(shifted);
      Value fits = b.make<arith::CmpIOp>(arith::CmpIPredicate::ult, shifted, inSizes[i]);
      inside = b.make<arith::AndIOp>(inside, fits);
    }
    auto choice = scf::IfOp::create(b, b.loc, inside, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    Value first = b.index(root.getLow().back());
    fill(b.index(0), first);
    overColumns(b, b.index(0), inSizes.back(), [&](Value column, Value mask) {
      SmallVector<Value> source(from), to(at);
      source.push_back(column);
      to.push_back(b.add(column, first));
      b.storeVector(b.loadVector(*input, source, element, mask), b.output, to, mask);
    });
    fill(b.add(first, inSizes.back()), outSizes.back());
    b.setInsertionPointToStart(choice.elseBlock());
    fill(b.index(0), outSizes.back());
  });
  return success();
}

LogicalResult nacre::cpu::emitRotary(KernelBuilder &b, nn::RotaryOp root) {
  FailureOr<Value> input = b.buffer(root.getInput()), positions = b.buffer(root.getPositions());
  if (failed(input) || failed(positions))
    return failure();
  Type real = computeType(getElementTypeOrSelf(root.getType()));
  SmallVector<Value> sizes = b.dims(*input);
  int64_t depth = root.getInput().getType().getShape().back();
  int64_t rotated = root.getDim().value_or(depth), pairs = rotated / 2;
  bool half = root.getStyle() == nn::RotaryStyle::half;
  // Rounded once: an error of a frequency grows with the position.
  Value frequencies = b.scratch({pairs}, real);
  b.loop(b.index(0), b.index(pairs), 1, [&](Value pair) {
    Type f64 = b.getF64Type();
    Value number = b.make<arith::SIToFPOp>(f64, b.make<arith::IndexCastOp>(b.getI64Type(), pair));
    Value step = b.splat(f64, -2.0 * std::log(root.getBase().convertToDouble()) / double(rotated));
    Value frequency = b.make<math::ExpOp>(b.make<arith::MulFOp>(number, step));
    b.storeScalar(frequency, frequencies, pair);
  });
  // Of pairs that lie side by side the elements are taken one by one.
  Value cosines = half ? Value() : b.scratch({pairs}, real);
  Value sines = half ? Value() : b.scratch({pairs}, real);
  overRows(b, sizes, [&](ValueRange at) {
    SmallVector<Value> where;
    if (root.getPositions().getType().getRank() == 2)
      where.push_back(at.front());
    where.push_back(at.back());
    Value raw = b.loadScalar(*positions, where, getElementTypeOrSelf(root.getPositions()));
    Value position = b.broadcast(b.make<arith::SIToFPOp>(real, raw));
    auto element = [&](Value column) {
      SmallVector<Value> indices(at);
      indices.push_back(column);
      return indices;
    };
    overColumns(b, b.index(0), b.index(pairs), [&](Value pair, Value mask) {
      VectorArithmetic e{b, b.vectorOf(real)};
      Value angle = e.mul(position, b.loadVector(frequencies, pair, real, mask));
      Value cosine = e.isF32() ? emitCos(b, angle) : b.make<math::CosOp>(angle);
      Value sine = e.isF32() ? emitSin(b, angle) : b.make<math::SinOp>(angle);
      if (!half) {
        b.storeVector(cosine, cosines, pair, mask);
        b.storeVector(sine, sines, pair, mask);
        return;
      }
      Value second = b.add(pair, pairs);
      Value x = b.loadVector(*input, element(pair), real, mask);
      Value y = b.loadVector(*input, element(second), real, mask);
      Value left = e.sub(e.mul(x, cosine), e.mul(y, sine));
      Value right = e.add(e.mul(y, cosine), e.mul(x, sine));
      b.storeVector(left, b.output, element(pair), mask);
      b.storeVector(right, b.output, element(second), mask);
    });
    if (!half) {
      VectorArithmetic e{b, real};
      b.loop(b.index(0), b.index(pairs), 1, [&](Value pair) {
        Value cosine = b.loadScalar(cosines, pair, real), sine = b.loadScalar(sines, pair, real);
        Value first = b.mul(pair, 2), second = b.add(first, 1);
        Value x = b.loadScalar(*input, element(first), real);
        Value y = b.loadScalar(*input, element(second), real);
        Value left = e.sub(e.mul(x, cosine), e.mul(y, sine));
        Value right = e.add(e.mul(y, cosine), e.mul(x, sine));
        b.storeScalar(left, b.output, element(first));
        b.storeScalar(right, b.output, element(second));
      });
    }
    Type stored = elementIn(b.output);
    overColumns(b, b.index(rotated), b.index(depth), [&](Value column, Value mask) {
      Value rest = b.loadVector(*input, element(column), stored, mask);
      b.storeVector(rest, b.output, element(column), mask);
    });
  });
  return success();
}

LogicalResult nacre::cpu::emitPack(KernelBuilder &b, nn::PackOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  if (failed(input))
    return failure();
  // [..., N, K], seen as [..., K, N], becomes [..., P, K, panel].
  int64_t rank = root.getInput().getType().getRank(), panel = root.getPanel();
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(order[rank - 1], order[rank - 2]);
  Value columns = b.make<memref::TransposeOp>(
      *input, AffineMapAttr::get(AffineMap::getPermutationMap(order, b.getContext())));
  Type element = elementIn(b.output);
  Value width = b.dim(columns, rank - 1), zero = b.broadcast(b.splat(element, 0));
  overRows(b, b.dims(b.output), [&](ValueRange at) {
    // at: the leading dimensions, the panel and k.
    Value first = b.mul(at[rank - 2], panel);
    Value present = b.min(b.sub(width, first), b.index(panel));
    overColumns(b, b.index(0), present, [&](Value column, Value mask) {
      SmallVector<Value> from(at.take_front(rank - 2)), to(at);
      from.append({at[rank - 1], b.add(first, column)});
      to.push_back(column);
      b.storeVector(b.loadVector(columns, from, element, mask), b.output, to, mask);
    });
    overColumns(b, present, b.index(panel), [&](Value column, Value mask) {
      SmallVector<Value> to(at);
      to.push_back(column);
      b.storeVector(zero, b.output, to, mask);
    });
  });
  return success();
}

LogicalResult nacre::cpu::emitIota(KernelBuilder &b, nn::IotaOp root) {
  Type element = getElementTypeOrSelf(root.getType());
  auto [low, high] = b.share(b.dim(b.output, 0));
  b.loop(low, high, 1, [&](Value i) {
    Value number = b.make<arith::IndexCastOp>(b.getI64Type(), i);
    if (isa<FloatType>(element))
      number = emitNumber(b, number, element);
    else if (element.getIntOrFloatBitWidth() < 64)
      number = b.make<arith::TruncIOp>(elementIn(b.output), number);
    b.storeScalar(number, b.output, i);
  });
  return success();
}
