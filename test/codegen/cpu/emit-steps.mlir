// RUN: nacre-opt %s --form-dispatches --lower-dispatches=cpu=x86-64-v3 --canonicalize --cse --plan-arena --canonicalize | FileCheck %s
// RUN: nacre-opt %s --form-dispatches --lower-dispatches=cpu=x86-64-v3 --plan-arena --emit-entries --canonicalize | FileCheck %s --check-prefix=STEPS

// The carry has two halves; each round reads one and writes the other.
// CHECK-LABEL: func.func private @forward
// CHECK: scf.while (%[[ROUNDS:.*]] = %c0)
// CHECK: %[[GO:.*]] = func.call @nacre_decision(%{{.*}}, %{{.*}}) : (!llvm.ptr, memref<i8>) -> i1
// CHECK: scf.condition(%[[GO]]) %[[ROUNDS]]
// CHECK: ^bb0(%[[ROUND:.*]]: index):
// CHECK: %[[PARITY:.*]] = arith.andi %[[ROUND]], %c1
// CHECK: %[[READ:.*]] = arith.muli %[[PARITY]], %c64
// CHECK: %[[WRITTEN:.*]] = arith.subi %c64, %[[READ]]
// CHECK-DAG: memref.view %[[HALVES:.*]][%[[READ]]]
// CHECK-DAG: memref.view %[[HALVES]][%[[WRITTEN]]]

// Steps are counted as they run. Who is told nothing counts on from where no step is.
// STEPS-LABEL: func.func private @forward(
// STEPS: %[[STEPS:.*]] = memref.alloca() : memref<index>
// STEPS: %[[DECISIONS:.*]] = memref.alloca() : memref<index>
// STEPS: scf.while
// STEPS: %[[ANSWER:.*]] = func.call @nacre_decide(
// STEPS: %[[LOST:.*]] = arith.cmpi slt, %[[ANSWER]], %c0_i64
// STEPS: arith.select %[[LOST]], %c2147483648, %c0
// STEPS: %[[GO:.*]] = arith.cmpi sgt, %[[ANSWER]], %c0_i64
// STEPS: scf.condition(%[[GO]])
// STEPS: call @nacre_next_share
// STEPS-NOT: nacre_decision
// STEPS-NOT: nacre_barrier
func.func @forward(%x: tensor<4xf32>, %limit: tensor<f32>) -> tensor<4xf32> attributes {nn.entry} {
  %m = nn.reduce sum %x [0] : tensor<4xf32> -> tensor<f32>
  %go = nn.compare lt %m, %limit : tensor<f32>, tensor<f32> -> tensor<i1>
  %y = nn.while %go (%x : tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%v: tensor<4xf32>):
    %0 = nn.exp %v : tensor<4xf32> -> tensor<4xf32>
    %1 = nn.reduce sum %0 [0] : tensor<4xf32> -> tensor<f32>
    %2 = nn.compare lt %1, %limit : tensor<f32>, tensor<f32> -> tensor<i1>
    nn.yield %2, %0 : tensor<i1>, tensor<4xf32>
  }
  return %y : tensor<4xf32>
}
