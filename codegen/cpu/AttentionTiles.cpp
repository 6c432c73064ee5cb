//===- AttentionTiles.cpp - attention of many queries, in tiles ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A block of queries lies along the vector lanes and keys pass by in tiles (Milakov and
// Gimelshein 2018; Dao et al. 2022). Scores are computed transposed, [key, query]: then
// the maximum and the sum of a softmax row are plain vector operations, keys and values are
// read as broadcast scalars, in place, and only the queries and the result are transposed, once per
// block. Nothing of size queries x keys exists.
//
// With a causal mask tiles begin where a block's diagonal does. There a vector of queries takes
// part from its own first key on alone: the keys of a diagonal square go by in slabs as high as a
// vector is long, each with one vector less.
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/AttentionKernels.h"
#include "codegen/cpu/MicroKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

void nacre::cpu::transpose(KernelBuilder &b, MutableArrayRef<Value> rows) {
  int64_t lanes = rows.size();
  for (int64_t step = 1; step < lanes; step *= 2)
    for (int64_t i = 0; i < lanes; ++i) {
      if (i & step)
        continue;
      SmallVector<int64_t> low, high;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        bool second = lane & step;
        low.push_back(second ? lanes + lane - step : lane);
        high.push_back(second ? lanes + lane : lane + step);
      }
      Value first = rows[i], second = rows[i + step];
      rows[i] = b.make<vector::ShuffleOp>(first, second, low);
      rows[i + step] = b.make<vector::ShuffleOp>(first, second, high);
    }
}

namespace {

/// The kernel for `blocks` at a time of `vectors` x lanes queries, by which keys and values pass
/// while they are in the second cache.
class TilesKernel {
public:
  TilesKernel(const AttentionOperands &operands, int64_t vectors, int64_t blocks)
      : o(operands), b(operands.b), op(operands.op), seen(operands), vectors(vectors),
        lanes(b.target.lanes), block(vectors * lanes), blocks(blocks),
        // Narrow ones are widened once for all blocks of queries.
        copies(elementIn(o.key) != o.real) {}

  void emit();

private:
  /// Rows [low, high) of a tile, at which the vectors from `first` on take part. On a diagonal the
  /// first one's lanes see only rows up to their own.
  struct Segment {
    Value low, high;
    int64_t first;
    bool diagonal;
  };

  void attendItem();
  /// Runs `body` for each block of queries of the item.
  void forBlocks(llvm::function_ref<void()> body);
  void packQueries();
  /// Widens a tile of keys and values.
  void copyTile();
  /// Everything for the item's queries: statistics and accumulators.
  void attend();
  void start();
  /// A tile of keys for the present block.
  void attendTile();
  /// What the mask and blocks say of a tile; whether any score of it is seen.
  Value readMask();
  /// The same for blocks, after the mask; lanes are true where a key is seen.
  Value readBlocks();
  /// With `edges` some row is out of some query's window.
  void scores(const Segment &segment, bool edges);
  /// A vector of scores with what is not seen at minus infinity.
  Value masked(Value score, Value row, int64_t v, const Segment &segment, bool edges);
  /// Turns scores into weights; gives the factors for what was summed before.
  SmallVector<Value> softmax();
  void accumulate(ValueRange correction);
  /// The same, leaving out keys of weight 0, whatever their values.
  void accumulateSeen(ValueRange correction);
  Value resultHasNaN();
  void writeResult();

  Value vector(Value buffer, Value row, int64_t v) {
    return b.loadVector(buffer, {row, b.index(v * lanes)}, o.real);
  }
  void setVector(Value x, Value buffer, Value row, int64_t v) {
    b.storeVector(x, buffer, {row, b.index(v * lanes)});
  }
  Value larger(Value x, Value y) {
    // A NaN score is passed over here and comes back as a NaN weight.
    return b.make<arith::SelectOp>(b.make<arith::CmpFOp>(arith::CmpFPredicate::OGT, x, y), x, y);
  }
  /// Element `d` of a key, or of a value, by the row of the tile.
  Value keyAt(Value row, Value d) {
    return copies ? b.loadScalar(keyRows, {row, d}, o.real)
                  : b.loadScalar(o.key, {batch, group, b.add(tile, row), d}, o.real);
  }
  Value valueAt(Value row, Value d) {
    return copies ? b.loadScalar(valueRows, {row, d}, o.real)
                  : b.loadScalar(o.value, {batch, group, b.add(tile, row), d}, o.real);
  }

  /// Keys per tile: with 64 queries the tile of scores is 32 KiB.
  static constexpr int64_t keyTile = 128;
  static constexpr double minusInfinity = -std::numeric_limits<double>::infinity();

  const AttentionOperands &o;
  KernelBuilder &b;
  nn::AttentionOp op;
  AttentionMask seen;
  int64_t vectors, lanes, block, blocks;
  bool copies;
  // Scratch. Of those with rows for every block, `rowOf` gives the present one's.
  Value keyRows, valueRows, scoreTile, visible, added;
  Value queries, accumulator, statistics; // statistics: [largest, sum]
  Value largestNow;                       // of the tile and all before
  Value rowOf(Value row, int64_t rowsOfBlock) { return b.add(b.mul(number, rowsOfBlock), row); }
  Value queryRow(Value d) { return rowOf(d, o.depth); }
  Value accumulatorRow(Value d) { return rowOf(d, o.width); }
  Value maxRow() { return rowOf(b.index(0), 2); }
  Value sumRow() { return rowOf(b.index(1), 2); }

  Value batch, head, group;
  Value itemQuery, itemQueries;         // the first of the item's queries and their count
  Value number, firstQuery, queryCount; // the present block
  Value tile, tileEnd;                  // keys of the present tile
  Value low, high;                      // the rows of it that the present block works on
  SmallVector<Segment> segments;
  Value careful; // whether only keys that are seen may be counted; null where all are
};

} // namespace

void TilesKernel::emit() {
  if (copies) {
    keyRows = b.scratch({keyTile, o.depth}, o.real);
    valueRows = b.scratch({keyTile, o.width}, o.real);
  }
  scoreTile = b.scratch({keyTile, block}, o.real);
  queries = b.scratch({blocks * o.depth, block}, o.real);
  accumulator = b.scratch({blocks * o.width, block}, o.real);
  statistics = b.scratch({blocks * 2, block}, o.real);
  largestNow = b.scratch({1, block}, o.real);
  if (o.blocks || (o.mask && seen.perQuery() && seen.chooses()))
    visible = b.scratch({keyTile + lanes, block}, b.getI8Type());
  if (o.mask && seen.perQuery() && !seen.chooses())
    added = b.scratch({keyTile + lanes, block}, o.real);

  Value perHead = b.ceilDiv(o.queries, b.index(blocks * block));
  auto [first, end] = b.share(b.mul(b.mul(o.batches, o.heads), perHead));
  b.loop(first, end, 1, [&](Value item) {
    Value which = b.div(item, perHead);
    batch = b.div(which, b.index(o.heads));
    head = b.rem(which, b.index(o.heads));
    group = b.div(head, b.index(o.heads / o.groups));
    itemQuery = b.mul(b.rem(item, perHead), blocks * block);
    itemQueries = b.min(b.index(blocks * block), b.sub(o.queries, itemQuery));
    seen.enter(batch, head);
    attendItem();
  });
}

void TilesKernel::attendItem() {
  forBlocks([&] { packQueries(); });
  if (!seen.hidesInside(/*severalQueries=*/true)) {
    attend();
  } else {
    // Values of keys that are not seen are multiplied by 0, which is wrong for those that are
    // not finite. That shows as NaN, and is so rare that starting over costs less than looking.
    b.loop(b.index(0), b.index(2), 1, [&](Value pass) {
      careful = b.less(b.index(0), pass);
      auto again = scf::IfOp::create(b, b.loc, TypeRange(b.getI1Type()), careful,
                                     /*withElseRegion=*/true);
      {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(again.thenBlock());
        scf::YieldOp::create(b, b.loc, resultHasNaN());
        b.setInsertionPointToStart(again.elseBlock());
        scf::YieldOp::create(b, b.loc, b.make<arith::ConstantOp>(b.getBoolAttr(true)));
      }
      b.onlyIf(again.getResult(0), [&] { attend(); });
    });
  }
  forBlocks([&] { writeResult(); });
}

void TilesKernel::forBlocks(llvm::function_ref<void()> body) {
  b.loop(b.index(0), b.ceilDiv(itemQueries, b.index(block)), 1, [&](Value i) {
    number = i;
    Value before = b.mul(i, block);
    firstQuery = b.add(itemQuery, before);
    queryCount = b.min(b.index(block), b.sub(itemQueries, before));
    body();
  });
}

void TilesKernel::attend() {
  forBlocks([&] { start(); });
  auto [first, end] = seen.range(itemQuery, itemQueries);
  // Tiles begin where blocks' diagonals do; the block is a power of two.
  Value origin = first;
  if (op.getCausal()) {
    Value diagonal = b.add(itemQuery, seen.queryShift());
    Value past = b.make<arith::AndIOp>(b.sub(first, diagonal), b.index(block - 1));
    origin = b.sub(first, past);
  }
  b.loop(origin, end, keyTile, [&, first = first, end = end](Value at) {
    tile = at;
    tileEnd = b.min(b.add(at, keyTile), end);
    auto work = [&] {
      if (copies)
        copyTile();
      forBlocks([&] {
        auto [from, to] = seen.range(firstQuery, queryCount);
        low = b.sub(b.max(from, tile), tile);
        high = b.sub(b.min(to, tileEnd), tile);
        b.onlyIf(b.less(low, high), [&] { attendTile(); });
      });
    };
    if (seen.isPerKey())
      b.onlyIf(seen.seesAny(b.max(tile, first), tileEnd), work);
    else
      work();
  });
}

void TilesKernel::start() {
  b.loop(b.index(0), b.index(o.width), 1, [&](Value d) {
    for (int64_t v = 0; v < vectors; ++v)
      setVector(o.splat(0), accumulator, accumulatorRow(d), v);
  });
  for (int64_t v = 0; v < vectors; ++v) {
    setVector(o.splat(minusInfinity), statistics, maxRow(), v);
    setVector(o.splat(0), statistics, sumRow(), v);
  }
}

void TilesKernel::attendTile() {
  segments.clear();
  if (op.getCausal()) {
    Value diagonal = b.sub(b.add(firstQuery, seen.queryShift()), tile);
    auto inside = [&](Value row) { return b.max(b.min(row, high), low); };
    segments.push_back({low, inside(diagonal), 0, false});
    for (int64_t v = 0; v < vectors; ++v)
      segments.push_back(
          {inside(b.add(diagonal, v * lanes)), inside(b.add(diagonal, (v + 1) * lanes)), v, true});
  } else {
    segments.push_back({low, high, 0, false});
  }
  auto work = [&] {
    for (int64_t v = 0; v < vectors; ++v)
      setVector(vector(statistics, maxRow(), v), largestNow, b.index(0), v);
    for (const Segment &segment : segments) {
      if (!seen.hasWindow()) {
        scores(segment, /*edges=*/false);
        continue;
      }
      // Whether some row is out of some query's window.
      Value window = b.index(static_cast<int64_t>(*op.getWindow()));
      Value place = b.sub(b.add(firstQuery, seen.queryShift()), tile);
      Value lastPlace = b.add(place, block - 1);
      Value edge = b.less(segment.low, b.add(b.sub(lastPlace, window), 1));
      if (!op.getCausal())
        edge = b.make<arith::OrIOp>(edge, b.less(b.add(place, window), b.add(segment.high, 1)));
      auto choice = scf::IfOp::create(b, b.loc, edge, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(choice.thenBlock());
      scores(segment, /*edges=*/true);
      b.setInsertionPointToStart(choice.elseBlock());
      scores(segment, /*edges=*/false);
    }
    SmallVector<Value> correction = softmax();
    if (!careful)
      return accumulate(correction);
    auto choice = scf::IfOp::create(b, b.loc, careful, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    accumulateSeen(correction);
    b.setInsertionPointToStart(choice.elseBlock());
    accumulate(correction);
  };
  if (seen.isPerQuery())
    b.onlyIf(readMask(), work);
  else
    work();
}

Value TilesKernel::readMask() {
  Value any = b.splat(b.vectorOf(b.getI1Type()), 0);
  if (o.mask && seen.perQuery()) {
    bool chooses = seen.chooses();
    Value to = chooses ? visible : added;
    Value lastQuery = b.sub(queryCount, b.index(1));
    // Squares of queries and keys, transposed.
    any = b.loop(low, high, lanes, any, [&](Value row, ValueRange carried) {
      Value found = carried[0], count = b.sub(high, row), key = b.add(tile, row);
      Value exists = b.maskOf(count);
      for (int64_t v = 0; v < vectors; ++v) {
        SmallVector<Value> rows;
        for (int64_t i = 0; i < lanes; ++i) {
          Value query = b.add(firstQuery, b.min(b.index(v * lanes + i), lastQuery));
          Value x =
              seen.perKey() ? seen.alongKeys(query, key, count) : b.broadcast(seen.at(query, key));
          Value sees =
              chooses ? x
                      : b.make<arith::CmpFOp>(arith::CmpFPredicate::UNE, x, o.splat(minusInfinity));
          found = b.make<arith::OrIOp>(found, b.make<arith::AndIOp>(sees, exists));
          rows.push_back(chooses ? b.make<arith::ExtUIOp>(b.vectorOf(b.getI8Type()), x) : x);
        }
        transpose(b, rows);
        for (int64_t i = 0; i < lanes; ++i)
          setVector(rows[i], to, b.add(row, i), v);
      }
      return SmallVector<Value>{found};
    })[0];
  }
  if (o.blocks)
    any = readBlocks();
  return b.make<vector::ReductionOp>(vector::CombiningKind::OR, any);
}

Value TilesKernel::readBlocks() {
  Value any = b.splat(b.vectorOf(b.getI1Type()), 0);
  // Where there is a mask that chooses, what is seen is what both leave.
  bool joins = o.mask && seen.perQuery() && seen.chooses();
  int64_t size = static_cast<int64_t>(*op.getBlockSize());
  Value lastQuery = b.sub(queryCount, b.index(1));
  Value first = b.div(b.add(tile, low), b.index(size)),
        end = b.ceilDiv(b.add(tile, high), b.index(size));
  return b.loop(first, end, 1, any, [&](Value column, ValueRange carried) {
    Value firstKey = b.mul(column, size);
    SmallVector<Value> sees;
    for (int64_t v = 0; v < vectors; ++v) {
      SmallVector<Value> values;
      for (int64_t i = 0; i < lanes; ++i)
        values.push_back(
            seen.block(b.add(firstQuery, b.min(b.index(v * lanes + i), lastQuery)), firstKey));
      sees.push_back(b.make<vector::FromElementsOp>(cast<VectorType>(any.getType()), values));
    }
    Value from = b.max(b.sub(firstKey, tile), low);
    Value to = b.min(b.sub(b.add(firstKey, size), tile), high);
    return b.loop(from, to, 1, carried, [&](Value row, ValueRange inner) {
      Value found = inner[0];
      for (int64_t v = 0; v < vectors; ++v) {
        Value x = sees[v];
        if (joins)
          x = b.make<arith::AndIOp>(
              x, b.loadVector(visible, {row, b.index(v * lanes)}, b.getI1Type()));
        setVector(x, visible, row, v);
        found = b.make<arith::OrIOp>(found, x);
      }
      return SmallVector<Value>{found};
    });
  })[0];
}

Value TilesKernel::masked(Value score, Value row, int64_t v, const Segment &segment, bool edges) {
  auto keep = [&](Value condition) {
    score = b.make<arith::SelectOp>(condition, score, o.splat(minusInfinity));
  };
  if (o.mask && !seen.chooses())
    score = b.make<arith::AddFOp>(
        score, added ? vector(added, row, v) : b.broadcast(seen.at(firstQuery, b.add(tile, row))));
  if (o.mask && seen.chooses() && !seen.perQuery())
    keep(seen.at(firstQuery, b.add(tile, row)));
  if (visible)
    keep(b.loadVector(visible, {row, b.index(v * lanes)}, b.getI1Type()));
  // The row at which lane 0 stands.
  Value place = b.sub(b.add(b.add(firstQuery, v * lanes), seen.queryShift()), tile);
  auto compare = [&](arith::CmpIPredicate predicate, Value distance) {
    keep(b.make<arith::CmpIOp>(predicate, seen.distance(distance), seen.laneNumbers()));
  };
  if (segment.diagonal && v == segment.first)
    compare(arith::CmpIPredicate::sle, b.sub(row, place));
  if (edges) {
    Value window = b.index(static_cast<int64_t>(*op.getWindow()));
    compare(arith::CmpIPredicate::sgt, b.add(b.sub(row, place), window));
    if (!op.getCausal())
      compare(arith::CmpIPredicate::slt, b.sub(b.sub(row, place), window));
  }
  return score;
}

void TilesKernel::packQueries() {
  int64_t depth = o.depth;
  Value scale = o.splat(o.scale());
  Value lastRow = b.sub(queryCount, b.index(1));
  for (int64_t v = 0; v < vectors; ++v)
    for (int64_t d = 0; d < depth; d += lanes) {
      int64_t present = std::min(lanes, depth - d);
      Value mask = present < lanes ? b.maskOf(b.index(present)) : Value();
      SmallVector<Value> rows;
      for (int64_t i = 0; i < lanes; ++i) {
        // Lanes past the last query repeat it and are never stored.
        Value row = b.add(firstQuery, b.min(b.index(v * lanes + i), lastRow));
        Value x = b.loadVector(o.query, {batch, head, row, b.index(d)}, o.real, mask);
        rows.push_back(b.make<arith::MulFOp>(x, scale));
      }
      transpose(b, rows);
      for (int64_t i = 0; i < present; ++i)
        setVector(rows[i], queries, queryRow(b.index(d + i)), v);
    }
}

void TilesKernel::copyTile() {
  auto copy = [&](Value from, Value to, int64_t columns) {
    b.loop(b.max(b.index(0), b.sub(b.index(0), tile)), b.sub(tileEnd, tile), 1, [&](Value row) {
      for (int64_t d = 0; d < columns; d += lanes) {
        Value mask = columns - d < lanes ? b.maskOf(b.index(columns - d)) : Value();
        Value x = b.loadVector(from, {batch, group, b.add(tile, row), b.index(d)}, o.real, mask);
        b.storeVector(x, to, {row, b.index(d)}, mask);
      }
    });
  };
  copy(o.key, keyRows, o.depth);
  copy(o.value, valueRows, o.width);
}

void TilesKernel::scores(const Segment &segment, bool edges) {
  int64_t first = segment.first, count = vectors - first;
  auto body = [&](Value row, int64_t height) {
    auto left = [&](int64_t r, Value k, int64_t i) { return keyAt(b.add(row, r), b.add(k, i)); };
    auto right = [&](int64_t v, Value k, int64_t i) {
      return vector(queries, b.add(queryRow(k), i), first + v);
    };
    MicroKernel kernel{b, height, count, o.real, left, right};
    SmallVector<Value> sums = kernel.run(b.index(o.depth), kernel.zeros());
    for (int64_t v = 0; v < count; ++v) {
      Value largest = vector(largestNow, b.index(0), first + v);
      for (int64_t r = 0; r < height; ++r) {
        Value score = masked(sums[r * count + v], b.add(row, r), first + v, segment, edges);
        setVector(score, scoreTile, b.add(row, r), first + v);
        largest = larger(score, largest);
      }
      setVector(largest, largestNow, b.index(0), first + v);
    }
  };
  if (!segment.diagonal)
    return forRowTiles(b, segment.low, segment.high, body);
  // Slabs are as high as a vector is long, but where the keys end.
  constexpr int64_t height = 4;
  Value rest = b.rem(b.sub(segment.high, segment.low), b.index(height));
  Value whole = b.sub(segment.high, rest);
  b.loop(segment.low, whole, height, [&](Value row) { body(row, height); });
  b.loop(whole, segment.high, 1, [&](Value row) { body(row, 1); });
}

SmallVector<Value> TilesKernel::softmax() {
  SmallVector<Value> shift, correction, sums(vectors, o.splat(0));
  for (int64_t v = 0; v < vectors; ++v) {
    Value before = vector(statistics, maxRow(), v), largest = vector(largestNow, b.index(0), v);
    // Where nothing is visible yet, the maximum is -inf and inf - inf would be NaN.
    Value none = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, largest, o.splat(minusInfinity));
    shift.push_back(b.make<arith::SelectOp>(none, o.splat(0), largest));
    correction.push_back(o.weightOf(b.make<arith::SubFOp>(before, shift[v])));
    setVector(largest, statistics, maxRow(), v);
  }
  for (const Segment &segment : segments) {
    ArrayRef<Value> taking = ArrayRef(sums).drop_front(segment.first);
    SmallVector<Value> now =
        b.loop(segment.low, segment.high, 1, taking, [&](Value row, ValueRange carried) {
          SmallVector<Value> next;
          for (int64_t v = segment.first; v < vectors; ++v) {
            Value p = o.weightOf(b.make<arith::SubFOp>(vector(scoreTile, row, v), shift[v]));
            setVector(p, scoreTile, row, v);
            next.push_back(b.make<arith::AddFOp>(carried[v - segment.first], p));
          }
          return next;
        });
    llvm::copy(now, sums.begin() + segment.first);
  }
  for (int64_t v = 0; v < vectors; ++v)
    setVector(b.fma(vector(statistics, sumRow(), v), correction[v], sums[v]), statistics, sumRow(),
              v);
  return correction;
}

void TilesKernel::accumulate(ValueRange correction) {
  forRowTiles(b, b.index(0), b.index(o.width), [&](Value d, int64_t height) {
    SmallVector<Value> sums;
    for (int64_t r = 0; r < height; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        sums.push_back(b.make<arith::MulFOp>(vector(accumulator, b.add(accumulatorRow(d), r), v),
                                             correction[v]));
    for (const Segment &segment : segments) {
      int64_t first = segment.first, count = vectors - first;
      auto left = [&](int64_t r, Value k, int64_t i) {
        return valueAt(b.add(b.add(segment.low, k), i), b.add(d, r));
      };
      auto right = [&](int64_t v, Value k, int64_t i) {
        return vector(scoreTile, b.add(b.add(segment.low, k), i), first + v);
      };
      SmallVector<Value> taking;
      for (int64_t r = 0; r < height; ++r)
        llvm::append_range(taking, ArrayRef(sums).slice(r * vectors + first, count));
      MicroKernel kernel{b, height, count, o.real, left, right};
      taking = kernel.run(b.sub(segment.high, segment.low), taking);
      for (int64_t r = 0; r < height; ++r)
        std::copy_n(taking.begin() + r * count, count, sums.begin() + r * vectors + first);
    }
    for (int64_t r = 0; r < height; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        setVector(sums[r * vectors + v], accumulator, b.add(accumulatorRow(d), r), v);
  });
}

void TilesKernel::accumulateSeen(ValueRange correction) {
  b.loop(b.index(0), b.index(o.width), 1, [&](Value d) {
    SmallVector<Value> sums;
    for (int64_t v = 0; v < vectors; ++v)
      sums.push_back(
          b.make<arith::MulFOp>(vector(accumulator, accumulatorRow(d), v), correction[v]));
    for (const Segment &segment : segments) {
      ArrayRef<Value> taking = ArrayRef(sums).drop_front(segment.first);
      SmallVector<Value> now =
          b.loop(segment.low, segment.high, 1, taking, [&](Value row, ValueRange carried) {
            Value x = b.broadcast(valueAt(row, d));
            SmallVector<Value> next;
            for (int64_t v = segment.first; v < vectors; ++v) {
              Value weight = vector(scoreTile, row, v), sum = carried[v - segment.first];
              Value unseen = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, weight, o.splat(0));
              next.push_back(b.make<arith::SelectOp>(unseen, sum, b.fma(x, weight, sum)));
            }
            return next;
          });
      llvm::copy(now, sums.begin() + segment.first);
    }
    for (int64_t v = 0; v < vectors; ++v)
      setVector(sums[v], accumulator, accumulatorRow(d), v);
  });
}

Value TilesKernel::resultHasNaN() {
  Value none = b.splat(b.vectorOf(b.getI1Type()), 0);
  Value rows = b.mul(b.ceilDiv(itemQueries, b.index(block)), o.width);
  Value found = b.loop(b.index(0), rows, 1, none, [&](Value row, ValueRange carried) {
    Value any = carried[0];
    for (int64_t v = 0; v < vectors; ++v) {
      Value x = vector(accumulator, row, v);
      any = b.make<arith::OrIOp>(any, b.make<arith::CmpFOp>(arith::CmpFPredicate::UNO, x, x));
    }
    return SmallVector<Value>{any};
  })[0];
  return b.make<vector::ReductionOp>(vector::CombiningKind::OR, found);
}

void TilesKernel::writeResult() {
  int64_t width = o.width;
  for (int64_t v = 0; v < vectors; ++v) {
    Value sum = vector(statistics, sumRow(), v);
    Value empty = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, sum, o.splat(0));
    Value divided = b.make<arith::DivFOp>(o.splat(1), sum);
    setVector(b.make<arith::SelectOp>(empty, o.splat(0), divided), statistics, sumRow(), v);
  }
  for (int64_t v = 0; v < vectors; ++v)
    b.onlyIf(b.less(b.index(v * lanes), queryCount), [&] {
      Value scale = vector(statistics, sumRow(), v);
      for (int64_t d = 0; d < width; d += lanes) {
        int64_t present = std::min(lanes, width - d);
        Value mask = present < lanes ? b.maskOf(b.index(present)) : Value();
        SmallVector<Value> columns;
        for (int64_t i = 0; i < lanes; ++i)
          columns.push_back(b.make<arith::MulFOp>(
              vector(accumulator, accumulatorRow(b.index(d + std::min(i, present - 1))), v),
              scale));
        transpose(b, columns);
        for (int64_t i = 0; i < lanes; ++i)
          b.onlyIf(b.less(b.index(v * lanes + i), queryCount), [&] {
            Value row = b.add(firstQuery, v * lanes + i);
            b.storeVector(columns[i], o.output, {batch, head, row, b.index(d)}, mask);
          });
      }
    });
}

void nacre::cpu::emitAttentionTiles(const AttentionOperands &operands) {
  KernelBuilder &b = operands.b;
  int64_t vectors = b.target.panel() / b.target.lanes;
  // Blocks whose queries and sums are half of a second cache of 512 KiB together.
  int64_t perBlock = (operands.depth + operands.width) * vectors * b.target.lanes * 4;
  int64_t blocks = std::clamp<int64_t>(256 * 1024 / std::max<int64_t>(perBlock, 1), 1, 4);
  TilesKernel(operands, vectors, blocks).emit();
}
