//===- Link.h - shared libraries and programs from objects ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_LINK_H
#define NACRE_CODEGEN_OBJECT_LINK_H

#include "mlir/Support/LLVM.h"

#include <string>

namespace nacre::object {

/// Links an object with the runtime archive into a shared library, by the system's C compiler.
/// Fails with a message.
mlir::LogicalResult linkSharedLibrary(llvm::StringRef object, llvm::StringRef runtimeArchive,
                                      llvm::StringRef output, std::string &error);

/// Links a program with the runtime archive out of an object and a C file that has `main`.
mlir::LogicalResult linkProgram(llvm::StringRef object, llvm::StringRef mainSource,
                                llvm::StringRef includeFolder, llvm::StringRef runtimeArchive,
                                llvm::StringRef output, std::string &error);

} // namespace nacre::object

#endif
