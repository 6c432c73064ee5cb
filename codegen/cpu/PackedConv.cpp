//===- PackedConv.cpp - convolutions of packed weights ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/PackedMatmul.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

LogicalResult nacre::cpu::emitPackedConv(KernelBuilder &b, nn::PackedConvOp root) {
  FailureOr<Value> input = b.buffer(root.getInput()), weight = b.buffer(root.getWeight());
  FailureOr<Value> bias = root.getBias() ? b.buffer(root.getBias()) : FailureOr<Value>(Value());
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), root.getResult());
  if (failed(input) || failed(weight) || failed(bias) || failed(tile))
    return failure();
  ArrayRef<int64_t> kernel = root.getKernel(), strides = root.getStrides(),
                    dilations = root.getDilations(), padding = root.getPadding();
  int64_t spatial = kernel.size();
  int64_t groups = root.getWeight().getType().getDimSize(0);
  int64_t depth = root.getWeight().getType().getDimSize(2);
  int64_t channels = root.getInput().getType().getShape().back();
  int64_t groupChannels = channels / groups;

  // Elements between neighbours in each input dimension.
  SmallVector<Value> inputSizes = b.dims(*input), outputSizes = b.dims(b.output);
  SmallVector<Value> inputStrides(spatial + 1);
  inputStrides[spatial] = b.index(channels);
  for (int64_t i = spatial; i-- > 0;)
    inputStrides[i] = b.mul(inputStrides[i + 1], inputSizes[i + 1]);

  auto positions = ValueRange(outputSizes).drop_back();
  Value rows = b.product(positions);
  // Of each row of a tile, where its window begins in each dimension of the image, and whether the
  // tap at hand lies inside.
  SmallVector<SmallVector<Value>> origins;
  SmallVector<Value> isInside;
  auto rowStarts = [&](Value row, int64_t height, Value group) {
    origins.assign(height, {});
    SmallVector<Value> starts, at = b.delinearize(row, positions);
    for (int64_t r = 0; r < height; ++r) {
      Value start = b.add(b.mul(at[0], inputStrides[0]), b.mul(group, groupChannels));
      // inputStrides[i + 1] is the distance of one step in spatial dimension i.
      for (int64_t i = 0; i < spatial; ++i) {
        origins[r].push_back(b.sub(b.mul(at[i + 1], strides[i]), b.index(padding[2 * i])));
        start = b.add(start, b.mul(origins[r][i], inputStrides[i + 1]));
      }
      starts.push_back(start);
      // The next position, without a division.
      Value carry = b.index(1);
      for (int64_t i = spatial + 1; i-- > 0;) {
        at[i] = b.add(at[i], carry);
        if (i == 0)
          break;
        Value wraps = b.make<arith::CmpIOp>(arith::CmpIPredicate::eq, at[i], positions[i]);
        at[i] = b.make<arith::SelectOp>(wraps, b.index(0), at[i]);
        carry = b.make<arith::IndexCastUIOp>(b.getIndexType(), wraps);
      }
    }
    return starts;
  };
  // Rows whose tap lies in the padding read zeros.
  bool isPadded = llvm::any_of(padding, [](int64_t n) { return n != 0; });
  Value flat = b.flatten(*input), zeros;
  if (isPadded) {
    int64_t lanes = b.target.lanes;
    Value line = b.scratch({int64_t(llvm::alignTo(groupChannels, lanes))}, elementIn(flat));
    Value zero = b.splat(b.vectorOf(elementIn(flat)), 0);
    b.loop(b.index(0), b.index(groupChannels), lanes,
           [&](Value at) { b.storeVector(zero, line, at); });
    auto anySize = MemRefType::get({ShapedType::kDynamic}, elementIn(flat));
    zeros = b.make<memref::CastOp>(anySize, line);
    if (flat.getType() != anySize)
      flat = b.make<memref::CastOp>(anySize, flat);
  }
  auto orZeros = [&](int64_t r, Value at) {
    if (isInside.empty())
      return std::pair(flat, at);
    return std::pair(b.make<arith::SelectOp>(isInside[r], flat, zeros),
                     b.make<arith::SelectOp>(isInside[r], at, b.index(0)));
  };
  // Where the last dimension's taps and the channels lie side by side they are one loop.
  bool merged = groups == 1 && dilations.back() == 1 && !isPadded;
  int64_t loops = merged ? spatial - 1 : spatial;
  int64_t run = groupChannels * (merged ? kernel.back() : 1);
  // A slice is one tap of the first dimension.
  bool sliced = depth > 2 * sliceTarget && loops > 0 && kernel.front() > 1;
  int64_t slices = sliced ? kernel.front() : 1, sliceDepth = depth / slices;
  // One tap, unless all rows of the tile have it in the padding.
  auto stepInside = [&](Value inputOffset, Value weightOffset, PackedMatmul::Step step,
                        ValueRange sums) -> SmallVector<Value> {
    if (isInside.empty())
      return step(b.index(run), inputOffset, weightOffset, sums);
    Value any = isInside.front();
    for (Value other : ArrayRef(isInside).drop_front())
      any = b.make<arith::OrIOp>(any, other);
    auto choice = scf::IfOp::create(b, b.loc, sums.getTypes(), any, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    scf::YieldOp::create(b, b.loc, step(b.index(run), inputOffset, weightOffset, sums));
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(b, b.loc, sums);
    return choice.getResults();
  };
  auto overSlice = [&](Value slice, bool, PackedMatmul::Step step, ValueRange accumulators) {
    std::function<SmallVector<Value>(int64_t, Value, Value, ValueRange)> nest =
        [&](int64_t i, Value inputOffset, Value weightOffset, ValueRange sums) {
          if (i == loops)
            return stepInside(inputOffset, weightOffset, step, sums);
          int64_t tapsInside = 1;
          for (int64_t j = i + 1; j < spatial; ++j)
            tapsInside *= kernel[j];
          auto atTap = [&](Value tap, ValueRange carried) {
            Value in = b.add(inputOffset, b.mul(b.mul(tap, dilations[i]), inputStrides[i + 1]));
            Value from = b.add(weightOffset, b.mul(tap, tapsInside * groupChannels));
            SmallVector<Value> outside = isInside;
            if (padding[2 * i] != 0 || padding[2 * i + 1] != 0) {
              isInside.resize(origins.size());
              for (auto [r, inside] : llvm::enumerate(isInside)) {
                Value at = b.add(origins[r][i], b.mul(tap, dilations[i]));
                Value fits =
                    b.make<arith::CmpIOp>(arith::CmpIPredicate::ult, at, inputSizes[i + 1]);
                inside = inside ? b.make<arith::AndIOp>(inside, fits) : fits;
              }
            }
            SmallVector<Value> next = nest(i + 1, in, from, carried);
            isInside = outside;
            return next;
          };
          if (i == 0 && sliced)
            return atTap(slice, sums);
          return b.loop(b.index(0), b.index(kernel[i]), 1, sums, atTap);
        };
    return nest(0, b.index(0), b.index(0), accumulators);
  };
  PackedMatmul{.b = b,
               .tile = *tile,
               .rows = rows,
               .input = flat,
               .weight = b.flatten(*weight),
               .bias = *bias,
               .outputs = int64_t(root.getOutputs()),
               .groups = groups,
               .panels = root.getWeight().getType().getDimSize(1),
               .depth = depth,
               .panelWidth = root.getWeight().getType().getDimSize(3),
               .linesAhead = 2,
               .rowStarts = rowStarts,
               .redirect = isPadded ? decltype(PackedMatmul::redirect)(orZeros) : nullptr,
               .slices = slices,
               .sliceDepth = sliceDepth,
               .overSlice = overSlice}
      .emit();
  return success();
}
