// The constraints of indices, order, running values and random numbers.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @arg_reduce_c1(%x: tensor<2x3xf32>) -> tensor<2xi64> {
  // expected-error @+2 {{axis 2 is outside a rank-2 tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.arg_reduce max %x {axis = 2 : i64} : tensor<2x3xf32> -> tensor<2xi64>
  return %r : tensor<2xi64>
}

// -----

func.func @arg_reduce_c2(%x: tensor<2x3xf32>) -> tensor<2xi64> {
  // expected-error @+2 {{kind must be max or min, but is sum}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.arg_reduce sum %x {axis = 1 : i64} : tensor<2x3xf32> -> tensor<2xi64>
  return %r : tensor<2xi64>
}

// -----

func.func @top_k_c2(%x: tensor<2x3xf32>) -> tensor<2x4xi64> {
  // expected-error @+2 {{k must be from 1 to the size of the dimension, 3, but is 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.top_k %x {k = 4 : i64, axis = 1 : i64} : tensor<2x3xf32> -> tensor<2x4xi64>
  return %r : tensor<2x4xi64>
}

// -----

func.func @cumulative_c2(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{kind must be sum, prod, max or min, but is mean}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.cumulative mean %x {axis = 0 : i64} : tensor<3xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @scatter_c3(%x: tensor<5x8xf32>, %i: tensor<2xi64>, %u: tensor<3x8xf32>) -> tensor<5x8xf32> {
  // expected-error @+2 {{updates have the shape [3, 8], but a gather of these indices gives [2, 8]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.scatter set %x, %i, %u {axis = 0 : i64} : tensor<5x8xf32>, tensor<2xi64>, tensor<3x8xf32> -> tensor<5x8xf32>
  return %r : tensor<5x8xf32>
}

// -----

func.func @take_along_c2(%x: tensor<5x8xf32>, %i: tensor<2xi64>) -> tensor<2xf32> {
  // expected-error @+2 {{indices have rank 1 but the data has rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.take_along %x, %i {axis = 0 : i64} : tensor<5x8xf32>, tensor<2xi64> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @random_c1(%k: tensor<2xi64>, %z: tensor<i64>) -> tensor<2xf32> {
  // expected-error @+1 {{key and offset must have rank 0, but have 1 and 0}}
  %r = nn.random uniform %k at %z : tensor<2xi64>, tensor<i64> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @random_c2(%k: tensor<i64>) -> tensor<2xf32> {
  // expected-error @+1 {{bits are i32 or i64, but the result holds 'f32'}}
  %r = nn.random bits %k at %k : tensor<i64>, tensor<i64> -> tensor<2xf32>
  return %r : tensor<2xf32>
}
