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
  Value scales = memref::ViewOp::create(b, b.loc, MemRefType::get({ShapedType::kDynamic}, f32), out,
                                        b.index(0), b.div(b.dim(out, 0), b.index(4)));
  auto [low, high] = b.share(b.dim(in, 0));
  b.loop(low, high, 1, [&](Value row) {
    auto load = [&](Value column, Value mask) {
      return b.loadVector(in, {row, column}, f32, mask);
    };
    Value zero = make(0);
    Value largest = reduceColumns(
        b, b.index(0), b.index(depth), zero, zero, vector::CombiningKind::MAXIMUMF,
        [&](Value column, Value mask) { return b.make<math::AbsFOp>(load(column, mask)); });
    double infinity = std::numeric_limits<double>::infinity();
    Value finite = compare(arith::CmpFPredicate::OLT, largest, make(infinity));
    Value scale = select(finite, b.make<arith::DivFOp>(largest, make(127)),
                         make(std::numeric_limits<double>::quiet_NaN()));
    Value usable =
        compare(arith::CmpFPredicate::OGE, scale, make(std::numeric_limits<float>::min()));
    Value inverse = select(usable, b.make<arith::DivFOp>(make(1), scale), zero);
    Value wide = b.broadcast(inverse);
    VectorType reals = b.vectorOf(f32), words = b.vectorOf(b.getI32Type());
    Value most = b.splat(reals, 127), least = b.splat(reals, -127);
    Value start = b.mul(row, bytes);
    overColumns(b, b.index(0), b.index(depth), [&](Value column, Value mask) {
      Value x = b.make<math::RoundEvenOp>(b.make<arith::MulFOp>(load(column, mask), wide));
      // Rows that hold NaN or infinities are zeros.
      x = select(compare(arith::CmpFPredicate::ORD, x, x), x, b.splat(reals, 0));
      x = select(compare(arith::CmpFPredicate::OGT, x, least), x, least);
      x = select(compare(arith::CmpFPredicate::OLT, x, most), x, most);
      Value q = b.make<arith::AddIOp>(b.make<arith::FPToSIOp>(words, x), b.splat(words, 128));
      b.storeVector(b.make<arith::TruncIOp>(b.vectorOf(i8), q), out, b.add(start, column), mask);
    });
    for (int64_t k = depth; k < filled; ++k)
      b.storeScalar(b.make<arith::ConstantOp>(b.getI8IntegerAttr(-128)), out, b.add(start, k));
    b.storeScalar(scale, scales, b.div(b.add(start, filled), b.index(4)));
  });
  return success();
}
