//===- Outputs.h - what `nacre run` shows and writes ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_OUTPUTS_H
#define NACRE_TOOLS_NACRE_OUTPUTS_H

#include "frontend/weights/Npy.h"
#include "tools/nacre/Signature.h"

#include "llvm/Support/raw_ostream.h"

namespace nacre::tool {

/// Cuts outputs that are only as long as another output says.
std::vector<NpyArray> trimOutputs(llvm::ArrayRef<Port> ports, llvm::ArrayRef<NpyArray> arrays);

/// A table with a row per output: shape, least, greatest and mean value, the first values.
void printOutputs(llvm::raw_ostream &out, llvm::ArrayRef<Port> ports,
                  llvm::ArrayRef<NpyArray> arrays);

/// The times of repeated runs: fastest, median, slowest.
void printTimes(llvm::raw_ostream &out, std::vector<double> seconds);

/// Writes `folder`/NAME.npy for each output, and makes the folder where there is none.
bool writeOutputs(llvm::StringRef folder, llvm::ArrayRef<Port> ports,
                  llvm::ArrayRef<NpyArray> arrays, DiagnosticEngine &diags);

} // namespace nacre::tool

#endif
