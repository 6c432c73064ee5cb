//===- NNReduce.td - reductions, norms and pooling ---------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNREDUCE
#define NACRE_DIALECTS_NN_NNREDUCE

include "dialects/nn/NNBase.td"

def NN_ReduceOp : NN_InferredOp<"reduce"> {
  let summary = "combines the elements along `axes`";
  let description = [{
    `sum`, `mean`, `max`, `min` or `prod` over the dimensions `axes`, which disappear, or stay with
    size 1 under `keep_dims`. Of no elements: 0, NaN, the type's smallest (minus infinity), its
    largest (infinity), 1. A NaN among the elements gives NaN; integers wrap.

    - C1. Each axis is a dimension of the input, named once.
    - C2. `mean` takes floats only.
    - C3. The result has the remaining shape and the input's element type.

    Example:

    ```mlir
    %m = nn.reduce mean %x [1] {keep_dims} : tensor<?x?x768xf32> -> tensor<?x1x768xf32>
    ```
  }];
  let arguments = (ins NN_ReductionAttr:$kind, NN_AnyTensor:$input, DenseI64ArrayAttr:$axes,
                       UnitAttr:$keep_dims);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$kind $input $axes attr-dict `:` type($input) `->` type($result)";
}

def NN_SoftmaxOp : NN_InferredOp<"softmax"> {
  let summary = "`exp(x - max) / sum(exp(x - max))` along `axis`";
  let description = [{
    A line that holds NaN or infinity, or only minus infinity, gives NaN.

    - C1. `axis` is a dimension of the input.
    - C2. The result has the input's type.

    Example:

    ```mlir
    %p = nn.softmax %scores {axis = 3 : i64} : tensor<?x12x?x?xf32> -> tensor<?x12x?x?xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, I64Attr:$axis);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def NN_LayerNormOp : NN_InferredOp<"layer_norm", [AttrSizedOperandSegments]> {
  let summary = "`(x - mean) / sqrt(variance + epsilon) * scale + bias` (Ba et al. 2016)";
  let description = [{
    Mean and (biased) variance are over the last `normalized_dims` dimensions; scale and bias, where given,
    have exactly these dimensions.

    - C1. `normalized_dims` is at least 1 and at most the input's rank.
    - C2. Scale and bias, where given, have the normalized shape and the input's element type.
    - C3. `epsilon` is a number, not negative.
    - C4. The result has the input's type.

    Example:

    ```mlir
    %y = nn.layer_norm %x scale %s : tensor<768xf32> bias %b : tensor<768xf32> {epsilon = 1.0e-5 : f64} : tensor<?x?x768xf32> -> tensor<?x?x768xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, Optional<NN_FloatTensor>:$scale,
                       Optional<NN_FloatTensor>:$bias, F64Attr:$epsilon,
                       DefaultValuedAttr<I64Attr, "1">:$normalized_dims);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scale` $scale^ `:` type($scale))? (`bias` $bias^ `:` type($bias))? attr-dict `:`
    type($input) `->` type($result)
  }];
}

def NN_RmsNormOp : NN_InferredOp<"rms_norm"> {
  let summary = "`x / sqrt(mean(x^2) + epsilon) * scale` over the last dimension (Zhang and Sennrich 2019)";
  let description = [{
    Divides each row by the root of the mean of its squares.

    - C1. The input has rank 1 or more.
    - C2. The scale, where given, has the size of the last dimension and the input's element type.
    - C3. `epsilon` is a number, not negative.
    - C4. The result has the input's type.

    Example:

    ```mlir
    %y = nn.rms_norm %x scale %s : tensor<2048xf32> {epsilon = 1.0e-6 : f64} : tensor<?x?x2048xf32> -> tensor<?x?x2048xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, Optional<NN_FloatTensor>:$scale, F64Attr:$epsilon);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scale` $scale^ `:` type($scale))? attr-dict `:` type($input) `->` type($result)
  }];
}

def NN_BatchNormOp : NN_InferredOp<"batch_norm", [AttrSizedOperandSegments]> {
  let summary = "`(x - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + bias[c]` (Ioffe and Szegedy 2015)";
  let description = [{
    Inference form: mean and variance are weights. All parameters are `[C]`, C the size of dimension `axis`.

    - C1. `axis` is a dimension of the input.
    - C2. Mean, variance, scale and bias are `[C]` of the input's element type.
    - C3. `epsilon` is a number, not negative.
    - C4. The result has the input's type.

    Example:

    ```mlir
    %y = nn.batch_norm %x, %mean, %variance scale %s : tensor<64xf32> bias %b : tensor<64xf32> {epsilon = 1.0e-5 : f64} : tensor<?x64x56x56xf32>, tensor<64xf32>, tensor<64xf32> -> tensor<?x64x56x56xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$mean, NN_FloatTensor:$variance,
                       Optional<NN_FloatTensor>:$scale, Optional<NN_FloatTensor>:$bias,
                       F64Attr:$epsilon, DefaultValuedAttr<I64Attr, "1">:$axis);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $mean `,` $variance (`scale` $scale^ `:` type($scale))? (`bias` $bias^ `:` type($bias))?
    attr-dict `:` type($input) `,` type($mean) `,` type($variance) `->` type($result)
  }];
}

def NN_GroupNormOp : NN_InferredOp<"group_norm", [AttrSizedOperandSegments]> {
  let summary = "normalises groups of channels of each sample (Wu and He 2018)";
  let description = [{
    `input` is `[N, C, ...]`; mean and variance are over the C / groups channels of a group and all
    dimensions after; scale and bias are `[C]`.

    - C1. The input has rank 2 or more and a static number of channels.
    - C2. `groups` is positive and divides C.
    - C3. Scale and bias, where given, are `[C]` of the input's element type.
    - C4. `epsilon` is a number, not negative.
    - C5. The result has the input's type.

    Example:

    ```mlir
    %y = nn.group_norm %x {groups = 32 : i64, epsilon = 1.0e-5 : f64} : tensor<?x320x?x?xf32> -> tensor<?x320x?x?xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, Optional<NN_FloatTensor>:$scale,
                       Optional<NN_FloatTensor>:$bias, I64Attr:$groups, F64Attr:$epsilon);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scale` $scale^ `:` type($scale))? (`bias` $bias^ `:` type($bias))? attr-dict `:`
    type($input) `->` type($result)
  }];
}

def NN_PoolOp : NN_InferredOp<"pool"> {
  let summary = "combines the elements of a sliding window over the spatial dimensions";
  let description = [{
    Layout, padding and output size as in `nn.conv`; with `ceil_mode` the division rounds up, and a
    window that would start in the high padding is left out. Padding never wins a maximum;
    it counts as zeros in an average only with `count_include_pad`, and what lies beyond the
    padding, which rounding up can reach, never counts. A window without an element gives minus
    infinity, or NaN for an average. A NaN in a window gives NaN.

    - C1. The input has rank 3 to 5.
    - C2. There is one kernel size, stride and dilation, positive, and two paddings, not negative, for
      each spatial dimension; all are below 2^31.
    - C3. The window fits into each static padded size; with `ceil_mode` it may reach beyond the
      high padding.
    - C4. The result has the sizes above, the input's channels, and its element type.

    Example:

    ```mlir
    %y = nn.pool max %x kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x64x112x112xf32> -> tensor<?x64x56x56xf32>
    ```
  }];
  let arguments = (ins NN_PoolKindAttr:$kind, NN_FloatTensor:$input, DenseI64ArrayAttr:$kernel,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padding,
                       DenseI64ArrayAttr:$dilations, UnitAttr:$ceil_mode, UnitAttr:$count_include_pad,
                       DefaultValuedAttr<NN_ConvLayoutAttr, "::nacre::nn::ConvLayout::channels_first">:$layout);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $kind $input `kernel` $kernel `strides` $strides `padding` $padding `dilations` $dilations
    attr-dict `:` type($input) `->` type($result)
  }];
}

#endif
