//===- Queries.h - what an editor asks about a file -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each answers one request from an Analysis; the places are byte offsets of its
// file. What cannot be answered is empty.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_TOOLS_NACRE_LSP_SERVER_QUERIES_H
#define NACRE_TOOLS_NACRE_LSP_SERVER_QUERIES_H

#include "frontend/language/Analysis.h"
#include "tools/nacre-lsp-server/Text.h"

#include <map>

namespace nacre::lsp {

/// One text of a document with all that is known about it.
struct Snapshot {
  Snapshot(llvm::StringRef path, const std::string &text, const language::CompileOptions &options,
           language::Analysis::OpenFiles openFiles)
      : analysis(path, text, options, std::move(openFiles)),
        lines(analysis.sources.text(analysis.file)) {}

  llvm::StringRef text() const { return analysis.sources.text(analysis.file); }
  /// A place in any file of the program; nothing where the range is of none.
  std::optional<llvm::lsp::Location> location(SourceRange range) const;

  language::Analysis analysis;
  Lines lines;
};

/// A declaration of the standard library, and the import that makes it known.
struct LibraryEntry {
  language::Symbol symbol;
  std::string import; ///< "std.linear"
};
struct Library {
  explicit Library(const std::string &folder);

  std::vector<std::string> files; ///< "linear"
  std::vector<std::string> docs;  ///< of the files
  std::vector<LibraryEntry> entries;
};

// Queries.cpp
std::vector<llvm::lsp::Diagnostic> diagnostics(const Snapshot &snapshot);
std::optional<llvm::lsp::Hover> hover(const Snapshot &snapshot, uint32_t offset);
std::vector<llvm::lsp::Location> definition(const Snapshot &snapshot, uint32_t offset);
std::vector<SourceRange> references(const Snapshot &snapshot, uint32_t offset,
                                    bool withDeclaration);
std::optional<llvm::lsp::SignatureHelp> signatureHelp(const Snapshot &snapshot, uint32_t offset);
/// "let q: f32[B, S, dim]", with what the check found.
std::string describe(const Snapshot &snapshot, const language::Symbol &symbol);

// Completion.cpp
llvm::lsp::CompletionList complete(const Snapshot &snapshot, const Library &library,
                                   uint32_t offset);

// Edits.cpp
std::vector<llvm::lsp::TextEdit> format(const std::string &text);
std::vector<llvm::lsp::CodeAction> quickFixes(const Snapshot &snapshot, const std::string &uri,
                                              SourceRange selected);
/// The name at `offset` where it can be renamed.
std::optional<SourceRange> renamable(const Snapshot &snapshot, uint32_t offset);
/// The edits of a rename, or why there are none.
llvm::Expected<std::vector<llvm::lsp::TextEdit>> rename(const Snapshot &snapshot, uint32_t offset,
                                                        llvm::StringRef name);

// Outline.cpp
std::vector<llvm::lsp::DocumentSymbol> outline(const Snapshot &snapshot);
std::vector<llvm::lsp::InlayHint> inlayHints(const Snapshot &snapshot, SourceRange shown);
/// The legend and the tokens, in the protocol's encoding.
llvm::json::Value semanticLegend();
llvm::json::Value semanticTokens(const Snapshot &snapshot);

} // namespace nacre::lsp

#endif
