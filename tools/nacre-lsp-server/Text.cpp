//===- Text.cpp - places in a text as the protocol counts them --*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre-lsp-server/Text.h"

#include "llvm/Support/JSON.h"

#include <algorithm>

using namespace nacre;
using llvm::StringRef;

nacre::lsp::Lines::Lines(StringRef text) : text(text), starts{0} {
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')))
      starts.push_back(static_cast<uint32_t>(i + 1));
}

/// The line without its end.
StringRef nacre::lsp::Lines::lineAt(size_t line) const {
  size_t end = line + 1 < starts.size() ? starts[line + 1] : text.size();
  return text.slice(starts[line], end).rtrim("\r\n");
}

/// Bytes and UTF-16 units of the character that begins with `lead`. A byte that begins none is
/// one of its own.
static std::pair<size_t, int> character(unsigned char lead) {
  if (lead >= 0xF0)
    return {4, 2};
  if (lead >= 0xE0)
    return {3, 1};
  return {lead >= 0xC0 ? 2 : 1, 1};
}

uint32_t nacre::lsp::Lines::offset(llvm::lsp::Position position) const {
  if (position.line < 0)
    return 0;
  if (static_cast<size_t>(position.line) >= starts.size())
    return static_cast<uint32_t>(text.size());
  StringRef line = lineAt(position.line);
  size_t at = 0;
  int units = 0;
  while (at < line.size()) {
    auto [bytes, width] = character(line[at]);
    if (units + width > position.character)
      break;
    units += width;
    at = std::min(at + bytes, line.size());
  }
  return static_cast<uint32_t>(starts[position.line] + at);
}

llvm::lsp::Position nacre::lsp::Lines::position(uint32_t offset) const {
  offset = std::min<uint32_t>(offset, text.size());
  auto after = std::upper_bound(starts.begin(), starts.end(), offset);
  size_t line = after - starts.begin() - 1;
  int units = 0;
  for (size_t at = starts[line]; at < offset;) {
    auto [bytes, width] = character(text[at]);
    if (at + bytes > offset)
      break;
    at += bytes;
    units += width;
  }
  return {static_cast<int>(line), units};
}

void nacre::lsp::apply(const llvm::lsp::TextDocumentContentChangeEvent &change, std::string &text) {
  if (!change.range) {
    text = change.text;
    return;
  }
  Lines lines(text);
  uint32_t begin = lines.offset(change.range->start);
  uint32_t end = std::max(begin, lines.offset(change.range->end));
  text.replace(begin, end - begin, change.text);
}

std::vector<llvm::lsp::TextEdit> nacre::lsp::difference(StringRef before, StringRef after) {
  if (before == after)
    return {};
  size_t shorter = std::min(before.size(), after.size());
  size_t first = 0;
  while (first < shorter && before[first] == after[first])
    ++first;
  // Whole lines: no edit begins inside a character or between '\r' and '\n'.
  size_t lineBreak = before.take_front(first).rfind('\n');
  first = lineBreak == StringRef::npos ? 0 : lineBreak + 1;
  size_t last = 0;
  while (last < shorter - first &&
         before[before.size() - 1 - last] == after[after.size() - 1 - last])
    ++last;
  size_t kept = before.take_back(last).find('\n');
  last = kept == StringRef::npos ? 0 : last - kept - 1;
  Lines lines(before);
  llvm::lsp::TextEdit edit;
  edit.range = {lines.position(first), lines.position(before.size() - last)};
  edit.newText = after.slice(first, after.size() - last).str();
  return {edit};
}

std::string nacre::lsp::asUtf8(StringRef text) {
  return llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text);
}
