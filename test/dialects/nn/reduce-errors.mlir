// The constraints of reductions and norms.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @reduce_c1(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error @+2 {{axis 2 is outside a rank-2 input or named twice}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.reduce sum %x [2] : tensor<2x3xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @reduce_c1_twice(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error @+2 {{axis 1 is outside a rank-2 input or named twice}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.reduce sum %x [1, 1] : tensor<2x3xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @reduce_c2(%x: tensor<2x3xi32>) -> tensor<2xi32> {
  // expected-error @+2 {{mean takes floats, but the input holds 'i32'; convert it by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.reduce mean %x [1] : tensor<2x3xi32> -> tensor<2xi32>
  return %r : tensor<2xi32>
}

// -----

func.func @reduce_c3(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x1xf32>' are incompatible with return type(s) of operation 'tensor<2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.reduce sum %x [1] {keep_dims} : tensor<2x3xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @softmax_c1(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{axis -1 is outside a rank-2 tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.softmax %x {axis = -1 : i64} : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @softmax_c2(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<3x2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.softmax %x {axis = 1 : i64} : tensor<2x3xf32> -> tensor<3x2xf32>
  return %r : tensor<3x2xf32>
}

// -----

func.func @layer_norm_c1(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{normalized_dims must be between 1 and the rank, 2, but is 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.layer_norm %x {epsilon = 1.0e-5 : f64, normalized_dims = 3 : i64}
    : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @layer_norm_c2(%x: tensor<2x3xf32>, %s: tensor<2xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{scale must be 'tensor<3xf32>', but is 'tensor<2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.layer_norm %x scale %s : tensor<2xf32> {epsilon = 1.0e-5 : f64}
    : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @layer_norm_c2_bias(%x: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{bias must be 'tensor<2x3xf32>', but is 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.layer_norm %x bias %b : tensor<3xf32> {epsilon = 1.0e-5 : f64, normalized_dims = 2 : i64}
    : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @layer_norm_c3(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{epsilon must be a number that is not negative, but is}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.layer_norm %x {epsilon = -1.0 : f64}
    : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @layer_norm_c3_nan(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{epsilon must be a number that is not negative, but is}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.layer_norm %x {epsilon = 0x7FF8000000000000 : f64}
    : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @layer_norm_c4(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<3x2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.layer_norm %x {epsilon = 1.0e-5 : f64}
    : tensor<2x3xf32> -> tensor<3x2xf32>
  return %r : tensor<3x2xf32>
}

// -----

func.func @rms_norm_c1(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @+2 {{input needs rank 1 or more}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rms_norm %x {epsilon = 1.0e-5 : f64}
    : tensor<f32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

func.func @rms_norm_c2(%x: tensor<2x3xf32>, %s: tensor<2xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{scale must be 'tensor<3xf32>', but is 'tensor<2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rms_norm %x scale %s : tensor<2xf32> {epsilon = 1.0e-5 : f64}
    : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @rms_norm_c3(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{epsilon must be a number that is not negative, but is}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rms_norm %x {epsilon = -1.0 : f64}
    : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @rms_norm_c3_nan(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{epsilon must be a number that is not negative, but is}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rms_norm %x {epsilon = 0x7FF8000000000000 : f64}
    : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @rms_norm_c4(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x3xf32>' are incompatible with return type(s) of operation 'tensor<3x2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rms_norm %x {epsilon = 1.0e-5 : f64}
    : tensor<2x3xf32> -> tensor<3x2xf32>
  return %r : tensor<3x2xf32>
}

// -----

func.func @batch_norm_c1(%x: tensor<2x4x5xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<2x4x5xf32> {
  // expected-error @+2 {{axis 3 is outside a rank-3 tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.batch_norm %x, %m, %v {epsilon = 1.0e-5 : f64, axis = 3 : i64}
    : tensor<2x4x5xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<2x4x5xf32>
  return %r : tensor<2x4x5xf32>
}

// -----

func.func @batch_norm_c2(%x: tensor<2x4x5xf32>, %m: tensor<5xf32>, %v: tensor<4xf32>) -> tensor<2x4x5xf32> {
  // expected-error @+2 {{mean must be 'tensor<4xf32>', but is 'tensor<5xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.batch_norm %x, %m, %v {epsilon = 1.0e-5 : f64}
    : tensor<2x4x5xf32>, tensor<5xf32>, tensor<4xf32> -> tensor<2x4x5xf32>
  return %r : tensor<2x4x5xf32>
}

// -----

func.func @batch_norm_c2_variance(%x: tensor<2x4x5xf32>, %m: tensor<4xf32>, %v: tensor<4xf16>) -> tensor<2x4x5xf32> {
  // expected-error @+2 {{variance must be 'tensor<4xf32>', but is 'tensor<4xf16>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.batch_norm %x, %m, %v {epsilon = 1.0e-5 : f64}
    : tensor<2x4x5xf32>, tensor<4xf32>, tensor<4xf16> -> tensor<2x4x5xf32>
  return %r : tensor<2x4x5xf32>
}

// -----

func.func @batch_norm_c2_scale(%x: tensor<2x4x5xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>, %s: tensor<1xf32>) -> tensor<2x4x5xf32> {
  // expected-error @+2 {{scale must be 'tensor<4xf32>', but is 'tensor<1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.batch_norm %x, %m, %v scale %s : tensor<1xf32> {epsilon = 1.0e-5 : f64}
    : tensor<2x4x5xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<2x4x5xf32>
  return %r : tensor<2x4x5xf32>
}

// -----

func.func @batch_norm_c2_bias(%x: tensor<2x4x5xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>, %b: tensor<4x1xf32>) -> tensor<2x4x5xf32> {
  // expected-error @+2 {{bias must be 'tensor<4xf32>', but is 'tensor<4x1xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.batch_norm %x, %m, %v bias %b : tensor<4x1xf32> {epsilon = 1.0e-5 : f64}
    : tensor<2x4x5xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<2x4x5xf32>
  return %r : tensor<2x4x5xf32>
}

// -----

func.func @batch_norm_c3(%x: tensor<2x4x5xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<2x4x5xf32> {
  // expected-error @+2 {{epsilon must be a number that is not negative, but is}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.batch_norm %x, %m, %v {epsilon = -1.0e-5 : f64}
    : tensor<2x4x5xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<2x4x5xf32>
  return %r : tensor<2x4x5xf32>
}

// -----

func.func @batch_norm_c4(%x: tensor<2x4x5xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>) -> tensor<2x4xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x4x5xf32>' are incompatible with return type(s) of operation 'tensor<2x4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.batch_norm %x, %m, %v {epsilon = 1.0e-5 : f64}
    : tensor<2x4x5xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// -----

func.func @group_norm_c1(%x: tensor<2x?x5xf32>) -> tensor<2x?x5xf32> {
  // expected-error @+2 {{input needs rank 2 or more and a static number of channels}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.group_norm %x {epsilon = 1.0e-5 : f64, groups = 2 : i64}
    : tensor<2x?x5xf32> -> tensor<2x?x5xf32>
  return %r : tensor<2x?x5xf32>
}

// -----

func.func @group_norm_c2(%x: tensor<2x4x5xf32>) -> tensor<2x4x5xf32> {
  // expected-error @+2 {{groups must be positive and divide the 4 channels, but is 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.group_norm %x {epsilon = 1.0e-5 : f64, groups = 3 : i64}
    : tensor<2x4x5xf32> -> tensor<2x4x5xf32>
  return %r : tensor<2x4x5xf32>
}

// -----

func.func @group_norm_c3(%x: tensor<2x4x5xf32>, %b: tensor<5xf32>) -> tensor<2x4x5xf32> {
  // expected-error @+2 {{bias must be 'tensor<4xf32>', but is 'tensor<5xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.group_norm %x bias %b : tensor<5xf32> {epsilon = 1.0e-5 : f64, groups = 2 : i64}
    : tensor<2x4x5xf32> -> tensor<2x4x5xf32>
  return %r : tensor<2x4x5xf32>
}

// -----

func.func @group_norm_c4(%x: tensor<2x4x5xf32>) -> tensor<2x4x5xf32> {
  // expected-error @+2 {{epsilon must be a number that is not negative, but is}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.group_norm %x {epsilon = 0x7FF0000000000000 : f64, groups = 2 : i64}
    : tensor<2x4x5xf32> -> tensor<2x4x5xf32>
  return %r : tensor<2x4x5xf32>
}

// -----

func.func @group_norm_c5(%x: tensor<2x4x5xf32>) -> tensor<2x4x6xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x4x5xf32>' are incompatible with return type(s) of operation 'tensor<2x4x6xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.group_norm %x {epsilon = 1.0e-5 : f64, groups = 2 : i64}
    : tensor<2x4x5xf32> -> tensor<2x4x6xf32>
  return %r : tensor<2x4x6xf32>
}
