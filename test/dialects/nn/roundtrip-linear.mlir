// What is printed parses to the same, in the pretty and in the generic form.
// RUN: nacre-opt %s -o %t.pretty && nacre-opt %t.pretty | diff %t.pretty - && FileCheck %s --input-file %t.pretty
// RUN: nacre-opt %s --mlir-print-op-generic | nacre-opt | diff %t.pretty -

// CHECK-LABEL: @matmul
func.func @matmul(%x: tensor<?x1x2x3xf32>, %y: tensor<5x3x?xf32>, %t: tensor<?x3xf32>) {
  // CHECK: nn.matmul %{{.*}}, %{{.*}} : tensor<?x1x2x3xf32>, tensor<5x3x?xf32> -> tensor<?x5x2x?xf32>
  %0 = nn.matmul %x, %y : tensor<?x1x2x3xf32>, tensor<5x3x?xf32> -> tensor<?x5x2x?xf32>
  // CHECK: nn.matmul %{{.*}}, %{{.*}} {transpose_rhs} : tensor<?x1x2x3xf32>, tensor<?x3xf32> -> tensor<?x1x2x?xf32>
  %1 = nn.matmul %x, %t {transpose_rhs} : tensor<?x1x2x3xf32>, tensor<?x3xf32> -> tensor<?x1x2x?xf32>
  return
}

// CHECK-LABEL: @linear
func.func @linear(%x: tensor<?x?x3xf32>, %w: tensor<4x3xf32>, %v: tensor<3x4xf32>, %b: tensor<4xf32>) {
  // CHECK: nn.linear %{{[^ ]*}}, %{{[^ ]*}} : tensor<?x?x3xf32>, tensor<4x3xf32> -> tensor<?x?x4xf32>
  %0 = nn.linear %x, %w : tensor<?x?x3xf32>, tensor<4x3xf32> -> tensor<?x?x4xf32>
  // CHECK: nn.linear %{{[^ ]*}}, %{{[^ ]*}} bias %{{[^ ]*}} {input_major} : tensor<?x?x3xf32>, tensor<3x4xf32>, tensor<4xf32> -> tensor<?x?x4xf32>
  %1 = nn.linear %x, %v bias %b {input_major} : tensor<?x?x3xf32>, tensor<3x4xf32>, tensor<4xf32> -> tensor<?x?x4xf32>
  // CHECK: nn.linear %{{[^ ]*}}, %{{[^ ]*}} {group_size = 32 : i64, precision = #nn<precision int4_weights>} : tensor<?x?x3xf32>, tensor<4x3xf32> -> tensor<?x?x4xf32>
  %g = nn.linear %x, %w {precision = #nn<precision int4_weights>, group_size = 32 : i64} : tensor<?x?x3xf32>, tensor<4x3xf32> -> tensor<?x?x4xf32>
  return
}

// CHECK-LABEL: @conv
func.func @conv(%x1: tensor<?x4x?xf32>, %w1: tensor<6x2x3xf32>, %x2: tensor<?x8x8x4xf32>,
                %w2: tensor<6x4x3x3xf32>, %b: tensor<6xf32>, %x3: tensor<1x1x4x4x4xf32>,
                %w3: tensor<1x1x2x2x2xf32>) {
  // CHECK: nn.conv %{{[^ ]*}}, %{{[^ ]*}} strides [2] padding [1, 0] dilations [1] {groups = 2 : i64} : tensor<?x4x?xf32>, tensor<6x2x3xf32> -> tensor<?x6x?xf32>
  %0 = nn.conv %x1, %w1 strides [2] padding [1, 0] dilations [1] {groups = 2 : i64} : tensor<?x4x?xf32>, tensor<6x2x3xf32> -> tensor<?x6x?xf32>
  // CHECK: nn.conv %{{[^ ]*}}, %{{[^ ]*}} bias %{{[^ ]*}} strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {layout = #nn<conv_layout channels_last>} : tensor<?x8x8x4xf32>, tensor<6x4x3x3xf32>, tensor<6xf32> -> tensor<?x8x8x6xf32>
  %1 = nn.conv %x2, %w2 bias %b strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] {layout = #nn<conv_layout channels_last>} : tensor<?x8x8x4xf32>, tensor<6x4x3x3xf32>, tensor<6xf32> -> tensor<?x8x8x6xf32>
  // CHECK: nn.conv {{.*}} : tensor<1x1x4x4x4xf32>, tensor<1x1x2x2x2xf32> -> tensor<1x1x3x3x3xf32>
  %2 = nn.conv %x3, %w3 strides [1, 1, 1] padding [0, 0, 0, 0, 0, 0] dilations [1, 1, 1] : tensor<1x1x4x4x4xf32>, tensor<1x1x2x2x2xf32> -> tensor<1x1x3x3x3xf32>
  return
}

// CHECK-LABEL: @attention
func.func @attention(%q: tensor<?x4x?x8xf32>, %k: tensor<?x2x?x8xf32>, %v: tensor<?x2x?x16xf32>,
                     %m: tensor<?x1x1x?xi1>, %a: tensor<?x?xf32>) {
  // CHECK: nn.attention %{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}} {causal} : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x16xf32> -> tensor<?x4x?x16xf32>
  %0 = nn.attention %q, %k, %v {causal} : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x16xf32> -> tensor<?x4x?x16xf32>
  // CHECK: nn.attention %{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}} mask %{{[^ ]*}} : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x16xf32>, tensor<?x1x1x?xi1> -> tensor<?x4x?x16xf32>
  %1 = nn.attention %q, %k, %v mask %m : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x16xf32>, tensor<?x1x1x?xi1> -> tensor<?x4x?x16xf32>
  // CHECK: mask %{{[^ ]*}} {scale = 1.250000e-01 : f64} : {{.*}}, tensor<?x?xf32> ->
  %2 = nn.attention %q, %k, %v mask %a {scale = 0.125 : f64} : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x16xf32>, tensor<?x?xf32> -> tensor<?x4x?x16xf32>
  return
}

// CHECK-LABEL: @attention_sees
func.func @attention_sees(%q: tensor<?x4x?x8xf32>, %k: tensor<?x2x?x8xf32>, %v: tensor<?x2x?x16xf32>,
                          %n: tensor<?xi64>, %p: tensor<i32>, %b: tensor<4x?x?xi1>) {
  // CHECK: lengths %{{[^ ]*}} : tensor<?xi64> start %{{[^ ]*}} : tensor<i32> {causal, window = 4096 : i64} : tensor<?x4x?x8xf32>
  %0 = nn.attention %q, %k, %v lengths %n : tensor<?xi64> start %p : tensor<i32> {causal, window = 4096 : i64} : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x16xf32> -> tensor<?x4x?x16xf32>
  // CHECK: blocks %{{[^ ]*}} : tensor<4x?x?xi1> {block_size = 64 : i64} : tensor<?x4x?x8xf32>
  %1 = nn.attention %q, %k, %v blocks %b : tensor<4x?x?xi1> {block_size = 64 : i64} : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x16xf32> -> tensor<?x4x?x16xf32>
  // CHECK: %[[PARTS:.*]] = nn.attention {{.*}} {span = 1024 : i64} : {{.*}} -> tensor<?x4x?x?x18xf32>
  %2 = nn.attention %q, %k, %v {span = 1024 : i64} : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x16xf32> -> tensor<?x4x?x?x18xf32>
  // CHECK: nn.attention_merge %[[PARTS]] : tensor<?x4x?x?x18xf32> -> tensor<?x4x?x16xf32>
  %3 = nn.attention_merge %2 : tensor<?x4x?x?x18xf32> -> tensor<?x4x?x16xf32>
  return
}

// CHECK-LABEL: @rotary
func.func @rotary(%x: tensor<?x4x?x8xf32>, %p: tensor<?xi64>, %bp: tensor<?x?xi32>) {
  // CHECK: nn.rotary %{{[^ ]*}}, %{{[^ ]*}} : tensor<?x4x?x8xf32>, tensor<?xi64> -> tensor<?x4x?x8xf32>
  %0 = nn.rotary %x, %p : tensor<?x4x?x8xf32>, tensor<?xi64> -> tensor<?x4x?x8xf32>
  // CHECK: nn.rotary %{{[^ ]*}}, %{{[^ ]*}} {base = 5.000000e+05 : f64, dim = 4 : i64, style = #nn<rotary_style interleaved>} : tensor<?x4x?x8xf32>, tensor<?x?xi32> -> tensor<?x4x?x8xf32>
  %1 = nn.rotary %x, %bp {base = 5.0e5 : f64, dim = 4 : i64, style = #nn<rotary_style interleaved>} : tensor<?x4x?x8xf32>, tensor<?x?xi32> -> tensor<?x4x?x8xf32>
  return
}
