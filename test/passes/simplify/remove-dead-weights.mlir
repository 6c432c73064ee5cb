// RUN: nacre-opt %s --nn-remove-dead-weights | FileCheck %s

// CHECK: ml_program.global private @used
ml_program.global private @used(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
// CHECK-NOT: @unused
ml_program.global private @unused(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
// Read only by what makes a dead weight.
// CHECK-NOT: @once_used
ml_program.global private @once_used(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
// Others may read what is public.
// CHECK: ml_program.global public @exported
ml_program.global public @exported(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
// CHECK-NOT: @folded.0
ml_program.global private @folded.0(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32> {nn.expression = @weight.0}
// CHECK: ml_program.global private @folded.1
ml_program.global private @folded.1(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32> {nn.expression = @weight.1}

// CHECK-NOT: @weight.0
func.func private @weight.0() -> tensor<4xf32> {
  %0 = ml_program.global_load_const @once_used : tensor<4xf32>
  %1 = nn.neg %0 : tensor<4xf32> -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK: func.func private @weight.1
func.func private @weight.1() -> tensor<4xf32> {
  %0 = ml_program.global_load_const @used : tensor<4xf32>
  %1 = nn.neg %0 : tensor<4xf32> -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK: func.func @forward
func.func @forward() -> tensor<4xf32> attributes {nn.entry} {
  %0 = ml_program.global_load_const @folded.1 : tensor<4xf32>
  return %0 : tensor<4xf32>
}
