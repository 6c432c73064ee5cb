//===- Signature.cpp - what an artifact's entries take and give ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/Signature.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

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
  return spellElement(type.getElementType()) + "[" + llvm::join(sizes, ", ") + "]";
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
  auto names = dyn_cast_if_present<ArrayAttr>(attributes.get("nn.dims"));
  for (auto [i, size] : llvm::enumerate(result.type.getShape()))
    if (!ShapedType::isDynamic(size))
      result.sizes.push_back(std::to_string(size));
    else
      result.sizes.push_back(names ? cast<StringAttr>(names[i]).str() : "?");
  return result;
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
