//===- KernelCase.h - a row of the kernel tests' tables ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TEST_CODEGEN_CPU_KERNELCASE_H
#define NACRE_TEST_CODEGEN_CPU_KERNELCASE_H

#include "dialects/nn/interpreter/Interpreter.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace nacre::test {

/// Dimension variables by name.
using Sizes = std::map<std::string, int64_t>;

/// What the inputs hold.
enum class Values {
  normal,   ///< floats of a normal distribution; integers small and large
  special,  ///< the same with NaN, infinities, zeros, denormals and largest numbers among them
  integers, ///< small integers: sums and products of them are exact, and so must results be
  sweep,    ///< floats of all exponents and both signs, by their bits; of 16 bits each one
};

/// Values between `low` and `high` alone, whatever the case's values are.
struct Interval {
  double low, high;
};

/// A program of one entry, what to run it on, and how near it must come to the interpreter.
struct Case {
  std::string name;

  /// Lines of MLIR of phase `nn`, in which a type may be spelled as the language does, `f32[B, 7]`,
  /// and which begin with
  ///
  ///     in x: f32[B, 7]                 an argument
  ///     weight w: f32[7] [stored f16]   a weight, in a file that holds another type
  ///     state s: f32[B, 7]              a state variable
  ///     out y: f32[B, 7]                a result, the value %y of the lines after
  ///
  /// After a line `bound:` stand lines that give each result anew, of the same arguments: the
  /// magnitude that errors of its elements are relative to. Without them that is the result's.
  std::string text;

  std::vector<Sizes> sizes = {{}};
  /// So many calls with one state follow each other; the last one's results are compared.
  int calls = 1;
  std::vector<Values> values = {Values::normal, Values::special};
  /// Further sizes, for values of a sweep.
  std::vector<Sizes> sweeps = {};
  /// Sizes that the program must not accept.
  std::vector<Sizes> refused = {};

  /// The error allowed: `ulps` times the element type's epsilon times the bound's magnitude, times
  /// `terms` of the sizes where given. With 0, the reference rounded once. Otherwise `reason` says
  /// where the error comes from.
  double ulps = 0;
  std::string reason = {};
  std::function<double(const Sizes &)> terms = {};

  interpreter::Precision precision = interpreter::Precision::f64;
  /// The largest of the special values, where the type's own would overflow on the way to a result
  /// that is in range; 0: the type's own.
  double largest = 0;
  /// One of so many elements is special.
  int specialsEvery = 3;
  /// By name of an argument or weight.
  std::map<std::string, Interval> ranges = {};
  /// Changes the inputs before the interpreter sees them.
  std::function<void(llvm::MutableArrayRef<interpreter::Tensor>)> forReference = {};
};

/// The MLIR text of a case's program: its entry `@kernel`, and `@bound` where it has one.
std::string moduleText(llvm::StringRef text);

/// `sizes` with each of the values that loops, vectors and tiles treat differently as `variable`:
/// none, one, and around the lengths of vectors and tiles.
std::vector<Sizes> ragged(llvm::StringRef variable, const Sizes &sizes = {});

/// Both lists.
std::vector<Sizes> operator+(std::vector<Sizes> first, const std::vector<Sizes> &second);

/// Makes a test of each case. For the start of a program: `static const bool x =
/// registerCases(...)`.
bool registerCases(const char *suite, const std::vector<Case> &cases);

/// Compiles a case for each CPU of the table that runs here, and fails the test where a result
/// differs from the interpreter's by more than the case allows, depends on the number of threads or
/// on where buffers lie, or memory outside the buffers is touched (which ends the program).
void check(const Case &one);

} // namespace nacre::test

#endif
