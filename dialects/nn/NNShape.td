//===- NNShape.td - operations that move or place elements -*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNSHAPE
#define NACRE_DIALECTS_NN_NNSHAPE

include "dialects/nn/NNBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

def NN_ReshapeOp : NN_Op<"reshape", [Pure, NN_Reifies]> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    The dynamic sizes of the result are given, in order, as index operands. Both shapes have the
    same number of elements; where that depends on dynamic sizes, the front end has proven it.

    - C1. The result has the input's element type.
    - C2. Where both shapes are static, their numbers of elements are equal.
    - C3. There is one size operand for each dynamic dimension of the result.

    Example:

    ```mlir
    %y = nn.reshape %x[%batch, %length] : tensor<?x?x768xf32> -> tensor<?x?x12x64xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$input, Variadic<Index>:$dynamic_sizes);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $input (`[` $dynamic_sizes^ `]`)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def NN_BroadcastOp : NN_Op<"broadcast", [Pure, NN_Reifies]> {
  let summary = "repeats elements along new or statically-1 dimensions";
  let description = [{
    Shapes are aligned at the last dimension; new dimensions stand before the input's. The dynamic
    sizes of the result are given, in order, as index operands. Operations that broadcast by
    themselves need none of this.

    - C1. The result has the input's element type.
    - C2. The input has at most the result's rank, and each of its dimensions is statically 1 or
      the result's.
    - C3. There is one size operand for each dynamic dimension of the result.

    Example:

    ```mlir
    %y = nn.broadcast %x[%batch] : tensor<1x768xf32> -> tensor<?x1x768xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$input, Variadic<Index>:$dynamic_sizes);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $input (`[` $dynamic_sizes^ `]`)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def NN_TransposeOp : NN_InferredOp<"transpose"> {
  let summary = "permutes dimensions: result dimension i is input dimension permutation[i]";
  let description = [{
    As `numpy.transpose`.

    - C1. The permutation names each dimension of the input once.
    - C2. The result has the permuted shape and the input's element type.

    Example:

    ```mlir
    %y = nn.transpose %x [0, 2, 1, 3] : tensor<?x?x12x64xf32> -> tensor<?x12x?x64xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def NN_PadOp : NN_InferredOp<"pad"> {
  let summary = "puts `value` around the input: low[i] before and high[i] after dimension i";
  let description = [{
    The value is a constant of the element type.

    - C1. `low` and `high` have one number for each dimension of the input.
    - C2. No number is negative, or 2^31 or more.
    - C3. The value has the input's element type.
    - C4. The result's sizes are `low + size + high`, its element type is the input's.

    Example:

    ```mlir
    %y = nn.pad %x low [0, 1] high [0, 2] value 0.0 : f32 : tensor<?x4xf32> -> tensor<?x7xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       TypedAttrInterface:$value);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $input `low` $low `high` $high `value` $value attr-dict `:` type($input) `->` type($result)
  }];
  let hasFolder = 1;
}

def NN_GatherOp : NN_InferredOp<"gather"> {
  let summary = "takes slices of `data` along `axis` by index, as numpy.take";
  let description = [{
    The result's shape is `data`'s with dimension `axis` replaced by `indices`' shape. A negative
    index counts from the end. An index outside the dimension is the caller's error: compiled
    code clamps it into range and reports nothing, so that no input reads foreign memory; the
    reference interpreter reports it.
    An embedding look-up is a gather along axis 0 of the table.

    - C1. `axis` is a dimension of `data`.
    - C2. The indices are i32 or i64.
    - C3. The result has the shape above and `data`'s element type.

    Example:

    ```mlir
    %y = nn.gather %table, %ids : tensor<50257x768xf32>, tensor<?x?xi64> -> tensor<?x?x768xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$data, NN_IndexTensor:$indices, DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $data `,` $indices attr-dict `:` type($data) `,` type($indices) `->` type($result)
  }];
}

def NN_IotaOp : NN_Op<"iota", [Pure, NN_Reifies]> {
  let summary = "0, 1, 2, ... in one dimension";
  let description = [{
    Counts in the element type: a float rounds, an integer wraps.

    - C1. The result has rank 1.
    - C2. There is a size operand exactly where the result is dynamic.

    Example:

    ```mlir
    %positions = nn.iota[%length] : tensor<?xi64>
    ```
  }];
  let arguments = (ins Optional<Index>:$dynamic_size);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "(`[` $dynamic_size^ `]`)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif
