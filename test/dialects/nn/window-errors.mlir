// The constraints of convolutions and pools.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @conv_c1(%x: tensor<4x8xf32>, %w: tensor<6x4xf32>) -> tensor<4x6xf32> {
  // expected-error @+2 {{input needs rank 3 to 5, but has 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [] padding [] dilations []
    : tensor<4x8xf32>, tensor<6x4xf32> -> tensor<4x6xf32>
  return %r : tensor<4x6xf32>
}

// -----

func.func @conv_c1_weight(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{weight needs the input's rank, 4, but has 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32>, tensor<6x4x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c2(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf16>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{input and weight need one element type, but have 'f32' and 'f16'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32>, tensor<6x4x3x3xf16> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c3(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x?x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{weight needs a static shape and a kernel of positive sizes}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32>, tensor<6x4x?x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c3_empty(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x0x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{weight needs a static shape and a kernel of positive sizes}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32>, tensor<6x4x0x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c4(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{kernel, strides and dilations need 2 numbers each, padding 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c4_stride(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{kernel, strides and dilations must be positive and below 2^31}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 0] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c4_dilation(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{kernel, strides and dilations must be positive and below 2^31}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [4611686018427387904, 1]
    : tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c4_padding(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{padding must not be negative, or as large as 2^31}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, -1, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c5(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{groups must be positive and divide the 6 outputs, but is 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1] {groups = 4 : i64}
    : tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c5_zero(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{groups must be positive and divide the 6 outputs, but is 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1] {groups = 0 : i64}
    : tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c6(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{input has 4 channels, the weight takes 8}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1] {groups = 2 : i64}
    : tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c7(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf32>, %b: tensor<4xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{bias must be 'tensor<6xf32>', but is 'tensor<4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w bias %b strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32>, tensor<4xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c8(%x: tensor<1x4x2x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x6x6x6xf32> {
  // expected-error @+2 {{a window of 3 with dilation 1 does not fit into spatial dimension 0: 2 padded to 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x2x8xf32>, tensor<6x4x3x3xf32> -> tensor<1x6x6x6xf32>
  return %r : tensor<1x6x6x6xf32>
}

// -----

func.func @conv_c9(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<1x6x8x8xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<1x6x6x6xf32>' are incompatible with return type(s) of operation 'tensor<1x6x8x8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32> -> tensor<1x6x8x8xf32>
  return %r : tensor<1x6x8x8xf32>
}

// -----

func.func @pool_c1(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+2 {{input needs rank 3 to 5, but has 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pool max %x kernel [3, 3] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<4x8xf32> -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

func.func @pool_c2(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x6x6xf32> {
  // expected-error @+2 {{kernel, strides and dilations need 2 numbers each, padding 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pool max %x kernel [3] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32> -> tensor<1x4x6x6xf32>
  return %r : tensor<1x4x6x6xf32>
}

// -----

func.func @pool_c2_kernel(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x6x6xf32> {
  // expected-error @+2 {{kernel, strides and dilations must be positive and below 2^31}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pool max %x kernel [3, -3] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32> -> tensor<1x4x6x6xf32>
  return %r : tensor<1x4x6x6xf32>
}

// -----

func.func @pool_c2_padding(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x6x6xf32> {
  // expected-error @+2 {{padding must not be negative, or as large as 2^31}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pool max %x kernel [3, 3] strides [1, 1] padding [0, 0, 2147483648, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32> -> tensor<1x4x6x6xf32>
  return %r : tensor<1x4x6x6xf32>
}

// -----

func.func @pool_c3(%x: tensor<1x4x8x2xf32>) -> tensor<1x4x6x1xf32> {
  // expected-error @+2 {{a window of 3 with dilation 2 does not fit into spatial dimension 1: 2 padded to 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pool max %x kernel [3, 3] strides [1, 1] padding [0, 0, 1, 1] dilations [1, 2]
    : tensor<1x4x8x2xf32> -> tensor<1x4x6x1xf32>
  return %r : tensor<1x4x6x1xf32>
}

// -----

func.func @pool_c4(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x5x6xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<1x4x6x6xf32>' are incompatible with return type(s) of operation 'tensor<1x4x5x6xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pool max %x kernel [3, 3] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
    : tensor<1x4x8x8xf32> -> tensor<1x4x5x6xf32>
  return %r : tensor<1x4x5x6xf32>
}
