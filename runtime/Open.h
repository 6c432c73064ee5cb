//===- Open.h - opening a model, with the processor as an argument -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "Cpu.h"
#include "nacre/nacre.h"

namespace nacre {

/// nacre_open_for; `has` stands for the processor, so that tests can take features away.
nacre_status open(const nacre_artifact *artifact, const char *weightsPath, const char *targetCpu,
                  CpuHasFeature has, nacre_model **model);

} // namespace nacre
