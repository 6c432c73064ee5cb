//===- PrecisionReport.h - the error of a lower precision -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_PRECISIONREPORT_H
#define NACRE_TOOLS_NACRE_PRECISIONREPORT_H

#include "frontend/weights/Npy.h"
#include "tools/nacre/Arguments.h"

#include "llvm/Support/raw_ostream.h"

#include <optional>

namespace nacre::tool {

/// How far the numbers of one output are from those that they should be.
struct OutputError {
  double relativeRms = 0; ///< root mean square of the difference, over that of the numbers
  double largest = 0;     ///< difference
  double magnitude = 0;   ///< largest, of the numbers themselves
  double cosine = 0;      ///< of the angle between both, seen as vectors
  /// Share of the rows whose largest number stands where it should; of rows of one number nothing.
  std::optional<double> sameLargest;
};

/// Compares two arrays of one type and shape. Numbers that are not finite are left out where both
/// agree, and give errors that are not finite where they do not.
OutputError compareOutputs(const NpyArray &expected, const NpyArray &got);

/// Runs two artifacts of one model, a .so each with its weights beside it, on the same inputs and
/// shows a table of the second one's errors. The entry that `arguments` name, or all. Sizes that
/// nobody gives are chosen. Reports what keeps it from doing so.
bool reportErrors(llvm::raw_ostream &out, llvm::StringRef exact, llvm::StringRef reduced,
                  llvm::StringRef target, const InputArguments &arguments, DiagnosticEngine &diags);

} // namespace nacre::tool

#endif
