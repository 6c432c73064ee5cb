//===- PackedMatmul.cpp - rows times packed weights ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/PackedMatmul.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

void PackedMatmul::emit() {
  if (slices > 1)
    partial = b.scratch({largestBlock, stripWidth()}, element());
  Value slice;
  if (widenSlice || (stored() != element() && sliceDepth * stripWidth() <= largestWideSlice))
    slice = b.scratch({sliceDepth * stripWidth()}, element());
  // Rows in blocks; at least as many items as threads.
  Value height = b.index(b.target.tileRows());
  Value tiles = b.ceilDiv(rows, height);
  int64_t items = groups * strips();
  Value wanted = b.ceilDiv(b.threads, b.index(items));
  Value blocks = b.max(b.ceilDiv(rows, b.index(largestBlock)), b.min(tiles, wanted));
  Value perBlock = b.mul(b.ceilDiv(tiles, b.max(blocks, b.index(1))), height);
  auto [low, high] = b.share(b.mul(blocks, items));
  b.loop(low, high, 1, [&](Value item) {
    Value firstRow = b.min(b.mul(b.div(item, b.index(items)), perBlock), rows);
    Value lastRow = b.min(b.add(firstRow, perBlock), rows);
    Value which = b.rem(item, b.index(items));
    Value group = b.div(which, b.index(strips()));
    Value strip = b.rem(which, b.index(strips()));
    Value panel = b.div(strip, b.index(stripsPerPanel()));
    Value column = b.mul(b.rem(strip, b.index(stripsPerPanel())), stripWidth());
    auto overSlices = [&](int64_t columns) {
      int64_t vectors = llvm::divideCeil(columns, b.target.lanes);
      auto overTiles = [&](llvm::function_ref<void(const Tile &)> body) {
        forRowTiles(b, firstRow, lastRow, [&](Value row, int64_t height) {
          body({group, panel, column, row, b.sub(row, firstRow), height, vectors, columns});
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
          widen(group, panel, column, slice);
          overTiles([&](const Tile &at) {
            storePartial(at, multiply(at, slice, /*last=*/false, loadPartial(at)));
          });
        });
      }
      widen(group, panel, column, last);
      overTiles([&](const Tile &at) {
        SmallVector<Value> initial =
            slices > 1
                ? loadPartial(at)
                : SmallVector<Value>(at.height * at.vectors, b.splat(b.vectorOf(element()), 0));
        finish(at, multiply(at, last, /*last=*/true, initial));
      });
    };
    // Each tile would widen a narrow weight again: with more than a few of them it is done once.
    auto run = [&](int64_t columns) {
      if (!slice)
        return overSlices(columns);
      if (widenSlice) {
        wide = slice;
        overSlices(columns);
        wide = {};
        return;
      }
      Value few = b.less(b.sub(lastRow, firstRow), b.index(2 * b.target.tileRows() + 1));
      auto choice = scf::IfOp::create(b, b.loc, few, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(choice.thenBlock());
      overSlices(columns);
      b.setInsertionPointToStart(choice.elseBlock());
      wide = slice;
      overSlices(columns);
      wide = {};
    };
    int64_t rest = groupOutputs() % stripWidth();
    if (rest == 0)
      return run(stripWidth());
    if (strips() > 1)
      b.onlyIf(b.less(strip, b.index(strips() - 1)), [&] { run(stripWidth()); });
    Value last = b.createOrFold<arith::CmpIOp>(b.loc, arith::CmpIPredicate::eq, strip,
                                               b.index(strips() - 1));
    b.onlyIf(last, [&] { run(rest); });
  });
}

void PackedMatmul::widen(Value group, Value panel, Value column, Value slice) {
  if (!wide)
    return;
  Value firstRow = b.mul(slice, sliceDepth);
  Value from =
      b.add(b.add(b.add(panelStart(group, panel), header), column), b.mul(firstRow, panelWidth));
  Value count = b.min(b.index(sliceDepth), b.sub(b.index(depth), firstRow));
  if (widenSlice)
    return widenSlice(panel, column, firstRow, count, wide);
  b.loop(b.index(0), count, 1, [&](Value row) {
    for (int64_t v = 0; v < stripWidth(); v += b.target.lanes)
      b.storeVector(b.loadVector(weight, b.add(b.add(from, b.mul(row, panelWidth)), v), element()),
                    wide, b.add(b.mul(row, stripWidth()), v));
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
  Value firstRow = b.add(b.add(panelStart(at.group, at.panel), header), at.column);
  Value sliceStart = b.mul(slice, sliceDepth);

  SmallVector<std::pair<Value, Value>> rowsAt;
  Value weightAt;
  auto left = [&](int64_t r, Value k, int64_t i) {
    return b.loadScalar(rowsAt[r].first, b.add(b.add(rowsAt[r].second, k), i), element());
  };
  auto right = [&](int64_t v, Value k, int64_t i) {
    Value row = b.add(weightAt, k);
    if (wide) {
      Value at = b.mul(b.sub(row, sliceStart), stripWidth());
      return b.loadVector(wide, b.add(at, i * stripWidth() + v * lanes), element());
    }
    Value at = b.add(firstRow, b.mul(row, panelWidth));
    return b.loadVector(weight, b.add(at, i * panelWidth + v * lanes), element());
  };
  MicroKernel kernel{b, at.height, at.vectors, element(), left, right};

  // The first tile that reads a slice would wait for memory, so the tiles of the slice before ask
  // for it: a cache line or two every few steps, each tile its own part. What is asked for behind
  // the last panel is the next weight of the file. Of a strip that is narrower than its panel, and
  // then no wider than a line, each line is asked for in the panel's next row.
  int64_t line = 64 * 8 / stored().getIntOrFloatBitWidth();
  int64_t lineStride = stripsPerPanel() == 1 ? line : panelWidth * (line / stripWidth());
  int64_t perStep = line * linesAhead / MicroKernel::unrolled;
  int64_t parts = llvm::divideCeil(stripWidth(), perStep);
  Value part = b.min(b.div(at.rowInBlock, b.index(b.target.tileRows())), b.index(parts - 1));
  Value next = b.add(firstRow, b.mul(b.add(sliceStart, sliceDepth), panelWidth));
  next = b.add(next, b.mul(part, llvm::alignTo(sliceDepth * perStep, line) / line * lineStride));
  auto prefetch = [&](Value at, int64_t locality) {
    memref::PrefetchOp::create(b, b.loc, weight, ValueRange{at}, /*isWrite=*/false, locality,
                               /*isDataCache=*/true);
  };
  auto nextSlice = [&](Value k) {
    Value passed = b.add(b.sub(weightAt, sliceStart), k);
    for (int64_t i = 0; i < linesAhead; ++i)
      prefetch(b.add(b.add(next, b.mul(passed, perStep * lineStride / line)), i * lineStride), 2);
  };
  // One or two rows read the weight as fast as memory gives it: they ask for it some KiB ahead. The
  // first cache can wait for too few lines to hide the DRAM from a loop that also widens what it
  // reads, so 16-bit weights go to the second cache first (GPT-2's from DRAM: 92 for 80 % of its
  // rate); f32 and bytes lose by that where they lie in a cache already.
  auto sameSlice = [&](Value k) {
    Value from = b.add(firstRow, b.mul(b.add(weightAt, k), panelWidth));
    auto ask = [&](int64_t bytesAhead, int64_t locality) {
      for (int64_t i = 0; i < MicroKernel::unrolled * stripWidth(); i += line)
        prefetch(b.add(from, i / line * lineStride + bytesAhead / 64 * line), locality);
    };
    bool widened = stored().getIntOrFloatBitWidth() == 16;
    if (widened)
      ask(8192, 2);
    ask(widened ? 1024 : 8192, 3);
  };
  kernel.multiplyAdd = multiplyAdd;
  if (at.height == b.target.tileRows() && !widenSlice)
    kernel.ahead = nextSlice;
  else if (at.height <= 2 && !widenSlice)
    kernel.ahead = sameSlice;
  auto step = [&](Value count, Value inputOffset, Value weightOffset, ValueRange accumulators) {
    rowsAt.clear();
    for (auto [r, start] : llvm::enumerate(starts)) {
      Value at = b.add(start, inputOffset);
      rowsAt.push_back(redirect ? redirect(r, at) : std::pair(input, at));
    }
    weightAt = weightOffset;
    return kernel.run(count, accumulators);
  };
  return overSlice(slice, last, step, accumulators);
}

void PackedMatmul::finish(const Tile &at, SmallVector<Value> sums) {
  int64_t lanes = b.target.lanes, vectors = at.vectors;
  Value firstColumn = b.add(b.mul(at.group, groupOutputs()), b.mul(at.panel, panelWidth));
  firstColumn = b.add(firstColumn, at.column);
  auto place = [&](Value row, int64_t v) {
    Place result{row, b.add(firstColumn, v * lanes), {}};
    if (at.columns - v * lanes < lanes)
      result.mask = b.maskOf(b.index(at.columns - v * lanes));
    return result;
  };
  if (scale)
    scale(at, sums);
  Type real = getElementTypeOrSelf(sums.front());
  if (bias)
    for (int64_t v = 0; v < vectors; ++v) {
      Place first = place(at.row, v);
      Value vector = b.loadVector(bias, first.column, real, first.mask);
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
  Value waiting = b.scratch({at.height, vectors * lanes}, real);
  for (int64_t r = 0; r < at.height; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      b.storeVector(sums[r * vectors + v], waiting, {b.index(r), b.index(v * lanes)});
  b.loop(b.index(0), b.index(at.height), 1, [&](Value r) {
    for (int64_t v = 0; v < vectors; ++v) {
      Place where = place(b.add(at.row, r), v);
      Value sum = b.loadVector(waiting, {r, b.index(v * lanes)}, real);
      tile.store(tile.emit(where, sum), where);
    }
  });
}
