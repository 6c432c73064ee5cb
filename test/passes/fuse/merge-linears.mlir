// RUN: nacre-opt %s --split-input-file --nn-merge-linears | FileCheck %s

ml_program.global private @wq(#ml_program.extern<tensor<8x8xf32>>) : tensor<8x8xf32>
ml_program.global private @wk(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
ml_program.global private @wv(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
ml_program.global private @bq(#ml_program.extern<tensor<8xf32>>) : tensor<8xf32>
ml_program.global private @bv(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @gate(#ml_program.extern<tensor<8x6xf32>>) : tensor<8x6xf32>
ml_program.global private @up(#ml_program.extern<tensor<8x6xf32>>) : tensor<8x6xf32>

// The results stand where the first linear stood, though later weights are loaded after its use.
// CHECK-LABEL: @three
// CHECK: %[[W:.*]] = tensor.concat dim(0) %wq, %wk, %wv : (tensor<8x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<16x8xf32>
// CHECK: %[[Z:.*]] = arith.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK: %[[B:.*]] = tensor.concat dim(0) %bq, %[[Z]], %bv
// CHECK: %[[Y:.*]] = nn.linear %arg0, %[[W]] bias %[[B]] : tensor<?x?x8xf32>, tensor<16x8xf32>, tensor<16xf32> -> tensor<?x?x16xf32>
// CHECK: %[[Q:.*]] = tensor.extract_slice %[[Y]][0, 0, 0] [%{{.*}}, %{{.*}}, 8] [1, 1, 1]
// CHECK: %[[K:.*]] = tensor.extract_slice %[[Y]][0, 0, 8] [%{{.*}}, %{{.*}}, 4] [1, 1, 1]
// CHECK: %[[V:.*]] = tensor.extract_slice %[[Y]][0, 0, 12] [%{{.*}}, %{{.*}}, 4] [1, 1, 1]
// CHECK: nn.relu %[[Q]]
// CHECK-NOT: nn.linear
func.func @three(%x: tensor<?x?x8xf32> {nn.dims = ["B", "S", "8"]}) -> (tensor<?x?x8xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) {
  %wq = ml_program.global_load_const @wq : tensor<8x8xf32>
  %bq = ml_program.global_load_const @bq : tensor<8xf32>
  %q = nn.linear %x, %wq bias %bq : tensor<?x?x8xf32>, tensor<8x8xf32>, tensor<8xf32> -> tensor<?x?x8xf32>
  %r = nn.relu %q : tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  %wk = ml_program.global_load_const @wk : tensor<4x8xf32>
  %k = nn.linear %x, %wk : tensor<?x?x8xf32>, tensor<4x8xf32> -> tensor<?x?x4xf32>
  %wv = ml_program.global_load_const @wv : tensor<4x8xf32>
  %bv = ml_program.global_load_const @bv : tensor<4xf32>
  %v = nn.linear %x, %wv bias %bv : tensor<?x?x8xf32>, tensor<4x8xf32>, tensor<4xf32> -> tensor<?x?x4xf32>
  return %r, %k, %v : tensor<?x?x8xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>
}

// CHECK-LABEL: @input_major
// CHECK: %[[W:.*]] = tensor.concat dim(1) %gate, %up : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x12xf32>
// CHECK: nn.linear %arg0, %[[W]] {input_major} : tensor<?x8xf32>, tensor<8x12xf32> -> tensor<?x12xf32>
func.func @input_major(%x: tensor<?x8xf32>) -> tensor<?x6xf32> {
  %gate = ml_program.global_load_const @gate : tensor<8x6xf32>
  %up = ml_program.global_load_const @up : tensor<8x6xf32>
  %g = nn.linear %x, %gate {input_major} : tensor<?x8xf32>, tensor<8x6xf32> -> tensor<?x6xf32>
  %u = nn.linear %x, %up {input_major} : tensor<?x8xf32>, tensor<8x6xf32> -> tensor<?x6xf32>
  %s = nn.silu %g : tensor<?x6xf32> -> tensor<?x6xf32>
  %y = nn.mul %s, %u : tensor<?x6xf32>, tensor<?x6xf32> -> tensor<?x6xf32>
  return %y : tensor<?x6xf32>
}

// One matrix that the model cuts into three, as PyTorch's attention keeps it.
ml_program.global private @in_proj(#ml_program.extern<tensor<12x8xf32>>) : tensor<12x8xf32>

// CHECK-LABEL: @slices_of_one_weight
// CHECK: tensor.concat dim(0)
// CHECK: nn.linear %arg0, %{{.*}} : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
// CHECK-NOT: nn.linear
func.func @slices_of_one_weight(%x: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %w = ml_program.global_load_const @in_proj : tensor<12x8xf32>
  %a = tensor.extract_slice %w[0, 0] [4, 8] [1, 1] : tensor<12x8xf32> to tensor<4x8xf32>
  %b = tensor.extract_slice %w[4, 0] [4, 8] [1, 1] : tensor<12x8xf32> to tensor<4x8xf32>
  %0 = nn.linear %x, %a : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %1 = nn.linear %x, %b : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// What must stay.

ml_program.global private @a(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
ml_program.global private @b(#ml_program.extern<tensor<8x4xf32>>) : tensor<8x4xf32>
ml_program.global private @c(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
ml_program.global private @half(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32> {nn.stored = f16}

// CHECK-NOT: tensor.concat

// CHECK-LABEL: @different_inputs
func.func @different_inputs(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = ml_program.global_load_const @a : tensor<4x8xf32>
  %c = ml_program.global_load_const @c : tensor<4x8xf32>
  %0 = nn.linear %x, %a : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %1 = nn.linear %y, %c : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: @different_orders
func.func @different_orders(%x: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = ml_program.global_load_const @a : tensor<4x8xf32>
  %b = ml_program.global_load_const @b : tensor<8x4xf32>
  %0 = nn.linear %x, %a : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %1 = nn.linear %x, %b {input_major} : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: @different_stored_types
func.func @different_stored_types(%x: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = ml_program.global_load_const @a : tensor<4x8xf32>
  %c = ml_program.global_load_const @half : tensor<4x8xf32>
  %0 = nn.linear %x, %a : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %1 = nn.linear %x, %c : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: @weight_read_elsewhere
func.func @weight_read_elsewhere(%x: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x8xf32>) {
  %a = ml_program.global_load_const @a : tensor<4x8xf32>
  %c = ml_program.global_load_const @c : tensor<4x8xf32>
  %0 = nn.linear %x, %a : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %1 = nn.linear %x, %c : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %0, %1, %c : tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x8xf32>
}

// CHECK-LABEL: @weight_of_the_input
func.func @weight_of_the_input(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = ml_program.global_load_const @a : tensor<4x8xf32>
  %0 = nn.linear %x, %a : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %1 = nn.linear %x, %w : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// The second would wait for the attention to pass.
// CHECK-LABEL: @far_apart
func.func @far_apart(%x: tensor<?x8xf32>, %q: tensor<1x2x?x4xf32>) -> (tensor<?x4xf32>, tensor<1x2x?x4xf32>, tensor<?x4xf32>) {
  %a = ml_program.global_load_const @a : tensor<4x8xf32>
  %c = ml_program.global_load_const @c : tensor<4x8xf32>
  %0 = nn.linear %x, %a : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %1 = nn.attention %q, %q, %q : tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32> -> tensor<1x2x?x4xf32>
  %2 = nn.linear %x, %c : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %0, %1, %2 : tensor<?x4xf32>, tensor<1x2x?x4xf32>, tensor<?x4xf32>
}

ml_program.global private @twelve(#ml_program.extern<tensor<12x8xf32>>) : tensor<12x8xf32>

// CHECK-LABEL: @slices_that_overlap
func.func @slices_that_overlap(%x: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %w = ml_program.global_load_const @twelve : tensor<12x8xf32>
  %a = tensor.extract_slice %w[0, 0] [4, 8] [1, 1] : tensor<12x8xf32> to tensor<4x8xf32>
  %b = tensor.extract_slice %w[3, 0] [4, 8] [1, 1] : tensor<12x8xf32> to tensor<4x8xf32>
  %0 = nn.linear %x, %a : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %1 = nn.linear %x, %b : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x4xf32>
}
