// The constraints of indices, order, running sums, scatter and random numbers.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @arg_reduce_c1(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{axis 2 is outside a rank-2 tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.arg_reduce max %x {axis = 2 : i64} : tensor<4x8xf32> -> tensor<4xi64>
  return
}

// -----

func.func @arg_reduce_c2(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{kind must be max or min, but is sum}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.arg_reduce sum %x {axis = 1 : i64} : tensor<4x8xf32> -> tensor<4xi64>
  return
}

// -----

func.func @arg_reduce_c3(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{are incompatible with return type(s)}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.arg_reduce max %x {axis = 1 : i64} : tensor<4x8xf32> -> tensor<8xi64>
  return
}

// -----

func.func @top_k_c1(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{axis 2 is outside a rank-2 tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.top_k %x {k = 2 : i64, axis = 2 : i64} : tensor<4x8xf32> -> tensor<4x2xi64>
  return
}

// -----

func.func @top_k_c2(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{k must be from 1 to the size of the dimension, 8, but is 9}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.top_k %x {k = 9 : i64, axis = 1 : i64} : tensor<4x8xf32> -> tensor<4x9xi64>
  return
}

// -----

func.func @top_k_c3(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{are incompatible with return type(s)}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.top_k %x {k = 2 : i64, axis = 1 : i64} : tensor<4x8xf32> -> tensor<4x3xi64>
  return
}

// -----

func.func @arg_sort_c1(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{axis 2 is outside a rank-2 tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.arg_sort %x {axis = 2 : i64} : tensor<4x8xf32> -> tensor<4x8xi64>
  return
}

// -----

func.func @arg_sort_c2(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{are incompatible with return type(s)}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.arg_sort %x {axis = 1 : i64} : tensor<4x8xf32> -> tensor<8x4xi64>
  return
}

// -----

func.func @cumulative_c1(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{axis 2 is outside a rank-2 tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.cumulative sum %x {axis = 2 : i64} : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @cumulative_c2(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{kind must be sum, prod, max or min, but is mean}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.cumulative mean %x {axis = 1 : i64} : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @cumulative_c3(%x: tensor<4xi1>) {
  // expected-error @+2 {{takes numbers, but the input holds bools; convert it by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.cumulative sum %x {axis = 0 : i64} : tensor<4xi1> -> tensor<4xi1>
  return
}

// -----

func.func @cumulative_c3_type(%x: tensor<4x8xf32>) {
  // expected-error @+2 {{are incompatible with return type(s)}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.cumulative sum %x {axis = 1 : i64} : tensor<4x8xf32> -> tensor<4x7xf32>
  return
}

// -----

func.func @scatter_c1(%x: tensor<4x8xf32>, %i: tensor<3xi64>, %u: tensor<3x8xf32>) {
  // expected-error @+2 {{axis 2 is outside a rank-2 tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.scatter set %x, %i, %u {axis = 2 : i64} : tensor<4x8xf32>, tensor<3xi64>, tensor<3x8xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @scatter_c2(%x: tensor<4x8xf32>, %i: tensor<3xf32>, %u: tensor<3x8xf32>) {
  // expected-error @+1 {{operand #1 must be}}
  %r = nn.scatter set %x, %i, %u {axis = 0 : i64} : tensor<4x8xf32>, tensor<3xf32>, tensor<3x8xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @scatter_c3(%x: tensor<4x8xf32>, %i: tensor<3xi64>, %u: tensor<3x8xf16>) {
  // expected-error @+2 {{updates hold 'f16' but the data holds 'f32'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.scatter set %x, %i, %u {axis = 0 : i64} : tensor<4x8xf32>, tensor<3xi64>, tensor<3x8xf16> -> tensor<4x8xf32>
  return
}

// -----

func.func @scatter_c3_shape(%x: tensor<4x8xf32>, %i: tensor<3xi64>, %u: tensor<3x7xf32>) {
  // expected-error @+2 {{updates have the shape [3, 7], but a gather of these indices gives [3, 8]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.scatter set %x, %i, %u {axis = 0 : i64} : tensor<4x8xf32>, tensor<3xi64>, tensor<3x7xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @scatter_c4(%x: tensor<4x8xi1>, %i: tensor<3xi64>, %u: tensor<3x8xi1>) {
  // expected-error @+2 {{bools can only be set, but the mode is add}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.scatter add %x, %i, %u {axis = 0 : i64} : tensor<4x8xi1>, tensor<3xi64>, tensor<3x8xi1> -> tensor<4x8xi1>
  return
}

// -----

func.func @scatter_c5(%x: tensor<4x8xf32>, %i: tensor<3xi64>, %u: tensor<3x8xf32>) {
  // expected-error @+2 {{are incompatible with return type(s)}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.scatter set %x, %i, %u {axis = 0 : i64} : tensor<4x8xf32>, tensor<3xi64>, tensor<3x8xf32> -> tensor<3x8xf32>
  return
}

// -----

func.func @take_along_c1(%x: tensor<4x8xf32>, %i: tensor<4x2xi64>) {
  // expected-error @+2 {{axis 2 is outside a rank-2 tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.take_along %x, %i {axis = 2 : i64} : tensor<4x8xf32>, tensor<4x2xi64> -> tensor<4x2xf32>
  return
}

// -----

func.func @take_along_indices(%x: tensor<4x8xf32>, %i: tensor<4x2xf32>) {
  // expected-error @+1 {{operand #1 must be}}
  %r = nn.take_along %x, %i {axis = 1 : i64} : tensor<4x8xf32>, tensor<4x2xf32> -> tensor<4x2xf32>
  return
}

// -----

func.func @take_along_c2(%x: tensor<4x8xf32>, %i: tensor<2xi64>) {
  // expected-error @+2 {{indices have rank 1 but the data has rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.take_along %x, %i {axis = 1 : i64} : tensor<4x8xf32>, tensor<2xi64> -> tensor<4x2xf32>
  return
}

// -----

func.func @take_along_c3(%x: tensor<4x8xf32>, %i: tensor<3x2xi64>) {
  // expected-error @+2 {{dimension 0 is 4 in the data but 3 in the indices}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.take_along %x, %i {axis = 1 : i64} : tensor<4x8xf32>, tensor<3x2xi64> -> tensor<3x2xf32>
  return
}

// -----

func.func @take_along_c4(%x: tensor<4x8xf32>, %i: tensor<4x2xi64>) {
  // expected-error @+2 {{are incompatible with return type(s)}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.take_along %x, %i {axis = 1 : i64} : tensor<4x8xf32>, tensor<4x2xi64> -> tensor<4x3xf32>
  return
}

// -----

func.func @random_c1(%k: tensor<2xi64>, %o: tensor<i64>) {
  // expected-error @+1 {{key and offset must have rank 0, but have 1 and 0}}
  %r = nn.random uniform %k at %o : tensor<2xi64>, tensor<i64> -> tensor<8xf32>
  return
}

// -----

func.func @random_c2(%k: tensor<i64>, %o: tensor<i64>) {
  // expected-error @+1 {{uniform gives floats, but the result holds 'i32'}}
  %r = nn.random uniform %k at %o : tensor<i64>, tensor<i64> -> tensor<8xi32>
  return
}

// -----

func.func @random_c2_bits(%k: tensor<i64>, %o: tensor<i64>) {
  // expected-error @+1 {{bits are i32 or i64, but the result holds 'f32'}}
  %r = nn.random bits %k at %o : tensor<i64>, tensor<i64> -> tensor<8xf32>
  return
}

// -----

func.func @random_c3(%k: tensor<i64>, %o: tensor<i64>) {
  // expected-error @+1 {{needs one size operand per dynamic result dimension: 1 dynamic, 0 given}}
  %r = nn.random uniform %k at %o : tensor<i64>, tensor<i64> -> tensor<?xf32>
  return
}
