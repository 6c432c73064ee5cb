//===- LowerControl.cpp - loops and branches between kernels ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/EntryLowering.h"
#include "codegen/cpu/StatePlaces.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

EntryLowering::Storage EntryLowering::placeOf(Value result, SmallVector<Value> sizes) {
  Storage place = places.lookup(result);
  if (!place.bytes)
    place = {allocate(byteCount(cast<RankedTensorType>(result.getType()), sizes)), {}, {}};
  place.sizes = std::move(sizes);
  return place;
}

Value EntryLowering::roundsOf(nn::ScanOp scan) {
  if (scan.getLength())
    return indices.lookup(scan.getLength());
  Value input = scan.getInputs().front();
  int64_t size = cast<RankedTensorType>(input.getType()).getDimSize(0);
  return ShapedType::isDynamic(size) ? storage.lookup(input).sizes.front() : index(size);
}

void EntryLowering::carry(ValueRange initial, ValueRange arguments, ValueRange next, Value round) {
  for (auto [first, argument, yielded] : llvm::zip_equal(initial, arguments, next)) {
    Storage place = storage.lookup(first);
    auto type = cast<RankedTensorType>(first.getType());
    Value half = byteCount(type, place.sizes, /*aligned=*/true);
    Value read = mul(b.createOrFold<arith::AndIOp>(loc, round, index(1)), half);
    storage[argument] = {place.bytes, read, place.sizes};
    places[sourceOf(yielded)] = {place.bytes, sub(half, read), {}};
  }
}

void EntryLowering::carried(ValueRange initial, ValueRange results, Value rounds) {
  for (auto [first, result] : llvm::zip_equal(initial, results)) {
    Storage place = storage.lookup(first);
    auto type = cast<RankedTensorType>(first.getType());
    Value half = byteCount(type, place.sizes, /*aligned=*/true);
    place.offset = mul(b.createOrFold<arith::AndIOp>(loc, rounds, index(1)), half);
    storage[result] = place;
  }
}

LogicalResult EntryLowering::convertScan(nn::ScanOp scan) {
  Value rounds = roundsOf(scan);
  SmallVector<Value> sizes = lookup(scan.getResultSizes());
  ValueRange unread = sizes;
  for (Value stack : scan.getStacks()) {
    int64_t dynamic = cast<RankedTensorType>(stack.getType()).getNumDynamicDims();
    storage[stack] = placeOf(stack, SmallVector<Value>(unread.take_front(dynamic)));
    unread = unread.drop_front(dynamic);
  }
  auto loop = scf::ForOp::create(b, loc, index(0), rounds, index(1));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    Value number = loop.getInductionVar(), round = number;
    if (scan.getReverse())
      round = sub(sub(rounds, index(1)), number);
    // Where round `round` is in bytes of which each round has as many as a tensor of `type`.
    auto at = [&](const Storage &whole, RankedTensorType type, ValueRange inner) {
      Value offset = mul(round, byteCount(type, inner));
      return whole.offset ? add(whole.offset, offset) : offset;
    };
    for (auto [argument, input] : llvm::zip_equal(scan.getSliceArguments(), scan.getInputs())) {
      Storage whole = storage.lookup(input);
      bool dynamic = cast<RankedTensorType>(input.getType()).isDynamicDim(0);
      SmallVector<Value> inner(llvm::drop_begin(whole.sizes, dynamic));
      auto type = cast<RankedTensorType>(argument.getType());
      storage[argument] = {whole.bytes, at(whole, type, inner), inner};
    }
    carry(scan.getCarries(), scan.getCarryArguments(), scan.getNextCarries(), number);
    for (auto [stack, yielded] : llvm::zip_equal(scan.getStacks(), scan.getStacked())) {
      Storage whole = storage.lookup(stack);
      bool dynamic = cast<RankedTensorType>(stack.getType()).isDynamicDim(0);
      auto type = cast<RankedTensorType>(yielded.getType());
      places[sourceOf(yielded)] = {
          whole.bytes, at(whole, type, ValueRange(whole.sizes).drop_front(dynamic)), {}};
    }
    if (failed(convert(scan.getBody().front())))
      return failure();
  }
  loc = scan.getLoc();
  carried(scan.getCarries(), scan.getFinals(), rounds);
  return success();
}

/// One thread reads the flag and tells the others.
Value EntryLowering::decide(Value flag) {
  return func::CallOp::create(b, loc, TypeRange(b.getI1Type()), "nacre_decision",
                              ValueRange{team, view(flag)})
      .getResult(0);
}

LogicalResult EntryLowering::convertWhile(nn::WhileOp loop) {
  LogicalResult result = success();
  // Carries the number of rounds, which says which halves are read.
  auto made = scf::WhileOp::create(
      b, loc, TypeRange{b.getIndexType()}, ValueRange{index(0)},
      [&](OpBuilder &, Location, ValueRange rounds) {
        scf::ConditionOp::create(b, loc, decide(loop.getGo()), rounds);
      },
      [&](OpBuilder &, Location, ValueRange rounds) {
        carry(loop.getCarries(), loop.getBody().getArguments(), loop.getNextCarries(),
              rounds.front());
        // The flag was read before the round began.
        places[sourceOf(loop.getNextGo())] = storage.lookup(loop.getGo());
        result = convert(loop.getBody().front());
        loc = loop.getLoc();
        scf::YieldOp::create(b, loc, add(rounds.front(), index(1)));
      });
  carried(loop.getCarries(), loop.getResults(), made.getResult(0));
  return result;
}

LogicalResult EntryLowering::convertIf(nn::IfOp choice) {
  SmallVector<Value> sizes = lookup(choice.getResultSizes());
  ValueRange unread = sizes;
  for (auto [i, result] : llvm::enumerate(choice.getResults())) {
    int64_t dynamic = cast<RankedTensorType>(result.getType()).getNumDynamicDims();
    Storage place = placeOf(result, SmallVector<Value>(unread.take_front(dynamic)));
    unread = unread.drop_front(dynamic);
    storage[result] = place;
    places[sourceOf(choice.getThenYield().getValues()[i])] = place;
    places[sourceOf(choice.getElseYield().getValues()[i])] = place;
  }
  auto made = scf::IfOp::create(b, loc, decide(choice.getCondition()), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (auto [block, region] : {std::pair(made.thenBlock(), &choice.getThenRegion()),
                               std::pair(made.elseBlock(), &choice.getElseRegion())}) {
    b.setInsertionPoint(block->getTerminator());
    if (failed(convert(region->front())))
      return failure();
  }
  return success();
}
