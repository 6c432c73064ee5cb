// The constraints of packed weights and their products.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @pack_c1(%w: tensor<?x5xf32>) -> tensor<2x5x4xf32> {
  // expected-error @+2 {{needs an input of static shape and rank 2 or more, but has 'tensor<?x5xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack %w {panel = 4 : i64} : tensor<?x5xf32> -> tensor<2x5x4xf32>
  return %r : tensor<2x5x4xf32>
}

// -----

func.func @pack_c1_rank(%w: tensor<5xf32>) -> tensor<2x5x4xf32> {
  // expected-error @+2 {{needs an input of static shape and rank 2 or more, but has 'tensor<5xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack %w {panel = 4 : i64} : tensor<5xf32> -> tensor<2x5x4xf32>
  return %r : tensor<2x5x4xf32>
}

// -----

func.func @pack_c2(%w: tensor<7x5xf32>) -> tensor<2x5x4xf32> {
  // expected-error @+2 {{panel must be positive and below 2^31, but is 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack %w {panel = 0 : i64} : tensor<7x5xf32> -> tensor<2x5x4xf32>
  return %r : tensor<2x5x4xf32>
}

// -----

func.func @pack_c3(%w: tensor<7x5xf32>) -> tensor<7x5x4xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x5x4xf32>' are incompatible with return type(s) of operation 'tensor<7x5x4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack %w {panel = 4 : i64} : tensor<7x5xf32> -> tensor<7x5x4xf32>
  return %r : tensor<7x5x4xf32>
}

// -----

func.func @packed_linear_c1(%x: tensor<?x5xf32>, %w: tensor<7x5xf32>) -> tensor<?x7xf32> {
  // expected-error @+2 {{needs an input of rank 1 or more and a static weight of rank 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear %x, %w {outputs = 7 : i64} : tensor<?x5xf32>, tensor<7x5xf32> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_c2(%x: tensor<?x6xf32>, %w: tensor<2x5x4xf32>) -> tensor<?x7xf32> {
  // expected-error @+2 {{input has 6 elements in its last dimension, the weight takes 5}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear %x, %w {outputs = 7 : i64} : tensor<?x6xf32>, tensor<2x5x4xf32> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_c2_dynamic(%x: tensor<?x?xf32>, %w: tensor<2x5x4xf32>) -> tensor<?x7xf32> {
  // expected-error @+2 {{input has ? elements in its last dimension, the weight takes 5}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear %x, %w {outputs = 7 : i64} : tensor<?x?xf32>, tensor<2x5x4xf32> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_c3(%x: tensor<?x5xf32>, %w: tensor<2x5x4xf32>) -> tensor<?x9xf32> {
  // expected-error @+2 {{9 outputs do not fill 2 panels of 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear %x, %w {outputs = 9 : i64} : tensor<?x5xf32>, tensor<2x5x4xf32> -> tensor<?x9xf32>
  return %r : tensor<?x9xf32>
}

// -----

func.func @packed_linear_c3_empty(%x: tensor<?x5xf32>, %w: tensor<2x5x0xf32>) -> tensor<?x7xf32> {
  // expected-error @+2 {{7 outputs do not fill 2 panels of 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear %x, %w {outputs = 7 : i64} : tensor<?x5xf32>, tensor<2x5x0xf32> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_c4(%x: tensor<?x5xf32>, %w: tensor<2x5x4xf32>, %b: tensor<8xf32>) -> tensor<?x7xf32> {
  // expected-error @+2 {{bias must be 'tensor<7xf32>', but is 'tensor<8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear %x, %w bias %b {outputs = 7 : i64} : tensor<?x5xf32>, tensor<2x5x4xf32>, tensor<8xf32> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_c5(%x: tensor<?x5xf32>, %w: tensor<2x5x4xf32>) -> tensor<?x8xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<?x7xf32>' are incompatible with return type(s) of operation 'tensor<?x8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear %x, %w {outputs = 7 : i64} : tensor<?x5xf32>, tensor<2x5x4xf32> -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}

// -----

func.func @packed_conv_c1(%x: tensor<?x8x8x4xf32>, %w: tensor<2x12x2xf32>) -> tensor<?x6x7x6xf32> {
  // expected-error @+2 {{needs an input of rank 3 to 5 and a static weight of rank 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w kernel [3, 2] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<2x12x2xf32> -> tensor<?x6x7x6xf32>
  return %r : tensor<?x6x7x6xf32>
}

// -----

func.func @packed_conv_c2(%x: tensor<?x8x8x4xf32>, %w: tensor<2x2x12x2xf32>) -> tensor<?x6x7x6xf32> {
  // expected-error @+2 {{kernel, strides and dilations must be positive and below 2^31}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w kernel [3, 2] strides [1, 0] padding [0, 0, 0, 0] dilations [1, 1]
    {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<2x2x12x2xf32> -> tensor<?x6x7x6xf32>
  return %r : tensor<?x6x7x6xf32>
}

// -----

func.func @packed_conv_c2_window(%x: tensor<?x2x8x4xf32>, %w: tensor<2x2x12x2xf32>) -> tensor<?x6x7x6xf32> {
  // expected-error @+2 {{a window of 3 with dilation 1 does not fit into spatial dimension 0: 2 padded to 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w kernel [3, 2] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    {outputs = 6 : i64} : tensor<?x2x8x4xf32>, tensor<2x2x12x2xf32> -> tensor<?x6x7x6xf32>
  return %r : tensor<?x6x7x6xf32>
}

// -----

func.func @packed_conv_c3(%x: tensor<?x8x8x6xf32>, %w: tensor<2x2x12x2xf32>) -> tensor<?x6x7x6xf32> {
  // expected-error @+2 {{input has 6 channels, which 2 groups and a kernel of [3, 2] do not make into the weight's depth of 12}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w kernel [3, 2] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    {outputs = 6 : i64} : tensor<?x8x8x6xf32>, tensor<2x2x12x2xf32> -> tensor<?x6x7x6xf32>
  return %r : tensor<?x6x7x6xf32>
}

// -----

func.func @packed_conv_c3_dynamic(%x: tensor<?x8x8x?xf32>, %w: tensor<2x2x12x2xf32>) -> tensor<?x6x7x6xf32> {
  // expected-error @+2 {{input has ? channels, which 2 groups}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w kernel [3, 2] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    {outputs = 6 : i64} : tensor<?x8x8x?xf32>, tensor<2x2x12x2xf32> -> tensor<?x6x7x6xf32>
  return %r : tensor<?x6x7x6xf32>
}

// -----

func.func @packed_conv_c3_overflow(%x: tensor<?x8x8x4xf32>, %w: tensor<2x2x12x2xf32>) -> tensor<?x6x7x6xf32> {
  // expected-error @+2 {{input has 4 channels, which 2 groups and a kernel of [2147483647, 2147483647] do not make}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w kernel [2147483647, 2147483647] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<2x2x12x2xf32> -> tensor<?x6x7x6xf32>
  return %r : tensor<?x6x7x6xf32>
}

// -----

func.func @packed_conv_c4(%x: tensor<?x8x8x4xf32>, %w: tensor<2x2x12x2xf32>) -> tensor<?x6x7x6xf32> {
  // expected-error @+2 {{2 groups do not divide 7 outputs}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w kernel [3, 2] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    {outputs = 7 : i64} : tensor<?x8x8x4xf32>, tensor<2x2x12x2xf32> -> tensor<?x6x7x6xf32>
  return %r : tensor<?x6x7x6xf32>
}

// -----

func.func @packed_conv_c4_panels(%x: tensor<?x8x8x4xf32>, %w: tensor<2x2x12x2xf32>) -> tensor<?x6x7x6xf32> {
  // expected-error @+2 {{1 outputs do not fill 2 panels of 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w kernel [3, 2] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    {outputs = 2 : i64} : tensor<?x8x8x4xf32>, tensor<2x2x12x2xf32> -> tensor<?x6x7x6xf32>
  return %r : tensor<?x6x7x6xf32>
}

// -----

func.func @packed_conv_c5(%x: tensor<?x8x8x4xf32>, %w: tensor<2x2x12x2xf32>, %b: tensor<3xf32>) -> tensor<?x6x7x6xf32> {
  // expected-error @+2 {{bias must be 'tensor<6xf32>', but is 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w bias %b kernel [3, 2] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<2x2x12x2xf32>, tensor<3xf32> -> tensor<?x6x7x6xf32>
  return %r : tensor<?x6x7x6xf32>
}

// -----

func.func @packed_conv_c6(%x: tensor<?x8x8x4xf32>, %w: tensor<2x2x12x2xf32>) -> tensor<?x8x7x6xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<?x6x7x6xf32>' are incompatible with return type(s) of operation 'tensor<?x8x7x6xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w kernel [3, 2] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<2x2x12x2xf32> -> tensor<?x8x7x6xf32>
  return %r : tensor<?x8x7x6xf32>
}

// -----

func.func @packed_conv_c2_padding(%x: tensor<?x8x8x4xf32>, %w: tensor<2x2x12x2xf32>) -> tensor<?x6x7x6xf32> {
  // expected-error @+2 {{padding must not be negative}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_conv %x, %w kernel [3, 2] strides [1, 1] padding [0, 0, -1, 0] dilations [1, 1]
    {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<2x2x12x2xf32> -> tensor<?x6x7x6xf32>
  return %r : tensor<?x6x7x6xf32>
}

// -----

func.func @depthwise_conv_c1(%x: tensor<?x8x8x4xf32>, %w: tensor<1x6x4xf32>) -> tensor<?x8x7x4xf32> {
  // expected-error @+2 {{needs an input of rank 3 to 5 and a static weight of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.depthwise_conv %x, %w kernel [3, 2] strides [1, 1] padding [1, 1, 0, 0] dilations [1, 1]
    {groups = 4 : i64} : tensor<?x8x8x4xf32>, tensor<1x6x4xf32> -> tensor<?x8x7x4xf32>
  return %r : tensor<?x8x7x4xf32>
}

// -----

func.func @depthwise_conv_c2(%x: tensor<?x8x8x4xf32>, %w: tensor<6x4xf32>) -> tensor<?x8x7x4xf32> {
  // expected-error @+2 {{kernel, strides and dilations must be positive and below 2^31}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.depthwise_conv %x, %w kernel [3, 2] strides [1, 0] padding [1, 1, 0, 0] dilations [1, 1]
    {groups = 4 : i64} : tensor<?x8x8x4xf32>, tensor<6x4xf32> -> tensor<?x8x7x4xf32>
  return %r : tensor<?x8x7x4xf32>
}

// -----

func.func @depthwise_conv_c2_window(%x: tensor<?x0x8x4xf32>, %w: tensor<6x4xf32>) -> tensor<?x8x7x4xf32> {
  // expected-error @+2 {{a window of 3 with dilation 1 does not fit into spatial dimension 0: 0 padded to 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.depthwise_conv %x, %w kernel [3, 2] strides [1, 1] padding [1, 1, 0, 0] dilations [1, 1]
    {groups = 4 : i64} : tensor<?x0x8x4xf32>, tensor<6x4xf32> -> tensor<?x8x7x4xf32>
  return %r : tensor<?x8x7x4xf32>
}

// -----

func.func @depthwise_conv_c3(%x: tensor<?x8x8x4xf32>, %w: tensor<12x4xf32>) -> tensor<?x8x7x4xf32> {
  // expected-error @+2 {{input has 4 channels, which 4 groups and a kernel of [3, 2] do not make into the weight's depth of 12}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.depthwise_conv %x, %w kernel [3, 2] strides [1, 1] padding [1, 1, 0, 0] dilations [1, 1]
    {groups = 4 : i64} : tensor<?x8x8x4xf32>, tensor<12x4xf32> -> tensor<?x8x7x4xf32>
  return %r : tensor<?x8x7x4xf32>
}

// -----

func.func @depthwise_conv_c3_groups(%x: tensor<?x8x8x4xf32>, %w: tensor<8x3xf32>) -> tensor<?x8x7x4xf32> {
  // expected-error @+2 {{3 groups do not divide 4 channels}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.depthwise_conv %x, %w kernel [3, 2] strides [1, 1] padding [1, 1, 0, 0] dilations [1, 1]
    {groups = 3 : i64} : tensor<?x8x8x4xf32>, tensor<8x3xf32> -> tensor<?x8x7x4xf32>
  return %r : tensor<?x8x7x4xf32>
}

// -----

func.func @depthwise_conv_c3_dynamic(%x: tensor<?x8x8x?xf32>, %w: tensor<6x4xf32>) -> tensor<?x8x7x4xf32> {
  // expected-error @+2 {{input has ? channels, which 4 groups}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.depthwise_conv %x, %w kernel [3, 2] strides [1, 1] padding [1, 1, 0, 0] dilations [1, 1]
    {groups = 4 : i64} : tensor<?x8x8x?xf32>, tensor<6x4xf32> -> tensor<?x8x7x4xf32>
  return %r : tensor<?x8x7x4xf32>
}

// -----

func.func @depthwise_conv_c4(%x: tensor<?x8x8x4xf32>, %w: tensor<6x6xf32>) -> tensor<?x8x7x4xf32> {
  // expected-error @+2 {{4 groups do not divide 6 outputs}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.depthwise_conv %x, %w kernel [3, 2] strides [1, 1] padding [1, 1, 0, 0] dilations [1, 1]
    {groups = 4 : i64} : tensor<?x8x8x4xf32>, tensor<6x6xf32> -> tensor<?x8x7x4xf32>
  return %r : tensor<?x8x7x4xf32>
}

// -----

func.func @depthwise_conv_c4_none(%x: tensor<?x8x8x4xf32>, %w: tensor<6x4xf32>) -> tensor<?x8x7x4xf32> {
  // expected-error @+2 {{0 groups do not divide 4 outputs}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.depthwise_conv %x, %w kernel [3, 2] strides [1, 1] padding [1, 1, 0, 0] dilations [1, 1]
    {groups = 0 : i64} : tensor<?x8x8x4xf32>, tensor<6x4xf32> -> tensor<?x8x7x4xf32>
  return %r : tensor<?x8x7x4xf32>
}

// -----

func.func @depthwise_conv_c5(%x: tensor<?x8x8x4xf32>, %w: tensor<6x4xf32>, %b: tensor<3xf32>) -> tensor<?x8x7x4xf32> {
  // expected-error @+2 {{bias must be 'tensor<4xf32>', but is 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.depthwise_conv %x, %w bias %b kernel [3, 2] strides [1, 1] padding [1, 1, 0, 0] dilations [1, 1]
    {groups = 4 : i64} : tensor<?x8x8x4xf32>, tensor<6x4xf32>, tensor<3xf32> -> tensor<?x8x7x4xf32>
  return %r : tensor<?x8x7x4xf32>
}

// -----

func.func @depthwise_conv_c6(%x: tensor<?x8x8x4xf32>, %w: tensor<6x4xf32>) -> tensor<?x6x7x4xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<?x8x7x4xf32>' are incompatible with return type(s) of operation 'tensor<?x6x7x4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.depthwise_conv %x, %w kernel [3, 2] strides [1, 1] padding [1, 1, 0, 0] dilations [1, 1]
    {groups = 4 : i64} : tensor<?x8x8x4xf32>, tensor<6x4xf32> -> tensor<?x6x7x4xf32>
  return %r : tensor<?x6x7x4xf32>
}

// -----

func.func @winograd_weight_c1(%w: tensor<6x4x3x2xf32>) -> tensor<16x6x4xf32> {
  // expected-error @+2 {{needs a static weight of 3 x 3 kernels, but has 'tensor<6x4x3x2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.winograd_weight %w : tensor<6x4x3x2xf32> -> tensor<16x6x4xf32>
  return %r : tensor<16x6x4xf32>
}

// -----

func.func @winograd_weight_c2(%w: tensor<6x4x3x3xf32>) -> tensor<16x4x6xf32> {
  // expected-error @+2 {{op inferred type(s) 'tensor<16x6x4xf32>' are incompatible with return type(s) of operation 'tensor<16x4x6xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.winograd_weight %w : tensor<6x4x3x3xf32> -> tensor<16x4x6xf32>
  return %r : tensor<16x4x6xf32>
}

// -----

func.func @winograd_conv_c1(%x: tensor<?x8x8x?xf32>, %w: tensor<16x1x4x16xf32>) -> tensor<?x8x8x6xf32> {
  // expected-error @+2 {{needs an input of rank 4 with static channels and a static weight of rank 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.winograd_conv %x, %w padding [1, 1, 1, 1] {outputs = 6 : i64} : tensor<?x8x8x?xf32>, tensor<16x1x4x16xf32> -> tensor<?x8x8x6xf32>
  return %r : tensor<?x8x8x6xf32>
}

// -----

func.func @winograd_conv_c2(%x: tensor<?x8x8x4xf32>, %w: tensor<9x1x4x16xf32>) -> tensor<?x8x8x6xf32> {
  // expected-error @+2 {{needs a weight of [16, panels, 4 channels, panel], but has 'tensor<9x1x4x16xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.winograd_conv %x, %w padding [1, 1, 1, 1] {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<9x1x4x16xf32> -> tensor<?x8x8x6xf32>
  return %r : tensor<?x8x8x6xf32>
}

// -----

func.func @winograd_conv_c2_channels(%x: tensor<?x8x8x5xf32>, %w: tensor<16x1x4x16xf32>) -> tensor<?x8x8x6xf32> {
  // expected-error @+2 {{needs a weight of [16, panels, 5 channels, panel], but has}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.winograd_conv %x, %w padding [1, 1, 1, 1] {outputs = 6 : i64} : tensor<?x8x8x5xf32>, tensor<16x1x4x16xf32> -> tensor<?x8x8x6xf32>
  return %r : tensor<?x8x8x6xf32>
}

// -----

func.func @winograd_conv_c3(%x: tensor<?x8x8x4xf32>, %w: tensor<16x1x4x16xf32>) -> tensor<?x8x8x6xf32> {
  // expected-error @+2 {{padding}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.winograd_conv %x, %w padding [1, 1] {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<16x1x4x16xf32> -> tensor<?x8x8x6xf32>
  return %r : tensor<?x8x8x6xf32>
}

// -----

func.func @winograd_conv_c3_window(%x: tensor<?x2x8x4xf32>, %w: tensor<16x1x4x16xf32>) -> tensor<?x8x8x6xf32> {
  // expected-error @+2 {{a window of 3 with dilation 1 does not fit into spatial dimension 0: 2 padded to 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.winograd_conv %x, %w padding [0, 0, 1, 1] {outputs = 6 : i64} : tensor<?x2x8x4xf32>, tensor<16x1x4x16xf32> -> tensor<?x8x8x6xf32>
  return %r : tensor<?x8x8x6xf32>
}

// -----

func.func @winograd_conv_c4(%x: tensor<?x8x8x4xf32>, %w: tensor<16x1x4x16xf32>) -> tensor<?x8x8x17xf32> {
  // expected-error @+2 {{17 outputs do not fill 1 panels of 16}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.winograd_conv %x, %w padding [1, 1, 1, 1] {outputs = 17 : i64} : tensor<?x8x8x4xf32>, tensor<16x1x4x16xf32> -> tensor<?x8x8x17xf32>
  return %r : tensor<?x8x8x17xf32>
}

// -----

func.func @winograd_conv_c5(%x: tensor<?x8x8x4xf32>, %w: tensor<16x1x4x16xf32>, %b: tensor<5xf32>) -> tensor<?x8x8x6xf32> {
  // expected-error @+2 {{bias}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.winograd_conv %x, %w bias %b padding [1, 1, 1, 1] {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<16x1x4x16xf32>, tensor<5xf32> -> tensor<?x8x8x6xf32>
  return %r : tensor<?x8x8x6xf32>
}

// -----

func.func @winograd_conv_c6(%x: tensor<?x8x8x4xf32>, %w: tensor<16x1x4x16xf32>) -> tensor<?x6x8x6xf32> {
  // expected-error @+2 {{are incompatible with return type(s) of operation}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.winograd_conv %x, %w padding [1, 1, 1, 1] {outputs = 6 : i64} : tensor<?x8x8x4xf32>, tensor<16x1x4x16xf32> -> tensor<?x6x8x6xf32>
  return %r : tensor<?x6x8x6xf32>
}
