//===- CHeader.cpp - the C header of an artifact ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object/CHeader.h"

#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>

using namespace mlir;
using namespace nacre::object;

/// C's type for an element; floats that C lacks are their bits.
static std::string cType(Type type) {
  if (type.isF32())
    return "float";
  if (type.isF64())
    return "double";
  if (type.isF16() || type.isBF16())
    return "uint16_t";
  if (type.isInteger(1) || isa<Float8E4M3FNType, Float8E5M2Type>(type))
    return "uint8_t";
  if (type.isInteger(4))
    return "int8_t";
  return fmt::format("{}int{}_t", type.isUnsignedInteger() ? "u" : "",
                     type.getIntOrFloatBitWidth());
}

/// Text that cannot end the comment it stands in.
static std::string inComment(llvm::StringRef text) {
  std::string result;
  for (char c : text) {
    if (c == '/' && !result.empty() && result.back() == '*')
      result += ' ';
    result += c;
  }
  return result;
}

static void writeEntry(std::string &out, const ArtifactInfo &info, const EntrySignature &entry) {
  const bool usesState = !entry.states.empty();
  std::string sizes;
  for (const std::string &variable : entry.variables)
    sizes += fmt::format("int64_t {}, ", variable);
  out += "\n";
  if (!entry.doc.empty()) {
    llvm::SmallVector<llvm::StringRef> lines;
    llvm::StringRef(entry.doc).split(lines, '\n');
    out += "/*";
    for (llvm::StringRef line : lines)
      out += " " + inComment(line.trim()) + "\n *";
    out += "\n";
  } else {
    out += "/*\n";
  }
  auto describe = [&](const TensorSignature &tensor, llvm::StringRef direction) {
    std::string note = tensor.type.getElementType().isF16() || tensor.type.getElementType().isBF16()
                           ? " (as bits)"
                           : "";
    out += fmt::format(" *   {:<16} {} {}{}\n", tensor.name, direction.str(),
                       inComment(tensor.spell()), note);
  };
  for (const TensorSignature &tensor : entry.inputs)
    describe(tensor, "in  ");
  for (const TensorSignature &tensor : entry.results)
    describe(tensor, "out ");
  if (usesState) {
    out += " *\n * `state` is one that " + info.name + "_new_state made";
    std::string with;
    for (size_t i = 0; i < info.state.variables.size(); ++i)
      if (std::string size = info.state.sizeIn(entry, i); !size.empty())
        with +=
            fmt::format("{}{} = {}", with.empty() ? " with " : ", ", info.state.variables[i], size);
    out += with + "; no two calls may work on one at once.\n";
  }
  for (const TensorSignature &tensor : entry.results)
    if (tensor.lengthAxis)
      out += fmt::format(" *\n * `{}` has room for {} along dimension {}; the first `*{}` of them "
                         "are the result,\n * and the rest means nothing.\n",
                         tensor.name, tensor.sizes[*tensor.lengthAxis], *tensor.lengthAxis,
                         tensor.length);
  out +=
      fmt::format(" *\n * All are dense and row-major; outputs overlap nothing. `arena` is 64-byte "
                  "aligned scratch memory of\n * {} bytes, or null to have it "
                  "allocated for this call.\n */\n",
                  entry.arenaFormula.empty() ? "0" : inComment(entry.arenaFormula));
  out += fmt::format("nacre_status {}_{}(nacre_model *model, {}{}", info.name, entry.name,
                     usesState ? fmt::format("{}_state *state, ", info.name) : "", sizes);
  for (const TensorSignature &tensor : entry.inputs)
    out += fmt::format("const {} *{}, ", cType(tensor.type.getElementType()), tensor.name);
  for (const TensorSignature &tensor : entry.results)
    out += fmt::format("{} *{}, ", cType(tensor.type.getElementType()), tensor.name);
  out += "void *arena);\n\n";
  llvm::StringRef arguments = sizes;
  arguments.consume_back(", ");
  out += fmt::format("/* Bytes of the arena; SIZE_MAX for sizes that cannot run. */\n"
                     "size_t {}_{}_arena_size({});\n",
                     info.name, entry.name, arguments.empty() ? "void" : arguments.str());
}

static void writeState(std::string &out, const ArtifactInfo &info) {
  std::string sizes;
  for (const std::string &variable : info.state.variables)
    sizes += fmt::format("int64_t {}, ", variable);
  out += fmt::format("\n/* What the model keeps from call to call, {} bytes:\n *\n",
                     info.state.describe());
  for (const TensorSignature &tensor : info.state.tensors)
    out += fmt::format(" *   {:<16} {}\n", inComment(tensor.name), inComment(tensor.spell()));
  out += fmt::format(" *\n * All zeros at first. Any number of them may be alive, one for each "
                     "conversation; each is "
                     "freed by\n * nacre_free_state, before the model is closed. See nacre.h for "
                     "zeroing, saving and "
                     "loading. */\n"
                     "typedef nacre_state {0}_state;\n"
                     "nacre_status {0}_new_state(nacre_model *model, {1}{0}_state **state);\n",
                     info.name, sizes);
}

std::string nacre::object::writeCHeader(const ArtifactInfo &info) {
  std::string guard = llvm::StringRef(info.name).upper() + "_NACRE_H";
  std::string out = fmt::format(
      "/* {0}.h - made by the Nacre compiler; goes with {0}.o and {0}.weights. */\n"
      "#ifndef {1}\n#define {1}\n\n#include <nacre/nacre.h>\n\n"
      "#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n"
      "/* Maps the weights ({2} bytes). On failure *model is good for nacre_message and\n"
      " * {0}_close only. `weights_path` may be null where there are no weights. */\n"
      "nacre_status {0}_open(const char *weights_path, nacre_model **model);\n"
      "void {0}_close(nacre_model *model);\n\n"
      "/* What the functions of nacre.h take to know this model by. */\n"
      "extern const struct nacre_artifact {0}_artifact;\n",
      info.name, guard, info.weightsSize);
  if (!info.state.tensors.empty())
    writeState(out, info);
  for (const EntrySignature &entry : info.entries)
    writeEntry(out, info, entry);
  out += fmt::format("\n#ifdef __cplusplus\n}}\n#endif\n\n#endif /* {} */\n", guard);
  return out;
}
