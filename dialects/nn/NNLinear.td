//===- NNLinear.td - matmul-like operations ----------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNLINEAR
#define NACRE_DIALECTS_NN_NNLINEAR

include "dialects/nn/NNBase.td"

def NN_MatmulOp : NN_InferredOp<"matmul"> {
  let summary = "matrix product with NumPy's broadcasting of leading dimensions";
  let description = [{
    `lhs[..., M, K] @ rhs[..., K, N] -> [..., M, N]`; with `transpose_rhs`, rhs is `[..., N, K]`.
    Products are summed in the element type or wider. With K = 0 the result is zeros.

    - C1. Both ranks are at least 2.
    - C2. Both operands have one element type.
    - C3. The inner sizes, K of both, agree.
    - C4. The leading dimensions broadcast, as in `nn.add`.
    - C5. The result has the broadcast leading dimensions, M and N, and the operands' element type.

    Example:

    ```mlir
    %scores = nn.matmul %q, %k {transpose_rhs} : tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32> -> tensor<?x12x?x?xf32>
    ```
  }];
  let arguments = (ins NN_AnyTensor:$lhs, NN_AnyTensor:$rhs, UnitAttr:$transpose_rhs);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
  let hasCanonicalizer = 1;
}

def NN_LinearOp : NN_InferredOp<"linear"> {
  let summary = "`y[..., n] = sum_k x[..., k] * w[n, k] + bias[n]`";
  let description = [{
    The weight is `[N, K]` (PyTorch's Linear), or with `input_major` `[K, N]` (GPT-2's Conv1D,
    or a plain `x @ w`). The form of a matrix product whose right side has rank 2, so that its
    rows may be packed ahead. Products are summed, and the bias added, in the element type or wider.

    `precision` lets it be computed in less. `bf16`: input and weight may be rounded to bf16, sums
    are f32. `int8`: each row of the input is quantised to 8 bits with a scale and a zero point of
    its own, each output's weights symmetrically with a scale (Dettmers et al. 2022, without
    outliers), sums are i32. `int8_weights`, `int4_weights`: every `group_size` successive weights
    of an output are quantised symmetrically to so many bits with a scale of their own; the input
    and sums stay as they are. The reference interpreter computes in full.

    - C1. The input has rank 1 or more, the weight rank 2.
    - C2. Input and weight have one element type.
    - C3. The input's last dimension agrees with the weight's K.
    - C4. The bias, where given, is `[N]` of the input's element type.
    - C5. The result has the input's shape with the last dimension N, and its element type.
    - C6. `group_size` is given for the precisions that have groups, and for no others; it is a
      positive multiple of 8 below 2^31.

    Example:

    ```mlir
    %y = nn.linear %x, %w bias %b : tensor<?x?x768xf32>, tensor<3072x768xf32>, tensor<3072xf32> -> tensor<?x?x3072xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$weight, Optional<NN_FloatTensor>:$bias,
                       UnitAttr:$input_major, OptionalAttr<NN_PrecisionAttr>:$precision,
                       OptionalAttr<I64Attr>:$group_size);
  // In full precision.
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$input, "::mlir::Value":$weight,
                   "::mlir::Value":$bias, "bool":$input_major),
              [{ build($_builder, $_state, result, input, weight, bias, input_major, {}, {}); }]>,
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$weight, "::mlir::Value":$bias,
                   "bool":$input_major),
              [{ build($_builder, $_state, input, weight, bias, input_major, {}, {}); }]>];
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? attr-dict `:` type($input) `,` type($weight)
    (`,` type($bias)^)? `->` type($result)
  }];
}

def NN_ConvOp : NN_InferredOp<"conv"> {
  let summary = "convolution over 1 to 3 spatial dimensions (cross-correlation, as frameworks define it)";
  let description = [{
    `input` is `[N, C, spatial...]`, or `[N, spatial..., C]` with layout `channels_last`; `weight`
    is `[O, C / groups, kernel...]` in either layout; `bias` is `[O]`. `padding` holds low and
    high zeros per spatial dimension, interleaved: `[low0, high0, low1, high1]`.
    Output size per dimension: `(in + low + high - dilation * (kernel - 1) - 1) / stride + 1`, and 0
    where a dynamic size turns out to be smaller than the window.

    - C1. The input has rank 3 to 5, the weight the same rank.
    - C2. Input and weight have one element type.
    - C3. The weight's shape is static and the kernel's sizes are positive.
    - C4. There is one stride and one dilation, positive, and two paddings, not negative, for each
      spatial dimension; all are below 2^31.
    - C5. `groups` is positive and divides O.
    - C6. The input has `groups` times the weight's second dimension as channels.
    - C7. The bias, where given, is `[O]` of the input's element type.
    - C8. The window fits into each static padded size.
    - C9. The result has the sizes above, O channels, and the input's element type.

    Example:

    ```mlir
    %y = nn.conv %x, %w strides [2, 2] padding [3, 3, 3, 3] dilations [1, 1] : tensor<?x3x224x224xf32>, tensor<64x3x7x7xf32> -> tensor<?x64x112x112xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$weight, Optional<NN_FloatTensor>:$bias,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations, DefaultValuedAttr<I64Attr, "1">:$groups,
                       DefaultValuedAttr<NN_ConvLayoutAttr, "::nacre::nn::ConvLayout::channels_first">:$layout);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? `strides` $strides `padding` $padding `dilations` $dilations
    attr-dict `:` type($input) `,` type($weight) (`,` type($bias)^)? `->` type($result)
  }];
}

def NN_AttentionOp : NN_InferredOp<"attention", [AttrSizedOperandSegments]> {
  let summary = "`softmax(scale * q k^T + mask) v`, per head (Vaswani et al. 2017)";
  let description = [{
    `query` is `[B, H, Sq, D]`, `key` `[B, G, Sk, D]`, `value` `[B, G, Sk, Dv]` with H a multiple
    of G: head h reads group `h / (H / G)`. `scale` is `1 / sqrt(D)` where absent. `mask`
    broadcasts to `[B, H, Sq, Sk]`: a float mask is added to the scaled scores, a bool mask keeps
    where true.

    Query i stands at the position `i + start`, where `start` is one number or one of each batch
    entry, and `Sk - Sq` where absent: the last query meets the last key. Of the keys,

    - `causal` lets it see `j <= i + start`,
    - `window` W lets it see `j > i + start - W`, and without `causal`, `j < i + start + W` too,
    - `lengths`, one number or one of each batch entry, lets it see `j < length`: what lies behind
      is padding, or the unused part of a cache,
    - `blocks`, which broadcasts to `[B, H, ceil(Sq / N), ceil(Sk / N)]` with N the `block_size`, lets
      it see the keys of the blocks of N x N scores for which it is true (Child et al. 2019).

    A score of minus infinity is not seen either. A row that sees no key gives zeros. What is not
    seen may hold anything.

    With `span` the result is in parts, one for each so many keys, of which `nn.attention_merge` makes
    the whole: threads can share a row's keys. A part is the sum of the values, each times e to
    the power of its score less the part's largest one; then that largest score (minus infinity where no
    key of the part is seen), and the sum of the powers.

    - C1. Query, key and value have rank 4.
    - C2. They have one element type.
    - C3. Their batch sizes agree.
    - C4. The numbers of heads are static, key's and value's are equal, positive, and divide query's.
    - C5. Key and value have one length.
    - C6. Query and key have one head size.
    - C7. The mask, where given, holds floats or bools and broadcasts to `[B, H, Sq, Sk]`.
    - C8. The result is `[B, H, Sq, Dv]` of the query's element type; with `span`, `[B, H, Sq, ceil(Sk / span),
      Dv + 2]` of f64 where that is f64, else of f32.
    - C9. The window, where given, is from 1 to 2^31 - 1.
    - C10. Lengths and start, where given, have rank 0 or 1 and broadcast to `[B]`.
    - C11. `start` says something only with `causal` or a window.
    - C12. Blocks and a `block_size` from 1 to 2^31 - 1 are given together; the blocks broadcast to the
      shape above.
    - C13. The span, where given, is from 1 to 2^31 - 1.

    Example:

    ```mlir
    %y = nn.attention %q, %k, %v {causal} : tensor<?x32x?x64xf32>, tensor<?x8x?x64xf32>, tensor<?x8x?x64xf32> -> tensor<?x32x?x64xf32>
    %z = nn.attention %q, %k, %v lengths %n : tensor<?xi64> {causal, window = 4096 : i64} : tensor<?x32x?x64xf32>, tensor<?x8x?x64xf32>, tensor<?x8x?x64xf32> -> tensor<?x32x?x64xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$query, NN_FloatTensor:$key, NN_FloatTensor:$value,
                       Optional<NN_AnyTensor>:$mask, Optional<NN_IndexTensor>:$lengths,
                       Optional<NN_IndexTensor>:$start, Optional<NN_BoolTensor>:$blocks,
                       OptionalAttr<F64Attr>:$scale, UnitAttr:$causal, OptionalAttr<I64Attr>:$window,
                       OptionalAttr<I64Attr>:$block_size, OptionalAttr<I64Attr>:$span);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^)? (`lengths` $lengths^ `:` type($lengths))?
    (`start` $start^ `:` type($start))? (`blocks` $blocks^ `:` type($blocks))? attr-dict `:`
    type($query) `,` type($key) `,` type($value) (`,` type($mask)^)? `->` type($result)
  }];
}

def NN_AttentionMergeOp : NN_InferredOp<"attention_merge"> {
  let summary = "an attention's result from its parts";
  let description = [{
    `parts` is `[B, H, Sq, P, Dv + 2]` as `nn.attention` with `span` gives it. The parts are weighed by e
    to the power of their largest scores less the largest of all, added up in order and divided by the
    sum of their sums, weighed alike. Where no part has seen a key, or where there is none, the
    result is zeros.

    - C1. The parts have rank 5 and a static last dimension of at least 2.
    - C2. The result is `[B, H, Sq, Dv]` of the parts' element type.

    Example:

    ```mlir
    %y = nn.attention_merge %parts : tensor<?x12x1x?x66xf32> -> tensor<?x12x1x64xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$parts);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = "$parts attr-dict `:` type($parts) `->` type($result)";
}

def NN_RotaryOp : NN_InferredOp<"rotary"> {
  let summary = "rotary position embedding (Su et al. 2021)";
  let description = [{
    `input` is `[..., S, D]`, `positions` `[S]` or `[B, S]` with B the input's first dimension.
    The first `dim` elements (all D where absent) rotate in pairs: element i of a pair set turns
    by `position * base^(-2i/dim)`. `half` pairs element i with i + dim/2 (LLaMA), `interleaved`
    pairs 2i with 2i + 1 (GPT-J).

    - C1. The input has rank 2 or more and a static last dimension.
    - C2. The positions are `[S]`, or `[B, S]` for an input of rank 3 or more.
    - C3. The number of rotated elements is even, positive and at most D.
    - C4. The result has the input's type.

    Example:

    ```mlir
    %y = nn.rotary %q, %positions {base = 5.0e5 : f64} : tensor<?x32x?x64xf32>, tensor<?xi64> -> tensor<?x32x?x64xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_IndexTensor:$positions,
                       DefaultValuedAttr<F64Attr, "10000.0">:$base, OptionalAttr<I64Attr>:$dim,
                       DefaultValuedAttr<NN_RotaryStyleAttr, "::nacre::nn::RotaryStyle::half">:$style);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $positions attr-dict `:` type($input) `,` type($positions) `->` type($result)
  }];
}

#endif
