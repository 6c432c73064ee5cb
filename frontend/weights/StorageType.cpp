//===- StorageType.cpp - element types that files hold ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/weights/StorageType.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace nacre;
using llvm::StringRef;

namespace {

struct Row {
  StorageType type;
  unsigned bytes;
  const char *name, *safetensors, *npy; // an empty word: the format cannot say it
};

constexpr Row rows[] = {
    {StorageType::F64, 8, "f64", "F64", "<f8"},
    {StorageType::F32, 4, "f32", "F32", "<f4"},
    {StorageType::F16, 2, "f16", "F16", "<f2"},
    {StorageType::BF16, 2, "bf16", "BF16", ""},
    {StorageType::F8E4M3, 1, "f8e4m3", "F8_E4M3", ""},
    {StorageType::F8E5M2, 1, "f8e5m2", "F8_E5M2", ""},
    {StorageType::I64, 8, "i64", "I64", "<i8"},
    {StorageType::I32, 4, "i32", "I32", "<i4"},
    {StorageType::I16, 2, "i16", "I16", "<i2"},
    {StorageType::I8, 1, "i8", "I8", "|i1"},
    {StorageType::U64, 8, "u64", "U64", "<u8"},
    {StorageType::U32, 4, "u32", "U32", "<u4"},
    {StorageType::U16, 2, "u16", "U16", "<u2"},
    {StorageType::U8, 1, "u8", "U8", "|u1"},
    {StorageType::Bool, 1, "bool", "BOOL", "|b1"},
};

const Row &rowOf(StorageType type) {
  const Row &row = rows[static_cast<size_t>(type)];
  assert(row.type == type && "rows stand in the order of the enum");
  return row;
}

std::optional<StorageType> findRow(StringRef name, const char *Row::*column) {
  for (const Row &row : rows)
    if (!name.empty() && name == row.*column)
      return row.type;
  return std::nullopt;
}

} // namespace

unsigned nacre::elementBytes(StorageType type) { return rowOf(type).bytes; }

StringRef nacre::typeName(StorageType type) { return rowOf(type).name; }

StringRef nacre::npyName(StorageType type) { return rowOf(type).npy; }

bool nacre::isFloat(StorageType type) { return type <= StorageType::F8E5M2; }

std::optional<StorageType> nacre::typeFromName(StringRef name) { return findRow(name, &Row::name); }

std::optional<StorageType> nacre::typeFromSafetensors(StringRef name) {
  return findRow(name, &Row::safetensors);
}

std::optional<StorageType> nacre::typeFromNpy(StringRef descr) {
  // One byte has no order: '<', '|' and '=' say the same.
  if (descr.size() == 3 && descr.back() == '1' && (descr[0] == '<' || descr[0] == '='))
    return findRow(("|" + descr.drop_front()).str(), &Row::npy);
  return findRow(descr, &Row::npy);
}

mlir::Type nacre::toMLIR(StorageType type, mlir::MLIRContext *context) {
  switch (type) {
  case StorageType::F64:
    return mlir::Float64Type::get(context);
  case StorageType::F32:
    return mlir::Float32Type::get(context);
  case StorageType::F16:
    return mlir::Float16Type::get(context);
  case StorageType::BF16:
    return mlir::BFloat16Type::get(context);
  case StorageType::F8E4M3:
    return mlir::Float8E4M3FNType::get(context);
  case StorageType::F8E5M2:
    return mlir::Float8E5M2Type::get(context);
  case StorageType::Bool:
    return mlir::IntegerType::get(context, 1);
  default:
    return mlir::IntegerType::get(context, 8 * elementBytes(type));
  }
}

std::string nacre::describeTensor(StorageType type, llvm::ArrayRef<int64_t> shape) {
  return fmt::format("{}[{}]", rowOf(type).name, fmt::join(shape, ", "));
}

std::optional<uint64_t> nacre::tensorBytes(StorageType type, llvm::ArrayRef<int64_t> shape) {
  // A zero makes the product zero however large the others are, but only the true product counts.
  uint64_t bytes = elementBytes(type);
  bool empty = false, overflow = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    empty |= size == 0;
    bool wraps = false;
    if (size)
      bytes = llvm::SaturatingMultiply<uint64_t>(bytes, size, &wraps);
    overflow |= wraps;
  }
  if (empty)
    return 0;
  if (overflow || bytes > static_cast<uint64_t>(INT64_MAX))
    return std::nullopt;
  return bytes;
}
