// The constraints of products of bytes.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @quantize_rows_c1(%x: tensor<3x?xf32>) -> tensor<3x16xi8> {
  // expected-error @+2 {{needs an input of rank 1 or more and a static last dimension, but has 'tensor<3x?xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.quantize_rows %x : tensor<3x?xf32> -> tensor<3x16xi8>
  return %r : tensor<3x16xi8>
}

// -----

func.func @quantize_rows_c2(%x: tensor<65537xf32>) -> tensor<65544xi8> {
  // expected-error @+2 {{sums of 65537 products of bytes may not fit 32 bits; at most 65536}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.quantize_rows %x : tensor<65537xf32> -> tensor<65544xi8>
  return %r : tensor<65544xi8>
}

// -----

func.func @quantize_rows_c3(%x: tensor<3x5xf32>) -> tensor<3x5xi8> {
  // expected-error @+2 {{inferred type(s) 'tensor<3x16xi8>' are incompatible with return type(s) of operation 'tensor<3x5xi8>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.quantize_rows %x : tensor<3x5xf32> -> tensor<3x5xi8>
  return %r : tensor<3x5xi8>
}

// -----

func.func @pack_int8_c1(%w: tensor<?x5xf32>) -> tensor<2x64xi8> {
  // expected-error @+2 {{needs an input of static shape and rank 2, but has 'tensor<?x5xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack_int8 %w {panel = 4 : i64} : tensor<?x5xf32> -> tensor<2x64xi8>
  return %r : tensor<2x64xi8>
}

// -----

func.func @pack_int8_c2(%w: tensor<7x5xf32>) -> tensor<2x64xi8> {
  // expected-error @+2 {{panel must be positive and below 2^16, but is 65536}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack_int8 %w {panel = 65536 : i64} : tensor<7x5xf32> -> tensor<2x64xi8>
  return %r : tensor<2x64xi8>
}

// -----

func.func @pack_int8_c3(%w: tensor<1x65537xf32>) -> tensor<1x65552xi8> {
  // expected-error @+2 {{sums of 65537 products of bytes may not fit 32 bits; at most 65536}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack_int8 %w {panel = 1 : i64} : tensor<1x65537xf32> -> tensor<1x65552xi8>
  return %r : tensor<1x65552xi8>
}

// -----

func.func @pack_int8_c4(%w: tensor<7x5xf32>) -> tensor<2x60xi8> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x64xi8>' are incompatible with return type(s) of operation 'tensor<2x60xi8>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack_int8 %w {panel = 4 : i64} : tensor<7x5xf32> -> tensor<2x60xi8>
  return %r : tensor<2x60xi8>
}

// -----

func.func @packed_linear_int8_c1(%x: tensor<?x16xi8>, %w: tensor<?x64xi8>) -> tensor<?x7xf32> {
  // expected-error @+2 {{needs an input of rank 1 or more and a static weight of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_int8 %x, %w {outputs = 7 : i64, depth = 5 : i64, panel = 4 : i64} : tensor<?x16xi8>, tensor<?x64xi8> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_int8_c2(%x: tensor<?x13xi8>, %w: tensor<2x64xi8>) -> tensor<?x7xf32> {
  // expected-error @+2 {{rows of 13 bytes are no quantised rows of 5}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_int8 %x, %w {outputs = 7 : i64, depth = 5 : i64, panel = 4 : i64} : tensor<?x13xi8>, tensor<2x64xi8> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_int8_c3(%x: tensor<?x16xi8>, %w: tensor<2x63xi8>) -> tensor<?x7xf32> {
  // expected-error @+2 {{rows of 63 bytes are no panels of 5 by 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_int8 %x, %w {outputs = 7 : i64, depth = 5 : i64, panel = 4 : i64} : tensor<?x16xi8>, tensor<2x63xi8> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_int8_c3_panels(%x: tensor<?x16xi8>, %w: tensor<3x64xi8>) -> tensor<?x7xf32> {
  // expected-error @+2 {{7 outputs do not fill 3 panels of 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_int8 %x, %w {outputs = 7 : i64, depth = 5 : i64, panel = 4 : i64} : tensor<?x16xi8>, tensor<3x64xi8> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_int8_c4(%x: tensor<?x16xi8>, %w: tensor<2x64xi8>, %b: tensor<6xf32>) -> tensor<?x7xf32> {
  // expected-error @+2 {{bias must be [7], but is 'tensor<6xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_int8 %x, %w bias %b {outputs = 7 : i64, depth = 5 : i64, panel = 4 : i64} : tensor<?x16xi8>, tensor<2x64xi8>, tensor<6xf32> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_int8_c5(%x: tensor<?x16xi8>, %w: tensor<2x64xi8>) -> tensor<?x8xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<?x7xf32>' are incompatible with return type(s) of operation 'tensor<?x8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_int8 %x, %w {outputs = 7 : i64, depth = 5 : i64, panel = 4 : i64} : tensor<?x16xi8>, tensor<2x64xi8> -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}
