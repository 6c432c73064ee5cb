// RUN: nacre-opt %s --split-input-file --nn-fold-batch-norm | FileCheck %s

ml_program.global private @w(#ml_program.extern<tensor<4x2x3x3xf32>>) : tensor<4x2x3x3xf32>
ml_program.global private @w1(#ml_program.extern<tensor<4x8xf32>>) : tensor<4x8xf32>
ml_program.global private @w2(#ml_program.extern<tensor<8x4xf32>>) : tensor<8x4xf32>
ml_program.global private @b(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @mean(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @variance(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @scale(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @shift(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>

// CHECK-LABEL: @convolution
// CHECK: %[[E:.*]] = nn.add %variance, %{{.*}}
// CHECK: %[[R:.*]] = nn.rsqrt %[[E]]
// CHECK: %[[F:.*]] = nn.mul %scale, %[[R]]
// CHECK: %[[C:.*]] = nn.sub %b, %mean
// CHECK: %[[M:.*]] = nn.mul %[[C]], %[[F]]
// CHECK: %[[B:.*]] = nn.add %[[M]], %shift
// CHECK: %[[A:.*]] = nn.reshape %[[F]] : tensor<4xf32> -> tensor<4x1x1x1xf32>
// CHECK: %[[W:.*]] = nn.mul %w, %[[A]]
// CHECK: nn.conv %arg0, %[[W]] bias %[[B]] strides [2, 1] padding [1, 1, 0, 1] dilations [1, 1] {groups = 2 : i64}
// CHECK-NOT: nn.batch_norm
func.func @convolution(%x: tensor<?x4x8x8xf32>) -> tensor<?x4x4x7xf32> {
  %w = ml_program.global_load_const @w : tensor<4x2x3x3xf32>
  %b = ml_program.global_load_const @b : tensor<4xf32>
  %mean = ml_program.global_load_const @mean : tensor<4xf32>
  %variance = ml_program.global_load_const @variance : tensor<4xf32>
  %scale = ml_program.global_load_const @scale : tensor<4xf32>
  %shift = ml_program.global_load_const @shift : tensor<4xf32>
  %0 = nn.conv %x, %w bias %b strides [2, 1] padding [1, 1, 0, 1] dilations [1, 1] {groups = 2 : i64}
       : tensor<?x4x8x8xf32>, tensor<4x2x3x3xf32>, tensor<4xf32> -> tensor<?x4x4x7xf32>
  %y = nn.batch_norm %0, %mean, %variance scale %scale : tensor<4xf32> bias %shift : tensor<4xf32> {epsilon = 1.0e-5 : f64}
       : tensor<?x4x4x7xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4x4x7xf32>
  return %y : tensor<?x4x4x7xf32>
}

// CHECK-LABEL: @channels_last_without_bias
// CHECK: %[[N:.*]] = nn.neg %mean
// CHECK: nn.conv %arg0, %{{.*}} bias %{{.*}} {layout = #nn<conv_layout channels_last>}
// CHECK-NOT: nn.batch_norm
func.func @channels_last_without_bias(%x: tensor<?x8x8x2xf32>) -> tensor<?x6x6x4xf32> {
  %w = ml_program.global_load_const @w : tensor<4x2x3x3xf32>
  %mean = ml_program.global_load_const @mean : tensor<4xf32>
  %variance = ml_program.global_load_const @variance : tensor<4xf32>
  %0 = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1] {layout = #nn<conv_layout channels_last>}
       : tensor<?x8x8x2xf32>, tensor<4x2x3x3xf32> -> tensor<?x6x6x4xf32>
  %y = nn.batch_norm %0, %mean, %variance {axis = 3 : i64, epsilon = 1.0e-3 : f64}
       : tensor<?x6x6x4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x6x6x4xf32>
  return %y : tensor<?x6x6x4xf32>
}

// CHECK-LABEL: @linear
// CHECK: nn.linear %arg0, %{{.*}} bias %{{.*}} : tensor<?x8xf32>, tensor<4x8xf32>
// CHECK-NOT: nn.batch_norm
func.func @linear(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %w = ml_program.global_load_const @w1 : tensor<4x8xf32>
  %mean = ml_program.global_load_const @mean : tensor<4xf32>
  %variance = ml_program.global_load_const @variance : tensor<4xf32>
  %0 = nn.linear %x, %w : tensor<?x8xf32>, tensor<4x8xf32> -> tensor<?x4xf32>
  %y = nn.batch_norm %0, %mean, %variance {epsilon = 1.0e-5 : f64} : tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: @input_major_linear
// CHECK: %[[W:.*]] = nn.mul %w2, %{{.*}} : tensor<8x4xf32>, tensor<4xf32>
// CHECK: nn.linear %arg0, %[[W]] bias %{{.*}} {input_major}
func.func @input_major_linear(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %w = ml_program.global_load_const @w2 : tensor<8x4xf32>
  %b = ml_program.global_load_const @b : tensor<4xf32>
  %mean = ml_program.global_load_const @mean : tensor<4xf32>
  %variance = ml_program.global_load_const @variance : tensor<4xf32>
  %0 = nn.linear %x, %w bias %b {input_major} : tensor<?x8xf32>, tensor<8x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  %y = nn.batch_norm %0, %mean, %variance {epsilon = 1.0e-5 : f64} : tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Nothing to fold into: one multiplication, one addition.
// CHECK-LABEL: @alone
// CHECK: %[[F:.*]] = nn.reshape %{{.*}} : tensor<4xf32> -> tensor<4x1x1xf32>
// CHECK: %[[M:.*]] = nn.mul %arg0, %[[F]]
// CHECK: %[[S:.*]] = nn.reshape %{{.*}} : tensor<4xf32> -> tensor<4x1x1xf32>
// CHECK: nn.add %[[M]], %[[S]]
// CHECK-NOT: nn.batch_norm
func.func @alone(%x: tensor<?x4x6x6xf32>) -> tensor<?x4x6x6xf32> {
  %mean = ml_program.global_load_const @mean : tensor<4xf32>
  %variance = ml_program.global_load_const @variance : tensor<4xf32>
  %scale = ml_program.global_load_const @scale : tensor<4xf32>
  %y = nn.batch_norm %x, %mean, %variance scale %scale : tensor<4xf32> {epsilon = 1.0e-5 : f64}
       : tensor<?x4x6x6xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4x6x6xf32>
  return %y : tensor<?x4x6x6xf32>
}

// -----

// What must stay.

ml_program.global private @w(#ml_program.extern<tensor<4x2x3x3xf32>>) : tensor<4x2x3x3xf32>
ml_program.global private @mean(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @variance(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @mean6(#ml_program.extern<tensor<6xf32>>) : tensor<6xf32>
ml_program.global private @variance6(#ml_program.extern<tensor<6xf32>>) : tensor<6xf32>

// The unnormalised image is read too: the convolution keeps its weight.
// CHECK-LABEL: @convolution_used_twice
// CHECK: %[[C:.*]] = nn.conv %arg0, %w strides
// CHECK: nn.mul %[[C]]
func.func @convolution_used_twice(%x: tensor<?x2x8x8xf32>) -> (tensor<?x4x6x6xf32>, tensor<?x4x6x6xf32>) {
  %w = ml_program.global_load_const @w : tensor<4x2x3x3xf32>
  %mean = ml_program.global_load_const @mean : tensor<4xf32>
  %variance = ml_program.global_load_const @variance : tensor<4xf32>
  %0 = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1] : tensor<?x2x8x8xf32>, tensor<4x2x3x3xf32> -> tensor<?x4x6x6xf32>
  %y = nn.batch_norm %0, %mean, %variance {epsilon = 1.0e-5 : f64} : tensor<?x4x6x6xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4x6x6xf32>
  return %0, %y : tensor<?x4x6x6xf32>, tensor<?x4x6x6xf32>
}

// Another dimension than the channels is normalised.
// CHECK-LABEL: @other_axis
// CHECK: nn.conv %arg0, %w strides
// CHECK: nn.mul
func.func @other_axis(%x: tensor<?x2x8x8xf32>) -> tensor<?x4x6x6xf32> {
  %w = ml_program.global_load_const @w : tensor<4x2x3x3xf32>
  %mean = ml_program.global_load_const @mean6 : tensor<6xf32>
  %variance = ml_program.global_load_const @variance6 : tensor<6xf32>
  %0 = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1] : tensor<?x2x8x8xf32>, tensor<4x2x3x3xf32> -> tensor<?x4x6x6xf32>
  %y = nn.batch_norm %0, %mean, %variance {axis = 2 : i64, epsilon = 1.0e-5 : f64} : tensor<?x4x6x6xf32>, tensor<6xf32>, tensor<6xf32> -> tensor<?x4x6x6xf32>
  return %y : tensor<?x4x6x6xf32>
}

// Statistics that are not weights.
// CHECK-LABEL: @runtime_statistics
// CHECK: nn.batch_norm
func.func @runtime_statistics(%x: tensor<?x4x6x6xf32>, %mean: tensor<4xf32>, %v: tensor<4xf32> {nn.name = "variance"}) -> tensor<?x4x6x6xf32> {
  %y = nn.batch_norm %x, %mean, %v {epsilon = 1.0e-5 : f64} : tensor<?x4x6x6xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4x6x6xf32>
  return %y : tensor<?x4x6x6xf32>
}
