//===- AttentionKernels.h - the forms that attention runs in ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_ATTENTIONKERNELS_H
#define NACRE_CODEGEN_CPU_ATTENTIONKERNELS_H

#include "codegen/cpu/AttentionMask.h"

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace nacre::cpu {

/// Attention of up to so many queries reads keys once for all of them: `emitAttentionDecode`.
constexpr int64_t mostDecodedQueries = 16;
/// Keys of one part, where threads share those of a row.
constexpr int64_t decodedSpan = 1024;

/// For many queries: limited by arithmetic.
void emitAttentionTiles(const AttentionOperands &operands);
/// For few queries: limited by reading keys and values, which it does once for all queries and
/// heads that share them. Writes parts where the operation has a span.
void emitAttentionDecode(const AttentionOperands &operands);

/// The patterns of `legalize-for-cpu` that bring attention into these forms.
void addAttentionPatterns(mlir::RewritePatternSet &patterns);

/// Transposes as many vectors as a vector has lanes.
void transpose(KernelBuilder &builder, llvm::MutableArrayRef<mlir::Value> rows);

} // namespace nacre::cpu

#endif
