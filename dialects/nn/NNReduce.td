//===- NNReduce.td - reductions, norms and pooling ---------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNREDUCE
#define NACRE_DIALECTS_NN_NNREDUCE

include "dialects/nn/NNBase.td"

def NN_ReduceOp : NN_InferredOp<"reduce"> {
  let summary = "combines the elements along `axes`";
  let arguments = (ins NN_ReductionAttr:$kind, NN_AnyTensor:$input, DenseI64ArrayAttr:$axes,
                       UnitAttr:$keep_dims);
  let results = (outs NN_AnyTensor:$result);
  let assemblyFormat = "$kind $input $axes attr-dict `:` type($input) `->` type($result)";
}

def NN_SoftmaxOp : NN_InferredOp<"softmax"> {
  let summary = "exp(x - max) / sum(exp(x - max)) along `axis`";
  let arguments = (ins NN_FloatTensor:$input, I64Attr:$axis);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def NN_LayerNormOp : NN_InferredOp<"layer_norm", [AttrSizedOperandSegments]> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * scale + bias (Ba et al. 2016)";
  let description = [{
    Mean and (biased) variance are over the last `normalized_dims` dimensions; scale and bias, where given,
    have exactly these dimensions.
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
  let summary = "x / sqrt(mean(x^2) + epsilon) * scale over the last dimension (Zhang and Sennrich 2019)";
  let arguments = (ins NN_FloatTensor:$input, Optional<NN_FloatTensor>:$scale, F64Attr:$epsilon);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scale` $scale^ `:` type($scale))? attr-dict `:` type($input) `->` type($result)
  }];
}

def NN_BatchNormOp : NN_InferredOp<"batch_norm", [AttrSizedOperandSegments]> {
  let summary = "(x - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + bias[c] (Ioffe and Szegedy 2015)";
  let description = [{
    Inference form: mean and variance are weights. All parameters are `[C]`, C the size of dimension `axis`.
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
    it counts as zeros in an average only with `count_include_pad`.
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
