//===- NNDispatch.td - what runs as one kernel -------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNDISPATCH
#define NACRE_DIALECTS_NN_NNDISPATCH

include "dialects/nn/NNBase.td"

def NN_DispatchOp : NN_Op<"dispatch", [Pure, IsolatedFromAbove, AttrSizedOperandSegments, SingleBlock]> {
  let summary = "a group of operations that runs as one kernel";
  let description = [{
    The block's arguments are the operands: tensors, and index values for sizes that no tensor
    carries. `result_sizes` gives the dynamic dimensions of all results in order, so that a
    buffer can be allocated without looking inside.
  }];
  let arguments = (ins Variadic<AnyType>:$inputs, Variadic<Index>:$result_sizes);
  let results = (outs Variadic<NN_AnyTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` ($inputs^ `:` type($inputs))? `)` (`sizes` `(` $result_sizes^ `)`)? `->` type($results)
    attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def NN_YieldOp : NN_Op<"yield", [Pure, ReturnLike, Terminator, ParentOneOf<["DispatchOp"]>]> {
  let summary = "ends a dispatch with its results";
  let arguments = (ins Variadic<NN_AnyTensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif
