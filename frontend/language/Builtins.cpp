//===- Builtins.cpp - the table of builtin functions ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Builtins.h"

#include "llvm/ADT/StringMap.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;

/// Names to rows, in the order of the families.
static const llvm::MapVector<StringRef, const Builtin *> &table() {
  static const llvm::MapVector<StringRef, const Builtin *> rows = [] {
    llvm::MapVector<StringRef, const Builtin *> all;
    for (llvm::ArrayRef<Builtin> family :
         {elementwiseBuiltins(), linearBuiltins(), windowBuiltins(), normBuiltins(),
          reductionBuiltins(), shapeBuiltins(), joinBuiltins(), createBuiltins(), numberBuiltins(),
          indexBuiltins(), randomBuiltins(), einsumBuiltins(), boundedBuiltins()})
      for (const Builtin &row : family)
        all.insert({row.name, &row});
    return all;
  }();
  return rows;
}

const Builtin *language::findBuiltin(StringRef name) {
  auto found = table().find(name);
  return found == table().end() ? nullptr : found->second;
}

void language::collectBuiltinNames(llvm::SmallVectorImpl<StringRef> &names) {
  for (const auto &[name, row] : table())
    names.push_back(name);
}

StringRef language::builtinDoc(StringRef name) {
  static const llvm::StringMap<StringRef> docs = {
#define NACRE_BUILTIN(name, doc) {name, doc},
#include "frontend/language/BuiltinDocs.def"
  };
  return docs.lookup(name);
}
