//===- Inputs.h - the arrays that an entry is fed ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_INPUTS_H
#define NACRE_TOOLS_NACRE_INPUTS_H

#include "frontend/diagnostics/Diagnostic.h"
#include "frontend/weights/Npy.h"
#include "tools/nacre/Arguments.h"
#include "tools/nacre/Signature.h"

#include <optional>

namespace nacre::tool {

struct PreparedInputs {
  std::vector<int64_t> sizes; ///< of the dimension variables
  std::vector<NpyArray> arrays;
  std::vector<int64_t> stateSizes; ///< of those of the state, where the entry uses one
};

/// The entry that --entry names, or the only one.
std::optional<size_t> chooseEntry(llvm::ArrayRef<Signature> entries,
                                  const InputArguments &arguments, DiagnosticEngine &diags);

/// Reads the files of --input, makes up the rest where --random says so, and finds the size of
/// every dimension variable from them and from --dim. Reports everything that does not fit.
std::optional<PreparedInputs> prepareInputs(const Signature &entry, const InputArguments &arguments,
                                            DiagnosticEngine &diags);

/// Fills an array with numbers that depend on the seed, the type and the shape only: floats in
/// [-1, 1), integers in [0, below), bools. The bytes of the shape must fit into memory.
void fillRandom(NpyArray &array, uint64_t seed, int64_t below);

} // namespace nacre::tool

#endif
