//===- TensorTest.cpp - tensors in memory ----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/dialects/nn/interpreter/Harness.h"

#include "mlir/IR/Builders.h"

using namespace nacre::interpreter;

namespace {

class TensorTest : public InterpreterTest {
protected:
  mlir::Builder builder{&context};
};

TEST_F(TensorTest, ElementSizes) {
  EXPECT_EQ(elementBytes(builder.getI1Type()), 1);
  EXPECT_EQ(elementBytes(builder.getIntegerType(4)), 1);
  EXPECT_EQ(elementBytes(builder.getIntegerType(17)), 4);
  EXPECT_EQ(elementBytes(builder.getI64Type()), 8);
  EXPECT_EQ(elementBytes(builder.getBF16Type()), 2);
  EXPECT_EQ(elementBytes(builder.getF64Type()), 8);
  EXPECT_EQ(elementBytes(builder.getIntegerType(128)), std::nullopt);
  EXPECT_EQ(elementBytes(mlir::Float80Type::get(&context)), std::nullopt);
}

TEST_F(TensorTest, ElementCounts) {
  EXPECT_EQ(elementCount({}), 1);
  EXPECT_EQ(elementCount({2, 3}), 6);
  EXPECT_EQ(elementCount({2, 0}), 0);
  EXPECT_EQ(elementCount({-1, 2}), std::nullopt);
  EXPECT_EQ(elementCount({int64_t(1) << 40, int64_t(1) << 40}), std::nullopt);
  EXPECT_EQ(elementCount({int64_t(1) << 62, 0}), std::nullopt);
}

TEST_F(TensorTest, BytesMustFit) {
  std::vector<char> bytes(7);
  EXPECT_FALSE(Tensor::viewOf(builder.getF32Type(), {2}, bytes));
  EXPECT_FALSE(Tensor::copyOf(builder.getF32Type(), {2}, bytes));
  EXPECT_FALSE(Tensor::copyOf(builder.getIntegerType(128), {}, bytes));
  EXPECT_FALSE(Tensor::viewOf(builder.getF32Type(), {-1}, {}));
}

TEST_F(TensorTest, ViewsShareAndCopiesKeep) {
  float numbers[] = {1, 2};
  llvm::ArrayRef<char> bytes(reinterpret_cast<const char *>(numbers), sizeof(numbers));
  Tensor view = *Tensor::viewOf(builder.getF32Type(), {2}, bytes);
  Tensor copy = *Tensor::copyOf(builder.getF32Type(), {2}, bytes);
  numbers[0] = 5;
  EXPECT_EQ(view.getFloat(0), 5);
  EXPECT_EQ(copy.getFloat(0), 1);
}

TEST_F(TensorTest, HalfPrecisionBits) {
  // 0x3C01 is the f16 after 1; 0x4049 the bf16 nearest to pi.
  uint16_t half = 0x3C01, brain = 0x4049;
  llvm::ArrayRef<char> halfBytes(reinterpret_cast<const char *>(&half), 2);
  llvm::ArrayRef<char> brainBytes(reinterpret_cast<const char *>(&brain), 2);
  EXPECT_EQ(Tensor::viewOf(builder.getF16Type(), {}, halfBytes)->getFloat(0), 1.0009765625);
  EXPECT_EQ(Tensor::viewOf(builder.getBF16Type(), {}, brainBytes)->getFloat(0), 3.140625);
  Tensor written = Tensor::zeros(builder.getBF16Type(), {1});
  written.setFloat(0, 3.14159);
  EXPECT_EQ(written.getBytes(), numbers(0x49, 0x40));
}

TEST_F(TensorTest, RoundingToEven) {
  EXPECT_EQ(roundToType(2049, builder.getF16Type()), 2048);
  EXPECT_EQ(roundToType(2051, builder.getF16Type()), 2052);
  EXPECT_EQ(roundToType(65520, builder.getF16Type()), infinity);
  EXPECT_EQ(roundToType(16777217, builder.getF32Type()), 16777216);
  EXPECT_EQ(roundToType(1e300, builder.getF32Type()), infinity);
  EXPECT_TRUE(std::isnan(roundToType(notANumber, builder.getBF16Type())));
}

TEST_F(TensorTest, IntegersWrap) {
  EXPECT_EQ(wrapToType(300, builder.getIntegerType(8)), 44);
  EXPECT_EQ(wrapToType(200, builder.getIntegerType(8)), -56);
  EXPECT_EQ(wrapToType(-1, builder.getIntegerType(8, /*isSigned=*/false)), 255);
  EXPECT_EQ(wrapToType(3, builder.getI1Type()), 1);
  EXPECT_EQ(wrapToType(-5, builder.getIndexType()), -5);
}

} // namespace
