// RUN: nacre-opt %s --nn-channels-last | FileCheck %s

ml_program.global private @w3(#ml_program.extern<tensor<4x3x3x3xf32>>) : tensor<4x3x3x3xf32>
ml_program.global private @w4(#ml_program.extern<tensor<4x4x3x3xf32>>) : tensor<4x4x3x3xf32>
ml_program.global private @w1(#ml_program.extern<tensor<4x1x3x3xf32>>) : tensor<4x1x3x3xf32>
ml_program.global private @line(#ml_program.extern<tensor<4x3x5xf32>>) : tensor<4x3x5xf32>
ml_program.global private @b(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @c(#ml_program.extern<tensor<4x1x1xf32>>) : tensor<4x1x1xf32>
ml_program.global private @fc(#ml_program.extern<tensor<2x36xf32>>) : tensor<2x36xf32>
ml_program.global private @fct(#ml_program.extern<tensor<36x2xf32>>) : tensor<36x2xf32>
ml_program.global private @patch(#ml_program.extern<tensor<4x3x2x2xf32>>) : tensor<4x3x2x2xf32>

// A residual block between a stem and the global average: one transpose, at the entry.
// CHECK-LABEL: @residual_network
// CHECK: nn.transpose %arg0 [0, 2, 3, 1] : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
// CHECK-NOT: nn.transpose
// CHECK: nn.conv {{.*}} strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {layout = #nn<conv_layout channels_last>}
// CHECK: nn.pool max {{.*}} {layout = #nn<conv_layout channels_last>} : tensor<?x8x8x4xf32> -> tensor<?x4x4x4xf32>
// CHECK: nn.mul %{{.*}} : tensor<?x4x4x4xf32>, tensor<1x1x1x4xf32>
// CHECK: nn.add %{{.*}} : tensor<?x4x4x4xf32>, tensor<?x4x4x4xf32>
// CHECK: nn.reduce mean %{{.*}} [1, 2] : tensor<?x4x4x4xf32> -> tensor<?x4xf32>
// CHECK-NEXT: return
func.func @residual_network(%x: tensor<?x3x8x8xf32>) -> tensor<?x4xf32> {
  %w3 = ml_program.global_load_const @w3 : tensor<4x3x3x3xf32>
  %w4 = ml_program.global_load_const @w4 : tensor<4x4x3x3xf32>
  %b = ml_program.global_load_const @b : tensor<4xf32>
  %c = ml_program.global_load_const @c : tensor<4x1x1xf32>
  %0 = nn.conv %x, %w3 bias %b strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf32> -> tensor<?x4x8x8xf32>
  %1 = nn.relu %0 : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  %2 = nn.pool max %1 kernel [2, 2] strides [2, 2] padding [0, 0, 0, 0] dilations [1, 1] : tensor<?x4x8x8xf32> -> tensor<?x4x4x4xf32>
  %3 = nn.conv %2, %w4 strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x4x4x4xf32>, tensor<4x4x3x3xf32> -> tensor<?x4x4x4xf32>
  %4 = nn.mul %3, %c : tensor<?x4x4x4xf32>, tensor<4x1x1xf32> -> tensor<?x4x4x4xf32>
  %5 = nn.add %4, %2 : tensor<?x4x4x4xf32>, tensor<?x4x4x4xf32> -> tensor<?x4x4x4xf32>
  %6 = nn.relu %5 : tensor<?x4x4x4xf32> -> tensor<?x4x4x4xf32>
  %7 = nn.reduce mean %6 [2, 3] : tensor<?x4x4x4xf32> -> tensor<?x4xf32>
  return %7 : tensor<?x4xf32>
}

// One channel in: the transpose is a reshape. Flattened behind: it moves into the weight.
// CHECK-LABEL: @digits
// CHECK-NOT: nn.transpose %arg0
// CHECK: nn.reshape %arg0{{.*}} -> tensor<?x8x8x1xf32>
// CHECK: nn.conv
// CHECK: %[[P:.*]] = nn.pool average
// CHECK: nn.transpose %{{.*}} [0, 2, 3, 1] : tensor<2x4x3x3xf32> -> tensor<2x3x3x4xf32>
// CHECK: nn.reshape %[[P]]{{.*}} : tensor<?x3x3x4xf32> -> tensor<?x36xf32>
// CHECK: nn.linear
func.func @digits(%x: tensor<?x1x8x8xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x1x8x8xf32>
  %w = ml_program.global_load_const @w1 : tensor<4x1x3x3xf32>
  %fc = ml_program.global_load_const @fc : tensor<2x36xf32>
  %0 = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1] : tensor<?x1x8x8xf32>, tensor<4x1x3x3xf32> -> tensor<?x4x6x6xf32>
  %1 = nn.pool average %0 kernel [2, 2] strides [2, 2] padding [0, 0, 0, 0] dilations [1, 1] : tensor<?x4x6x6xf32> -> tensor<?x4x3x3xf32>
  %2 = nn.reshape %1 [%n] : tensor<?x4x3x3xf32> -> tensor<?x36xf32>
  %3 = nn.linear %2, %fc : tensor<?x36xf32>, tensor<2x36xf32> -> tensor<?x2xf32>
  return %3 : tensor<?x2xf32>
}

// CHECK-LABEL: @flattened_into_input_major
// CHECK: nn.transpose %{{.*}} [1, 2, 0, 3] : tensor<4x3x3x2xf32> -> tensor<3x3x4x2xf32>
// CHECK: nn.linear %{{.*}} {input_major}
func.func @flattened_into_input_major(%x: tensor<?x1x8x8xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x1x8x8xf32>
  %w = ml_program.global_load_const @w1 : tensor<4x1x3x3xf32>
  %fc = ml_program.global_load_const @fct : tensor<36x2xf32>
  %0 = nn.conv %x, %w strides [2, 2] padding [0, 0, 0, 0] dilations [1, 1] : tensor<?x1x8x8xf32>, tensor<4x1x3x3xf32> -> tensor<?x4x3x3xf32>
  %2 = nn.reshape %0 [%n] : tensor<?x4x3x3xf32> -> tensor<?x36xf32>
  %3 = nn.linear %2, %fc {input_major} : tensor<?x36xf32>, tensor<36x2xf32> -> tensor<?x2xf32>
  return %3 : tensor<?x2xf32>
}

// Padding, concatenation along channels, slices, norms and softmax over channels follow.
// CHECK-LABEL: @dimensions_renamed
// CHECK-COUNT-1: nn.transpose
// CHECK-NOT: nn.transpose
// CHECK: nn.batch_norm {{.*}}axis = 3
// CHECK: nn.pad {{.*}} low [0, 1, 0, 0] high [0, 2, 1, 0]
// CHECK: tensor.concat dim(3)
// CHECK: tensor.extract_slice %{{.*}}[0, 1, 0, 2] [%{{.*}}, 8, 9, 4] [1, 1, 1, 1]
// CHECK: nn.softmax {{.*}} {axis = 3 : i64}
// CHECK: nn.reduce max %{{.*}} [1, 2] {keep_dims} : tensor<?x8x9x4xf32> -> tensor<?x1x1x4xf32>
// CHECK: nn.reshape %{{.*}} : tensor<?x1x1x4xf32> -> tensor<?x4xf32>
func.func @dimensions_renamed(%x: tensor<?x3x8x8xf32>, %m: tensor<4xf32>, %v: tensor<4xf32> {nn.name = "variance"}) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3x8x8xf32>
  %w = ml_program.global_load_const @w3 : tensor<4x3x3x3xf32>
  %0 = nn.conv %x, %w strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<?x4x8x8xf32>
  %1 = nn.batch_norm %0, %m, %v {epsilon = 1.0e-5 : f64} : tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4x8x8xf32>
  %2 = nn.pad %1 low [0, 0, 1, 0] high [0, 0, 2, 1] value 0.5 : f32 : tensor<?x4x8x8xf32> -> tensor<?x4x11x9xf32>
  %3 = tensor.concat dim(1) %2, %2 : (tensor<?x4x11x9xf32>, tensor<?x4x11x9xf32>) -> tensor<?x8x11x9xf32>
  %4 = tensor.extract_slice %3[0, 2, 1, 0] [%n, 4, 8, 9] [1, 1, 1, 1] : tensor<?x8x11x9xf32> to tensor<?x4x8x9xf32>
  %5 = nn.softmax %4 {axis = 1 : i64} : tensor<?x4x8x9xf32> -> tensor<?x4x8x9xf32>
  %6 = nn.reduce max %5 [2, 3] {keep_dims} : tensor<?x4x8x9xf32> -> tensor<?x4x1x1xf32>
  %7 = nn.reshape %6 [%n] : tensor<?x4x1x1xf32> -> tensor<?x4xf32>
  return %7 : tensor<?x4xf32>
}

// Squeeze and excitation: the gates are [N, C, 1, 1], which no transpose has to move.
// CHECK-LABEL: @gates
// CHECK: nn.transpose %arg0 [0, 2, 3, 1]
// CHECK-NOT: nn.transpose
// CHECK: nn.mul %{{.*}} : tensor<?x8x8x4xf32>, tensor<?x1x1x4xf32>
func.func @gates(%x: tensor<?x3x8x8xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3x8x8xf32>
  %w = ml_program.global_load_const @w3 : tensor<4x3x3x3xf32>
  %0 = nn.conv %x, %w strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<?x4x8x8xf32>
  %1 = nn.reduce mean %0 [2, 3] : tensor<?x4x8x8xf32> -> tensor<?x4xf32>
  %2 = nn.sigmoid %1 : tensor<?x4xf32> -> tensor<?x4xf32>
  %3 = nn.reshape %2 [%n] : tensor<?x4xf32> -> tensor<?x4x1x1xf32>
  %4 = nn.mul %0, %3 : tensor<?x4x8x8xf32>, tensor<?x4x1x1xf32> -> tensor<?x4x8x8xf32>
  %5 = nn.reduce sum %4 [2, 3] : tensor<?x4x8x8xf32> -> tensor<?x4xf32>
  return %5 : tensor<?x4xf32>
}

// A vision transformer's patches: lined up and transposed by the model itself.
// CHECK-LABEL: @patches
// CHECK: nn.transpose %arg0
// CHECK: %[[C:.*]] = nn.conv
// CHECK: %[[R:.*]] = nn.reshape %[[C]]{{.*}} : tensor<?x4x4x4xf32> -> tensor<?x16x4xf32>
// CHECK-NEXT: return %[[R]]
func.func @patches(%x: tensor<?x3x8x8xf32>) -> tensor<?x16x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3x8x8xf32>
  %w = ml_program.global_load_const @patch : tensor<4x3x2x2xf32>
  %0 = nn.conv %x, %w strides [2, 2] padding [0, 0, 0, 0] dilations [1, 1] : tensor<?x3x8x8xf32>, tensor<4x3x2x2xf32> -> tensor<?x4x4x4xf32>
  %1 = nn.reshape %0 [%n] : tensor<?x4x4x4xf32> -> tensor<?x4x16xf32>
  %2 = nn.transpose %1 [0, 2, 1] : tensor<?x4x16xf32> -> tensor<?x16x4xf32>
  return %2 : tensor<?x16x4xf32>
}

// A transposed convolution's places, beside an image: what moves has its channels last.
// CHECK-LABEL: @places_of_channels
// CHECK: %[[IMAGE:.*]] = nn.conv
// CHECK: %[[CHANNELS:.*]] = nn.conv {{.*}} -> tensor<?x4x4x4xf32>
// CHECK: %[[PARTS:.*]] = nn.reshape %[[CHANNELS]]{{.*}} -> tensor<?x4x4x2x2x1xf32>
// CHECK: %[[MIXED:.*]] = nn.transpose %[[PARTS]] [0, 1, 3, 2, 4, 5] : tensor<?x4x4x2x2x1xf32> -> tensor<?x4x2x4x2x1xf32>
// CHECK: %[[PLACES:.*]] = nn.reshape %[[MIXED]]{{.*}} -> tensor<?x8x8x1xf32>
// CHECK: tensor.concat dim(3) %[[IMAGE]], %[[PLACES]] : (tensor<?x8x8x4xf32>, tensor<?x8x8x1xf32>) -> tensor<?x8x8x5xf32>
func.func @places_of_channels(%x: tensor<?x3x8x8xf32> {nn.dims = ["B", "3", "8", "8"]}, %y: tensor<?x3x8x8xf32> {nn.dims = ["B", "3", "8", "8"]}) -> tensor<?x5x8x8xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3x8x8xf32>
  %w3 = ml_program.global_load_const @w3 : tensor<4x3x3x3xf32>
  %w = ml_program.global_load_const @patch : tensor<4x3x2x2xf32>
  %0 = nn.conv %x, %w3 strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<?x4x8x8xf32>
  %1 = nn.conv %y, %w strides [2, 2] padding [0, 0, 0, 0] dilations [1, 1] : tensor<?x3x8x8xf32>, tensor<4x3x2x2xf32> -> tensor<?x4x4x4xf32>
  %2 = nn.reshape %1 [%n] : tensor<?x4x4x4xf32> -> tensor<?x2x2x1x4x4xf32>
  %3 = nn.transpose %2 [0, 3, 4, 1, 5, 2] : tensor<?x2x2x1x4x4xf32> -> tensor<?x1x4x2x4x2xf32>
  %4 = nn.reshape %3 [%n] : tensor<?x1x4x2x4x2xf32> -> tensor<?x1x8x8xf32>
  %5 = tensor.concat dim(1) %0, %4 : (tensor<?x4x8x8xf32>, tensor<?x1x8x8xf32>) -> tensor<?x5x8x8xf32>
  return %5 : tensor<?x5x8x8xf32>
}

// A dimension that is split again is no merge: the transpose ends before the parts.
// CHECK-LABEL: @parts_that_do_not_merge
// CHECK: nn.conv
// CHECK: nn.transpose %{{.*}} [0, 3, 1, 2]
// CHECK: nn.transpose %{{.*}} [0, 4, 1, 2, 5, 3]
func.func @parts_that_do_not_merge(%x: tensor<?x3x8x8xf32>) -> tensor<?x2x32xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3x8x8xf32>
  %w = ml_program.global_load_const @patch : tensor<4x3x2x2xf32>
  %0 = nn.conv %x, %w strides [2, 2] padding [0, 0, 0, 0] dilations [1, 1] : tensor<?x3x8x8xf32>, tensor<4x3x2x2xf32> -> tensor<?x4x4x4xf32>
  %1 = nn.reshape %0 [%n] : tensor<?x4x4x4xf32> -> tensor<?x2x2x1x4x4xf32>
  %2 = nn.transpose %1 [0, 4, 1, 2, 5, 3] : tensor<?x2x2x1x4x4xf32> -> tensor<?x4x2x2x4x1xf32>
  %3 = nn.reshape %2 [%n] : tensor<?x4x2x2x4x1xf32> -> tensor<?x2x32xf32>
  return %3 : tensor<?x2x32xf32>
}

// CHECK-LABEL: @one_dimension
// CHECK: nn.transpose %arg0 [0, 2, 1]
// CHECK: nn.conv {{.*}} : tensor<?x?x3xf32>, tensor<4x3x5xf32> -> tensor<?x?x4xf32>
// CHECK: nn.transpose %{{.*}} [0, 2, 1]
func.func @one_dimension(%x: tensor<?x3x?xf32> {nn.dims = ["B", "3", "T"]}) -> tensor<?x4x?xf32> {
  %w = ml_program.global_load_const @line : tensor<4x3x5xf32>
  %0 = nn.conv %x, %w strides [1] padding [2, 2] dilations [1] : tensor<?x3x?xf32>, tensor<4x3x5xf32> -> tensor<?x4x?xf32>
  return %0 : tensor<?x4x?xf32>
}

// What must stay: a transpose that the model has for its own reasons, an operand that would need
// another transpose, convolutions that have their channels last already.

// CHECK-LABEL: @own_transpose
// CHECK: %[[T:.*]] = nn.transpose %arg0 [0, 3, 1, 2]
// CHECK: nn.relu %[[T]]
func.func @own_transpose(%x: tensor<?x8x8x3xf32>) -> tensor<?x3x8x8xf32> {
  %0 = nn.transpose %x [0, 3, 1, 2] : tensor<?x8x8x3xf32> -> tensor<?x3x8x8xf32>
  %1 = nn.relu %0 : tensor<?x3x8x8xf32> -> tensor<?x3x8x8xf32>
  return %1 : tensor<?x3x8x8xf32>
}

// CHECK-LABEL: @operand_of_another_order
// CHECK: nn.conv
// CHECK: %[[T:.*]] = nn.transpose %{{.*}} [0, 3, 1, 2]
// CHECK: nn.add %[[T]], %arg1
func.func @operand_of_another_order(%x: tensor<?x3x8x8xf32>, %y: tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> {
  %w = ml_program.global_load_const @w3 : tensor<4x3x3x3xf32>
  %0 = nn.conv %x, %w strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32> -> tensor<?x4x8x8xf32>
  %1 = nn.add %0, %y : tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return %1 : tensor<?x4x8x8xf32>
}

// CHECK-LABEL: @channels_last_already
// CHECK-NOT: nn.transpose
// CHECK: nn.conv %arg0
func.func @channels_last_already(%x: tensor<?x8x8x3xf32>) -> tensor<?x6x6x4xf32> {
  %w = ml_program.global_load_const @w3 : tensor<4x3x3x3xf32>
  %0 = nn.conv %x, %w strides [1, 1] padding [0, 0, 0, 0] dilations [1, 1] {layout = #nn<conv_layout channels_last>} : tensor<?x8x8x3xf32>, tensor<4x3x3x3xf32> -> tensor<?x6x6x4xf32>
  return %0 : tensor<?x6x6x4xf32>
}

// Vectors have no channels to move.
// CHECK-LABEL: @vectors
// CHECK-NEXT: %[[A:.*]] = nn.exp %arg0
// CHECK-NEXT: nn.add %[[A]], %arg0
func.func @vectors(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = nn.exp %x : tensor<?xf32> -> tensor<?xf32>
  %1 = nn.add %0, %x : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  return %1 : tensor<?xf32>
}
