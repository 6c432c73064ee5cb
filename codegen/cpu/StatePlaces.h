//===- StatePlaces.h - state variables that are updated in place -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_STATEPLACES_H
#define NACRE_CODEGEN_CPU_STATEPLACES_H

#include "dialects/nn/NN.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace nacre::cpu {

/// The value that a tensor is a reshape of.
mlir::Value sourceOf(mlir::Value tensor);

/// Decides where the values of state variables are written, between the forming of an entry's
/// dispatches and the end of the phase. A loaded value is the state's memory itself, so a later
/// store must not be seen in it.
class StatePlaces {
public:
  /// Makes a dispatch before an operation that copies a value.
  using Copy = llvm::function_ref<mlir::Value(mlir::Operation *before, mlir::Value value)>;

  /// `placed` has the values that are written in a place of their own, and gets those that are
  /// written in a state's.
  StatePlaces(mlir::func::FuncOp entry, llvm::DenseSet<mlir::Value> &placed, Copy copy);

  /// Lets each store have a dispatch that writes the state's memory: the one that computes the
  /// value, where nothing reads the older value after it, else a copy. Insertions into the
  /// state's own value are marked to run in place.
  void placeStores();

  /// Copies older values ahead of stores that come before a use of them.
  void keepOlderValues();

private:
  struct Store {
    nn::StateStoreOp op;
    mlir::Operation *write; // what changes the memory: a dispatch, until one is chosen the store
  };

  /// Values that are the memory of the store's state.
  llvm::SmallVector<mlir::Value> aliases(llvm::StringRef state);
  bool canWrite(Store &store, nn::DispatchOp dispatch);
  bool isHidden(mlir::Value value, llvm::StringRef state, mlir::Operation *use);
  void markInPlace(Store &store);

  mlir::func::FuncOp entry;
  llvm::DenseSet<mlir::Value> &placed;
  Copy copy;
  llvm::SmallVector<Store> stores;
};

} // namespace nacre::cpu

#endif
