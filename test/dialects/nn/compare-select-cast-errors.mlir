// The constraints of comparing, selecting and converting.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @compare_c1(%x: tensor<2xf32>, %y: tensor<2xi32>) -> tensor<2xi1> {
  // expected-error @+2 {{operands need one element type, but have 'f32' and 'i32'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.compare lt %x, %y : tensor<2xf32>, tensor<2xi32> -> tensor<2xi1>
  return %r : tensor<2xi1>
}

// -----

func.func @compare_c2(%x: tensor<2xf32>, %y: tensor<3xf32>) -> tensor<2xi1> {
  // expected-error @+2 {{shapes do not broadcast: [2] and [3]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.compare lt %x, %y : tensor<2xf32>, tensor<3xf32> -> tensor<2xi1>
  return %r : tensor<2xi1>
}

// -----

func.func @compare_c3(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<1x2xi1> {
  // expected-error @+2 {{inferred type(s) 'tensor<2xi1>' are incompatible with return type(s) of operation 'tensor<1x2xi1>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.compare lt %x, %y : tensor<2xf32>, tensor<2xf32> -> tensor<1x2xi1>
  return %r : tensor<1x2xi1>
}

// -----

func.func @compare_c3_bool(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{result #0 must be ranked tensor of 1-bit signless integer values}}
  %r = nn.compare lt %x, %y : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @select_c1(%c: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xf16>) -> tensor<2xf32> {
  // expected-error @+2 {{both values need one element type, but have 'f32' and 'f16'; convert one by nn.cast}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.select %c, %x, %y : tensor<2xi1>, tensor<2xf32>, tensor<2xf16> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @select_c2(%c: tensor<4xi1>, %x: tensor<2x1xf32>, %y: tensor<3xf32>) -> tensor<2x4xf32> {
  // expected-error @+2 {{shapes do not broadcast: [2, 4] and [3] differ in dimension 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.select %c, %x, %y : tensor<4xi1>, tensor<2x1xf32>, tensor<3xf32> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// -----

func.func @select_c3(%c: tensor<2x1xi1>, %x: tensor<2xf32>, %y: tensor<f32>) -> tensor<2xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x2xf32>' are incompatible with return type(s) of operation 'tensor<2xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.select %c, %x, %y : tensor<2x1xi1>, tensor<2xf32>, tensor<f32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @select_c4(%c: tensor<2xi8>, %x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{operand #0 must be ranked tensor of 1-bit signless integer values}}
  %r = nn.select %c, %x, %x : tensor<2xi8>, tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @cast_c1(%x: tensor<2xf32>) -> tensor<3xf16> {
  // expected-error @+1 {{requires the same shape for all operands and results}}
  %r = nn.cast %x : tensor<2xf32> -> tensor<3xf16>
  return %r : tensor<3xf16>
}
