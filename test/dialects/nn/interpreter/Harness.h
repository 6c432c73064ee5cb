//===- Harness.h - runs IR text in the reference interpreter ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TEST_DIALECTS_NN_INTERPRETER_HARNESS_H
#define NACRE_TEST_DIALECTS_NN_INTERPRETER_HARNESS_H

#include "dialects/nn/interpreter/Interpreter.h"

#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

#include <cmath>
#include <map>

namespace nacre::interpreter {

/// What an evaluation gave: results, or the errors that it reported.
struct Outcome {
  bool succeeded = false;
  std::string errors;
  std::vector<Tensor> results;

  /// Empty where there is no such result.
  std::vector<int64_t> shape(size_t result = 0) const;
  std::vector<double> values(size_t result = 0) const;
};

class InterpreterTest : public ::testing::Test {
protected:
  InterpreterTest();

  /// Evaluates the function @f of the module `text`.
  Outcome run(llvm::StringRef text, llvm::ArrayRef<Tensor> inputs,
              Precision precision = Precision::f64);

  /// Evaluates one operation: `text` with operands %a, %b, ... of the input's types, written
  /// after its colon as for example "nn.exp %a : tensor<3xf32> -> tensor<3xf32>".
  Outcome runOp(llvm::StringRef text, llvm::ArrayRef<Tensor> inputs,
                Precision precision = Precision::f64);

  Tensor floats(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values);
  Tensor ints(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> values, unsigned width = 64);
  Tensor bools(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> values);
  Tensor index(int64_t value);

  /// Element i is `((5 i) mod modulus - modulus / 2) * scale`: what the script that gave the
  /// expected numbers fills tensors with.
  Tensor ramp(llvm::ArrayRef<int64_t> shape, double scale = 1, int64_t modulus = 7);

  /// Weights by name.
  std::map<std::string, Tensor> weights;
  /// What the evaluations of one test leave to each other.
  llvm::StringMap<Tensor> states;
  mlir::MLIRContext context;
};

/// Equal to a container of as many numbers, each within `tolerance`; NaN is equal to NaN.
struct Numbers {
  std::vector<double> expected;
  double tolerance;

  template <typename Container>
  friend bool operator==(const Container &actual, const Numbers &numbers) {
    auto close = [&](double a, double b) {
      return a == b || (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= numbers.tolerance;
    };
    return std::equal(actual.begin(), actual.end(), numbers.expected.begin(),
                      numbers.expected.end(), close);
  }
  friend void PrintTo(const Numbers &numbers, std::ostream *stream) {
    *stream << testing::PrintToString(numbers.expected) << " within " << numbers.tolerance;
  }
};

template <typename... T>
Numbers numbers(T... values) {
  return {{static_cast<double>(values)...}, 0};
}

inline Numbers near(std::vector<double> expected, double tolerance = 1e-12) {
  return {std::move(expected), tolerance};
}

/// Equal to a text in which `part` occurs.
struct Containing {
  std::string part;
  friend bool operator==(const std::string &text, const Containing &other) {
    return text.find(other.part) != std::string::npos;
  }
  friend void PrintTo(const Containing &other, std::ostream *stream) {
    *stream << "a text with \"" << other.part << '"';
  }
};

inline Containing containing(std::string part) { return {std::move(part)}; }

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();

} // namespace nacre::interpreter

#endif
