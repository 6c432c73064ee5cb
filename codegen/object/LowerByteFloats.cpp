//===- LowerByteFloats.cpp - conversions of 8-bit floats -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// No instruction set that is compiled for has 8-bit floats, and LLVM has no type for them: what
// converts between them and wider floats becomes arithmetic on their bits. Nothing else is done
// with them.
//
//===----------------------------------------------------------------------===//

#include "codegen/object/ToLlvm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace {

/// Writes the conversions of one value, a scalar or a vector.
class ByteFloat {
public:
  ByteFloat(Operation *op, FloatType type)
      : b(op), loc(op->getLoc()), shape(op->getResult(0).getType()), type(type),
        fraction(static_cast<int>(type.getFPMantissaWidth()) - 1), exponentBits(7 - fraction),
        bias((1 << (exponentBits - 1)) - 1), hasInfinity(fraction == 2) {}

  /// The type's value as the operation's type.
  Value widen(Value x);
  /// `x`, of f32 or narrower, rounded to the type, ties to even.
  Value narrow(Value x);

private:
  Type of(Type element) {
    auto vector = dyn_cast<VectorType>(shape);
    return vector ? Type(vector.clone(element)) : element;
  }
  Type f32() { return of(b.getF32Type()); }
  Type i32() { return of(b.getI32Type()); }
  Value number(int64_t value) {
    auto attribute = b.getI32IntegerAttr(static_cast<int32_t>(value));
    return constant(i32(), attribute);
  }
  Value real(double value) { return constant(f32(), b.getF32FloatAttr(value)); }
  Value constant(Type to, TypedAttr attribute) {
    if (auto vector = dyn_cast<VectorType>(to))
      attribute = DenseElementsAttr::get(vector, attribute);
    return arith::ConstantOp::create(b, loc, attribute);
  }
  template <typename Op, typename... Args>
  Value make(Args &&...args) {
    return Op::create(b, loc, std::forward<Args>(args)...);
  }
  Value less(Value a, int64_t limit) {
    return make<arith::CmpIOp>(arith::CmpIPredicate::slt, a, number(limit));
  }
  Value power(int exponent) { return real(std::ldexp(1.0, exponent)); }
  /// The bits of the largest finite value.
  int64_t largest() const {
    return hasInfinity ? (((1 << exponentBits) - 1) << fraction) - 1 : 126;
  }

  OpBuilder b;
  Location loc;
  Type shape;
  FloatType type;
  int fraction, exponentBits, bias;
  bool hasInfinity; ///< else only all ones are no number
};

} // namespace

Value ByteFloat::widen(Value x) {
  Value byte = make<arith::BitcastOp>(of(b.getI8Type()), x);
  Value bits = make<arith::ExtUIOp>(i32(), byte);
  Value magnitude = make<arith::AndIOp>(bits, number(127));
  Value sign = make<arith::ShLIOp>(make<arith::AndIOp>(bits, number(128)), number(24));
  // The exponent as f32 reads it is too small by the difference of the biases, for denormals too.
  Value placed = make<arith::ShLIOp>(magnitude, number(23 - fraction));
  Value scaled = make<arith::MulFOp>(make<arith::BitcastOp>(f32(), placed), power(127 - bias));
  Value found = make<arith::BitcastOp>(i32(), scaled);
  // Infinity and NaN keep their fraction.
  Value special = make<arith::OrIOp>(placed, number(0x7f800000));
  found = make<arith::SelectOp>(less(magnitude, largest() + 1), found, special);
  Value single = make<arith::BitcastOp>(f32(), make<arith::OrIOp>(found, sign));
  unsigned width = getElementTypeOrSelf(shape).getIntOrFloatBitWidth();
  if (width == 32)
    return single;
  return width > 32 ? make<arith::ExtFOp>(shape, single) : make<arith::TruncFOp>(shape, single);
}

Value ByteFloat::narrow(Value x) {
  if (!getElementTypeOrSelf(x).isF32())
    x = make<arith::ExtFOp>(f32(), x);
  Value bits = make<arith::BitcastOp>(i32(), x);
  Value magnitude = make<arith::AndIOp>(bits, number(0x7fffffff));
  Value sign = make<arith::AndIOp>(make<arith::ShRUIOp>(bits, number(24)), number(128));
  const int dropped = 23 - fraction;
  // Half a unit less one, and one more where the last bit that stays is odd.
  Value odd = make<arith::AndIOp>(make<arith::ShRUIOp>(magnitude, number(dropped)), number(1));
  Value half = make<arith::AddIOp>(odd, number((1 << (dropped - 1)) - 1));
  Value kept = make<arith::ShRUIOp>(make<arith::AddIOp>(magnitude, half), number(dropped));
  Value normal = make<arith::SubIOp>(kept, number((127 - bias) << fraction));
  // Added to a number whose unit is the smallest denormal, the sum's last bits are the result.
  Value unit = power(24 - bias - fraction);
  Value sum = make<arith::AddFOp>(make<arith::BitcastOp>(f32(), magnitude), unit);
  Value denormal =
      make<arith::SubIOp>(make<arith::BitcastOp>(i32(), sum), make<arith::BitcastOp>(i32(), unit));
  Value found = make<arith::SelectOp>(less(magnitude, int64_t(128 - bias) << 23), denormal, normal);
  // Beyond the largest lies infinity, or no number at all.
  Value beyond = number(hasInfinity ? largest() + 1 : 127);
  found = make<arith::SelectOp>(less(found, largest() + 1), found, beyond);
  found = make<arith::SelectOp>(less(magnitude, 0x7f800001), found, number(127));
  Value byte = make<arith::TruncIOp>(of(b.getI8Type()), make<arith::OrIOp>(found, sign));
  return make<arith::BitcastOp>(of(type), byte);
}

/// The 8-bit float that `value` holds, if it is one that models can have.
static FloatType byteFloat(Value value) {
  Type element = getElementTypeOrSelf(value);
  return isa<Float8E4M3FNType, Float8E5M2Type>(element) ? cast<FloatType>(element) : FloatType();
}

namespace {

struct LowerByteFloatsPass : PassWrapper<LowerByteFloatsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerByteFloatsPass)

  StringRef getArgument() const override { return "lower-byte-floats"; }
  StringRef getDescription() const override {
    return "Replaces conversions of 8-bit floats by arithmetic on bits";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect>();
  }

  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      bool widens = isa<arith::ExtFOp>(op);
      if (!widens && !isa<arith::TruncFOp>(op))
        return;
      FloatType type = byteFloat(widens ? op->getOperand(0) : op->getResult(0));
      Value other = widens ? op->getResult(0) : op->getOperand(0);
      // A double that is narrowed would be rounded twice: kernels never do.
      if (!type || (!widens && getElementTypeOrSelf(other).isF64()))
        return;
      ByteFloat conversion(op, type);
      Value from = op->getOperand(0);
      op->getResult(0).replaceAllUsesWith(widens ? conversion.widen(from)
                                                 : conversion.narrow(from));
      op->erase();
    });
  }
};

} // namespace

std::unique_ptr<Pass> nacre::object::createLowerByteFloatsPass() {
  return std::make_unique<LowerByteFloatsPass>();
}
