//===- KernelHarnessTest.cpp - the kernel tests' own means -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/GuardedMemory.h"
#include "test/codegen/cpu/KernelCase.h"
#include "test/codegen/cpu/KernelCompare.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace nacre::test;
using nacre::interpreter::Tensor;

static void touch(const char *place) { *const_cast<volatile char *>(place); }

TEST(GuardedMemoryDeathTest, FaultsOutside) {
  describeFaults("a test");
  GuardedMemory end(100, Edge::end), start(100, Edge::start), empty(0, Edge::end);
  touch(end.bytes().data());
  touch(end.bytes().data() + 99);
  EXPECT_DEATH(touch(end.bytes().data() + 100), "memory outside the buffers was touched: a test");
  touch(start.bytes().data());
  EXPECT_DEATH(touch(start.bytes().data() - 1), "memory outside the buffers was touched");
  EXPECT_DEATH(touch(empty.bytes().data()), "memory outside the buffers was touched");
}

TEST(GuardedMemoryDeathTest, FaultsOnWritesToReadOnly) {
  describeFaults("a test");
  GuardedMemory memory(100, Edge::end);
  memory.bytes()[0] = 1;
  memory.makeReadOnly();
  EXPECT_EQ(memory.bytes()[0], 1);
  EXPECT_DEATH(memory.bytes()[0] = 2, "memory outside the buffers was touched");
}

TEST(GuardedMemoryTest, AlignsTheStart) {
  GuardedMemory memory(100, Edge::end, 64);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.bytes().data()) % 64, 0u);
}

namespace {
class DifferenceTest : public testing::Test {
protected:
  /// What `difference` says of one element.
  std::string compare(double got, double want, double bound, double ulps) {
    auto tensor = [](Type type, double value) {
      Tensor result = Tensor::zeros(type, {1});
      result.setFloat(0, value);
      return result;
    };
    Type f32 = builder.getF32Type(), f64 = builder.getF64Type();
    return difference(tensor(f32, got), tensor(f64, want), tensor(f64, bound), ulps);
  }

  MLIRContext context;
  Builder builder{&context};
  const double epsilon = 0x1p-23;
};
} // namespace

TEST_F(DifferenceTest, Exact) {
  EXPECT_EQ(compare(1, 1, 1, 0), "");
  EXPECT_EQ(compare(1, 1 + epsilon / 4, 1, 0), "");
  EXPECT_NE(compare(1 + epsilon, 1, 1, 0), "");
}

TEST_F(DifferenceTest, Relative) {
  EXPECT_EQ(compare(1 + 2 * epsilon, 1, 1, 2), "");
  EXPECT_NE(compare(1 + 3 * epsilon, 1, 1, 2), "");
  EXPECT_EQ(compare(1 + 3 * epsilon, 1, 2, 2), "");
  EXPECT_NE(compare(0, 1, NAN, 100), "");
}

TEST_F(DifferenceTest, NanAndInfinity) {
  EXPECT_EQ(compare(NAN, NAN, NAN, 1), "");
  EXPECT_NE(compare(NAN, 1, 1, 1e9), "");
  EXPECT_NE(compare(1, NAN, NAN, 1e9), "");
  EXPECT_EQ(compare(INFINITY, INFINITY, 1, 1), "");
  EXPECT_NE(compare(-INFINITY, INFINITY, 1, 1e9), "");
  EXPECT_NE(compare(1e38, INFINITY, 1, 1e6), "");
  EXPECT_NE(compare(INFINITY, 1e38, 1, 1e6), "");
}

TEST_F(DifferenceTest, BeyondTheLargest) {
  EXPECT_EQ(compare(INFINITY, 1e39, 1e39, 0), "");
  EXPECT_EQ(compare(INFINITY, 0x1.fffffep127, 0, 2), "");
}

TEST(ModuleTextTest, ExpandsTypes) {
  std::string text = moduleText("in x: f32[B, 7]\nweight w: bf16[7] stored f16\nout y: bool[]\n"
                                "%y = nn.foo %x[0, 1] : f32[B, 7] -> bool[]\nbound:\n%y = bar\n");
  for (const char *part :
       {"ml_program.global private @w(#ml_program.extern<tensor<7xbf16>>) : tensor<7xbf16> "
        "{nn.stored = f16}",
        "func.func @kernel(%x: tensor<?x7xf32> {nn.name = \"x\", nn.dims = [\"B\", \"7\"]}) -> "
        "(tensor<i1> {nn.name = \"y\", nn.dims = []}) attributes {nn.entry}",
        "%y = nn.foo %x[0, 1] : tensor<?x7xf32> -> tensor<i1>", "func.func @bound("})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
}
