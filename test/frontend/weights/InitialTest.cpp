//===- InitialTest.cpp - values of weights that no file holds -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Initial.h"
#include "frontend/weights/Convert.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace nacre;

static std::vector<float> initial(llvm::StringRef text, llvm::StringRef path = "w",
                                  StorageType type = StorageType::F32, int64_t count = 10000) {
  std::optional<NpyArray> array = makeInitial(text, path, type, {count});
  if (!array)
    return {};
  std::vector<float> values(count);
  convertToF32(type, array->data, values);
  return values;
}

TEST(Initial, Constants) {
  EXPECT_EQ(initial("zeros", "w", StorageType::F16, 3), (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(initial("ones", "w", StorageType::BF16, 3), (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(initial("ones", "w", StorageType::I64, 2), (std::vector<float>{1, 1}));
}

TEST(Initial, NormalHasItsDeviation) {
  double sum = 0, squares = 0;
  for (float value : initial("normal(0.02)")) {
    sum += value;
    squares += double(value) * value;
  }
  EXPECT_NEAR(sum / 10000, 0, 0.001);
  EXPECT_NEAR(std::sqrt(squares / 10000), 0.02, 0.001);
}

TEST(Initial, UniformStaysInItsLimit) {
  float least = 1, greatest = -1;
  for (float value : initial("uniform(0.5)")) {
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  EXPECT_GE(least, -0.5f);
  EXPECT_LE(greatest, 0.5f);
  EXPECT_LT(least, -0.49f);
  EXPECT_GT(greatest, 0.49f);
}

TEST(Initial, DependsOnThePathOnly) {
  EXPECT_EQ(initial("normal(1)", "a"), initial("normal(1)", "a"));
  EXPECT_NE(initial("normal(1)", "a"), initial("normal(1)", "b"));
}

TEST(Initial, RefusesOtherTexts) {
  for (llvm::StringRef text : {"", "halves", "normal(", "normal(x)", "zeros)"})
    EXPECT_TRUE(initial(text).empty()) << text.str();
  EXPECT_FALSE(makeInitial("zeros", "w", StorageType::F32, {-1}));
  EXPECT_FALSE(makeInitial("zeros", "w", StorageType::F32, {int64_t(1) << 40, int64_t(1) << 40}));
}
