//===- Signature.cpp - what an artifact's entries take and give ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/Signature.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "runtime/include/nacre/artifact.h"

#include <fmt/format.h>

using namespace mlir;
using namespace nacre::object;

std::string nacre::object::spellElement(Type type) {
  if (type.isInteger(1))
    return "bool";
  if (auto integer = dyn_cast<IntegerType>(type))
    return (integer.isUnsigned() ? "u" : "i") + std::to_string(integer.getWidth());
  std::string text;
  llvm::raw_string_ostream stream(text);
  type.print(stream);
  return text;
}

std::string TensorSignature::spell() const {
  std::vector<std::string> shown = sizes;
  if (lengthAxis)
    shown[*lengthAxis] = length + " <= " + shown[*lengthAxis];
  return spellElement(type.getElementType()) + "[" + llvm::join(shown, ", ") + "]";
}

std::string StateSignature::describe() const {
  int64_t fixed = 0;
  std::map<std::string, int64_t> byProduct;
  for (const TensorSignature &tensor : tensors) {
    unsigned bits = tensor.type.getElementTypeBitWidth();
    int64_t bytes = bits < 8 ? 1 : bits / 8;
    std::vector<std::string> factors;
    for (auto [size, text] : llvm::zip_equal(tensor.type.getShape(), tensor.sizes))
      if (ShapedType::isDynamic(size))
        factors.push_back(text);
      else
        bytes *= size;
    if (factors.empty()) {
      fixed += llvm::alignTo(bytes, NACRE_ALIGNMENT);
      continue;
    }
    llvm::sort(factors);
    byProduct[llvm::join(factors, "*")] += bytes;
  }
  std::string text;
  for (const auto &[product, bytes] : byProduct)
    text += (text.empty() ? "" : " + ") + std::to_string(bytes) + "*" + product;
  if (fixed != 0 || text.empty())
    text += (text.empty() ? "" : " + ") + std::to_string(fixed);
  return text;
}

std::string StateSignature::sizeIn(const EntrySignature &entry, size_t variable) const {
  const std::string &name = variables[variable];
  bool isUsed = llvm::any_of(tensors, [&](const TensorSignature &tensor) {
    return llvm::is_contained(entry.states, tensor.name) && llvm::is_contained(tensor.sizes, name);
  });
  if (!isUsed)
    return "";
  auto other = entry.stateSizes.find(name);
  return other == entry.stateSizes.end() ? name : other->second;
}

std::string EntrySignature::describeArena() const {
  std::string text = arenaFormula + " bytes";
  if (liveBoundAt64 > 0)
    text += fmt::format(" ({:.3f} of what is alive at once, all sizes 64)",
                        static_cast<double>(arenaAt64) / static_cast<double>(liveBoundAt64));
  return text;
}

static TensorSignature tensorOf(Attribute info, std::string fallback) {
  auto dictionary = cast<DictionaryAttr>(info);
  auto attributes = cast<DictionaryAttr>(dictionary.get("attrs"));
  TensorSignature result;
  result.type = cast<RankedTensorType>(cast<TypeAttr>(dictionary.get("type")).getValue());
  auto name = dyn_cast_if_present<StringAttr>(attributes.get("nn.name"));
  result.name = name ? name.str() : std::move(fallback);
  if (auto length = dyn_cast_if_present<StringAttr>(attributes.get("nn.length"))) {
    result.length = length.str();
    result.lengthAxis = cast<IntegerAttr>(attributes.get("nn.length_axis")).getInt();
  }
  auto names = dyn_cast_if_present<ArrayAttr>(attributes.get("nn.dims"));
  for (auto [i, size] : llvm::enumerate(result.type.getShape()))
    if (!ShapedType::isDynamic(size))
      result.sizes.push_back(std::to_string(size));
    else
      result.sizes.push_back(names ? cast<StringAttr>(names[i]).str() : "?");
  return result;
}

StateSignature nacre::object::stateOf(ModuleOp module) {
  StateSignature state;
  for (auto global : module.getOps<ml_program::GlobalOp>()) {
    if (!global.getIsMutable())
      continue;
    TensorSignature &tensor = state.tensors.emplace_back();
    tensor.name = global.getSymName().str();
    tensor.type = cast<RankedTensorType>(global.getType());
    auto names = global->getAttrOfType<ArrayAttr>("nn.dims");
    for (auto [i, size] : llvm::enumerate(tensor.type.getShape())) {
      if (!ShapedType::isDynamic(size)) {
        tensor.sizes.push_back(std::to_string(size));
        continue;
      }
      tensor.sizes.push_back(cast<StringAttr>(names[i]).str());
      if (!llvm::is_contained(state.variables, tensor.sizes.back()))
        state.variables.push_back(tensor.sizes.back());
    }
  }
  return state;
}

std::vector<EntrySignature> nacre::object::signaturesOf(ModuleOp module) {
  std::vector<EntrySignature> entries;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function->hasAttr("nn.entry"))
      continue;
    EntrySignature entry;
    entry.name = function.getName().str();
    if (auto doc = function->getAttrOfType<StringAttr>("nn.doc"))
      entry.doc = doc.str();
    for (Attribute name : function->getAttrOfType<ArrayAttr>("nn.variables"))
      entry.variables.push_back(cast<StringAttr>(name).str());
    for (auto [i, info] : llvm::enumerate(function->getAttrOfType<ArrayAttr>("nn.inputs")))
      entry.inputs.push_back(tensorOf(info, "input" + std::to_string(i)));
    for (auto [i, info] : llvm::enumerate(function->getAttrOfType<ArrayAttr>("nn.results")))
      entry.results.push_back(tensorOf(info, i ? "result" + std::to_string(i) : "result"));
    if (auto used = function->getAttrOfType<ArrayAttr>("nn.states"))
      for (StringRef name : used.getAsValueRange<StringAttr>())
        entry.states.push_back(name.str());
    if (auto sizes = function->getAttrOfType<DictionaryAttr>("nn.state_dims"))
      for (NamedAttribute size : sizes)
        entry.stateSizes[size.getName().str()] = cast<StringAttr>(size.getValue()).str();
    if (auto formula = function->getAttrOfType<StringAttr>("nn.arena"))
      entry.arenaFormula = formula.str();
    entry.hasCheck = function->hasAttr("nn.check");
    if (auto bytes = function->getAttrOfType<IntegerAttr>("nn.arena_at_64"))
      entry.arenaAt64 = bytes.getInt();
    if (auto bytes = function->getAttrOfType<IntegerAttr>("nn.arena_live_bound"))
      entry.liveBoundAt64 = bytes.getInt();
    entries.push_back(std::move(entry));
  }
  return entries;
}
