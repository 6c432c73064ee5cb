//===- PassNumericsTest.cpp - passes keep what is computed ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every lit test of a pass is a numeric test too: each of its public functions is interpreted
// before and after the pass that the file is named after, on random inputs and weights, for
// several sizes of every dimension variable. Names steer the random numbers: see Numerics.cpp.

#include "test/passes/Numerics.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace nacre;
using namespace nacre::test;

namespace {

/// Paths of all .mlir files below the folder of this test, sorted.
std::vector<std::string> testFiles() {
  std::vector<std::string> files;
  std::error_code error;
  for (llvm::sys::fs::recursive_directory_iterator it(NACRE_PASS_TESTS, error), end;
       it != end && !error; it.increment(error))
    if (llvm::sys::path::extension(it->path()) == ".mlir")
      files.push_back(it->path());
  llvm::sort(files);
  return files;
}

/// The pass or pipeline that a file is named after.
std::string pipelineOf(StringRef path) {
  StringRef name = llvm::sys::path::stem(path);
  // Further files of a pass add words to its name.
  std::string pass = ("nn-" + name).str();
  while (!PassInfo::lookup(pass) && !PassPipelineInfo::lookup(pass) &&
         StringRef(pass).contains('-'))
    pass = StringRef(pass).rsplit('-').first.str();
  return pass;
}

class PassNumerics : public testing::TestWithParam<std::string> {
protected:
  PassNumerics() { prepare(context); }

  void check(StringRef text, StringRef pipeline) {
    OwningOpRef<ModuleOp> before = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(before);
    OwningOpRef<ModuleOp> after = before->clone();
    ASSERT_TRUE(succeeded(runPipeline(*after, pipeline)));
    for (func::FuncOp function : before->getOps<func::FuncOp>()) {
      if (function.isPrivate())
        continue;
      for (Sizes sizes :
           {Sizes{{{"B", 1}, {"S", 1}, {"T", 4}}, 1}, Sizes{{{"B", 3}, {"S", 5}, {"T", 2}}, 4},
            Sizes{{{"B", 2}, {"S", 7}, {"T", 9}}, 9}}) {
        // f64 shows a wrong formula, the declared types what rounding makes of a right one.
        for (auto [precision, tolerance] : {std::pair(interpreter::Precision::f64, 1e-6),
                                            std::pair(interpreter::Precision::declared, 1e-4)}) {
          auto expected = run(*before, function.getName(), sizes, precision);
          auto actual = run(*after, function.getName(), sizes, precision);
          ASSERT_TRUE(succeeded(expected) && succeeded(actual)) << function.getName().str();
          ASSERT_EQ(expected->size(), actual->size());
          for (auto [a, b] : llvm::zip(*expected, *actual))
            // Half precision has 3 digits.
            EXPECT_LT(difference(a, b), a.getElementType().isF16() ? 4e-3 : tolerance)
                << function.getName().str() << " with other sizes " << sizes.other
                << (precision == interpreter::Precision::f64 ? " in f64" : " as declared");
        }
      }
    }
  }

  MLIRContext context;
};

} // namespace

TEST_P(PassNumerics, KeepsResults) {
  auto buffer = llvm::MemoryBuffer::getFile(GetParam());
  ASSERT_TRUE(static_cast<bool>(buffer));
  SmallVector<StringRef> parts;
  (*buffer)->getBuffer().split(parts, "// -----");
  for (StringRef part : parts)
    check(part, pipelineOf(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Passes, PassNumerics, testing::ValuesIn(testFiles()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           std::string name = llvm::sys::path::stem(info.param).str();
                           for (char &c : name)
                             if (!llvm::isAlnum(c))
                               c = '_';
                           return name;
                         });
