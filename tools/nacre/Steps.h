//===- Steps.h - what an artifact says of its kernels -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_STEPS_H
#define NACRE_TOOLS_NACRE_STEPS_H

#include "frontend/diagnostics/Diagnostic.h"
#include "tools/nacre/Probes.h"
#include "tools/nacre/Signature.h"

#include <optional>
#include <string>
#include <vector>

namespace nacre::tool {

/// What a step computes and moves with the sizes of one call. Nothing where it is not known.
struct StepCost {
  std::optional<double> flops, read, weights, written;

  /// All bytes, and those that are no weights.
  std::optional<double> bytes() const;
  std::optional<double> activations() const;
  /// Of so many rounds.
  StepCost times(uint64_t rounds) const;
};

/// What runs at a time: a kernel, or several that do not need each other.
struct Step {
  std::string name;  ///< of the kernel's function; several are joined with "+"
  std::string label; ///< shorter: what it computes, and the kernel's number
  std::string part;  ///< of the model; may be empty
  std::string line;  ///< "bert.ncr:52", or empty
  std::vector<std::string> ops;
  Roof arithmetic = Roof::Fma; ///< that does its products
  StepCost cost;
};

/// The steps of an entry, in the order in which they run, from an artifact's metadata. Reports
/// metadata that says nothing of them.
std::optional<std::vector<Step>> readSteps(llvm::StringRef metadata, const Signature &entry,
                                           llvm::ArrayRef<int64_t> sizes, llvm::StringRef path,
                                           DiagnosticEngine &diags);

} // namespace nacre::tool

#endif
