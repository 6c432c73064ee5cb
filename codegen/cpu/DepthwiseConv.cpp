//===- DepthwiseConv.cpp - convolutions of small groups --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vectors run over the outputs, across groups. A tile is a run of pixels of one image row, whose
// sums stay in registers while the taps pass; a column of the input that several pixels of the tile
// see is loaded once. Taps outside the image are skipped: in the last dimension by masks of the
// sums, which only the tiles at the edges have, in the others by shorter loops.

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/TileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <map>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {

/// Vectors of one pixel that are computed before the next pixels: 1 KiB side by side at 16 lanes,
/// few enough that the same columns of the rows around stay in the second cache.
constexpr int64_t blockVectors = 16;
/// Products of one tap row and one pixel up to which the row is unrolled.
constexpr int64_t largestUnrolled = 32;

class DepthwiseConv {
public:
  DepthwiseConv(KernelBuilder &b, nn::DepthwiseConvOp op, TileEmitter &tile, Value input,
                Value weight, Value bias);
  void emit();

private:
  /// `lanes` outputs from `column` on, of which the first `active` exist.
  struct Columns {
    Value first;
    int64_t active;
  };
  /// Pixels of one row of the result, from position `x` of the last dimension on.
  struct Pixels {
    Value x, row; ///< row: of the first one, among all of the result's
    int64_t count;
    Value present = {}; ///< how many exist, where that may be fewer
    /// At an edge of the image: the input's position in the last dimension that the first tap of
    /// the first pixel sees; it, and what is to the right of it, may not exist.
    Value edge = {};
  };

  int64_t pixelsOfTile() const;
  void emitTile(const Pixels &pixels, ValueRange firstTaps, ValueRange tapCounts, Value origin,
                Columns columns);
  SmallVector<Value> addTaps(const Pixels &pixels, Columns columns, Value inputAt, Value tap,
                             ValueRange sums);
  SmallVector<Value> addLoopedTaps(const Pixels &pixels, Columns columns, Value inputAt, Value tap,
                                   ValueRange sums);
  /// A column of the input: where its first channel lies and, at an edge, a mask of all lanes or
  /// none; what lies outside the image is given the place of a pixel inside.
  struct Column {
    Value at, exists;
  };
  Column columnAt(const Pixels &pixels, Value inputAt, Value offset);
  SmallVector<Value> loadInputs(Value at, Columns columns);
  Value loadWeight(Value tap, int64_t i, Columns columns);
  Value addProduct(Value input, Value weight, Value sum, Value exists);
  void finish(const Pixels &pixels, Columns columns, SmallVector<Value> sums);

  Value laneMask(int64_t count) { return count < lanes ? b.maskOf(b.index(count)) : Value(); }
  /// How far a pixel of the tile and a tap are to the right of the tile's first column.
  int64_t columnOf(int64_t pixel, int64_t tap) const { return pixel * stride + tap * dilation; }

  KernelBuilder &b;
  nn::DepthwiseConvOp op;
  TileEmitter &tile;
  Value input, weight, bias;
  int64_t lanes, spatial, channels, outputs, perGroup, outputsPerGroup;
  int64_t taps, stride, dilation; ///< of the last dimension
  Type element;
  SmallVector<Value> inputSizes, outputSizes, inputStrides;
};

} // namespace

DepthwiseConv::DepthwiseConv(KernelBuilder &b, nn::DepthwiseConvOp op, TileEmitter &tile,
                             Value input, Value weight, Value bias)
    : b(b), op(op), tile(tile), input(b.flatten(input)), weight(b.flatten(weight)), bias(bias),
      lanes(b.target.lanes), spatial(op.getKernel().size()),
      channels(op.getInput().getType().getShape().back()),
      outputs(op.getWeight().getType().getDimSize(1)),
      perGroup(channels / static_cast<int64_t>(op.getGroups())),
      outputsPerGroup(outputs / static_cast<int64_t>(op.getGroups())), taps(op.getKernel().back()),
      stride(op.getStrides().back()), dilation(op.getDilations().back()), element(elementIn(input)),
      inputSizes(b.dims(input)), outputSizes(b.dims(b.output)), inputStrides(spatial + 1) {
  inputStrides[spatial] = b.index(channels);
  for (int64_t i = spatial; i-- > 0;)
    inputStrides[i] = b.mul(inputStrides[i + 1], inputSizes[i + 1]);
}

/// As many pixels as have registers, or fewer where they fill rows of a known width better.
int64_t DepthwiseConv::pixelsOfTile() const {
  // Beside the sums there are a row of weights and a few columns of the input.
  int64_t most = b.target.registers >= 32 ? 8 : 5;
  if (element.getIntOrFloatBitWidth() > 32)
    most /= 2;
  int64_t width = cast<MemRefType>(b.output.getType()).getDimSize(spatial);
  if (ShapedType::isDynamic(width))
    return most;
  constexpr int64_t overhead = 2; // of a tile, in pixels
  auto cost = [&](int64_t pixels) { return llvm::divideCeil(width, pixels) * (pixels + overhead); };
  int64_t best = most;
  for (int64_t pixels = most; pixels > 0; --pixels)
    if (cost(pixels) < cost(best))
      best = pixels;
  return best;
}

void DepthwiseConv::emit() {
  int64_t count = pixelsOfTile(), block = blockVectors * lanes;
  Value width = outputSizes[spatial];
  ValueRange outer = ValueRange(outputSizes).take_front(spatial);
  Value blocks = b.index(llvm::divideCeil(outputs, block));
  auto [low, high] = b.share(b.mul(b.product(outer), blocks));
  b.loop(low, high, 1, [&](Value item) {
    Value row = b.div(item, blocks), firstColumn = b.mul(b.rem(item, blocks), block);
    Value lastColumn = b.min(b.add(firstColumn, block), b.index(outputs));
    SmallVector<Value> at = b.delinearize(row, outer), firstTaps, tapCounts;
    // Where the window of the row's first pixel would start in the input.
    Value rowOrigin = b.mul(at[0], inputStrides[0]);
    for (int64_t i = 0; i + 1 < spatial; ++i) {
      Value step = b.index(op.getDilations()[i]);
      Value origin = b.sub(b.mul(at[i + 1], op.getStrides()[i]), b.index(op.getPadding()[2 * i]));
      Value first = b.ceilDiv(b.max(b.sub(b.index(0), origin), b.index(0)), step);
      Value room = b.max(b.sub(inputSizes[i + 1], origin), b.index(0));
      Value last = b.min(b.ceilDiv(room, step), b.index(op.getKernel()[i]));
      firstTaps.push_back(first);
      tapCounts.push_back(b.max(b.sub(last, first), b.index(0)));
      rowOrigin = b.add(rowOrigin, b.mul(origin, inputStrides[i + 1]));
    }
    b.loop(b.index(0), width, count, [&](Value x) {
      Value firstInput =
          b.sub(b.mul(x, stride), b.index(op.getPadding()[2 * (spatial - 1)])); // may be negative
      Value origin = b.add(rowOrigin, b.mul(firstInput, channels));
      Pixels pixels{x, b.add(b.mul(row, width), x), count};
      auto overColumns = [&](const Pixels &pixels) {
        int64_t rest = outputs % lanes;
        Value whole = b.min(lastColumn, b.index(outputs - rest));
        b.loop(firstColumn, whole, lanes, [&](Value column) {
          emitTile(pixels, firstTaps, tapCounts, origin, {column, lanes});
        });
        if (rest != 0)
          b.onlyIf(b.less(whole, lastColumn),
                   [&] { emitTile(pixels, firstTaps, tapCounts, origin, {whole, rest}); });
      };
      int64_t reach = columnOf(count - 1, taps - 1);
      Value starts = b.make<arith::CmpIOp>(arith::CmpIPredicate::sge, firstInput, b.index(0));
      Value ends = b.less(b.add(firstInput, reach), inputSizes[spatial]);
      Value fits = b.less(x, b.sub(width, b.index(count - 1)));
      Value isInterior = b.make<arith::AndIOp>(b.make<arith::AndIOp>(starts, ends), fits);
      auto choice = scf::IfOp::create(b, b.loc, isInterior, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(choice.thenBlock());
      overColumns(pixels);
      b.setInsertionPointToStart(choice.elseBlock());
      if (getConstantIntValue(b.rem(width, b.index(count))) != 0)
        pixels.present = b.min(b.sub(width, x), b.index(count));
      pixels.edge = firstInput;
      overColumns(pixels);
    });
  });
}

void DepthwiseConv::emitTile(const Pixels &pixels, ValueRange firstTaps, ValueRange tapCounts,
                             Value origin, Columns columns) {
  // Over the taps of all dimensions but the last.
  std::function<SmallVector<Value>(int64_t, Value, Value, ValueRange)> nest =
      [&](int64_t i, Value inputAt, Value tap, ValueRange sums) {
        if (i + 1 == spatial)
          return addTaps(pixels, columns, inputAt, b.mul(tap, taps), sums);
        return b.loop(b.index(0), tapCounts[i], 1, sums, [&](Value count, ValueRange carried) {
          Value which = b.add(firstTaps[i], count);
          Value offset = b.mul(b.mul(which, op.getDilations()[i]), inputStrides[i + 1]);
          return nest(i + 1, b.add(inputAt, offset), b.add(b.mul(tap, op.getKernel()[i]), which),
                      carried);
        });
      };
  SmallVector<Value> sums(pixels.count, b.splat(b.vectorOf(element), 0));
  if (pixels.edge) {
    // A line without pixels has no place to read.
    Value once = b.min(inputSizes[spatial], b.index(1));
    sums = b.loop(b.index(0), once, 1, sums,
                  [&](Value, ValueRange carried) { return nest(0, origin, b.index(0), carried); });
  } else {
    sums = nest(0, origin, b.index(0), sums);
  }
  finish(pixels, columns, sums);
}

/// The taps of the last dimension, from `tap` on; the first one of the first pixel is at `inputAt`.
SmallVector<Value> DepthwiseConv::addTaps(const Pixels &pixels, Columns columns, Value inputAt,
                                          Value tap, ValueRange sums) {
  if (taps * perGroup > largestUnrolled)
    return addLoopedTaps(pixels, columns, inputAt, tap, sums);
  std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> uses; // of each column: pixel, tap
  for (int64_t pixel = 0; pixel < pixels.count; ++pixel)
    for (int64_t j = 0; j < taps; ++j)
      uses[columnOf(pixel, j)].push_back({pixel, j});
  SmallVector<Value> next(sums), weights(taps * perGroup);
  for (auto &[column, users] : uses) {
    Column at = columnAt(pixels, inputAt, b.index(column));
    SmallVector<Value> inputs = loadInputs(at.at, columns);
    for (auto [pixel, j] : users)
      for (int64_t i = 0; i < perGroup; ++i) {
        Value &weight = weights[j * perGroup + i];
        if (!weight)
          weight = loadWeight(b.add(tap, j), i, columns);
        next[pixel] = addProduct(inputs[i], weight, next[pixel], at.exists);
      }
  }
  return next;
}

SmallVector<Value> DepthwiseConv::addLoopedTaps(const Pixels &pixels, Columns columns,
                                                Value inputAt, Value tap, ValueRange sums) {
  return b.loop(b.index(0), b.index(taps), 1, sums, [&](Value j, ValueRange carried) {
    SmallVector<Value> next(carried), weights;
    for (int64_t i = 0; i < perGroup; ++i)
      weights.push_back(loadWeight(b.add(tap, j), i, columns));
    for (int64_t pixel = 0; pixel < pixels.count; ++pixel) {
      Column at = columnAt(pixels, inputAt, b.add(b.mul(j, dilation), pixel * stride));
      SmallVector<Value> inputs = loadInputs(at.at, columns);
      for (int64_t i = 0; i < perGroup; ++i)
        next[pixel] = addProduct(inputs[i], weights[i], next[pixel], at.exists);
    }
    return next;
  });
}

/// `offset`: how far the column is to the right of the tile's first one.
DepthwiseConv::Column DepthwiseConv::columnAt(const Pixels &pixels, Value inputAt, Value offset) {
  if (!pixels.edge)
    return {b.add(inputAt, b.mul(offset, channels)), {}};
  Value position = b.add(pixels.edge, offset), size = inputSizes[spatial];
  Value exists = b.make<arith::CmpIOp>(arith::CmpIPredicate::ult, position, size);
  Value inside = b.max(b.min(position, b.sub(size, b.index(1))), b.index(0));
  return {b.add(inputAt, b.mul(b.sub(inside, pixels.edge), channels)), b.broadcast(exists)};
}

/// Of each channel of a group, the vector of what the outputs see; `at` is the pixel's first
/// element.
SmallVector<Value> DepthwiseConv::loadInputs(Value at, Columns columns) {
  if (perGroup == 1 && outputsPerGroup == 1)
    return {b.loadVector(input, b.add(at, columns.first), element, laneMask(columns.active))};
  Value group = b.div(columns.first, b.index(outputsPerGroup));
  Value first = b.add(at, b.mul(group, perGroup));
  SmallVector<Value> result;
  if (outputsPerGroup >= lanes) {
    // All lanes are of one group.
    for (int64_t i = 0; i < perGroup; ++i)
      result.push_back(b.broadcast(b.loadScalar(input, b.add(first, i), element)));
    return result;
  }
  // The lanes' groups lie side by side, in up to two vectors.
  int64_t span = columns.active / outputsPerGroup * perGroup;
  SmallVector<Value> parts;
  for (int64_t part = 0; part < span; part += lanes) {
    Value mask = laneMask(std::min(span - part, lanes));
    parts.push_back(b.loadVector(input, b.add(first, part), element, mask));
  }
  for (int64_t i = 0; i < perGroup; ++i) {
    SmallVector<int64_t> from;
    for (int64_t lane = 0; lane < lanes; ++lane)
      from.push_back(std::min(lane / outputsPerGroup * perGroup + i, span - 1));
    result.push_back(b.make<vector::ShuffleOp>(parts.front(), parts.back(), from));
  }
  return result;
}

Value DepthwiseConv::loadWeight(Value tap, int64_t i, Columns columns) {
  Value row = b.add(b.mul(tap, perGroup), i);
  return b.loadVector(weight, b.add(b.mul(row, outputs), columns.first), element,
                      laneMask(columns.active));
}

Value DepthwiseConv::addProduct(Value input, Value weight, Value sum, Value exists) {
  Value next = b.fma(input, weight, sum);
  // Not a product with zero: a weight may be infinite.
  return exists ? b.make<arith::SelectOp>(exists, next, sum) : next;
}

void DepthwiseConv::finish(const Pixels &pixels, Columns columns, SmallVector<Value> sums) {
  Value mask = laneMask(columns.active);
  if (bias) {
    Value vector = b.loadVector(bias, columns.first, element, mask);
    for (Value &sum : sums)
      sum = b.make<arith::AddFOp>(sum, vector);
  }
  auto store = [&](Value pixel, Value sum) {
    Place where{b.add(pixels.row, pixel), columns.first, mask};
    tile.store(tile.emit(where, sum), where);
  };
  if (!tile.isHeavy() && !pixels.present) {
    for (auto [i, sum] : llvm::enumerate(sums))
      store(b.index(i), sum);
    return;
  }
  // One copy of a function that needs many registers, and no pixel that does not exist.
  Value waiting = b.scratch({pixels.count, lanes}, element);
  for (auto [i, sum] : llvm::enumerate(sums))
    b.storeVector(sum, waiting, {b.index(i), b.index(0)});
  Value count = pixels.present ? pixels.present : b.index(pixels.count);
  b.loop(b.index(0), count, 1,
         [&](Value pixel) { store(pixel, b.loadVector(waiting, {pixel, b.index(0)}, element)); });
}

LogicalResult nacre::cpu::emitDepthwiseConv(KernelBuilder &b, nn::DepthwiseConvOp root) {
  FailureOr<Value> input = b.buffer(root.getInput()), weight = b.buffer(root.getWeight());
  FailureOr<Value> bias = root.getBias() ? b.buffer(root.getBias()) : FailureOr<Value>(Value());
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), root.getResult());
  if (failed(input) || failed(weight) || failed(bias) || failed(tile))
    return failure();
  int64_t groups = root.getGroups(), lanes = b.target.lanes;
  int64_t perGroup = root.getInput().getType().getShape().back() / groups;
  int64_t outputsPerGroup = root.getWeight().getType().getDimSize(1) / groups;
  bool together = lanes % outputsPerGroup == 0 && perGroup <= 2 * outputsPerGroup;
  if (!together && outputsPerGroup % lanes != 0)
    return root.emitOpError("internal: groups of ")
           << outputsPerGroup << " outputs do not divide vectors of " << lanes;
  DepthwiseConv(b, root, *tile, *input, *weight, *bias).emit();
  return success();
}
