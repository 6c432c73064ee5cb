# An artifact says which instruction sets it needs, so that it can refuse to start without them.
# REQUIRES: nacre
# RUN: nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors --cpu x86-64-v3 -o %t
# RUN: grep -c avx,avx2,bmi,bmi2,f16c,fma,popcnt %t.o
# RUN: nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors --cpu x86-64-v4 --emit asm -o %t
# RUN: grep -c zmm %t.s
#
# A CPU that LLVM does not know is the user's fault, and LLVM itself says nothing.
# RUN: not nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors --cpu pentium99 -o %t 2>&1 | FileCheck %s
# CHECK-NOT: not a recognized processor
# CHECK: error: unknown target CPU 'pentium99'; use 'native' or a name such as 'x86-64-v3'
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
