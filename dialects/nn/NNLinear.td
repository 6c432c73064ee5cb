//===- NNLinear.td - matmul-like operations ----------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNLINEAR
#define NACRE_DIALECTS_NN_NNLINEAR

include "dialects/nn/NNBase.td"

def NN_MatmulOp : NN_InferredOp<"matmul"> {
  let summary = "matrix product with NumPy's broadcasting of leading dimensions";
  let description = [{
    `lhs[..., M, K] @ rhs[..., K, N] -> [..., M, N]`; with `transpose_rhs`, rhs is `[..., N, K]`.
    Both ranks are at least 2; products are summed in the element type or wider.
  }];
  let arguments = (ins NN_AnyTensor:$lhs, NN_AnyTensor:$rhs, UnitAttr:$transpose_rhs);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
}

def NN_LinearOp : NN_InferredOp<"linear"> {
  let summary = "y[..., n] = sum_k x[..., k] * w[n, k] + bias[n]";
  let description = [{
    The weight is `[N, K]` (PyTorch's Linear), or with `input_major` `[K, N]` (GPT-2's Conv1D,
    or a plain `x @ w`). The form of a matrix product whose right side has rank 2, so that its
    rows may be packed ahead.
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$weight, Optional<NN_FloatTensor>:$bias,
                       UnitAttr:$input_major);
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
    Output size per dimension: `(in + low + high - dilation * (kernel - 1) - 1) / stride + 1`.
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

def NN_AttentionOp : NN_InferredOp<"attention"> {
  let summary = "softmax(scale * q k^T + mask) v, per head (Vaswani et al. 2017)";
  let description = [{
    `query` is `[B, H, Sq, D]`, `key` `[B, G, Sk, D]`, `value` `[B, G, Sk, Dv]` with H a multiple
    of G: head h reads group `h / (H / G)`. `scale` is `1 / sqrt(D)` where absent. `mask`
    broadcasts to `[B, H, Sq, Sk]`: a float mask is added to the scaled scores, a bool mask keeps
    where true. With `causal`, query i sees key j only if `j <= i + Sk - Sq`. A row that sees no
    key gives zeros.
  }];
  let arguments = (ins NN_FloatTensor:$query, NN_FloatTensor:$key, NN_FloatTensor:$value,
                       Optional<NN_AnyTensor>:$mask, OptionalAttr<F64Attr>:$scale, UnitAttr:$causal);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^)? attr-dict `:` type($query) `,` type($key) `,`
    type($value) (`,` type($mask)^)? `->` type($result)
  }];
}

def NN_RotaryOp : NN_InferredOp<"rotary"> {
  let summary = "rotary position embedding (Su et al. 2021)";
  let description = [{
    `input` is `[..., S, D]`, `positions` `[S]` or `[B, S]` with B the input's first dimension.
    The first `dim` elements (all D where absent) rotate in pairs: element i of a pair set turns
    by `position * base^(-2i/dim)`. `half` pairs element i with i + dim/2 (LLaMA), `interleaved`
    pairs 2i with 2i + 1 (GPT-J).
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
