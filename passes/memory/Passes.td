//===- Passes.td - passes that decide what is stored -------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_PASSES_MEMORY
#define NACRE_PASSES_MEMORY

include "mlir/Pass/PassBase.td"

def OutlineWeightExpressions : Pass<"nn-outline-weight-expressions", "::mlir::ModuleOp"> {
  let summary = "Turns arithmetic on weights into weights that are computed at compile time";
  let description = [{
    Every largest expression that depends on weights and constants only moves into a private
    function of its own, and a new global stands for its value. The artifact's writer evaluates
    these functions one at a time, so that the compiler never holds more than one of them.
    Equal expressions share one global, across entries too.

    An expression whose value has more elements than all weights and constants it is made of
    (a broadcast, say) stays where it is, and its operands are looked at instead: storing it would
    cost more than computing it. An expression that only cuts a slice from a weight which is read
    in full elsewhere is stored once more.

    Where all weights of an expression are kept in one narrower type and the expression moves
    elements without arithmetic, the new global is kept in that type too (`nn.stored`).

    Before:
    ```mlir
    ml_program.global private @w(#ml_program.extern<tensor<4x4xf32>>) : tensor<4x4xf32>
    ml_program.global private @s(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
    func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {nn.entry} {
      %w = ml_program.global_load_const @w : tensor<4x4xf32>
      %s = ml_program.global_load_const @s : tensor<4xf32>
      %v = nn.mul %w, %s : tensor<4x4xf32>, tensor<4xf32> -> tensor<4x4xf32>
      %y = nn.linear %x, %v : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
      return %y : tensor<?x4xf32>
    }
    ```
    After:
    ```mlir
    ml_program.global private @w(#ml_program.extern<tensor<4x4xf32>>) : tensor<4x4xf32>
    ml_program.global private @s(#ml_program.extern<tensor<4xf32>>) : tensor<4xf32>
    ml_program.global private @folded.0(#ml_program.extern<tensor<4x4xf32>>) : tensor<4x4xf32> {nn.expression = @weight.0}
    func.func private @weight.0() -> tensor<4x4xf32> {
      %w = ml_program.global_load_const @w : tensor<4x4xf32>
      %s = ml_program.global_load_const @s : tensor<4xf32>
      %v = nn.mul %w, %s : tensor<4x4xf32>, tensor<4xf32> -> tensor<4x4xf32>
      return %v : tensor<4x4xf32>
    }
    func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {nn.entry} {
      %v = ml_program.global_load_const @folded.0 : tensor<4x4xf32>
      %y = nn.linear %x, %v : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
      return %y : tensor<?x4xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::ml_program::MLProgramDialect"];
  let statistics = [
    Statistic<"numOutlined", "num-outlined", "Weight expressions that became functions">,
    Statistic<"numShared", "num-shared", "Weight expressions that an earlier one already computes">];
}

#endif
