//===- Metadata.h - what an artifact says of its kernels --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_METADATA_H
#define NACRE_CODEGEN_OBJECT_METADATA_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace nacre::object {

/// Adds the kernels of a module in phase `buffers` to `metadata`, a JSON object: `kernels`, each
/// distinct one once, and `entries`, for each entry its steps in order. A step is what runs between
/// two barriers, a list of calls [kernel, part, line], or a decision, which has none; one in a loop
/// stands there once. docs/artifact.md has an example.
std::string addKernels(const std::string &metadata, mlir::ModuleOp module);

} // namespace nacre::object

#endif
