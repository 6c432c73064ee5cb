//===- Attention.cpp - fused attention by online softmax -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A block of queries lies along the vector lanes and keys pass by in tiles (Milakov and
// Gimelshein 2018; Dao et al. 2022). Scores are computed transposed, [key, query]: then
// the maximum and the sum of a softmax row are plain vector operations, keys and values are
// read as broadcast scalars, and only the queries and the result are transposed, once per
// block. Nothing of size queries x keys exists.
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/MicroKernel.h"
#include "codegen/cpu/VectorFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {

/// Transposes as many vectors as a vector has lanes.
void transpose(KernelBuilder &b, MutableArrayRef<Value> rows) {
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

/// The kernel for `blocks` at a time of `vectors` x lanes queries, which share what is copied of
/// keys and values.
class AttentionKernel {
public:
  AttentionKernel(KernelBuilder &b, nn::AttentionOp op, int64_t vectors, int64_t blocks)
      : b(b), op(op), vectors(vectors), lanes(b.target.lanes), block(vectors * b.target.lanes),
        blocks(blocks) {}

  Value query, key, value, mask, output; // [B, H, S, D] views; mask may be null
  void emit();

private:
  /// Runs `body` for each block of queries of the item.
  void forBlocks(llvm::function_ref<void()> body);
  void packQueries();
  /// Copies a tile of keys and values: where they are, their rows may lie multiples of 4 KiB apart
  /// and evict each other from the first cache.
  void packKeys(Value firstKey, Value keys);
  /// Everything for the item's queries, up to key `end`: statistics and accumulators.
  void attend(Value end);
  void start();
  /// A tile of keys for one block.
  void attendTile(Value firstKey, Value keys);
  void scores(Value keys);
  void applyMask(Value firstKey, Value keys);
  void applyCausal(Value firstKey, Value keys);
  /// e^x of a score less the largest.
  Value weightOf(Value x);
  /// Turns a tile of scores into weights; gives the factors for what was summed before.
  SmallVector<Value> softmax(Value keys);
  void accumulate(Value keys, ValueRange correction);
  /// The same, leaving out keys of weight 0, whatever their values.
  void accumulateSeen(Value keys, ValueRange correction);
  Value resultHasNaN();
  void writeResult();

  Value vector(Value buffer, Value row, int64_t v) {
    return b.loadVector(buffer, {row, b.index(v * lanes)}, real);
  }
  void setVector(Value x, Value buffer, Value row, int64_t v) {
    b.storeVector(x, buffer, {row, b.index(v * lanes)});
  }
  Value wide(double x) { return b.splat(b.vectorOf(real), x); }

  /// Keys per tile: with 64 queries the tile of scores is 24 KiB.
  static constexpr int64_t keyTile = 96;
  static constexpr double minusInfinity = -std::numeric_limits<double>::infinity();

  KernelBuilder &b;
  nn::AttentionOp op;
  int64_t vectors, lanes, block, blocks;
  int64_t depth = op.getQuery().getType().getDimSize(3);
  int64_t width = op.getValue().getType().getDimSize(3);
  Type real = getElementTypeOrSelf(op.getQuery().getType());
  // Scratch. Of those with rows for every block, `rowOf` gives the present one's.
  Value keyRows, valueRows, scoreTile;
  Value queries, accumulator, statistics; // statistics: [max, sum]
  Value rowOf(Value row, int64_t rowsOfBlock) { return b.add(b.mul(number, rowsOfBlock), row); }
  Value queryRow(Value d) { return rowOf(d, depth); }
  Value accumulatorRow(Value d) { return rowOf(d, width); }
  Value maxRow() { return rowOf(b.index(0), 2); }
  Value sumRow() { return rowOf(b.index(1), 2); }

  Value batch, head, group, causalShift;
  Value itemQuery, itemQueries;         // the first of the item's queries and their count
  Value number, firstQuery, queryCount; // the present block
  Value careful; // whether only keys that are seen may be counted; null where all are
};

} // namespace

void AttentionKernel::emit() {
  int64_t heads = op.getQuery().getType().getDimSize(1);
  int64_t perGroup = heads / op.getKey().getType().getDimSize(1);
  keyRows = b.scratch({keyTile, depth}, real);
  valueRows = b.scratch({keyTile, width}, real);
  scoreTile = b.scratch({keyTile, block}, real);
  queries = b.scratch({blocks * depth, block}, real);
  accumulator = b.scratch({blocks * width, block}, real);
  statistics = b.scratch({blocks * 2, block}, real);

  Value batches = b.dim(query, 0), queryLength = b.dim(query, 2), keyLength = b.dim(key, 2);
  causalShift = b.sub(keyLength, queryLength);
  Value perHead = b.ceilDiv(queryLength, b.index(blocks * block));
  auto [low, high] = b.share(b.mul(b.mul(batches, heads), perHead));
  b.loop(low, high, 1, [&](Value item) {
    Value which = b.div(item, perHead);
    batch = b.div(which, b.index(heads));
    head = b.rem(which, b.index(heads));
    group = b.div(head, b.index(perGroup));
    itemQuery = b.mul(b.rem(item, perHead), blocks * block);
    itemQueries = b.min(b.index(blocks * block), b.sub(queryLength, itemQuery));
    forBlocks([&] { packQueries(); });
    // With causal attention no query sees past the last one's last key.
    Value end = keyLength;
    if (op.getCausal())
      end = b.max(b.min(keyLength, b.add(b.add(itemQuery, itemQueries), causalShift)), b.index(0));
    if (!mask && !op.getCausal()) {
      attend(end);
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
        b.onlyIf(again.getResult(0), [&] { attend(end); });
      });
    }
    forBlocks([&] { writeResult(); });
  });
}

void AttentionKernel::forBlocks(llvm::function_ref<void()> body) {
  b.loop(b.index(0), b.ceilDiv(itemQueries, b.index(block)), 1, [&](Value i) {
    number = i;
    Value before = b.mul(i, block);
    firstQuery = b.add(itemQuery, before);
    queryCount = b.min(b.index(block), b.sub(itemQueries, before));
    body();
  });
}

void AttentionKernel::attend(Value end) {
  forBlocks([&] { start(); });
  b.loop(b.index(0), end, keyTile, [&](Value firstKey) {
    Value keys = b.min(b.index(keyTile), b.sub(end, firstKey));
    packKeys(firstKey, keys);
    forBlocks([&] {
      if (!op.getCausal())
        return attendTile(firstKey, keys);
      Value blockEnd = b.add(b.add(firstQuery, queryCount), causalShift);
      b.onlyIf(b.less(firstKey, blockEnd), [&] { attendTile(firstKey, keys); });
    });
  });
}

void AttentionKernel::start() {
  b.loop(b.index(0), b.index(width), 1, [&](Value d) {
    for (int64_t v = 0; v < vectors; ++v)
      setVector(wide(0), accumulator, accumulatorRow(d), v);
  });
  for (int64_t v = 0; v < vectors; ++v) {
    setVector(wide(minusInfinity), statistics, maxRow(), v);
    setVector(wide(0), statistics, sumRow(), v);
  }
}

void AttentionKernel::attendTile(Value firstKey, Value keys) {
  scores(keys);
  applyMask(firstKey, keys);
  applyCausal(firstKey, keys);
  SmallVector<Value> correction = softmax(keys);
  if (!careful)
    return accumulate(keys, correction);
  auto choice = scf::IfOp::create(b, b.loc, careful, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  accumulateSeen(keys, correction);
  b.setInsertionPointToStart(choice.elseBlock());
  accumulate(keys, correction);
}

Value AttentionKernel::resultHasNaN() {
  Value none = b.splat(b.vectorOf(b.getI1Type()), 0);
  Value rows = b.mul(b.ceilDiv(itemQueries, b.index(block)), width);
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

void AttentionKernel::packQueries() {
  double scale = op.getScale() ? op.getScale()->convertToDouble() : 1.0 / std::sqrt(double(depth));
  Value lastRow = b.sub(queryCount, b.index(1));
  for (int64_t v = 0; v < vectors; ++v)
    for (int64_t d = 0; d < depth; d += lanes) {
      int64_t present = std::min(lanes, depth - d);
      Value mask = present < lanes ? b.maskOf(b.index(present)) : Value();
      SmallVector<Value> rows;
      for (int64_t i = 0; i < lanes; ++i) {
        // Lanes past the last query repeat it and are never stored.
        Value row = b.add(firstQuery, b.min(b.index(v * lanes + i), lastRow));
        Value x = b.loadVector(query, {batch, head, row, b.index(d)}, real, mask);
        rows.push_back(b.make<arith::MulFOp>(x, wide(scale)));
      }
      transpose(b, rows);
      for (int64_t i = 0; i < present; ++i)
        setVector(rows[i], queries, queryRow(b.index(d + i)), v);
    }
}

void AttentionKernel::packKeys(Value firstKey, Value keys) {
  auto pack = [&](Value from, Value to, int64_t columns) {
    b.loop(b.index(0), keys, 1, [&](Value row) {
      for (int64_t d = 0; d < columns; d += lanes) {
        Value mask = columns - d < lanes ? b.maskOf(b.index(columns - d)) : Value();
        Value x = b.loadVector(from, {batch, group, b.add(firstKey, row), b.index(d)}, real, mask);
        b.storeVector(x, to, {row, b.index(d)}, mask);
      }
    });
  };
  pack(key, keyRows, depth);
  pack(value, valueRows, width);
}

void AttentionKernel::scores(Value keys) {
  forRowTiles(b, b.index(0), keys, [&](Value row, int64_t height) {
    auto left = [&](int64_t r, Value k, int64_t i) {
      return b.loadScalar(keyRows, {b.add(row, r), b.add(k, i)}, real);
    };
    auto right = [&](int64_t v, Value k, int64_t i) {
      return vector(queries, b.add(queryRow(k), i), v);
    };
    MicroKernel kernel{b, height, vectors, real, left, right};
    SmallVector<Value> sums = kernel.run(b.index(depth), kernel.zeros());
    for (int64_t r = 0; r < height; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        setVector(sums[r * vectors + v], scoreTile, b.add(row, r), v);
  });
}

void AttentionKernel::applyMask(Value firstKey, Value keys) {
  if (!mask)
    return;
  auto type = cast<MemRefType>(mask.getType());
  int64_t rank = type.getRank();
  bool isBool = getElementTypeOrSelf(op.getMask().getType()).isInteger(1);
  Type element = isBool ? Type(b.getI1Type()) : real;
  auto pick = [&](int64_t fromBack, Value wanted) {
    return type.getDimSize(rank - fromBack) == 1 ? b.index(0) : wanted;
  };
  bool perQuery = rank >= 2 && type.getDimSize(rank - 2) != 1;
  // Lanes are queries: swap the last two dimensions so that a vector runs over them.
  Value view = mask;
  if (perQuery) {
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(order[rank - 1], order[rank - 2]);
    auto map = AffineMap::getPermutationMap(order, b.getContext());
    view = b.make<memref::TransposeOp>(mask, AffineMapAttr::get(map));
  }
  b.loop(b.index(0), keys, 1, [&](Value row) {
    Value at = b.add(firstKey, row);
    for (int64_t v = 0; v < vectors; ++v) {
      SmallVector<Value> indices;
      if (rank >= 4)
        indices.push_back(pick(4, batch));
      if (rank >= 3)
        indices.push_back(pick(3, head));
      Value values;
      if (perQuery) {
        Value first = b.add(firstQuery, v * lanes);
        Value left = b.max(b.sub(queryCount, b.index(v * lanes)), b.index(0));
        // A vector wholly past the last query reads the block's first one.
        Value start = b.make<arith::SelectOp>(b.less(b.index(0), left), first, firstQuery);
        indices.push_back(pick(1, at));
        indices.push_back(start);
        values = b.loadVector(view, indices, element, b.maskOf(left));
      } else {
        if (rank >= 2)
          indices.push_back(b.index(0));
        if (rank >= 1)
          indices.push_back(pick(1, at));
        values = b.broadcast(b.loadScalar(view, indices, element));
      }
      Value score = vector(scoreTile, row, v);
      Value masked = isBool ? b.make<arith::SelectOp>(values, score, wide(minusInfinity))
                            : b.make<arith::AddFOp>(score, values);
      setVector(masked, scoreTile, row, v);
    }
  });
}

void AttentionKernel::applyCausal(Value firstKey, Value keys) {
  if (!op.getCausal())
    return;
  // Only tiles that reach past the first query's last key.
  Value lastVisible = b.add(firstQuery, causalShift);
  Value reaches = b.less(lastVisible, b.sub(b.add(firstKey, keys), b.index(1)));
  b.onlyIf(reaches, [&] {
    // Lane l of vector v sees the key where key - lastVisible <= v * lanes + l; the distance is cut
    // to what 32 bits hold, which changes nothing.
    SmallVector<int32_t> numbers = llvm::to_vector(llvm::seq<int32_t>(0, lanes));
    Value lane = b.make<arith::ConstantOp>(
        DenseElementsAttr::get(b.vectorOf(b.getI32Type()), ArrayRef<int32_t>(numbers)));
    b.loop(b.index(0), keys, 1, [&](Value row) {
      Value distance = b.sub(b.add(firstKey, row), lastVisible);
      distance = b.max(b.min(distance, b.index(block)), b.index(-1));
      Value at = b.broadcast(b.make<arith::IndexCastOp>(b.getI32Type(), distance));
      for (int64_t v = 0; v < vectors; ++v) {
        Value limit = b.make<arith::AddIOp>(b.splat(lane.getType(), v * lanes), lane);
        Value visible = b.make<arith::CmpIOp>(arith::CmpIPredicate::sle, at, limit);
        Value score = vector(scoreTile, row, v);
        setVector(b.make<arith::SelectOp>(visible, score, wide(minusInfinity)), scoreTile, row, v);
      }
    });
  });
}

Value AttentionKernel::weightOf(Value x) {
  // A power that underflows costs the core a hundred times another's time, and every unseen key has
  // one. Beside the largest weight, 1, it is nothing.
  Value nothing = b.make<arith::CmpFOp>(arith::CmpFPredicate::OLT, x, wide(-87));
  Value power = emitExp(b, b.make<arith::SelectOp>(nothing, wide(-87), x));
  return b.make<arith::SelectOp>(nothing, wide(0), power);
}

SmallVector<Value> AttentionKernel::softmax(Value keys) {
  SmallVector<Value> before, largest, sums, correction, shift;
  for (int64_t v = 0; v < vectors; ++v)
    before.push_back(vector(statistics, maxRow(), v));
  largest = b.loop(b.index(0), keys, 1, before, [&](Value row, ValueRange carried) {
    SmallVector<Value> next;
    for (int64_t v = 0; v < vectors; ++v) {
      // A NaN score is passed over here and comes back as a NaN weight.
      Value score = vector(scoreTile, row, v);
      Value larger = b.make<arith::CmpFOp>(arith::CmpFPredicate::OGT, score, carried[v]);
      next.push_back(b.make<arith::SelectOp>(larger, score, carried[v]));
    }
    return next;
  });
  for (int64_t v = 0; v < vectors; ++v) {
    // Where nothing is visible yet, the maximum is -inf and inf - inf would be NaN.
    Value none = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, largest[v], wide(minusInfinity));
    shift.push_back(b.make<arith::SelectOp>(none, wide(0), largest[v]));
    correction.push_back(weightOf(b.make<arith::SubFOp>(before[v], shift[v])));
  }
  sums = b.loop(b.index(0), keys, 1, SmallVector<Value>(vectors, wide(0)),
                [&](Value row, ValueRange carried) {
                  SmallVector<Value> next;
                  for (int64_t v = 0; v < vectors; ++v) {
                    Value score = vector(scoreTile, row, v);
                    Value p = weightOf(b.make<arith::SubFOp>(score, shift[v]));
                    setVector(p, scoreTile, row, v);
                    next.push_back(b.make<arith::AddFOp>(carried[v], p));
                  }
                  return next;
                });
  for (int64_t v = 0; v < vectors; ++v) {
    Value old = vector(statistics, sumRow(), v);
    setVector(b.fma(old, correction[v], sums[v]), statistics, sumRow(), v);
    setVector(largest[v], statistics, maxRow(), v);
  }
  return correction;
}

void AttentionKernel::accumulate(Value keys, ValueRange correction) {
  forRowTiles(b, b.index(0), b.index(width), [&](Value row, int64_t height) {
    auto left = [&](int64_t r, Value k, int64_t i) {
      return b.loadScalar(valueRows, {b.add(k, i), b.add(row, r)}, real);
    };
    auto right = [&](int64_t v, Value k, int64_t i) { return vector(scoreTile, b.add(k, i), v); };
    MicroKernel kernel{b, height, vectors, real, left, right};
    SmallVector<Value> initial;
    for (int64_t r = 0; r < height; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        initial.push_back(b.make<arith::MulFOp>(
            vector(accumulator, b.add(accumulatorRow(row), r), v), correction[v]));
    SmallVector<Value> products = kernel.run(keys, initial);
    for (int64_t r = 0; r < height; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        setVector(products[r * vectors + v], accumulator, b.add(accumulatorRow(row), r), v);
  });
}

void AttentionKernel::accumulateSeen(Value keys, ValueRange correction) {
  b.loop(b.index(0), b.index(width), 1, [&](Value row) {
    SmallVector<Value> sums;
    for (int64_t v = 0; v < vectors; ++v)
      sums.push_back(
          b.make<arith::MulFOp>(vector(accumulator, accumulatorRow(row), v), correction[v]));
    sums = b.loop(b.index(0), keys, 1, sums, [&](Value k, ValueRange carried) {
      Value x = b.broadcast(b.loadScalar(valueRows, {k, row}, real));
      SmallVector<Value> next;
      for (int64_t v = 0; v < vectors; ++v) {
        Value weight = vector(scoreTile, k, v);
        Value unseen = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, weight, wide(0));
        next.push_back(b.make<arith::SelectOp>(unseen, carried[v], b.fma(x, weight, carried[v])));
      }
      return next;
    });
    for (int64_t v = 0; v < vectors; ++v)
      setVector(sums[v], accumulator, accumulatorRow(row), v);
  });
}

void AttentionKernel::writeResult() {
  for (int64_t v = 0; v < vectors; ++v) {
    Value sum = vector(statistics, sumRow(), v);
    Value empty = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, sum, wide(0));
    Value divided = b.make<arith::DivFOp>(wide(1), sum);
    setVector(b.make<arith::SelectOp>(empty, wide(0), divided), statistics, sumRow(), v);
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
            b.storeVector(columns[i], output, {batch, head, row, b.index(d)}, mask);
          });
      }
    });
}

LogicalResult nacre::cpu::emitAttention(KernelBuilder &b, nn::AttentionOp root) {
  FailureOr<Value> query = b.buffer(root.getQuery()), key = b.buffer(root.getKey()),
                   value = b.buffer(root.getValue());
  FailureOr<Value> mask = root.getMask() ? b.buffer(root.getMask()) : FailureOr<Value>(Value());
  if (failed(query) || failed(key) || failed(value) || failed(mask))
    return failure();
  if (root.getQuery().getType().isDynamicDim(3) || root.getValue().getType().isDynamicDim(3))
    return root.emitOpError("internal: the head size must be static");
  // The result may go out transposed: see it in the order that the kernel writes.
  Value output = b.output;
  if (auto transpose = b.yielded().getDefiningOp<nn::TransposeOp>()) {
    auto inverse = invertPermutationVector(transpose.getPermutation());
    auto map = AffineMap::getPermutationMap(inverse, b.getContext());
    output = memref::TransposeOp::create(b, b.loc, output, AffineMapAttr::get(map));
  }
  auto run = [&](int64_t vectors, int64_t blocks) {
    AttentionKernel kernel(b, root, vectors, blocks);
    kernel.query = *query;
    kernel.key = *key;
    kernel.value = *value;
    kernel.mask = *mask;
    kernel.output = output;
    kernel.emit();
  };
  // Few queries (a step of decoding) would leave most lanes of a large block empty.
  int64_t vectors = b.target.panel() / b.target.lanes;
  Value length = b.dim(*query, 2);
  Value small = b.less(length, b.index(b.target.lanes + 1));
  auto choice = scf::IfOp::create(b, b.loc, small, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  run(1, 1);
  b.setInsertionPointToStart(choice.elseBlock());
  // Blocks whose queries and sums are half of a second cache of 512 KiB together.
  int64_t perQuery =
      root.getQuery().getType().getDimSize(3) + root.getValue().getType().getDimSize(3);
  int64_t perBlock = perQuery * vectors * b.target.lanes * 4;
  run(vectors, std::clamp<int64_t>(256 * 1024 / std::max<int64_t>(perBlock, 1), 1, 4));
  return success();
}
