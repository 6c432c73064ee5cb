// RUN: nacre-opt %s -canonicalize -split-input-file | FileCheck %s

// CHECK-LABEL: @neg_neg
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>
// CHECK-NEXT: return %[[X]]
func.func @neg_neg(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = nn.neg %x : tensor<?xf32> -> tensor<?xf32>
  %1 = nn.neg %0 : tensor<?xf32> -> tensor<?xf32>
  return %1 : tensor<?xf32>
}

// CHECK-LABEL: @not_not
// CHECK-SAME: %[[X:.*]]: tensor<2xi1>
// CHECK-NEXT: return %[[X]]
func.func @not_not(%x: tensor<2xi1>) -> tensor<2xi1> {
  %0 = nn.not %x : tensor<2xi1> -> tensor<2xi1>
  %1 = nn.not %0 : tensor<2xi1> -> tensor<2xi1>
  return %1 : tensor<2xi1>
}

// A type that says more than the input's is kept.
// CHECK-LABEL: @neg_neg_refined
// CHECK: nn.neg
// CHECK: nn.neg
func.func @neg_neg_refined(%x: tensor<?xf32>) -> tensor<4xf32> {
  %0 = nn.neg %x : tensor<?xf32> -> tensor<?xf32>
  %1 = nn.neg %0 : tensor<?xf32> -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: @twice_is_once
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>
// CHECK-NEXT: %[[RELU:.*]] = nn.relu %[[X]]
// CHECK-NEXT: %[[ABS:.*]] = nn.abs %[[X]]
// CHECK-NEXT: %[[FLOOR:.*]] = nn.floor %[[X]]
// CHECK-NEXT: %[[CEIL:.*]] = nn.ceil %[[X]]
// CHECK-NEXT: %[[ROUND:.*]] = nn.round %[[X]]
// CHECK-NEXT: %[[SIGN:.*]] = nn.sign %[[X]]
// CHECK-NEXT: return %[[RELU]], %[[ABS]], %[[FLOOR]], %[[CEIL]], %[[ROUND]], %[[SIGN]]
func.func @twice_is_once(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>,
                                                tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %0 = nn.relu %x : tensor<?xf32> -> tensor<?xf32>
  %1 = nn.relu %0 : tensor<?xf32> -> tensor<?xf32>
  %2 = nn.abs %x : tensor<?xf32> -> tensor<?xf32>
  %3 = nn.abs %2 : tensor<?xf32> -> tensor<?xf32>
  %4 = nn.floor %x : tensor<?xf32> -> tensor<?xf32>
  %5 = nn.floor %4 : tensor<?xf32> -> tensor<?xf32>
  %6 = nn.ceil %x : tensor<?xf32> -> tensor<?xf32>
  %7 = nn.ceil %6 : tensor<?xf32> -> tensor<?xf32>
  %8 = nn.round %x : tensor<?xf32> -> tensor<?xf32>
  %9 = nn.round %8 : tensor<?xf32> -> tensor<?xf32>
  %10 = nn.sign %x : tensor<?xf32> -> tensor<?xf32>
  %11 = nn.sign %10 : tensor<?xf32> -> tensor<?xf32>
  return %1, %3, %5, %7, %9, %11 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}

// CHECK-LABEL: @neutral
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]] :
func.func @neutral(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>,
                                            tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %zeros = arith.constant dense<-0.0> : tensor<4xf32>
  %one = arith.constant dense<1.0> : tensor<1xf32>
  %0 = nn.add %x, %zero : tensor<?x4xf32>, tensor<f32> -> tensor<?x4xf32>
  %1 = nn.add %zeros, %x : tensor<4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %2 = nn.sub %x, %zero : tensor<?x4xf32>, tensor<f32> -> tensor<?x4xf32>
  %3 = nn.mul %x, %one : tensor<?x4xf32>, tensor<1xf32> -> tensor<?x4xf32>
  %4 = nn.mul %one, %x : tensor<1xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %5 = nn.div %x, %one : tensor<?x4xf32>, tensor<1xf32> -> tensor<?x4xf32>
  %6 = nn.pow %x, %one : tensor<?x4xf32>, tensor<1xf32> -> tensor<?x4xf32>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

// What is not safe for every element, or enlarges the other operand, stays.
// CHECK-LABEL: @not_neutral
// CHECK-DAG: nn.mul
// CHECK-DAG: nn.sub %{{.*}}, %[[X:.*]] : tensor<f32>
// CHECK-DAG: nn.add %{{.*}} : tensor<?x4xf32>, tensor<2x1x1xf32>
// CHECK-DAG: nn.sub %{{.*}} : tensor<?x4xf32>, tensor<?x4xf32>
// CHECK-DAG: nn.div %{{.*}} : tensor<?x4xf32>, tensor<?x4xf32>
func.func @not_neutral(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<2x?x4xf32>,
                                                tensor<?x4xf32>, tensor<?x4xf32>) {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %larger = arith.constant dense<0.0> : tensor<2x1x1xf32>
  %0 = nn.mul %x, %zero : tensor<?x4xf32>, tensor<f32> -> tensor<?x4xf32>
  %1 = nn.sub %zero, %x : tensor<f32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %2 = nn.add %x, %larger : tensor<?x4xf32>, tensor<2x1x1xf32> -> tensor<2x?x4xf32>
  %3 = nn.sub %x, %x : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  %4 = nn.div %x, %x : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %0, %1, %2, %3, %4 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<2x?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: @with_itself
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>, %[[B:.*]]: tensor<?xi1>
// CHECK-NEXT: return %[[X]], %[[X]], %[[B]], %[[B]]
func.func @with_itself(%x: tensor<?xf32>, %b: tensor<?xi1>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xi1>, tensor<?xi1>) {
  %0 = nn.maximum %x, %x : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  %1 = nn.minimum %x, %x : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  %2 = nn.and %b, %b : tensor<?xi1>, tensor<?xi1> -> tensor<?xi1>
  %3 = nn.or %b, %b : tensor<?xi1>, tensor<?xi1> -> tensor<?xi1>
  return %0, %1, %2, %3 : tensor<?xf32>, tensor<?xf32>, tensor<?xi1>, tensor<?xi1>
}

// CHECK-LABEL: @logic_with_constants
// CHECK-SAME: %[[B:.*]]: tensor<2xi1>
// CHECK-DAG: %[[TRUE:.*]] = arith.constant dense<true>
// CHECK-DAG: %[[FALSE:.*]] = arith.constant dense<false>
// CHECK-NOT: nn.
// CHECK: return %[[B]], %[[FALSE]], %[[TRUE]], %[[B]]
func.func @logic_with_constants(%b: tensor<2xi1>) -> (tensor<2xi1>, tensor<2xi1>, tensor<2xi1>, tensor<2xi1>) {
  %true = arith.constant dense<true> : tensor<2xi1>
  %false = arith.constant dense<false> : tensor<2xi1>
  %0 = nn.and %b, %true : tensor<2xi1>, tensor<2xi1> -> tensor<2xi1>
  %1 = nn.and %false, %b : tensor<2xi1>, tensor<2xi1> -> tensor<2xi1>
  %2 = nn.or %b, %true : tensor<2xi1>, tensor<2xi1> -> tensor<2xi1>
  %3 = nn.or %false, %b : tensor<2xi1>, tensor<2xi1> -> tensor<2xi1>
  return %0, %1, %2, %3 : tensor<2xi1>, tensor<2xi1>, tensor<2xi1>, tensor<2xi1>
}

// CHECK-LABEL: @constants
// CHECK-DAG: arith.constant dense<[5.000000e+00, 0x7F800000, 0x7FC00000]> : tensor<3xf32>
// CHECK-DAG: arith.constant dense<-2.500000e+00> : tensor<3xf32>
// CHECK-DAG: arith.constant dense<1.250000e-01> : tensor<f32>
// CHECK-DAG: arith.constant dense<[-4, 3, 0]> : tensor<3xi32>
// CHECK-DAG: arith.constant dense<-128> : tensor<i8>
// CHECK-NOT: nn.
// CHECK: return
func.func @constants() -> (tensor<3xf32>, tensor<3xf32>, tensor<f32>, tensor<3xi32>, tensor<i8>) {
  %a = arith.constant dense<[2.5, 0x7F800000, 0x7FC00000]> : tensor<3xf32>
  %b = arith.constant dense<2.5> : tensor<3xf32>
  %c = arith.constant dense<2.5> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %eight = arith.constant dense<8.0> : tensor<f32>
  %i = arith.constant dense<[-7, 7, 5]> : tensor<3xi32>
  %j = arith.constant dense<[2, 2, 0]> : tensor<3xi32>
  %m = arith.constant dense<-128> : tensor<i8>
  // A constant of one number meets one of several.
  %0 = nn.add %a, %c : tensor<3xf32>, tensor<f32> -> tensor<3xf32>
  %1 = nn.neg %b : tensor<3xf32> -> tensor<3xf32>
  %2 = nn.div %one, %eight : tensor<f32>, tensor<f32> -> tensor<f32>
  // Integers divide towards minus infinity, by zero to zero, and wrap.
  %3 = nn.div %i, %j : tensor<3xi32>, tensor<3xi32> -> tensor<3xi32>
  %4 = nn.abs %m : tensor<i8> -> tensor<i8>
  return %0, %1, %2, %3, %4 : tensor<3xf32>, tensor<3xf32>, tensor<f32>, tensor<3xi32>, tensor<i8>
}

// CHECK-LABEL: @comparing_constants
// CHECK-DAG: arith.constant dense<[true, false, false]> : tensor<3xi1>
// CHECK-DAG: arith.constant dense<[false, false, true]> : tensor<3xi1>
// CHECK-NOT: nn.
func.func @comparing_constants() -> (tensor<3xi1>, tensor<3xi1>) {
  %a = arith.constant dense<[1.0, 2.0, 0x7FC00000]> : tensor<3xf32>
  %b = arith.constant dense<2.0> : tensor<f32>
  %i = arith.constant dense<[-1, 0, 1]> : tensor<3xi32>
  %j = arith.constant dense<0> : tensor<i32>
  %0 = nn.compare lt %a, %b : tensor<3xf32>, tensor<f32> -> tensor<3xi1>
  %1 = nn.compare gt %i, %j : tensor<3xi32>, tensor<i32> -> tensor<3xi1>
  return %0, %1 : tensor<3xi1>, tensor<3xi1>
}

// A broadcast of several numbers, and a dynamic result, are not constants.
// CHECK-LABEL: @not_constants
// CHECK: nn.add
// CHECK: nn.add
func.func @not_constants() -> (tensor<2x3xf32>, tensor<?xf32>) {
  %a = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %b = arith.constant dense<1.0> : tensor<2x1xf32>
  %c = arith.constant dense<1.0> : tensor<3xf32>
  %0 = nn.add %a, %b : tensor<3xf32>, tensor<2x1xf32> -> tensor<2x3xf32>
  %1 = nn.add %a, %c : tensor<3xf32>, tensor<3xf32> -> tensor<?xf32>
  return %0, %1 : tensor<2x3xf32>, tensor<?xf32>
}

// CHECK-LABEL: @select
// CHECK-SAME: %[[C:.*]]: tensor<2xi1>, %[[X:.*]]: tensor<2xf32>, %[[Y:.*]]: tensor<2xf32>, %[[S:.*]]: tensor<f32>
// CHECK: %[[STAYS:.*]] = nn.select %{{.*}}, %[[S]], %[[Y]]
// CHECK: return %[[X]], %[[Y]], %[[X]], %[[STAYS]]
func.func @select(%c: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xf32>, %s: tensor<f32>)
    -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %true = arith.constant dense<true> : tensor<2xi1>
  %false = arith.constant dense<false> : tensor<i1>
  %0 = nn.select %true, %x, %y : tensor<2xi1>, tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  %1 = nn.select %false, %x, %y : tensor<i1>, tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  %2 = nn.select %c, %x, %x : tensor<2xi1>, tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  %3 = nn.select %true, %s, %y : tensor<2xi1>, tensor<f32>, tensor<2xf32> -> tensor<2xf32>
  return %0, %1, %2, %3 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: @exact_casts
// CHECK-SAME: %[[H:.*]]: tensor<?xf16>, %[[I:.*]]: tensor<?xi8>, %[[B:.*]]: tensor<?xi1>
// CHECK-NEXT: %[[IH:.*]] = nn.cast %[[I]] : tensor<?xi8> -> tensor<?xf32>
// CHECK-NEXT: %[[BF:.*]] = nn.cast %[[B]] : tensor<?xi1> -> tensor<?xf32>
// CHECK-NEXT: return %[[H]], %[[IH]], %[[BF]]
func.func @exact_casts(%h: tensor<?xf16>, %i: tensor<?xi8>, %b: tensor<?xi1>) -> (tensor<?xf16>, tensor<?xf32>, tensor<?xf32>) {
  %0 = nn.cast %h : tensor<?xf16> -> tensor<?xf32>
  %1 = nn.cast %0 : tensor<?xf32> -> tensor<?xf16>
  %2 = nn.cast %i : tensor<?xi8> -> tensor<?xf16>
  %3 = nn.cast %2 : tensor<?xf16> -> tensor<?xf32>
  %4 = nn.cast %b : tensor<?xi1> -> tensor<?xi64>
  %5 = nn.cast %4 : tensor<?xi64> -> tensor<?xf32>
  return %1, %3, %5 : tensor<?xf16>, tensor<?xf32>, tensor<?xf32>
}

// CHECK-LABEL: @inexact_casts
// CHECK-COUNT-10: nn.cast
func.func @inexact_casts(%f: tensor<?xf32>, %h: tensor<?xf16>, %i: tensor<?xi32>, %u: tensor<?xi8>)
    -> (tensor<?xf32>, tensor<?xf32>, tensor<?xi64>, tensor<?xf32>, tensor<?xf32>) {
  %0 = nn.cast %f : tensor<?xf32> -> tensor<?xf16>
  %1 = nn.cast %0 : tensor<?xf16> -> tensor<?xf32>
  // Neither of f16 and bf16 holds the other's numbers.
  %2 = nn.cast %h : tensor<?xf16> -> tensor<?xbf16>
  %3 = nn.cast %2 : tensor<?xbf16> -> tensor<?xf32>
  // 2^24 + 1 is no f32.
  %4 = nn.cast %i : tensor<?xi32> -> tensor<?xf32>
  %5 = nn.cast %4 : tensor<?xf32> -> tensor<?xi64>
  %6 = nn.cast %u : tensor<?xi8> -> tensor<?xi1>
  %7 = nn.cast %6 : tensor<?xi1> -> tensor<?xf32>
  // Minus one becomes 255.
  %8 = nn.cast %u : tensor<?xi8> -> tensor<?xui8>
  %9 = nn.cast %8 : tensor<?xui8> -> tensor<?xf32>
  return %1, %3, %5, %7, %9 : tensor<?xf32>, tensor<?xf32>, tensor<?xi64>, tensor<?xf32>, tensor<?xf32>
}

// CHECK-LABEL: @casting_constants
// CHECK-DAG: arith.constant dense<[1.000000e+00, 3.140630e+00]> : tensor<2xbf16>
// CHECK-DAG: arith.constant dense<[true, false]> : tensor<2xi1>
// CHECK-DAG: arith.constant dense<-1.000000e+00> : tensor<2xf32>
// CHECK-DAG: arith.constant dense<44> : tensor<2xi8>
// CHECK: nn.cast %{{.*}} : tensor<2xf32> -> tensor<2xi8>
// CHECK-NOT: nn.cast
func.func @casting_constants() -> (tensor<2xbf16>, tensor<2xi1>, tensor<2xf32>, tensor<2xi8>, tensor<2xi8>) {
  %a = arith.constant dense<[1.0, 3.14159]> : tensor<2xf32>
  %b = arith.constant dense<[3.0, 0.0]> : tensor<2xf32>
  %c = arith.constant dense<-1> : tensor<2xi32>
  %d = arith.constant dense<300> : tensor<2xi32>
  %0 = nn.cast %a : tensor<2xf32> -> tensor<2xbf16>
  %1 = nn.cast %b : tensor<2xf32> -> tensor<2xi1>
  %2 = nn.cast %c : tensor<2xi32> -> tensor<2xf32>
  %3 = nn.cast %d : tensor<2xi32> -> tensor<2xi8>
  %4 = nn.cast %a : tensor<2xf32> -> tensor<2xi8>
  return %0, %1, %2, %3, %4 : tensor<2xbf16>, tensor<2xi1>, tensor<2xf32>, tensor<2xi8>, tensor<2xi8>
}

// CHECK-LABEL: @broadcast_before_elementwise
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[Y:.*]]: tensor<1x4xf32>
// CHECK-NEXT: nn.add %[[X]], %[[Y]] : tensor<?x4xf32>, tensor<1x4xf32> -> tensor<?x4xf32>
func.func @broadcast_before_elementwise(%x: tensor<?x4xf32>, %y: tensor<1x4xf32>, %n: index) -> tensor<?x4xf32> {
  %0 = nn.broadcast %y[%n] : tensor<1x4xf32> -> tensor<?x4xf32>
  %1 = nn.add %x, %0 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// Here the broadcast alone makes the result's size.
// CHECK-LABEL: @broadcast_that_makes_the_size
// CHECK: nn.broadcast
func.func @broadcast_that_makes_the_size(%x: tensor<1x4xf32>, %n: index) -> tensor<?x4xf32> {
  %0 = nn.broadcast %x[%n] : tensor<1x4xf32> -> tensor<?x4xf32>
  %1 = nn.add %x, %0 : tensor<1x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}
