//===- SourceIndex.h - what the text of one file stands for -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A by-product of a check, for editors: the type of each expression and of each
// declared name of one file. A block is run once for each of its parts; what is
// kept is what the first run met, in the vocabulary of the block.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_SOURCEINDEX_H
#define NACRE_FRONTEND_LANGUAGE_SOURCEINDEX_H

#include "frontend/language/AST.h"

#include "llvm/ADT/DenseMap.h"

#include <string>

namespace nacre::language {

struct Module;

struct Meaning {
  enum class Kind : uint8_t { Tensor, Number, Part, Parts, Function, Other };

  Kind kind = Kind::Other;
  std::string type; ///< "f32[B, S, dim]", "int = 768", "Linear"
  /// Of a part, or of the first of a list of parts; null for anything else.
  const ast::BlockDecl *block = nullptr;
};

class SourceIndex {
public:
  explicit SourceIndex(FileId file) : file(file) {}

  /// False where `range` is of another file, or known already.
  bool wants(SourceRange range) const {
    return range.file == file && !meanings.contains(key(range));
  }
  void add(SourceRange range, Meaning meaning) {
    meanings.insert({key(range), std::move(meaning)});
  }
  /// What the expression or the declared name of exactly this range stands for;
  /// null where no run met it.
  const Meaning *find(SourceRange range) const {
    auto found = range.file == file ? meanings.find(key(range)) : meanings.end();
    return found == meanings.end() ? nullptr : &found->second;
  }

private:
  static uint64_t key(SourceRange range) { return uint64_t(range.begin) << 32 | range.end; }

  FileId file;
  llvm::DenseMap<uint64_t, Meaning> meanings;
};

} // namespace nacre::language

#endif
