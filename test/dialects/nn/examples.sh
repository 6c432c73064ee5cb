# Every example on the operation pages parses and verifies.
# RUN: mlir-tblgen -gen-dialect-doc -dialect=nn %nacre_src/dialects/nn/NNOps.td -I %nacre_src -I %mlir_include -o %t.md
# RUN: %python %S/Inputs/examples.py < %t.md > %t.mlir
# RUN: nacre-opt %t.mlir | FileCheck %s
# CHECK: func.func @example_0
