//===- Cumulative.cpp - running sums, products and extremes ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/Lines.h"
#include "codegen/cpu/RowLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {
/// Running values inside a vector, from its first lane on, or from its last one under `reverse`.
struct VectorScan {
  KernelBuilder &b;
  vector::CombiningKind kind;
  bool reverse, exclusive;
  Value neutral; ///< a vector

  Value combine(Value x, Value y) const { return vector::makeArithReduction(b, b.loc, kind, x, y); }

  /// The lanes of `x` moved `distance` onwards, those that become free from `fill`.
  Value shift(Value x, Value fill, int64_t distance) const {
    int64_t lanes = b.target.lanes;
    SmallVector<int64_t> from;
    for (int64_t i = 0; i < lanes; ++i) {
      int64_t source = reverse ? i + distance : i - distance;
      from.push_back(source >= 0 && source < lanes ? lanes + source : i);
    }
    return b.make<vector::ShuffleOp>(fill, x, from);
  }

  /// The results of a vector, and what the next one starts from in all lanes (Hillis and Steele
  /// 1986: each step doubles how far a lane has seen).
  std::pair<Value, Value> scan(Value x, Value before) const {
    int64_t lanes = b.target.lanes;
    for (int64_t distance = 1; distance < lanes; distance *= 2)
      x = combine(x, shift(x, neutral, distance));
    x = combine(before, x);
    SmallVector<int64_t> last(lanes, reverse ? 0 : lanes - 1);
    Value next = b.make<vector::ShuffleOp>(x, x, last);
    return {exclusive ? shift(x, before, 1) : x, next};
  }
};
} // namespace

/// One line whose elements lie side by side.
static void scanRow(KernelBuilder &b, const VectorScan &scan, Value in, Value out, Value first,
                    Value count, Type element) {
  int64_t lanes = b.target.lanes;
  Value rest = b.rem(count, b.index(lanes)), full = b.sub(count, rest);
  auto step = [&](Value column, Value before, Value mask) {
    Value at = b.add(first, column);
    Value x = b.loadVector(in, at, element, mask);
    if (mask)
      x = b.make<arith::SelectOp>(mask, x, scan.neutral);
    auto [result, next] = scan.scan(x, before);
    b.storeVector(result, out, at, mask);
    return next;
  };
  Value before =
      b.loop(b.index(0), full, lanes, scan.neutral, [&](Value column, ValueRange carried) {
        // From the end, vectors lie against it.
        if (scan.reverse)
          column = b.sub(b.sub(count, b.index(lanes)), column);
        return SmallVector<Value>{step(column, carried[0], {})};
      })[0];
  b.onlyIf(b.less(b.index(0), rest),
           [&] { step(scan.reverse ? b.index(0) : full, before, b.maskOf(rest)); });
}

LogicalResult nacre::cpu::emitCumulative(KernelBuilder &b, nn::CumulativeOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  if (failed(input))
    return failure();
  Type element = computeType(getElementTypeOrSelf(root.getType()));
  VectorScan scan{b, combiningKind(root.getKind(), isa<FloatType>(element)), root.getReverse(),
                  root.getExclusive(), b.broadcast(neutralElement(b, root.getKind(), element))};
  auto axis = static_cast<int64_t>(root.getAxis());
  Lines lines(b, *input, axis);
  Value out = b.flatten(b.output);
  if (axis + 1 == root.getType().getRank()) {
    auto [low, high] = b.share(lines.before);
    b.loop(low, high, 1, [&](Value row) {
      scanRow(b, scan, lines.flat, out, b.mul(row, lines.size), lines.size, element);
    });
    return success();
  }
  // Vectors run over lines that lie side by side.
  lines.overVectors(b, [&](Value outer, Value inner, Value mask) {
    b.loop(b.index(0), lines.size, 1, scan.neutral, [&](Value i, ValueRange carried) {
      if (scan.reverse)
        i = b.sub(b.sub(lines.size, b.index(1)), i);
      Value at = lines.at(b, outer, i, inner);
      Value next = scan.combine(carried[0], b.loadVector(lines.flat, at, element, mask));
      b.storeVector(scan.exclusive ? carried[0] : next, out, at, mask);
      return SmallVector<Value>{next};
    });
  });
  return success();
}
