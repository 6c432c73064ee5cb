// The sizes of results are computed from the operands, so that nothing asks for a result's size.
// RUN: nacre-opt %s -resolve-ranked-shaped-type-result-dims -canonicalize -cse | FileCheck %s

// CHECK-LABEL: @broadcast_add
// CHECK-SAME: %[[X:.*]]: tensor<?x1xf32>, %[[Y:.*]]: tensor<?xf32>
// CHECK-DAG: %[[C0:.*]] = arith.constant 0
// CHECK-DAG: %[[A:.*]] = tensor.dim %[[X]], %[[C0]]
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[Y]], %[[C0]]
// CHECK: return %[[A]], %[[B]]
func.func @broadcast_add(%x: tensor<?x1xf32>, %y: tensor<?xf32>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = nn.add %x, %y : tensor<?x1xf32>, tensor<?xf32> -> tensor<?x?xf32>
  %a = tensor.dim %0, %c0 : tensor<?x?xf32>
  %b = tensor.dim %0, %c1 : tensor<?x?xf32>
  return %a, %b : index, index
}

// CHECK-LABEL: @elementwise
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>
// CHECK: %[[A:.*]] = tensor.dim %[[X]]
// CHECK: return %[[A]], %[[A]], %[[A]], %[[A]]
func.func @elementwise(%x: tensor<?xf32>) -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %0 = nn.exp %x : tensor<?xf32> -> tensor<?xf32>
  %1 = nn.cast %x : tensor<?xf32> -> tensor<?xi32>
  %2 = nn.compare lt %x, %x : tensor<?xf32>, tensor<?xf32> -> tensor<?xi1>
  %3 = nn.select %2, %x, %0 : tensor<?xi1>, tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  %a = tensor.dim %0, %c0 : tensor<?xf32>
  %b = tensor.dim %1, %c0 : tensor<?xi32>
  %c = tensor.dim %2, %c0 : tensor<?xi1>
  %d = tensor.dim %3, %c0 : tensor<?xf32>
  return %a, %b, %c, %d : index, index, index, index
}

// CHECK-LABEL: @shape
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[I:.*]]: tensor<2x?xi64>, %[[N:.*]]: index
// CHECK-DAG: %[[A:.*]] = tensor.dim %[[X]]
// CHECK-DAG: %[[G:.*]] = tensor.dim %[[I]]
// CHECK-DAG: %[[P:.*]] = arith.addi %[[A]], %c3
// CHECK: return %[[N]], %[[N]], %[[A]], %[[P]], %[[G]], %[[N]]
func.func @shape(%x: tensor<?x4xf32>, %i: tensor<2x?xi64>, %n: index) -> (index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = nn.reshape %x[%n] : tensor<?x4xf32> -> tensor<4x?xf32>
  %1 = nn.broadcast %x[%n, %n] : tensor<?x4xf32> -> tensor<?x?x4xf32>
  %2 = nn.transpose %x [1, 0] : tensor<?x4xf32> -> tensor<4x?xf32>
  %3 = nn.pad %x low [1, 0] high [2, 0] value 0.0 : f32 : tensor<?x4xf32> -> tensor<?x4xf32>
  %4 = nn.gather %x, %i : tensor<?x4xf32>, tensor<2x?xi64> -> tensor<2x?x4xf32>
  %5 = nn.iota[%n] : tensor<?xi64>
  %a = tensor.dim %0, %c1 : tensor<4x?xf32>
  %b = tensor.dim %1, %c0 : tensor<?x?x4xf32>
  %c = tensor.dim %2, %c1 : tensor<4x?xf32>
  %d = tensor.dim %3, %c0 : tensor<?x4xf32>
  %e = tensor.dim %4, %c1 : tensor<2x?x4xf32>
  %f = tensor.dim %5, %c0 : tensor<?xi64>
  return %a, %b, %c, %d, %e, %f : index, index, index, index, index, index
}

// CHECK-LABEL: @matmul
// CHECK-SAME: %[[X:.*]]: tensor<1x?x?x?xf32>, %[[Y:.*]]: tensor<?x1x?x?xf32>, %[[W:.*]]: tensor<?x?xf32>
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[Y]], %c0
// CHECK-DAG: %[[H:.*]] = tensor.dim %[[X]], %c1
// CHECK-DAG: %[[M:.*]] = tensor.dim %[[X]], %c2
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[Y]], %c2
// CHECK-DAG: %[[O:.*]] = tensor.dim %[[W]], %c1
// CHECK: return %[[B]], %[[H]], %[[M]], %[[N]], %[[M]], %[[O]]
func.func @matmul(%x: tensor<1x?x?x?xf32>, %y: tensor<?x1x?x?xf32>, %w: tensor<?x?xf32>) -> (index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0 = nn.matmul %x, %y {transpose_rhs} : tensor<1x?x?x?xf32>, tensor<?x1x?x?xf32> -> tensor<?x?x?x?xf32>
  %1 = nn.linear %x, %w {input_major} : tensor<1x?x?x?xf32>, tensor<?x?xf32> -> tensor<1x?x?x?xf32>
  %a = tensor.dim %0, %c0 : tensor<?x?x?x?xf32>
  %b = tensor.dim %0, %c1 : tensor<?x?x?x?xf32>
  %c = tensor.dim %0, %c2 : tensor<?x?x?x?xf32>
  %d = tensor.dim %0, %c3 : tensor<?x?x?x?xf32>
  %e = tensor.dim %1, %c2 : tensor<1x?x?x?xf32>
  %f = tensor.dim %1, %c3 : tensor<1x?x?x?xf32>
  return %a, %b, %c, %d, %e, %f : index, index, index, index, index, index
}

// Sizes of windows are checked by evaluating them (RewriteTest); no size of a result is left here.
// CHECK-LABEL: @windows
// CHECK-NOT: nn.
// CHECK: return
func.func @windows(%x: tensor<?x?x?x2xf32>, %w: tensor<4x1x3x2xf32>, %y: tensor<?x2x?xf32>)
    -> (index, index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0 = nn.conv %x, %w strides [2, 3] padding [1, 0, 1, 1] dilations [1, 2]
    {groups = 2 : i64, layout = #nn<conv_layout channels_last>}
    : tensor<?x?x?x2xf32>, tensor<4x1x3x2xf32> -> tensor<?x?x?x4xf32>
  %1 = nn.pool max %y kernel [3] strides [2] padding [1, 1] dilations [1] {ceil_mode}
    : tensor<?x2x?xf32> -> tensor<?x2x?xf32>
  %2 = nn.pool average %y kernel [2] strides [3] padding [1, 1] dilations [1] {ceil_mode}
    : tensor<?x2x?xf32> -> tensor<?x2x?xf32>
  %3 = nn.pool max %y kernel [3] strides [2] padding [0, 0] dilations [1] {ceil_mode}
    : tensor<?x2x?xf32> -> tensor<?x2x?xf32>
  %a = tensor.dim %0, %c0 : tensor<?x?x?x4xf32>
  %b = tensor.dim %0, %c1 : tensor<?x?x?x4xf32>
  %c = tensor.dim %0, %c2 : tensor<?x?x?x4xf32>
  %d = tensor.dim %0, %c3 : tensor<?x?x?x4xf32>
  %e = tensor.dim %1, %c2 : tensor<?x2x?xf32>
  %f = tensor.dim %2, %c2 : tensor<?x2x?xf32>
  %g = tensor.dim %3, %c2 : tensor<?x2x?xf32>
  return %a, %b, %c, %d, %e, %f, %g : index, index, index, index, index, index, index
}

// CHECK-LABEL: @attention
// CHECK-SAME: %[[Q:.*]]: tensor<?x4x?x8xf32>, %{{.*}}: tensor<?x2x?x8xf32>, %[[V:.*]]: tensor<?x2x?x?xf32>, %{{.*}}: tensor<?xi64>
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[Q]], %c0
// CHECK-DAG: %[[S:.*]] = tensor.dim %[[Q]], %c2
// CHECK-DAG: %[[D:.*]] = tensor.dim %[[V]], %c3
// CHECK: return %[[B]], %[[S]], %[[D]], %[[S]]
func.func @attention(%q: tensor<?x4x?x8xf32>, %k: tensor<?x2x?x8xf32>, %v: tensor<?x2x?x?xf32>, %p: tensor<?xi64>)
    -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0 = nn.attention %q, %k, %v : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x?xf32> -> tensor<?x4x?x?xf32>
  %1 = nn.rotary %q, %p : tensor<?x4x?x8xf32>, tensor<?xi64> -> tensor<?x4x?x8xf32>
  %a = tensor.dim %0, %c0 : tensor<?x4x?x?xf32>
  %b = tensor.dim %0, %c2 : tensor<?x4x?x?xf32>
  %c = tensor.dim %0, %c3 : tensor<?x4x?x?xf32>
  %d = tensor.dim %1, %c2 : tensor<?x4x?x8xf32>
  return %a, %b, %c, %d : index, index, index, index
}

// CHECK-LABEL: @reduce
// CHECK-SAME: %[[X:.*]]: tensor<?x4x?xf32>
// CHECK-DAG: %[[A:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[X]], %c2
// CHECK: return %[[A]], %[[B]], %c1, %[[B]], %[[B]], %[[B]], %[[B]], %[[B]]
func.func @reduce(%x: tensor<?x4x?xf32>, %c: tensor<4xf32>) -> (index, index, index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %0 = nn.reduce sum %x [1] : tensor<?x4x?xf32> -> tensor<?x?xf32>
  %1 = nn.reduce sum %x [0] {keep_dims} : tensor<?x4x?xf32> -> tensor<?x4x?xf32>
  %2 = nn.softmax %x {axis = 1 : i64} : tensor<?x4x?xf32> -> tensor<?x4x?xf32>
  %3 = nn.layer_norm %x {epsilon = 0.1 : f64} : tensor<?x4x?xf32> -> tensor<?x4x?xf32>
  %4 = nn.rms_norm %x {epsilon = 0.1 : f64} : tensor<?x4x?xf32> -> tensor<?x4x?xf32>
  %5 = nn.batch_norm %x, %c, %c {epsilon = 0.1 : f64} : tensor<?x4x?xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4x?xf32>
  %6 = nn.group_norm %x {epsilon = 0.1 : f64, groups = 2 : i64} : tensor<?x4x?xf32> -> tensor<?x4x?xf32>
  %a = tensor.dim %0, %c0 : tensor<?x?xf32>
  %b = tensor.dim %0, %c1 : tensor<?x?xf32>
  %d = tensor.dim %1, %c0 : tensor<?x4x?xf32>
  %e = tensor.dim %2, %c2 : tensor<?x4x?xf32>
  %f = tensor.dim %3, %c2 : tensor<?x4x?xf32>
  %g = tensor.dim %4, %c2 : tensor<?x4x?xf32>
  %h = tensor.dim %5, %c2 : tensor<?x4x?xf32>
  %i = tensor.dim %6, %c2 : tensor<?x4x?xf32>
  return %a, %b, %d, %e, %f, %g, %h, %i : index, index, index, index, index, index, index, index
}

// CHECK-LABEL: @packed
// CHECK-SAME: %[[X:.*]]: tensor<?x5xf32>, %{{.*}}: tensor<7x5xf32>, %[[I:.*]]: tensor<?x?x8x4xf32>
// CHECK-DAG: %[[A:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[I]], %c0
// CHECK: return %[[A]], %[[B]], %{{[^,]*}}, %[[B]], %{{[^,]*}}, %[[B]] :
func.func @packed(%x: tensor<?x5xf32>, %w: tensor<7x5xf32>, %image: tensor<?x?x8x4xf32>, %taps: tensor<2x3x12xf32>,
                  %filters: tensor<6x4xf32>, %kernels: tensor<4x4x3x3xf32>) -> (index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = nn.pack %w {panel = 4 : i64} : tensor<7x5xf32> -> tensor<2x5x4xf32>
  %1 = nn.packed_linear %x, %0 {outputs = 7 : i64} : tensor<?x5xf32>, tensor<2x5x4xf32> -> tensor<?x7xf32>
  %2 = nn.pack %taps {panel = 2 : i64} : tensor<2x3x12xf32> -> tensor<2x2x12x2xf32>
  %3 = nn.packed_conv %image, %2 kernel [3, 2] strides [2, 2] padding [0, 0, 0, 0] dilations [1, 1] {outputs = 6 : i64} : tensor<?x?x8x4xf32>, tensor<2x2x12x2xf32> -> tensor<?x?x4x6xf32>
  %u = nn.winograd_weight %kernels : tensor<4x4x3x3xf32> -> tensor<16x4x4xf32>
  %p = nn.pack %u {panel = 4 : i64} : tensor<16x4x4xf32> -> tensor<16x1x4x4xf32>
  %5 = nn.winograd_conv %image, %p padding [1, 1, 0, 0] {outputs = 4 : i64} : tensor<?x?x8x4xf32>, tensor<16x1x4x4xf32> -> tensor<?x?x6x4xf32>
  %4 = nn.depthwise_conv %image, %filters kernel [3, 1] strides [2, 1] padding [1, 0, 0, 0] dilations [1, 1] {groups = 2 : i64} : tensor<?x?x8x4xf32>, tensor<6x4xf32> -> tensor<?x?x8x4xf32>
  %a = tensor.dim %1, %c0 : tensor<?x7xf32>
  %b = tensor.dim %3, %c0 : tensor<?x?x4x6xf32>
  %c = tensor.dim %3, %c1 : tensor<?x?x4x6xf32>
  %d = tensor.dim %4, %c0 : tensor<?x?x8x4xf32>
  %e = tensor.dim %4, %c1 : tensor<?x?x8x4xf32>
  %f = tensor.dim %5, %c0 : tensor<?x?x6x4xf32>
  return %a, %b, %c, %d, %e, %f : index, index, index, index, index, index
}
