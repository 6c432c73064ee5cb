//===- NameTable.h - which declaration a name refers to ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The names of one file, found from its text alone, so that code that no check
// runs has them too. Only what stands after a '.' needs to know what stands
// before it, which the SourceIndex of a check says.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_NAMETABLE_H
#define NACRE_FRONTEND_LANGUAGE_NAMETABLE_H

#include "frontend/language/Modules.h"
#include "frontend/language/SourceIndex.h"

#include <optional>
#include <string>
#include <vector>

namespace nacre::language {

/// What a name can refer to.
struct Symbol {
  enum class Kind : uint8_t {
    Model,
    Block,
    Function,
    Entry,
    LocalFunction,
    Parameter,
    Constant,
    Weight,
    State,
    Part,
    Variable,
    Dimension,
    ElementVariable,
    Builtin,
    ElementType,
    File,
  };

  Kind kind;
  std::string name;
  SourceRange range; ///< of the name where it is declared; invalid for what the compiler brings
  SourceRange whole; ///< of the declaration
  std::string doc;
  std::string text; ///< the declaration on one line: "part attn: SelfAttention(dim, heads)"
  const ast::Decl *decl = nullptr;

  /// What functions and blocks take.
  struct Param {
    std::string name;
    std::string text; ///< "heads: int", "axis=-1"
    std::string doc;
    SourceRange range; ///< of the name; invalid for a builtin
  };
  std::vector<Param> params;
  bool takesTensor = false; ///< can be written after the '.' of a tensor

  bool isMember() const {
    return kind == Kind::Weight || kind == Kind::State || kind == Kind::Part;
  }
};

struct Reference {
  SourceRange range;
  const Symbol *symbol;
  bool isDeclaration;
};

/// `callee(arguments)`.
struct CallSite {
  SourceRange range;
  SourceRange callee;
  std::string label; ///< "Linear(in: int, out: int)"
  std::string doc;
  std::vector<Symbol::Param> params;
  llvm::ArrayRef<ast::Argument> args;
};

/// `base.name`; the name may be missing.
struct MemberSite {
  SourceRange base;
  uint32_t end;                ///< of the name
  const ast::BlockDecl *block; ///< of the base, where it is a part
};

class NameTable {
public:
  NameTable(const Module *module, const ModuleTable &modules, const SourceMap &sources,
            const SourceIndex &index);
  ~NameTable();

  /// The name at `offset`, which may also be its end; null where there is none.
  const Reference *at(uint32_t offset) const;
  /// All places of the file that name the symbol, in the order of the text.
  std::vector<SourceRange> placesOf(const Symbol *symbol) const;
  /// The names that code at `offset` sees, nearest first, each once.
  std::vector<const Symbol *> visibleAt(uint32_t offset) const;
  /// What a block declares.
  std::vector<const Symbol *> membersOf(const ast::BlockDecl *block) const;
  /// The innermost call whose brackets hold `offset`, or null.
  const CallSite *callAt(uint32_t offset) const;
  /// The `base.name` whose name `offset` is in, at or behind, or null.
  const MemberSite *memberAt(uint32_t offset) const;
  /// The expressions around `offset`, the innermost first.
  std::vector<SourceRange> expressionsAt(uint32_t offset) const;
  /// All names, in the order of the text.
  const std::vector<Reference> &references() const { return allReferences; }

private:
  friend class NameWalk;
  struct Scope;

  std::unique_ptr<class SymbolStore> store;
  std::vector<Scope> scopes;
  std::vector<Reference> allReferences;
  std::vector<CallSite> calls;
  std::vector<MemberSite> members;
  std::vector<SourceRange> expressions;
};

/// The symbols of a file's own declarations, those of `std` say, with docs.
std::vector<Symbol> declaredIn(const Module *module, const SourceMap &sources);
/// The symbols of the functions and types that need no import.
std::vector<Symbol> builtinSymbols();

} // namespace nacre::language

#endif
