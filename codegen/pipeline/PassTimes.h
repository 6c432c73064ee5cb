//===- PassTimes.h - how long each pass takes -------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_PIPELINE_PASSTIMES_H
#define NACRE_CODEGEN_PIPELINE_PASSTIMES_H

#include "mlir/Pass/PassManager.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nacre {

/// Flags of passes in the order in which they first ran, and seconds, added over all runs and
/// threads.
using PassTimes = std::vector<std::pair<std::string, double>>;

/// Has a manager's passes timed into `times`, which must live as long as the manager.
void timePasses(mlir::PassManager &manager, PassTimes &times);

} // namespace nacre

#endif
