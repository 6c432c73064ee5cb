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

    - C1. The block's arguments have the inputs' types.
    - C2. The block ends in an `nn.yield` of the result types.
    - C3. There is one result size for each dynamic dimension of the results.

    Example:

    ```mlir
    %y = nn.dispatch(%x, %w : tensor<?x4xf32>, tensor<8x4xf32>) sizes(%rows) -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x4xf32>, %b: tensor<8x4xf32>):
      %0 = nn.linear %a, %b : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
      %1 = nn.relu %0 : tensor<?x8xf32> -> tensor<?x8xf32>
      nn.yield %1 : tensor<?x8xf32>
    }
    ```
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

def NN_YieldOp : NN_Op<"yield", [Pure, Terminator,
                                 DeclareOpInterfaceMethods<RegionBranchTerminatorOpInterface>,
                                 ParentOneOf<["DispatchOp", "ScanOp", "WhileOp", "IfOp"]>]> {
  let summary = "ends a region with its results";
  let description = [{
    Of a dispatch or an `nn.if`, the values are the results; of an `nn.scan`, the next carries and then what is
    stacked; of an `nn.while`, the next flag and then the next carries.

    - C1. It stands in an `nn.dispatch`, `nn.scan`, `nn.while` or `nn.if`, which checks the values' types.

    Example:

    ```mlir
    nn.yield %y : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Variadic<NN_AnyTensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif
