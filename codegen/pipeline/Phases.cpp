//===- Phases.cpp - the levels a program passes through --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/pipeline/Phases.h"

#include "codegen/cpu/Passes.h"
#include "codegen/object/ToLlvm.h"
#include "passes/Passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace nacre;

static constexpr PhaseInfo phases[] = {
    {Phase::nn, "nn", "the network as it was written", "the front end"},
    {Phase::nnOptimized, "nn-optimized", "fused, folded and simplified", "nn-optimize"},
    {Phase::nnQuantized, "nn-quantized", "every type that is stored or computed in is final",
     "nn-set-precision"},
    {Phase::dispatch, "dispatch", "what runs as one kernel, on which weights in which layout",
     "form-dispatches"},
    {Phase::loops, "loops", "one function of loops over vectors per kernel, entries that call them",
     "lower-dispatches"},
    {Phase::buffers, "buffers", "every buffer has its place in the arena", "plan-arena"},
    {Phase::llvm, "llvm", "the llvm dialect", "to-llvm"},
    {Phase::object, "object", "machine code", "the machine code generator"},
};

ArrayRef<PhaseInfo> nacre::allPhases() { return phases; }

const PhaseInfo &nacre::infoOf(Phase phase) { return phases[static_cast<size_t>(phase)]; }

std::optional<Phase> nacre::phaseFromName(StringRef name) {
  for (const PhaseInfo &info : phases)
    if (info.name == name)
      return info.phase;
  return std::nullopt;
}

void nacre::buildPhase(OpPassManager &manager, Phase phase, const cpu::CpuTarget &target,
                       std::optional<PrecisionChoice> precision) {
  switch (phase) {
  case Phase::nn:
    break;
  case Phase::nnQuantized:
    if (precision)
      manager.addNestedPass<func::FuncOp>(createSetPrecision(
          {nn::stringifyPrecision(precision->precision).str(), precision->groupSize}));
    break;
  case Phase::nnOptimized:
    buildOptimizePipeline(manager);
    break;
  case Phase::dispatch: {
    cpu::LegalizeForCpuOptions legalize;
    legalize.panel = target.panel();
    legalize.lanes = target.lanes;
    manager.addPass(cpu::createLegalizeForCpu(legalize));
    // Legal forms bring casts and transposes, some of them of weights; simplifying these can
    // fold one back into a product.
    buildSimplifyPipeline(manager);
    manager.addPass(cpu::createLegalizeForCpu(legalize));
    manager.addPass(createOutlineWeightExpressions());
    manager.addPass(createCSEPass());
    manager.addPass(cpu::createFormDispatches());
    break;
  }
  case Phase::loops: {
    cpu::LowerDispatchesOptions lower;
    lower.cpu = target.cpu;
    lower.features = target.features;
    manager.addPass(cpu::createLowerDispatches(lower));
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createCSEPass());
    break;
  }
  case Phase::buffers:
    manager.addPass(cpu::createPlanArena());
    manager.addPass(createCanonicalizerPass());
    break;
  case Phase::llvm:
    manager.addPass(cpu::createEmitEntries());
    object::buildToLlvmPipeline(manager);
    break;
  case Phase::object:
    return;
  }
  manager.addPass(createVerifyPhasePass(phase));
}

void nacre::registerPhases() {
  for (const PhaseInfo &info : phases) {
    if (info.phase == Phase::object)
      continue;
    Phase phase = info.phase;
    registerPassPipeline(
        "phase-" + info.name.str(), info.description,
        [phase](OpPassManager &manager, StringRef options,
                function_ref<LogicalResult(const Twine &)> error) -> LogicalResult {
          StringRef cpu = options;
          if (!cpu.empty() && !cpu.consume_front("cpu="))
            return error("the only option is cpu=NAME");
          std::string message;
          auto target = cpu::CpuTarget::get(cpu.empty() ? "native" : cpu, message);
          if (failed(target))
            return error(message);
          buildPhase(manager, phase, *target);
          return success();
        },
        [](function_ref<void(const detail::PassOptions &)>) {});
  }
}
