//===- VectorFunctions.h - elementary functions on f32 vectors --*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_CODEGEN_CPU_VECTORFUNCTIONS_H
#define NACRE_CODEGEN_CPU_VECTORFUNCTIONS_H

#include "codegen/cpu/VectorArithmetic.h"

namespace nacre::cpu {

// Functions of f32 scalars and vectors, written as arithmetic without a call. Each comes within 2
// ulp of the exact value over the whole range, denormal arguments and results included, on every
// CPU; test/codegen/cpu/VectorFunctionsTest.cpp tries all exponents. NaN stays NaN, infinities give
// limits, and zeros keep their signs.
//
// A bound of 2 ulp leaves room for about three roundings. Where a formula has more, those that
// matter are made up for by the residual of a quotient, which FMA gives exactly; a CPU without FMA
// computes such functions in double precision.

/// e^x. Of other float types too, by libm.
mlir::Value emitExp(KernelBuilder &builder, mlir::Value x);
mlir::Value emitLog(KernelBuilder &builder, mlir::Value x);
/// x^y with all special cases of C's pow.
mlir::Value emitPow(KernelBuilder &builder, mlir::Value x, mlir::Value y);
mlir::Value emitRsqrt(KernelBuilder &builder, mlir::Value x);

mlir::Value emitSin(KernelBuilder &builder, mlir::Value x);
mlir::Value emitCos(KernelBuilder &builder, mlir::Value x);

mlir::Value emitTanh(KernelBuilder &builder, mlir::Value x);
/// The error function.
mlir::Value emitErf(KernelBuilder &builder, mlir::Value x);
/// 1 / (1 + e^-x).
mlir::Value emitSigmoid(KernelBuilder &builder, mlir::Value x);
/// x / (1 + e^-x); at minus infinity 0.
mlir::Value emitSilu(KernelBuilder &builder, mlir::Value x);
/// log(1 + e^x).
mlir::Value emitSoftplus(KernelBuilder &builder, mlir::Value x);
/// x Phi(x), where Phi is the normal distribution's function; at minus infinity 0.
mlir::Value emitGeluErf(KernelBuilder &builder, mlir::Value x);
/// x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2; at minus infinity 0.
mlir::Value emitGeluTanh(KernelBuilder &builder, mlir::Value x);
/// negative * (e^x - 1) below zero, positive * x elsewhere: elu and selu.
mlir::Value emitElu(KernelBuilder &builder, mlir::Value x, double negative, double positive);

/// Computes a function of an f32 in f32, or, where the CPU has no FMA, in double precision.
mlir::Value
inEnoughPrecision(KernelBuilder &builder, mlir::Value x,
                  llvm::function_ref<mlir::Value(const VectorArithmetic &, mlir::Value)> function);

} // namespace nacre::cpu

#endif
