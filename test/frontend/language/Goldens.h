//===- Goldens.h - texts and what becomes of them ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A .cases file is a list of "=== name", a text, "---" and the expected output.
// NACRE_UPDATE_GOLDENS=1 writes today's output; read the difference before
// committing it.

#ifndef NACRE_TEST_FRONTEND_LANGUAGE_GOLDENS_H
#define NACRE_TEST_FRONTEND_LANGUAGE_GOLDENS_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

namespace nacre::test {

/// Runs every case of Inputs/<path> and compares; GoogleTest failures name the case.
void checkGoldens(llvm::StringRef path,
                  llvm::function_ref<std::string(llvm::StringRef source)> run);

} // namespace nacre::test

#endif
