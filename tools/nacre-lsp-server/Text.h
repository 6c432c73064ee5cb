//===- Text.h - places in a text as the protocol counts them ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The protocol names a place by its line and by the UTF-16 units before it on
// that line; the front end counts bytes of UTF-8.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_TOOLS_NACRE_LSP_SERVER_TEXT_H
#define NACRE_TOOLS_NACRE_LSP_SERVER_TEXT_H

#include "frontend/diagnostics/SourceMap.h"

#include "llvm/Support/LSP/Protocol.h"

#include <string>
#include <vector>

namespace nacre::lsp {

/// Converts places of one text. The text must outlive it.
class Lines {
public:
  explicit Lines(llvm::StringRef text);

  /// Places outside the text, or inside a character, come to the nearest one before.
  uint32_t offset(llvm::lsp::Position position) const;
  llvm::lsp::Position position(uint32_t offset) const;
  llvm::lsp::Range range(SourceRange range) const {
    return {position(range.begin), position(range.end)};
  }

private:
  llvm::StringRef lineAt(size_t line) const;

  llvm::StringRef text;
  std::vector<uint32_t> starts;
};

/// Applies one change of a document.
void apply(const llvm::lsp::TextDocumentContentChangeEvent &change, std::string &text);

/// The edit that makes `after` of `before`, without the lines that both begin and end with; none
/// where they are the same.
std::vector<llvm::lsp::TextEdit> difference(llvm::StringRef before, llvm::StringRef after);

/// Text in which every byte that is no UTF-8 is replaced: JSON carries nothing else.
std::string asUtf8(llvm::StringRef text);

} // namespace nacre::lsp

#endif
