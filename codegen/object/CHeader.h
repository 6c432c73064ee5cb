//===- CHeader.h - the C header of an artifact ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_CHEADER_H
#define NACRE_CODEGEN_OBJECT_CHEADER_H

#include "codegen/object/ArtifactData.h"

namespace nacre::object {

/// The text of `<name>.h`: documented C11, also good for C++.
std::string writeCHeader(const ArtifactInfo &info);

} // namespace nacre::object

#endif
