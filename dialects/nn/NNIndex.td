//===- NNIndex.td - indices, order, running sums, random numbers -*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNINDEX
#define NACRE_DIALECTS_NN_NNINDEX

include "dialects/nn/NNBase.td"

def NN_ScatterMode : NN_I32Enum<"ScatterMode", "how an update meets what is there", [
  I32EnumAttrCase<"set", 0>, I32EnumAttrCase<"add", 1>, I32EnumAttrCase<"max", 2>,
  I32EnumAttrCase<"min", 3>]>;
def NN_ScatterModeAttr : EnumAttr<NN_Dialect, NN_ScatterMode, "scatter_mode">;

def NN_RandomKind : NN_I32Enum<"RandomKind", "how random bits are spread", [
  I32EnumAttrCase<"bits", 0>, I32EnumAttrCase<"uniform", 1>, I32EnumAttrCase<"normal", 2>,
  I32EnumAttrCase<"gumbel", 3>]>;
def NN_RandomKindAttr : EnumAttr<NN_Dialect, NN_RandomKind, "random_kind">;

def NN_ArgReduceOp : NN_InferredOp<"arg_reduce"> {
  let summary = "the place of the largest or smallest element along `axis`";
  let description = [{
    As `numpy.argmax` and `numpy.argmin`: of equal elements the first one's index, and where there is
    a NaN, the first NaN's. The axis disappears, or stays with size 1 under `keep_dims`.
    Of no elements: 0.

    - C1. `axis` is a dimension of the input.
    - C2. The kind is `max` or `min`.
    - C3. The result has the remaining shape and element type `i64`.

    Example:

    ```mlir
    %i = nn.arg_reduce max %x {axis = 1 : i64} : tensor<?x50257xf32> -> tensor<?xi64>
    ```
  }];
  let arguments = (ins NN_ReductionAttr:$kind, NN_AnyTensor:$input, I64Attr:$axis,
                       UnitAttr:$keep_dims);
  let results = (outs NN_IndexTensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` type($input) `->` type($result)";
}

def NN_TopKOp : NN_InferredOp<"top_k"> {
  let summary = "the places of the `k` largest elements along `axis`, the largest first";
  let description = [{
    Equal elements come in the order of their indices. A NaN counts as larger than any number, as in
    `nn.arg_reduce max`. `nn.take_along` gives the elements themselves.

    - C1. `axis` is a dimension of the input.
    - C2. `k` is positive and below 2^31, and no larger than the dimension where that is static.
    - C3. The result has the input's shape with k for the dimension, and element type `i64`.

    A dimension that turns out to be smaller than k at run time is the caller's error: the indices
    behind its elements are then zeros.

    Example:

    ```mlir
    %i = nn.top_k %x {k = 50 : i64, axis = 1 : i64} : tensor<?x50257xf32> -> tensor<?x50xi64>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$input, I64Attr:$k, I64Attr:$axis);
  let results = (outs NN_IndexTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def NN_ArgSortOp : NN_InferredOp<"arg_sort"> {
  let summary = "the indices that sort the elements along `axis`";
  let description = [{
    Rising, or falling with `descending`; equal elements come in the order of their indices, NaN after
    all numbers either way. `nn.take_along` gives the sorted elements.

    - C1. `axis` is a dimension of the input.
    - C2. The result has the input's shape and element type `i64`.

    Example:

    ```mlir
    %i = nn.arg_sort %x {axis = 1 : i64, descending} : tensor<?x50257xf32> -> tensor<?x50257xi64>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$input, I64Attr:$axis, UnitAttr:$descending);
  let results = (outs NN_IndexTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def NN_CumulativeOp : NN_InferredOp<"cumulative"> {
  let summary = "combines each element with all before it along `axis`";
  let description = [{
    Running `sum`, `prod`, `max` or `min`. With `exclusive` an element itself does not count: the first
    result is the value of no elements, as in `nn.reduce`. With `reverse` it is all elements
    behind that count. NaN spreads to all later results; integers wrap. Sums of floats are in the
    element type or wider, in an order that is the target's.

    - C1. `axis` is a dimension of the input.
    - C2. The kind is not `mean`.
    - C3. The input holds numbers, and the result has its type.

    Example:

    ```mlir
    %y = nn.cumulative sum %x {axis = 1 : i64, exclusive} : tensor<?x512xf32> -> tensor<?x512xf32>
    ```
  }];
  let arguments = (ins NN_ReductionAttr:$kind, NN_AnyTensor:$input, I64Attr:$axis,
                       UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` type($input) `->` type($result)";
}

def NN_ScatterOp : NN_InferredOp<"scatter"> {
  let summary = "`data` with slices along `axis` replaced or combined by index";
  let description = [{
    The inverse of `nn.gather`: slice `j` of the updates meets slice `indices[j]` of the data. `set`
    replaces it; `add`, `max` and `min` combine (NaN as in `nn.maximum`; integers wrap). Where an index
    occurs several times its updates are taken in order, so that of `set` the last one stays. A
    negative index counts from the end. An index outside the dimension is the caller's error:
    compiled code clamps it into range and reports nothing; the reference interpreter reports it.

    - C1. `axis` is a dimension of the data.
    - C2. The indices are i32 or i64.
    - C3. The updates have the data's element type, and the shape that `nn.gather` of these indices gives.
    - C4. Bools can only be `set`.
    - C5. The result has the data's type.

    Example:

    ```mlir
    %y = nn.scatter add %x, %ids, %u {axis = 0 : i64} : tensor<100x8xf32>, tensor<?xi64>, tensor<?x8xf32> -> tensor<100x8xf32>
    ```
  }];
  let arguments = (ins NN_ScatterModeAttr:$mode, NN_AnyTensor:$data, NN_IndexTensor:$indices,
                       NN_AnyTensor:$updates, DefaultValuedAttr<I64Attr, "0">:$axis);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $mode $data `,` $indices `,` $updates attr-dict `:` type($data) `,` type($indices) `,`
    type($updates) `->` type($result)
  }];
}

def NN_TakeAlongOp : NN_InferredOp<"take_along"> {
  let summary = "takes an element of `data` for each index, along `axis`, as numpy.take_along_axis";
  let description = [{
    The result at `[.., j, ..]` is the data at `[.., indices[.., j, ..], ..]`, both with the same place in
    the other dimensions. What an index outside the dimension gives is as in `nn.gather`.

    - C1. `axis` is a dimension of the data.
    - C2. The indices have the data's rank.
    - C3. Their sizes agree in all dimensions but `axis`.
    - C4. The result has the indices' shape and the data's element type.

    Example:

    ```mlir
    %y = nn.take_along %x, %i {axis = 1 : i64} : tensor<?x50257xf32>, tensor<?x50xi64> -> tensor<?x50xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$data, NN_IndexTensor:$indices, I64Attr:$axis);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $data `,` $indices attr-dict `:` type($data) `,` type($indices) `->` type($result)
  }];
}

def NN_RandomOp : NN_Op<"random", [Pure, NN_Reifies]> {
  let summary = "random numbers that depend on a key and on their place alone";
  let description = [{
    Element i, counted in row-major order, comes from the block of Philox 4x32-10 (Salmon et al. 2011)
    whose key is the low and high half of `key`, and whose counter is the low and high half of `offset`
    + i, the low half of `stream`, and its high half. Of the block's four words w:

    - `bits`: w0, and for 64 bits also w1 as the high half.
    - `uniform`, in [0, 1): the upper 24 bits of w0 times 2^-24; of f64 the upper 53 bits of w1, w0 times
      2^-53.
    - `normal` (Box and Muller 1958): `sqrt(-2 log(1 - u)) cos(2 pi v)` of the uniform numbers u of w0 and v of w1;
      of f64 u is of w1, w0 and v of w3, w2.
    - `gumbel`: `-log(-log(u))` of u = (b + 1/2) 2^-23 with b the upper 23 bits of w0; of f64 (b + 1/2) 2^-52
      with the upper 52 of w1, w0. What is added to logits so that the largest sum is a sample.

    Narrower floats are those of f32, rounded.

    - C1. Key and offset have rank 0.
    - C2. The result holds floats, for `bits` i32 or i64.
    - C3. There is one size operand for each dynamic dimension of the result.

    Example:

    ```mlir
    %y = nn.random uniform %key at %zero[%n] : tensor<i64>, tensor<i64> -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins NN_RandomKindAttr:$kind, RankedTensorOf<[I64]>:$key,
                       RankedTensorOf<[I64]>:$offset, Variadic<Index>:$dynamic_sizes,
                       DefaultValuedAttr<I64Attr, "0">:$stream);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = [{
    $kind $key `at` $offset (`[` $dynamic_sizes^ `]`)? attr-dict `:` type($key) `,` type($offset) `->`
    type($result)
  }];
  let hasVerifier = 1;
}

#endif
