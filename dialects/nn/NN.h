//===- NN.h - the nn dialect -----------------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NN_H
#define NACRE_DIALECTS_NN_NN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/nn/NNEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/nn/NNAttributes.h.inc"

#include "dialects/nn/NNDialect.h.inc"

namespace nacre::nn {

/// Each result element depends on the one element of each (broadcast) operand at its place.
template <typename ConcreteOp>
class Elementwise : public mlir::OpTrait::TraitBase<ConcreteOp, Elementwise> {};

/// The state variables, which keep their values from call to call.
struct StateResource : mlir::SideEffects::Resource::Base<StateResource> {
  llvm::StringRef getName() final { return "State"; }
};

/// True where both lists are ranked tensors of equal element types and ranks whose
/// sizes agree wherever both are static.
bool compatibleShapes(mlir::TypeRange inferred, mlir::TypeRange actual);

/// The broadcast of two shapes, or failure with the offending result dimension in `*where`.
/// A dimension broadcasts only where it is statically 1; of a static and a dynamic
/// size that meet, the static one is the result's.
mlir::FailureOr<llvm::SmallVector<int64_t>>
broadcastShapes(llvm::ArrayRef<int64_t> lhs, llvm::ArrayRef<int64_t> rhs, int64_t *where = nullptr);

/// The size of a dimension of `value`: an attribute where static, else a `tensor.dim`.
mlir::OpFoldResult dimOf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                         int64_t dimension);

} // namespace nacre::nn

#define GET_OP_CLASSES
#include "dialects/nn/NNOps.h.inc"

#endif
