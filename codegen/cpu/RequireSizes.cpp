//===- RequireSizes.cpp - the sizes that an entry accepts ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/RequireSizes.h"

#include "dialects/nn/Winograd.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {

class Requirements {
public:
  Requirements(func::FuncOp entry, SizeTable &table) : entry(entry), table(table) {}

  void ofSlice(tensor::ExtractSliceOp slice);
  void ofPart(Operation *op, Value part, Value whole, ArrayRef<int64_t> axes);
  void ofWindow(Operation *op, Value input, const nn::Window &window, int64_t firstSpatial);

private:
  std::string describe(Value value);
  /// The entry refuses sizes where `value` lies below `bound`.
  void atLeast(OpBuilder &builder, Location loc, OpFoldResult value, int64_t bound);
  void require(OpBuilder &builder, Location loc, arith::CmpIPredicate predicate, Value value,
               Value bound, const std::string &message);

  func::FuncOp entry;
  SizeTable &table;
  llvm::StringSet<> seen;
};

} // namespace

/// A text for a size: "S", "2 * S", "B * S + 1".
std::string Requirements::describe(Value value) {
  if (auto constant = getConstantIntValue(value))
    return std::to_string(*constant);
  Operation *op = value.getDefiningOp();
  if (auto read = dyn_cast_if_present<tensor::DimOp>(op))
    if (auto argument = dyn_cast<BlockArgument>(read.getSource());
        argument && argument.getOwner() == &entry.getBody().front())
      if (auto names = entry.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "nn.dims"))
        return cast<StringAttr>(names[*read.getConstantIndex()]).str();
  auto binary = [&](StringRef sign) {
    return (describe(op->getOperand(0)) + " " + sign + " " + describe(op->getOperand(1))).str();
  };
  if (isa_and_present<arith::AddIOp>(op)) {
    auto added = getConstantIntValue(op->getOperand(1));
    if (added && *added < 0)
      return describe(op->getOperand(0)) + " - " + std::to_string(-*added);
    return binary("+");
  }
  if (isa_and_present<arith::SubIOp>(op))
    return binary("-");
  if (isa_and_present<arith::MulIOp>(op))
    return binary("*");
  return "a size";
}

void Requirements::require(OpBuilder &builder, Location loc, arith::CmpIPredicate predicate,
                           Value value, Value bound, const std::string &message) {
  if (!seen.insert(message).second)
    return;
  Value holds = arith::CmpIOp::create(builder, loc, predicate, value, bound);
  cf::AssertOp::create(builder, loc, holds, message);
}

void Requirements::atLeast(OpBuilder &builder, Location loc, OpFoldResult what, int64_t bound) {
  auto value = dyn_cast<Value>(what);
  // Constants were checked when the model was; the runtime refuses variables below 0.
  if (!value || getConstantIntValue(value) || (bound == 0 && value.getDefiningOp<tensor::DimOp>()))
    return;
  require(builder, loc, arith::CmpIPredicate::sge, value,
          arith::ConstantIndexOp::create(builder, loc, bound),
          describe(value) + " must be at least " + std::to_string(bound));
}

/// A slice whose ends depend on the call's sizes may reach past its tensor (more positions than a
/// table has).
void Requirements::ofSlice(tensor::ExtractSliceOp slice) {
  OpBuilder builder(slice);
  Location loc = slice.getLoc();
  auto type = slice.getSourceType();
  for (int64_t i = 0; i < type.getRank(); ++i) {
    OpFoldResult offset = slice.getMixedOffsets()[i], size = slice.getMixedSizes()[i];
    bool fixed = getConstantIntValue(offset) && getConstantIntValue(size);
    if (fixed && !type.isDynamicDim(i))
      continue;
    if (getConstantIntValue(offset) == 0 && size == table.size(slice.getSource(), i))
      continue;
    atLeast(builder, loc, offset, 0);
    atLeast(builder, loc, size, 0);
    auto value = [&](OpFoldResult what) -> Value {
      return getValueOrCreateConstantIndexOp(builder, loc, what);
    };
    auto last = [&] {
      Value steps =
          arith::SubIOp::create(builder, loc, value(size), value(builder.getIndexAttr(1)));
      return arith::MulIOp::create(builder, loc, steps, value(slice.getMixedStrides()[i]));
    };
    bool plain = getConstantIntValue(slice.getMixedStrides()[i]) == 1;
    Value end = plain ? arith::AddIOp::create(builder, loc, value(offset), value(size)).getResult()
                      : arith::AddIOp::create(builder, loc, value(offset), last()).getResult();
    Value limit = value(table.size(slice.getSource(), i));
    std::string text =
        getConstantIntValue(offset) == 0 && plain ? describe(value(size)) : describe(end);
    require(builder, loc, plain ? arith::CmpIPredicate::sle : arith::CmpIPredicate::slt, end, limit,
            text + " must be " + (plain ? "at most " : "below ") + describe(limit));
  }
}

/// A part that begins at run-time positions must not be larger than the tensor that it is in.
void Requirements::ofPart(Operation *op, Value part, Value whole, ArrayRef<int64_t> axes) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  for (int64_t axis : axes) {
    OpFoldResult size = table.size(part, axis), limit = table.size(whole, axis);
    if (size == limit || (isa<Attribute>(size) && isa<Attribute>(limit)))
      continue;
    Value first = getValueOrCreateConstantIndexOp(builder, loc, size);
    Value last = getValueOrCreateConstantIndexOp(builder, loc, limit);
    require(builder, loc, arith::CmpIPredicate::sle, first, last,
            describe(first) + " must be at most " + describe(last));
  }
}

void Requirements::ofWindow(Operation *op, Value input, const nn::Window &window,
                            int64_t firstSpatial) {
  OpBuilder builder(op);
  for (size_t i = 0; i < window.kernel.size(); ++i)
    atLeast(builder, op->getLoc(), table.size(input, firstSpatial + i), window.smallestInput(i));
}

void nacre::cpu::requireSizes(func::FuncOp entry, SizeTable &table) {
  Requirements requirements(entry, table);
  SmallVector<Operation *> ops;
  entry.walk([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops)
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](tensor::ExtractSliceOp slice) { requirements.ofSlice(slice); })
        .Case([&](nn::SliceOp slice) {
          requirements.ofPart(slice, slice.getResult(), slice.getInput(), slice.getAxes());
        })
        .Case([&](nn::InsertOp insert) {
          requirements.ofPart(insert, insert.getValue(), insert.getDestination(), insert.getAxes());
        })
        .Case<nn::PackedConvOp, nn::DepthwiseConvOp>([&](auto conv) {
          requirements.ofWindow(conv, conv.getInput(),
                                {conv.getKernel(), conv.getStrides(), conv.getPadding(),
                                 conv.getDilations(), /*ceilMode=*/false},
                                1);
        })
        .Case([&](nn::WinogradConvOp conv) {
          requirements.ofWindow(conv, conv.getInput(), nn::winogradWindow(conv.getPadding()), 1);
        })
        .Case([&](nn::PoolOp pool) {
          requirements.ofWindow(pool, pool.getInput(),
                                {pool.getKernel(), pool.getStrides(), pool.getPadding(),
                                 pool.getDilations(), pool.getCeilMode()},
                                pool.getLayout() == nn::ConvLayout::channels_last ? 1 : 2);
        });
}
