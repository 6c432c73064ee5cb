//===- CpuTarget.cpp - the CPU that kernels are generated for --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/CpuTarget.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

#include <memory>

using namespace mlir;
using namespace nacre::cpu;

FailureOr<CpuTarget> CpuTarget::get(StringRef cpu, std::string &error, StringRef features) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  CpuTarget result;
  result.triple = llvm::sys::getDefaultTargetTriple();
  llvm::Triple triple(result.triple);
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return failure();

  // Asked of a description of no CPU in particular: one made for an unknown name would print so.
  std::unique_ptr<llvm::MCSubtargetInfo> any(target->createMCSubtargetInfo(triple, "", ""));
  result.name = cpu.str();
  SmallVector<StringRef> added;
  cpu.split(added, '+');
  cpu = added.front();
  added.erase(added.begin());
  if (!any || (cpu != "native" && !any->isCPUStringValid(cpu))) {
    error = ("unknown target CPU '" + cpu + "'; use 'native' or a name such as 'x86-64-v3'").str();
    return failure();
  }
  if (cpu == "native") {
    result.cpu = llvm::sys::getHostCPUName().str();
    if (added.empty())
      result.name = result.cpu;
    SmallVector<std::string> features;
    for (auto &feature : llvm::sys::getHostCPUFeatures())
      features.push_back((feature.second ? "+" : "-") + feature.first().str());
    llvm::sort(features);
    result.features = llvm::join(features, ",");
  } else {
    result.cpu = cpu.str();
    result.features = features.str();
  }
  for (StringRef feature : added) {
    auto isNamed = [&](const llvm::SubtargetFeatureKV &known) { return feature == known.Key; };
    if (llvm::none_of(any->getAllProcessorFeatures(), isNamed)) {
      error = ("'" + result.name + "': unknown feature '" + feature +
               "' of a target CPU; use LLVM's names, such as 'avx512vnni'")
                  .str();
      return failure();
    }
    result.features += (result.features.empty() ? "+" : ",+") + feature.str();
  }
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      target->createMCSubtargetInfo(triple, result.cpu, result.features));
  if (!info) {
    error = "LLVM cannot generate code for '" + result.cpu + "'";
    return failure();
  }
  if (triple.isX86()) {
    bool avx512 = info->checkFeatures("+avx512f,+avx512vl,+avx512dq,+avx512bw");
    bool avx2 = info->checkFeatures("+avx2,+fma");
    result.lanes = avx512 ? 16 : avx2 ? 8 : 4;
    result.registers = avx512 ? 32 : 16;
    result.fusedMultiplyAdd = info->checkFeatures("+fma");
    result.int8Dot = info->checkFeatures(avx512 ? "+avx512vnni" : "+avxvnni");
    // All that LLVM may use unasked, by names that the runtime knows.
    for (llvm::StringRef feature :
         {"avx",        "avx2",         "avx512bf16", "avx512bitalg", "avx512bw",
          "avx512cd",   "avx512dq",     "avx512f",    "avx512fp16",   "avx512ifma",
          "avx512vbmi", "avx512vbmi2",  "avx512vl",   "avx512vnni",   "avx512vpopcntdq",
          "avxifma",    "avxneconvert", "avxvnni",    "avxvnniint16", "avxvnniint8",
          "bmi",        "bmi2",         "f16c",       "fma",          "gfni",
          "lzcnt",      "movbe",        "popcnt",     "sse3",         "sse4.1",
          "sse4.2",     "ssse3"})
      if (info->checkFeatures(("+" + feature).str()))
        result.required += (result.required.empty() ? "" : ",") + feature.str();
    // LLVM prefers 256-bit vectors on some CPUs that run 512-bit ones at full speed.
    if (avx512 && !StringRef(result.features).contains("-prefer-256-bit"))
      result.features += (result.features.empty() ? "" : ",") + std::string("-prefer-256-bit");
  } else {
    result.lanes = 4;
    result.registers = 32;
  }
  return result;
}
