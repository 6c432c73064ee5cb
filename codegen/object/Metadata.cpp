//===- Metadata.cpp - what an artifact says of its kernels -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/Metadata.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <nlohmann/json.hpp>

using namespace mlir;
using namespace nacre;
using nlohmann::json;

static json toJson(Attribute attribute) {
  if (auto text = dyn_cast<StringAttr>(attribute))
    return text.str();
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return number.getInt();
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getValueAsDouble();
  if (auto list = dyn_cast<ArrayAttr>(attribute)) {
    json result = json::array();
    for (Attribute item : list)
      result.push_back(toJson(item));
    return result;
  }
  json result = json::object();
  for (NamedAttribute item : cast<DictionaryAttr>(attribute))
    result[item.getName().str()] = toJson(item.getValue());
  return result;
}

std::string object::addKernels(const std::string &metadata, ModuleOp module) {
  json result = json::parse(metadata, nullptr, /*allow_exceptions=*/false);
  json kernels = json::array(), entries = json::object();
  llvm::DenseMap<Attribute, size_t> numbers;
  for (auto entry : module.getOps<func::FuncOp>()) {
    if (!entry->hasAttr("nn.entry"))
      continue;
    json steps = json::array(), step = json::array();
    // Those in loops too, where they stand.
    entry.walk<WalkOrder::PreOrder>([&](func::CallOp call) {
      if (Attribute kernel = call->getAttr("nn.kernel")) {
        auto [at, isNew] = numbers.try_emplace(kernel, kernels.size());
        if (isNew)
          kernels.push_back(toJson(kernel));
        json made = json::array({at->second});
        for (StringRef name : {"nn.part", "nn.line"}) {
          auto text = call->getAttrOfType<StringAttr>(name);
          made.push_back(text ? text.str() : "");
        }
        step.push_back(std::move(made));
      } else if (call.getCallee() == "nacre_barrier" || call.getCallee() == "nacre_decision") {
        steps.push_back(std::exchange(step, json::array()));
      }
    });
    entries[entry.getName().str()] = std::move(steps);
  }
  result["kernels"] = std::move(kernels);
  result["entries"] = std::move(entries);
  return result.dump(-1, ' ', false, json::error_handler_t::replace);
}
