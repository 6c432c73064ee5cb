//===- Signature.h - what goes into an entry and what comes out -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TOOLS_NACRE_SIGNATURE_H
#define NACRE_TOOLS_NACRE_SIGNATURE_H

#include "frontend/weights/StorageType.h"

#include <optional>
#include <string>
#include <vector>

namespace nacre::tool {

/// A number, a dimension variable, or a formula of several that only compiled code knows.
struct PortSize {
  std::optional<int64_t> number;
  std::optional<unsigned> variable; ///< index in Signature::variables
};

struct Port {
  std::string name;
  std::string type; ///< as the model file says it: "f32[B, S, 768]"
  StorageType element = StorageType::F32;
  std::vector<PortSize> shape;
  /// Of an output that is only as long along an axis as another output says.
  std::optional<unsigned> lengthAxis;
  unsigned lengthOutput = 0; ///< index in Signature::outputs
};

/// An entry, of an artifact or of a model that is to be interpreted.
struct Signature {
  std::string name;
  std::vector<std::string> variables;
  std::vector<Port> inputs;
  std::vector<Port> outputs;

  /// Whether it runs with a state of the model, whose sizes are variables of their own.
  bool usesState = false;
  std::vector<std::string> stateVariables;
  /// What each of them is in a call: a number, a variable of the entry, or neither where the entry
  /// has nothing to do with it.
  std::vector<PortSize> stateSizes;
};

} // namespace nacre::tool

#endif
