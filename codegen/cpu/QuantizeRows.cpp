//===- QuantizeRows.cpp - rows in 8 bits with a scale each -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/RowLoops.h"
#include "dialects/nn/Int8.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <limits>

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

// As quantizeInt8Row of Int8.h computes it, number for number.
LogicalResult nacre::cpu::emitQuantizeRows(KernelBuilder &b, nn::QuantizeRowsOp root) {
  FailureOr<Value> input = b.buffer(root.getInput());
  if (failed(input))
    return failure();
  Type f32 = b.getF32Type(), i8 = b.getI8Type();
  auto make = [&](double x) { return b.splat(f32, x); };
  auto select = [&](Value condition, Value x, Value y) {
    return b.make<arith::SelectOp>(condition, x, y);
  };
  auto compare = [&](arith::CmpFPredicate predicate, Value x, Value y) {
    return b.make<arith::CmpFOp>(predicate, x, y);
  };
  Value in = b.toRows(*input), out = b.flatten(b.output);
  int64_t depth = cast<RankedTensorType>(root.getInput().getType()).getShape().back();
  int64_t filled = llvm::alignTo(depth, 4), bytes = nn::int8RowBytes(depth);
  // Rows seen as 32-bit numbers, for what stands behind their bytes.
  Value tail =
      memref::ViewOp::create(b, b.loc, MemRefType::get({ShapedType::kDynamic}, b.getI32Type()), out,
                             b.index(0), b.div(b.dim(out, 0), b.index(4)));
  auto [low, high] = b.share(b.dim(in, 0));
  b.loop(low, high, 1, [&](Value row) {
    auto load = [&](Value column, Value mask) {
      return b.loadVector(in, {row, column}, f32, mask);
    };
    // In one pass over memory, the least, the greatest, and a sum that is zero while all are
    // finite: comparisons that kept a NaN would take three times as long.
    Value nothing = make(0), zeros = b.broadcast(nothing);
    constexpr int64_t chains = 2; // hides the latency of a comparison
    auto take = [&](Value x, Value &low, Value &high, Value &unreal) {
      low = select(compare(arith::CmpFPredicate::OLT, x, low), x, low);
      high = select(compare(arith::CmpFPredicate::OGT, x, high), x, high);
      unreal = b.make<math::FmaOp>(x, zeros, unreal);
    };
    int64_t lanes = b.target.lanes, full = depth / lanes * lanes;
    int64_t wide = depth / (chains * lanes) * (chains * lanes);
    SmallVector<Value> found(3 * chains, zeros);
    auto passOver = [&](int64_t from, int64_t to, int64_t count) {
      found = b.loop(b.index(from), b.index(to), count * lanes, found,
                     [&](Value column, ValueRange carried) {
                       SmallVector<Value> next(carried);
                       for (int64_t i = 0; i < count; ++i)
                         take(load(b.add(column, i * lanes), Value()), next[3 * i], next[3 * i + 1],
                              next[3 * i + 2]);
                       return next;
                     });
    };
    passOver(0, wide, chains);
    passOver(wide, full, 1);
    // Lanes behind the end are loaded as zeros, which change nothing.
    if (full < depth)
      take(load(b.index(full), b.maskOf(b.index(depth - full))), found[0], found[1], found[2]);
    auto overLanes = [&](vector::CombiningKind kind, int64_t of) -> Value {
      Value both = vector::makeArithReduction(b, b.loc, kind, found[of], found[3 + of]);
      return vector::ReductionOp::create(b, b.loc, kind, both);
    };
    Value low = overLanes(vector::CombiningKind::MINIMUMF, 0);
    Value high = overLanes(vector::CombiningKind::MAXIMUMF, 1);
    Value unreal = overLanes(vector::CombiningKind::ADD, 2);
    Value finite = compare(arith::CmpFPredicate::OEQ, unreal, nothing);
    Value steps = make(255);
    Value range = b.make<arith::SubFOp>(b.make<arith::DivFOp>(high, steps),
                                        b.make<arith::DivFOp>(low, steps));
    Value scale = select(finite, range, make(std::numeric_limits<double>::quiet_NaN()));
    Value usable =
        compare(arith::CmpFPredicate::OGE, scale, make(std::numeric_limits<float>::min()));
    Value inverse = select(usable, b.make<arith::DivFOp>(make(1), scale), nothing);
    Value zero = select(
        usable,
        b.make<math::RoundEvenOp>(b.make<arith::MulFOp>(b.make<arith::NegFOp>(low), inverse)),
        nothing);
    VectorType words = b.vectorOf(b.getI32Type());
    Value least = b.splat(words, 0), most = b.splat(words, 255);
    Value factor = b.broadcast(inverse), zeroPoint = b.make<arith::FPToSIOp>(b.getI32Type(), zero);
    Value offset = b.broadcast(zeroPoint), start = b.mul(row, bytes);
    overColumns(b, b.index(0), b.index(depth), [&](Value column, Value mask) {
      // Rounds ties to even. What is no number becomes the lowest integer, and then zero.
      Value q =
          LLVM::LrintOp::create(b, b.loc, words, b.make<arith::MulFOp>(load(column, mask), factor));
      q = b.make<arith::AddIOp>(q, offset);
      q = b.make<arith::MinSIOp>(b.make<arith::MaxSIOp>(q, least), most);
      b.storeVector(b.make<arith::TruncIOp>(b.vectorOf(i8), q), out, b.add(start, column), mask);
    });
    for (int64_t k = depth; k < filled; ++k)
      b.storeScalar(b.make<arith::ConstantOp>(b.getI8IntegerAttr(0)), out, b.add(start, k));
    Value word = b.div(b.add(start, filled), b.index(4));
    b.storeScalar(b.make<arith::BitcastOp>(b.getI32Type(), scale), tail, word);
    b.storeScalar(zeroPoint, tail, b.add(word, 1));
  });
  return success();
}
