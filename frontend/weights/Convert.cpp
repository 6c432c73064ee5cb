//===- Convert.cpp - elements of files as numbers to compute with -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/Convert.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"

#include <array>
#include <cstring>

using namespace nacre;

namespace {

/// f32 from a float of 5 exponent bits (f16, f8e5m2) given as the bits of an f16.
float fromF16(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  uint32_t exponent = bits >> 10 & 0x1f, mantissa = bits & 0x3ff;
  if (exponent == 0) { // zero and subnormals: mantissa * 2^-24, which f32 holds exactly
    float value = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -value : value;
  }
  uint32_t wide = exponent == 31 ? 0xff : exponent + 127 - 15;
  return llvm::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

float fromBF16(uint16_t bits) { return llvm::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

/// All 256 values of the f8 type without infinities.
std::array<float, 256> makeF8E4M3Table() {
  std::array<float, 256> table;
  for (unsigned bits = 0; bits < 256; ++bits) {
    llvm::APFloat value(llvm::APFloat::Float8E4M3FN(), llvm::APInt(8, bits));
    bool lost;
    value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &lost);
    table[bits] = value.convertToFloat();
  }
  return table;
}

template <typename Stored, typename Function>
void convertEach(llvm::ArrayRef<char> data, llvm::MutableArrayRef<float> result, Function convert) {
  assert(data.size() == result.size() * sizeof(Stored) && "one result per element");
  for (size_t i = 0; i < result.size(); ++i) {
    Stored stored;
    memcpy(&stored, data.data() + i * sizeof(Stored), sizeof(Stored));
    result[i] = convert(stored);
  }
}

template <typename Stored>
void castEach(llvm::ArrayRef<char> data, llvm::MutableArrayRef<float> result) {
  convertEach<Stored>(data, result, [](Stored value) { return static_cast<float>(value); });
}

} // namespace

void nacre::convertToF32(StorageType type, llvm::ArrayRef<char> data,
                         llvm::MutableArrayRef<float> result) {
  switch (type) {
  case StorageType::F64:
    return castEach<double>(data, result);
  case StorageType::F32:
    return castEach<float>(data, result);
  case StorageType::F16:
    return convertEach<uint16_t>(data, result, fromF16);
  case StorageType::BF16:
    return convertEach<uint16_t>(data, result, fromBF16);
  case StorageType::F8E4M3: {
    std::array<float, 256> table = makeF8E4M3Table();
    return convertEach<uint8_t>(data, result, [&](uint8_t bits) { return table[bits]; });
  }
  case StorageType::F8E5M2:
    return convertEach<uint8_t>(
        data, result, [](uint8_t bits) { return fromF16(static_cast<uint16_t>(bits << 8)); });
  case StorageType::I64:
    return castEach<int64_t>(data, result);
  case StorageType::I32:
    return castEach<int32_t>(data, result);
  case StorageType::I16:
    return castEach<int16_t>(data, result);
  case StorageType::I8:
    return castEach<int8_t>(data, result);
  case StorageType::U64:
    return castEach<uint64_t>(data, result);
  case StorageType::U32:
    return castEach<uint32_t>(data, result);
  case StorageType::U16:
    return castEach<uint16_t>(data, result);
  case StorageType::U8:
  case StorageType::Bool:
    return castEach<uint8_t>(data, result);
  }
}

/// The bits of `value` in a float type of at most 16 bits.
static uint64_t narrowBits(const llvm::fltSemantics &semantics, double value) {
  llvm::APFloat narrow(value);
  bool lost;
  narrow.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &lost);
  return narrow.bitcastToAPInt().getZExtValue();
}

void nacre::storeNumber(StorageType type, double value, char *to) {
  uint64_t bits = 0;
  switch (type) {
  case StorageType::F64:
    bits = llvm::bit_cast<uint64_t>(value);
    break;
  case StorageType::F32:
    bits = llvm::bit_cast<uint32_t>(static_cast<float>(value));
    break;
  case StorageType::F16:
    bits = narrowBits(llvm::APFloat::IEEEhalf(), value);
    break;
  case StorageType::BF16:
    bits = narrowBits(llvm::APFloat::BFloat(), value);
    break;
  case StorageType::F8E4M3:
    bits = narrowBits(llvm::APFloat::Float8E4M3FN(), value);
    break;
  case StorageType::F8E5M2:
    bits = narrowBits(llvm::APFloat::Float8E5M2(), value);
    break;
  case StorageType::Bool:
    bits = value != 0;
    break;
  default:
    bits = static_cast<uint64_t>(static_cast<int64_t>(value));
    break;
  }
  memcpy(to, &bits, elementBytes(type)); // all supported machines are little-endian
}
