//===- Types.cpp - types of run-time values ---------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Types.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;

/// In the order of ElementType.
static constexpr StringRef names[] = {"f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2", "i64",
                                      "i32", "i16", "i8",  "i4",   "u8",     "bool"};

StringRef language::name(ElementType element) { return names[static_cast<size_t>(element)]; }

llvm::ArrayRef<StringRef> language::elementTypeNames() { return names; }

std::optional<ElementType> language::elementTypeNamed(StringRef name) {
  auto *found = llvm::find(names, name);
  if (found == std::end(names))
    return std::nullopt;
  return static_cast<ElementType>(found - std::begin(names));
}

std::optional<ElementType> language::elementTypeInConfig(StringRef name) {
  name.consume_front("torch.");
  if (auto element = elementTypeNamed(name))
    return element;
  return llvm::StringSwitch<std::optional<ElementType>>(name)
      .Cases({"float64", "double"}, ElementType::F64)
      .Cases({"float32", "float"}, ElementType::F32)
      .Cases({"float16", "half"}, ElementType::F16)
      .Case("bfloat16", ElementType::BF16)
      .Case("float8_e4m3fn", ElementType::F8E4M3)
      .Case("float8_e5m2", ElementType::F8E5M2)
      .Case("int64", ElementType::I64)
      .Case("int32", ElementType::I32)
      .Case("int16", ElementType::I16)
      .Case("int8", ElementType::I8)
      .Case("uint8", ElementType::U8)
      .Default(std::nullopt);
}

unsigned language::bitWidth(ElementType element) {
  switch (element) {
  case ElementType::F64:
  case ElementType::I64:
    return 64;
  case ElementType::F32:
  case ElementType::I32:
    return 32;
  case ElementType::F16:
  case ElementType::BF16:
  case ElementType::I16:
    return 16;
  case ElementType::F8E4M3:
  case ElementType::F8E5M2:
  case ElementType::I8:
  case ElementType::U8:
  case ElementType::Bool:
    return 8;
  case ElementType::I4:
    return 4;
  }
  llvm_unreachable("unknown element type");
}

mlir::Type language::lower(ElementType element, mlir::MLIRContext *context) {
  mlir::Builder builder(context);
  switch (element) {
  case ElementType::F64:
    return builder.getF64Type();
  case ElementType::F32:
    return builder.getF32Type();
  case ElementType::F16:
    return builder.getF16Type();
  case ElementType::BF16:
    return builder.getBF16Type();
  case ElementType::F8E4M3:
    return mlir::Float8E4M3FNType::get(context);
  case ElementType::F8E5M2:
    return mlir::Float8E5M2Type::get(context);
  case ElementType::I64:
    return builder.getI64Type();
  case ElementType::I32:
    return builder.getI32Type();
  case ElementType::I16:
    return builder.getIntegerType(16);
  case ElementType::I8:
    return builder.getIntegerType(8);
  case ElementType::I4:
    return builder.getIntegerType(4);
  case ElementType::U8:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case ElementType::Bool:
    return builder.getI1Type();
  }
  llvm_unreachable("unknown element type");
}

std::string language::print(llvm::ArrayRef<DimExpr> shape, const DimContext &dims) {
  return "[" +
         llvm::join(llvm::map_range(shape, [&](const DimExpr &dim) { return dims.print(dim); }),
                    ", ") +
         "]";
}

std::string language::print(const TensorType &type, const DimContext &dims) {
  return name(type.element).str() + print(type.dims, dims);
}
