//===- Parameters.cpp - compile-time values and where they come from ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Elaborator.h"

#include <nlohmann/json.hpp>

#include <cmath>

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;
using nlohmann::json;

Value Elaborator::unknownOf(const ast::TypeRef *type, StringRef name, SymbolOrigin origin) {
  if (auto *list = llvm::dyn_cast<ast::ListType>(type))
    return Value::list({unknownOf(list->element, name, origin)}, /*isOpen=*/true);
  auto *named = llvm::dyn_cast<ast::NamedType>(type);
  if (!named || !isCompileTimeType(type)) {
    if (!llvm::isa<ast::ErrorType>(type))
      error(type->range, "a parameter is an int, float, bool, str, dtype, fn or a list of them");
    return {};
  }
  if (named->name == "int")
    return addSymbol(name, std::nullopt, std::nullopt, std::move(origin));
  if (named->name == "float")
    return Value::Unknown{CompileTimeKind::Float};
  if (named->name == "bool")
    return Value::Unknown{CompileTimeKind::Bool};
  if (named->name == "str")
    return Value::Unknown{CompileTimeKind::Str};
  if (named->name == "fn")
    return Value::Unknown{CompileTimeKind::Fn};
  return Value::Unknown{CompileTimeKind::DType};
}

std::optional<Value> Elaborator::coerce(const Operand &given, const ast::TypeRef *type,
                                        const Twine &what) {
  const Value &value = given.value;
  std::string name = what.str();
  auto reject = [&](StringRef wanted) -> std::optional<Value> {
    error(given.range, name + " must be " + wanted + ", but this is " + describe(value))
        .note(type->range, "the type is declared");
    return std::nullopt;
  };
  if (value.isPoison() || llvm::isa<ast::ErrorType>(type))
    return std::nullopt;
  if (auto *list = llvm::dyn_cast<ast::ListType>(type)) {
    const ListValue *elements = value.list();
    if (!elements)
      return reject("a list");
    std::vector<Value> converted;
    for (const Value &element : elements->elements) {
      auto good = coerce({element, given.range}, list->element, "an element of " + name);
      if (!good)
        return std::nullopt;
      converted.push_back(*good);
    }
    return Value::list(std::move(converted), elements->isOpen);
  }
  if (!isCompileTimeType(type)) {
    error(type->range, "a parameter is an int, float, bool, str, dtype, fn or a list of them");
    return std::nullopt;
  }
  StringRef wanted = llvm::cast<ast::NamedType>(type)->name;
  auto isUnknown = [&](CompileTimeKind kind) {
    return value.unknown() && value.unknown()->kind == kind;
  };
  if (wanted == "int")
    return value.integer() ? value : reject("an int");
  if (wanted == "bool")
    return value.boolean() || isUnknown(CompileTimeKind::Bool) ? value : reject("a bool");
  if (wanted == "str")
    return value.text() || isUnknown(CompileTimeKind::Str) ? value : reject("a str");
  if (wanted == "dtype")
    return value.element() || isUnknown(CompileTimeKind::DType) ? value : reject("a dtype");
  if (wanted == "fn")
    return value.function() || value.builtin() || value.part() || isUnknown(CompileTimeKind::Fn)
               ? value
               : reject("a function");
  if (const DimExpr *integer = value.integer()) {
    if (auto known = valueOf(*integer))
      return static_cast<double>(*known);
    if (!dependsOnRun(*integer))
      return Value(Value::Unknown{CompileTimeKind::Float});
    error(given.range, name + " must be known at compile time, but " + print(*integer) +
                           " is a size of the run");
    return std::nullopt;
  }
  return value.number() || isUnknown(CompileTimeKind::Float) ? value : reject("a float");
}

//===----------------------------------------------------------------------===//
// A model's parameters
//===----------------------------------------------------------------------===//

std::optional<Value> Elaborator::modelParam(const ast::Param &param) {
  for (const auto &[name, text] : options.settings)
    if (param.name.text == name)
      return parseSetting(text, param.type, name);
  if (!param.defaultValue)
    return std::nullopt;
  auto *call = llvm::dyn_cast<ast::CallExpr>(param.defaultValue);
  auto *callee = call ? llvm::dyn_cast<ast::NameExpr>(call->callee) : nullptr;
  Operand given;
  given.range = param.defaultValue->range;
  if (callee && callee->name == "config") {
    auto value = evalConfig(call, &param);
    if (!value)
      return std::nullopt;
    given.value = *value;
  } else {
    given.value = eval(param.defaultValue);
  }
  if (given.value.isPoison())
    return Value();
  return coerce(given, param.type, "'" + param.name.text + "'").value_or(Value());
}

Value Elaborator::parseSetting(StringRef text, const ast::TypeRef *type, StringRef name) {
  auto reject = [&](StringRef wanted) -> Value {
    diags.errorAt("--set " + name, "'" + text + "' is no " + wanted)
        .note(type->range, "the type is declared");
    return {};
  };
  if (auto *list = llvm::dyn_cast<ast::ListType>(type)) {
    llvm::SmallVector<StringRef> pieces;
    text.split(pieces, ',', -1, /*KeepEmpty=*/false);
    std::vector<Value> elements;
    for (StringRef piece : pieces) {
      elements.push_back(parseSetting(piece.trim(), list->element, name));
      if (elements.back().isPoison())
        return {};
    }
    return Value::list(std::move(elements));
  }
  auto *named = llvm::dyn_cast<ast::NamedType>(type);
  StringRef wanted = named ? named->name : "value";
  if (wanted == "int") {
    int64_t number;
    return text.getAsInteger(10, number) ? reject("int") : Value(DimExpr(number));
  }
  if (wanted == "float") {
    double number;
    return text.getAsDouble(number) ? reject("float") : Value(number);
  }
  if (wanted == "bool") {
    if (text == "true" || text == "false")
      return text == "true";
    return reject("bool");
  }
  if (wanted == "str")
    return text.str();
  if (wanted == "dtype") {
    auto element = elementTypeInConfig(text);
    return element ? Value(*element) : reject("dtype");
  }
  return reject("value of a parameter");
}

std::optional<Value> Elaborator::evalConfig(const ast::CallExpr *call, const ast::Param *param) {
  if (call->args.empty() || call->args.size() > 2 || !call->args[0].name.empty()) {
    return fail(call->range, "config takes a key and a default: config(\"n_embd\", 768)");
  }
  Value key = eval(call->args[0].value);
  if (!key.text())
    return key.isPoison() ? Value()
                          : fail(call->args[0].value->range, "the key of 'config' must be a str, "
                                                             "but this is " +
                                                                 describe(key));
  if (const json *found = findConfig(*key.text()))
    return configValue(*found, *key.text(), call->range, param ? param->type : nullptr,
                       param ? param->name.text : StringRef());
  if (call->args.size() == 2)
    return eval(call->args[1].value);
  return std::nullopt;
}

const json *Elaborator::findConfig(StringRef key) const {
  const json *at = options.config;
  if (!at || !at->is_object())
    return nullptr;
  // "rope_scaling.factor" is a key of its own, or a path.
  auto whole = at->find(key.str());
  if (whole != at->end())
    return whole->is_null() ? nullptr : &*whole;
  while (!key.empty()) {
    auto [head, tail] = key.split('.');
    if (!at->is_object())
      return nullptr;
    auto step = at->find(head.str());
    if (step == at->end() || step->is_null())
      return nullptr;
    at = &*step;
    key = tail;
  }
  return at;
}

/// "an int", "a str".
static std::string article(StringRef type) { return (type == "int" ? "an " : "a ") + type.str(); }

/// A piece of JSON as a message shows it.
static std::string shorten(const json &value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 40)
    text = text.substr(0, 37) + "...";
  return text;
}

Value Elaborator::configValue(const json &value, StringRef key, SourceRange range,
                              const ast::TypeRef *type, StringRef paramName) {
  auto reject = [&](StringRef wanted) -> Value {
    error(range, "config.json has " + shorten(value) + " for '" + key + "', but " +
                     (paramName.empty() ? "this" : "'" + paramName.str() + "'") + " must be " +
                     wanted);
    return {};
  };
  auto *list = llvm::dyn_cast_or_null<ast::ListType>(type);
  if (value.is_array()) {
    if (type && !list)
      return reject(article(llvm::cast<ast::NamedType>(type)->name));
    std::vector<Value> elements;
    for (const json &element : value) {
      elements.push_back(
          configValue(element, key, range, list ? list->element : nullptr, paramName));
      if (elements.back().isPoison())
        return {};
    }
    return Value::list(std::move(elements));
  }
  auto *named = llvm::dyn_cast_or_null<ast::NamedType>(type);
  StringRef wanted = named ? named->name : StringRef();
  if (list)
    return reject("a list");
  if (value.is_boolean() && (wanted.empty() || wanted == "bool"))
    return value.get<bool>();
  if (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX)
    return reject("a number of 64 bits");
  if (value.is_number_integer() && (wanted.empty() || wanted == "int"))
    return DimExpr(value.get<int64_t>());
  if (value.is_number_float() && wanted == "int")
    if (double number = value.get<double>();
        std::abs(number) <= 1e15 && number == std::trunc(number))
      return DimExpr(static_cast<int64_t>(number));
  if (value.is_number() && (wanted.empty() || wanted == "float"))
    return value.get<double>();
  if (value.is_string()) {
    std::string text = value.get<std::string>();
    if (wanted == "dtype") {
      if (auto element = elementTypeInConfig(text))
        return *element;
      return reject("a dtype");
    }
    if (wanted.empty() || wanted == "str")
      return text;
  }
  if (wanted.empty())
    return reject("a number, bool, str or list");
  return reject(article(wanted));
}
