//===- Layout.h - text that chooses where its lines break -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formatter describes what may be broken; `print` breaks the outermost
// groups that do not fit the line. The method is that of D. Oppen, "Pretty-
// printing" (1980), in the form of P. Wadler, "A prettier printer" (1998).
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_LAYOUT_H
#define NACRE_FRONTEND_LANGUAGE_LAYOUT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"

#include <string>

namespace nacre::layout {

/// A piece of text with its choices. Made by an Arena, which owns it.
struct Doc {
  enum class Kind : uint8_t {
    Text,
    Concat,
    Indent,
    Group,
    /// In a group that is broken a new line, else a blank.
    Line,
    /// In a group that is broken a new line, else nothing.
    SoftLine,
    HardLine,
    /// In a group that is broken `text`, else nothing.
    IfBroken,
    /// A comment that ends the line: printed just before the next line break.
    Suffix,
  };

  Kind kind;
  /// Contains a line break that is not a choice.
  bool isForced = false;
  unsigned amount = 0; ///< columns of a Text, or of an Indent
  llvm::StringRef text = {};
  llvm::ArrayRef<const Doc *> parts = {};
};

class Arena {
public:
  const Doc *text(llvm::StringRef text);
  const Doc *concat(llvm::ArrayRef<const Doc *> parts);
  const Doc *indent(unsigned columns, const Doc *inner);
  const Doc *group(const Doc *inner);
  const Doc *ifBroken(llvm::StringRef text);
  const Doc *suffix(llvm::StringRef text);
  const Doc *line() const { return &lineDoc; }
  const Doc *softLine() const { return &softLineDoc; }
  const Doc *hardLine() const { return &hardLineDoc; }
  const Doc *empty() const { return &emptyDoc; }

private:
  Doc *make(Doc::Kind kind);

  llvm::BumpPtrAllocator allocator;
  Doc lineDoc{Doc::Kind::Line};
  Doc softLineDoc{Doc::Kind::SoftLine};
  Doc hardLineDoc{Doc::Kind::HardLine, true};
  Doc emptyDoc{Doc::Kind::Concat};
};

/// The text of `doc` in lines of at most `width` columns, where that is
/// possible. No line ends in blanks.
std::string print(const Doc *doc, unsigned width);

/// Columns of `text` on a terminal.
unsigned columnsOf(llvm::StringRef text);

} // namespace nacre::layout

#endif // NACRE_FRONTEND_LANGUAGE_LAYOUT_H
