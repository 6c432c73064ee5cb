// RUN: nacre-opt %s --split-input-file --nn-optimize | FileCheck %s
// RUN: nacre-opt %s --split-input-file --nn-optimize --remark-format=emitRemark --remarks-filter=nn-.* \
// RUN:   -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Every rewrite is reported at its place.
// REMARK-DAG: optimize.mlir:{{[0-9]+}}:{{[0-9]+}}: remark: [Passed] raised | Category:nn-raise-linear
// REMARK-DAG: remark: [Passed] raised | Category:nn-raise-layer-norm
// REMARK-DAG: remark: [Passed] fused | Category:nn-fuse-attention
// REMARK-DAG: remark: [Passed] merged | Category:nn-merge-linears
// REMARK-DAG: remark: [Passed] folded | Category:nn-fold-norm-into-linear
// REMARK-DAG: remark: [Passed] folded | Category:nn-fold-batch-norm
// REMARK-DAG: remark: [Passed] window | Category:nn-channels-last
// REMARK-DAG: remark: [Passed] sunk | Category:nn-channels-last
// REMARK-DAG: remark: [Passed] outlined | Category:nn-outline-weight-expressions
// REMARK-DAG: remark: [Passed] resolved | Category:nn-resolve-sizes
// REMARK-DAG: remark: [Passed] removed | Category:nn-remove-dead-weights

// A layer of BERT with everything written as arithmetic comes out as the list of a
// transformer layer: Q, K and V in one, attention, two linears with their residuals and norms.

ml_program.global private @word(#ml_program.extern<tensor<50x16xf32>>) : tensor<50x16xf32>
ml_program.global private @q.w(#ml_program.extern<tensor<16x16xf32>>) : tensor<16x16xf32>
ml_program.global private @q.b(#ml_program.extern<tensor<16xf32>>) : tensor<16xf32>
ml_program.global private @k.w(#ml_program.extern<tensor<16x16xf32>>) : tensor<16x16xf32>
ml_program.global private @k.b(#ml_program.extern<tensor<16xf32>>) : tensor<16xf32>
ml_program.global private @v.w(#ml_program.extern<tensor<16x16xf32>>) : tensor<16x16xf32>
ml_program.global private @v.b(#ml_program.extern<tensor<16xf32>>) : tensor<16xf32>
ml_program.global private @o.w(#ml_program.extern<tensor<16x16xf32>>) : tensor<16x16xf32>
ml_program.global private @o.b(#ml_program.extern<tensor<16xf32>>) : tensor<16xf32>
ml_program.global private @ln.w(#ml_program.extern<tensor<16xf32>>) : tensor<16xf32>
ml_program.global private @ln.b(#ml_program.extern<tensor<16xf32>>) : tensor<16xf32>
ml_program.global private @pooler.w(#ml_program.extern<tensor<16x16xf32>>) : tensor<16x16xf32>

// CHECK-NOT: @pooler.w
// CHECK: @folded.0(#{{.*}}) : tensor<48x16xf32> {nn.expression = @weight.0}
// CHECK: @folded.1(#{{.*}}) : tensor<48xf32> {nn.expression = @weight.1}
// CHECK-NOT: @folded.2
// CHECK-LABEL: func.func @encode
// CHECK: %[[X:.*]] = nn.gather
// CHECK: %[[QKV:.*]] = nn.linear %[[X]], %folded.0 bias %folded.1
// CHECK-COUNT-3: tensor.extract_slice %[[QKV]]
// CHECK: nn.attention {{.*}} mask %arg1
// CHECK: %[[O:.*]] = nn.linear %{{.*}}, %o.w bias %o.b
// CHECK: %[[R:.*]] = nn.add %[[O]], %[[X]]
// CHECK: %[[Y:.*]] = nn.layer_norm %[[R]] scale %ln.w : tensor<16xf32> bias %ln.b : tensor<16xf32>
// CHECK: return %[[Y]]
func.func @encode(%ids: tensor<?x?xi64> {nn.name = "ids", nn.dims = ["B", "S"]},
                  %mask: tensor<?x1x1x?xf32> {nn.name = "mask", nn.dims = ["B", "1", "1", "S"]})
    -> (tensor<?x?x16xf32> {nn.name = "result", nn.dims = ["B", "S", "16"]}) attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %eight = arith.constant dense<8.0> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-12> : tensor<f32>
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %word = ml_program.global_load_const @word : tensor<50x16xf32>
  %x = nn.gather %word, %ids : tensor<50x16xf32>, tensor<?x?xi64> -> tensor<?x?x16xf32>

  %qw = ml_program.global_load_const @q.w : tensor<16x16xf32>
  %qb = ml_program.global_load_const @q.b : tensor<16xf32>
  %qt = nn.transpose %qw [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %q0 = nn.matmul %x, %qt : tensor<?x?x16xf32>, tensor<16x16xf32> -> tensor<?x?x16xf32>
  %q1 = nn.add %q0, %qb : tensor<?x?x16xf32>, tensor<16xf32> -> tensor<?x?x16xf32>
  %q2 = nn.reshape %q1 [%b, %s] : tensor<?x?x16xf32> -> tensor<?x?x2x8xf32>
  %q = nn.transpose %q2 [0, 2, 1, 3] : tensor<?x?x2x8xf32> -> tensor<?x2x?x8xf32>

  %kw = ml_program.global_load_const @k.w : tensor<16x16xf32>
  %kb = ml_program.global_load_const @k.b : tensor<16xf32>
  %kt = nn.transpose %kw [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %k0 = nn.matmul %x, %kt : tensor<?x?x16xf32>, tensor<16x16xf32> -> tensor<?x?x16xf32>
  %k1 = nn.add %k0, %kb : tensor<?x?x16xf32>, tensor<16xf32> -> tensor<?x?x16xf32>
  %k2 = nn.reshape %k1 [%b, %s] : tensor<?x?x16xf32> -> tensor<?x?x2x8xf32>
  %k = nn.transpose %k2 [0, 2, 3, 1] : tensor<?x?x2x8xf32> -> tensor<?x2x8x?xf32>

  %vw = ml_program.global_load_const @v.w : tensor<16x16xf32>
  %vb = ml_program.global_load_const @v.b : tensor<16xf32>
  %vt = nn.transpose %vw [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %v0 = nn.matmul %x, %vt : tensor<?x?x16xf32>, tensor<16x16xf32> -> tensor<?x?x16xf32>
  %v1 = nn.add %v0, %vb : tensor<?x?x16xf32>, tensor<16xf32> -> tensor<?x?x16xf32>
  %v2 = nn.reshape %v1 [%b, %s] : tensor<?x?x16xf32> -> tensor<?x?x2x8xf32>
  %v = nn.transpose %v2 [0, 2, 1, 3] : tensor<?x?x2x8xf32> -> tensor<?x2x?x8xf32>

  %root = nn.sqrt %eight : tensor<f32> -> tensor<f32>
  %s0 = nn.matmul %q, %k : tensor<?x2x?x8xf32>, tensor<?x2x8x?xf32> -> tensor<?x2x?x?xf32>
  %s1 = nn.div %s0, %root : tensor<?x2x?x?xf32>, tensor<f32> -> tensor<?x2x?x?xf32>
  %s2 = nn.add %s1, %mask : tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32> -> tensor<?x2x?x?xf32>
  %p = nn.softmax %s2 {axis = 3 : i64} : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %a0 = nn.matmul %p, %v : tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  %a1 = nn.transpose %a0 [0, 2, 1, 3] : tensor<?x2x?x8xf32> -> tensor<?x?x2x8xf32>
  %a2 = nn.reshape %a1 [%b, %s] : tensor<?x?x2x8xf32> -> tensor<?x?x16xf32>
  %ow = ml_program.global_load_const @o.w : tensor<16x16xf32>
  %ob = ml_program.global_load_const @o.b : tensor<16xf32>
  %ot = nn.transpose %ow [1, 0] : tensor<16x16xf32> -> tensor<16x16xf32>
  %o0 = nn.matmul %a2, %ot : tensor<?x?x16xf32>, tensor<16x16xf32> -> tensor<?x?x16xf32>
  %o1 = nn.add %o0, %ob : tensor<?x?x16xf32>, tensor<16xf32> -> tensor<?x?x16xf32>
  %r = nn.add %o1, %x : tensor<?x?x16xf32>, tensor<?x?x16xf32> -> tensor<?x?x16xf32>

  %lw = ml_program.global_load_const @ln.w : tensor<16xf32>
  %lb = ml_program.global_load_const @ln.b : tensor<16xf32>
  %m = nn.reduce mean %r [2] {keep_dims} : tensor<?x?x16xf32> -> tensor<?x?x1xf32>
  %d = nn.sub %r, %m : tensor<?x?x16xf32>, tensor<?x?x1xf32> -> tensor<?x?x16xf32>
  %sq = nn.pow %d, %two : tensor<?x?x16xf32>, tensor<f32> -> tensor<?x?x16xf32>
  %va = nn.reduce mean %sq [2] {keep_dims} : tensor<?x?x16xf32> -> tensor<?x?x1xf32>
  %ve = nn.add %va, %eps : tensor<?x?x1xf32>, tensor<f32> -> tensor<?x?x1xf32>
  %sd = nn.sqrt %ve : tensor<?x?x1xf32> -> tensor<?x?x1xf32>
  %n = nn.div %d, %sd : tensor<?x?x16xf32>, tensor<?x?x1xf32> -> tensor<?x?x16xf32>
  %n1 = nn.mul %n, %lw : tensor<?x?x16xf32>, tensor<16xf32> -> tensor<?x?x16xf32>
  %y = nn.add %n1, %lb : tensor<?x?x16xf32>, tensor<16xf32> -> tensor<?x?x16xf32>
  return %y : tensor<?x?x16xf32>
}

// -----

// GPT-2: the norm's scale and shift go into the merged weight, the tied table stays whole.

ml_program.global private @wte(#ml_program.extern<tensor<50x16xf32>>) : tensor<50x16xf32>
ml_program.global private @ln.w(#ml_program.extern<tensor<16xf32>>) : tensor<16xf32>
ml_program.global private @ln.b(#ml_program.extern<tensor<16xf32>>) : tensor<16xf32>
ml_program.global private @c_attn.w(#ml_program.extern<tensor<16x48xf32>>) : tensor<16x48xf32>
ml_program.global private @c_attn.b(#ml_program.extern<tensor<48xf32>>) : tensor<48xf32>

// CHECK-LABEL: func.func private @weight.0
// CHECK-LABEL: func.func @forward
// CHECK: nn.layer_norm %{{.*}} {epsilon
// CHECK: nn.linear %{{.*}}, %folded.{{.}} bias %folded.{{.}} {input_major}
// CHECK: nn.attention {{.*}} {causal
// CHECK: nn.layer_norm %{{.*}} scale %ln.w
// CHECK: nn.linear %{{.*}}, %wte :
func.func @forward(%ids: tensor<?x?xi64> {nn.name = "ids", nn.dims = ["B", "S"]}) -> tensor<?x?x50xf32> attributes {nn.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %wte = ml_program.global_load_const @wte : tensor<50x16xf32>
  %lw = ml_program.global_load_const @ln.w : tensor<16xf32>
  %lb = ml_program.global_load_const @ln.b : tensor<16xf32>
  %cw = ml_program.global_load_const @c_attn.w : tensor<16x48xf32>
  %cb = ml_program.global_load_const @c_attn.b : tensor<48xf32>
  %x = nn.gather %wte, %ids : tensor<50x16xf32>, tensor<?x?xi64> -> tensor<?x?x16xf32>
  %n = nn.layer_norm %x scale %lw : tensor<16xf32> bias %lb : tensor<16xf32> {epsilon = 1.0e-5 : f64} : tensor<?x?x16xf32> -> tensor<?x?x16xf32>
  %m = nn.matmul %n, %cw : tensor<?x?x16xf32>, tensor<16x48xf32> -> tensor<?x?x48xf32>
  %qkv = nn.add %m, %cb : tensor<?x?x48xf32>, tensor<48xf32> -> tensor<?x?x48xf32>
  %q0 = tensor.extract_slice %qkv[0, 0, 0] [%b, %s, 16] [1, 1, 1] : tensor<?x?x48xf32> to tensor<?x?x16xf32>
  %k0 = tensor.extract_slice %qkv[0, 0, 16] [%b, %s, 16] [1, 1, 1] : tensor<?x?x48xf32> to tensor<?x?x16xf32>
  %v0 = tensor.extract_slice %qkv[0, 0, 32] [%b, %s, 16] [1, 1, 1] : tensor<?x?x48xf32> to tensor<?x?x16xf32>
  %q1 = nn.reshape %q0 [%b, %s] : tensor<?x?x16xf32> -> tensor<?x?x2x8xf32>
  %k1 = nn.reshape %k0 [%b, %s] : tensor<?x?x16xf32> -> tensor<?x?x2x8xf32>
  %v1 = nn.reshape %v0 [%b, %s] : tensor<?x?x16xf32> -> tensor<?x?x2x8xf32>
  %q = nn.transpose %q1 [0, 2, 1, 3] : tensor<?x?x2x8xf32> -> tensor<?x2x?x8xf32>
  %k = nn.transpose %k1 [0, 2, 1, 3] : tensor<?x?x2x8xf32> -> tensor<?x2x?x8xf32>
  %v = nn.transpose %v1 [0, 2, 1, 3] : tensor<?x?x2x8xf32> -> tensor<?x2x?x8xf32>
  %a = nn.attention %q, %k, %v {causal} : tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  %a1 = nn.transpose %a [0, 2, 1, 3] : tensor<?x2x?x8xf32> -> tensor<?x?x2x8xf32>
  %a2 = nn.reshape %a1 [%b, %s] : tensor<?x?x2x8xf32> -> tensor<?x?x16xf32>
  %r = nn.add %a2, %x : tensor<?x?x16xf32>, tensor<?x?x16xf32> -> tensor<?x?x16xf32>
  %f = nn.layer_norm %r scale %lw : tensor<16xf32> bias %lb : tensor<16xf32> {epsilon = 1.0e-5 : f64} : tensor<?x?x16xf32> -> tensor<?x?x16xf32>
  %t = nn.transpose %wte [1, 0] : tensor<50x16xf32> -> tensor<16x50xf32>
  %y = nn.matmul %f, %t : tensor<?x?x16xf32>, tensor<16x50xf32> -> tensor<?x?x50xf32>
  return %y : tensor<?x?x50xf32>
}

// -----

// ResNet: batch norms vanish into the convolutions; with one channel there is no transpose at all.

ml_program.global private @conv1(#ml_program.extern<tensor<4x1x3x3xf32>>) : tensor<4x1x3x3xf32>
ml_program.global private @conv2(#ml_program.extern<tensor<4x4x3x3xf32>>) : tensor<4x4x3x3xf32>
ml_program.global private @mean(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @variance(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @scale(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @shift(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
ml_program.global private @fc.w(#ml_program.extern<tensor<3x4xf32>>) : tensor<3x4xf32>

// CHECK-LABEL: func.func @classify
// CHECK-NOT: nn.transpose
// CHECK-NOT: nn.batch_norm
// CHECK: %[[A:.*]] = nn.conv {{.*}} bias %folded.
// CHECK: %[[B:.*]] = nn.relu %[[A]]
// CHECK: %[[C:.*]] = nn.conv %[[B]], {{.*}} bias %folded.
// CHECK: %[[D:.*]] = nn.add %[[C]], %[[B]]
// CHECK: %[[E:.*]] = nn.relu %[[D]]
// CHECK: %[[F:.*]] = nn.reduce mean %[[E]] [1, 2]
// CHECK: nn.linear %[[F]], %fc.w
func.func @classify(%x: tensor<?x1x8x8xf32>) -> tensor<?x3xf32> attributes {nn.entry} {
  %w1 = ml_program.global_load_const @conv1 : tensor<4x1x3x3xf32>
  %w2 = ml_program.global_load_const @conv2 : tensor<4x4x3x3xf32>
  %mean = ml_program.global_load_const @mean : tensor<4xf32>
  %variance = ml_program.global_load_const @variance : tensor<4xf32>
  %scale = ml_program.global_load_const @scale : tensor<4xf32>
  %shift = ml_program.global_load_const @shift : tensor<4xf32>
  %fc = ml_program.global_load_const @fc.w : tensor<3x4xf32>
  %0 = nn.conv %x, %w1 strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x1x8x8xf32>, tensor<4x1x3x3xf32> -> tensor<?x4x8x8xf32>
  %1 = nn.batch_norm %0, %mean, %variance scale %scale : tensor<4xf32> bias %shift : tensor<4xf32> {epsilon = 1.0e-5 : f64} : tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4x8x8xf32>
  %2 = nn.relu %1 : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  %3 = nn.conv %2, %w2 strides [1, 1] padding [1, 1, 1, 1] dilations [1, 1] : tensor<?x4x8x8xf32>, tensor<4x4x3x3xf32> -> tensor<?x4x8x8xf32>
  %4 = nn.batch_norm %3, %mean, %variance scale %scale : tensor<4xf32> bias %shift : tensor<4xf32> {epsilon = 1.0e-5 : f64} : tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<?x4x8x8xf32>
  %5 = nn.add %4, %2 : tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  %6 = nn.relu %5 : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  %7 = nn.reduce mean %6 [2, 3] : tensor<?x4x8x8xf32> -> tensor<?x4xf32>
  %8 = nn.linear %7, %fc : tensor<?x4xf32>, tensor<3x4xf32> -> tensor<?x3xf32>
  return %8 : tensor<?x3xf32>
}
