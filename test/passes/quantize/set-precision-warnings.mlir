// A layer that stays in f32 is named, and so are options that say nothing.
// RUN: nacre-opt %s -verify-diagnostics --pass-pipeline='builtin.module(func.func(nn-set-precision{precision=int8}))'
// RUN: not nacre-opt %s --pass-pipeline='builtin.module(func.func(nn-set-precision{precision=int3}))' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not nacre-opt %s --pass-pipeline='builtin.module(func.func(nn-set-precision{precision=int4_weights group-size=20}))' 2>&1 | FileCheck %s --check-prefix=SIZE
// UNKNOWN: unknown precision 'int3'; use bf16, int8, int8_weights or int4_weights
// SIZE: group_size must be a positive multiple of 8 below 2^31, but is 20

ml_program.global private @w(#ml_program.extern<tensor<64x64xf32>>) : tensor<64x64xf32>

func.func private @rows_of_unknown_size(%x: tensor<3x?xf32>) -> tensor<3x64xf32> attributes {nn.entry} {
  %w = ml_program.global_load_const @w : tensor<64x64xf32>
  // expected-warning @+1 {{stays in f32: the size of its input's rows is not known, so they have no layout for int8}}
  %h = nn.linear %x, %w : tensor<3x?xf32>, tensor<64x64xf32> -> tensor<3x64xf32>
  %n = nn.softmax %h {axis = 1} : tensor<3x64xf32> -> tensor<3x64xf32>
  return %n : tensor<3x64xf32>
}
