//===- MergeLinears.cpp - linears of one input become one -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/support/Remarks.h"
#include "passes/support/Weights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_MERGELINEARS
#include "passes/fuse/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-merge-linears";

/// What linears must have in common to merge: input, weight order, the weight's stored type, and
/// how many heavy operations stand before them.
using Key = std::tuple<Value, bool, Type, int64_t>;

static RankedTensorType weightType(nn::LinearOp linear) {
  return cast<RankedTensorType>(linear.getWeight().getType());
}

static int64_t outputs(nn::LinearOp linear) {
  return weightType(linear).getDimSize(linear.getInputMajor() ? 1 : 0);
}

/// Whether the linear may merge with others at all.
static bool canMerge(nn::LinearOp linear) {
  auto input = cast<RankedTensorType>(linear.getInput().getType());
  auto result = cast<RankedTensorType>(linear.getType());
  return isWeightExpression(linear.getWeight()) && isSoleUse(linear.getWeight()) &&
         // A slice of the merged result has exactly this type.
         result.getShape().drop_back() == input.getShape().drop_back() &&
         result.getShape().back() == outputs(linear) &&
         (!linear.getBias() || isWeightExpression(linear.getBias())) &&
         // Arithmetic on weights happens once, at compile time.
         !isWeightExpression(linear.getInput()) &&
         !(isStoredNarrower(linear.getWeight()) && !storedType(linear.getWeight()));
}

/// The biases of the group in a row, zeros where one has none; null where none has any.
static Value joinBiases(OpBuilder &builder, Location loc, ArrayRef<nn::LinearOp> group) {
  if (llvm::none_of(group, [](nn::LinearOp linear) { return !!linear.getBias(); }))
    return {};
  SmallVector<Value> biases;
  for (nn::LinearOp linear : group) {
    if (Value bias = linear.getBias()) {
      biases.push_back(bias);
      continue;
    }
    auto type = RankedTensorType::get({outputs(linear)}, weightType(linear).getElementType());
    biases.push_back(
        arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(type))));
  }
  return tensor::ConcatOp::create(builder, loc, 0, biases);
}

static void mergeGroup(ArrayRef<nn::LinearOp> group) {
  nn::LinearOp first = group.front();
  bool inputMajor = first.getInputMajor();
  SmallVector<Location> locations;
  SmallVector<Value> weights;
  int64_t total = 0;
  for (nn::LinearOp linear : group) {
    // The results may be used right after the first linear, so everything stands before it.
    hoistWeightExpression(linear.getWeight(), first);
    if (linear.getBias())
      hoistWeightExpression(linear.getBias(), first);
    locations.push_back(linear.getLoc());
    weights.push_back(linear.getWeight());
    total += outputs(linear);
  }
  OpBuilder builder(first);
  Location loc = builder.getFusedLoc(locations);
  auto element = weightType(first).getElementType();
  int64_t inner = weightType(first).getDimSize(inputMajor ? 0 : 1);
  auto joined = RankedTensorType::get(
      inputMajor ? ArrayRef<int64_t>{inner, total} : ArrayRef<int64_t>{total, inner}, element);
  Value weight = tensor::ConcatOp::create(builder, loc, joined, inputMajor ? 1 : 0, weights);
  Value bias = joinBiases(builder, loc, group);
  auto firstType = cast<RankedTensorType>(first.getType());
  SmallVector<int64_t> shape(firstType.getShape());
  shape.back() = total;
  Value merged = nn::LinearOp::create(builder, loc, firstType.clone(shape), first.getInput(),
                                      weight, bias, inputMajor);

  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, first.getInput());
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  int64_t offset = 0;
  for (nn::LinearOp linear : group) {
    offsets.back() = builder.getIndexAttr(offset);
    sizes.back() = builder.getIndexAttr(outputs(linear));
    offset += outputs(linear);
    linear.replaceAllUsesWith(
        tensor::ExtractSliceOp::create(builder, linear.getLoc(), merged, offsets, sizes, strides)
            .getResult());
  }
  for (nn::LinearOp linear : group)
    linear.erase();
}

namespace {

struct MergeLinears : nacre::impl::MergeLinearsBase<MergeLinears> {
  void runOnOperation() override {
    // Linears of one block only: a branch or a round may not run.
    getOperation().walk([&](Block *block) { mergeIn(*block); });
  }

private:
  void mergeIn(Block &block) {
    // In program order, so that the result does not depend on anything else.
    SmallVector<std::pair<Key, SmallVector<nn::LinearOp>>> groups;
    // A merged result is alive until its last slice is read. Linears on either side of an
    // attention (the keys of all layers of a decoder, say) would fill memory for long.
    int64_t heavy = 0;
    for (Operation &op : block) {
      heavy += isa<nn::AttentionOp, nn::MatmulOp, nn::ConvOp>(op);
      auto linear = dyn_cast<nn::LinearOp>(op);
      if (!linear || !weightType(linear).hasStaticShape() || !canMerge(linear))
        continue;
      Key key{linear.getInput(), linear.getInputMajor(), storedType(linear.getWeight()), heavy};
      auto known = llvm::find_if(groups, [&](auto &group) { return group.first == key; });
      if (known == groups.end())
        groups.emplace_back(key, SmallVector<nn::LinearOp>{linear});
      else
        known->second.push_back(linear);
    }
    for (auto &[key, group] : groups) {
      if (group.size() < 2)
        continue;
      for (nn::LinearOp linear : ArrayRef(group).drop_front())
        noteRewrite(numMerged, linear.getLoc(), passName, "merged");
      mergeGroup(group);
    }
  }
};

} // namespace
