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
  case CompileTimeKind::Fn:
    return "fn";
  }
  llvm_unreachable("unknown kind");
}

bool Value::isSame(const Value &other) const {
  if (data.index() != other.data.index())
    return false;
  if (const DimExpr *a = integer())
    return *a == *other.integer();
  if (const double *a = number())
    return *a == *other.number();
  if (const bool *a = boolean())
    return *a == *other.boolean();
  if (const std::string *a = text())
    return *a == *other.text();
  if (const ElementType *a = element())
    return *a == *other.element();
  if (const Tensor *a = tensor())
    return a == other.tensor() || (a->ir && a->ir == other.tensor()->ir);
  auto same = [](const std::vector<Value> &a, const std::vector<Value> &b) {
    return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [](const auto &pair) {
             return std::get<0>(pair).isSame(std::get<1>(pair));
           });
  };
  if (const ListValue *a = list())
    return same(a->elements, other.list()->elements);
  if (const std::vector<Value> *a = tuple())
    return same(*a, *other.tuple());
  if (const BoundedTensor *a = bounded())
    return a == other.bounded();
  if (part())
    return part() == other.part();
  if (const Function *a = function())
    return a->decl == other.function()->decl && a->local == other.function()->local &&
           a->self == other.function()->self;
  if (builtin())
    return builtin() == other.builtin();
  return !block() || block()->decl == other.block()->decl;
}

std::string language::print(const BoundedTensor &value, const DimContext &dims) {
  std::string text = name(value.data.type.element).str() + "[";
  for (auto [i, dim] : llvm::enumerate(value.data.type.dims)) {
    text += i ? ", " : "";
    if (i == value.axis)
      text += (value.name.empty() ? "N" : value.name) + " <= ";
    text += dims.print(dim);
  }
  return text + "]";
}

std::string language::describe(const Value &value, const DimContext &dims) {
  if (const Tensor *tensor = value.tensor())
    return "the tensor " + print(tensor->type, dims);
  if (const BoundedTensor *bounded = value.bounded())
    return "the bounded tensor " + print(*bounded, dims);
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
