# An artifact says which instruction sets it needs, so that it can refuse to start without them.
# REQUIRES: nacre
# RUN: nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors --target-cpu x86-64-v3 -o %t
# RUN: grep -c avx,avx2,bmi,bmi2,f16c,fma,lzcnt,movbe,popcnt %t.o
# RUN: nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors --target-cpu x86-64-v4 --emit asm -o %t
# RUN: grep -c zmm %t.s
#
# One with code for several has all of it, the widest first.
# RUN: nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors --target-cpu x86-64-v3,x86-64-v4+avx512vnni,x86-64 --emit llvm -o %t
# RUN: FileCheck %s --check-prefix=SEVERAL < %t.ll
# SEVERAL: c"avx,avx2,avx512bw,{{.*}}avx512vnni
# SEVERAL: [3 x ptr] [ptr @forward.run.x86_64_v4_avx512vnni, ptr @forward.run.x86_64_v3, ptr @forward.run.x86_64]
# SEVERAL: define internal void @forward.run.x86_64_v4_avx512vnni(
# SEVERAL: define internal void @forward.run.x86_64_v3(
# SEVERAL: define internal void @forward.run.x86_64(
#
# Each gets dumps of its own from the phase on in which they part.
# RUN: rm -rf %t.dump
# RUN: nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors --target-cpu x86-64-v3,x86-64 --dump-phases-to %t.dump -o %t
# RUN: ls %t.dump | FileCheck %s --check-prefix=DUMPS
# DUMPS: 3-dispatch.mlir
# DUMPS: 4-loops.x86_64.mlir
# DUMPS: 4-loops.x86_64_v3.mlir
# RUN: not nacre compile %t.dump/5-buffers.x86_64.mlir --start-from buffers --target-cpu x86-64-v3,x86-64 -o %t 2>&1 | FileCheck %s --check-prefix=PARTED
# PARTED: error: a program in phase 'buffers' is for one target CPU; name only that one
#
# A CPU that LLVM does not know is the user's fault, and LLVM itself says nothing.
# RUN: not nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors --target-cpu pentium99 -o %t 2>&1 | FileCheck %s
# RUN: not nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors --target-cpu x86-64-v3+magic -o %t 2>&1 | FileCheck %s --check-prefix=FEATURE
# CHECK-NOT: not a recognized processor
# CHECK: error: unknown target CPU 'pentium99'; use 'native' or a name such as 'x86-64-v3'
# FEATURE: error: 'x86-64-v3+magic': unknown feature 'magic' of a target CPU; use LLVM's names, such as 'avx512vnni'
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
