//===- MachineCode.h - from the llvm dialect to a file ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_OBJECT_MACHINECODE_H
#define NACRE_CODEGEN_OBJECT_MACHINECODE_H

#include "codegen/cpu/CpuTarget.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"

#include <memory>

namespace nacre::object {

/// Translates a module of the llvm dialect; functions other than the runtime's become internal and
/// get `suffix` to their names. Null on failure, after an error.
std::unique_ptr<llvm::Module> translate(mlir::ModuleOp module, llvm::LLVMContext &context,
                                        const cpu::CpuTarget &target, llvm::StringRef suffix);

/// Moves what `part` defines into `whole`; both come from `translate`, with other suffixes.
mlir::LogicalResult join(llvm::Module &whole, std::unique_ptr<llvm::Module> part);

/// Optimises a module, in place: functions that `translate` made for their own targets, others for
/// `target`.
void optimize(llvm::Module &module, const cpu::CpuTarget &target);

/// The machine code of a module as an object file, or as assembly text; for targets as above.
llvm::SmallString<0> emitMachineCode(llvm::Module &module, const cpu::CpuTarget &target,
                                     bool assembly);

} // namespace nacre::object

#endif
