//===- ConvertTest.cpp - small floats and integers as f32 -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Convert.h"
#include "WeightTestSupport.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>

using namespace nacre;
using namespace nacre::test;

namespace {

/// Compares all values of a type of at most 16 bits with LLVM's own conversion.
void compareAll(StorageType type, const llvm::fltSemantics &semantics) {
  unsigned bytes = elementBytes(type);
  for (uint32_t bits = 0; bits < 1u << 8 * bytes; ++bits) {
    float ours;
    convertToF32(type, {reinterpret_cast<const char *>(&bits), bytes}, ours);
    llvm::APFloat value(semantics, llvm::APInt(8 * bytes, bits));
    bool lost;
    value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &lost);
    if (value.isNaN())
      EXPECT_TRUE(std::isnan(ours)) << bits;
    else
      ASSERT_EQ(llvm::bit_cast<uint32_t>(ours), value.bitcastToAPInt().getZExtValue()) << bits;
  }
}

TEST(ConvertTest, F16) { compareAll(StorageType::F16, llvm::APFloat::IEEEhalf()); }
TEST(ConvertTest, BF16) { compareAll(StorageType::BF16, llvm::APFloat::BFloat()); }
TEST(ConvertTest, F8E4M3) { compareAll(StorageType::F8E4M3, llvm::APFloat::Float8E4M3FN()); }
TEST(ConvertTest, F8E5M2) { compareAll(StorageType::F8E5M2, llvm::APFloat::Float8E5M2()); }

template <typename T>
void expectCast(StorageType type, T value) {
  float result[2] = {};
  convertToF32(type, asBytes(bytesOf<T>({value, T(1)})), result);
  EXPECT_EQ(result[0], static_cast<float>(value));
  EXPECT_EQ(result[1], 1.f);
}

TEST(ConvertTest, WideTypes) {
  expectCast<double>(StorageType::F64, 0.1);
  expectCast<float>(StorageType::F32, -2.5f);
  expectCast<int64_t>(StorageType::I64, INT64_MIN);
  expectCast<int32_t>(StorageType::I32, -7);
  expectCast<int16_t>(StorageType::I16, -300);
  expectCast<int8_t>(StorageType::I8, -128);
  expectCast<uint64_t>(StorageType::U64, UINT64_MAX);
  expectCast<uint32_t>(StorageType::U32, UINT32_MAX);
  expectCast<uint16_t>(StorageType::U16, 65535);
  expectCast<uint8_t>(StorageType::U8, 255);
  expectCast<uint8_t>(StorageType::Bool, 1);
}

TEST(StorageTypeTest, NamesRoundTrip) {
  for (const char *name : {"f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2", "i64", "i32", "i16",
                           "i8", "u64", "u32", "u16", "u8", "bool"}) {
    auto type = typeFromName(name);
    ASSERT_TRUE(type) << name;
    EXPECT_EQ(typeName(*type), name);
  }
  EXPECT_FALSE(typeFromName("f31"));
  EXPECT_FALSE(typeFromName(""));
  EXPECT_FALSE(typeFromNpy(""));
  EXPECT_FALSE(typeFromSafetensors("f32"));
}

TEST(StorageTypeTest, MlirTypes) {
  mlir::MLIRContext context;
  EXPECT_EQ(toMLIR(StorageType::BF16, &context), mlir::BFloat16Type::get(&context));
  EXPECT_EQ(toMLIR(StorageType::U8, &context), mlir::IntegerType::get(&context, 8));
  EXPECT_EQ(toMLIR(StorageType::Bool, &context), mlir::IntegerType::get(&context, 1));
}

TEST(StorageTypeTest, TensorBytes) {
  EXPECT_EQ(tensorBytes(StorageType::F32, {2, 3}), 24u);
  EXPECT_EQ(tensorBytes(StorageType::F32, {}), 4u);
  EXPECT_EQ(tensorBytes(StorageType::F32, {0, INT64_MAX, INT64_MAX}), 0u);
  EXPECT_EQ(tensorBytes(StorageType::F32, {INT64_MAX, INT64_MAX}), std::nullopt);
  EXPECT_EQ(tensorBytes(StorageType::F32, {INT64_MAX / 2}), std::nullopt);
  EXPECT_EQ(tensorBytes(StorageType::F32, {-1, 0}), std::nullopt);
}

} // namespace
