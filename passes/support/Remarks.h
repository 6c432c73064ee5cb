//===- Remarks.h - how passes say what they did -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_SUPPORT_REMARKS_H
#define NACRE_PASSES_SUPPORT_REMARKS_H

#include "mlir/IR/Remarks.h"
#include "mlir/Pass/Pass.h"

namespace nacre {

/// Counts one rewrite and reports it at `loc` as a remark of category `pass` named `name`.
/// Release builds of LLVM compile statistics out; remarks are there in every build.
inline void noteRewrite(mlir::Pass::Statistic &statistic, mlir::Location loc, llvm::StringRef pass,
                        llvm::StringRef name) {
  ++statistic;
  mlir::remark::passed(loc, mlir::remark::RemarkOpts::name(name).category(pass));
}

} // namespace nacre

#endif
