//===- VectorArithmetic.h - float arithmetic of one type --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_VECTORARITHMETIC_H
#define NACRE_CODEGEN_CPU_VECTORARITHMETIC_H

#include "codegen/cpu/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace nacre::cpu {

/// Writes arithmetic on scalars or vectors of one type.
struct VectorArithmetic {
  KernelBuilder &b;
  mlir::Type type;

  using Value = mlir::Value;

  template <typename Op, typename... Args>
  Value make(Args &&...args) const {
    return b.make<Op>(std::forward<Args>(args)...);
  }
  Value constant(double value) const { return b.splat(type, value); }
  Value one() const { return constant(1); }
  Value add(Value x, Value y) const { return make<mlir::arith::AddFOp>(x, y); }
  Value sub(Value x, Value y) const { return make<mlir::arith::SubFOp>(x, y); }
  Value mul(Value x, Value y) const { return make<mlir::arith::MulFOp>(x, y); }
  Value div(Value x, Value y) const { return make<mlir::arith::DivFOp>(x, y); }
  Value neg(Value x) const { return make<mlir::arith::NegFOp>(x); }
  Value abs(Value x) const;
  Value fma(Value x, Value y, Value z) const { return b.fma(x, y, z); }
  Value compare(mlir::arith::CmpFPredicate predicate, Value x, Value y) const {
    return make<mlir::arith::CmpFOp>(predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) const {
    return make<mlir::arith::SelectOp>(condition, x, y);
  }
  /// The larger of x and `bound`, the smaller; a NaN x stays: the comparison is false for it.
  Value atLeast(Value x, double bound) const;
  Value atMost(Value x, double bound) const;
  /// |x|, at most `bound`; of NaN it is `bound` or NaN.
  Value boundedSize(Value x, double bound) const;

  bool isF32() const { return mlir::getElementTypeOrSelf(type).isF32(); }
  /// This shape with other elements.
  mlir::Type typeOf(mlir::Type element) const;
  /// The integers as wide as this float.
  mlir::Type bitsType() const;
  Value bitsOf(Value x) const { return make<mlir::arith::BitcastOp>(bitsType(), x); }
  Value fromBits(Value bits) const { return make<mlir::arith::BitcastOp>(type, bits); }

  /// The polynomial with these coefficients, that of the highest power first, by Horner's rule:
  /// many vectors are in flight, so that the number of instructions counts and not their latency.
  Value polynomial(Value x, llvm::ArrayRef<double> coefficients) const;

  /// A number rounded to an integer: as a float, and as bits whose lowest ones hold the integer
  /// plus an even number.
  struct Rounded {
    Value number, bits;
  };
  /// x * factor rounded to the nearest integer, for products below 2^21.
  Rounded roundProduct(Value x, Value factor) const;
  Rounded roundProduct(Value x, double factor) const { return roundProduct(x, constant(factor)); }
  /// x * 2^n for n between -200 and 200. An f32 is rounded once: it may be denormal or overflow.
  Value scale(Value x, const Rounded &n) const;
  /// 1 / x where x and 1 / x are normal: of 16 lanes to 14 bits, since their division takes as long
  /// as 32 other instructions; otherwise rounded.
  Value roughInverse(Value x) const;

  /// Whether this is 16 lanes of f32 on a CPU with AVX-512.
  bool isWide() const;
  /// llvm.x86.avx512.NAME.ps.512, which takes what masked-out lanes keep and a mask after
  /// `operands`, and where `rounds`, a rounding mode.
  Value wideIntrinsic(llvm::StringRef name, mlir::ValueRange operands, bool rounds) const;
};

} // namespace nacre::cpu

#endif
