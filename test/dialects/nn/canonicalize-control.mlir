// RUN: nacre-opt %s -canonicalize | FileCheck %s

// An input that is not read, a carry that nobody needs, a carry that does not change and a stack
// without a user go.
// CHECK-LABEL: @unneeded
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[Y:.*]]: tensor<?xf32>, %[[A:.*]]: tensor<8xf32>, %[[B:.*]]: tensor<8xf32>, %[[N:.*]]: index
// CHECK-NEXT: %[[R:.*]] = nn.scan(%[[X]] : tensor<?x8xf32>) axes [0] carry(%[[A]] : tensor<8xf32>) -> tensor<8xf32> {
// CHECK-NEXT: ^bb0(%[[XT:.*]]: tensor<8xf32>, %[[S:.*]]: tensor<8xf32>):
// CHECK-NEXT: %[[T:.*]] = nn.mul %[[XT]], %[[B]]
// CHECK-NEXT: %[[U:.*]] = nn.add %[[T]], %[[S]]
// CHECK-NEXT: nn.yield %[[U]] : tensor<8xf32>
// CHECK: return %[[R]], %[[B]]
func.func @unneeded(%x: tensor<?x8xf32>, %y: tensor<?xf32>, %a: tensor<8xf32>, %b: tensor<8xf32>, %n: index) -> (tensor<8xf32>, tensor<8xf32>) {
  %r:4 = nn.scan (%x, %y : tensor<?x8xf32>, tensor<?xf32>) axes [0, 0] carry (%a, %b, %b : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) sizes(%n) -> tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<?x8xf32> {
  ^bb0(%xt: tensor<8xf32>, %yt: tensor<f32>, %s: tensor<8xf32>, %same: tensor<8xf32>, %unused: tensor<8xf32>):
    %0 = nn.mul %xt, %same : tensor<8xf32>, tensor<8xf32> -> tensor<8xf32>
    %1 = nn.add %0, %s : tensor<8xf32>, tensor<8xf32> -> tensor<8xf32>
    nn.yield %1, %same, %1, %0 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
  }
  return %r#0, %r#1 : tensor<8xf32>, tensor<8xf32>
}

// The only input tells how many rounds there are.
// CHECK-LABEL: @only_input
// CHECK: %[[N:.*]] = tensor.dim %arg0, %c1
// CHECK: nn.scan carry(%arg1 : tensor<f32>) length(%[[N]]) reverse -> tensor<f32> {
func.func @only_input(%x: tensor<8x?xf32>, %a: tensor<f32>) -> tensor<f32> {
  %r = nn.scan (%x : tensor<8x?xf32>) axes [1] carry (%a : tensor<f32>) reverse -> tensor<f32> {
  ^bb0(%xt: tensor<8xf32>, %s: tensor<f32>):
    %0 = nn.exp %s : tensor<f32> -> tensor<f32>
    nn.yield %0 : tensor<f32>
  }
  return %r : tensor<f32>
}

// CHECK-LABEL: @one_round
// CHECK-NOT: nn.scan
// CHECK: %[[XT:.*]] = nn.reshape %arg0[%{{.*}}] : tensor<?x1x8xf32> -> tensor<?x8xf32>
// CHECK: %[[S:.*]] = nn.add %[[XT]], %arg1
// CHECK: %[[ALL:.*]] = nn.reshape %[[S]][%arg2] : tensor<?x8xf32> -> tensor<1x?x8xf32>
// CHECK: return %[[S]], %[[XT]], %[[ALL]]
func.func @one_round(%x: tensor<?x1x8xf32>, %h: tensor<?x8xf32>, %n: index) -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<1x?x8xf32>) {
  %r:3 = nn.scan (%x : tensor<?x1x8xf32>) axes [1] carry (%h, %h : tensor<?x8xf32>, tensor<?x8xf32>) sizes(%n) -> tensor<?x8xf32>, tensor<?x8xf32>, tensor<1x?x8xf32> {
  ^bb0(%xt: tensor<?x8xf32>, %s: tensor<?x8xf32>, %before: tensor<?x8xf32>):
    %0 = nn.add %xt, %s : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
    nn.yield %0, %xt, %0 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
  }
  return %r#0, %r#1, %r#2 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<1x?x8xf32>
}

// CHECK-LABEL: @no_round
// CHECK-NEXT: return %arg1
func.func @no_round(%x: tensor<0x8xf32>, %h: tensor<8xf32>) -> tensor<8xf32> {
  %r = nn.scan (%x : tensor<0x8xf32>) axes [0] carry (%h : tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%xt: tensor<8xf32>, %s: tensor<8xf32>):
    nn.yield %xt : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}

// What stores into a state stays, though it has no result.
// CHECK-LABEL: @stores
// CHECK: nn.scan length(%arg1) {
// CHECK-NEXT: nn.state_store
ml_program.global private mutable @s : tensor<8xf32>
func.func @stores(%x: tensor<8xf32>, %n: index) {
  nn.scan length(%n) {
    nn.state_store %x, @s : tensor<8xf32>
    nn.yield
  }
  return
}

// CHECK-LABEL: @while
// CHECK: nn.while %arg0(%arg1 : tensor<f32>) -> tensor<f32> {
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<f32>):
// CHECK-NEXT: %[[E:.*]] = nn.mul %[[A]], %arg2
// CHECK: nn.yield %{{.*}}, %[[E]] : tensor<i1>, tensor<f32>
func.func @while(%go: tensor<i1>, %x: tensor<f32>, %y: tensor<f32>) -> tensor<f32> {
  %r:3 = nn.while %go (%x, %y, %y : tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<f32>, tensor<f32>, tensor<f32> {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>):
    %0 = nn.mul %a, %b : tensor<f32>, tensor<f32> -> tensor<f32>
    %1 = nn.compare lt %0, %b : tensor<f32>, tensor<f32> -> tensor<i1>
    %2 = nn.exp %c : tensor<f32> -> tensor<f32>
    nn.yield %1, %0, %b, %2 : tensor<i1>, tensor<f32>, tensor<f32>, tensor<f32>
  }
  return %r#0 : tensor<f32>
}

// CHECK-LABEL: @never
// CHECK-NEXT: return %arg0
func.func @never(%x: tensor<f32>) -> tensor<f32> {
  %go = arith.constant dense<false> : tensor<i1>
  %r = nn.while %go (%x : tensor<f32>) -> tensor<f32> {
  ^bb0(%a: tensor<f32>):
    %0 = nn.exp %a : tensor<f32> -> tensor<f32>
    nn.yield %go, %0 : tensor<i1>, tensor<f32>
  }
  return %r : tensor<f32>
}

// CHECK-LABEL: @known_branch
// CHECK-NEXT: %[[N:.*]] = nn.neg %arg0
// CHECK-NEXT: return %[[N]]
func.func @known_branch(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c = arith.constant dense<false> : tensor<i1>
  %r = nn.if %c -> tensor<8xf32> {
    %0 = nn.exp %x : tensor<8xf32> -> tensor<8xf32>
    nn.yield %0 : tensor<8xf32>
  } else {
    %0 = nn.neg %x : tensor<8xf32> -> tensor<8xf32>
    nn.yield %0 : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}

// A result that is the same either way, and one that nobody uses.
// CHECK-LABEL: @results
// CHECK: %[[R:.*]] = nn.if %arg0 sizes(%arg4) -> tensor<?xf32> {
// CHECK: return %arg1, %[[R]]
func.func @results(%c: tensor<i1>, %x: tensor<?xf32>, %y: tensor<?xf32>, %n: index, %m: index) -> (tensor<?xf32>, tensor<?xf32>) {
  %r:3 = nn.if %c sizes(%n, %n, %m) -> tensor<?xf32>, tensor<?xf32>, tensor<?xf32> {
    %0 = nn.exp %x : tensor<?xf32> -> tensor<?xf32>
    nn.yield %x, %0, %0 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
  } else {
    nn.yield %x, %y, %y : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
  }
  return %r#0, %r#2 : tensor<?xf32>, tensor<?xf32>
}

// CHECK-LABEL: @known_starts
// CHECK: tensor.extract_slice %arg0[0, 3] [%arg1, 2] [1, 1] : tensor<?x8xf32> to tensor<?x2xf32>
// CHECK: nn.slice %arg0
func.func @known_starts(%x: tensor<?x8xf32>, %n: index) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %three = arith.constant dense<3> : tensor<i64>
  %0 = nn.slice %x[%three] axes [1] sizes(%n) : tensor<?x8xf32>, tensor<i64> -> tensor<?x2xf32>
  // Outside: what happens then is decided at run time.
  %seven = arith.constant dense<7> : tensor<i64>
  %1 = nn.slice %x[%seven] axes [1] sizes(%n) : tensor<?x8xf32>, tensor<i64> -> tensor<?x2xf32>
  return %0, %1 : tensor<?x2xf32>, tensor<?x2xf32>
}

// CHECK-LABEL: @whole
// CHECK-NEXT: return %arg0, %arg1
func.func @whole(%x: tensor<4x8xf32>, %v: tensor<4x8xf32>, %p: tensor<i64>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = nn.slice %x[%p] axes [1] : tensor<4x8xf32>, tensor<i64> -> tensor<4x8xf32>
  %1 = nn.insert %v into %x[%p] axes [0] : tensor<4x8xf32>, tensor<4x8xf32>, tensor<i64> -> tensor<4x8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// CHECK-LABEL: @what_was_inserted
// CHECK-NEXT: %[[R:.*]] = nn.insert %arg1 into %arg0[%arg3]
// CHECK-NEXT: return %arg2, %[[R]]
func.func @what_was_inserted(%x: tensor<4x8xf32>, %v: tensor<4x1xf32>, %w: tensor<4x1xf32>, %p: tensor<i64>) -> (tensor<4x1xf32>, tensor<4x8xf32>) {
  %0 = nn.insert %w into %x[%p] axes [1] : tensor<4x1xf32>, tensor<4x8xf32>, tensor<i64> -> tensor<4x8xf32>
  %1 = nn.slice %0[%p] axes [1] : tensor<4x8xf32>, tensor<i64> -> tensor<4x1xf32>
  %2 = nn.insert %v into %0[%p] axes [1] : tensor<4x1xf32>, tensor<4x8xf32>, tensor<i64> -> tensor<4x8xf32>
  return %1, %2 : tensor<4x1xf32>, tensor<4x8xf32>
}
