//===- NNBase.td - what nn operations share ----------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef NACRE_DIALECTS_NN_NNBASE
#define NACRE_DIALECTS_NN_NNBASE

include "dialects/nn/NNDialect.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

// The operation computes its result's sizes from its operands' (`reifyResultShapes`).
def NN_Reifies : DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>;

class NN_Op<string mnemonic, list<Trait> traits = []> : Op<NN_Dialect, mnemonic, traits>;

// A pure operation whose result type follows from its operands and attributes
// (builders may leave it out; the verifier compares it with the inferred one, where a
// dynamic dimension is compatible with a static one), and whose result sizes can be
// computed from its operands' sizes (`reifyResultShapes`).
class NN_InferredOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat([Pure, InferTypeOpAdaptorWithIsCompatible,
                                   NN_Reifies],
                                  traits)> {
  // Every such operation has exactly one result; extraClassDefinition below and
  // NNDialect.h's `compatibleShapes` give the shared rule.
  code compatible = [{
    bool $cppClass::isCompatibleReturnTypes(::mlir::TypeRange inferred, ::mlir::TypeRange actual) {
      return ::nacre::nn::compatibleShapes(inferred, actual);
    }
  }];
  let extraClassDefinition = compatible;
}

def NN_FloatTensor : RankedTensorOf<[AnyFloat]>;
def NN_AnyTensor : RankedTensorOf<[AnyFloat, AnyInteger]>;
def NN_IndexTensor : RankedTensorOf<[I32, I64]>;
def NN_BoolTensor : RankedTensorOf<[I1]>;

#endif
