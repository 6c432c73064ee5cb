//===- CompiledKernel.h - a program compiled and loaded ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_TEST_CODEGEN_CPU_COMPILEDKERNEL_H
#define NACRE_TEST_CODEGEN_CPU_COMPILEDKERNEL_H

#include "codegen/object/WeightBuilder.h"
#include "test/codegen/cpu/GuardedMemory.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"

#include <memory>

struct nacre_artifact;
struct nacre_model;

namespace nacre::test {

/// A module compiled to an object and weights as `nacre compile` does, and loaded into this process
/// with the runtime that it links in products.
class CompiledKernel {
public:
  /// Null, with `error`, where compiling or loading fails, or without where this machine's CPU does
  /// not run the code.
  static std::unique_ptr<CompiledKernel> create(mlir::ModuleOp module, object::WeightSource weights,
                                                llvm::StringRef cpu, std::string &error);
  ~CompiledKernel();

  /// The dimension variables in the order in which `run` takes them.
  std::vector<std::string> variables() const;

  /// Why the entry does not accept these sizes, or nothing.
  std::string refusal(llvm::ArrayRef<int64_t> dims) const;

  /// Runs the entry: every buffer, the arena and the weights lie at the `edge` of their pages,
  /// outputs and arena begin with bytes of `fill`. `calls` of them follow each other with one
  /// state. Empty, or what went wrong; each of `outputs`, which come with types and shapes, gets
  /// its elements.
  std::string run(llvm::ArrayRef<interpreter::Tensor> inputs,
                  llvm::MutableArrayRef<interpreter::Tensor> outputs, llvm::ArrayRef<int64_t> dims,
                  int threads, Edge edge, char fill, int calls = 1);

private:
  CompiledKernel() = default;
  std::string load(const std::string &path, llvm::StringRef name);

  llvm::orc::JITDylib *library = nullptr;
  const nacre_artifact *artifact = nullptr;
  nacre_model *model = nullptr;
};

} // namespace nacre::test

#endif
