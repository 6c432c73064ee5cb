//===- Interpret.h - run --interpret ----------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_INTERPRET_H
#define NACRE_TOOLS_NACRE_INTERPRET_H

#include "frontend/weights/Npy.h"
#include "tools/nacre/Session.h"
#include "tools/nacre/Signature.h"

namespace nacre::tool {

/// The entries of a model file.
std::vector<Signature> signaturesOf(const language::ModelSummary &summary);

/// Evaluates an entry in the reference interpreter. Reports what keeps it from doing so.
std::optional<std::vector<NpyArray>> interpretEntry(LoadedModel &model, const Signature &entry,
                                                    llvm::ArrayRef<NpyArray> inputs,
                                                    DiagnosticEngine &diags);

} // namespace nacre::tool

#endif
