//===- Reduce.cpp - reductions and pooling ---------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/RowLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

static Value divideByCount(KernelBuilder &b, Value sum, Value count) {
  Type type = sum.getType();
  Value integer = b.make<arith::IndexCastOp>(b.getI64Type(), count);
  Type element = getElementTypeOrSelf(type);
  Value divisor;
  if (isa<FloatType>(element))
    divisor = b.make<arith::SIToFPOp>(element, integer);
  else
    divisor = element == integer.getType() ? integer : b.make<arith::TruncIOp>(element, integer);
  if (isa<VectorType>(type))
    divisor = b.broadcast(divisor);
  return isa<FloatType>(element) ? b.make<arith::DivFOp>(sum, divisor)
                                 : b.make<arith::DivSIOp>(sum, divisor);
}

/// Nested loops over `sizes`, carrying one value.
static Value overAll(KernelBuilder &b, ValueRange sizes, Value initial, SmallVector<Value> &indices,
                     llvm::function_ref<Value(ValueRange indices, Value carried)> body) {
  if (indices.size() == sizes.size())
    return body(indices, initial);
  return b.loop(b.index(0), sizes[indices.size()], 1, initial,
                [&](Value position, ValueRange carried) {
                  indices.push_back(position);
                  Value next = overAll(b, sizes, carried[0], indices, body);
                  indices.pop_back();
                  return SmallVector<Value>{next};
                })[0];
}

LogicalResult nacre::cpu::emitReduce(KernelBuilder &b, nn::ReduceOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  if (failed(input))
    return failure();
  Type element = computeType(getElementTypeOrSelf(root.getType()));
  bool real = isa<FloatType>(element);
  vector::CombiningKind kind = combiningKind(root.getKind(), real);
  Value start = neutralElement(b, root.getKind(), element);
  SmallVector<Value> sizes = b.dims(*input), keptSizes, reducedSizes;
  int64_t rank = sizes.size();
  SmallVector<int64_t> kept, reduced;
  for (int64_t i = 0; i < rank; ++i) {
    bool isReduced = llvm::is_contained(root.getAxes(), i);
    (isReduced ? reduced : kept).push_back(i);
    (isReduced ? reducedSizes : keptSizes).push_back(sizes[i]);
  }
  Value count = b.product(reducedSizes);
  bool mean = root.getKind() == nn::Reduction::mean;
  Value out = b.flatten(b.output);
  auto place = [&](ValueRange keptAt, ValueRange reducedAt) {
    SmallVector<Value> indices(rank);
    for (auto [dimension, at] : llvm::zip(kept, keptAt))
      indices[dimension] = at;
    for (auto [dimension, at] : llvm::zip(reduced, reducedAt))
      indices[dimension] = at;
    return indices;
  };

  bool lanesAreKept = !kept.empty() && kept.back() == rank - 1;
  if (lanesAreKept) {
    // Vectors run along the last dimension, which stays.
    Value rows = b.product(ValueRange(keptSizes).drop_back()), columns = keptSizes.back();
    int64_t lanes = b.target.lanes;
    Value perRow = b.ceilDiv(columns, b.index(lanes));
    auto [low, high] = b.share(b.mul(rows, perRow));
    b.loop(low, high, 1, [&](Value item) {
      Value row = b.div(item, perRow), column = b.mul(b.rem(item, perRow), lanes);
      SmallVector<Value> keptAt = b.delinearize(row, ValueRange(keptSizes).drop_back());
      keptAt.push_back(column);
      Value mask = b.maskOf(b.min(b.sub(columns, column), b.index(lanes)));
      SmallVector<Value> indices;
      Value sum =
          overAll(b, reducedSizes, b.broadcast(start), indices, [&](ValueRange at, Value carried) {
            Value x = b.loadVector(*input, place(keptAt, at), element, mask);
            return vector::makeArithReduction(b, b.loc, kind, carried, x);
          });
      if (mean)
        sum = divideByCount(b, sum, count);
      b.storeVector(sum, out, b.add(b.mul(row, columns), column), mask);
    });
    return success();
  }
  // The last dimension goes: one row of it at a time, in vectors.
  auto [low, high] = b.share(b.product(keptSizes));
  Value columns = reducedSizes.empty() ? b.index(1) : reducedSizes.back();
  b.loop(low, high, 1, [&](Value item) {
    SmallVector<Value> keptAt = b.delinearize(item, keptSizes), indices;
    Value sum;
    if (reduced.empty()) {
      sum = b.loadScalar(*input, place(keptAt, {}), element);
    } else {
      sum = overAll(b, ValueRange(reducedSizes).drop_back(), start, indices,
                    [&](ValueRange at, Value carried) {
                      return reduceColumns(b, b.index(0), columns, carried, start, kind,
                                           [&](Value column, Value mask) {
                                             SmallVector<Value> all(at.begin(), at.end());
                                             all.push_back(column);
                                             return b.loadVector(*input, place(keptAt, all),
                                                                 element, mask);
                                           });
                    });
    }
    if (mean)
      sum = divideByCount(b, sum, count);
    b.storeScalar(sum, out, item);
  });
  return success();
}

LogicalResult nacre::cpu::emitPool(KernelBuilder &b, nn::PoolOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  if (failed(input))
    return failure();
  Type element = computeType(getElementTypeOrSelf(root.getType()));
  bool max = root.getKind() == nn::PoolKind::max;
  bool channelsLast = root.getLayout() == nn::ConvLayout::channels_last;
  int64_t spatial = root.getKernel().size(), lanes = b.target.lanes;
  SmallVector<Value> inSizes = b.dims(*input), outSizes = b.dims(b.output);
  int64_t firstSpatial = channelsLast ? 1 : 2;
  // Vectors run over the channels where these are last; else one element at a time.
  SmallVector<Value> domain = outSizes;
  if (channelsLast)
    domain.back() = b.ceilDiv(outSizes.back(), b.index(lanes));
  auto [low, high] = b.share(b.product(domain));
  b.loop(low, high, 1, [&](Value item) {
    SmallVector<Value> at = b.delinearize(item, domain);
    Value mask;
    if (channelsLast) {
      at.back() = b.mul(at.back(), lanes);
      mask = b.maskOf(b.min(b.sub(outSizes.back(), at.back()), b.index(lanes)));
    }
    // The window's taps that lie in the input, [first, last) per dimension.
    SmallVector<Value> origins, counts, firsts;
    Value present = b.index(1), window = b.index(1);
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t dilation = root.getDilations()[i], kernel = root.getKernel()[i];
      int64_t before = root.getPadding()[2 * i], after = root.getPadding()[2 * i + 1];
      Value origin = b.sub(b.mul(at[firstSpatial + i], root.getStrides()[i]), b.index(before));
      Value size = inSizes[firstSpatial + i];
      Value missing = b.max(b.sub(b.index(0), origin), b.index(0));
      Value first = b.ceilDiv(missing, b.index(dilation));
      Value room = b.max(b.sub(size, origin), b.index(0));
      Value last = b.min(b.ceilDiv(room, b.index(dilation)), b.index(kernel));
      Value padded = b.max(b.sub(b.add(size, after), origin), b.index(0));
      Value withPadding = b.min(b.ceilDiv(padded, b.index(dilation)), b.index(kernel));
      Value tapCount = b.max(b.sub(last, first), b.index(0));
      origins.push_back(origin);
      firsts.push_back(first);
      counts.push_back(tapCount);
      present = b.mul(present, tapCount);
      window = b.mul(window, withPadding);
    }
    Value start = neutralElement(b, max ? nn::Reduction::max : nn::Reduction::sum, element);
    if (channelsLast)
      start = b.broadcast(start);
    SmallVector<Value> indices;
    Value sum = overAll(b, counts, start, indices, [&](ValueRange taps, Value carried) {
      SmallVector<Value> from = at;
      for (int64_t i = 0; i < spatial; ++i)
        from[firstSpatial + i] =
            b.add(origins[i], b.mul(b.add(firsts[i], taps[i]), root.getDilations()[i]));
      Value x = channelsLast ? b.loadVector(*input, from, element, mask)
                             : b.loadScalar(*input, from, element);
      auto kind = max ? vector::CombiningKind::MAXIMUMF : vector::CombiningKind::ADD;
      return vector::makeArithReduction(b, b.loc, kind, carried, x);
    });
    if (!max)
      sum = divideByCount(b, sum, root.getCountIncludePad() ? window : present);
    if (channelsLast)
      b.storeVector(sum, b.output, at, mask);
    else
      b.storeScalar(sum, b.output, at);
  });
  return success();
}
