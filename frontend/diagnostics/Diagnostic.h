//===- Diagnostic.h - what a user is told about a fault ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Diagnostics are collected by a DiagnosticEngine and printed at the end of a
// run, all of them at once, with the source lines they are about. They are for
// faults of the user: a broken invariant of the compiler is not a Diagnostic.
//
//   diags.error(op.range, "'@' needs the inner dimensions to agree")
//       .label(lhs->range, "f32[B, S, hidden]")
//       .label(rhs->range, "f32[dim, 3*dim]   (weight w, gpt2.ncr:24)")
//       .note(origin, "hidden = 4*dim, from 'hidden'");
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_DIAGNOSTICS_DIAGNOSTIC_H
#define NACRE_FRONTEND_DIAGNOSTICS_DIAGNOSTIC_H

#include "frontend/diagnostics/SourceMap.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/Twine.h"

#include <deque>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace nacre {

enum class Severity { Error, Warning };

/// A remark under a part of the source, drawn with tildes.
struct DiagnosticLabel {
  SourceRange range;
  std::string text; ///< may be empty: tildes only
};

/// A further sentence, with a place of its own where `range` is valid.
struct DiagnosticNote {
  SourceRange range;
  std::string message;
};

/// Replacing `range` with `replacement` repairs the fault.
struct DiagnosticFix {
  SourceRange range;
  std::string replacement;
};

/// One fault. Messages start with a lower-case letter, have no full stop at the
/// end, and quote names of the source 'like this'. The members below return the
/// diagnostic, for chaining.
struct Diagnostic {
  Severity severity = Severity::Error;
  /// Where carets are drawn. Invalid: the fault is not in a source text, and
  /// `place` (a file name, say) stands in front of the message instead.
  SourceRange range;
  std::string place;
  std::string message;
  std::vector<DiagnosticLabel> labels;
  std::vector<DiagnosticNote> notes;
  std::vector<DiagnosticFix> fixes;

  Diagnostic &label(SourceRange where, const llvm::Twine &text);
  Diagnostic &note(SourceRange where, const llvm::Twine &text);
  Diagnostic &note(const llvm::Twine &text) { return note({}, text); }
  /// A repair that a tool can apply; the message should already say it.
  Diagnostic &fix(SourceRange where, const llvm::Twine &replacement);
  /// Appends "; did you mean 'candidate'?" and the fix. An empty candidate
  /// (see `nearestName`) changes nothing.
  Diagnostic &didYouMean(SourceRange where, llvm::StringRef candidate);
};

/// Collects the diagnostics of a run. The same message at the same place is
/// kept once, so a block that is instantiated twelve times complains once.
class DiagnosticEngine {
public:
  explicit DiagnosticEngine(const SourceMap &sources) : sources(sources) {}
  DiagnosticEngine(const DiagnosticEngine &) = delete;
  DiagnosticEngine &operator=(const DiagnosticEngine &) = delete;

  /// The reference is good until the next diagnostic is added.
  Diagnostic &error(SourceRange range, const llvm::Twine &message);
  Diagnostic &warning(SourceRange range, const llvm::Twine &message);
  /// A fault outside any source text. `place` names what is at fault: a file,
  /// a flag. It may be empty.
  Diagnostic &errorAt(const llvm::Twine &place, const llvm::Twine &message);
  Diagnostic &warningAt(const llvm::Twine &place, const llvm::Twine &message);

  bool hasErrors() const { return numErrors != 0; }
  size_t errorCount() const { return numErrors; }
  size_t warningCount() const { return numWarnings; }
  const std::deque<Diagnostic> &diagnostics() const { return kept; }
  const SourceMap &sourceMap() const { return sources; }

private:
  Diagnostic &add(Severity severity, SourceRange range, std::string place, std::string message);

  const SourceMap &sources;
  std::deque<Diagnostic> kept;
  llvm::StringSet<> seen;
  Diagnostic dropped; ///< takes the chained calls of what is not kept
  size_t numErrors = 0;
  size_t numWarnings = 0;
};

struct RenderOptions {
  bool color = false;
  unsigned maxErrors = 20;
};

/// Prints all diagnostics, in the order of the source text within each file,
/// at most `maxErrors` errors and then "and N more errors". Control characters
/// in messages and source lines are made visible.
void renderDiagnostics(llvm::raw_ostream &out, const DiagnosticEngine &engine,
                       const RenderOptions &options = {});

/// Prints one diagnostic.
void renderDiagnostic(llvm::raw_ostream &out, const SourceMap &sources,
                      const Diagnostic &diagnostic, const RenderOptions &options = {});

/// The candidate that `name` is most likely a misspelling of: the smallest
/// edit distance, at most a third of the longer length, case and underscores
/// counting less. Empty when nothing is near. Ties go to the first candidate.
llvm::StringRef nearestName(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace nacre

#endif // NACRE_FRONTEND_DIAGNOSTICS_DIAGNOSTIC_H
