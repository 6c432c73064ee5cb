# Object code that was made before comes from a cache, whatever the weights are; what is written does not depend on it.
# REQUIRES: nacre
# RUN: rm -rf %t && mkdir -p %t/first %t/second %t/plain %t/damaged %t/other
# RUN: env NACRE_CACHE_DIR=%t/cache nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors -o %t/first/net
# RUN: ls %t/cache | grep -c "^llvmcache-[0-9a-f]*$" | grep -x 2
# RUN: env NACRE_CACHE_DIR=%t/cache nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors -o %t/second/net
# RUN: env NACRE_CACHE_DIR=%t/cache nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors -o %t/plain/net --no-cache
# RUN: cmp %t/first/net.o %t/second/net.o
# RUN: cmp %t/first/net.o %t/plain/net.o
# RUN: cmp %t/first/net.weights %t/second/net.weights
#
# Entries of garbage, of half their size, of nothing: each is made again.
# RUN: sh -c 'for size in 1000 20 0; do for file in %t/cache/llvmcache-*; do truncate -s $size $file; done; NACRE_CACHE_DIR=%t/cache nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors -o %t/damaged/net && cmp %t/first/net.o %t/damaged/net.o || exit 1; done'
# RUN: sh -c 'for file in %t/cache/llvmcache-*; do printf x | dd of=$file bs=1 seek=500 conv=notrunc 2>/dev/null; done'
# RUN: env NACRE_CACHE_DIR=%t/cache nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors -o %t/damaged/net
# RUN: cmp %t/first/net.o %t/damaged/net.o
#
# There are two entries, the code and the build id of the weights file. With other weights only the second is another, and
# object and weights fit together.
# RUN: %python %S/Inputs/other-weights.py %nacre_src/models/digits/mlp.safetensors %t/other.safetensors
# RUN: env NACRE_CACHE_DIR=%t/cache nacre compile %nacre_src/models/digits/mlp.ncr --weights %t/other.safetensors --emit object,so -o %t/other/net
# RUN: ls %t/cache | grep -c "^llvmcache-[0-9a-f]*$" | grep -x 3
# RUN: not cmp %t/first/net.o %t/other/net.o
# RUN: nacre run %t/other/net.so --random --dim B=2
#
# Other code has entries of its own; a folder that cannot be is no fault.
# RUN: env NACRE_CACHE_DIR=%t/cache nacre compile %nacre_src/models/digits/mlp.ncr --weights %t/other.safetensors --target-cpu x86-64 -o %t/other/net
# RUN: ls %t/cache | grep -c "^llvmcache-[0-9a-f]*$" | grep -x 5
# RUN: env NACRE_CACHE_DIR=%t/first/net.o/sub nacre compile %nacre_src/models/digits/mlp.ncr --weights %t/other.safetensors -o %t/other/net
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
