// The constraints of attention and rotary position embedding.
// RUN: nacre-opt %s -verify-diagnostics -split-input-file

func.func @attention_c1(%q: tensor<4x?x8xf32>, %k: tensor<?x4x?x8xf32>, %v: tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{query, key and value need rank 4, but have 3, 4 and 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v
    : tensor<4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>
    -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @attention_c2(%q: tensor<?x4x?x8xf32>, %k: tensor<?x4x?x8xf16>, %v: tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{query, key and value need one element type, but have 'f32', 'f16' and 'f32'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v
    : tensor<?x4x?x8xf32>, tensor<?x4x?x8xf16>, tensor<?x4x?x8xf32>
    -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @attention_c3(%q: tensor<2x4x?x8xf32>, %k: tensor<?x4x?x8xf32>, %v: tensor<3x4x?x8xf32>) -> tensor<2x4x?x8xf32> {
  // expected-error @+2 {{query, key and value differ in batch size: 2, ? and 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v
    : tensor<2x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<3x4x?x8xf32>
    -> tensor<2x4x?x8xf32>
  return %r : tensor<2x4x?x8xf32>
}

// -----

func.func @attention_c4(%q: tensor<?x4x?x8xf32>, %k: tensor<?x3x?x8xf32>, %v: tensor<?x3x?x8xf32>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{the number of query heads, 4, must be a multiple of the one number of key and value heads, 3 and 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v
    : tensor<?x4x?x8xf32>, tensor<?x3x?x8xf32>, tensor<?x3x?x8xf32>
    -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @attention_c4_dynamic(%q: tensor<?x?x?x8xf32>, %k: tensor<?x4x?x8xf32>, %v: tensor<?x4x?x8xf32>) -> tensor<?x?x?x8xf32> {
  // expected-error @+2 {{the number of query heads, ?, must be a multiple}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v
    : tensor<?x?x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>
    -> tensor<?x?x?x8xf32>
  return %r : tensor<?x?x?x8xf32>
}

// -----

func.func @attention_c4_value(%q: tensor<?x4x?x8xf32>, %k: tensor<?x2x?x8xf32>, %v: tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{key and value heads, 2 and 4}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v
    : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x4x?x8xf32>
    -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @attention_c5(%q: tensor<?x4x?x8xf32>, %k: tensor<?x4x5x8xf32>, %v: tensor<?x4x6x8xf32>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{key and value differ in length: 5 and 6}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v
    : tensor<?x4x?x8xf32>, tensor<?x4x5x8xf32>, tensor<?x4x6x8xf32>
    -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @attention_c6(%q: tensor<?x4x?x8xf32>, %k: tensor<?x4x?x16xf32>, %v: tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{query and key differ in head size: 8 and 16}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v
    : tensor<?x4x?x8xf32>, tensor<?x4x?x16xf32>, tensor<?x4x?x8xf32>
    -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @attention_c7(%q: tensor<?x4x?x8xf32>, %k: tensor<?x4x?x8xf32>, %v: tensor<?x4x?x8xf32>, %m: tensor<3x1x1xf32>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{mask [3, 1, 1] does not broadcast to [batch, heads, queries, keys], [?, 4, ?, ?]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v mask %m
    : tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<3x1x1xf32>
    -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @attention_c7_enlarges(%q: tensor<1x4x?x8xf32>, %k: tensor<1x4x?x8xf32>, %v: tensor<1x4x?x8xf32>, %m: tensor<2x1x1x1xf32>) -> tensor<1x4x?x8xf32> {
  // expected-error @+2 {{mask [2, 1, 1, 1] does not broadcast to [batch, heads, queries, keys], [1, 4, ?, ?]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v mask %m
    : tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<2x1x1x1xf32>
    -> tensor<1x4x?x8xf32>
  return %r : tensor<1x4x?x8xf32>
}

// -----

func.func @attention_c7_type(%q: tensor<?x4x?x8xf32>, %k: tensor<?x4x?x8xf32>, %v: tensor<?x4x?x8xf32>, %m: tensor<1xi32>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{mask must hold floats to add or bools, but holds 'i32'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v mask %m
    : tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<1xi32>
    -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @attention_c8(%q: tensor<?x4x?x8xf32>, %k: tensor<?x4x?x8xf32>, %v: tensor<?x4x?x16xf32>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<?x4x?x16xf32>' are incompatible with return type(s) of operation 'tensor<?x4x?x8xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %v
    : tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x16xf32>
    -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @attention_c9(%q: tensor<?x4x6x8xf32>, %k: tensor<?x4x10x8xf32>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{window must be positive and below 2^31, but is 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k {window = 0 : i64}
    : tensor<?x4x6x8xf32>, tensor<?x4x10x8xf32>, tensor<?x4x10x8xf32> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @attention_c9_large(%q: tensor<?x4x6x8xf32>, %k: tensor<?x4x10x8xf32>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{window must be positive and below 2^31, but is 2147483648}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k {window = 2147483648 : i64}
    : tensor<?x4x6x8xf32>, tensor<?x4x10x8xf32>, tensor<?x4x10x8xf32> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @attention_c10(%q: tensor<?x4x6x8xf32>, %k: tensor<?x4x10x8xf32>, %n: tensor<1x2xi64>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{lengths must be one number or one of each batch entry, [?], but has the shape [1, 2]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k lengths %n : tensor<1x2xi64> 
    : tensor<?x4x6x8xf32>, tensor<?x4x10x8xf32>, tensor<?x4x10x8xf32> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @attention_c10_start(%q: tensor<?x4x6x8xf32>, %k: tensor<?x4x10x8xf32>, %n: tensor<?x1xi64>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{start must be one number or one of each batch entry, [?], but has the shape [?, 1]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k start %n : tensor<?x1xi64> {causal}
    : tensor<?x4x6x8xf32>, tensor<?x4x10x8xf32>, tensor<?x4x10x8xf32> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @attention_c11(%q: tensor<?x4x6x8xf32>, %k: tensor<?x4x10x8xf32>, %n: tensor<i64>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{start says where queries stand, which only causal attention or a window asks}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k start %n : tensor<i64> 
    : tensor<?x4x6x8xf32>, tensor<?x4x10x8xf32>, tensor<?x4x10x8xf32> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @attention_c12(%q: tensor<?x4x6x8xf32>, %k: tensor<?x4x10x8xf32>, %b: tensor<1x1xi1>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{blocks and block_size are given together or not at all}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k blocks %b : tensor<1x1xi1> 
    : tensor<?x4x6x8xf32>, tensor<?x4x10x8xf32>, tensor<?x4x10x8xf32> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @attention_c12_size_alone(%q: tensor<?x4x6x8xf32>, %k: tensor<?x4x10x8xf32>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{blocks and block_size are given together or not at all}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k {block_size = 4 : i64}
    : tensor<?x4x6x8xf32>, tensor<?x4x10x8xf32>, tensor<?x4x10x8xf32> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @attention_c12_size(%q: tensor<?x4x6x8xf32>, %k: tensor<?x4x10x8xf32>, %b: tensor<1x1xi1>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{block_size must be positive and below 2^31, but is 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k blocks %b : tensor<1x1xi1> {block_size = 0 : i64}
    : tensor<?x4x6x8xf32>, tensor<?x4x10x8xf32>, tensor<?x4x10x8xf32> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @attention_c12_shape(%q: tensor<?x4x6x8xf32>, %k: tensor<?x4x10x8xf32>, %b: tensor<2x2xi1>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{blocks [2, 2] do not broadcast to [batch, heads, blocks of queries, blocks of keys], [?, 4, 2, 3]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k blocks %b : tensor<2x2xi1> {block_size = 4 : i64}
    : tensor<?x4x6x8xf32>, tensor<?x4x10x8xf32>, tensor<?x4x10x8xf32> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @attention_c13(%q: tensor<?x4x6x8xf32>, %k: tensor<?x4x10x8xf32>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{span must be positive and below 2^31, but is 0}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k {span = 0 : i64}
    : tensor<?x4x6x8xf32>, tensor<?x4x10x8xf32>, tensor<?x4x10x8xf32> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @attention_c8_span(%q: tensor<?x4x6x8xbf16>, %k: tensor<?x4x10x8xbf16>) -> tensor<?x4x6x3x10xbf16> {
  // expected-error @+2 {{inferred type(s) 'tensor<?x4x6x3x10xf32>' are incompatible with return type(s) of operation 'tensor<?x4x6x3x10xbf16>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention %q, %k, %k {span = 4 : i64}
    : tensor<?x4x6x8xbf16>, tensor<?x4x10x8xbf16>, tensor<?x4x10x8xbf16> -> tensor<?x4x6x3x10xbf16>
  return %r : tensor<?x4x6x3x10xbf16>
}

// -----

func.func @attention_merge_c1(%p: tensor<2x4x6x10xf32>) -> tensor<2x4x6x8xf32> {
  // expected-error @+2 {{parts need rank 5 and a static last dimension of at least 2, but have the shape [2, 4, 6, 10]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention_merge %p : tensor<2x4x6x10xf32> -> tensor<2x4x6x8xf32>
  return %r : tensor<2x4x6x8xf32>
}

// -----

func.func @attention_merge_c2(%p: tensor<2x4x6x3x10xf32>) -> tensor<2x4x6x10xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x4x6x8xf32>' are incompatible with return type(s) of operation 'tensor<2x4x6x10xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.attention_merge %p : tensor<2x4x6x3x10xf32> -> tensor<2x4x6x10xf32>
  return %r : tensor<2x4x6x10xf32>
}

// -----

func.func @rotary_c1(%x: tensor<?x?xf32>, %p: tensor<?xi64>) -> tensor<?x?xf32> {
  // expected-error @+2 {{input needs rank 2 or more and a static last dimension}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rotary %x, %p : tensor<?x?xf32>, tensor<?xi64> -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// -----

func.func @rotary_c2(%x: tensor<?x4x6x8xf32>, %p: tensor<5xi64>) -> tensor<?x4x6x8xf32> {
  // expected-error @+2 {{positions must be [S] or [B, S] with S the input's 6, but are [5]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rotary %x, %p : tensor<?x4x6x8xf32>, tensor<5xi64> -> tensor<?x4x6x8xf32>
  return %r : tensor<?x4x6x8xf32>
}

// -----

func.func @rotary_c2_batch(%x: tensor<2x4x6x8xf32>, %p: tensor<3x6xi64>) -> tensor<2x4x6x8xf32> {
  // expected-error @+2 {{positions of rank 2 must start with the batch dimension of an input of rank 3 or more, but are [3, 6] for [2, 4, 6, 8]}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rotary %x, %p : tensor<2x4x6x8xf32>, tensor<3x6xi64> -> tensor<2x4x6x8xf32>
  return %r : tensor<2x4x6x8xf32>
}

// -----

func.func @rotary_c3(%x: tensor<?x4x?x8xf32>, %p: tensor<?xi64>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{the number of rotated elements must be even, positive and at most 8, but is 3}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rotary %x, %p {dim = 3 : i64} : tensor<?x4x?x8xf32>, tensor<?xi64> -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @rotary_c3_too_many(%x: tensor<?x4x?x8xf32>, %p: tensor<?xi64>) -> tensor<?x4x?x8xf32> {
  // expected-error @+2 {{the number of rotated elements must be even, positive and at most 8, but is 10}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rotary %x, %p {dim = 10 : i64} : tensor<?x4x?x8xf32>, tensor<?xi64> -> tensor<?x4x?x8xf32>
  return %r : tensor<?x4x?x8xf32>
}

// -----

func.func @rotary_c4(%x: tensor<2x8xf32>, %p: tensor<2xi64>) -> tensor<2x4xf32> {
  // expected-error @+2 {{inferred type(s) 'tensor<2x8xf32>' are incompatible with return type(s) of operation 'tensor<2x4xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %r = nn.rotary %x, %p : tensor<2x8xf32>, tensor<2xi64> -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}
