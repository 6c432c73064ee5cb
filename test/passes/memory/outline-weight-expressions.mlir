// RUN: nacre-opt %s --split-input-file --nn-outline-weight-expressions | FileCheck %s

// CHECK: ml_program.global private @w(
// CHECK: ml_program.global private @s(
// CHECK: ml_program.global private @folded.0(#{{.*}}) : tensor<4xf32> {nn.expression = @weight.0}
// CHECK: ml_program.global private @folded.1(#{{.*}}) : tensor<4x4xf32> {nn.expression = @weight.1}
// CHECK-NOT: @folded.2
ml_program.global private @w(#ml_program.extern<tensor<4x4xf32>>) : tensor<4x4xf32>
ml_program.global private @s(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>

// CHECK-LABEL: func.func private @weight.0() -> tensor<4xf32>
// CHECK: %[[N:.*]] = nn.neg %s
// CHECK: return %[[N]]
// CHECK-LABEL: func.func private @weight.1() -> tensor<4x4xf32>
// CHECK: nn.neg %s
// CHECK: nn.mul %w, %{{.*}}

// CHECK-LABEL: func.func @forward
// CHECK-NEXT: %[[F0:.*]] = ml_program.global_load_const @folded.0
// CHECK-NEXT: %[[F1:.*]] = ml_program.global_load_const @folded.1
// CHECK-NEXT: nn.linear %arg0, %[[F1]] bias %[[F0]]
func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<4x4xf32>
  %s = ml_program.global_load_const @s : tensor<4xf32>
  %n = nn.neg %s : tensor<4xf32> -> tensor<4xf32>
  %v = nn.mul %w, %n : tensor<4x4xf32>, tensor<4xf32> -> tensor<4x4xf32>
  %y = nn.linear %x, %v bias %n : tensor<?x4xf32>, tensor<4x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Another entry with the same expression reads the same global.
// CHECK-LABEL: func.func @decode
// CHECK: %[[F1:.*]] = ml_program.global_load_const @folded.1
// CHECK: nn.linear %arg0, %[[F1]]
func.func @decode(%x: tensor<1x4xf32>) -> tensor<1x4xf32> attributes {nn.entry} {
  %s = ml_program.global_load_const @s : tensor<4xf32>
  %n = nn.neg %s : tensor<4xf32> -> tensor<4xf32>
  %w = ml_program.global_load_const @w : tensor<4x4xf32>
  %v = nn.mul %w, %n : tensor<4x4xf32>, tensor<4xf32> -> tensor<4x4xf32>
  %y = nn.linear %x, %v : tensor<1x4xf32>, tensor<4x4xf32> -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

// -----

// Elements that only move keep the type that they are stored in; arithmetic makes full numbers.

// CHECK: ml_program.global private @folded.0(#{{.*}}) : tensor<8x4xf32> {nn.expression = @weight.0, nn.stored = bf16}
// CHECK: ml_program.global private @folded.1(#{{.*}}) : tensor<4x4xf32> {nn.expression = @weight.1}
ml_program.global private @a(#ml_program.extern<tensor<4x4xf32>>) : tensor<4x4xf32> {nn.stored = bf16}
ml_program.global private @b(#ml_program.extern<tensor<4x4xf32>>) : tensor<4x4xf32> {nn.stored = bf16}

func.func @stored_types(%x: tensor<?x4xf32>) -> (tensor<?x8xf32>, tensor<?x4xf32>) attributes {nn.entry} {
  %a = ml_program.global_load_const @a : tensor<4x4xf32>
  %b = ml_program.global_load_const @b : tensor<4x4xf32>
  %c = tensor.concat dim(0) %a, %b : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
  %s = nn.add %a, %b : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %y = nn.linear %x, %c : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x8xf32>
  %z = nn.linear %x, %s : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %y, %z : tensor<?x8xf32>, tensor<?x4xf32>
}

// -----

// What must stay.

ml_program.global private @s(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>

// One load alone.
// CHECK-LABEL: @just_a_weight
// CHECK-NOT: @folded
func.func @just_a_weight(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {nn.entry} {
  %s = ml_program.global_load_const @s : tensor<4xf32>
  %y = nn.mul %x, %s : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Plain numbers are better known than loaded.
// CHECK-LABEL: @just_a_number
// CHECK-NOT: @folded
func.func @just_a_number(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {nn.entry} {
  %c = arith.constant dense<2.0> : tensor<f32>
  %r = nn.sqrt %c : tensor<f32> -> tensor<f32>
  %y = nn.mul %x, %r : tensor<?x4xf32>, tensor<f32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// What depends on an input is no weight.
// CHECK-LABEL: @runtime_size
// CHECK-NOT: @folded
func.func @runtime_size(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %s = ml_program.global_load_const @s : tensor<4xf32>
  %y = nn.broadcast %s [%n] : tensor<4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

ml_program.global private @s(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>

// The broadcast is larger than what it is made of and stays; what it broadcasts is stored.
// CHECK: @folded.0(#{{.*}}) : tensor<4xf32> {nn.expression = @weight.0}
// CHECK-LABEL: func.func private @weight.0
// CHECK: nn.exp
// CHECK-LABEL: @large_broadcast
// CHECK: %[[F:.*]] = ml_program.global_load_const @folded.0
// CHECK: %[[B:.*]] = nn.broadcast %[[F]]
// CHECK: nn.add %arg0, %[[B]]
func.func @large_broadcast(%x: tensor<64x4xf32>) -> tensor<64x4xf32> attributes {nn.entry} {
  %s = ml_program.global_load_const @s : tensor<4xf32>
  %e = nn.exp %s : tensor<4xf32> -> tensor<4xf32>
  %b = nn.broadcast %e : tensor<4xf32> -> tensor<64x4xf32>
  %y = nn.add %x, %b : tensor<64x4xf32>, tensor<64x4xf32> -> tensor<64x4xf32>
  return %y : tensor<64x4xf32>
}
