//===- CpuTarget.h - the CPU that kernels are generated for -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_CPUTARGET_H
#define NACRE_CODEGEN_CPU_CPUTARGET_H

#include "mlir/Support/LLVM.h"

#include <string>

namespace nacre::cpu {

/// A CPU as the kernel generators see it: how wide and how many its registers are.
struct CpuTarget {
  /// What it was asked for as: "x86-64-v4+avx512vnni"; of "native", the CPU's name.
  std::string name;
  /// LLVM's names: the triple, the CPU, and its features as "+avx2,+fma,...".
  std::string triple, cpu, features;
  /// What code for this CPU may use and not every CPU of the triple has, in LLVM's names,
  /// sorted: "avx2,fma". An artifact refuses to start without.
  std::string required;
  /// f32 elements in a vector register.
  int64_t lanes = 4;
  /// Vector registers.
  int64_t registers = 16;
  /// Whether x * y + z is one instruction; where it is not, libm would be called for its rounding.
  bool fusedMultiplyAdd = true;
  /// Whether one instruction multiplies unsigned by signed bytes and sums fours of them in 32 bits.
  bool int8Dot = false;

  /// The target with LLVM's name `cpu` ("native" for the machine this runs on, its features
  /// included; "x86-64-v4+avx512vnni" for more features than the CPU is sure to have) and further
  /// `features`, or a message that names what is wrong.
  static mlir::FailureOr<CpuTarget> get(llvm::StringRef cpu, std::string &error,
                                        llvm::StringRef features = {});

  /// Columns of a weight panel: as many vectors as leave room for `tileRows` rows of
  /// accumulators, the panel's own vectors and one broadcast.
  int64_t panel() const { return lanes * (registers >= 32 ? 4 : 2); }
  /// Rows of a matmul tile held in registers. 6 x 64 on 32 registers and 6 x 16 on 16 leave
  /// none spilled, and stay under 8 rows, past which rows whose stride is a multiple of
  /// 4 KiB evict each other from the first cache.
  int64_t tileRows() const { return 6; }
};

} // namespace nacre::cpu

#endif
