//===- ChannelsLast.cpp - images with their channels last -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every convolution and pool gets a transpose on either side. The one behind it carries the mark
// `nn.sinks`, which lets it move down (SinkTransposes.cpp) until it meets one in front.

#include "dialects/nn/NN.h"
#include "passes/Passes.h"
#include "passes/layout/SinkTransposes.h"
#include "passes/support/Remarks.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace nacre;

namespace nacre {
#define GEN_PASS_DEF_CHANNELSLAST
#include "passes/layout/Passes.h.inc"
} // namespace nacre

static constexpr llvm::StringLiteral passName = "nn-channels-last";

/// Makes a channels-first convolution or pool a channels-last one.
template <typename WindowOp>
static void makeChannelsLast(WindowOp op) {
  OpBuilder builder(op);
  auto type = cast<RankedTensorType>(op.getType());
  int64_t rank = type.getRank();
  Value input = nn::TransposeOp::create(builder, op.getLoc(), op.getInput(),
                                        builder.getDenseI64ArrayAttr(toChannelsLast(rank)));
  op.getInputMutable().assign(input);
  op.setLayout(nn::ConvLayout::channels_last);
  op.getResult().setType(type.clone(applyPermutation(type.getShape(), toChannelsLast(rank))));
  builder.setInsertionPointAfter(op);
  auto output = nn::TransposeOp::create(builder, op.getLoc(), type, op.getResult(),
                                        builder.getDenseI64ArrayAttr(toChannelsFirst(rank)));
  markSinking(output);
  op.getResult().replaceAllUsesExcept(output.getResult(), output);
}

namespace {

struct ChannelsLast : nacre::impl::ChannelsLastBase<ChannelsLast> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    auto convert = [&](auto op) {
      if (op.getLayout() != nn::ConvLayout::channels_first)
        return;
      noteRewrite(numWindows, op.getLoc(), passName, "window");
      makeChannelsLast(op);
    };
    function.walk([&](nn::ConvOp op) { convert(op); });
    function.walk([&](nn::PoolOp op) { convert(op); });

    RewritePatternSet sinking(&getContext());
    populateSinkTransposesPatterns(sinking, numSunk);
    RewritePatternSet reshaping(&getContext());
    populateUnitTransposePatterns(reshaping);
    if (failed(applyPatternsGreedily(function, std::move(sinking))))
      return signalPassFailure();
    function.walk([](nn::TransposeOp op) { unmarkSinking(op); });
    if (failed(applyPatternsGreedily(function, std::move(reshaping))))
      signalPassFailure();
  }
};

} // namespace
