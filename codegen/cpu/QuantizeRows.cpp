//===- QuantizeRows.cpp - rows in 8 bits with a scale each -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/RowLoops.h"
#include "dialects/nn/Int8.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
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
    Value nothing = make(0), infinity = make(std::numeric_limits<double>::infinity());
    Value low = reduceColumns(b, b.index(0), b.index(depth), nothing, nothing,
                              vector::CombiningKind::MINIMUMF, load);
    Value high = reduceColumns(b, b.index(0), b.index(depth), nothing, nothing,
                               vector::CombiningKind::MAXIMUMF, load);
    // False where one of them is NaN.
    Value finite = b.make<arith::AndIOp>(
        compare(arith::CmpFPredicate::OLT, high, infinity),
        compare(arith::CmpFPredicate::OGT, low, b.make<arith::NegFOp>(infinity)));
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
    VectorType reals = b.vectorOf(f32), words = b.vectorOf(b.getI32Type());
    Value least = b.splat(reals, 0), most = b.splat(reals, 255);
    Value wide = b.broadcast(inverse), offset = b.broadcast(zero);
    Value start = b.mul(row, bytes);
    overColumns(b, b.index(0), b.index(depth), [&](Value column, Value mask) {
      Value x = b.make<math::RoundEvenOp>(b.make<arith::MulFOp>(load(column, mask), wide));
      x = b.make<arith::AddFOp>(x, offset);
      // Rows that hold NaN or infinities are zeros, NaN being greater than nothing.
      x = select(compare(arith::CmpFPredicate::OGT, x, least), x, least);
      x = select(compare(arith::CmpFPredicate::OLT, x, most), x, most);
      Value q = b.make<arith::FPToSIOp>(words, x);
      b.storeVector(b.make<arith::TruncIOp>(b.vectorOf(i8), q), out, b.add(start, column), mask);
    });
    for (int64_t k = depth; k < filled; ++k)
      b.storeScalar(b.make<arith::ConstantOp>(b.getI8IntegerAttr(0)), out, b.add(start, k));
    Value word = b.div(b.add(start, filled), b.index(4));
    b.storeScalar(b.make<arith::BitcastOp>(b.getI32Type(), scale), tail, word);
    b.storeScalar(b.make<arith::FPToSIOp>(b.getI32Type(), zero), tail, b.add(word, 1));
  });
  return success();
}
