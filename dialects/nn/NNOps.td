//===- NNOps.td - operations of the nn dialect -------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNOPS
#define NACRE_DIALECTS_NN_NNOPS

include "dialects/nn/NNDialect.td"
include "dialects/nn/NNElementwise.td"
include "dialects/nn/NNShape.td"
include "dialects/nn/NNLinear.td"
include "dialects/nn/NNReduce.td"
include "dialects/nn/NNDispatch.td"
include "dialects/nn/NNPacked.td"
include "dialects/nn/NNIndex.td"
include "dialects/nn/NNControl.td"

#endif
