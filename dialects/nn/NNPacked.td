//===- NNPacked.td - matrix products of packed weights -----*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNPACKED
#define NACRE_DIALECTS_NN_NNPACKED

include "dialects/nn/NNBase.td"

def NN_PackOp : NN_InferredOp<"pack"> {
  let summary = "lays a weight out in the panels that the matmul kernel reads";
  let description = [{
    `[..., N, K]` becomes `[..., ceil(N / panel), K, panel]`: element `(n, k)` goes to panel
    `n / panel`, row k, column `n % panel`. Columns past N are zeros.

    - C1. The input has a static shape of rank 2 or more.
    - C2. `panel` is positive and below 2^31.
    - C3. The result has the shape above and the input's element type.

    Example:

    ```mlir
    %p = nn.pack %w {panel = 64 : i64} : tensor<100x768xf32> -> tensor<2x768x64xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, I64Attr:$panel);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def NN_PackedLinearOp : NN_InferredOp<"packed_linear"> {
  let summary = "nn.linear with a packed weight";
  let description = [{
    `input` is `[..., K]`, `weight` `[P, K, panel]` as `nn.pack` lays it out, possibly in a
    narrower float type; the result is `[..., outputs]`.

    - C1. The input has rank 1 or more, the weight a static shape of rank 3.
    - C2. The input's last dimension is the weight's K.
    - C3. The outputs fill the panels, the last one at least in part.
    - C4. The bias, where given, is `[outputs]` of the input's element type.
    - C5. The result has the input's shape with the last dimension `outputs`, and its element type.

    Example:

    ```mlir
    %y = nn.packed_linear %x, %p {outputs = 100 : i64} : tensor<?x768xf32>, tensor<2x768x64xf32> -> tensor<?x100xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$weight, Optional<NN_FloatTensor>:$bias,
                       I64Attr:$outputs);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? attr-dict `:` type($input) `,` type($weight)
    (`,` type($bias)^)? `->` type($result)
  }];
}

def NN_PackedConvOp : NN_InferredOp<"packed_conv"> {
  let summary = "nn.conv, channels last, without padding, with a packed weight";
  let description = [{
    `input` is `[N, spatial..., C]`; `weight` is `[groups, P, taps * C / groups, panel]`, the taps in
    row-major order outside the channels; the result is `[N, spatial..., outputs]`.

    - C1. The input has rank 3 to 5, the weight a static shape of rank 4.
    - C2. Kernel, strides and dilations are positive and below 2^31, one per spatial dimension, and
      the window fits.
    - C3. The input's channels are static, and `taps * C / groups` is the weight's depth.
    - C4. The groups divide the outputs, which fill each group's panels, the last one at least in
      part.
    - C5. The bias, where given, is `[outputs]` of the input's element type.
    - C6. The result has the sizes above and the input's element type.

    Example:

    ```mlir
    %y = nn.packed_conv %x, %p kernel [3, 3] strides [1, 1] dilations [1, 1] {outputs = 32 : i64} : tensor<?x10x10x16xf32>, tensor<1x1x144x32xf32> -> tensor<?x8x8x32xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$weight, Optional<NN_FloatTensor>:$bias,
                       I64Attr:$outputs, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? `kernel` $kernel `strides` $strides `dilations` $dilations
    attr-dict `:` type($input) `,` type($weight) (`,` type($bias)^)? `->` type($result)
  }];
}

#endif
