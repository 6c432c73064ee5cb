//===- Flops.cpp - how much an entry computes -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Flops.h"

#include "dialects/nn/Cost.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::tool;

FlopCount nacre::tool::countFlops(func::FuncOp entry, DimContext &dims,
                                  std::map<std::string, DimSymbol> &variables) {
  nn::SymbolicSizes sizes(dims);
  sizes.setArguments(entry, [&](const std::string &name) {
    auto [at, isNew] = variables.try_emplace(name, 0);
    if (isNew)
      at->second = dims.addSymbol(name);
    return dims.get(at->second);
  });
  // Shapes are asked for in front of the operation, so the list must not grow while it is walked.
  SmallVector<Operation *> operations;
  entry.walk([&](Operation *op) {
    if (op->getNumResults() == 1 && isa<RankedTensorType>(op->getResult(0).getType()))
      operations.push_back(op);
  });

  FlopCount counted;
  for (Operation *op : operations) {
    DimExpr flops = nn::flopsOf(op, sizes);
    for (auto scan = op->getParentOfType<nn::ScanOp>(); scan;
         scan = scan->getParentOfType<nn::ScanOp>())
      flops = flops * sizes.rounds(scan);
    if (flops.isConstant(0))
      continue;
    counted.total = counted.total + flops;
    std::string part;
    if (auto name = dyn_cast<NameLoc>(op->getLoc()))
      part = name.getName().str();
    auto [at, isNew] = counted.byPart.try_emplace(part, flops);
    if (!isNew)
      at->second = at->second + flops;
  }
  return counted;
}
