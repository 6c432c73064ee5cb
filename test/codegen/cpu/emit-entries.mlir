// RUN: nacre-opt %s --form-dispatches --lower-dispatches=cpu=x86-64-v3 --plan-arena --emit-entries --canonicalize | FileCheck %s

// CHECK: llvm.mlir.global private constant @positions.check.0("S must be at most 32\00")
// CHECK: func.func @positions.shapes(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CHECK: func.func @positions.check(%{{.*}}: !llvm.ptr) -> !llvm.ptr
// CHECK: func.func @positions.arena(%{{.*}}: !llvm.ptr) -> i64
// CHECK: func.func @positions.run(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr)
// The kernel runs in shares that threads take, as many as its work is worth.
// CHECK: func.func private @positions(
// CHECK-SAME: %[[THREAD:[^:]*]]: index, %{{[^:]*}}: index, %[[TEAM:[^:]*]]: !llvm.ptr)
// CHECK: %[[SHARES:.*]] = call @nacre_shares(%[[TEAM]], %{{.*}}) : (!llvm.ptr, f64) -> index
// CHECK: scf.while (%[[ENDED:.*]] = %c-1) : (index) -> index
// CHECK: %[[NEXT:.*]] = func.call @nacre_next_share(%[[TEAM]], %[[THREAD]], %c0, %[[SHARES]], %[[ENDED]])
// CHECK: scf.condition(%{{.*}}) %[[NEXT]]
// CHECK: ^bb0(%[[SHARE:.*]]: index):
// CHECK: func.call @{{.*}}add{{.*}}, %[[SHARE]], %[[SHARES]])
// CHECK-NOT: nacre_barrier
func.func @positions(%x: tensor<?x16xf32> {nn.dims = ["S", "16"]}, %table: tensor<32x16xf32>) -> tensor<?x16xf32> attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %s = tensor.dim %x, %c0 : tensor<?x16xf32>
  %0 = tensor.extract_slice %table[0, 0] [%s, 16] [1, 1] : tensor<32x16xf32> to tensor<?x16xf32>
  %1 = nn.add %x, %0 : tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x16xf32>
  return %1 : tensor<?x16xf32>
}

// A result may be another view of what a kernel writes.
// CHECK: func.func @flat.shapes(%[[DIMS:.*]]: !llvm.ptr, %[[SIZES:.*]]: !llvm.ptr)
// CHECK: %[[PRODUCT:.*]] = arith.muli
// CHECK: %[[LAST:.*]] = llvm.getelementptr %[[SIZES]][2]
// CHECK: %[[T:.*]] = arith.index_cast %[[PRODUCT]] : index to i64
// CHECK: llvm.store %[[T]], %[[LAST]]
func.func @flat(%x: tensor<?x?xf32> {nn.dims = ["M", "N"]}) -> tensor<?xf32> attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %t = arith.muli %m, %n : index
  %a = nn.exp %x : tensor<?x?xf32> -> tensor<?x?xf32>
  %y = nn.reshape %a[%t] : tensor<?x?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}
