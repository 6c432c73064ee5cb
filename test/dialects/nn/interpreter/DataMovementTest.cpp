//===- DataMovementTest.cpp - operations that move elements ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/dialects/nn/interpreter/Harness.h"

using namespace nacre::interpreter;

namespace {

class DataMovementTest : public InterpreterTest {
protected:
  /// 0, 1, 2, ...
  Tensor counting(llvm::ArrayRef<int64_t> shape) {
    Tensor tensor = Tensor::zeros(mlir::Float64Type::get(&context), shape);
    for (int64_t i = 0; i < tensor.getNumElements(); ++i)
      tensor.setFloat(i, static_cast<double>(i));
    return tensor;
  }
};

TEST_F(DataMovementTest, Reshape) {
  Outcome outcome =
      runOp("nn.reshape %a : tensor<2x3xf32> -> tensor<3x1x2xf32>", {counting({2, 3})});
  EXPECT_EQ(outcome.shape(), numbers(3, 1, 2));
  EXPECT_EQ(outcome.values(), numbers(0, 1, 2, 3, 4, 5));
  const char *dynamic = R"(
    func.func @f(%x: tensor<?x6xf32>, %n: index) -> tensor<?x3xf32> {
      %0 = nn.reshape %x [%n] : tensor<?x6xf32> -> tensor<?x3xf32>
      return %0 : tensor<?x3xf32>
    })";
  EXPECT_EQ(run(dynamic, {counting({2, 6}), index(4)}).shape(), numbers(4, 3));
  Outcome wrong = run(dynamic, {counting({2, 6}), index(5)});
  EXPECT_FALSE(wrong.succeeded);
  EXPECT_EQ(wrong.errors, containing("cannot view 12 elements as 15"));
  EXPECT_EQ(run(dynamic, {counting({2, 6}), index(-1)}).errors, containing("too large"));
}

TEST_F(DataMovementTest, Broadcast) {
  EXPECT_EQ(
      runOp("nn.broadcast %a : tensor<2x1xf32> -> tensor<2x2x3xf32>", {counting({2, 1})}).values(),
      numbers(0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1));
  EXPECT_EQ(runOp("nn.broadcast %a : tensor<i32> -> tensor<3xi32>", {ints({}, {7}, 32)}).values(),
            numbers(7, 7, 7));
}

TEST_F(DataMovementTest, Transpose) {
  EXPECT_EQ(runOp("nn.transpose %a [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>", {counting({2, 3})})
                .values(),
            numbers(0, 3, 1, 4, 2, 5));
  // numpy.arange(12).reshape(2, 3, 2).transpose(2, 0, 1)
  EXPECT_EQ(runOp("nn.transpose %a [2, 0, 1] : tensor<2x3x2xf32> -> tensor<2x2x3xf32>",
                  {counting({2, 3, 2})})
                .values(),
            numbers(0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11));
}

TEST_F(DataMovementTest, Pad) {
  Outcome outcome = runOp("nn.pad %a low [1, 0] high [0, 2] value 9.0 : f32 : tensor<1x2xf32> "
                          "-> tensor<2x4xf32>",
                          {floats({1, 2}, {1, 2})});
  EXPECT_EQ(outcome.values(), numbers(9, 9, 9, 9, 1, 2, 9, 9)) << outcome.errors;
}

TEST_F(DataMovementTest, Gather) {
  // numpy.take(arange(12).reshape(2, 3, 2), [[2, -3], [0, 1]], axis=1)
  Outcome outcome = runOp("nn.gather %a, %b {axis = 1 : i64} : tensor<2x3x2xf32>, tensor<2x2xi64> "
                          "-> tensor<2x2x2x2xf32>",
                          {counting({2, 3, 2}), ints({2, 2}, {2, -3, 0, 1})});
  EXPECT_EQ(outcome.values(), numbers(4, 5, 0, 1, 0, 1, 2, 3, 10, 11, 6, 7, 6, 7, 8, 9))
      << outcome.errors;
  Outcome outside = runOp("nn.gather %a, %b : tensor<3xf32>, tensor<1xi32> -> tensor<1xf32>",
                          {counting({3}), ints({1}, {3}, 32)});
  EXPECT_FALSE(outside.succeeded);
  EXPECT_EQ(outside.errors, containing("index 3 is outside dimension 0 of size 3"));
}

TEST_F(DataMovementTest, Iota) {
  const char *text = R"(
    func.func @f(%n: index) -> (tensor<?xi64>, tensor<3xf32>) {
      %0 = nn.iota [%n] : tensor<?xi64>
      %1 = nn.iota : tensor<3xf32>
      return %0, %1 : tensor<?xi64>, tensor<3xf32>
    })";
  Outcome outcome = run(text, {index(4)});
  EXPECT_EQ(outcome.values(0), numbers(0, 1, 2, 3)) << outcome.errors;
  EXPECT_EQ(outcome.values(1), numbers(0, 1, 2));
  EXPECT_EQ(run(text, {index(int64_t(1) << 60)}).errors, containing("too large"));
  EXPECT_EQ(run(text, {index(int64_t(1) << 33)}).errors, containing("too large"));
}

TEST_F(DataMovementTest, DimOfADynamicDimension) {
  const char *text = R"(
    func.func @f(%x: tensor<?x2xf32>) -> index {
      %c0 = arith.constant 0 : index
      %0 = tensor.dim %x, %c0 : tensor<?x2xf32>
      return %0 : index
    })";
  EXPECT_EQ(run(text, {counting({5, 2})}).results[0].getInt(0), 5);
}

TEST_F(DataMovementTest, ExtractSlice) {
  const char *text = R"(
    func.func @f(%x: tensor<3x4xf32>, %at: index, %n: index) -> (tensor<?x2xf32>, tensor<4xf32>) {
      %0 = tensor.extract_slice %x[%at, 1] [%n, 2] [1, 2] : tensor<3x4xf32> to tensor<?x2xf32>
      %1 = tensor.extract_slice %x[%at, 0] [1, 4] [1, 1] : tensor<3x4xf32> to tensor<4xf32>
      return %0, %1 : tensor<?x2xf32>, tensor<4xf32>
    })";
  Outcome outcome = run(text, {counting({3, 4}), index(1), index(2)});
  EXPECT_EQ(outcome.values(0), numbers(5, 7, 9, 11)) << outcome.errors;
  EXPECT_EQ(outcome.values(1), numbers(4, 5, 6, 7));
  EXPECT_EQ(run(text, {counting({3, 4}), index(2), index(2)}).errors,
            containing("slice of 2 from 2 by 1 is outside dimension 0 of size 3"));
  EXPECT_EQ(run(text, {counting({3, 4}), index(-1), index(2)}).errors,
            containing("outside dimension 0"));
  EXPECT_EQ(run(text, {counting({3, 4}), index(0), index(INT64_MAX)}).errors,
            containing("outside dimension 0"));
}

TEST_F(DataMovementTest, AStepThatIsNotTaken) {
  const char *text = R"(
    func.func @f(%x: tensor<3x4xf32>, %step: index) -> tensor<1x1xf32> {
      %0 = tensor.extract_slice %x[2, 1] [1, 1] [%step, %step] : tensor<3x4xf32> to tensor<1x1xf32>
      return %0 : tensor<1x1xf32>
    })";
  EXPECT_EQ(run(text, {counting({3, 4}), index(INT64_MAX)}).values(), numbers(9));
}

TEST_F(DataMovementTest, ConcatSplatAndEmpty) {
  const char *text = R"(
    func.func @f(%x: tensor<2x?xf32>, %y: tensor<2x1xf32>, %n: index)
        -> (tensor<2x?xf32>, tensor<?x2xf32>, tensor<?xf32>) {
      %0 = tensor.concat dim(1) %x, %y : (tensor<2x?xf32>, tensor<2x1xf32>) -> tensor<2x?xf32>
      %half = arith.constant 0.5 : f32
      %1 = tensor.splat %half[%n] : tensor<?x2xf32>
      %2 = tensor.empty(%n) : tensor<?xf32>
      return %0, %1, %2 : tensor<2x?xf32>, tensor<?x2xf32>, tensor<?xf32>
    })";
  Outcome outcome = run(text, {counting({2, 2}), floats({2, 1}, {8, 9}), index(1)});
  EXPECT_EQ(outcome.values(0), numbers(0, 1, 8, 2, 3, 9)) << outcome.errors;
  EXPECT_EQ(outcome.values(1), numbers(0.5, 0.5));
  EXPECT_EQ(outcome.shape(2), numbers(1));
}

TEST_F(DataMovementTest, ExpandAndCollapse) {
  const char *text = R"(
    func.func @f(%x: tensor<?x6xf32>) -> (tensor<?xf32>, tensor<?x2x3xf32>, tensor<2x6xf32>) {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %x, %c0 : tensor<?x6xf32>
      %0 = tensor.collapse_shape %x [[0, 1]] : tensor<?x6xf32> into tensor<?xf32>
      %1 = tensor.expand_shape %x [[0], [1, 2]] output_shape [%n, 2, 3]
        : tensor<?x6xf32> into tensor<?x2x3xf32>
      %2 = tensor.cast %x : tensor<?x6xf32> to tensor<2x6xf32>
      return %0, %1, %2 : tensor<?xf32>, tensor<?x2x3xf32>, tensor<2x6xf32>
    })";
  Outcome outcome = run(text, {counting({2, 6})});
  EXPECT_EQ(outcome.shape(0), numbers(12)) << outcome.errors;
  EXPECT_EQ(outcome.shape(1), numbers(2, 2, 3));
  EXPECT_EQ(outcome.shape(2), numbers(2, 6));
  EXPECT_EQ(run(text, {counting({3, 6})}).errors,
            containing("result has shape [3, 6], which is not of type 'tensor<2x6xf32>'"));
}

} // namespace
