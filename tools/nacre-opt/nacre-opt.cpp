//===- nacre-opt.cpp - runs passes and phases on MLIR text -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Passes.h"
#include "codegen/object/ToLlvm.h"
#include "codegen/pipeline/Phases.h"
#include "dialects/nn/NN.h"
#include "passes/Passes.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<nacre::nn::NNDialect>();
  mlir::registerAllPasses();
  nacre::registerPasses();
  nacre::cpu::registerCpuPasses();
  nacre::object::registerObjectPasses();
  nacre::registerPhases();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "nacre-opt: runs Nacre's passes and phases\n", registry));
}
