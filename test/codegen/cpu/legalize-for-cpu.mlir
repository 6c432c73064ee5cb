// RUN: nacre-opt %s --legalize-for-cpu --split-input-file | FileCheck %s

ml_program.global private @w(#ml_program.extern<tensor<100x768xf32>>) : tensor<100x768xf32>

// CHECK-LABEL: func.func @packs_a_linear
// CHECK: %[[W:.*]] = ml_program.global_load_const @w
// CHECK: %[[P:.*]] = nn.pack %[[W]] {panel = 64 : i64} : tensor<100x768xf32> -> tensor<2x768x64xf32>
// CHECK: nn.packed_linear %{{.*}}, %[[P]] {outputs = 100 : i64}
func.func @packs_a_linear(%x: tensor<?x768xf32>) -> tensor<?x100xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<100x768xf32>
  %y = nn.linear %x, %w : tensor<?x768xf32>, tensor<100x768xf32> -> tensor<?x100xf32>
  return %y : tensor<?x100xf32>
}

// -----

ml_program.global private @w(#ml_program.extern<tensor<768x64xf32>>) : tensor<768x64xf32> {nn.stored = bf16}

// A weight stored in a narrow type is packed in it.
// CHECK-LABEL: func.func @keeps_the_stored_type
// CHECK: nn.pack %{{.*}} : tensor<64x768xbf16> -> tensor<1x768x64xbf16>
// CHECK: nn.packed_linear %{{.*}} : tensor<?x768xf32>, tensor<1x768x64xbf16> -> tensor<?x64xf32>
func.func @keeps_the_stored_type(%x: tensor<?x768xf32>) -> tensor<?x64xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<768x64xf32>
  %y = nn.linear %x, %w {input_major} : tensor<?x768xf32>, tensor<768x64xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// A product of activations reads its right side by rows; there is nothing to pack.
// CHECK-LABEL: func.func @leaves_computed_matrices
// CHECK-NOT: nn.pack
// CHECK: %[[T:.*]] = nn.transpose %{{.*}} [1, 0]
// CHECK: nn.matmul %{{.*}}, %[[T]]
func.func @leaves_computed_matrices(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x?xf32> attributes {nn.entry} {
  %z = nn.linear %x, %y : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x?xf32>
  return %z : tensor<?x?xf32>
}

// -----

ml_program.global private @w(#ml_program.extern<tensor<32x16x3x3xf32>>) : tensor<32x16x3x3xf32>

// CHECK-LABEL: func.func @packs_a_convolution
// CHECK: nn.transpose %{{.*}} [0, 2, 3, 1]
// CHECK: nn.pad %{{.*}} low [0, 1, 1, 0] high [0, 1, 1, 0]
// CHECK: nn.pack %{{.*}} {panel = 32 : i64} : tensor<1x32x144xf32> -> tensor<1x1x144x32xf32>
// CHECK: nn.packed_conv %{{.*}} kernel [3, 3] strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1]
// CHECK: nn.transpose %{{.*}} [0, 3, 1, 2]
func.func @packs_a_convolution(%x: tensor<?x16x8x8xf32>) -> tensor<?x32x8x8xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<32x16x3x3xf32>
  %y = nn.conv %x, %w strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x16x8x8xf32>, tensor<32x16x3x3xf32> -> tensor<?x32x8x8xf32>
  return %y : tensor<?x32x8x8xf32>
}

// -----

ml_program.global private @w(#ml_program.extern<tensor<40x32x3x3xf32>>) : tensor<40x32x3x3xf32>

// CHECK-LABEL: func.func @winograd
// CHECK: nn.winograd_weight %{{.*}} : tensor<40x32x3x3xf32> -> tensor<16x40x32xf32>
// CHECK: nn.pack {{.*}} {panel = 48 : i64}
// CHECK: nn.winograd_conv %{{.*}} padding [1, 1, 1, 1] {outputs = 40 : i64} : tensor<?x14x14x32xf32>, tensor<16x1x32x48xf32> -> tensor<?x14x14x40xf32>
func.func @winograd(%x: tensor<?x14x14x32xf32>) -> tensor<?x14x14x40xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<40x32x3x3xf32>
  %y = nn.conv %x, %w strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {layout = #nn<conv_layout channels_last>} : tensor<?x14x14x32xf32>, tensor<40x32x3x3xf32> -> tensor<?x14x14x40xf32>
  return %y : tensor<?x14x14x40xf32>
}

// Too few tiles to pay for a larger weight, strides, and a weight that a run computes.
// CHECK-LABEL: func.func @no_winograd
// CHECK-NOT: winograd
func.func @no_winograd(%x: tensor<?x12x14x32xf32>, %z: tensor<?x28x28x32xf32>, %v: tensor<40x32x3x3xf32>) -> (tensor<?x12x14x40xf32>, tensor<?x14x14x40xf32>, tensor<?x28x28x40xf32>) attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<40x32x3x3xf32>
  %0 = nn.conv %x, %w strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {layout = #nn<conv_layout channels_last>} : tensor<?x12x14x32xf32>, tensor<40x32x3x3xf32> -> tensor<?x12x14x40xf32>
  %1 = nn.conv %z, %w strides [2, 2] padding [1, 1, 1, 1] dilations [1, 1] {layout = #nn<conv_layout channels_last>} : tensor<?x28x28x32xf32>, tensor<40x32x3x3xf32> -> tensor<?x14x14x40xf32>
  %2 = nn.conv %z, %v strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {layout = #nn<conv_layout channels_last>} : tensor<?x28x28x32xf32>, tensor<40x32x3x3xf32> -> tensor<?x28x28x40xf32>
  return %0, %1, %2 : tensor<?x12x14x40xf32>, tensor<?x14x14x40xf32>, tensor<?x28x28x40xf32>
}

// -----

// Many channels pay for a kernel that knows what is padding.
// CHECK-LABEL: func.func @pads_in_place
// CHECK-NOT: nn.pad
// CHECK: nn.packed_conv %{{.*}} kernel [3] strides [1] padding [1, 1] dilations [1]
func.func @pads_in_place(%x: tensor<?x8x32xf32>, %w: tensor<16x32x3xf32>) -> tensor<?x8x16xf32> attributes {nn.entry} {
  %y = nn.conv %x, %w strides [1] padding [1, 1] dilations [1] {layout = #nn<conv_layout channels_last>} : tensor<?x8x32xf32>, tensor<16x32x3xf32> -> tensor<?x8x16xf32>
  return %y : tensor<?x8x16xf32>
}

// -----

ml_program.global private @w(#ml_program.extern<tensor<32x2x3x5xf32>>) : tensor<32x2x3x5xf32>

// Groups that are narrower than a vector stand side by side in it.
// CHECK-LABEL: func.func @small_groups
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK: %[[T:.*]] = nn.transpose %{{.*}} [2, 3, 1, 0] : tensor<32x2x3x5xf32> -> tensor<3x5x2x32xf32>
// CHECK: %[[W:.*]] = nn.reshape %[[T]] : tensor<3x5x2x32xf32> -> tensor<30x32xf32>
// CHECK-NOT: nn.pad
// CHECK: nn.depthwise_conv %[[X]], %[[W]] kernel [3, 5] strides [1, 2] padding [1, 0, 2, 2] dilations [1, 1] {groups = 8 : i64}
func.func @small_groups(%x: tensor<?x8x8x16xf32>) -> tensor<?x7x4x32xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<32x2x3x5xf32>
  %y = nn.conv %x, %w strides [1, 2] padding [1, 0, 2, 2] dilations [1, 1] {groups = 8 : i64, layout = #nn<conv_layout channels_last>} : tensor<?x8x8x16xf32>, tensor<32x2x3x5xf32> -> tensor<?x7x4x32xf32>
  return %y : tensor<?x7x4x32xf32>
}

// -----

ml_program.global private @w(#ml_program.extern<tensor<6x1x3xf32>>) : tensor<6x1x3xf32>

// Three outputs a group fill no vector evenly.
// CHECK-LABEL: func.func @odd_groups
// CHECK: nn.packed_conv
func.func @odd_groups(%x: tensor<?x8x2xf32>) -> tensor<?x6x6xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<6x1x3xf32>
  %y = nn.conv %x, %w strides [1] padding [0, 0] dilations [1] {groups = 2 : i64, layout = #nn<conv_layout channels_last>} : tensor<?x8x2xf32>, tensor<6x1x3xf32> -> tensor<?x6x6xf32>
  return %y : tensor<?x6x6xf32>
}

// -----

// CHECK-LABEL: func.func @softmax_runs_along_rows
// CHECK: nn.transpose %{{.*}} [0, 2, 1]
// CHECK: nn.softmax %{{.*}} {axis = 2 : i64}
// CHECK: nn.transpose %{{.*}} [0, 2, 1]
func.func @softmax_runs_along_rows(%x: tensor<?x4x5xf32>) -> tensor<?x4x5xf32> attributes {nn.entry} {
  %y = nn.softmax %x {axis = 1} : tensor<?x4x5xf32> -> tensor<?x4x5xf32>
  return %y : tensor<?x4x5xf32>
}

// -----

// A vector times a computed matrix is a matrix of one row times it.
// CHECK-LABEL: func.func @multiplies_a_vector
// CHECK: %[[R:.*]] = nn.reshape %{{.*}} : tensor<8xf32> -> tensor<1x8xf32>
// CHECK: nn.matmul %[[R]], %{{.*}} -> tensor<1x?xf32>
// CHECK: nn.reshape %{{.*}} -> tensor<?xf32>
func.func @multiplies_a_vector(%x: tensor<8xf32>, %w: tensor<8x?xf32>) -> tensor<?xf32> attributes {nn.entry} {
  %y = nn.linear %x, %w {input_major} : tensor<8xf32>, tensor<8x?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// The weight of a convolution may be an activation: it is packed when the model runs.
// CHECK-LABEL: func.func @packs_a_computed_weight
// CHECK: nn.pack %{{.*}} {panel = 16 : i64}
// CHECK: nn.packed_conv
func.func @packs_a_computed_weight(%x: tensor<?x3x8xf32>, %w: tensor<5x3x3xf32>) -> tensor<?x5x6xf32> attributes {nn.entry} {
  %y = nn.conv %x, %w strides [1] padding [0, 0] dilations [1] : tensor<?x3x8xf32>, tensor<5x3x3xf32> -> tensor<?x5x6xf32>
  return %y : tensor<?x5x6xf32>
}

// -----

// Doubles are not computed in single precision.
// CHECK-LABEL: func.func @keeps_doubles
// CHECK-NOT: nn.cast
// CHECK: return
func.func @keeps_doubles(%x: tensor<?x8xf64>, %y: tensor<8x4xf64>) -> tensor<?x4xf64> attributes {nn.entry} {
  %z = nn.matmul %x, %y : tensor<?x8xf64>, tensor<8x4xf64> -> tensor<?x4xf64>
  %s = nn.softmax %z {axis = 1} : tensor<?x4xf64> -> tensor<?x4xf64>
  return %s : tensor<?x4xf64>
}

// -----

ml_program.global private @w(#ml_program.extern<tensor<100x768xf32>>) : tensor<100x768xf32>

// CHECK-LABEL: func.func @quantises_a_linear
// CHECK-DAG: %[[P:.*]] = nn.pack_int8 %{{.*}} {panel = 64 : i64} : tensor<100x768xf32> -> tensor<2x49664xi8>
// CHECK-DAG: %[[Q:.*]] = nn.quantize_rows %{{.*}} : tensor<?x768xf32> -> tensor<?x776xi8>
// CHECK: nn.packed_linear_int8 %[[Q]], %[[P]] {depth = 768 : i64, outputs = 100 : i64, panel = 64 : i64}
func.func @quantises_a_linear(%x: tensor<?x768xf32>) -> tensor<?x100xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<100x768xf32>
  %y = nn.linear %x, %w {precision = #nn<precision int8>} : tensor<?x768xf32>, tensor<100x768xf32> -> tensor<?x100xf32>
  return %y : tensor<?x100xf32>
}

// -----

ml_program.global private @w(#ml_program.extern<tensor<768x100xf32>>) : tensor<768x100xf32>

// CHECK-LABEL: func.func @quantises_a_weight_in_groups
// CHECK: %[[W:.*]] = nn.transpose %{{.*}} : tensor<768x100xf32> -> tensor<100x768xf32>
// CHECK: %[[P:.*]] = nn.pack_groups %[[W]] {bits = 4 : i64, group_size = 32 : i64, panel = 64 : i64} : tensor<100x768xf32> -> tensor<2x27648xi8>
// CHECK: nn.packed_linear_groups %{{.*}}, %[[P]] {bits = 4 : i64, group_size = 32 : i64, outputs = 100 : i64, panel = 64 : i64}
func.func @quantises_a_weight_in_groups(%x: tensor<?x768xf32>) -> tensor<?x100xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<768x100xf32>
  %y = nn.linear %x, %w {input_major, precision = #nn<precision int4_weights>, group_size = 32 : i64} : tensor<?x768xf32>, tensor<768x100xf32> -> tensor<?x100xf32>
  return %y : tensor<?x100xf32>
}

// -----

ml_program.global private @w(#ml_program.extern<tensor<100x768xf32>>) : tensor<100x768xf32>

// CHECK-LABEL: func.func @rounds_a_weight
// CHECK: nn.cast %{{.*}} : tensor<100x768xf32> -> tensor<100x768xbf16>
// CHECK: nn.packed_linear %{{.*}} : tensor<?x768xf32>, tensor<2x768x64xbf16> -> tensor<?x100xf32>
func.func @rounds_a_weight(%x: tensor<?x768xf32>) -> tensor<?x100xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<100x768xf32>
  %y = nn.linear %x, %w {precision = #nn<precision bf16>} : tensor<?x768xf32>, tensor<100x768xf32> -> tensor<?x100xf32>
  return %y : tensor<?x100xf32>
}
