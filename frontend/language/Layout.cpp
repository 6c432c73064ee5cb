//===- Layout.cpp - text that chooses where its lines break -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Layout.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Unicode.h"

#include <memory>

using namespace nacre::layout;
using llvm::ArrayRef;
using llvm::StringRef;

unsigned nacre::layout::columnsOf(StringRef text) {
  int columns = llvm::sys::unicode::columnWidthUTF8(text);
  return columns < 0 ? static_cast<unsigned>(text.size()) : static_cast<unsigned>(columns);
}

Doc *Arena::make(Doc::Kind kind) { return new (allocator.Allocate<Doc>()) Doc{kind}; }

const Doc *Arena::text(StringRef text) {
  Doc *doc = make(Doc::Kind::Text);
  doc->text = text.copy(allocator);
  doc->amount = columnsOf(text);
  return doc;
}

const Doc *Arena::concat(ArrayRef<const Doc *> parts) {
  Doc *doc = make(Doc::Kind::Concat);
  const Doc **copy = allocator.Allocate<const Doc *>(parts.size());
  std::uninitialized_copy(parts.begin(), parts.end(), copy);
  doc->parts = ArrayRef<const Doc *>(copy, parts.size());
  for (const Doc *part : parts)
    doc->isForced |= part->isForced;
  return doc;
}

const Doc *Arena::indent(unsigned columns, const Doc *inner) {
  Doc *doc = make(Doc::Kind::Indent);
  doc->amount = columns;
  doc->parts = concat({inner})->parts;
  doc->isForced = inner->isForced;
  return doc;
}

const Doc *Arena::group(const Doc *inner) {
  Doc *doc = make(Doc::Kind::Group);
  doc->parts = concat({inner})->parts;
  doc->isForced = inner->isForced;
  return doc;
}

const Doc *Arena::ifBroken(StringRef text) {
  Doc *doc = make(Doc::Kind::IfBroken);
  doc->text = text.copy(allocator);
  doc->amount = columnsOf(text);
  return doc;
}

const Doc *Arena::suffix(StringRef text) {
  Doc *doc = make(Doc::Kind::Suffix);
  doc->text = text.copy(allocator);
  doc->isForced = true;
  return doc;
}

namespace {

struct Item {
  unsigned indent;
  bool isBroken;
  const Doc *doc;
};

class Printer {
public:
  explicit Printer(unsigned width) : width(width) {}
  std::string run(const Doc *doc);

private:
  bool fits(Item next) const;
  void newLine(unsigned indent);

  unsigned width;
  unsigned column = 0;
  std::string out;
  std::string suffix;
  llvm::SmallVector<Item, 64> stack;
};

} // namespace

/// Whether `next`, unbroken, and what follows it up to the next possible line
/// break end before the margin.
bool Printer::fits(Item next) const {
  if (column > width)
    return false;
  unsigned left = width - column;
  llvm::SmallVector<Item, 32> work{next};
  size_t rest = stack.size();
  while (true) {
    Item item;
    if (!work.empty()) {
      item = work.pop_back_val();
    } else {
      if (rest == 0)
        return true;
      item = stack[--rest];
    }
    switch (item.doc->kind) {
    case Doc::Kind::Text:
      if (item.doc->amount > left)
        return false;
      left -= item.doc->amount;
      break;
    case Doc::Kind::Concat:
    case Doc::Kind::Indent:
      for (const Doc *part : llvm::reverse(item.doc->parts))
        work.push_back({0, item.isBroken, part});
      break;
    case Doc::Kind::Group:
      // A group that follows is broken only where it must be.
      work.push_back({0, item.doc->isForced && item.isBroken, item.doc->parts.front()});
      break;
    case Doc::Kind::Line:
      if (item.isBroken)
        return true;
      if (left == 0)
        return false;
      --left;
      break;
    case Doc::Kind::SoftLine:
      if (item.isBroken)
        return true;
      break;
    case Doc::Kind::HardLine:
      return true;
    case Doc::Kind::IfBroken:
      if (item.isBroken) {
        if (item.doc->amount > left)
          return false;
        left -= item.doc->amount;
      }
      break;
    case Doc::Kind::Suffix:
      break;
    }
  }
}

void Printer::newLine(unsigned indent) {
  if (!suffix.empty()) {
    out += "  " + suffix;
    suffix.clear();
  }
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  out += '\n';
  out.append(indent, ' ');
  column = indent;
}

std::string Printer::run(const Doc *doc) {
  stack.push_back({0, true, doc});
  while (!stack.empty()) {
    Item item = stack.pop_back_val();
    switch (item.doc->kind) {
    case Doc::Kind::Text:
      out += item.doc->text;
      column += item.doc->amount;
      break;
    case Doc::Kind::Concat:
      for (const Doc *part : llvm::reverse(item.doc->parts))
        stack.push_back({item.indent, item.isBroken, part});
      break;
    case Doc::Kind::Indent:
      for (const Doc *part : llvm::reverse(item.doc->parts))
        stack.push_back({item.indent + item.doc->amount, item.isBroken, part});
      break;
    case Doc::Kind::Group: {
      const Doc *inner = item.doc->parts.front();
      bool isBroken = item.doc->isForced || !fits({item.indent, false, inner});
      stack.push_back({item.indent, isBroken, inner});
      break;
    }
    case Doc::Kind::Line:
      if (item.isBroken) {
        newLine(item.indent);
      } else {
        out += ' ';
        ++column;
      }
      break;
    case Doc::Kind::SoftLine:
      if (item.isBroken)
        newLine(item.indent);
      break;
    case Doc::Kind::HardLine:
      newLine(item.indent);
      break;
    case Doc::Kind::IfBroken:
      if (item.isBroken) {
        out += item.doc->text;
        column += item.doc->amount;
      }
      break;
    case Doc::Kind::Suffix:
      if (!suffix.empty())
        suffix += ' ';
      suffix += item.doc->text;
      break;
    }
  }
  if (!suffix.empty())
    out += "  " + suffix;
  return std::move(out);
}

std::string nacre::layout::print(const Doc *doc, unsigned width) { return Printer(width).run(doc); }
