//===- Outline.cpp - what an editor shows of a whole file -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre-lsp-server/Queries.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using nacre::lsp::Snapshot;

namespace proto = llvm::lsp;

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

static proto::SymbolKind symbolKind(const ast::Decl *decl) {
  using Kind = ast::Decl::Kind;
  switch (decl->kind) {
  case Kind::Block:
    return proto::SymbolKind::Class;
  case Kind::Fn:
    return llvm::cast<ast::FnDecl>(decl)->isEntry ? proto::SymbolKind::Interface
                                                  : proto::SymbolKind::Method;
  case Kind::Const:
    return proto::SymbolKind::Constant;
  case Kind::Weight:
  case Kind::State:
    return proto::SymbolKind::Field;
  case Kind::Part:
    return proto::SymbolKind::Object;
  case Kind::Import:
  case Kind::If:
    return proto::SymbolKind::Module;
  }
  llvm_unreachable("unknown declaration");
}

static void addSymbols(const Snapshot &snapshot, llvm::ArrayRef<ast::Decl *> decls,
                       std::vector<proto::DocumentSymbol> &out) {
  auto text = [&](SourceRange range) {
    return nacre::lsp::asUtf8(snapshot.analysis.sources.text(range).split('\n').first);
  };
  for (const ast::Decl *decl : decls) {
    if (auto *choice = llvm::dyn_cast<ast::IfDecl>(decl)) {
      addSymbols(snapshot, choice->thenMembers, out);
      addSymbols(snapshot, choice->elseMembers, out);
      continue;
    }
    auto *fn = llvm::dyn_cast<ast::FnDecl>(decl);
    if (decl->name.empty() && !fn)
      continue;
    SourceRange name = decl->name.empty() ? decl->range.first() : decl->name.range;
    StringRef shown = decl->name.empty() ? "fn" : decl->name.text;
    proto::DocumentSymbol &symbol =
        out.emplace_back(shown, symbolKind(decl), snapshot.lines.range(decl->range.to(name)),
                         snapshot.lines.range(name));
    if (auto *block = llvm::dyn_cast<ast::BlockDecl>(decl)) {
      symbol.detail = block->isModel ? "model" : "block";
      addSymbols(snapshot, block->members, symbol.children);
    } else if (auto *weight = llvm::dyn_cast<ast::WeightDecl>(decl)) {
      symbol.detail = text(weight->type->range);
    } else if (auto *state = llvm::dyn_cast<ast::StateDecl>(decl)) {
      symbol.detail = text(state->type->range);
    } else if (auto *part = llvm::dyn_cast<ast::PartDecl>(decl)) {
      symbol.detail = text(part->value->range);
    } else if (fn && fn->result) {
      symbol.detail = "-> " + text(fn->result->range);
    }
  }
}

std::vector<proto::DocumentSymbol> nacre::lsp::outline(const Snapshot &snapshot) {
  std::vector<proto::DocumentSymbol> symbols;
  addSymbols(snapshot, snapshot.analysis.module->tree->decls, symbols);
  return symbols;
}

//===----------------------------------------------------------------------===//
// Types beside names
//===----------------------------------------------------------------------===//

std::vector<proto::InlayHint> nacre::lsp::inlayHints(const Snapshot &snapshot, SourceRange shown) {
  std::vector<proto::InlayHint> hints;
  for (const Reference &reference : snapshot.analysis.names->references()) {
    const Symbol &symbol = *reference.symbol;
    bool isShown = shown.begin <= reference.range.end && reference.range.begin <= shown.end;
    if (!reference.isDeclaration || symbol.kind != Symbol::Kind::Variable || !isShown)
      continue;
    const Meaning *meaning = snapshot.analysis.index.find(symbol.range);
    bool isTyped = snapshot.text().drop_front(reference.range.end).ltrim().starts_with(":");
    if (!meaning || meaning->kind != Meaning::Kind::Tensor || isTyped)
      continue;
    proto::InlayHint &hint = hints.emplace_back(proto::InlayHintKind::Type,
                                                snapshot.lines.position(reference.range.end));
    hint.label = ": " + asUtf8(meaning->type);
  }
  return hints;
}

//===----------------------------------------------------------------------===//
// Colours by meaning
//===----------------------------------------------------------------------===//

/// Indices of the legend below.
enum class TokenType : uint8_t {
  Class,
  Function,
  Parameter,
  Variable,
  Property,
  Type,
  TypeParameter,
  Namespace
};
static constexpr StringRef tokenTypes[] = {"class",    "function", "parameter",     "variable",
                                           "property", "type",     "typeParameter", "namespace"};

static TokenType tokenType(Symbol::Kind kind) {
  switch (kind) {
  case Symbol::Kind::Model:
  case Symbol::Kind::Block:
    return TokenType::Class;
  case Symbol::Kind::Function:
  case Symbol::Kind::Entry:
  case Symbol::Kind::LocalFunction:
  case Symbol::Kind::Builtin:
    return TokenType::Function;
  case Symbol::Kind::Parameter:
    return TokenType::Parameter;
  case Symbol::Kind::Constant:
  case Symbol::Kind::Variable:
    return TokenType::Variable;
  case Symbol::Kind::Weight:
  case Symbol::Kind::State:
  case Symbol::Kind::Part:
    return TokenType::Property;
  case Symbol::Kind::ElementType:
    return TokenType::Type;
  case Symbol::Kind::Dimension:
  case Symbol::Kind::ElementVariable:
    return TokenType::TypeParameter;
  case Symbol::Kind::File:
    return TokenType::Namespace;
  }
  llvm_unreachable("unknown kind");
}

llvm::json::Value nacre::lsp::semanticLegend() {
  llvm::json::Array types;
  for (StringRef type : tokenTypes)
    types.push_back(type);
  return llvm::json::Object{
      {"tokenTypes", std::move(types)},
      {"tokenModifiers", llvm::json::Array{"declaration", "readonly", "defaultLibrary"}}};
}

llvm::json::Value nacre::lsp::semanticTokens(const Snapshot &snapshot) {
  llvm::json::Array data;
  proto::Position last;
  uint32_t end = 0;
  for (const Reference &reference : snapshot.analysis.names->references()) {
    if (reference.range.begin < end)
      continue;
    end = reference.range.end;
    const Symbol &symbol = *reference.symbol;
    proto::Range range = snapshot.lines.range(reference.range);
    int modifiers = (reference.isDeclaration ? 1 : 0) |
                    (symbol.kind == Symbol::Kind::Constant ? 2 : 0) |
                    (symbol.kind == Symbol::Kind::Builtin ? 4 : 0);
    int down = range.start.line - last.line;
    for (int number : {down, range.start.character - (down == 0 ? last.character : 0),
                       range.end.character - range.start.character,
                       static_cast<int>(tokenType(symbol.kind)), modifiers})
      data.push_back(number);
    last = range.start;
  }
  return llvm::json::Object{{"data", std::move(data)}};
}
