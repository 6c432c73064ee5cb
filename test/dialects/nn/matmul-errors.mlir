// The constraints of matrix products.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @matmul_c1(%x: tensor<2xf32>, %y: tensor<2x3xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{both operands need rank 2 or more, but have 1 and 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.matmul %x, %y : tensor<2xf32>, tensor<2x3xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @matmul_c2(%x: tensor<2x3xf32>, %y: tensor<3x2xf16>) -> tensor<2x2xf32> {
  // expected-error @+2 {{operands need one element type, but have 'f32' and 'f16'; convert one by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.matmul %x, %y : tensor<2x3xf32>, tensor<3x2xf16> -> tensor<2x2xf32>
  return %r : tensor<2x2xf32>
}

// -----

func.func @matmul_c3(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{inner sizes differ: the left rows have 3 elements, the right columns 2; transpose_rhs reads the right side as [N, K]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.matmul %x, %y : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @matmul_c3_transposed(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{inner sizes differ: the left rows have 3 elements, the right columns 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.matmul %x, %y {transpose_rhs} : tensor<2x3xf32>, tensor<3x2xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @matmul_c4(%x: tensor<4x2x3xf32>, %y: tensor<5x3x2xf32>) -> tensor<4x2x2xf32> {
  // expected-error @+2 {{leading dimensions do not broadcast: [4] and [5]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.matmul %x, %y : tensor<4x2x3xf32>, tensor<5x3x2xf32> -> tensor<4x2x2xf32>
  return %r : tensor<4x2x2xf32>
}

// -----

func.func @matmul_c5(%x: tensor<4x2x3xf32>, %y: tensor<3x2xf32>) -> tensor<2x2xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<4x2x2xf32>' are incompatible with return type(s) of operation 'tensor<2x2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.matmul %x, %y : tensor<4x2x3xf32>, tensor<3x2xf32> -> tensor<2x2xf32>
  return %r : tensor<2x2xf32>
}

// -----

func.func @linear_c1(%x: tensor<2x3xf32>, %w: tensor<1x4x3xf32>) -> tensor<2x4xf32> {
  // expected-error @+2 {{needs an input of rank 1 or more and a weight of rank 2, but they have 2 and 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.linear %x, %w : tensor<2x3xf32>, tensor<1x4x3xf32> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// -----

func.func @linear_c1_scalar(%x: tensor<f32>, %w: tensor<4x3xf32>) -> tensor<4xf32> {
  // expected-error @+2 {{needs an input of rank 1 or more and a weight of rank 2, but they have 0 and 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.linear %x, %w : tensor<f32>, tensor<4x3xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @linear_c2(%x: tensor<2x3xf32>, %w: tensor<4x3xbf16>) -> tensor<2x4xf32> {
  // expected-error @+2 {{input and weight need one element type, but have 'f32' and 'bf16'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.linear %x, %w : tensor<2x3xf32>, tensor<4x3xbf16> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// -----

func.func @linear_c3(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+2 {{input has 3 elements in its last dimension, the weight takes 4; with input_major it is [K, N]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.linear %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// -----

func.func @linear_c3_input_major(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>) -> tensor<2x4xf32> {
  // expected-error @+2 {{input has 3 elements in its last dimension, the weight takes 4; without input_major it is [N, K]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.linear %x, %w {input_major} : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// -----

func.func @linear_c4(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>, %b: tensor<1x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+2 {{bias must be 'tensor<4xf32>', but is 'tensor<1x4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.linear %x, %w bias %b : tensor<2x3xf32>, tensor<4x3xf32>, tensor<1x4xf32> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// -----

func.func @linear_c5(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x4xf32>' are incompatible with return type(s) of operation 'tensor<2x3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.linear %x, %w : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @linear_c6_missing(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>) -> tensor<2x4xf32> {
  // expected-error @+2 {{group_size goes with the precisions int8_weights and int4_weights, and they with it}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.linear %x, %w {precision = #nn<precision int8_weights>} : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// -----

func.func @linear_c6_useless(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>) -> tensor<2x4xf32> {
  // expected-error @+2 {{group_size goes with the precisions int8_weights and int4_weights, and they with it}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.linear %x, %w {precision = #nn<precision int8>, group_size = 32 : i64} : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// -----

func.func @linear_c6_size(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>) -> tensor<2x4xf32> {
  // expected-error @+2 {{group_size must be a positive multiple of 8 below 2^31, but is 20}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.linear %x, %w {precision = #nn<precision int4_weights>, group_size = 20 : i64} : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}
