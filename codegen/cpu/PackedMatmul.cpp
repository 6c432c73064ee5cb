//===- PackedMatmul.cpp - linear layers and convolutions -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/MicroKernel.h"
#include "codegen/cpu/TileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

/// Rows that one pass over a panel multiplies: with a slice of the depth they stay in the second
/// cache. A multiple of every tile's height.
static constexpr int64_t largestBlock = 144;
/// The depth in slices of about this many weight rows: a slice of a panel, the next one and the
/// same columns of a block of rows are half of a second cache of 2 MiB.
static constexpr int64_t sliceTarget = 768;

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
  /// Where `height` rows from `row` on of group `group` start in `input`.
  llvm::function_ref<SmallVector<Value>(Value row, int64_t height, Value group)> rowStarts;
  /// The depth is passed in slices of `sliceDepth` weight rows, the last one possibly shorter.
  int64_t slices, sliceDepth;
  /// Runs a micro-kernel over one slice: offsets from a row's start, and weight rows.
  using Step = llvm::function_ref<SmallVector<Value>(Value count, Value inputOffset,
                                                     Value weightOffset, ValueRange accumulators)>;
  llvm::function_ref<SmallVector<Value>(Value slice, bool last, Step step, ValueRange accumulators)>
      overSlice;

  ArrayRef<int64_t> weightShape() const { return cast<MemRefType>(weight.getType()).getShape(); }
  int64_t groups() const { return weightShape()[0]; }
  int64_t panels() const { return weightShape()[1]; }
  int64_t depth() const { return weightShape()[2]; }
  int64_t panelWidth() const { return weightShape()[3]; }
  int64_t groupOutputs() const { return outputs / groups(); }
  Type element() const { return cast<MemRefType>(input.getType()).getElementType(); }

  void emit();

  /// A tile of the result: where it lies, and its place in the block.
  struct Tile {
    Value group, panel, row, rowInBlock;
    int64_t height, vectors, columns;
  };
  SmallVector<Value> multiply(const Tile &at, Value slice, bool last, ValueRange accumulators);
  SmallVector<Value> loadPartial(const Tile &at);
  void storePartial(const Tile &at, ValueRange sums);
  void finish(const Tile &at, SmallVector<Value> sums);

  Value partial = {}; // [largestBlock, panel], where there are several slices
  Value flatWeight = {};
};

} // namespace

void PackedMatmul::emit() {
  flatWeight = b.flatten(weight);
  if (slices > 1)
    partial = b.scratch({largestBlock, panelWidth()}, element());
  // Rows in blocks; at least as many items as threads.
  Value height = b.index(b.target.tileRows());
  Value tiles = b.ceilDiv(rows, height);
  int64_t items = groups() * panels();
  Value wanted = b.ceilDiv(b.threads, b.index(items));
  Value blocks = b.max(b.ceilDiv(rows, b.index(largestBlock)), b.min(tiles, wanted));
  Value perBlock = b.mul(b.ceilDiv(tiles, b.max(blocks, b.index(1))), height);
  auto [low, high] = b.share(b.mul(blocks, items));
  b.loop(low, high, 1, [&](Value item) {
    Value firstRow = b.min(b.mul(b.div(item, b.index(items)), perBlock), rows);
    Value lastRow = b.min(b.add(firstRow, perBlock), rows);
    Value which = b.rem(item, b.index(items));
    Value group = b.div(which, b.index(panels()));
    Value panel = b.rem(which, b.index(panels()));
    auto run = [&](int64_t columns) {
      int64_t vectors = llvm::divideCeil(columns, b.target.lanes);
      auto overTiles = [&](llvm::function_ref<void(const Tile &)> body) {
        forRowTiles(b, firstRow, lastRow, [&](Value row, int64_t height) {
          body({group, panel, row, b.sub(row, firstRow), height, vectors, columns});
        });
      };
      Value last = b.index(slices - 1);
      if (slices > 1) {
        b.loop(b.index(0), b.sub(lastRow, firstRow), 1, [&](Value row) {
          for (int64_t v = 0; v < vectors; ++v)
            b.storeVector(b.splat(b.vectorOf(element()), 0), partial,
                          {row, b.index(v * b.target.lanes)});
        });
        b.loop(b.index(0), last, 1, [&](Value slice) {
          overTiles([&](const Tile &at) {
            storePartial(at, multiply(at, slice, /*last=*/false, loadPartial(at)));
          });
        });
      }
      overTiles([&](const Tile &at) {
        SmallVector<Value> initial =
            slices > 1
                ? loadPartial(at)
                : SmallVector<Value>(at.height * at.vectors, b.splat(b.vectorOf(element()), 0));
        finish(at, multiply(at, last, /*last=*/true, initial));
      });
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

SmallVector<Value> PackedMatmul::loadPartial(const Tile &at) {
  SmallVector<Value> sums;
  for (int64_t r = 0; r < at.height; ++r)
    for (int64_t v = 0; v < at.vectors; ++v)
      sums.push_back(
          b.loadVector(partial, {b.add(at.rowInBlock, r), b.index(v * b.target.lanes)}, element()));
  return sums;
}

void PackedMatmul::storePartial(const Tile &at, ValueRange sums) {
  for (int64_t r = 0; r < at.height; ++r)
    for (int64_t v = 0; v < at.vectors; ++v)
      b.storeVector(sums[r * at.vectors + v], partial,
                    {b.add(at.rowInBlock, r), b.index(v * b.target.lanes)});
}

SmallVector<Value> PackedMatmul::multiply(const Tile &at, Value slice, bool last,
                                          ValueRange accumulators) {
  int64_t lanes = b.target.lanes;
  SmallVector<Value> starts = rowStarts(at.row, at.height, at.group);
  Value panelStart = b.mul(b.add(b.mul(at.group, panels()), at.panel), depth() * panelWidth());

  Value inputAt, weightAt;
  auto left = [&](int64_t r, Value k, int64_t i) {
    return b.loadScalar(input, b.add(b.add(b.add(starts[r], inputAt), k), i), element());
  };
  auto right = [&](int64_t v, Value k, int64_t i) {
    Value row = b.add(panelStart, b.mul(b.add(weightAt, k), panelWidth()));
    return b.loadVector(flatWeight, b.add(row, i * panelWidth() + v * lanes), element());
  };
  MicroKernel kernel{b, at.height, at.vectors, element(), left, right};

  // The first tile that reads a slice would wait for memory, so the tiles of the slice before ask
  // for it: one cache line every few steps, each tile its own part. What is asked for behind the
  // last panel is the next weight of the file.
  Type stored = cast<MemRefType>(weight.getType()).getElementType();
  int64_t line = 64 * 8 / stored.getIntOrFloatBitWidth();
  Value sliceStart = b.mul(slice, sliceDepth);
  int64_t parts = llvm::divideCeil(panelWidth() * MicroKernel::unrolled, line);
  Value part = b.min(b.div(at.rowInBlock, b.index(b.target.tileRows())), b.index(parts - 1));
  Value next = b.add(panelStart, b.mul(b.add(sliceStart, sliceDepth), panelWidth()));
  next = b.add(next, b.mul(part, llvm::alignTo(sliceDepth * line / MicroKernel::unrolled, line)));
  auto ahead = [&](Value k) {
    Value passed = b.add(b.sub(weightAt, sliceStart), k);
    Value at = b.add(next, b.mul(passed, line / MicroKernel::unrolled));
    memref::PrefetchOp::create(b, b.loc, flatWeight, ValueRange{at}, /*isWrite=*/false,
                               /*localityHint=*/2, /*isDataCache=*/true);
  };
  if (at.height == b.target.tileRows())
    kernel.ahead = ahead;
  auto step = [&](Value count, Value inputOffset, Value weightOffset, ValueRange accumulators) {
    inputAt = inputOffset;
    weightAt = weightOffset;
    return kernel.run(count, accumulators);
  };
  return overSlice(slice, last, step, accumulators);
}

void PackedMatmul::finish(const Tile &at, SmallVector<Value> sums) {
  int64_t lanes = b.target.lanes, vectors = at.vectors;
  Value firstColumn = b.add(b.mul(at.group, groupOutputs()), b.mul(at.panel, panelWidth()));
  auto place = [&](Value row, int64_t v) {
    Place result{row, b.add(firstColumn, v * lanes), {}};
    if (at.columns - v * lanes < lanes)
      result.mask = b.maskOf(b.index(at.columns - v * lanes));
    return result;
  };
  if (bias)
    for (int64_t v = 0; v < vectors; ++v) {
      Place first = place(at.row, v);
      Value vector = b.loadVector(bias, first.column, element(), first.mask);
      for (int64_t r = 0; r < at.height; ++r)
        sums[r * vectors + v] = b.make<arith::AddFOp>(sums[r * vectors + v], vector);
    }
  if (!tile.isHeavy()) {
    for (int64_t r = 0; r < at.height; ++r)
      for (int64_t v = 0; v < vectors; ++v) {
        Place where = place(b.add(at.row, r), v);
        tile.store(tile.emit(where, sums[r * vectors + v]), where);
      }
    return;
  }
  // Functions that need many registers would spill the accumulators: these wait in the first
  // cache.
  Value waiting = b.scratch({at.height, vectors * lanes}, element());
  for (int64_t r = 0; r < at.height; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      b.storeVector(sums[r * vectors + v], waiting, {b.index(r), b.index(v * lanes)});
  b.loop(b.index(0), b.index(at.height), 1, [&](Value r) {
    for (int64_t v = 0; v < vectors; ++v) {
      Place where = place(b.add(at.row, r), v);
      Value sum = b.loadVector(waiting, {r, b.index(v * lanes)}, element());
      tile.store(tile.emit(where, sum), where);
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
  auto rowStarts = [&](Value row, int64_t height, Value) {
    SmallVector<Value> starts;
    for (int64_t r = 0; r < height; ++r)
      starts.push_back(b.mul(b.add(row, r), depth));
    return starts;
  };
  int64_t slices = std::max<int64_t>(1, (depth + sliceTarget / 2) / sliceTarget);
  int64_t sliceDepth =
      std::max<int64_t>(1, llvm::alignTo(llvm::divideCeil(depth, slices), MicroKernel::unrolled));
  slices = std::max<int64_t>(1, llvm::divideCeil(depth, sliceDepth));
  auto overSlice = [&](Value slice, bool last, PackedMatmul::Step step, ValueRange accumulators) {
    Value start = b.mul(slice, sliceDepth);
    int64_t count = last ? depth - (slices - 1) * sliceDepth : sliceDepth;
    return step(b.index(count), start, start, accumulators);
  };
  PackedMatmul{.b = b,
               .tile = *tile,
               .rows = b.dim(rowsView, 0),
               .input = b.flatten(*input),
               .weight = grouped,
               .bias = *bias,
               .outputs = int64_t(root.getOutputs()),
               .rowStarts = rowStarts,
               .slices = slices,
               .sliceDepth = sliceDepth,
               .overSlice = overSlice}
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
               .weight = *weight,
               .bias = *bias,
               .outputs = int64_t(root.getOutputs()),
               .rowStarts = rowStarts,
               .slices = slices,
               .sliceDepth = sliceDepth,
               .overSlice = overSlice}
      .emit();
  return success();
}
