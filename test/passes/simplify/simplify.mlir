// RUN: nacre-opt %s --nn-simplify | FileCheck %s

// CHECK-NOT: @dropped
ml_program.global private @dropped(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @w(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>

// What is computed twice is computed once, what nobody reads not at all, and neither is its weight
// kept.
// CHECK-LABEL: @forward
// CHECK-NEXT: %[[W:.*]] = ml_program.global_load_const @w
// CHECK-NEXT: %[[A:.*]] = nn.mul %arg0, %[[W]]
// CHECK-NEXT: %[[B:.*]] = nn.add %[[A]], %[[A]]
// CHECK-NEXT: return %[[B]]
func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {nn.entry} {
  %d = ml_program.global_load_const @dropped : tensor<4xf32>
  %w1 = ml_program.global_load_const @w : tensor<4xf32>
  %w2 = ml_program.global_load_const @w : tensor<4xf32>
  %0 = nn.mul %x, %w1 : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  %1 = nn.mul %x, %w2 : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  %2 = nn.mul %x, %d : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  %3 = nn.transpose %1 [0, 1] : tensor<?x4xf32> -> tensor<?x4xf32>
  %4 = nn.add %0, %3 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %4 : tensor<?x4xf32>
}
