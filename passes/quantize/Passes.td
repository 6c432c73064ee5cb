//===- Passes.td - passes that decide what is computed in --*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_QUANTIZE
#define NACRE_PASSES_QUANTIZE

include "mlir/Pass/PassBase.td"

def SetPrecision : Pass<"nn-set-precision", "::mlir::func::FuncOp"> {
  let summary = "Lets linear layers be computed in fewer bits";
  let description = [{
    Sets `precision` on the linear layers of weights. With `bf16` on all; with the precisions of
    integers on those that are large enough to gain, and not on the last: a linear whose result
    leaves the entry with nothing but element-wise work in between keeps its precision, as its errors
    are what is seen. Embeddings, norms, softmax and attention stay as they are.

    Rows of a size that is not known cannot be quantised: such a layer is left, with a warning.

    Before:
    ```mlir
    %h = nn.linear %x, %v : tensor<?x64xf32>, tensor<64x64xf32> -> tensor<?x64xf32>
    %n = nn.layer_norm %h {epsilon = 1.0e-5 : f64} : tensor<?x64xf32> -> tensor<?x64xf32>
    %y = nn.linear %n, %w : tensor<?x64xf32>, tensor<10x64xf32> -> tensor<?x10xf32>
    return %y
    ```
    After:
    ```mlir
    %h = nn.linear %x, %v {precision = #nn<precision int8>} : tensor<?x64xf32>, tensor<64x64xf32> -> tensor<?x64xf32>
    %n = nn.layer_norm %h {epsilon = 1.0e-5 : f64} : tensor<?x64xf32> -> tensor<?x64xf32>
    %y = nn.linear %n, %w : tensor<?x64xf32>, tensor<10x64xf32> -> tensor<?x10xf32>
    return %y
    ```
  }];
  let options = [
    Option<"precision", "precision", "std::string", "\"int8\"",
           "bf16, int8, int8_weights or int4_weights">,
    Option<"groupSize", "group-size", "int64_t", "32",
           "Weights that share a scale, where the precision has groups">];
  let statistics = [Statistic<"numSet", "num-set", "Linear layers of lower precision">];
}

#endif
