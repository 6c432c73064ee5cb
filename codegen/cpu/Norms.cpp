//===- Norms.cpp - softmax and normalisation, row by row -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/RowLoops.h"
#include "codegen/cpu/TileEmitter.h"
#include "codegen/cpu/VectorFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

static Value toFloat(KernelBuilder &b, Type real, Value size) {
  Value integer = b.make<arith::IndexCastOp>(b.getI64Type(), size);
  return b.make<arith::SIToFPOp>(real, integer);
}

/// 1 / sqrt(sum / count + epsilon)
static Value inverseDeviation(KernelBuilder &b, Value sum, Value count, double epsilon) {
  Value variance = b.make<arith::DivFOp>(sum, count);
  Value shifted = b.make<arith::AddFOp>(variance, b.splat(sum.getType(), epsilon));
  return b.make<arith::DivFOp>(b.splat(sum.getType(), 1), b.make<math::SqrtOp>(shifted));
}

/// Runs `body(row)` for this thread's rows of `rows`.
static void overRows(KernelBuilder &b, Value rows, llvm::function_ref<void(Value)> body) {
  auto [low, high] = b.share(rows);
  b.loop(low, high, 1, body);
}

LogicalResult nacre::cpu::emitSoftmax(KernelBuilder &b, nn::SoftmaxOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), root.getResult());
  if (failed(input) || failed(tile))
    return failure();
  Value in = b.toRows(*input), out = b.toRows(b.output), columns = b.dim(in, 1);
  Type real = getElementTypeOrSelf(root.getType());
  overRows(b, b.dim(in, 0), [&](Value at) {
    auto load = [&](Value column, Value mask) {
      return b.loadVector(in, {at, column}, real, mask);
    };
    Value smallest = b.splat(real, -std::numeric_limits<double>::infinity());
    Value largest = reduceColumns(b, b.index(0), columns, smallest, smallest,
                                  vector::CombiningKind::MAXIMUMF, load);
    Value wide = b.broadcast(largest);
    auto shifted = [&](Value column, Value mask) {
      return b.make<arith::SubFOp>(load(column, mask), wide);
    };
    Value zero = b.splat(real, 0);
    Value sum = reduceColumns(b, b.index(0), columns, zero, zero, vector::CombiningKind::ADD,
                              [&](Value column, Value mask) {
                                Value e = emitExp(b, shifted(column, mask));
                                b.storeVector(e, out, {at, column}, mask);
                                return e;
                              });
    Value scale = b.broadcast(b.make<arith::DivFOp>(b.splat(real, 1), sum));
    overColumns(b, b.index(0), columns, [&](Value column, Value mask) {
      Place place{at, column, mask};
      Value e = b.loadVector(out, {at, column}, real, mask);
      tile->store(tile->emit(place, b.make<arith::MulFOp>(e, scale)), place);
    });
  });
  return success();
}

/// (x - mean) * inverse [* scale] [+ bias], stored through the tile.
static LogicalResult emitRowNorm(KernelBuilder &b, Operation *root, Value inputTensor,
                                 Value scaleTensor, Value biasTensor, int64_t normalizedDims,
                                 double epsilon, bool centered) {
  FailureOr<Value> input = b.buffer(inputTensor);
  FailureOr<Value> scale = scaleTensor ? b.buffer(scaleTensor) : FailureOr<Value>(Value());
  FailureOr<Value> bias = biasTensor ? b.buffer(biasTensor) : FailureOr<Value>(Value());
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), root->getResult(0));
  if (failed(input) || failed(scale) || failed(bias) || failed(tile))
    return failure();
  Type real = getElementTypeOrSelf(root->getResult(0).getType());
  SmallVector<Value> sizes = b.dims(*input);
  Value rows = b.product(ValueRange(sizes).drop_back(normalizedDims));
  Value columns = b.product(ValueRange(sizes).take_back(normalizedDims));
  Value flatIn = b.flatten(*input), flatOut = b.flatten(b.output);
  Value flatScale = *scale ? b.flatten(*scale) : Value();
  Value flatBias = *bias ? b.flatten(*bias) : Value();
  Value count = toFloat(b, real, columns), zero = b.splat(real, 0);
  overRows(b, rows, [&](Value at) {
    Value start = b.mul(at, columns), end = b.add(start, columns);
    auto load = [&](Value position, Value mask) {
      return b.loadVector(flatIn, position, real, mask);
    };
    auto sumOf = [&](llvm::function_ref<Value(Value)> of) {
      return reduceColumns(b, start, end, zero, zero, vector::CombiningKind::ADD,
                           [&](Value position, Value mask) { return of(load(position, mask)); });
    };
    Value mean;
    if (centered) {
      Value sum = sumOf([](Value x) { return x; });
      mean = b.broadcast(b.make<arith::DivFOp>(sum, count));
    }
    auto center = [&](Value x) { return centered ? b.make<arith::SubFOp>(x, mean) : x; };
    Value squares = sumOf([&](Value x) {
      Value away = center(x);
      return b.make<arith::MulFOp>(away, away);
    });
    Value inverse = b.broadcast(inverseDeviation(b, squares, count, epsilon));
    overColumns(b, b.index(0), columns, [&](Value column, Value mask) {
      Value position = b.add(start, column);
      Value y = b.make<arith::MulFOp>(center(load(position, mask)), inverse);
      if (flatScale && flatBias)
        y = b.fma(y, b.loadVector(flatScale, column, real, mask),
                  b.loadVector(flatBias, column, real, mask));
      else if (flatScale)
        y = b.make<arith::MulFOp>(y, b.loadVector(flatScale, column, real, mask));
      else if (flatBias)
        y = b.make<arith::AddFOp>(y, b.loadVector(flatBias, column, real, mask));
      if (tile->isIdentity())
        return b.storeVector(y, flatOut, position, mask);
      Place place{at, column, mask};
      tile->store(tile->emit(place, y), place);
    });
  });
  return success();
}

LogicalResult nacre::cpu::emitLayerNorm(KernelBuilder &b, nn::LayerNormOp root) {
  return emitRowNorm(b, root, root.getInput(), root.getScale(), root.getBias(),
                     root.getNormalizedDims(), root.getEpsilon().convertToDouble(),
                     /*centered=*/true);
}

LogicalResult nacre::cpu::emitRmsNorm(KernelBuilder &b, nn::RmsNormOp root) {
  return emitRowNorm(b, root, root.getInput(), root.getScale(), Value(), 1,
                     root.getEpsilon().convertToDouble(), /*centered=*/false);
}

LogicalResult nacre::cpu::emitGroupNorm(KernelBuilder &b, nn::GroupNormOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  FailureOr<Value> scale = root.getScale() ? b.buffer(root.getScale()) : FailureOr<Value>(Value());
  FailureOr<Value> bias = root.getBias() ? b.buffer(root.getBias()) : FailureOr<Value>(Value());
  if (failed(input) || failed(scale) || failed(bias))
    return failure();
  Type real = getElementTypeOrSelf(root.getType());
  int64_t groups = root.getGroups(), channels = root.getInput().getType().getDimSize(1);
  int64_t perGroup = channels / groups;
  SmallVector<Value> sizes = b.dims(*input);
  Value spatial = b.product(ValueRange(sizes).drop_front(2));
  Value columns = b.mul(spatial, perGroup);
  Value in = b.flatten(*input), out = b.flatten(b.output);
  Value count = toFloat(b, real, columns), zero = b.splat(real, 0);
  overRows(b, b.mul(sizes[0], groups), [&](Value at) {
    Value start = b.mul(at, columns), end = b.add(start, columns);
    auto sumOf = [&](llvm::function_ref<Value(Value)> of) {
      return reduceColumns(
          b, start, end, zero, zero, vector::CombiningKind::ADD,
          [&](Value position, Value mask) { return of(b.loadVector(in, position, real, mask)); });
    };
    Value mean = b.make<arith::DivFOp>(sumOf([](Value x) { return x; }), count);
    Value wideMean = b.broadcast(mean);
    Value squares = sumOf([&](Value x) {
      Value away = b.make<arith::SubFOp>(x, wideMean);
      return b.make<arith::MulFOp>(away, away);
    });
    Value inverse = inverseDeviation(b, squares, count, root.getEpsilon().convertToDouble());
    Value firstChannel = b.mul(b.rem(at, b.index(groups)), perGroup);
    b.loop(b.index(0), b.index(perGroup), 1, [&](Value channel) {
      Value which = b.add(firstChannel, channel);
      Value factor = inverse;
      if (*scale)
        factor = b.make<arith::MulFOp>(inverse, b.loadScalar(*scale, which, real));
      Value wide = b.broadcast(factor);
      Value shift = b.broadcast(*bias ? b.loadScalar(*bias, which, real) : zero);
      Value low = b.add(start, b.mul(channel, spatial));
      overColumns(b, low, b.add(low, spatial), [&](Value position, Value mask) {
        Value x = b.loadVector(in, position, real, mask);
        Value y = b.fma(b.make<arith::SubFOp>(x, wideMean), wide, shift);
        b.storeVector(y, out, position, mask);
      });
    });
  });
  return success();
}
