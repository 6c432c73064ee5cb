// RUN: nacre-opt %s --form-dispatches --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @epilogue
// CHECK: nn.dispatch(%{{.*}}, %{{.*}}, %{{.*}} :
// CHECK: nn.packed_linear
// CHECK-NEXT: nn.gelu
// CHECK-NEXT: nn.add
// CHECK-NEXT: nn.yield
// CHECK-NOT: nn.dispatch
func.func @epilogue(%x: tensor<?x64xf32>, %p: tensor<1x64x64xf32>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> attributes {nn.entry} {
  %0 = nn.packed_linear %x, %p {outputs = 64} : tensor<?x64xf32>, tensor<1x64x64xf32> -> tensor<?x64xf32>
  %1 = nn.gelu %0 : tensor<?x64xf32> -> tensor<?x64xf32>
  %2 = nn.add %1, %r : tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}

// -----

// What two read is computed once.
// CHECK-LABEL: func.func @shared_value_stays_apart
// CHECK-COUNT-3: nn.dispatch
func.func @shared_value_stays_apart(%x: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) attributes {nn.entry} {
  %0 = nn.exp %x : tensor<?x64xf32> -> tensor<?x64xf32>
  %1 = nn.sqrt %0 : tensor<?x64xf32> -> tensor<?x64xf32>
  %2 = nn.neg %0 : tensor<?x64xf32> -> tensor<?x64xf32>
  return %1, %2 : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

// Head splitting and merging are strides of the attention's buffers.
// CHECK-LABEL: func.func @attention_reads_views
// CHECK: nn.dispatch
// CHECK: tensor.extract_slice
// CHECK: nn.transpose
// CHECK: nn.attention
// CHECK-NEXT: nn.transpose
// CHECK-NEXT: nn.yield
// CHECK-NOT: nn.dispatch
// CHECK: nn.reshape
func.func @attention_reads_views(%x: tensor<?x?x48xf32> {nn.dims = ["B", "S", "48"]}) -> tensor<?x?x16xf32> attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x48xf32>
  %s = tensor.dim %x, %c1 : tensor<?x?x48xf32>
  %q = tensor.extract_slice %x[0, 0, 0] [%b, %s, 16] [1, 1, 1] : tensor<?x?x48xf32> to tensor<?x?x16xf32>
  %q4 = nn.reshape %q [%b, %s] : tensor<?x?x16xf32> -> tensor<?x?x2x8xf32>
  %qt = nn.transpose %q4 [0, 2, 1, 3] : tensor<?x?x2x8xf32> -> tensor<?x2x?x8xf32>
  %k = tensor.extract_slice %x[0, 0, 16] [%b, %s, 16] [1, 1, 1] : tensor<?x?x48xf32> to tensor<?x?x16xf32>
  %k4 = nn.reshape %k [%b, %s] : tensor<?x?x16xf32> -> tensor<?x?x2x8xf32>
  %kt = nn.transpose %k4 [0, 2, 1, 3] : tensor<?x?x2x8xf32> -> tensor<?x2x?x8xf32>
  %a = nn.attention %qt, %kt, %kt : tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  %at = nn.transpose %a [0, 2, 1, 3] : tensor<?x2x?x8xf32> -> tensor<?x?x2x8xf32>
  %r = nn.reshape %at [%b, %s] : tensor<?x?x2x8xf32> -> tensor<?x?x16xf32>
  return %r : tensor<?x?x16xf32>
}

// -----

// A table look-up under element-wise work is read row by row; more rows than the table has are
// refused when the entry is called.
// CHECK-LABEL: func.func @positions
// CHECK: cf.assert %{{.*}}, "S must be at most 32"
// CHECK: nn.dispatch
// CHECK: nn.gather
// CHECK: nn.add
// CHECK-NOT: nn.dispatch
func.func @positions(%ids: tensor<?x?xi64> {nn.dims = ["B", "S"]}, %table: tensor<100x16xf32>, %positions: tensor<32x16xf32>) -> tensor<?x?x16xf32> attributes {nn.entry} {
  %c1 = arith.constant 1 : index
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %0 = nn.gather %table, %ids : tensor<100x16xf32>, tensor<?x?xi64> -> tensor<?x?x16xf32>
  %1 = tensor.extract_slice %positions[0, 0] [%s, 16] [1, 1] : tensor<32x16xf32> to tensor<?x16xf32>
  %2 = nn.add %0, %1 : tensor<?x?x16xf32>, tensor<?x16xf32> -> tensor<?x?x16xf32>
  return %2 : tensor<?x?x16xf32>
}

// -----

// A result that is an argument is copied: outputs overlap no input.
// CHECK-LABEL: func.func @returned_argument
// CHECK: %[[C:.*]] = nn.dispatch
// CHECK: return %[[C]]
func.func @returned_argument(%x: tensor<?xf32>) -> tensor<?xf32> attributes {nn.entry} {
  return %x : tensor<?xf32>
}

// -----

// Slices start and end inside their tensors, whatever the sizes of the call.
// CHECK-LABEL: func.func @slices
// CHECK-DAG: cf.assert %{{.*}}, "N - 3 must be at least 0"
// CHECK-DAG: cf.assert %{{.*}}, "3 + N - 3 must be at most N"
// CHECK-NOT: cf.assert
// CHECK: return
func.func @slices(%x: tensor<?x?xf32> {nn.dims = ["B", "N"]}) -> (tensor<?x3xf32>, tensor<?x?xf32>) attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c-3 = arith.constant -3 : index
  %b = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %rest = arith.addi %n, %c-3 : index
  %0 = tensor.extract_slice %x[0, %rest] [%b, 3] [1, 1] : tensor<?x?xf32> to tensor<?x3xf32>
  %1 = tensor.extract_slice %x[0, 3] [%b, %rest] [1, 1] : tensor<?x?xf32> to tensor<?x?xf32>
  return %0, %1 : tensor<?x3xf32>, tensor<?x?xf32>
}

// -----

// Windows fit into what they walk over; rounding up, the last one without its end.
// CHECK-LABEL: func.func @windows
// CHECK: cf.assert %{{.*}}, "S must be at least 5"
// CHECK: cf.assert %{{.*}}, "L must be at least 3"
// CHECK: cf.assert %{{.*}}, "L must be at least 1"
// CHECK-NOT: cf.assert
// CHECK: return
func.func @windows(%x: tensor<?x?x2xf32> {nn.dims = ["B", "S", "2"]}, %w: tensor<1x1x6x64xf32>, %y: tensor<?x2x?xf32> {nn.dims = ["B", "2", "L"]}) -> (tensor<?x?x4xf32>, tensor<?x2x?xf32>, tensor<?x2x?xf32>) attributes {nn.entry} {
  %0 = nn.packed_conv %x, %w kernel [3] strides [1] padding [0, 0] dilations [2] {outputs = 4 : i64} : tensor<?x?x2xf32>, tensor<1x1x6x64xf32> -> tensor<?x?x4xf32>
  %1 = nn.pool max %y kernel [4] strides [3] padding [0, 1] dilations [1] : tensor<?x2x?xf32> -> tensor<?x2x?xf32>
  %2 = nn.pool max %y kernel [4] strides [3] padding [0, 1] dilations [1] {ceil_mode} : tensor<?x2x?xf32> -> tensor<?x2x?xf32>
  return %0, %1, %2 : tensor<?x?x4xf32>, tensor<?x2x?xf32>, tensor<?x2x?xf32>
}
