//===- BufferViews.h - tensors that are views of other tensors --*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_BUFFERVIEWS_H
#define NACRE_CODEGEN_CPU_BUFFERVIEWS_H

#include "codegen/cpu/KernelBuilder.h"

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

namespace nacre::cpu {

/// How a reshape splits dimensions, where that is all it does: for each input dimension the
/// result dimensions that it becomes. Such a reshape of a strided buffer is a view, provided
/// that dynamic dimensions that meet have the same size, which types alone cannot tell.
std::optional<llvm::SmallVector<mlir::ReassociationIndices>>
splittingReshape(mlir::RankedTensorType from, mlir::RankedTensorType to);

/// True where `op` only says which elements of its first operand are meant, in a way that a
/// strided buffer can express (for a reshape, under the proviso of `splittingReshape`).
bool isView(mlir::Operation *op);

/// Where a part of the sizes `part` begins in a buffer of the sizes `whole`: the run-time `starts`
/// of `axes`, read where the builder stands and moved until the part fits, and 0 along the others.
mlir::FailureOr<llvm::SmallVector<mlir::Value>>
clampedStarts(KernelBuilder &builder, mlir::ValueRange starts, llvm::ArrayRef<int64_t> axes,
              mlir::ValueRange part, mlir::ValueRange whole);

/// The buffer of the result of a view operation inside a dispatch, built where the builder
/// stands; failure where the tensor is no chain of views of a block argument.
mlir::FailureOr<mlir::Value> viewOf(KernelBuilder &builder, mlir::Value tensor);

} // namespace nacre::cpu

#endif
