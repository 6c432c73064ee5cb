//===- Emitter.h - makes the IR of a model ----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Holds the module under construction and turns symbolic sizes and weights
// into IR values. The code of an entry is one block, and the regions of loops
// and choices that are decided when the code runs. Sizes and weights stand in
// the entry's own block, before the loop that is being made, so that all
// regions see them.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_FRONTEND_LANGUAGE_EMITTER_H
#define NACRE_FRONTEND_LANGUAGE_EMITTER_H

#include "dialects/nn/NN.h"
#include "frontend/language/Values.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#include <map>

namespace nacre::language {

/// Where an entry's dimension variable is found when the code runs: dimension `dimension` of
/// argument `argument`.
struct SizeSource {
  unsigned argument = 0;
  unsigned dimension = 0;
};

/// One argument or result of an entry.
struct Port {
  std::string name;
  TensorType type;
  std::string bounded = {}; ///< the name of a size known only after the run; else empty
  size_t axis = 0;          ///< the dimension that has it
};

class Emitter {
public:
  Emitter(mlir::ModuleOp module, DimContext &dims);

  /// Opens a function; its arguments' values are `argument(i)`.
  void beginEntry(llvm::StringRef name, mlir::Location loc, llvm::ArrayRef<Port> arguments);
  mlir::Value argument(unsigned index);
  /// Says where a dimension variable of the open entry comes from.
  void defineSize(DimSymbol symbol, SizeSource source) { sizeSources[symbol] = source; }
  /// Says which variables of the states are which sizes of the open entry.
  void setStates(llvm::ArrayRef<std::string> names,
                 llvm::ArrayRef<std::pair<std::string, std::string>> sizes);
  /// Closes the function: names its results and drops operations nobody uses.
  void endEntry(mlir::Location loc, llvm::ArrayRef<Port> results,
                llvm::ArrayRef<mlir::Value> values, llvm::StringRef doc);

  /// Declares the weights that were read, in this order, before all functions.
  void declareWeights(llvm::ArrayRef<const Weight *> weights,
                      llvm::function_ref<mlir::Location(const Weight &)> locationOf);

  /// Declares the states that entries use, after the weights.
  void declareStates(llvm::ArrayRef<const State *> states,
                     llvm::function_ref<mlir::Location(const State &)> locationOf);
  mlir::Value loadState(const State &state, const TensorType &type, mlir::Location loc);
  void storeState(const State &state, mlir::Value value, mlir::Location loc);

  /// Opens a region with one block of these arguments; what is made goes there, until the
  /// insertion point is set elsewhere.
  std::unique_ptr<mlir::Region> openRegion(mlir::TypeRange arguments, mlir::Location loc);
  /// The end of the entry's own block, where constants may stand.
  mlir::Block *entryBlock() { return &function.front(); }

  /// A size as an index value, or as an attribute where it is a number.
  mlir::Value size(const DimExpr &dim, mlir::Location loc);
  mlir::OpFoldResult sizeOrNumber(const DimExpr &dim, mlir::Location loc);
  /// The values of the sizes that `type` leaves open, in order.
  llvm::SmallVector<mlir::Value> dynamicSizes(llvm::ArrayRef<DimExpr> shape, mlir::Location loc);
  mlir::Value load(const Weight &weight, mlir::RankedTensorType type, mlir::Location loc);
  /// A tensor whose elements are all `number`.
  mlir::Value splat(mlir::RankedTensorType staticType, double number, mlir::Location loc);
  mlir::Value splat(mlir::RankedTensorType staticType, int64_t number, mlir::Location loc);
  /// A size as a rank-0 tensor of that element type.
  mlir::Value sizeTensor(const DimExpr &dim, mlir::Type element, mlir::Location loc);
  mlir::RankedTensorType lowerType(const TensorType &type);

  /// `OpTy` with the given result type, at the end of the open function.
  template <typename OpTy, typename... Args>
  mlir::Value make(mlir::Location loc, mlir::RankedTensorType type, Args &&...args) {
    return OpTy::create(builder, loc, type, std::forward<Args>(args)...);
  }

  mlir::OpBuilder builder;

private:
  struct Before {
    bool operator()(const DimExpr &a, const DimExpr &b) const { return a.before(b); }
  };
  mlir::Value sizeOfAtom(uint32_t atom, mlir::Location loc);
  mlir::Value buildSize(const DimExpr &dim, mlir::Location loc);
  mlir::ArrayAttr shapeAttr(llvm::ArrayRef<DimExpr> shape);

  mlir::ModuleOp module;
  DimContext &dims;
  mlir::func::FuncOp function;
  std::map<DimExpr, mlir::Value, Before> sizes;
  std::map<DimSymbol, SizeSource> sizeSources;
  llvm::StringMap<mlir::Value> loaded;
};

} // namespace nacre::language

#endif
