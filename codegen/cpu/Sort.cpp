//===- Sort.cpp - indices in the order of what they point at --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both operations build a heap in the row of the result (Williams 1964), whose root is what comes
// last, and take it apart from the end. An item says key and index in one number, so that no two
// are equal and the order of equal elements is that of their indices:
//
//   [ key: 32 bits, the larger the earlier | ~index: 32 bits ]
//
// Keys of 64-bit elements do not fit: there an item is the index, and its key is looked up.
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/Lines.h"
#include "codegen/cpu/VectorArithmetic.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {

/// Makes keys of elements: signed integers, the larger the earlier the element comes.
struct Keys {
  KernelBuilder &b;
  Type element; ///< what elements are loaded as
  bool descending, nanFirst;

  unsigned bits() const { return element.getIntOrFloatBitWidth() > 32 ? 64 : 32; }

  /// `x` is a scalar or a vector of elements.
  Value of(Value x) const {
    Type integer = b.getIntegerType(bits());
    if (auto vector = dyn_cast<VectorType>(x.getType()))
      integer = vector.clone(integer);
    auto constant = [&](const APInt &value) -> Value {
      TypedAttr attribute = b.getIntegerAttr(getElementTypeOrSelf(integer), value);
      if (auto vector = dyn_cast<VectorType>(integer))
        attribute = DenseElementsAttr::get(vector, Attribute(attribute));
      return b.make<arith::ConstantOp>(attribute);
    };
    if (!isa<FloatType>(element)) {
      Value key = x.getType() == integer ? x : b.make<arith::ExtSIOp>(integer, x);
      return descending ? key : b.make<arith::XOrIOp>(key, constant(APInt::getAllOnes(bits())));
    }
    // A zero of either sign is the same. Negative floats as bits are in falling order.
    APInt largest = APInt::getSignedMaxValue(bits()), smallest = APInt::getSignedMinValue(bits());
    Value number = b.make<arith::AddFOp>(x, b.splat(x.getType(), 0));
    Value raw = b.make<arith::BitcastOp>(integer, number);
    Value sign = b.make<arith::ShRSIOp>(raw, constant(APInt(bits(), bits() - 1)));
    Value key = b.make<arith::XOrIOp>(raw, b.make<arith::AndIOp>(sign, constant(largest)));
    if (!descending)
      key = b.make<arith::XOrIOp>(key, constant(APInt::getAllOnes(bits())));
    Value isNan = b.make<arith::CmpFOp>(arith::CmpFPredicate::UNO, x, x);
    return b.make<arith::SelectOp>(isNan, constant(nanFirst ? largest : smallest), key);
  }
};

/// A row of items that are ordered in place.
struct Heap {
  KernelBuilder &b;
  Keys keys;
  Value data, dataStart;  ///< the row of elements
  Value items, itemStart; ///< the row of the result

  bool isPacked() const { return keys.bits() == 32; }
  Value load(Value i) const {
    return b.make<memref::LoadOp>(items, ValueRange{b.add(itemStart, i)});
  }
  void store(Value item, Value i) const {
    memref::StoreOp::create(b, b.loc, item, items, ValueRange{b.add(itemStart, i)});
  }
  Value keyAt(Value i) const {
    return keys.of(b.loadScalar(data, b.add(dataStart, i), keys.element));
  }
  Value constant(int64_t value) const {
    return b.make<arith::ConstantOp>(b.getI64IntegerAttr(value));
  }

  /// The item of element `i`.
  Value pack(Value i) const {
    Value index = b.make<arith::IndexCastOp>(b.getI64Type(), i);
    return isPacked() ? pack(keyAt(i), index) : index;
  }
  Value pack(Value key, Value index) const {
    Value high = b.make<arith::ShLIOp>(b.make<arith::ExtSIOp>(b.getI64Type(), key), constant(32));
    return b.make<arith::OrIOp>(high, b.make<arith::SubIOp>(constant(0xffffffff), index));
  }
  Value unpack(Value item) const {
    if (!isPacked())
      return item;
    Value low = b.make<arith::AndIOp>(item, constant(0xffffffff));
    return b.make<arith::SubIOp>(constant(0xffffffff), low);
  }

  /// True where `x` comes after `y`.
  Value after(Value x, Value y) const {
    auto compare = [&](arith::CmpIPredicate how, Value l, Value r) {
      return b.make<arith::CmpIOp>(how, l, r);
    };
    if (isPacked())
      return compare(arith::CmpIPredicate::slt, x, y);
    auto keyOf = [&](Value item) {
      return keyAt(b.make<arith::IndexCastOp>(b.getIndexType(), item));
    };
    Value left = keyOf(x), right = keyOf(y);
    Value tie = b.make<arith::AndIOp>(compare(arith::CmpIPredicate::eq, left, right),
                                      compare(arith::CmpIPredicate::sgt, x, y));
    return b.make<arith::OrIOp>(compare(arith::CmpIPredicate::slt, left, right), tie);
  }

  void siftDown(Value item, Value start, Value count) const;
  void build(Value count) const;
  void takeApart(Value count) const;
};

} // namespace

/// Puts `item` at `start`, or deeper, so that each of the first `count` items comes after both that
/// hang from it, where all but the one at `start` do already.
void Heap::siftDown(Value item, Value start, Value count) const {
  Type index = b.getIndexType(), i64 = b.getI64Type();
  auto loop = scf::WhileOp::create(b, b.loc, TypeRange{index, index, i64}, ValueRange{start});
  OpBuilder::InsertionGuard guard(b);
  Block *head = b.createBlock(&loop.getBefore(), {}, index, b.loc);
  Value hole = head->getArgument(0), left = b.add(b.mul(hole, 2), 1);
  auto inside = scf::IfOp::create(b, b.loc, TypeRange{b.getI1Type(), index, i64},
                                  b.less(left, count), /*withElseRegion=*/true);
  b.setInsertionPointToStart(inside.thenBlock());
  // An only child is its own sibling.
  Value right = b.min(b.add(left, 1), b.sub(count, b.index(1)));
  Value leftItem = load(left), rightItem = load(right);
  Value takeRight = after(rightItem, leftItem);
  Value child = b.make<arith::SelectOp>(takeRight, right, left);
  Value childItem = b.make<arith::SelectOp>(takeRight, rightItem, leftItem);
  scf::YieldOp::create(b, b.loc, ValueRange{after(childItem, item), child, childItem});
  b.setInsertionPointToStart(inside.elseBlock());
  Value no = b.make<arith::ConstantOp>(b.getBoolAttr(false));
  scf::YieldOp::create(b, b.loc, ValueRange{no, hole, item});
  b.setInsertionPointAfter(inside);
  scf::ConditionOp::create(b, b.loc, inside.getResult(0),
                           ValueRange{hole, inside.getResult(1), inside.getResult(2)});
  Block *body = b.createBlock(&loop.getAfter(), {}, {index, index, i64}, {b.loc, b.loc, b.loc});
  store(body->getArgument(2), body->getArgument(0));
  scf::YieldOp::create(b, b.loc, ValueRange{body->getArgument(1)});
  b.setInsertionPointAfter(loop);
  store(item, loop.getResult(0));
}

void Heap::build(Value count) const {
  b.loop(b.index(0), count, 1, [&](Value i) { store(pack(i), i); });
  Value parents = b.div(count, b.index(2));
  b.loop(b.index(0), parents, 1, [&](Value step) {
    Value i = b.sub(b.sub(parents, b.index(1)), step);
    siftDown(load(i), i, count);
  });
}

/// Leaves indices, the first one first.
void Heap::takeApart(Value count) const {
  b.loop(b.index(0), count, 1, [&](Value step) {
    Value last = b.sub(b.sub(count, b.index(1)), step);
    Value item = load(last), root = load(b.index(0));
    siftDown(item, b.index(0), last);
    store(unpack(root), last);
  });
}

/// The type that elements are loaded as.
static Type loadedAs(Value tensor, Value buffer) {
  Type stored = getElementTypeOrSelf(tensor);
  return stored.isInteger(1) ? elementIn(buffer) : computeType(stored);
}

LogicalResult nacre::cpu::emitArgSort(KernelBuilder &b, nn::ArgSortOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  if (failed(input))
    return failure();
  Keys keys{b, loadedAs(root.getInput(), *input), root.getDescending(), /*nanFirst=*/false};
  Lines lines(b, *input, static_cast<int64_t>(root.getAxis()));
  Value out = b.flatten(b.output);
  auto [low, high] = b.share(lines.before);
  b.loop(low, high, 1, [&](Value row) {
    Value first = b.mul(row, lines.size);
    Heap heap{b, keys, lines.flat, first, out, first};
    heap.build(lines.size);
    heap.takeApart(lines.size);
  });
  return success();
}

/// Elements from `low` to `high` that come before the heap's root take its place. A vector that
/// has none, nearly all of them in a long row, goes by after one comparison.
static void admit(const Heap &heap, Value low, Value high, Value k, Value lanesKeys) {
  KernelBuilder &b = heap.b;
  Type i32 = b.getI32Type();
  auto keyOf = [&](Value item) {
    return b.make<arith::TruncIOp>(i32, b.make<arith::ShRSIOp>(item, heap.constant(32)));
  };
  Value zero = b.index(0), bound = keyOf(heap.load(zero));
  auto step = [&](Value column, Value bound, Value mask) -> Value {
    Value key = heap.keys.of(
        b.loadVector(heap.data, b.add(heap.dataStart, column), heap.keys.element, mask));
    Value better = b.make<arith::CmpIOp>(arith::CmpIPredicate::sgt, key, b.broadcast(bound));
    if (mask)
      better = b.make<arith::AndIOp>(better, mask);
    Value any = b.make<vector::ReductionOp>(vector::CombiningKind::OR, better);
    auto found = scf::IfOp::create(b, b.loc, TypeRange{i32}, any, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(found.elseBlock());
    scf::YieldOp::create(b, b.loc, bound);
    b.setInsertionPointToStart(found.thenBlock());
    vector::StoreOp::create(b, b.loc, key, lanesKeys, ValueRange{zero});
    Value lanes = b.index(b.target.lanes);
    Value count = mask ? b.min(b.sub(high, column), lanes) : lanes;
    Value last = b.loop(zero, count, 1, bound, [&](Value lane, ValueRange carried) {
      Value own = b.make<memref::LoadOp>(lanesKeys, ValueRange{lane});
      Value enters = b.make<arith::CmpIOp>(arith::CmpIPredicate::sgt, own, carried[0]);
      auto enter = scf::IfOp::create(b, b.loc, TypeRange{i32}, enters, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(enter.elseBlock());
      scf::YieldOp::create(b, b.loc, carried[0]);
      b.setInsertionPointToStart(enter.thenBlock());
      Value index = b.make<arith::IndexCastOp>(b.getI64Type(), b.add(column, lane));
      heap.siftDown(heap.pack(own, index), zero, k);
      scf::YieldOp::create(b, b.loc, keyOf(heap.load(zero)));
      return SmallVector<Value>{enter.getResult(0)};
    })[0];
    scf::YieldOp::create(b, b.loc, last);
    return found.getResult(0);
  };
  int64_t lanes = b.target.lanes;
  Value rest = b.rem(b.sub(high, low), b.index(lanes)), full = b.sub(high, rest);
  bound = b.loop(low, full, lanes, bound, [&](Value column, ValueRange carried) {
    return SmallVector<Value>{step(column, carried[0], {})};
  })[0];
  b.onlyIf(b.less(zero, rest), [&] { step(full, bound, b.maskOf(rest)); });
}

/// The same, of elements whose keys do not fit items.
static void admitEach(const Heap &heap, Value low, Value high, Value k) {
  KernelBuilder &b = heap.b;
  b.loop(low, high, 1, [&](Value i) {
    Value item = heap.pack(i);
    b.onlyIf(heap.after(heap.load(b.index(0)), item), [&] { heap.siftDown(item, b.index(0), k); });
  });
}

LogicalResult nacre::cpu::emitTopK(KernelBuilder &b, nn::TopKOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  if (failed(input))
    return failure();
  Keys keys{b, loadedAs(root.getInput(), *input), /*descending=*/true, /*nanFirst=*/true};
  Lines lines(b, *input, static_cast<int64_t>(root.getAxis()));
  Value out = b.flatten(b.output), k = b.index(static_cast<int64_t>(root.getK()));
  Value lanesKeys = b.scratch({b.target.lanes}, b.getI32Type());
  auto [low, high] = b.share(lines.before);
  b.loop(low, high, 1, [&](Value row) {
    Heap heap{b, keys, lines.flat, b.mul(row, lines.size), out, b.mul(row, k)};
    Value filled = b.min(k, lines.size);
    heap.build(filled);
    b.onlyIf(b.less(k, lines.size), [&] {
      if (heap.isPacked())
        admit(heap, k, lines.size, k, lanesKeys);
      else
        admitEach(heap, k, lines.size, k);
    });
    heap.takeApart(filled);
    b.loop(filled, k, 1, [&](Value i) { heap.store(heap.constant(0), i); });
  });
  return success();
}
