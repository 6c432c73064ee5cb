//===- PackedMatmul.cpp - linear layers and convolutions -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/MicroKernel.h"
#include "codegen/cpu/TileEmitter.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {

/// What a linear layer and a convolution share: rows of the input, each a fixed pattern of
/// elements, times a weight packed in panels of columns.
struct PackedMatmul {
  KernelBuilder &b;
  TileEmitter &tile;
  Value rows;      // number of result rows
  Value input;     // the input as one dimension
  Value weight;    // [groups, panels, depth, panel]
  Value bias;      // [outputs] or null
  int64_t outputs; // columns of the result
  /// Where row r of group g starts in `input`.
  llvm::function_ref<Value(Value row, Value group)> rowStart;
  /// Runs a micro-kernel over the whole depth: the loops give the offset from a row's start and
  /// the weight's row.
  using Step = llvm::function_ref<SmallVector<Value>(Value low, Value high, Value inputOffset,
                                                     Value weightOffset, ValueRange accumulators)>;
  llvm::function_ref<SmallVector<Value>(Step step, ValueRange accumulators)> overDepth;

  ArrayRef<int64_t> weightShape() const { return cast<MemRefType>(weight.getType()).getShape(); }
  int64_t groups() const { return weightShape()[0]; }
  int64_t panels() const { return weightShape()[1]; }
  int64_t panelWidth() const { return weightShape()[3]; }
  int64_t groupOutputs() const { return outputs / groups(); }

  void emit();
  void emitTile(Value group, Value panel, Value row, int64_t height, int64_t columns);
};

} // namespace

void PackedMatmul::emit() {
  // Rows in blocks that stay in the second cache while every panel passes over them; at
  // least as many items as threads.
  constexpr int64_t largestBlock = 144;
  Value height = b.index(b.target.tileRows());
  Value tiles = b.ceilDiv(rows, height);
  int64_t items = groups() * panels();
  Value wanted = b.ceilDiv(b.threads, b.index(items));
  Value blocks = b.max(b.ceilDiv(rows, b.index(largestBlock)), b.min(tiles, wanted));
  Value perBlock = b.mul(b.ceilDiv(tiles, b.max(blocks, b.index(1))), height);
  auto [low, high] = b.share(b.mul(blocks, items));
  b.loop(low, high, 1, [&](Value item) {
    Value firstRow = b.mul(b.div(item, b.index(items)), perBlock);
    Value lastRow = b.min(b.add(firstRow, perBlock), rows);
    Value which = b.rem(item, b.index(items));
    Value group = b.div(which, b.index(panels()));
    Value panel = b.rem(which, b.index(panels()));
    auto run = [&](int64_t columns) {
      forRowTiles(b, b.min(firstRow, lastRow), lastRow,
                  [&](Value row, int64_t height) { emitTile(group, panel, row, height, columns); });
    };
    int64_t rest = groupOutputs() % panelWidth();
    if (rest == 0)
      return run(panelWidth());
    if (panels() > 1)
      b.onlyIf(b.less(panel, b.index(panels() - 1)), [&] { run(panelWidth()); });
    Value last = b.createOrFold<arith::CmpIOp>(b.loc, arith::CmpIPredicate::eq, panel,
                                               b.index(panels() - 1));
    b.onlyIf(last, [&] { run(rest); });
  });
}

void PackedMatmul::emitTile(Value group, Value panel, Value row, int64_t height, int64_t columns) {
  int64_t lanes = b.target.lanes;
  int64_t vectors = llvm::divideCeil(columns, lanes);
  Type element = cast<MemRefType>(input.getType()).getElementType();
  SmallVector<Value> starts;
  for (int64_t r = 0; r < height; ++r)
    starts.push_back(rowStart(b.add(row, r), group));

  Value inputAt, weightAt;
  auto left = [&](int64_t r, Value k) {
    return b.loadScalar(input, b.add(b.add(starts[r], inputAt), k), element);
  };
  auto right = [&](int64_t v, Value k) {
    return b.loadVector(weight, {group, panel, b.add(weightAt, k), b.index(v * lanes)}, element);
  };
  MicroKernel kernel{b, height, vectors, element, left, right};
  auto step = [&](Value low, Value high, Value inputOffset, Value weightOffset,
                  ValueRange accumulators) {
    inputAt = inputOffset;
    weightAt = weightOffset;
    return kernel.run(low, high, accumulators);
  };
  SmallVector<Value> sums = overDepth(step, kernel.zeros());

  Value firstColumn = b.add(b.mul(group, groupOutputs()), b.mul(panel, panelWidth()));
  auto place = [&](Value atRow, int64_t v) {
    Place result{atRow, b.add(firstColumn, v * lanes), {}};
    if (columns - v * lanes < lanes)
      result.mask = b.maskOf(b.index(columns - v * lanes));
    return result;
  };
  if (bias)
    for (int64_t v = 0; v < vectors; ++v) {
      Place at = place(row, v);
      Value vector = b.loadVector(bias, at.column, element, at.mask);
      for (int64_t r = 0; r < height; ++r)
        sums[r * vectors + v] = arith::AddFOp::create(b, b.loc, sums[r * vectors + v], vector);
    }
  if (!tile.isHeavy()) {
    for (int64_t r = 0; r < height; ++r)
      for (int64_t v = 0; v < vectors; ++v) {
        Place at = place(b.add(row, r), v);
        tile.store(tile.emit(at, sums[r * vectors + v]), at);
      }
    return;
  }
  // Functions that need many registers would spill the accumulators: these wait in the first
  // cache.
  Value waiting = b.scratch({height, vectors * lanes}, element);
  for (int64_t r = 0; r < height; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      b.storeVector(sums[r * vectors + v], waiting, {b.index(r), b.index(v * lanes)});
  b.loop(b.index(0), b.index(height), 1, [&](Value r) {
    for (int64_t v = 0; v < vectors; ++v) {
      Place at = place(b.add(row, r), v);
      Value sum = b.loadVector(waiting, {r, b.index(v * lanes)}, element);
      tile.store(tile.emit(at, sum), at);
    }
  });
}

LogicalResult nacre::cpu::emitPackedLinear(KernelBuilder &b, nn::PackedLinearOp root) {
  FailureOr<Value> input = b.buffer(root.getInput()), weight = b.buffer(root.getWeight());
  FailureOr<Value> bias = root.getBias() ? b.buffer(root.getBias()) : FailureOr<Value>(Value());
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), root.getResult());
  if (failed(input) || failed(weight) || failed(bias) || failed(tile))
    return failure();
  Value rowsView = b.toRows(*input);
  int64_t depth = root.getWeight().getType().getDimSize(1);
  auto shape = root.getWeight().getType().getShape();
  SmallVector<OpFoldResult> sizes = {b.getIndexAttr(1)};
  for (int64_t size : shape)
    sizes.push_back(b.getIndexAttr(size));
  Value grouped = memref::ExpandShapeOp::create(
      b, b.loc, ArrayRef<int64_t>{1, shape[0], shape[1], shape[2]}, *weight,
      ArrayRef<ReassociationIndices>{{0, 1}, {2}, {3}}, sizes);
  auto rowStart = [&](Value row, Value) { return b.mul(row, depth); };
  auto overDepth = [&](PackedMatmul::Step step, ValueRange accumulators) {
    return step(b.index(0), b.index(depth), b.index(0), b.index(0), accumulators);
  };
  PackedMatmul{b,        *tile, b.dim(rowsView, 0),         b.flatten(*input),
               grouped,  *bias, int64_t(root.getOutputs()), rowStart,
               overDepth}
      .emit();
  return success();
}

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
  int64_t channels = root.getInput().getType().getShape().back();
  int64_t groupChannels = channels / groups;

  // Elements between neighbours in each input dimension.
  SmallVector<Value> inputSizes = b.dims(*input), outputSizes = b.dims(b.output);
  SmallVector<Value> inputStrides(spatial + 1);
  inputStrides[spatial] = b.index(channels);
  for (int64_t i = spatial; i-- > 0;)
    inputStrides[i] = b.mul(inputStrides[i + 1], inputSizes[i + 1]);

  Value rows = b.product(ValueRange(outputSizes).drop_back());
  auto rowStart = [&](Value row, Value group) {
    SmallVector<Value> at = b.delinearize(row, ValueRange(outputSizes).drop_back());
    Value start = b.add(b.mul(at[0], inputStrides[0]), b.mul(group, groupChannels));
    // inputStrides[i + 1] is the distance of one step in spatial dimension i.
    for (int64_t i = 0; i < spatial; ++i)
      start = b.add(start, b.mul(b.mul(at[i + 1], strides[i]), inputStrides[i + 1]));
    return start;
  };
  // Where the last dimension's taps and the channels lie side by side they are one loop.
  bool merged = groups == 1 && dilations.back() == 1;
  int64_t loops = merged ? spatial - 1 : spatial;
  int64_t run = groupChannels * (merged ? kernel.back() : 1);
  auto overDepth = [&](PackedMatmul::Step step, ValueRange accumulators) {
    std::function<SmallVector<Value>(int64_t, Value, Value, ValueRange)> nest =
        [&](int64_t i, Value inputOffset, Value weightOffset, ValueRange sums) {
          if (i == loops)
            return step(b.index(0), b.index(run), inputOffset, weightOffset, sums);
          int64_t tapsInside = 1;
          for (int64_t j = i + 1; j < spatial; ++j)
            tapsInside *= kernel[j];
          return b.loop(
              b.index(0), b.index(kernel[i]), 1, sums, [&](Value tap, ValueRange carried) {
                Value in = b.add(inputOffset, b.mul(b.mul(tap, dilations[i]), inputStrides[i + 1]));
                Value from = b.add(weightOffset, b.mul(tap, tapsInside * groupChannels));
                return nest(i + 1, in, from, carried);
              });
        };
    return nest(0, b.index(0), b.index(0), accumulators);
  };
  PackedMatmul{
      b,        *tile,    rows, b.flatten(*input), *weight, *bias, int64_t(root.getOutputs()),
      rowStart, overDepth}
      .emit();
  return success();
}
