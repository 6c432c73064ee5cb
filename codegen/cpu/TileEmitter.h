//===- TileEmitter.h - element-wise work at one place of a tile -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_TILEEMITTER_H
#define NACRE_CODEGEN_CPU_TILEEMITTER_H

#include "codegen/cpu/KernelBuilder.h"

namespace nacre::cpu {

/// A place in a kernel's domain, seen as rows (all dimensions but the last, row-major) and
/// columns (the last): `target.lanes` elements from column `column` of row `row`.
struct Place {
  mlir::Value row, column;
  /// Lanes inside the domain; none given where all are.
  mlir::Value mask;
  /// The row's indices in the leading dimensions, computed when first needed.
  llvm::SmallVector<mlir::Value> leading = {};
};

/// Evaluates the element-wise operations of a dispatch, vector by vector, inside whatever
/// loops a kernel has: the part of a kernel that comes after its accumulators, or the whole
/// of an element-wise kernel. Operands broadcast to the domain's shape.
class TileEmitter {
public:
  /// Prepares the operands of everything that `sink` depends on, down to the tensors in `roots`,
  /// at the builder's place, which must be outside the loops. Failure where an operand
  /// has no buffer.
  static mlir::FailureOr<TileEmitter> create(KernelBuilder &builder, mlir::Value sink,
                                             llvm::ArrayRef<mlir::Value> roots);

  /// The sink's vector at `place`, given the roots' vectors there.
  mlir::Value emit(Place &place, llvm::ArrayRef<mlir::Value> rootVectors);

  /// Stores a vector of the result at `place`.
  void store(mlir::Value vector, Place &place);

  /// Any element-wise operation at all, and one that needs more than a few registers.
  bool isIdentity() const { return roots.size() == 1 && sink == roots.front(); }
  bool isHeavy() const { return heavy; }
  /// Every operand is a scalar or has the domain's shape, so that rows may be ignored.
  bool isFlat() const { return flat; }

private:
  enum class Access { constant, scalar, column, place, general, gather };
  struct Leaf {
    Access access;
    mlir::Value buffer;     // or the value itself, for constant and scalar
    mlir::Value flatBuffer; // one-dimensional view, where `place`
    mlir::Value indices;    // of a gather
  };

  TileEmitter(KernelBuilder &builder, mlir::Value sink, llvm::ArrayRef<mlir::Value> roots)
      : b(builder), sink(sink), roots(roots.begin(), roots.end()) {}
  mlir::LogicalResult prepare(mlir::Value tensor);
  mlir::LogicalResult prepareLeaf(mlir::Value tensor);
  mlir::Value load(mlir::Value tensor, Place &place);
  mlir::Value positionIn(mlir::RankedTensorType type, Place &place);
  mlir::ValueRange leadingIndices(Place &place);
  llvm::SmallVector<mlir::Value> broadcastIndices(mlir::RankedTensorType type, Place &place);

  KernelBuilder &b;
  mlir::Value sink;
  llvm::SmallVector<mlir::Value> roots;
  llvm::SmallVector<mlir::Value> leadingSizes;
  mlir::Value rowsOfOutput;
  llvm::MapVector<mlir::Value, Leaf> leaves;
  llvm::SetVector<mlir::Value> visited;
  bool heavy = false, flat = true;
};

} // namespace nacre::cpu

#endif
