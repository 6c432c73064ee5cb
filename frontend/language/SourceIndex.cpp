//===- SourceIndex.cpp - what the text of one file stands for ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/SourceIndex.h"

#include "frontend/language/Builtins.h"

#include <fmt/format.h>

using namespace nacre;
using namespace nacre::language;

/// Elements of a list that are written out.
static constexpr size_t maxElementsShown = 8;

static std::string describeType(Elaborator &e, const Value &value) {
  if (const Tensor *tensor = value.tensor())
    return e.print(tensor->type);
  if (const DimExpr *integer = value.integer()) {
    std::string text = e.print(*integer);
    if (auto known = e.valueOf(*integer); known && text != std::to_string(*known))
      text += fmt::format(" = {}", *known);
    return "int = " + text;
  }
  if (const double *number = value.number())
    return fmt::format("float = {}", *number);
  if (const bool *boolean = value.boolean())
    return *boolean ? "bool = true" : "bool = false";
  if (const std::string *text = value.text())
    return "str = \"" + *text + "\"";
  if (const ElementType *element = value.element())
    return "dtype = " + name(*element).str();
  if (const Value::Unknown *unknown = value.unknown())
    return name(unknown->kind).str();
  if (const Instance *part = value.part())
    return part->decl->name.text.str();
  auto join = [&](const std::vector<Value> &values) {
    std::string text;
    for (const Value &element : llvm::ArrayRef(values).take_front(maxElementsShown))
      text += (text.empty() ? "" : ", ") + describeType(e, element);
    return values.size() > maxElementsShown ? text + ", ..." : text;
  };
  if (const std::vector<Value> *values = value.tuple())
    return "(" + join(*values) + ")";
  if (const ListValue *list = value.list()) {
    if (list->elements.empty())
      return "[]";
    std::string first = describeType(e, list->elements.front());
    bool same =
        llvm::all_of(list->elements, [&](const Value &v) { return describeType(e, v) == first; });
    if (list->isOpen)
      return "[" + first + ", ...]";
    return same && list->elements.size() > 1 ? fmt::format("{} of {}", list->elements.size(), first)
                                             : "[" + join(list->elements) + "]";
  }
  return value.isPoison() ? "?" : e.describe(value);
}

static Meaning meaningOf(Elaborator &e, const Value &value) {
  Meaning meaning;
  meaning.type = describeType(e, value);
  if (value.tensor())
    meaning.kind = Meaning::Kind::Tensor;
  else if (value.unknown() && value.unknown()->kind == CompileTimeKind::Fn)
    meaning.kind = Meaning::Kind::Function;
  else if (value.isCompileTime())
    meaning.kind = Meaning::Kind::Number;
  else if (value.function() || value.builtin() || value.block())
    meaning.kind = Meaning::Kind::Function;
  else if (Instance *part = value.part())
    meaning = {Meaning::Kind::Part, meaning.type, part->decl};
  else if (const ListValue *list = value.list();
           list && !list->elements.empty() && list->elements.front().part())
    meaning = {Meaning::Kind::Parts, meaning.type, list->elements.front().part()->decl};
  return meaning;
}

void Elaborator::recordMeaning(SourceRange range, const Value &value) {
  if (!value.isPoison() && index->wants(range))
    index->add(range, meaningOf(*this, value));
}
