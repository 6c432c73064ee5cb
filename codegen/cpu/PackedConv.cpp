//===- PackedConv.cpp - convolutions of packed weights ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/PackedMatmul.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

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
                    dilations = root.getDilations();
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
  auto rowStarts = [&](Value row, int64_t height, Value group) {
    SmallVector<Value> starts, at = b.delinearize(row, positions);
    for (int64_t r = 0; r < height; ++r) {
      Value start = b.add(b.mul(at[0], inputStrides[0]), b.mul(group, groupChannels));
      // inputStrides[i + 1] is the distance of one step in spatial dimension i.
      for (int64_t i = 0; i < spatial; ++i)
        start = b.add(start, b.mul(b.mul(at[i + 1], strides[i]), inputStrides[i + 1]));
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
  // Where the last dimension's taps and the channels lie side by side they are one loop.
  bool merged = groups == 1 && dilations.back() == 1;
  int64_t loops = merged ? spatial - 1 : spatial;
  int64_t run = groupChannels * (merged ? kernel.back() : 1);
  // A slice is one tap of the first dimension.
  bool sliced = depth > 2 * sliceTarget && loops > 0 && kernel.front() > 1;
  int64_t slices = sliced ? kernel.front() : 1, sliceDepth = depth / slices;
  auto overSlice = [&](Value slice, bool, PackedMatmul::Step step, ValueRange accumulators) {
    std::function<SmallVector<Value>(int64_t, Value, Value, ValueRange)> nest =
        [&](int64_t i, Value inputOffset, Value weightOffset, ValueRange sums) {
          if (i == loops)
            return step(b.index(run), inputOffset, weightOffset, sums);
          int64_t tapsInside = 1;
          for (int64_t j = i + 1; j < spatial; ++j)
            tapsInside *= kernel[j];
          auto atTap = [&](Value tap, ValueRange carried) {
            Value in = b.add(inputOffset, b.mul(b.mul(tap, dilations[i]), inputStrides[i + 1]));
            Value from = b.add(weightOffset, b.mul(tap, tapsInside * groupChannels));
            return nest(i + 1, in, from, carried);
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
               .input = b.flatten(*input),
               .weight = b.flatten(*weight),
               .bias = *bias,
               .outputs = int64_t(root.getOutputs()),
               .groups = groups,
               .panels = root.getWeight().getType().getDimSize(1),
               .depth = depth,
               .panelWidth = root.getWeight().getType().getDimSize(3),
               .linesAhead = 2,
               .rowStarts = rowStarts,
               .slices = slices,
               .sliceDepth = sliceDepth,
               .overSlice = overSlice}
      .emit();
  return success();
}
