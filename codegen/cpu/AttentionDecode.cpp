//===- AttentionDecode.cpp - attention of few queries ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A step of decoding reads all keys and values for a few rows of scores: the queries of all heads
// that share them. Both pass by once, in place, in chunks that stay in the first cache until every
// row has seen them, and while one chunk is worked on, the next is asked for. Lanes run over the
// elements of a head; of as many keys as a vector has lanes the products are added up together.
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/AttentionKernels.h"
#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/VectorFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>
#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

static constexpr double minusInfinity = -std::numeric_limits<double>::infinity();

/// The sums of as many vectors as a vector has lanes, as one vector.
static Value sumsOf(KernelBuilder &b, SmallVector<Value> rows) {
  int64_t lanes = rows.size();
  for (int64_t step = 1; step < lanes; step *= 2)
    for (int64_t i = 0; i < lanes; i += 2 * step) {
      SmallVector<int64_t> low, high;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        bool second = lane & step;
        low.push_back(second ? lanes + lane - step : lane);
        high.push_back(second ? lanes + lane : lane + step);
      }
      Value first = rows[i], second = rows[i + step];
      rows[i] = b.make<arith::AddFOp>(b.make<vector::ShuffleOp>(first, second, low),
                                      b.make<vector::ShuffleOp>(first, second, high));
    }
  return rows[0];
}

namespace {

class DecodeKernel {
public:
  explicit DecodeKernel(const AttentionOperands &operands)
      : o(operands), b(operands.b), op(operands.op), seen(operands), lanes(b.target.lanes),
        depthVectors(llvm::divideCeil(o.depth, lanes)),
        widthVectors(llvm::divideCeil(o.width, lanes)) {}

  void emit();

private:
  void attendItem();
  void forRows(llvm::function_ref<void(Value row)> body);
  /// The head and the query of a row of the item.
  std::pair<Value, Value> placeOf(Value row);
  void start();
  void attendChunk();
  void scores();
  /// Those of as many keys as there are lanes from `key` of the chunk on; `count` exist, or all.
  void scoresOf(Value row, Value key, Value count);
  Value masked(Value score, Value row, Value key, Value count);
  void softmax(Value row);
  /// Adds the chunk's values to `height` rows.
  void accumulate(Value row, int64_t height);
  void writeResult(Value row);

  /// Vector j of a row of keys, values, or the result.
  Value load(Value from, ArrayRef<Value> place, int64_t j, int64_t size);
  /// Asks for a row of keys or values from memory.
  void prefetch(Value from, Value key, int64_t size);
  /// One number for a row, in all lanes, kept as a scalar.
  Value number(Value of, Value row) { return b.broadcast(b.loadScalar(of, {row}, o.real)); }

  static constexpr int64_t mostRows = 32;

  const AttentionOperands &o;
  KernelBuilder &b;
  nn::AttentionOp op;
  AttentionMask seen;
  int64_t lanes, depthVectors, widthVectors;
  /// Keys that take a third of a first cache of 48 KiB, as their values do: both stay there.
  int64_t chunk = std::clamp<int64_t>(
      4096 / std::max<int64_t>({o.depth, o.width, 1}) / lanes * lanes, lanes, 128);
  int64_t perGroup = o.heads / o.groups;
  // Scratch, by row.
  Value queries, scoreRows, accumulator, largestLanes; // vectors
  Value largest, sum, factor;                          // numbers

  Value batch, group, part;
  Value firstRow, rowCount;
  Value end;                // past the last key of the part
  Value firstKey, keyCount; // of the chunk
};

} // namespace

void DecodeKernel::emit() {
  auto queryType = cast<MemRefType>(o.query.getType());
  int64_t most =
      perGroup * (queryType.isDynamicDim(2) ? mostDecodedQueries : queryType.getDimSize(2));
  int64_t rows = std::clamp<int64_t>(most, 1, mostRows);
  queries = b.scratch({rows, depthVectors * lanes}, o.real);
  accumulator = b.scratch({rows, widthVectors * lanes}, o.real);
  scoreRows = b.scratch({rows, chunk}, o.real);
  largestLanes = b.scratch({rows, lanes}, o.real);
  largest = b.scratch({rows}, o.real);
  sum = b.scratch({rows}, o.real);
  factor = b.scratch({rows}, o.real);

  Value allRows = b.mul(o.queries, perGroup);
  Value rowGroups = b.ceilDiv(allRows, b.index(rows));
  int64_t span = static_cast<int64_t>(op.getSpan().value_or(0));
  Value parts = span ? b.ceilDiv(o.keys, b.index(span)) : b.index(1);
  Value perHead = b.mul(parts, rowGroups);
  auto [first, last] = b.share(b.mul(b.mul(o.batches, o.groups), perHead));
  b.loop(first, last, 1, [&](Value item) {
    Value which = b.div(item, perHead), rest = b.rem(item, perHead);
    batch = b.div(which, b.index(o.groups));
    group = b.rem(which, b.index(o.groups));
    part = b.div(rest, rowGroups);
    firstRow = b.mul(b.rem(rest, rowGroups), rows);
    rowCount = b.min(b.index(rows), b.sub(allRows, firstRow));
    seen.enter(batch, b.mul(group, perGroup));
    attendItem();
  });
}

void DecodeKernel::attendItem() {
  start();
  auto [low, high] = seen.range(b.index(0), o.queries);
  if (op.getSpan()) {
    int64_t span = static_cast<int64_t>(*op.getSpan());
    Value from = b.mul(part, span);
    low = b.max(low, from);
    high = b.min(high, b.add(from, span));
  }
  end = high;
  b.loop(low, high, chunk, [&](Value key) {
    firstKey = key;
    keyCount = b.min(b.index(chunk), b.sub(end, key));
    if (seen.isPerKey() && !(seen.perHead() && perGroup > 1))
      b.onlyIf(seen.seesAny(key, b.add(key, keyCount)), [&] { attendChunk(); });
    else
      attendChunk();
  });
  forRows([&](Value row) { writeResult(row); });
}

void DecodeKernel::forRows(llvm::function_ref<void(Value)> body) {
  b.loop(b.index(0), rowCount, 1, body);
}

std::pair<Value, Value> DecodeKernel::placeOf(Value row) {
  Value at = b.add(firstRow, row);
  return {b.add(b.mul(group, perGroup), b.div(at, o.queries)), b.rem(at, o.queries)};
}

Value DecodeKernel::load(Value from, ArrayRef<Value> place, int64_t j, int64_t size) {
  SmallVector<Value> indices(place);
  indices.push_back(b.index(j * lanes));
  int64_t present = size - j * lanes;
  return b.loadVector(from, indices, o.real,
                      present < lanes ? b.maskOf(b.index(present)) : Value());
}

void DecodeKernel::prefetch(Value from, Value key, int64_t size) {
  constexpr int64_t line = 64;
  int64_t perLine = std::max<int64_t>(line * 8 / elementIn(from).getIntOrFloatBitWidth(), 1);
  for (int64_t d = 0; d < size; d += perLine)
    memref::PrefetchOp::create(b, b.loc, from, ValueRange{batch, group, key, b.index(d)},
                               /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

void DecodeKernel::start() {
  Value scale = o.splat(o.scale());
  forRows([&](Value row) {
    auto [head, query] = placeOf(row);
    for (int64_t j = 0; j < depthVectors; ++j)
      b.storeVector(b.make<arith::MulFOp>(load(o.query, {batch, head, query}, j, o.depth), scale),
                    queries, {row, b.index(j * lanes)});
    for (int64_t j = 0; j < widthVectors; ++j)
      b.storeVector(o.splat(0), accumulator, {row, b.index(j * lanes)});
    b.storeScalar(b.splat(o.real, minusInfinity), largest, {row});
    b.storeScalar(b.splat(o.real, 0), sum, {row});
  });
}

void DecodeKernel::attendChunk() {
  forRows(
      [&](Value row) { b.storeVector(o.splat(minusInfinity), largestLanes, {row, b.index(0)}); });
  scores();
  forRows([&](Value row) { softmax(row); });
  // As many rows at a time as have their sums in half of the registers.
  int64_t height = std::clamp<int64_t>(b.target.registers / 2 / widthVectors, 1, 4);
  Value rest = b.rem(rowCount, b.index(height)), whole = b.sub(rowCount, rest);
  b.loop(b.index(0), whole, height, [&](Value row) { accumulate(row, height); });
  if (height > 1)
    b.loop(whole, rowCount, 1, [&](Value row) { accumulate(row, 1); });
}

void DecodeKernel::scores() {
  Value rest = b.rem(keyCount, b.index(lanes)), whole = b.sub(keyCount, rest);
  b.loop(b.index(0), whole, lanes, [&](Value key) {
    for (int64_t i = 0; i < lanes; ++i)
      prefetch(o.value, b.add(b.add(firstKey, key), i), o.width);
    forRows([&](Value row) { scoresOf(row, key, Value()); });
  });
  b.onlyIf(b.less(b.index(0), rest),
           [&] { forRows([&](Value row) { scoresOf(row, whole, rest); }); });
}

void DecodeKernel::scoresOf(Value row, Value key, Value count) {
  SmallVector<Value> sums(lanes), places;
  for (int64_t i = 0; i < lanes; ++i) {
    Value at = count ? b.min(b.index(i), b.sub(count, b.index(1))) : b.index(i);
    places.push_back(b.add(b.add(firstKey, key), at));
  }
  for (int64_t j = 0; j < depthVectors; ++j) {
    Value q = b.loadVector(queries, {row, b.index(j * lanes)}, o.real);
    for (int64_t i = 0; i < lanes; ++i) {
      Value k = load(o.key, {batch, group, places[i]}, j, o.depth);
      sums[i] = j ? b.fma(k, q, sums[i]) : b.make<arith::MulFOp>(k, q);
    }
  }
  Value score = masked(sumsOf(b, sums), row, key, count);
  b.storeVector(score, scoreRows, {row, key});
  Value before = b.loadVector(largestLanes, {row, b.index(0)}, o.real);
  // A NaN score is passed over here and comes back as a NaN weight.
  Value larger = b.make<arith::CmpFOp>(arith::CmpFPredicate::OGT, score, before);
  b.storeVector(b.make<arith::SelectOp>(larger, score, before), largestLanes, {row, b.index(0)});
}

Value DecodeKernel::masked(Value score, Value row, Value key, Value count) {
  auto keep = [&](Value condition) {
    score = b.make<arith::SelectOp>(condition, score, o.splat(minusInfinity));
  };
  Value at = b.add(firstKey, key);
  auto [head, query] = placeOf(row);
  seen.turnTo(head);
  if (o.mask) {
    Value all = b.index(lanes);
    Value values = seen.perKey() ? seen.alongKeys(query, at, count ? count : all)
                                 : b.broadcast(seen.at(query, at));
    if (seen.chooses())
      keep(values);
    else
      score = b.make<arith::AddFOp>(score, values);
  }
  if (o.blocks) {
    SmallVector<Value> values;
    for (int64_t i = 0; i < lanes; ++i)
      values.push_back(
          seen.block(query, count ? b.min(b.add(at, i), b.sub(end, b.index(1))) : b.add(at, i)));
    keep(b.make<vector::FromElementsOp>(cast<VectorType>(b.vectorOf(b.getI1Type())), values));
  }
  // Lane l is the key that stands so far behind the query's place.
  auto compare = [&](arith::CmpIPredicate predicate, Value distance) {
    keep(b.make<arith::CmpIOp>(predicate, seen.laneNumbers(), seen.distance(distance)));
  };
  Value place = b.sub(b.add(query, seen.queryShift()), at);
  if (op.getCausal())
    compare(arith::CmpIPredicate::sle, place);
  if (seen.hasWindow()) {
    Value window = b.index(static_cast<int64_t>(*op.getWindow()));
    compare(arith::CmpIPredicate::sgt, b.sub(place, window));
    if (!op.getCausal())
      compare(arith::CmpIPredicate::slt, b.add(place, window));
  }
  if (count)
    keep(b.maskOf(count));
  return score;
}

void DecodeKernel::softmax(Value row) {
  Value lanesLargest = b.loadVector(largestLanes, {row, b.index(0)}, o.real);
  Value before = b.loadScalar(largest, {row}, o.real);
  Value now = b.make<vector::ReductionOp>(vector::CombiningKind::MAXNUMF, lanesLargest, before);
  Value all = b.broadcast(now);
  // Where nothing is visible yet, the maximum is -inf and inf - inf would be NaN.
  Value none = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, all, o.splat(minusInfinity));
  Value shift = b.make<arith::SelectOp>(none, o.splat(0), all);
  Value correction = o.weightOf(b.make<arith::SubFOp>(b.broadcast(before), shift));
  Value sums = b.loop(b.index(0), keyCount, lanes, o.splat(0), [&](Value key, ValueRange carried) {
    Value score = b.loadVector(scoreRows, {row, key}, o.real);
    Value weight = o.weightOf(b.make<arith::SubFOp>(score, shift));
    b.storeVector(weight, scoreRows, {row, key});
    return SmallVector<Value>{b.make<arith::AddFOp>(carried[0], weight)};
  })[0];
  Value scaled = b.make<vector::ExtractOp>(correction, int64_t(0));
  Value old = b.make<arith::MulFOp>(b.loadScalar(sum, {row}, o.real), scaled);
  b.storeScalar(b.make<vector::ReductionOp>(vector::CombiningKind::ADD, sums, old,
                                            arith::FastMathFlags::reassoc),
                sum, {row});
  b.storeScalar(now, largest, {row});
  b.storeScalar(scaled, factor, {row});
}

void DecodeKernel::accumulate(Value row, int64_t height) {
  SmallVector<Value> sums;
  for (int64_t r = 0; r < height; ++r) {
    Value correction = number(factor, b.add(row, r));
    for (int64_t j = 0; j < widthVectors; ++j)
      sums.push_back(b.make<arith::MulFOp>(
          b.loadVector(accumulator, {b.add(row, r), b.index(j * lanes)}, o.real), correction));
  }
  bool several = cast<MemRefType>(o.query.getType()).getDimSize(2) != 1;
  bool hides = seen.hidesInside(several);
  Value last = b.sub(end, b.index(1));
  sums = b.loop(b.index(0), keyCount, 1, sums, [&](Value k, ValueRange carried) {
    Value key = b.add(firstKey, k);
    prefetch(o.key, b.min(b.add(key, chunk), last), o.depth);
    SmallVector<Value> values, next;
    for (int64_t j = 0; j < widthVectors; ++j)
      values.push_back(load(o.value, {batch, group, key}, j, o.width));
    for (int64_t r = 0; r < height; ++r) {
      Value weight = b.broadcast(b.loadScalar(scoreRows, {b.add(row, r), k}, o.real));
      // A value that is not seen may be NaN.
      Value unseen =
          hides ? b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, weight, o.splat(0)) : Value();
      for (int64_t j = 0; j < widthVectors; ++j) {
        Value old = carried[r * widthVectors + j], added = b.fma(weight, values[j], old);
        next.push_back(hides ? b.make<arith::SelectOp>(unseen, old, added) : added);
      }
    }
    return next;
  });
  for (int64_t r = 0; r < height; ++r)
    for (int64_t j = 0; j < widthVectors; ++j)
      b.storeVector(sums[r * widthVectors + j], accumulator, {b.add(row, r), b.index(j * lanes)});
}

void DecodeKernel::writeResult(Value row) {
  auto [head, query] = placeOf(row);
  bool whole = !op.getSpan();
  SmallVector<Value> place = {batch, head, query};
  if (!whole)
    place.push_back(part);
  Value total = number(sum, row);
  Value empty = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, total, o.splat(0));
  Value scale =
      b.make<arith::SelectOp>(empty, o.splat(0), b.make<arith::DivFOp>(o.splat(1), total));
  for (int64_t j = 0; j < widthVectors; ++j) {
    Value x = b.loadVector(accumulator, {row, b.index(j * lanes)}, o.real);
    SmallVector<Value> indices(place);
    indices.push_back(b.index(j * lanes));
    int64_t present = o.width - j * lanes;
    b.storeVector(whole ? b.make<arith::MulFOp>(x, scale) : x, o.output, indices,
                  present < lanes ? b.maskOf(b.index(present)) : Value());
  }
  if (whole)
    return;
  Value high =
      b.make<arith::MulFOp>(b.loadScalar(largest, {row}, o.real), b.splat(o.real, 1 / o.unit()));
  place.push_back(b.index(o.width));
  b.storeScalar(high, o.output, place);
  place.back() = b.index(o.width + 1);
  b.storeScalar(b.loadScalar(sum, {row}, o.real), o.output, place);
}

void nacre::cpu::emitAttentionDecode(const AttentionOperands &operands) {
  DecodeKernel(operands).emit();
}

LogicalResult nacre::cpu::emitAttentionMerge(KernelBuilder &b, nn::AttentionMergeOp root) {
  FailureOr<Value> parts = b.buffer(root.getParts());
  if (failed(parts))
    return failure();
  Value output = resultView(b);
  int64_t lanes = b.target.lanes, width = root.getType().getDimSize(3);
  int64_t vectors = llvm::divideCeil(width, lanes);
  Type real = elementIn(*parts);
  Value lowest = b.splat(real, minusInfinity), zero = b.splat(real, 0);
  SmallVector<Value> sizes = {b.dim(*parts, 0), b.dim(*parts, 1), b.dim(*parts, 2)};
  Value count = b.dim(*parts, 3);
  auto [first, end] = b.share(b.product(sizes));
  b.loop(first, end, 1, [&](Value item) {
    SmallVector<Value> row = b.delinearize(item, sizes);
    auto place = [&](Value part, int64_t column) {
      return SmallVector<Value>{row[0], row[1], row[2], part, b.index(column)};
    };
    auto number = [&](Value part, int64_t column) {
      return b.loadScalar(*parts, place(part, column), real);
    };
    Value largest = b.loop(b.index(0), count, 1, lowest, [&](Value part, ValueRange carried) {
      return SmallVector<Value>{b.make<arith::MaximumFOp>(carried[0], number(part, width))};
    })[0];
    SmallVector<Value> sums(vectors, b.splat(b.vectorOf(real), 0));
    sums.push_back(b.broadcast(zero));
    auto maskOf = [&](int64_t j) {
      return width - j * lanes < lanes ? b.maskOf(b.index(width - j * lanes)) : Value();
    };
    sums = b.loop(b.index(0), count, 1, sums, [&](Value part, ValueRange carried) {
      // A part that has seen nothing adds nothing; inf - inf would be NaN.
      Value high = number(part, width);
      Value none = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, high, lowest);
      Value distance = b.make<arith::SelectOp>(none, zero, b.make<arith::SubFOp>(high, largest));
      Value weight = emitExp(b, b.broadcast(distance));
      weight = b.make<arith::SelectOp>(none, b.broadcast(zero), weight);
      SmallVector<Value> next;
      for (int64_t j = 0; j < vectors; ++j)
        next.push_back(b.fma(weight, b.loadVector(*parts, place(part, j * lanes), real, maskOf(j)),
                             carried[j]));
      next.push_back(b.fma(weight, b.broadcast(number(part, width + 1)), carried[vectors]));
      return next;
    });
    Value total = sums.back();
    Value empty = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, total, b.broadcast(zero));
    for (int64_t j = 0; j < vectors; ++j) {
      Value x = b.make<arith::DivFOp>(sums[j], total);
      x = b.make<arith::SelectOp>(empty, b.broadcast(zero), x);
      b.storeVector(x, output, {row[0], row[1], row[2], b.index(j * lanes)}, maskOf(j));
    }
  });
  return success();
}
