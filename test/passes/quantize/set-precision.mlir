// RUN: nacre-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(nn-set-precision{precision=int8}))' | FileCheck %s --check-prefixes=CHECK,INT8
// RUN: nacre-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(nn-set-precision{precision=bf16}))' | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: nacre-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(nn-set-precision{precision=int4_weights group-size=64}))' | FileCheck %s --check-prefixes=CHECK,INT4

ml_program.global private @v(#ml_program.extern<tensor<64x64xf32>>) : tensor<64x64xf32>
ml_program.global private @w(#ml_program.extern<tensor<40x64xf32>>) : tensor<40x64xf32>

// The last layer's errors are what is seen.
// CHECK-LABEL: func.func @keeps_the_last_layer
// INT8: nn.linear {{.*}} {precision = #nn<precision int8>} {{.*}} -> tensor<?x64xf32>
// INT8: nn.linear %{{[a-z0-9_]*}}, %{{[a-z0-9_]*}} : {{.*}} -> tensor<?x40xf32>
// INT4: nn.linear {{.*}} {group_size = 64 : i64, precision = #nn<precision int4_weights>} {{.*}} -> tensor<?x64xf32>
// INT4: nn.linear %{{[a-z0-9_]*}}, %{{[a-z0-9_]*}} : {{.*}} -> tensor<?x40xf32>
// BF16-COUNT-2: nn.linear {{.*}} {precision = #nn<precision bf16>}
func.func @keeps_the_last_layer(%x: tensor<?x64xf32>) -> tensor<?x40xf32> attributes {nn.entry} {
  %v = ml_program.global_load_const @v : tensor<64x64xf32>
  %w = ml_program.global_load_const @w : tensor<40x64xf32>
  %h = nn.linear %x, %v : tensor<?x64xf32>, tensor<64x64xf32> -> tensor<?x64xf32>
  %n = nn.layer_norm %h {epsilon = 1.0e-5 : f64} : tensor<?x64xf32> -> tensor<?x64xf32>
  %y = nn.linear %n, %w : tensor<?x64xf32>, tensor<40x64xf32> -> tensor<?x40xf32>
  %r = nn.relu %y : tensor<?x40xf32> -> tensor<?x40xf32>
  return %r : tensor<?x40xf32>
}

// -----

ml_program.global private @small(#ml_program.extern<tensor<8x64xf32>>) : tensor<8x64xf32>

// Too small to gain by quantising rows.
// CHECK-LABEL: func.func @leaves_small_ones
// INT8-NOT: precision
// INT4-NOT: precision
// BF16: precision
// CHECK: return
func.func @leaves_small_ones(%x: tensor<?x64xf32>) -> tensor<?x8xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @small : tensor<8x64xf32>
  %h = nn.linear %x, %w : tensor<?x64xf32>, tensor<8x64xf32> -> tensor<?x8xf32>
  %n = nn.softmax %h {axis = 1} : tensor<?x8xf32> -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// -----

// A product of activations keeps its precision.
// CHECK-LABEL: func.func @leaves_activations
// CHECK-NOT: precision
// CHECK: return
func.func @leaves_activations(%x: tensor<?x64xf32>, %w: tensor<64x64xf32>) -> tensor<?x64xf32> attributes {nn.entry} {
  %h = nn.linear %x, %w : tensor<?x64xf32>, tensor<64x64xf32> -> tensor<?x64xf32>
  %n = nn.softmax %h {axis = 1} : tensor<?x64xf32> -> tensor<?x64xf32>
  return %n : tensor<?x64xf32>
}

// -----

ml_program.global private @of_any_rows(#ml_program.extern<tensor<64x64xf32>>) : tensor<64x64xf32>

// What has no layout stays, with a warning (set-precision-warnings.mlir). Private: no sizes but those of the weight fit.
// CHECK-LABEL: func.func private @leaves_rows_of_unknown_size
// INT8-NOT: precision
// INT4-NOT: precision
// BF16: precision
// CHECK: return
func.func private @leaves_rows_of_unknown_size(%x: tensor<3x?xf32>) -> tensor<3x64xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @of_any_rows : tensor<64x64xf32>
  %h = nn.linear %x, %w : tensor<3x?xf32>, tensor<64x64xf32> -> tensor<3x64xf32>
  %n = nn.softmax %h {axis = 1} : tensor<3x64xf32> -> tensor<3x64xf32>
  return %n : tensor<3x64xf32>
}
