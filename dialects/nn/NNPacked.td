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

def NN_QuantizeRowsOp : NN_InferredOp<"quantize_rows"> {
  let summary = "quantises each row to 8 bits with a scale and a zero point of its own";
  let description = [{
    `[..., K]` becomes `[..., bytes]`, K bytes and the row's scale and zero point as `Int8.h` lays
    them out, where the numbers stand for `scale * (q - zero)` with q from 0 to 255. A row that holds
    NaN or an infinity has the scale NaN.

    - C1. The input has rank 1 or more and a static last dimension.
    - C2. The last dimension is at most 65536, so that sums of products fit 32 bits.
    - C3. The result is i8 and has the shape above.

    Example:

    ```mlir
    %q = nn.quantize_rows %x : tensor<?x768xf32> -> tensor<?x776xi8>
    ```
  }];
  let arguments = (ins TensorOf<[F32]>:$input);
  let results = (outs TensorOf<[I8]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def NN_PackInt8Op : NN_InferredOp<"pack_int8"> {
  let summary = "quantises a weight per output and lays it out in panels";
  let description = [{
    `[N, K]` becomes `[ceil(N / panel), bytes]`, each row a panel as `Int8.h` lays it out.

    - C1. The input has a static shape of rank 2.
    - C2. `panel` is positive and below 2^16.
    - C3. K is at most 65536.
    - C4. The result is i8 and has the shape above.

    Example:

    ```mlir
    %p = nn.pack_int8 %w {panel = 64 : i64} : tensor<100x768xf32> -> tensor<2x49664xi8>
    ```
  }];
  let arguments = (ins TensorOf<[F32]>:$input, I64Attr:$panel);
  let results = (outs TensorOf<[I8]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def NN_PackedLinearInt8Op : NN_InferredOp<"packed_linear_int8"> {
  let summary = "nn.linear of quantised rows and a quantised, packed weight";
  let description = [{
    `input` is what `nn.quantize_rows` makes of `[..., depth]`, `weight` what `nn.pack_int8` makes of
    `[outputs, depth]`. Products of bytes are summed in i32; the sum times the row's and the output's
    scale, plus the bias, is the result in f32.

    - C1. The input has rank 1 or more, the weight a static shape of rank 2.
    - C2. The input's last dimension is that of quantised rows of `depth`.
    - C3. The weight's rows are panels of `depth` and `panel` columns, as many as `outputs` need.
    - C4. The bias, where given, is `[outputs]`.
    - C5. The result has the input's shape with the last dimension `outputs`.

    Example:

    ```mlir
    %y = nn.packed_linear_int8 %q, %p {outputs = 100 : i64, depth = 768 : i64, panel = 64 : i64} : tensor<?x776xi8>, tensor<2x49664xi8> -> tensor<?x100xf32>
    ```
  }];
  let arguments = (ins TensorOf<[I8]>:$input, TensorOf<[I8]>:$weight, Optional<TensorOf<[F32]>>:$bias,
                       I64Attr:$outputs, I64Attr:$depth, I64Attr:$panel);
  let results = (outs TensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? attr-dict `:` type($input) `,` type($weight)
    (`,` type($bias)^)? `->` type($result)
  }];
}

def NN_PackGroupsOp : NN_InferredOp<"pack_groups"> {
  let summary = "quantises a weight in groups and lays it out in panels";
  let description = [{
    `[N, K]` becomes `[ceil(N / panel), bytes]`, each row a panel as `GroupedWeights.h` lays it out:
    every `group_size` successive numbers of an output, the last ones possibly fewer, are numbers of
    `bits` bits and share a scale.

    - C1. The input has a static shape of rank 2.
    - C2. `panel` is positive and below 2^16.
    - C3. `bits` is 4 or 8.
    - C4. `group_size` is a positive multiple of 8 below 2^31.
    - C5. The result is i8 and has the shape above.

    Example:

    ```mlir
    %p = nn.pack_groups %w {bits = 4 : i64, group_size = 32 : i64, panel = 64 : i64} : tensor<100x768xf32> -> tensor<2x27648xi8>
    ```
  }];
  let arguments = (ins TensorOf<[F32]>:$input, I64Attr:$bits, I64Attr:$group_size, I64Attr:$panel);
  let results = (outs TensorOf<[I8]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def NN_PackedLinearGroupsOp : NN_InferredOp<"packed_linear_groups"> {
  let summary = "nn.linear of a weight that is quantised in groups";
  let description = [{
    `weight` is what `nn.pack_groups` makes of `[outputs, depth]`; its numbers stand for `scale * q`.

    - C1. The input has rank 1 or more, the weight a static shape of rank 2.
    - C2. The input's last dimension is static: `depth`.
    - C3. `bits` is 4 or 8, and `group_size` a positive multiple of 8 below 2^31.
    - C4. The weight's rows are panels of `depth` and `panel` columns, as many as `outputs` need.
    - C5. The bias, where given, is `[outputs]`.
    - C6. The result has the input's shape with the last dimension `outputs`.

    Example:

    ```mlir
    %y = nn.packed_linear_groups %x, %p {outputs = 100 : i64, bits = 4 : i64, group_size = 32 : i64, panel = 64 : i64} : tensor<?x768xf32>, tensor<2x27648xi8> -> tensor<?x100xf32>
    ```
  }];
  let arguments = (ins TensorOf<[F32]>:$input, TensorOf<[I8]>:$weight, Optional<TensorOf<[F32]>>:$bias,
                       I64Attr:$outputs, I64Attr:$bits, I64Attr:$group_size, I64Attr:$panel);
  let results = (outs TensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? attr-dict `:` type($input) `,` type($weight)
    (`,` type($bias)^)? `->` type($result)
  }];
}

def NN_PackedConvOp : NN_InferredOp<"packed_conv"> {
  let summary = "nn.conv, channels last, with a packed weight";
  let description = [{
    `input` is `[N, spatial..., C]`; `weight` is `[groups, P, taps * C / groups, panel]`, the taps in
    row-major order outside the channels; the result is `[N, spatial..., outputs]`. `padding` is that
    of `nn.conv`.

    - C1. The input has rank 3 to 5, the weight a static shape of rank 4.
    - C2. There is one kernel size, stride and dilation, positive, and two paddings, not negative, for
      each spatial dimension; all are below 2^31, and the window fits.
    - C3. The input's channels are static, and `taps * C / groups` is the weight's depth.
    - C4. The groups divide the outputs, which fill each group's panels, the last one at least in
      part.
    - C5. The bias, where given, is `[outputs]` of the input's element type.
    - C6. The result has the sizes above and the input's element type.

    Example:

    ```mlir
    %y = nn.packed_conv %x, %p kernel [3, 3] strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {outputs = 32 : i64} : tensor<?x8x8x16xf32>, tensor<1x1x144x32xf32> -> tensor<?x8x8x32xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$weight, Optional<NN_FloatTensor>:$bias,
                       I64Attr:$outputs, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$padding, DenseI64ArrayAttr:$dilations);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? `kernel` $kernel `strides` $strides `padding` $padding
    `dilations` $dilations attr-dict `:` type($input) `,` type($weight) (`,` type($bias)^)? `->`
    type($result)
  }];
}

def NN_DepthwiseConvOp : NN_InferredOp<"depthwise_conv"> {
  let summary = "nn.conv of small groups, channels last, whose vectors run over the outputs of all groups";
  let description = [{
    `input` is `[N, spatial..., C]`; `weight` is `[taps * C / groups, outputs]`, the taps in row-major
    order outside the channels of a group; the result is `[N, spatial..., outputs]`. `padding` is that
    of `nn.conv`.

    - C1. The input has rank 3 to 5, the weight a static shape of rank 2.
    - C2. There is one kernel size, stride and dilation, positive, and two paddings, not negative, for
      each spatial dimension; all are below 2^31, and the window fits.
    - C3. The input's channels are static, the groups are positive and divide them, and
      `taps * C / groups` is the weight's first dimension.
    - C4. The groups divide the outputs, the weight's second dimension.
    - C5. The bias, where given, is `[outputs]` of the input's element type.
    - C6. The result has the sizes above and the input's element type.

    Example:

    ```mlir
    %y = nn.depthwise_conv %x, %w kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] dilations [1, 1] {groups = 32 : i64} : tensor<?x8x8x32xf32>, tensor<9x32xf32> -> tensor<?x4x4x32xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$weight, Optional<NN_FloatTensor>:$bias,
                       I64Attr:$groups, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$padding, DenseI64ArrayAttr:$dilations);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? `kernel` $kernel `strides` $strides `padding` $padding
    `dilations` $dilations attr-dict `:` type($input) `,` type($weight) (`,` type($bias)^)? `->`
    type($result)
  }];
}

def NN_WinogradWeightOp : NN_InferredOp<"winograd_weight"> {
  let summary = "a 3 x 3 kernel as Winograd's F(2 x 2, 3 x 3) multiplies with it";
  let description = [{
    `[O, C, 3, 3]` becomes `[16, O, C]`: of each kernel g the 4 x 4 elements of G g G^T in row-major
    order, with G = [1, 0, 0; 1/2, 1/2, 1/2; 1/2, -1/2, 1/2; 0, 0, 1] (Lavin and Gray 2015).

    - C1. The input has a static shape of rank 4 whose last two dimensions are 3.
    - C2. The result has the shape above and the input's element type.

    Example:

    ```mlir
    %u = nn.winograd_weight %w : tensor<64x32x3x3xf32> -> tensor<16x64x32xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def NN_WinogradConvOp : NN_InferredOp<"winograd_conv"> {
  let summary = "nn.conv of 3 x 3 kernels with stride 1, channels last, by Winograd's F(2 x 2, 3 x 3)";
  let description = [{
    `input` is `[N, H, W, C]`, `weight` `[16, P, C, panel]`: an `nn.winograd_weight` as `nn.pack` lays
    it out; the result is `[N, H', W', outputs]`. `padding` is that of `nn.conv`. Each tile of 4 x 4
    places of the image gives 2 x 2 of the result by 16 products instead of 36 (Lavin and Gray 2015).
    Rounding differs from `nn.conv`'s, and an infinity spreads over the whole tile as NaN.

    - C1. The input has rank 4 and static channels, the weight a static shape of rank 4.
    - C2. The weight's first dimension is 16, its third the channels.
    - C3. There are four paddings, not negative and below 2^31, and the kernel fits.
    - C4. The outputs fill the panels, the last one at least in part.
    - C5. The bias, where given, is `[outputs]` of the input's element type.
    - C6. The result has the sizes above and the input's element type.

    Example:

    ```mlir
    %y = nn.winograd_conv %x, %u padding [1, 1, 1, 1] {outputs = 64 : i64} : tensor<?x28x28x32xf32>, tensor<16x1x32x64xf32> -> tensor<?x28x28x64xf32>
    ```
  }];
  let arguments = (ins NN_FloatTensor:$input, NN_FloatTensor:$weight, Optional<NN_FloatTensor>:$bias,
                       I64Attr:$outputs, DenseI64ArrayAttr:$padding);
  let results = (outs NN_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? `padding` $padding attr-dict `:` type($input) `,`
    type($weight) (`,` type($bias)^)? `->` type($result)
  }];
}

#endif
