// RUN: nacre-opt %s --form-dispatches --lower-dispatches=cpu=x86-64-v3 --canonicalize --cse | FileCheck %s

ml_program.global private @p(#ml_program.extern<tensor<4x64x16xf32>>) : tensor<4x64x16xf32>

// CHECK: func.func private @nacre_barrier

// The weight has its place in the weights file.
// CHECK: ml_program.global private @p{{.*}}nn.offset = 0

// Two equal layers are one kernel.
// CHECK: func.func private @forward(%[[W:.*]]: memref<?xi8>, %[[X:.*]]: memref<?xi8>, %[[Y:.*]]: memref<?xi8>, %[[B:.*]]: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: !llvm.ptr)
// CHECK: memref.alloc
// CHECK: call @packed_linear_relu_0
// CHECK: call @nacre_barrier
// CHECK: call @packed_linear_relu_0
// CHECK: return
func.func @forward(%x: tensor<?x64xf32> {nn.name = "x", nn.dims = ["B", "64"]}) -> tensor<?x64xf32> attributes {nn.entry} {
  %p = ml_program.global_load_const @p : tensor<4x64x16xf32>
  %0 = nn.packed_linear %x, %p {outputs = 64} : tensor<?x64xf32>, tensor<4x64x16xf32> -> tensor<?x64xf32>
  %1 = nn.relu %0 : tensor<?x64xf32> -> tensor<?x64xf32>
  %2 = nn.packed_linear %1, %p {outputs = 64} : tensor<?x64xf32>, tensor<4x64x16xf32> -> tensor<?x64xf32>
  %3 = nn.relu %2 : tensor<?x64xf32> -> tensor<?x64xf32>
  return %3 : tensor<?x64xf32>
}

// The tile's accumulators are carried by the loop over K, never in memory.
// CHECK: func.func private @packed_linear_relu_0
// CHECK: scf.for {{.*}} iter_args(
// CHECK-NOT: memref.store
// CHECK: math.fma {{.*}} : vector<8xf32>
// CHECK-NOT: func.func
