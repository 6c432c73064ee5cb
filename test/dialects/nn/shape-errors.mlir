// The constraints of operations that move or place elements.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @reshape_c1(%x: tensor<2xf32>) -> tensor<2xf16> {
  // expected-error @+1 {{changes the element type; that is what nn.cast does}}
  %r = nn.reshape %x : tensor<2xf32> -> tensor<2xf16>
  return %r : tensor<2xf16>
}

// -----

func.func @reshape_c2(%x: tensor<2x3xf32>) -> tensor<5xf32> {
  // expected-error @+1 {{changes the number of elements from 6 to 5}}
  %r = nn.reshape %x : tensor<2x3xf32> -> tensor<5xf32>
  return %r : tensor<5xf32>
}

// -----

func.func @reshape_c3(%x: tensor<?x3xf32>) -> tensor<3x?xf32> {
  // expected-error @+1 {{needs one size operand per dynamic result dimension: 1 dynamic, 0 given}}
  %r = nn.reshape %x : tensor<?x3xf32> -> tensor<3x?xf32>
  return %r : tensor<3x?xf32>
}

// -----

func.func @reshape_c3_too_many(%x: tensor<2x3xf32>, %n: index) -> tensor<6xf32> {
  // expected-error @+1 {{needs one size operand per dynamic result dimension: 0 dynamic, 1 given}}
  %r = nn.reshape %x[%n] : tensor<2x3xf32> -> tensor<6xf32>
  return %r : tensor<6xf32>
}

// -----

func.func @broadcast_c1(%x: tensor<1xf32>) -> tensor<2xf16> {
  // expected-error @+1 {{changes the element type; that is what nn.cast does}}
  %r = nn.broadcast %x : tensor<1xf32> -> tensor<2xf16>
  return %r : tensor<2xf16>
}

// -----

func.func @broadcast_c2(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{cannot broadcast 'tensor<2xf32>' to 'tensor<3xf32>': a dimension repeats only where it is statically 1}}
  %r = nn.broadcast %x : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @broadcast_c2_shrinks(%x: tensor<5xf32>) -> tensor<1xf32> {
  // expected-error @+1 {{cannot broadcast 'tensor<5xf32>' to 'tensor<1xf32>'}}
  %r = nn.broadcast %x : tensor<5xf32> -> tensor<1xf32>
  return %r : tensor<1xf32>
}

// -----

func.func @broadcast_c2_rank(%x: tensor<1x1xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{cannot broadcast 'tensor<1x1xf32>' to 'tensor<3xf32>'}}
  %r = nn.broadcast %x : tensor<1x1xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @broadcast_c3(%x: tensor<1xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{needs one size operand per dynamic result dimension: 1 dynamic, 0 given}}
  %r = nn.broadcast %x : tensor<1xf32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// -----

func.func @transpose_c1(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  // expected-error @+2 {{permutation must name each of 2 dimensions once}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.transpose %x [0, 0] : tensor<2x3xf32> -> tensor<2x2xf32>
  return %r : tensor<2x2xf32>
}

// -----

func.func @transpose_c1_count(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error @+2 {{permutation must name each of 2 dimensions once}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.transpose %x [0] : tensor<2x3xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @transpose_c2(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<3x2xf32>' are incompatible with return type(s) of operation 'tensor<2x3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @pad_c1(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+2 {{low and high need one number for each dimension of a rank-2 input, but have 2 and 1}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pad %x low [0, 0] high [1] value 0.0 : f32 : tensor<2x3xf32> -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @pad_c2(%x: tensor<2xf32>) -> tensor<1xf32> {
  // expected-error @+2 {{padding must not be negative, or as large as 2^31}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pad %x low [-1] high [0] value 0.0 : f32 : tensor<2xf32> -> tensor<1xf32>
  return %r : tensor<1xf32>
}

// -----

func.func @pad_c2_large(%x: tensor<2xf32>) -> tensor<1xf32> {
  // expected-error @+2 {{padding must not be negative, or as large as 2^31}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pad %x low [9223372036854775807] high [0] value 0.0 : f32 : tensor<2xf32> -> tensor<1xf32>
  return %r : tensor<1xf32>
}

// -----

func.func @pad_c3(%x: tensor<2xf32>) -> tensor<3xf32> {
  // expected-error @+2 {{value has type 'i32' but the input holds 'f32'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pad %x low [0] high [1] value 0 : i32 : tensor<2xf32> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @pad_c4(%x: tensor<2xf32>) -> tensor<4xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<3xf32>' are incompatible with return type(s) of operation 'tensor<4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pad %x low [0] high [1] value 0.0 : f32 : tensor<2xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @gather_c1(%x: tensor<2xf32>, %i: tensor<3xi64>) -> tensor<3xf32> {
  // expected-error @+2 {{axis 1 is outside a rank-1 tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.gather %x, %i {axis = 1 : i64} : tensor<2xf32>, tensor<3xi64> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @gather_c2(%x: tensor<2xf32>, %i: tensor<3xi8>) -> tensor<3xf32> {
  // expected-error @+1 {{operand #1 must be ranked tensor of 32-bit signless integer or 64-bit signless integer values}}
  %r = nn.gather %x, %i : tensor<2xf32>, tensor<3xi8> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @gather_c3(%x: tensor<2x4xf32>, %i: tensor<3xi64>) -> tensor<3xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<3x4xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.gather %x, %i : tensor<2x4xf32>, tensor<3xi64> -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

func.func @iota_c1() -> tensor<2x2xi64> {
  // expected-error @+1 {{result must have rank 1, but has 2}}
  %r = nn.iota : tensor<2x2xi64>
  return %r : tensor<2x2xi64>
}

// -----

func.func @iota_c2() -> tensor<?xi64> {
  // expected-error @+1 {{needs a size operand exactly where the result is dynamic}}
  %r = nn.iota : tensor<?xi64>
  return %r : tensor<?xi64>
}

// -----

func.func @iota_c2_static(%n: index) -> tensor<3xi64> {
  // expected-error @+1 {{needs a size operand exactly where the result is dynamic}}
  %r = nn.iota[%n] : tensor<3xi64>
  return %r : tensor<3xi64>
}
