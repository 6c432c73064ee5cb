//===- Phases.h - the levels a program passes through -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_PIPELINE_PHASES_H
#define NACRE_CODEGEN_PIPELINE_PHASES_H

#include "codegen/cpu/CpuTarget.h"
#include "dialects/nn/NN.h"

#include "mlir/Pass/PassManager.h"

#include <optional>

namespace nacre {

/// In order; each is what its pipeline leaves behind.
enum class Phase { nn, nnOptimized, nnQuantized, dispatch, loops, buffers, llvm, object };

struct PhaseInfo {
  Phase phase;
  llvm::StringLiteral name;
  llvm::StringLiteral description;
  /// The pass to look at when the phase's verifier complains.
  llvm::StringLiteral culprit;
};

/// All phases in order.
llvm::ArrayRef<PhaseInfo> allPhases();
const PhaseInfo &infoOf(Phase phase);
std::optional<Phase> phaseFromName(llvm::StringRef name);

/// What linear layers may be computed in.
struct PrecisionChoice {
  nn::Precision precision;
  /// Weights that share a scale, where the precision has groups.
  int64_t groupSize = 32;
};

/// Adds the passes that lead from the phase before to `phase`, and its verifier. Nothing for
/// `nn`, where programs begin, but the verifier; `object` has no passes of its own.
/// `precision` is what the phase nn-quantized may lower linear layers to.
void buildPhase(mlir::OpPassManager &manager, Phase phase, const cpu::CpuTarget &target,
                std::optional<PrecisionChoice> precision = std::nullopt);

/// Checks that a module holds only what belongs to a phase.
std::unique_ptr<mlir::Pass> createVerifyPhasePass(Phase phase);

/// Makes each phase known to nacre-opt as `phase-<name>`.
void registerPhases();

} // namespace nacre

#endif
