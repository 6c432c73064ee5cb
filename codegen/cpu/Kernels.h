//===- Kernels.h - the kernel generators ------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_KERNELS_H
#define NACRE_CODEGEN_CPU_KERNELS_H

#include "codegen/cpu/KernelBuilder.h"

namespace nacre::cpu {

/// The operation that decides which generator writes a dispatch: the one that is neither
/// element-wise nor a view; null for purely element-wise dispatches.
mlir::Operation *rootOf(nn::DispatchOp dispatch);

/// The result's buffer as the root writes it: the result may leave transposed.
mlir::Value resultView(KernelBuilder &builder);

/// True where element-wise operations on the result of `op` may join its dispatch.
bool takesEpilogue(mlir::Operation *op);
/// True where operand `i` of `op` may be a strided view.
bool takesView(mlir::Operation *op, unsigned i);
/// True where a transpose of the result may join the dispatch of `op`.
bool takesResultTranspose(mlir::Operation *op);
/// True where some generator writes `op`.
bool hasKernel(mlir::Operation *op);

/// True where elements of `op` depend on their place: an element-wise kernel computes them there.
bool isPlaced(mlir::Operation *op);

/// Writes the kernel of the builder's dispatch.
mlir::LogicalResult emitKernel(KernelBuilder &builder);

/// The row that a gather reads for an index value: counted from the end where negative,
/// and clamped into `size` so that no input reads foreign memory.
mlir::Value clampIndex(KernelBuilder &builder, mlir::Value raw, mlir::Value size);

// One generator per family; `root` is rootOf(dispatch).
mlir::LogicalResult emitElementwiseKernel(KernelBuilder &builder);
mlir::LogicalResult emitPackedLinear(KernelBuilder &builder, nn::PackedLinearOp root);
mlir::LogicalResult emitPackedLinearInt8(KernelBuilder &builder, nn::PackedLinearInt8Op root);
mlir::LogicalResult emitPackedLinearGroups(KernelBuilder &builder, nn::PackedLinearGroupsOp root);
mlir::LogicalResult emitPackedConv(KernelBuilder &builder, nn::PackedConvOp root);
mlir::LogicalResult emitWinogradConv(KernelBuilder &builder, nn::WinogradConvOp root);
mlir::LogicalResult emitDepthwiseConv(KernelBuilder &builder, nn::DepthwiseConvOp root);
mlir::LogicalResult emitMatmul(KernelBuilder &builder, nn::MatmulOp root);
mlir::LogicalResult emitAttention(KernelBuilder &builder, nn::AttentionOp root);
mlir::LogicalResult emitAttentionMerge(KernelBuilder &builder, nn::AttentionMergeOp root);
mlir::LogicalResult emitSoftmax(KernelBuilder &builder, nn::SoftmaxOp root);
mlir::LogicalResult emitLayerNorm(KernelBuilder &builder, nn::LayerNormOp root);
mlir::LogicalResult emitRmsNorm(KernelBuilder &builder, nn::RmsNormOp root);
mlir::LogicalResult emitGroupNorm(KernelBuilder &builder, nn::GroupNormOp root);
mlir::LogicalResult emitQuantizeRows(KernelBuilder &builder, nn::QuantizeRowsOp root);
mlir::LogicalResult emitReduce(KernelBuilder &builder, nn::ReduceOp root);
mlir::LogicalResult emitPool(KernelBuilder &builder, nn::PoolOp root);
mlir::LogicalResult emitGather(KernelBuilder &builder, nn::GatherOp root);
mlir::LogicalResult emitConcat(KernelBuilder &builder, mlir::tensor::ConcatOp root);
mlir::LogicalResult emitPad(KernelBuilder &builder, nn::PadOp root);
mlir::LogicalResult emitPack(KernelBuilder &builder, nn::PackOp root);
mlir::LogicalResult emitRotary(KernelBuilder &builder, nn::RotaryOp root);
mlir::LogicalResult emitInsert(KernelBuilder &builder, nn::InsertOp root);
mlir::LogicalResult emitIota(KernelBuilder &builder, nn::IotaOp root);
mlir::LogicalResult emitArgReduce(KernelBuilder &builder, nn::ArgReduceOp root);
mlir::LogicalResult emitTopK(KernelBuilder &builder, nn::TopKOp root);
mlir::LogicalResult emitArgSort(KernelBuilder &builder, nn::ArgSortOp root);
mlir::LogicalResult emitCumulative(KernelBuilder &builder, nn::CumulativeOp root);
mlir::LogicalResult emitScatter(KernelBuilder &builder, nn::ScatterOp root);
mlir::LogicalResult emitTakeAlong(KernelBuilder &builder, nn::TakeAlongOp root);

} // namespace nacre::cpu

#endif
