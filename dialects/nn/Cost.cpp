//===- Cost.cpp - what operations compute and move ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/nn/Cost.h"

#include "mlir/Interfaces/InferTypeOpInterface.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::nn;

void SymbolicSizes::setArguments(func::FuncOp entry, Variable variable) {
  for (auto [i, argument] : llvm::enumerate(entry.getArguments())) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    auto names = entry.getArgAttrOfType<ArrayAttr>(i, "nn.dims");
    Shape shape;
    for (auto [d, size] : llvm::enumerate(type.getShape())) {
      if (!ShapedType::isDynamic(size))
        shape.push_back(size);
      else
        shape.push_back(variable(names ? cast<StringAttr>(names[d]).str()
                                       : ("arg" + Twine(i) + "." + Twine(d)).str()));
    }
    shapes[argument] = shape;
  }
}

DimExpr SymbolicSizes::number(OpFoldResult size) {
  if (auto attribute = dyn_cast<Attribute>(size))
    return cast<IntegerAttr>(attribute).getInt();
  return number(cast<Value>(size));
}

/// An index value as a formula of the dimension variables.
DimExpr SymbolicSizes::number(Value index) {
  if (auto known = numbers.find(index); known != numbers.end())
    return known->second;
  if (!index.getDefiningOp())
    return DimExpr::invalid();
  auto binary = [&](auto op, auto combine) {
    return combine(number(op.getLhs()), number(op.getRhs()));
  };
  DimExpr result =
      llvm::TypeSwitch<Operation *, DimExpr>(index.getDefiningOp())
          .Case([&](arith::ConstantOp op) -> DimExpr {
            auto value = dyn_cast<IntegerAttr>(op.getValue());
            return value ? DimExpr(value.getInt()) : DimExpr::invalid();
          })
          .Case([&](tensor::DimOp op) -> DimExpr {
            std::optional<int64_t> dimension = op.getConstantIndex();
            return dimension ? dim(op.getSource(), *dimension) : DimExpr::invalid();
          })
          .Case([&](arith::AddIOp op) {
            return binary(op, [](DimExpr a, DimExpr b) { return a + b; });
          })
          .Case([&](arith::SubIOp op) {
            return binary(op, [](DimExpr a, DimExpr b) { return a - b; });
          })
          .Case([&](arith::MulIOp op) {
            return binary(op, [](DimExpr a, DimExpr b) { return a * b; });
          })
          // Sizes are not negative, so all divisions that round to zero round down.
          .Case<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>([&](auto op) {
            return binary(op, [&](DimExpr a, DimExpr b) { return dims.floorDiv(a, b); });
          })
          .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>([&](auto op) {
            return binary(op, [&](DimExpr a, DimExpr b) { return dims.ceilDiv(a, b); });
          })
          .Case<arith::RemSIOp, arith::RemUIOp>([&](auto op) {
            return binary(op, [&](DimExpr a, DimExpr b) { return dims.mod(a, b); });
          })
          .Case<arith::MinSIOp, arith::MinUIOp>([&](auto op) {
            return binary(op, [&](DimExpr a, DimExpr b) { return dims.min(a, b); });
          })
          .Case<arith::MaxSIOp, arith::MaxUIOp>([&](auto op) {
            return binary(op, [&](DimExpr a, DimExpr b) { return dims.max(a, b); });
          })
          .Case<arith::IndexCastOp, arith::IndexCastUIOp>(
              [&](auto op) { return number(Value(op.getIn())); })
          .Default([](Operation *) { return DimExpr::invalid(); });
  numbers[index] = result;
  return result;
}

SymbolicSizes::Shape SymbolicSizes::outerShape(BlockArgument argument) {
  Operation *parent = argument.getOwner()->getParentOp();
  int64_t number = argument.getArgNumber();
  if (auto loop = dyn_cast_or_null<WhileOp>(parent))
    return shapeOf(loop.getCarries()[number]);
  auto scan = dyn_cast_or_null<ScanOp>(parent);
  if (!scan)
    return {};
  int64_t inputs = scan.getInputs().size();
  if (number >= inputs)
    return shapeOf(scan.getCarries()[number - inputs]);
  Shape shape = shapeOf(scan.getInputs()[number]);
  shape.erase(shape.begin() + scan.getAxes()[number]);
  return shape;
}

DimExpr SymbolicSizes::rounds(ScanOp scan) {
  if (int64_t rounds = scan.getStaticRounds(); !ShapedType::isDynamic(rounds))
    return rounds;
  return scan.getLength() ? number(scan.getLength())
                          : dim(scan.getInputs().front(), scan.getAxes().front());
}

SymbolicSizes::Shape SymbolicSizes::shapeOf(Value tensor) {
  if (auto known = shapes.find(tensor); known != shapes.end())
    return known->second;
  auto type = cast<RankedTensorType>(tensor.getType());
  Shape shape;
  for (int64_t size : type.getShape())
    shape.push_back(ShapedType::isDynamic(size) ? DimExpr::invalid() : DimExpr(size));
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    if (Shape outer = outerShape(argument); !outer.empty())
      shape = outer;
  if (auto dispatch = tensor.getDefiningOp<DispatchOp>()) {
    ValueRange dynamic = dispatch.getResultSizes();
    for (Value result : dispatch.getResults()) {
      int64_t count = cast<RankedTensorType>(result.getType()).getNumDynamicDims();
      if (result == tensor)
        for (DimExpr &size : shape)
          if (!size.isValid()) {
            size = number(dynamic.front());
            dynamic = dynamic.drop_front();
          }
      dynamic = dynamic.drop_front(result == tensor ? 0 : count);
    }
  }
  auto reifies = dyn_cast_or_null<ReifyRankedShapedTypeOpInterface>(tensor.getDefiningOp());
  ReifiedRankedShapedTypeDims sizes;
  if (!type.hasStaticShape() && reifies) {
    OpBuilder builder(reifies);
    if (succeeded(reifies.reifyResultShapes(builder, sizes)))
      for (auto [size, reified] :
           llvm::zip_equal(shape, sizes[cast<OpResult>(tensor).getResultNumber()]))
        if (!size.isValid())
          size = number(reified);
  }
  shapes[tensor] = shape;
  return shape;
}

DimExpr SymbolicSizes::dim(Value tensor, int64_t dimension) {
  Shape shape = shapeOf(tensor);
  return dimension >= 0 && dimension < static_cast<int64_t>(shape.size()) ? shape[dimension]
                                                                          : DimExpr::invalid();
}

DimExpr SymbolicSizes::elements(Value tensor) {
  DimExpr product = 1;
  for (const DimExpr &size : shapeOf(tensor))
    product = product * size;
  return product;
}

/// The scores of one head that an attention computes, as far as sizes tell: what lengths, blocks
/// and masks leave out is known at run time alone, and so is where queries with a `start` stand.
static DimExpr scoresOf(AttentionOp op, SymbolicSizes &sizes) {
  DimExpr queries = sizes.dim(op.getQuery(), 2), keys = sizes.dim(op.getKey(), 2);
  std::optional<uint64_t> window = op.getWindow();
  if (op.getStart() || (!op.getCausal() && !window))
    return queries * keys;
  DimContext &dims = sizes.context();
  // The earlier keys that the first n positions see together.
  auto earlier = [&](DimExpr n) {
    DimExpr ramp = window ? dims.min(n, DimExpr(static_cast<int64_t>(*window))) : n;
    DimExpr all = dims.exactDiv(ramp * (ramp - 1), 2);
    return window ? all + (n - ramp) * DimExpr(static_cast<int64_t>(*window) - 1) : all;
  };
  DimExpr scores = queries + earlier(keys) - earlier(keys - queries);
  // Without `causal` a window reaches as far forward; seen from the last key, that is the same.
  return op.getCausal() ? scores : scores + earlier(queries);
}

DimExpr nacre::nn::flopsOf(Operation *op, SymbolicSizes &sizes) {
  Value result = op->getResult(0);
  return llvm::TypeSwitch<Operation *, DimExpr>(op)
      .Case([&](MatmulOp op) {
        int64_t lhsRank = op.getLhs().getType().getRank();
        return sizes.elements(result) * sizes.dim(op.getLhs(), lhsRank - 1) * 2;
      })
      .Case([&](LinearOp op) {
        int64_t inputRank = op.getInput().getType().getRank();
        return sizes.elements(result) *
               (sizes.dim(op.getInput(), inputRank - 1) * 2 + (op.getBias() ? 1 : 0));
      })
      .Case([&](PackedLinearOp op) {
        return sizes.elements(result) *
               (sizes.dim(op.getInput(), op.getInput().getType().getRank() - 1) * 2 +
                (op.getBias() ? 1 : 0));
      })
      .Case([&](PackedLinearGroupsOp op) {
        return sizes.elements(result) *
               DimExpr(cast<RankedTensorType>(op.getInput().getType()).getShape().back() * 2 +
                       (op.getBias() ? 1 : 0));
      })
      .Case([&](PackedLinearInt8Op op) {
        return sizes.elements(result) *
               DimExpr(static_cast<int64_t>(op.getDepth()) * 2 + (op.getBias() ? 3 : 2));
      })
      .Case([&](QuantizeRowsOp op) { return sizes.elements(op.getInput()) * 2; })
      .Case([&](PackedConvOp op) {
        return sizes.elements(result) * (sizes.dim(op.getWeight(), 2) * 2 + (op.getBias() ? 1 : 0));
      })
      .Case([&](DepthwiseConvOp op) {
        return sizes.elements(result) * (sizes.dim(op.getWeight(), 0) * 2 + (op.getBias() ? 1 : 0));
      })
      .Case([&](WinogradConvOp op) {
        // 16 products for 4 elements.
        return sizes.elements(result) * (sizes.dim(op.getWeight(), 2) * 8 + (op.getBias() ? 1 : 0));
      })
      .Case([&](ConvOp op) {
        // The weight is [O, C / groups, kernel...].
        DimExpr perElement = 2;
        for (const DimExpr &size : ArrayRef(sizes.shapeOf(op.getWeight())).drop_front())
          perElement = perElement * size;
        return sizes.elements(result) * (perElement + (op.getBias() ? 1 : 0));
      })
      .Case([&](AttentionOp op) {
        // Per head: scores Sq x Sk of D products each, a softmax, and Dv sums of Sk products.
        return sizes.dim(op.getQuery(), 0) * sizes.dim(op.getQuery(), 1) * scoresOf(op, sizes) *
               ((sizes.dim(op.getQuery(), 3) + sizes.dim(op.getValue(), 3)) * 2 + 5);
      })
      // What the parts add up to, and their weights: next to nothing beside the attention.
      .Case([&](AttentionMergeOp op) { return sizes.elements(op.getParts()) * 2; })
      .Case<SoftmaxOp, LayerNormOp, RmsNormOp, BatchNormOp, GroupNormOp>(
          [&](auto) { return sizes.elements(result) * 5; })
      .Case([&](RotaryOp) { return sizes.elements(result) * 3; })
      .Case([&](ReduceOp op) { return sizes.elements(op.getInput()); })
      .Case([&](PoolOp op) {
        DimExpr window = 1;
        for (int64_t size : op.getKernel())
          window = window * size;
        return sizes.elements(result) * window;
      })
      .Case<CastOp, SelectOp>([&](auto) { return DimExpr(0); })
      .Default([&](Operation *op) {
        return op->hasTrait<Elementwise>() ? sizes.elements(result) : DimExpr(0);
      });
}

Arithmetic nacre::nn::arithmeticOf(Operation *op) {
  if (!isa<MatmulOp, LinearOp, PackedLinearOp, PackedLinearInt8Op, ConvOp, PackedConvOp,
           DepthwiseConvOp, WinogradConvOp, AttentionOp>(op))
    return Arithmetic::F32;
  auto both = [&](auto is) {
    return is(getElementTypeOrSelf(op->getOperand(0))) &&
           is(getElementTypeOrSelf(op->getOperand(1)));
  };
  if (both([](Type type) { return type.isBF16(); }))
    return Arithmetic::BF16;
  return both([](Type type) { return type.isInteger(8); }) ? Arithmetic::Int8 : Arithmetic::F32;
}
