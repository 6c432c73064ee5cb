//===- Values.cpp - naming values in messages -------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Values.h"

#include "frontend/language/Builtins.h"

#include <fmt/format.h>

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;

StringRef language::name(CompileTimeKind kind) {
  switch (kind) {
  case CompileTimeKind::Int:
    return "int";
  case CompileTimeKind::Float:
    return "float";
  case CompileTimeKind::Bool:
    return "bool";
  case CompileTimeKind::Str:
    return "str";
  case CompileTimeKind::DType:
    return "dtype";
  }
  llvm_unreachable("unknown kind");
}

std::string language::describe(const Value &value, const DimContext &dims) {
  if (const Tensor *tensor = value.tensor())
    return "the tensor " + print(tensor->type, dims);
  if (const DimExpr *integer = value.integer())
    return "the int " + dims.print(*integer);
  if (const double *number = value.number())
    return fmt::format("the float {}", *number);
  if (const bool *boolean = value.boolean())
    return *boolean ? "the bool true" : "the bool false";
  if (const std::string *text = value.text())
    return "the str \"" + *text + "\"";
  if (const ElementType *element = value.element())
    return "the dtype " + name(*element).str();
  if (const Value::Unknown *unknown = value.unknown())
    return (unknown->kind == CompileTimeKind::Int ? "an " : "a ") + name(unknown->kind).str();
  if (const ListValue *list = value.list())
    return fmt::format("a list of {}", list->elements.size());
  if (value.tuple())
    return fmt::format("{} results", value.tuple()->size());
  if (const Function *function = value.function())
    return "the function '" +
           (function->local ? function->local->name.text : function->decl->name.text).str() + "'";
  if (const Builtin *builtin = value.builtin())
    return "the function '" + builtin->name.str() + "'";
  if (const Instance *part = value.part())
    return "the part '" + part->path + "'";
  if (const Value::BlockName *block = value.block())
    return "the block '" + block->decl->name.text.str() + "'";
  if (value.isEllipsis())
    return "'...'";
  return "None";
}
