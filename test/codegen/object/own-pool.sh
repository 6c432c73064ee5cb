# A program runs a model on its own pool of threads: the object brings none, and computes the same.
# REQUIRES: nacre
# RUN: mkdir -p %t
# RUN: nacre compile %nacre_src/models/digits/mlp.ncr --weights %nacre_src/models/digits/mlp.safetensors -o %t/mlp
# RUN: %cc -x c++ -std=c++20 -Wall -Wextra -Werror -I%t -I%nacre_src/runtime/include %S/Inputs/own-pool.cpp -x none %t/mlp.o %nacre_bin/lib/libnacre_runtime.a -lstdc++ -lm -lpthread -o %t/program
# RUN: %t/program %t/mlp.weights | FileCheck %s
# CHECK: equal; 100 calls of the pool; 3 threads in all
