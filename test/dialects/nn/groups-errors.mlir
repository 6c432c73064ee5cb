// The constraints of weights in groups.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @pack_groups_c1(%w: tensor<?x5xf32>) -> tensor<2x24xi8> {
  // expected-error @+2 {{needs an input of static shape and rank 2, but has 'tensor<?x5xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack_groups %w {bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<?x5xf32> -> tensor<2x24xi8>
  return %r : tensor<2x24xi8>
}

// -----

func.func @pack_groups_c2(%w: tensor<7x5xf32>) -> tensor<2x24xi8> {
  // expected-error @+2 {{panel must be positive and below 2^16, but is 65536}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack_groups %w {bits = 4 : i64, group_size = 8 : i64, panel = 65536 : i64} : tensor<7x5xf32> -> tensor<2x24xi8>
  return %r : tensor<2x24xi8>
}

// -----

func.func @pack_groups_c3(%w: tensor<7x5xf32>) -> tensor<2x24xi8> {
  // expected-error @+2 {{bits must be 4 or 8, but is 5}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack_groups %w {bits = 5 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<7x5xf32> -> tensor<2x24xi8>
  return %r : tensor<2x24xi8>
}

// -----

func.func @pack_groups_c4(%w: tensor<7x5xf32>) -> tensor<2x24xi8> {
  // expected-error @+2 {{group_size must be a positive multiple of 8 below 2^31, but is 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack_groups %w {bits = 4 : i64, group_size = 4 : i64, panel = 4 : i64} : tensor<7x5xf32> -> tensor<2x24xi8>
  return %r : tensor<2x24xi8>
}

// -----

func.func @pack_groups_c5(%w: tensor<7x5xf32>) -> tensor<2x28xi8> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x24xi8>' are incompatible with return type(s) of operation 'tensor<2x28xi8>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.pack_groups %w {bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<7x5xf32> -> tensor<2x28xi8>
  return %r : tensor<2x28xi8>
}

// -----

func.func @packed_linear_groups_c1(%x: tensor<?x5xf32>, %w: tensor<?x24xi8>) -> tensor<?x7xf32> {
  // expected-error @+2 {{needs an input of rank 1 or more and a static weight of rank 2}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_groups %x, %w {outputs = 7 : i64, bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<?x5xf32>, tensor<?x24xi8> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_groups_c2(%x: tensor<3x?xf32>, %w: tensor<2x24xi8>) -> tensor<3x7xf32> {
  // expected-error @+2 {{needs a static last dimension, but has 'tensor<3x?xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_groups %x, %w {outputs = 7 : i64, bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<3x?xf32>, tensor<2x24xi8> -> tensor<3x7xf32>
  return %r : tensor<3x7xf32>
}

// -----

func.func @packed_linear_groups_c3(%x: tensor<?x5xf32>, %w: tensor<2x24xi8>) -> tensor<?x7xf32> {
  // expected-error @+2 {{bits must be 4 or 8, but is 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_groups %x, %w {outputs = 7 : i64, bits = 3 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<?x5xf32>, tensor<2x24xi8> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_groups_c3_size(%x: tensor<?x5xf32>, %w: tensor<2x24xi8>) -> tensor<?x7xf32> {
  // expected-error @+2 {{group_size must be a positive multiple of 8 below 2^31, but is 2147483648}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_groups %x, %w {outputs = 7 : i64, bits = 4 : i64, group_size = 2147483648 : i64, panel = 4 : i64} : tensor<?x5xf32>, tensor<2x24xi8> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_groups_c4(%x: tensor<?x5xf32>, %w: tensor<2x23xi8>) -> tensor<?x7xf32> {
  // expected-error @+2 {{rows of 23 bytes are no panels of 5 by 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_groups %x, %w {outputs = 7 : i64, bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<?x5xf32>, tensor<2x23xi8> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_groups_c4_panel(%x: tensor<?x5xf32>, %w: tensor<2x24xi8>) -> tensor<?x7xf32> {
  // expected-error @+2 {{panel must be positive and below 2^16, but is 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_groups %x, %w {outputs = 7 : i64, bits = 4 : i64, group_size = 8 : i64, panel = 0 : i64} : tensor<?x5xf32>, tensor<2x24xi8> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_groups_c4_panels(%x: tensor<?x5xf32>, %w: tensor<3x24xi8>) -> tensor<?x7xf32> {
  // expected-error @+2 {{7 outputs do not fill 3 panels of 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_groups %x, %w {outputs = 7 : i64, bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<?x5xf32>, tensor<3x24xi8> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_groups_c5(%x: tensor<?x5xf32>, %w: tensor<2x24xi8>, %b: tensor<6xf32>) -> tensor<?x7xf32> {
  // expected-error @+2 {{bias must be [7], but is 'tensor<6xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_groups %x, %w bias %b {outputs = 7 : i64, bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<?x5xf32>, tensor<2x24xi8>, tensor<6xf32> -> tensor<?x7xf32>
  return %r : tensor<?x7xf32>
}

// -----

func.func @packed_linear_groups_c6(%x: tensor<?x5xf32>, %w: tensor<2x24xi8>) -> tensor<?x8xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<?x7xf32>' are incompatible with return type(s) of operation 'tensor<?x8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.packed_linear_groups %x, %w {outputs = 7 : i64, bits = 4 : i64, group_size = 8 : i64, panel = 4 : i64} : tensor<?x5xf32>, tensor<2x24xi8> -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}
