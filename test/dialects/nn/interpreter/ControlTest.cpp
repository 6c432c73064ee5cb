//===- ControlTest.cpp - loops, branches, positions and state --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/dialects/nn/interpreter/Harness.h"

using namespace nacre::interpreter;

namespace {

using ControlTest = InterpreterTest;

/// The running sum of x[?, 3] over the columns that begins at h, forwards or backwards.
std::string scanOfColumns(const std::string &reverse) {
  return R"(
    func.func @f(%x: tensor<?x3xf32>, %h: tensor<?xf32>, %n: index) -> (tensor<?xf32>, tensor<3x?xf32>) {
      %0:2 = nn.scan (%x : tensor<?x3xf32>) axes [1] carry (%h : tensor<?xf32>) )" +
         reverse + R"( sizes(%n) -> tensor<?xf32>, tensor<3x?xf32> {
      ^bb0(%xt: tensor<?xf32>, %s: tensor<?xf32>):
        %1 = nn.add %xt, %s : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
        nn.yield %1, %1 : tensor<?xf32>, tensor<?xf32>
      }
      return %0#0, %0#1 : tensor<?xf32>, tensor<3x?xf32>
    })";
}

TEST_F(ControlTest, ScanCarriesAndStacks) {
  Outcome outcome = run(scanOfColumns(""),
                        {floats({2, 3}, {1, 2, 3, 10, 20, 30}), floats({2}, {100, 200}), index(2)});
  EXPECT_EQ(outcome.values(0), numbers(106, 260)) << outcome.errors;
  EXPECT_EQ(outcome.values(1), numbers(101, 210, 103, 230, 106, 260));
}

TEST_F(ControlTest, AReversedScanStacksAtTheSlicesPlaces) {
  Outcome outcome = run(scanOfColumns("reverse"),
                        {floats({2, 3}, {1, 2, 3, 10, 20, 30}), floats({2}, {100, 200}), index(2)});
  EXPECT_EQ(outcome.values(0), numbers(106, 260)) << outcome.errors;
  EXPECT_EQ(outcome.values(1), numbers(106, 260, 105, 250, 103, 230));
}

TEST_F(ControlTest, ScanWithoutARoundGivesTheCarries) {
  const char *text = R"(
    func.func @f(%x: tensor<?xf32>, %h: tensor<f32>, %n: index) -> (tensor<f32>, tensor<?x2xf32>) {
      %0:2 = nn.scan (%x : tensor<?xf32>) axes [0] carry (%h : tensor<f32>) sizes(%n) -> tensor<f32>, tensor<?x2xf32> {
      ^bb0(%xt: tensor<f32>, %s: tensor<f32>):
        %1 = nn.add %xt, %s : tensor<f32>, tensor<f32> -> tensor<f32>
        %2 = nn.broadcast %1 : tensor<f32> -> tensor<2xf32>
        nn.yield %1, %2 : tensor<f32>, tensor<2xf32>
      }
      return %0#0, %0#1 : tensor<f32>, tensor<?x2xf32>
    })";
  Outcome outcome = run(text, {floats({0}, {}), floats({}, {7}), index(0)});
  EXPECT_EQ(outcome.values(0), numbers(7)) << outcome.errors;
  EXPECT_EQ(outcome.shape(1), (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(run(text, {floats({1}, {1}), floats({}, {7}), index(2)}).errors,
            containing("`sizes` promises 2 rounds of 1"));
}

TEST_F(ControlTest, ScanInputsHaveOneLength) {
  const char *text = R"(
    func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>, %h: tensor<f32>) -> tensor<f32> {
      %0 = nn.scan (%x, %y : tensor<?xf32>, tensor<?xf32>) axes [0, 0] carry (%h : tensor<f32>) -> tensor<f32> {
      ^bb0(%xt: tensor<f32>, %yt: tensor<f32>, %s: tensor<f32>):
        %1 = nn.mul %xt, %yt : tensor<f32>, tensor<f32> -> tensor<f32>
        %2 = nn.add %1, %s : tensor<f32>, tensor<f32> -> tensor<f32>
        nn.yield %2 : tensor<f32>
      }
      return %0 : tensor<f32>
    })";
  EXPECT_EQ(run(text, {floats({2}, {1, 2}), floats({2}, {3, 4}), floats({}, {5})}).values(),
            numbers(16));
  EXPECT_EQ(run(text, {floats({2}, {1, 2}), floats({1}, {3}), floats({}, {5})}).errors,
            containing("inputs have 2 and 1 slices"));
}

TEST_F(ControlTest, ALengthCountsRoundsAndLoopsNest) {
  const char *text = R"(
    func.func @f(%x: tensor<f32>, %n: index, %m: index) -> tensor<f32> {
      %0 = nn.scan carry (%x : tensor<f32>) length(%n) -> tensor<f32> {
      ^bb0(%a: tensor<f32>):
        %1 = nn.scan carry (%a : tensor<f32>) length(%m) -> tensor<f32> {
        ^bb0(%b: tensor<f32>):
          %2 = nn.add %b, %x : tensor<f32>, tensor<f32> -> tensor<f32>
          nn.yield %2 : tensor<f32>
        }
        nn.yield %1 : tensor<f32>
      }
      return %0 : tensor<f32>
    })";
  EXPECT_EQ(run(text, {floats({}, {2}), index(3), index(4)}).values(), numbers(26));
  EXPECT_EQ(run(text, {floats({}, {2}), index(-3), index(4)}).values(), numbers(2));
}

TEST_F(ControlTest, WhileRunsAsLongAsItsFlag) {
  const char *text = R"(
    func.func @f(%go: tensor<i1>, %x: tensor<f32>, %limit: tensor<f32>) -> tensor<f32> {
      %0 = nn.while %go (%x : tensor<f32>) -> tensor<f32> {
      ^bb0(%a: tensor<f32>):
        %1 = nn.add %a, %a : tensor<f32>, tensor<f32> -> tensor<f32>
        %2 = nn.compare lt %1, %limit : tensor<f32>, tensor<f32> -> tensor<i1>
        nn.yield %2, %1 : tensor<i1>, tensor<f32>
      }
      return %0 : tensor<f32>
    })";
  EXPECT_EQ(run(text, {bools({}, {1}), floats({}, {3}), floats({}, {20})}).values(), numbers(24));
  EXPECT_EQ(run(text, {bools({}, {0}), floats({}, {3}), floats({}, {20})}).values(), numbers(3));
}

TEST_F(ControlTest, IfRunsOneBranch) {
  const char *text = R"(
    func.func @f(%c: tensor<i1>, %x: tensor<?xf32>, %i: tensor<i64>, %n: index) -> tensor<?xf32> {
      %0 = nn.if %c sizes(%n) -> tensor<?xf32> {
        %1 = nn.neg %x : tensor<?xf32> -> tensor<?xf32>
        nn.yield %1 : tensor<?xf32>
      } else {
        %2 = nn.slice %x[%i] axes [0] sizes(%n) : tensor<?xf32>, tensor<i64> -> tensor<?xf32>
        nn.yield %2 : tensor<?xf32>
      }
      return %0 : tensor<?xf32>
    })";
  Tensor x = floats({3}, {1, 2, 3});
  // The position of the other branch is outside: it does not run.
  EXPECT_EQ(run(text, {bools({}, {1}), x, ints({}, {9}), index(3)}).values(), numbers(-1, -2, -3));
  EXPECT_EQ(run(text, {bools({}, {0}), x, ints({}, {1}), index(2)}).values(), numbers(2, 3));
  EXPECT_EQ(run(text, {bools({}, {1}), x, ints({}, {0}), index(2)}).errors,
            containing("body computes other sizes than `sizes` promises"));
}

TEST_F(ControlTest, SliceBeginsWhereItsStartsSay) {
  const char *text =
      "nn.slice %a[%b, %c] axes [1, 0] : tensor<3x4xf32>, tensor<i64>, tensor<i32> -> "
      "tensor<2x2xf32>";
  Tensor x = floats({3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  EXPECT_EQ(runOp(text, {x, ints({}, {2}), ints({}, {1}, 32)}).values(), numbers(6, 7, 10, 11));
  EXPECT_EQ(runOp(text, {x, ints({}, {3}), ints({}, {1}, 32)}).errors,
            containing("part of 2 from 3 is outside dimension 1 of size 4"));
  EXPECT_EQ(runOp(text, {x, ints({}, {0}), ints({}, {-1}, 32)}).errors,
            containing("part of 2 from -1 is outside dimension 0 of size 3"));
}

TEST_F(ControlTest, InsertReplacesAPart) {
  const char *text = "nn.insert %a into %b[%c] axes [1] : tensor<2x1xf32>, tensor<2x3xf32>, "
                     "tensor<i64> -> tensor<2x3xf32>";
  Tensor value = floats({2, 1}, {10, 20}), whole = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(runOp(text, {value, whole, ints({}, {1})}).values(), numbers(1, 10, 3, 4, 20, 6));
  EXPECT_EQ(runOp(text, {value, whole, ints({}, {3})}).errors,
            containing("part of 1 from 3 is outside dimension 1 of size 3"));
}

/// Puts x at place p of a history, whose size is n, and gives the one before and the new one.
const char *const history = R"(
  ml_program.global private mutable @past : tensor<?xf32> {nn.dims = ["N"]}
  func.func @f(%x: tensor<1xf32>, %p: tensor<i64>, %n: index) -> (tensor<?xf32>, tensor<?xf32>) {
    %0 = nn.state_load @past [%n] : tensor<?xf32>
    %1 = nn.insert %x into %0[%p] axes [0] : tensor<1xf32>, tensor<?xf32>, tensor<i64> -> tensor<?xf32>
    nn.state_store %1, @past : tensor<?xf32>
    %2 = nn.state_load @past [%n] : tensor<?xf32>
    return %0, %2 : tensor<?xf32>, tensor<?xf32>
  })";

TEST_F(ControlTest, StatesLiveFromCallToCall) {
  Outcome first = run(history, {floats({1}, {5}), ints({}, {1}), index(3)});
  EXPECT_EQ(first.values(0), numbers(0, 0, 0)) << first.errors;
  EXPECT_EQ(first.values(1), numbers(0, 5, 0));
  Outcome second = run(history, {floats({1}, {7}), ints({}, {0}), index(3)});
  EXPECT_EQ(second.values(0), numbers(0, 5, 0));
  EXPECT_EQ(second.values(1), numbers(7, 5, 0));
  EXPECT_EQ(run(history, {floats({1}, {7}), ints({}, {0}), index(4)}).errors,
            containing("state 'past' was made for other sizes"));
}

TEST_F(ControlTest, AScanCarriesItsStateFromRoundToRound) {
  const char *text = R"(
    ml_program.global private mutable @sum : tensor<f32>
    func.func @f(%x: tensor<?xf32>) -> tensor<f32> {
      nn.scan (%x : tensor<?xf32>) axes [0] {
      ^bb0(%xt: tensor<f32>):
        %0 = nn.state_load @sum : tensor<f32>
        %1 = nn.add %0, %xt : tensor<f32>, tensor<f32> -> tensor<f32>
        nn.state_store %1, @sum : tensor<f32>
        nn.yield
      }
      %2 = nn.state_load @sum : tensor<f32>
      return %2 : tensor<f32>
    })";
  EXPECT_EQ(run(text, {floats({3}, {1, 2, 3})}).values(), numbers(6));
  EXPECT_EQ(run(text, {floats({2}, {4, 5})}).values(), numbers(15));
}

} // namespace
