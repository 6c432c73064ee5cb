//===- Formatter.h - the one layout of the language -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_FRONTEND_LANGUAGE_FORMATTER_H
#define NACRE_FRONTEND_LANGUAGE_FORMATTER_H

#include "frontend/diagnostics/Diagnostic.h"

#include <optional>
#include <string>

namespace nacre {

inline constexpr unsigned formatWidth = 100;

/// The text of `file` in the language's layout: indentation by two columns,
/// lines of at most `formatWidth` columns, comments kept, aligned types in
/// runs of declarations. Formatting its own result changes nothing. Returns
/// nothing when the file has syntax errors, which are reported.
std::optional<std::string> formatFile(FileId file, DiagnosticEngine &diags);

} // namespace nacre

#endif // NACRE_FRONTEND_LANGUAGE_FORMATTER_H
