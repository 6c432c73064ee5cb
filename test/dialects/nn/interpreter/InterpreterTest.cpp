//===- InterpreterTest.cpp - whole programs and their errors ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/dialects/nn/interpreter/Harness.h"

using namespace nacre::interpreter;

namespace {

using ProgramTest = InterpreterTest;

const char *const linearModel = R"(
  ml_program.global private @"fc.weight"(#ml_program.extern<tensor<2x3xf32>>) : tensor<2x3xf32>
  func.func @f(%x: tensor<?x3xf32> {nn.name = "pixels"}) -> tensor<?x2xf32> {
    %w = ml_program.global_load_const @"fc.weight" : tensor<2x3xf32>
    %0 = nn.linear %x, %w : tensor<?x3xf32>, tensor<2x3xf32> -> tensor<?x2xf32>
    return %0 : tensor<?x2xf32>
  })";

TEST_F(ProgramTest, WeightsComeFromTheProvider) {
  weights["fc.weight"] = floats({2, 3}, {1, 2, 3, 0, 1, 2});
  EXPECT_EQ(run(linearModel, {floats({1, 3}, {1, 2, 3})}).values(), numbers(14, 8));
}

TEST_F(ProgramTest, AWeightOfTheWrongShape) {
  weights["fc.weight"] = floats({3, 2}, {1, 2, 3, 0, 1, 2});
  EXPECT_EQ(run(linearModel, {floats({1, 3}, {1, 2, 3})}).errors,
            containing("weight 'fc.weight' has shape [3, 2], which is not of type "
                       "'tensor<2x3xf32>'"));
}

TEST_F(ProgramTest, AWeightOfTheWrongType) {
  weights["fc.weight"] = ints({2, 3}, {1, 2, 3, 0, 1, 2});
  EXPECT_EQ(run(linearModel, {floats({1, 3}, {1, 2, 3})}).errors,
            containing("weight 'fc.weight' has elements of type 'i64', but must be "
                       "'tensor<2x3xf32>'"));
}

TEST_F(ProgramTest, AMissingWeight) {
  Outcome outcome = run(linearModel, {floats({1, 3}, {1, 2, 3})});
  EXPECT_FALSE(outcome.succeeded);
  EXPECT_EQ(outcome.errors, containing("the test has no weight fc.weight"));
}

TEST_F(ProgramTest, InputsAreChecked) {
  EXPECT_EQ(run(linearModel, {}).errors, containing("takes 1 inputs, but 0 were given"));
  EXPECT_EQ(run(linearModel, {floats({1, 4}, {1, 2, 3, 4})}).errors,
            containing("input 'pixels' has shape [1, 4]"));
  EXPECT_EQ(run(linearModel, {ints({1, 3}, {1, 2, 3})}).errors,
            containing("input 'pixels' has elements of type 'i64'"));
}

TEST_F(ProgramTest, WeightsAreRoundedToTheDeclaredType) {
  weights["w"] = floats({1}, {0.1});
  const char *text = R"(
    ml_program.global private @w(#ml_program.extern<tensor<1xf32>>) : tensor<1xf32>
    func.func @f() -> tensor<1xf32> {
      %w = ml_program.global_load_const @w : tensor<1xf32>
      return %w : tensor<1xf32>
    })";
  EXPECT_EQ(run(text, {}, Precision::declared).values()[0], static_cast<double>(0.1f));
  EXPECT_EQ(run(text, {}).values()[0], 0.1);
}

TEST_F(ProgramTest, AGlobalWithAValue) {
  const char *text = R"(
    ml_program.global private @w(dense<[1.0, 2.0]> : tensor<2xf32>) : tensor<2xf32>
    func.func @f() -> tensor<2xf32> {
      %w = ml_program.global_load_const @w : tensor<2xf32>
      return %w : tensor<2xf32>
    })";
  EXPECT_EQ(run(text, {}).values(), numbers(1, 2));
}

TEST_F(ProgramTest, DispatchEvaluatesItsBody) {
  const char *text = R"(
    func.func @f(%x: tensor<?xf32>, %n: index) -> (tensor<?xf32>, tensor<f32>) {
      %0:2 = nn.dispatch(%x, %n : tensor<?xf32>, index) sizes(%n) -> tensor<?xf32>, tensor<f32> {
      ^bb0(%a: tensor<?xf32>, %m: index):
        %b = nn.neg %a : tensor<?xf32> -> tensor<?xf32>
        %c = nn.reduce sum %b [0] : tensor<?xf32> -> tensor<f32>
        nn.yield %b, %c : tensor<?xf32>, tensor<f32>
      }
      return %0#0, %0#1 : tensor<?xf32>, tensor<f32>
    })";
  Outcome outcome = run(text, {floats({2}, {1, 2}), index(2)});
  EXPECT_EQ(outcome.values(0), numbers(-1, -2)) << outcome.errors;
  EXPECT_EQ(outcome.values(1), numbers(-3));
  EXPECT_EQ(run(text, {floats({2}, {1, 2}), index(3)}).errors,
            containing("body computes other sizes than `sizes` promises"));
}

TEST_F(ProgramTest, AValueUsedTwiceIsKept) {
  const char *text = R"(
    func.func @f(%x: tensor<1xf32>) -> (tensor<1xf32>, tensor<1xf32>) {
      %0 = nn.add %x, %x : tensor<1xf32>, tensor<1xf32> -> tensor<1xf32>
      %1 = nn.add %0, %x : tensor<1xf32>, tensor<1xf32> -> tensor<1xf32>
      return %1, %x : tensor<1xf32>, tensor<1xf32>
    })";
  Outcome outcome = run(text, {floats({1}, {1})});
  EXPECT_EQ(outcome.values(0), numbers(3));
  EXPECT_EQ(outcome.values(1), numbers(1));
}

TEST_F(ProgramTest, OtherOperationsAreErrors) {
  const char *text = R"(
    func.func @f(%x: tensor<?xf32>, %i: index) -> f32 {
      %0 = tensor.extract %x[%i] : tensor<?xf32>
      return %0 : f32
    })";
  EXPECT_EQ(run(text, {floats({1}, {1}), index(0)}).errors,
            containing("'tensor.extract' is not interpreted"));
}

TEST_F(ProgramTest, TypesThatAreNotInterpreted) {
  EXPECT_EQ(runOp("nn.add %a, %b : tensor<1xi128>, tensor<1xi128> -> tensor<1xi128>",
                  {ints({1}, {1}), ints({1}, {1})})
                .errors,
            containing("cannot be interpreted"));
}

TEST_F(ProgramTest, DeclarationsHaveNothingToInterpret) {
  EXPECT_EQ(run("func.func private @f()", {}).errors, containing("must have a body of one block"));
}

} // namespace
