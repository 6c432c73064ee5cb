//===- Edits.cpp - changes that an editor applies ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre-lsp-server/Queries.h"

#include "frontend/language/Formatter.h"
#include "frontend/language/Lexer.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;

namespace proto = llvm::lsp;

std::vector<proto::TextEdit> nacre::lsp::format(const std::string &text) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  std::optional<std::string> laidOut = formatFile(sources.addFile("", text), diags);
  return laidOut ? difference(text, *laidOut) : std::vector<proto::TextEdit>();
}

std::vector<proto::CodeAction>
nacre::lsp::quickFixes(const Snapshot &snapshot, const std::string &uri, SourceRange selected) {
  FileId file = snapshot.analysis.file;
  auto isSelected = [&](SourceRange range) {
    return range.file == file && range.begin <= selected.end && selected.begin <= range.end;
  };
  std::vector<proto::CodeAction> actions;
  for (const Diagnostic &fault : snapshot.analysis.diags.diagnostics()) {
    bool isHere = isSelected(fault.range);
    std::vector<proto::TextEdit> edits;
    for (const DiagnosticFix &fix : fault.fixes) {
      if (fix.range.file != file)
        continue;
      isHere |= isSelected(fix.range);
      edits.push_back({snapshot.lines.range(fix.range), asUtf8(fix.replacement)});
    }
    if (!isHere || edits.empty())
      continue;
    proto::CodeAction &action = actions.emplace_back();
    const DiagnosticFix &first = fault.fixes.front();
    std::string old = snapshot.analysis.sources.text(first.range).str();
    action.title = asUtf8(first.replacement.empty() ? "Remove '" + old + "'"
                          : old.empty() ? "Insert '" + first.replacement + "'"
                                        : "Replace '" + old + "' by '" + first.replacement + "'");
    action.kind = proto::CodeAction::kQuickFix.str();
    action.isPreferred = true;
    action.edit.emplace();
    action.edit->changes[uri] = std::move(edits);
  }
  return actions;
}

static const Reference *ownName(const nacre::lsp::Snapshot &snapshot, uint32_t offset) {
  const Reference *reference = snapshot.analysis.names->at(offset);
  bool isOwn = reference && reference->symbol->range.isValid() &&
               reference->symbol->range.file == snapshot.analysis.file &&
               reference->symbol->kind != Symbol::Kind::File;
  return isOwn ? reference : nullptr;
}

std::optional<SourceRange> nacre::lsp::renamable(const Snapshot &snapshot, uint32_t offset) {
  const Reference *reference = ownName(snapshot, offset);
  return reference ? std::optional(reference->range) : std::nullopt;
}

/// True for one name of the language that is no keyword.
static bool isName(StringRef text) {
  SourceMap sources;
  DiagnosticEngine diags(sources);
  TokenStream stream = lex(sources.addFile("", text.str()), diags);
  return !diags.hasErrors() && stream.tokens.size() == 2 &&
         stream.tokens.front().kind == TokenKind::Identifier && stream.tokens.front().begin == 0 &&
         stream.tokens.front().end == text.size();
}

llvm::Expected<std::vector<proto::TextEdit>> nacre::lsp::rename(const Snapshot &snapshot,
                                                                uint32_t offset, StringRef name) {
  auto refuse = [](const llvm::Twine &why) {
    return llvm::make_error<proto::LSPError>(why.str(), proto::ErrorCode::RequestFailed);
  };
  const Reference *reference = ownName(snapshot, offset);
  if (!reference)
    return refuse("only names that this file declares can be renamed here");
  if (!isName(name))
    return refuse("'" + name + "' is no name");
  const Symbol &symbol = *reference->symbol;
  std::vector<proto::TextEdit> edits;
  for (SourceRange place : snapshot.analysis.names->placesOf(&symbol))
    edits.push_back({snapshot.lines.range(place), name.str()});
  // Files of weights keep their names.
  const auto *weight = llvm::dyn_cast_or_null<ast::WeightDecl>(symbol.decl);
  const auto *part = llvm::dyn_cast_or_null<ast::PartDecl>(symbol.decl);
  bool isBound = (weight && !weight->fileName.isPresent()) || (part && !part->fileName.isPresent());
  if (isBound)
    edits.push_back({proto::Range(snapshot.lines.position(symbol.whole.end)),
                     " as " + quoteString(symbol.name)});
  return edits;
}
