//===- WinogradConv.cpp - 3 x 3 convolutions with fewer products -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A block of tiles passes through 16 matrix products, one for each element of the transformed
// tiles. The rows of a product are made right before it, from the image, so that a block needs
// room for those of one product only; the 16 results wait in the second cache until they are
// summed up to 2 x 2 places each.

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/MicroKernel.h"
#include "codegen/cpu/TileEmitter.h"
#include "dialects/nn/Winograd.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <numeric>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

// Tiles of a block, a multiple of every target's tileRows(), and panels whose results wait
// together: with 16 of these for each tile, the stack holds 400 KiB. More tiles read weights less
// often, more panels make the rows less often.
static constexpr int64_t tilesOfBlock = 48, stripsOfGroup = 2;

namespace {

class WinogradConv {
public:
  WinogradConv(KernelBuilder &b, nn::WinogradConvOp op, TileEmitter &tile, Value input,
               Value weight, Value bias);
  void emit();

private:
  /// A tile's place: its image, and its row and column of tiles there.
  struct TilePlace {
    Value image, y, x;
  };
  /// Calls `body` for each tile of the block, with its number there.
  void overTiles(llvm::function_ref<void(Value number, const TilePlace &at)> body);
  void makeRows(Value element);
  void multiply(Value element);
  void finish();
  void finishTile(Value number, const TilePlace &at, Value column);

  int64_t stripWidth() const { return std::gcd(panelWidth, b.target.panel()); }
  int64_t strips() const { return panels * (panelWidth / stripWidth()); }

  KernelBuilder &b;
  nn::WinogradConvOp op;
  TileEmitter &tile;
  Value input, weight, bias;
  Type element;
  int64_t channels, outputs, panels, panelWidth;
  SmallVector<Value> inputSizes, outputSizes;
  Value tilesDown, tilesAcross;
  Value zeros;         // [channels]
  Value rows, results; // [tilesOfBlock, channels], [16, tilesOfBlock, stripsOfGroup * stripWidth]
  // Of the block and the group of strips at hand.
  Value firstTile, tiles, firstStrip, stripCount;
};

} // namespace

WinogradConv::WinogradConv(KernelBuilder &b, nn::WinogradConvOp op, TileEmitter &tile, Value input,
                           Value weight, Value bias)
    : b(b), op(op), tile(tile), bias(bias), element(elementIn(input)) {
  ArrayRef<int64_t> shape = op.getWeight().getType().getShape();
  channels = shape[2], outputs = op.getOutputs(), panels = shape[1], panelWidth = shape[3];
  inputSizes = b.dims(input);
  outputSizes = b.dims(b.output);
  tilesDown = b.ceilDiv(outputSizes[1], b.index(2));
  tilesAcross = b.ceilDiv(outputSizes[2], b.index(2));
  this->weight = b.flatten(weight);
  auto anySize = MemRefType::get({ShapedType::kDynamic}, element);
  this->input = b.flatten(input);
  if (this->input.getType() != anySize)
    this->input = b.make<memref::CastOp>(anySize, this->input);
}

void WinogradConv::emit() {
  int64_t lanes = b.target.lanes;
  Value line = b.scratch({int64_t(llvm::alignTo(channels, lanes))}, element);
  b.loop(b.index(0), b.index(channels), lanes,
         [&](Value at) { b.storeVector(b.splat(b.vectorOf(element), 0), line, at); });
  zeros = b.make<memref::CastOp>(MemRefType::get({ShapedType::kDynamic}, element), line);
  rows = b.scratch({tilesOfBlock, channels}, element);
  results = b.scratch({16, tilesOfBlock, stripsOfGroup * stripWidth()}, element);

  // Blocks of nearly one size, and those of one group of strips after each other: its weights
  // stay in a near cache.
  Value total = b.mul(b.mul(outputSizes[0], tilesDown), tilesAcross);
  Value blocks = b.ceilDiv(total, b.index(tilesOfBlock));
  Value perBlock = b.ceilDiv(total, b.max(blocks, b.index(1)));
  perBlock = b.mul(b.ceilDiv(perBlock, b.index(b.target.tileRows())), b.target.tileRows());
  int64_t groups = llvm::divideCeil(strips(), stripsOfGroup);
  auto [low, high] = b.share(b.mul(blocks, groups));
  b.loop(low, high, 1, [&](Value item) {
    firstTile = b.min(b.mul(b.rem(item, blocks), perBlock), total);
    tiles = b.sub(b.min(b.add(firstTile, perBlock), total), firstTile);
    firstStrip = b.mul(b.div(item, blocks), stripsOfGroup);
    stripCount = b.min(b.index(stripsOfGroup), b.sub(b.index(strips()), firstStrip));
    b.loop(b.index(0), b.index(16), 1, [&](Value element) {
      makeRows(element);
      multiply(element);
    });
    finish();
  });
}

void WinogradConv::overTiles(llvm::function_ref<void(Value, const TilePlace &)> body) {
  SmallVector<Value> first = b.delinearize(firstTile, {outputSizes[0], tilesDown, tilesAcross});
  b.loop(b.index(0), tiles, 1, first, [&](Value number, ValueRange at) {
    body(number, {at[0], at[1], at[2]});
    // The next one, without a division.
    auto wrap = [&](Value next, Value size) {
      Value ends = b.make<arith::CmpIOp>(arith::CmpIPredicate::eq, next, size);
      return std::pair<Value, Value>(b.make<arith::SelectOp>(ends, b.index(0), next),
                                     b.make<arith::IndexCastUIOp>(b.getIndexType(), ends));
    };
    auto [x, down] = wrap(b.add(at[2], 1), tilesAcross);
    auto [y, image] = wrap(b.add(at[1], down), tilesDown);
    return SmallVector<Value>{b.add(at[0], image), y, x};
  });
}

/// Row t of the product for one element (i, j): (B^T d B)[i, j] of tile t, for all channels. With
/// B^T = [1, 0, -1, 0; 0, 1, 1, 0; 0, -1, 1, 0; 0, 1, 0, -1] each is a sum of four places.
void WinogradConv::makeRows(Value element) {
  Type real = this->element;
  auto pick = [&](Value which, std::array<int64_t, 4> numbers) {
    Value result = b.index(numbers[3]);
    for (int64_t i = 3; i-- > 0;) {
      Value is = b.make<arith::CmpIOp>(arith::CmpIPredicate::eq, which, b.index(i));
      result = b.make<arith::SelectOp>(is, b.index(numbers[i]), result);
    }
    return result;
  };
  struct Pair {
    Value first, second, sign;
  };
  auto pairOf = [&](Value which) -> Pair {
    Value adds = b.make<arith::CmpIOp>(arith::CmpIPredicate::eq, which, b.index(1));
    Value sign =
        b.make<arith::SelectOp>(adds, b.splat(b.vectorOf(real), 1), b.splat(b.vectorOf(real), -1));
    return {pick(which, {0, 1, 2, 1}), pick(which, {2, 2, 1, 3}), sign};
  };
  Pair down = pairOf(b.div(element, b.index(4))), across = pairOf(b.rem(element, b.index(4)));
  ArrayRef<int64_t> padding = op.getPadding();
  overTiles([&](Value number, const TilePlace &at) {
    Value top = b.sub(b.mul(at.y, 2), b.index(padding[0]));
    Value left = b.sub(b.mul(at.x, 2), b.index(padding[2]));
    Value firstRow = b.mul(at.image, inputSizes[1]);
    // Where a place's channels begin; those of the padding are zeros.
    auto place = [&](Value i, Value j) {
      Value y = b.add(top, i), x = b.add(left, j);
      auto fits = [&](Value index, Value size) {
        return b.make<arith::CmpIOp>(arith::CmpIPredicate::ult, index, size);
      };
      Value isInside = b.make<arith::AndIOp>(fits(y, inputSizes[1]), fits(x, inputSizes[2]));
      Value start = b.mul(b.add(b.mul(b.add(firstRow, y), inputSizes[2]), x), b.index(channels));
      return std::pair<Value, Value>(b.make<arith::SelectOp>(isInside, input, zeros),
                                     b.make<arith::SelectOp>(isInside, start, b.index(0)));
    };
    std::pair<Value, Value> places[] = {
        place(down.first, across.first), place(down.first, across.second),
        place(down.second, across.first), place(down.second, across.second)};
    auto sumAt = [&](Value channel, Value mask) {
      auto load = [&](int64_t i) {
        return b.loadVector(places[i].first, b.add(places[i].second, channel), real, mask);
      };
      Value upper = b.fma(across.sign, load(1), load(0));
      Value lower = b.fma(across.sign, load(3), load(2));
      b.storeVector(b.fma(down.sign, lower, upper), rows, {number, channel}, mask);
    };
    int64_t lanes = b.target.lanes, whole = channels / lanes * lanes;
    b.loop(b.index(0), b.index(whole), lanes, [&](Value channel) { sumAt(channel, {}); });
    if (whole < channels)
      sumAt(b.index(whole), b.maskOf(b.index(channels - whole)));
  });
}

void WinogradConv::multiply(Value element) {
  int64_t lanes = b.target.lanes, width = stripWidth(), vectors = width / lanes;
  int64_t perPanel = panelWidth / width;
  Value panelSize = b.index(channels * panelWidth);
  auto stripStart = [&](Value element, Value strip) {
    Value panel = b.add(b.mul(element, panels), b.div(strip, b.index(perPanel)));
    return b.add(b.mul(panel, panelSize), b.mul(b.rem(strip, b.index(perPanel)), width));
  };
  b.loop(b.index(0), stripCount, 1, [&](Value number) {
    Value from = stripStart(element, b.add(firstStrip, number));
    // The next product's weights are asked for meanwhile, each tile of rows its own part.
    Value isLast = b.make<arith::CmpIOp>(arith::CmpIPredicate::eq, b.add(number, 1), stripCount);
    Value next = b.make<arith::SelectOp>(isLast, stripStart(b.add(element, 1), firstStrip),
                                         stripStart(element, b.add(b.add(firstStrip, number), 1)));
    forRowTiles(b, b.index(0), tiles, [&](Value row, int64_t height) {
      auto left = [&](int64_t r, Value k, int64_t i) {
        return b.loadScalar(rows, {b.add(row, r), b.add(k, i)}, this->element);
      };
      auto right = [&](int64_t v, Value k, int64_t i) {
        return b.loadVector(weight,
                            b.add(b.add(from, b.mul(k, panelWidth)), i * panelWidth + v * lanes),
                            this->element);
      };
      MicroKernel kernel{b, height, vectors, this->element, left, right};
      constexpr int64_t lines = 2, line = 16; // elements of a cache line
      Value part = b.add(
          next, b.mul(row, channels / MicroKernel::unrolled * lines * line / b.target.tileRows()));
      auto askFor = [&](Value k) {
        for (int64_t i = 0; i < lines; ++i)
          memref::PrefetchOp::create(
              b, b.loc, weight,
              ValueRange{
                  b.add(b.add(part, b.mul(k, lines * line / MicroKernel::unrolled)), i * line)},
              /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
      };
      if (perPanel == 1 && height == b.target.tileRows())
        kernel.ahead = askFor;
      SmallVector<Value> sums = kernel.run(b.index(channels), kernel.zeros());
      for (int64_t r = 0; r < height; ++r)
        for (int64_t v = 0; v < vectors; ++v)
          b.storeVector(sums[r * vectors + v], results,
                        {element, b.add(row, r), b.add(b.mul(number, width), v * lanes)});
    });
  });
}

void WinogradConv::finish() {
  int64_t lanes = b.target.lanes;
  Value firstColumn = b.mul(firstStrip, stripWidth());
  Value columns = b.min(b.mul(stripCount, stripWidth()), b.sub(b.index(outputs), firstColumn));
  overTiles([&](Value number, const TilePlace &at) {
    b.loop(b.index(0), columns, lanes, [&](Value column) { finishTile(number, at, column); });
  });
}

/// A^T m A, with A^T = [1, 1, 1, 0; 0, 1, -1, -1].
void WinogradConv::finishTile(Value number, const TilePlace &at, Value column) {
  auto add = [&](Value x, Value y) { return b.make<arith::AddFOp>(x, y); };
  auto sub = [&](Value x, Value y) { return b.make<arith::SubFOp>(x, y); };
  auto sum = [&](Value m0, Value m1, Value m2, Value m3) {
    return std::array<Value, 2>{add(add(m0, m1), m2), sub(sub(m1, m2), m3)};
  };
  auto result = [&](int64_t i) {
    return b.loadVector(results, {b.index(i), number, column}, element);
  };
  std::array<std::array<Value, 2>, 4> halves;
  for (int64_t j = 0; j < 4; ++j)
    halves[j] = sum(result(j), result(4 + j), result(8 + j), result(12 + j));

  Value absolute = b.add(b.mul(firstStrip, stripWidth()), column), mask;
  if (outputs % b.target.lanes != 0)
    mask = b.maskOf(b.sub(b.index(outputs), absolute));
  Value added = bias ? b.loadVector(bias, absolute, element, mask) : Value();
  for (int64_t i = 0; i < 2; ++i) {
    Value y = b.add(b.mul(at.y, 2), i);
    std::array<Value, 2> places = sum(halves[0][i], halves[1][i], halves[2][i], halves[3][i]);
    for (int64_t j = 0; j < 2; ++j) {
      Value x = b.add(b.mul(at.x, 2), j);
      auto write = [&] {
        Value row = b.add(b.mul(at.image, outputSizes[1]), y);
        Place where{b.add(b.mul(row, outputSizes[2]), x), absolute, mask};
        Value value = added ? add(places[j], added) : places[j];
        tile.store(tile.emit(where, value), where);
      };
      // Of the last tile a part may lie outside.
      if (i + j == 0)
        write();
      else
        b.onlyIf(b.make<arith::AndIOp>(b.less(y, outputSizes[1]), b.less(x, outputSizes[2])),
                 write);
    }
  }
}

LogicalResult nacre::cpu::emitWinogradConv(KernelBuilder &b, nn::WinogradConvOp root) {
  FailureOr<Value> input = b.buffer(root.getInput()), weight = b.buffer(root.getWeight());
  FailureOr<Value> bias = root.getBias() ? b.buffer(root.getBias()) : FailureOr<Value>(Value());
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), root.getResult());
  if (failed(input) || failed(weight) || failed(bias) || failed(tile))
    return failure();
  WinogradConv(b, root, *tile, *input, *weight, *bias).emit();
  return success();
}
