// What each pass does inside of loops and branches, and with what stands outside of them.
// RUN: nacre-opt %s --nn-resolve-sizes --cse | FileCheck %s --check-prefix=SIZES
// RUN: nacre-opt %s --nn-optimize | FileCheck %s
// RUN: nacre-opt %s --pass-pipeline="builtin.module(func.func(nn-set-precision{precision=bf16}))" | FileCheck %s --check-prefix=PRECISION

#w = #ml_program.extern : tensor<8x8xf32>
ml_program.global private @w(#w) : tensor<8x8xf32>
ml_program.global private @v(#w) : tensor<8x8xf32>
ml_program.global private mutable @memory : tensor<?x8xf32> {nn.dims = ["B", ""]}

// Sizes of slices, carries and results are the entry's arguments'.
// SIZES-LABEL: @sizes
// SIZES: %[[B:.*]] = tensor.dim %arg0, %c0
// SIZES: %[[T:.*]] = tensor.dim %arg0, %c1
// SIZES-NOT: tensor.dim
// SIZES: return %[[B]], %[[T]], %[[B]]
func.func @sizes(%x: tensor<?x?x8xf32> {nn.dims = ["B", "T", ""]}, %h: tensor<?x8xf32> {nn.dims = ["B", ""]}) -> (index, index, index) attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %B = tensor.dim %x, %c0 : tensor<?x?x8xf32>
  %T = tensor.dim %x, %c1 : tensor<?x?x8xf32>
  %last, %all = nn.scan (%x : tensor<?x?x8xf32>) axes [1] carry (%h : tensor<?x8xf32>) sizes(%T, %B) -> tensor<?x8xf32>, tensor<?x?x8xf32> {
  ^bb0(%xt: tensor<?x8xf32>, %s: tensor<?x8xf32>):
    %b = tensor.dim %xt, %c0 : tensor<?x8xf32>
    %d = tensor.dim %s, %c0 : tensor<?x8xf32>
    %0 = nn.broadcast %xt[%b] : tensor<?x8xf32> -> tensor<?x8xf32>
    %1 = nn.broadcast %s[%d] : tensor<?x8xf32> -> tensor<?x8xf32>
    nn.yield %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
  }
  %p = tensor.dim %last, %c0 : tensor<?x8xf32>
  %q = tensor.dim %all, %c0 : tensor<?x?x8xf32>
  %r = tensor.dim %all, %c1 : tensor<?x?x8xf32>
  return %p, %q, %r : index, index, index
}

// Weights leave the loop, and so does what is computed from them; the carry's two products merge.
// CHECK-LABEL: @loop
// CHECK: %[[W:.*]] = ml_program.global_load_const @folded
// CHECK: nn.scan
// CHECK-NOT: ml_program.global_load_const
// CHECK: nn.linear %{{.*}}, %[[W]] : tensor<?x8xf32>, tensor<16x8xf32> -> tensor<?x16xf32>
// CHECK-NOT: nn.linear
// CHECK: nn.yield
// PRECISION-LABEL: @loop
// PRECISION: nn.linear {{.*}}precision = #nn<precision bf16>
func.func @loop(%x: tensor<?x?x8xf32> {nn.dims = ["B", "T", ""]}, %h: tensor<?x8xf32> {nn.dims = ["B", ""]}) -> tensor<?x8xf32> attributes {nn.entry} {
  %last = nn.scan (%x : tensor<?x?x8xf32>) axes [1] carry (%h : tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%xt: tensor<?x8xf32>, %s: tensor<?x8xf32>):
    %w = ml_program.global_load_const @w : tensor<8x8xf32>
    %v = ml_program.global_load_const @v : tensor<8x8xf32>
    %0 = nn.linear %s, %w : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
    %1 = nn.linear %s, %v : tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
    %2 = nn.mul %0, %1 : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    %3 = nn.add %2, %xt : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    nn.yield %3 : tensor<?x8xf32>
  }
  return %last : tensor<?x8xf32>
}

// What is computed from weights in a branch is computed once, when the model is opened.
// CHECK-LABEL: @branch
// CHECK: %[[F:.*]] = ml_program.global_load_const @folded
// CHECK: nn.if
// CHECK-NEXT: nn.add %{{.*}}, %[[F]]
// CHECK-NOT: nn.exp
// CHECK: return
func.func @branch(%c: tensor<i1>, %x: tensor<8x8xf32>) -> tensor<8x8xf32> attributes {nn.entry} {
  %r = nn.if %c -> tensor<8x8xf32> {
    %w = ml_program.global_load_const @w : tensor<8x8xf32>
    %e = nn.exp %w : tensor<8x8xf32> -> tensor<8x8xf32>
    %0 = nn.add %x, %e : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
    nn.yield %0 : tensor<8x8xf32>
  } else {
    nn.yield %x : tensor<8x8xf32>
  }
  return %r : tensor<8x8xf32>
}

// A load does not move over a store, nor out of a loop that stores; without a store between them two loads
// are one.
// CHECK-LABEL: @state
// CHECK: %[[A:.*]] = nn.state_load @memory
// CHECK-NEXT: nn.state_store %arg0, @memory
// CHECK-NEXT: %[[B:.*]] = nn.state_load @memory
// CHECK-NEXT: nn.scan
// CHECK: nn.state_load @memory
// CHECK: nn.state_store
// CHECK: }
// CHECK-NEXT: %[[C:.*]] = nn.state_load @memory
// CHECK-NEXT: return %[[A]], %[[B]], %[[C]], %[[C]]
func.func @state(%x: tensor<?x8xf32> {nn.dims = ["B", ""]}) -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %d = tensor.dim %x, %c0 : tensor<?x8xf32>
  %a = nn.state_load @memory [%d] : tensor<?x8xf32>
  nn.state_store %x, @memory : tensor<?x8xf32>
  %b = nn.state_load @memory [%d] : tensor<?x8xf32>
  %n = arith.constant 3 : index
  nn.scan length(%n) {
    %s = nn.state_load @memory [%d] : tensor<?x8xf32>
    %t = nn.exp %s : tensor<?x8xf32> -> tensor<?x8xf32>
    nn.state_store %t, @memory : tensor<?x8xf32>
    nn.yield
  }
  %c = nn.state_load @memory [%d] : tensor<?x8xf32>
  %e = nn.state_load @memory [%d] : tensor<?x8xf32>
  return %a, %b, %c, %e : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
}
