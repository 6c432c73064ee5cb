// RUN: nacre-opt %s --split-input-file --nn-fold-norm-into-linear | FileCheck %s

ml_program.global private @w(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
ml_program.global private @wt(#ml_program.extern<tensor<8x4xf32>>) : tensor<8x4xf32>
ml_program.global private @b(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @scale(#ml_program.extern<tensor<8xf32>>) : tensor<8xf32>
ml_program.global private @shift(#ml_program.extern<tensor<8xf32>>) : tensor<8xf32>

// CHECK-LABEL: @layer_norm
// CHECK: %[[N:.*]] = nn.layer_norm %arg0 {epsilon
// CHECK: %[[B:.*]] = nn.linear %shift, %w bias %b : tensor<8xf32>, tensor<4x8xf32>, tensor<4xf32> -> tensor<4xf32>
// CHECK: %[[W:.*]] = nn.mul %w, %scale : tensor<4x8xf32>, tensor<8xf32>
// CHECK: nn.linear %[[N]], %[[W]] bias %[[B]]
func.func @layer_norm(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %w = ml_program.global_load_const @w : tensor<4x8xf32>
  %b = ml_program.global_load_const @b : tensor<4xf32>
  %scale = ml_program.global_load_const @scale : tensor<8xf32>
  %shift = ml_program.global_load_const @shift : tensor<8xf32>
  %n = nn.layer_norm %x scale %scale : tensor<8xf32> bias %shift : tensor<8xf32> {epsilon = 1.0e-5 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
  %y = nn.linear %n, %w bias %b : tensor<?x8xf32>, tensor<4x8xf32>, tensor<4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: @layer_norm_input_major
// CHECK: %[[B:.*]] = nn.linear %shift, %wt {input_major}
// CHECK: %[[S:.*]] = nn.reshape %scale : tensor<8xf32> -> tensor<8x1xf32>
// CHECK: %[[W:.*]] = nn.mul %wt, %[[S]]
// CHECK: nn.linear %{{.*}}, %[[W]] bias %[[B]] {input_major}
func.func @layer_norm_input_major(%x: tensor<?x3x8xf32>) -> tensor<?x3x4xf32> {
  %w = ml_program.global_load_const @wt : tensor<8x4xf32>
  %scale = ml_program.global_load_const @scale : tensor<8xf32>
  %shift = ml_program.global_load_const @shift : tensor<8xf32>
  %n = nn.layer_norm %x scale %scale : tensor<8xf32> bias %shift : tensor<8xf32> {epsilon = 1.0e-5 : f64} : tensor<?x3x8xf32> -> tensor<?x3x8xf32>
  %y = nn.linear %n, %w {input_major} : tensor<?x3x8xf32>, tensor<8x4xf32> -> tensor<?x3x4xf32>
  return %y : tensor<?x3x4xf32>
}

// CHECK-LABEL: @rms_norm
// CHECK: %[[N:.*]] = nn.rms_norm %arg0 {epsilon
// CHECK: %[[W:.*]] = nn.mul %w, %scale
// CHECK: nn.linear %[[N]], %[[W]] : tensor
func.func @rms_norm(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %w = ml_program.global_load_const @w : tensor<4x8xf32>
  %scale = ml_program.global_load_const @scale : tensor<8xf32>
  %n = nn.rms_norm %x scale %scale : tensor<8xf32> {epsilon = 1.0e-5 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
  %y = nn.linear %n, %w : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// What must stay.

ml_program.global private @w(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
ml_program.global private @half(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32> {nn.stored = bf16}
ml_program.global private @scale(#ml_program.extern<tensor<8xf32>>) : tensor<8xf32>
ml_program.global private @scale48(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>

// CHECK-LABEL: @norm_used_twice
// CHECK: nn.layer_norm %arg0 scale %scale
func.func @norm_used_twice(%x: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x8xf32>) {
  %w = ml_program.global_load_const @w : tensor<4x8xf32>
  %scale = ml_program.global_load_const @scale : tensor<8xf32>
  %n = nn.layer_norm %x scale %scale : tensor<8xf32> {epsilon = 1.0e-5 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
  %y = nn.linear %n, %w : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y, %n : tensor<?x4xf32>, tensor<?x8xf32>
}

// GPT-2 reads its last weight a second time, as the table of embeddings.
// CHECK-LABEL: @tied_embedding
// CHECK: nn.layer_norm %{{.*}} scale %scale
func.func @tied_embedding(%ids: tensor<?xi64>) -> tensor<?x4xf32> {
  %w = ml_program.global_load_const @w : tensor<4x8xf32>
  %scale = ml_program.global_load_const @scale : tensor<8xf32>
  %x = nn.gather %w, %ids : tensor<4x8xf32>, tensor<?xi64> -> tensor<?x8xf32>
  %n = nn.layer_norm %x scale %scale : tensor<8xf32> {epsilon = 1.0e-5 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
  %y = nn.linear %n, %w : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// The product would be stored in f32.
// CHECK-LABEL: @stored_in_half_the_size
// CHECK: nn.layer_norm %arg0 scale %scale
func.func @stored_in_half_the_size(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %w = ml_program.global_load_const @half : tensor<4x8xf32>
  %scale = ml_program.global_load_const @scale : tensor<8xf32>
  %n = nn.layer_norm %x scale %scale : tensor<8xf32> {epsilon = 1.0e-5 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
  %y = nn.linear %n, %w : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: @scale_of_the_input
// CHECK: nn.rms_norm %arg0 scale %arg1
func.func @scale_of_the_input(%x: tensor<?x8xf32>, %scale: tensor<8xf32>) -> tensor<?x4xf32> {
  %w = ml_program.global_load_const @w : tensor<4x8xf32>
  %n = nn.rms_norm %x scale %scale : tensor<8xf32> {epsilon = 1.0e-5 : f64} : tensor<?x8xf32> -> tensor<?x8xf32>
  %y = nn.linear %n, %w : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: @two_dimensions
// CHECK: nn.layer_norm %arg0 scale %scale48
func.func @two_dimensions(%x: tensor<?x4x8xf32>) -> tensor<?x4x4xf32> {
  %w = ml_program.global_load_const @w : tensor<4x8xf32>
  %scale = ml_program.global_load_const @scale48 : tensor<4x8xf32>
  %n = nn.layer_norm %x scale %scale : tensor<4x8xf32> {epsilon = 1.0e-5 : f64, normalized_dims = 2 : i64} : tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  %y = nn.linear %n, %w : tensor<?x4x8xf32>, tensor<4x8xf32> -> tensor<?x4x4xf32>
  return %y : tensor<?x4x4xf32>
}
