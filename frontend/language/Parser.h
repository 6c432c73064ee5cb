//===- Parser.h - tokens to syntax tree -------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_LANGUAGE_PARSER_H
#define NACRE_FRONTEND_LANGUAGE_PARSER_H

#include "frontend/diagnostics/Diagnostic.h"
#include "frontend/language/AST.h"

namespace nacre {

/// Deepest tree that the parser builds: nested brackets and bodies, and the
/// operators of one chain. Deeper text is an error.
inline constexpr unsigned maxTreeDepth = 256;

/// Parses the text of `file`. Never fails: what could not be read is reported
/// and left out, and the rest of the file is still there. Reports several
/// independent faults in one run. Time and memory are linear in the text.
ast::SourceFile *parseFile(FileId file, ast::AstContext &context, DiagnosticEngine &diags);

} // namespace nacre

#endif // NACRE_FRONTEND_LANGUAGE_PARSER_H
