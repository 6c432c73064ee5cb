//===- ArithmeticTest.cpp - arith in the reference interpreter -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/dialects/nn/interpreter/Harness.h"

using namespace nacre::interpreter;

namespace {

class ArithmeticTest : public InterpreterTest {
protected:
  Outcome onIndex(const std::string &op, int64_t x, int64_t y) {
    return run("func.func @f(%x: index, %y: index) -> index { %0 = arith." + op +
                   " %x, %y : index\n return %0 : index }",
               {index(x), index(y)});
  }
  int64_t valueOf(const std::string &op, int64_t x, int64_t y) {
    Outcome outcome = onIndex(op, x, y);
    EXPECT_TRUE(outcome.succeeded) << outcome.errors;
    return outcome.results[0].getInt(0);
  }
};

TEST_F(ArithmeticTest, IndexArithmetic) {
  EXPECT_EQ(valueOf("addi", 5, -7), -2);
  EXPECT_EQ(valueOf("subi", 5, -7), 12);
  EXPECT_EQ(valueOf("muli", 5, -7), -35);
  EXPECT_EQ(valueOf("addi", INT64_MAX, 1), INT64_MIN);
  EXPECT_EQ(valueOf("divsi", -7, 2), -3);
  EXPECT_EQ(valueOf("floordivsi", -7, 2), -4);
  EXPECT_EQ(valueOf("floordivsi", 7, -2), -4);
  EXPECT_EQ(valueOf("ceildivsi", -7, 2), -3);
  EXPECT_EQ(valueOf("ceildivsi", 7, 2), 4);
  EXPECT_EQ(valueOf("remsi", -7, 2), -1);
  EXPECT_EQ(valueOf("divui", -1, 2), INT64_MAX);
  EXPECT_EQ(valueOf("ceildivui", 7, 2), 4);
  EXPECT_EQ(valueOf("remui", 7, 4), 3);
  EXPECT_EQ(valueOf("maxsi", -1, 2), 2);
  EXPECT_EQ(valueOf("minsi", -1, 2), -1);
  EXPECT_EQ(valueOf("maxui", -1, 2), -1);
  EXPECT_EQ(valueOf("minui", -1, 2), 2);
  EXPECT_EQ(valueOf("andi", 6, 3), 2);
  EXPECT_EQ(valueOf("ori", 6, 3), 7);
  EXPECT_EQ(valueOf("xori", 6, 3), 5);
}

TEST_F(ArithmeticTest, UndefinedDivisionsAreErrors) {
  EXPECT_EQ(onIndex("divsi", 1, 0).errors, containing("division by zero"));
  EXPECT_EQ(onIndex("remui", 1, 0).errors, containing("division by zero"));
  EXPECT_EQ(onIndex("floordivsi", INT64_MIN, -1).errors, containing("division overflows"));
}

TEST_F(ArithmeticTest, ComparesAndSelects) {
  const char *text = R"(
    func.func @f(%x: i8, %y: i8) -> (i1, i1, i8) {
      %0 = arith.cmpi slt, %x, %y : i8
      %1 = arith.cmpi ult, %x, %y : i8
      %2 = arith.select %0, %x, %y : i8
      return %0, %1, %2 : i1, i1, i8
    })";
  Outcome outcome = run(text, {ints({}, {-1}, 8), ints({}, {1}, 8)});
  EXPECT_EQ(outcome.values(0), numbers(1)) << outcome.errors;
  EXPECT_EQ(outcome.values(1), numbers(0));
  EXPECT_EQ(outcome.values(2), numbers(-1));
}

TEST_F(ArithmeticTest, Conversions) {
  const char *text = R"(
    func.func @f(%x: i8, %b: i1) -> (index, index, i32, i32, i4, f32, i32) {
      %0 = arith.index_cast %x : i8 to index
      %1 = arith.index_castui %x : i8 to index
      %2 = arith.extsi %x : i8 to i32
      %3 = arith.extui %x : i8 to i32
      %4 = arith.trunci %x : i8 to i4
      %5 = arith.sitofp %x : i8 to f32
      %6 = arith.extsi %b : i1 to i32
      return %0, %1, %2, %3, %4, %5, %6 : index, index, i32, i32, i4, f32, i32
    })";
  Outcome outcome = run(text, {ints({}, {-9}, 8), bools({}, {1})});
  ASSERT_TRUE(outcome.succeeded) << outcome.errors;
  std::vector<double> all;
  for (size_t i = 0; i < 7; ++i)
    all.push_back(outcome.values(i)[0]);
  EXPECT_EQ(all, numbers(-9, 247, -9, 247, 7, -9, -1));
}

TEST_F(ArithmeticTest, Constants) {
  const char *text = R"(
    func.func @f() -> (tensor<2x2xf32>, tensor<3xi64>, tensor<2xi1>, tensor<0xf32>, tensor<2xbf16>) {
      %0 = arith.constant dense<[[1.0, 2.5], [0x7F800000, -0.0]]> : tensor<2x2xf32>
      %1 = arith.constant dense<-3> : tensor<3xi64>
      %2 = arith.constant dense<[true, false]> : tensor<2xi1>
      %3 = arith.constant dense<> : tensor<0xf32>
      %4 = arith.constant dense<[1.0, 3.140625]> : tensor<2xbf16>
      return %0, %1, %2, %3, %4
        : tensor<2x2xf32>, tensor<3xi64>, tensor<2xi1>, tensor<0xf32>, tensor<2xbf16>
    })";
  Outcome outcome = run(text, {});
  EXPECT_EQ(outcome.values(0), near({1, 2.5, infinity, 0})) << outcome.errors;
  EXPECT_EQ(outcome.values(1), numbers(-3, -3, -3));
  EXPECT_EQ(outcome.values(2), numbers(1, 0));
  EXPECT_EQ(outcome.values(3), numbers());
  EXPECT_EQ(outcome.values(4), numbers(1, 3.140625));
}

TEST_F(ArithmeticTest, AConstantThatIsTooLarge) {
  EXPECT_EQ(run(R"(
    func.func @f() -> tensor<f32> {
      %0 = arith.constant dense<0.0> : tensor<8589934592xf32>
      %1 = nn.reduce sum %0 [0] : tensor<8589934592xf32> -> tensor<f32>
      return %1 : tensor<f32>
    })",
                {})
                .errors,
            containing("too large"));
}

TEST_F(ArithmeticTest, FloatsOnTensors) {
  const char *text = R"(
    func.func @f(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
      %0 = arith.addf %x, %y : tensor<2xf32>
      %1 = arith.mulf %0, %x : tensor<2xf32>
      %2 = arith.subf %1, %y : tensor<2xf32>
      %3 = arith.divf %2, %y : tensor<2xf32>
      return %3 : tensor<2xf32>
    })";
  // ((x + y) x - y) / y
  EXPECT_EQ(run(text, {floats({2}, {1, 2}), floats({2}, {4, 2})}).values(), near({0.25, 3}));
}

} // namespace
