//===- ArtifactData.h - what the runtime reads in an object -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_ARTIFACTDATA_H
#define NACRE_CODEGEN_OBJECT_ARTIFACTDATA_H

#include "codegen/object/Signature.h"

#include "llvm/IR/Module.h"

#include <array>

namespace nacre::object {

using BuildId = std::array<uint8_t, 32>;

/// An instruction set that an artifact has code for.
struct TargetInfo {
  std::string name;        ///< "x86-64-v3"
  std::string cpuFeatures; ///< "avx2,fma"
  std::string suffix;      ///< of the names of its functions, "" for an only target
};

/// What an artifact says of itself.
struct ArtifactInfo {
  std::string name; ///< a C identifier
  std::vector<EntrySignature> entries;
  StateSignature state;
  uint64_t weightsSize = 0;
  std::vector<TargetInfo> targets; ///< the one to be preferred first
  std::string metadata;            ///< a JSON object
  BuildId buildId{};
};

/// Adds `<name>_artifact` (see the runtime's artifact.h) and the C functions of the generated
/// header to a module that has the entries' `.run`, `.shapes`, `.arena` and `.check` functions for
/// every target.
void addArtifact(llvm::Module &module, const ArtifactInfo &info);

} // namespace nacre::object

#endif
