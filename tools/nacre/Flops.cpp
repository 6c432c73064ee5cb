//===- Flops.cpp - how much an entry computes -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Flops.h"

#include "dialects/nn/NN.h"

#include "mlir/Interfaces/InferTypeOpInterface.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::tool;

namespace {

using Shape = SmallVector<DimExpr>;

class Counter {
public:
  Counter(DimContext &dims, std::map<std::string, DimSymbol> &variables)
      : dims(dims), variables(variables) {}

  FlopCount count(func::FuncOp entry);

private:
  DimExpr symbol(const std::string &name);
  DimExpr number(Value index);
  DimExpr number(OpFoldResult size);
  Shape shapeOf(Value tensor);
  DimExpr elements(Value tensor);
  DimExpr dim(Value tensor, int64_t dimension);
  DimExpr flopsOf(Operation *op);

  DimContext &dims;
  std::map<std::string, DimSymbol> &variables;
  DenseMap<Value, Shape> shapes;
  DenseMap<Value, DimExpr> numbers;
};

} // namespace

DimExpr Counter::symbol(const std::string &name) {
  auto [at, isNew] = variables.try_emplace(name, 0);
  if (isNew)
    at->second = dims.addSymbol(name);
  return dims.get(at->second);
}

DimExpr Counter::number(OpFoldResult size) {
  if (auto attribute = dyn_cast<Attribute>(size))
    return cast<IntegerAttr>(attribute).getInt();
  return number(cast<Value>(size));
}

/// An index value as a formula of the dimension variables.
DimExpr Counter::number(Value index) {
  if (auto known = numbers.find(index); known != numbers.end())
    return known->second;
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

Shape Counter::shapeOf(Value tensor) {
  if (auto known = shapes.find(tensor); known != shapes.end())
    return known->second;
  auto type = cast<RankedTensorType>(tensor.getType());
  Shape shape;
  for (int64_t size : type.getShape())
    shape.push_back(ShapedType::isDynamic(size) ? DimExpr::invalid() : DimExpr(size));
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

DimExpr Counter::dim(Value tensor, int64_t dimension) {
  Shape shape = shapeOf(tensor);
  return dimension >= 0 && dimension < static_cast<int64_t>(shape.size()) ? shape[dimension]
                                                                          : DimExpr::invalid();
}

DimExpr Counter::elements(Value tensor) {
  DimExpr product = 1;
  for (const DimExpr &size : shapeOf(tensor))
    product = product * size;
  return product;
}

DimExpr Counter::flopsOf(Operation *op) {
  Value result = op->getResult(0);
  return llvm::TypeSwitch<Operation *, DimExpr>(op)
      .Case([&](nn::MatmulOp op) {
        int64_t lhsRank = op.getLhs().getType().getRank();
        return elements(result) * dim(op.getLhs(), lhsRank - 1) * 2;
      })
      .Case([&](nn::LinearOp op) {
        int64_t inputRank = op.getInput().getType().getRank();
        return elements(result) * (dim(op.getInput(), inputRank - 1) * 2 + (op.getBias() ? 1 : 0));
      })
      .Case([&](nn::ConvOp op) {
        // The weight is [O, C / groups, kernel...].
        DimExpr perElement = 2;
        for (const DimExpr &size : ArrayRef(shapeOf(op.getWeight())).drop_front())
          perElement = perElement * size;
        return elements(result) * (perElement + (op.getBias() ? 1 : 0));
      })
      .Case([&](nn::AttentionOp op) {
        // Per head: scores Sq x Sk of D products each, a softmax, and Dv sums of Sk products.
        DimExpr scores = dim(op.getQuery(), 0) * dim(op.getQuery(), 1) * dim(op.getQuery(), 2) *
                         dim(op.getKey(), 2);
        return scores * ((dim(op.getQuery(), 3) + dim(op.getValue(), 3)) * 2 + 5);
      })
      .Case<nn::SoftmaxOp, nn::LayerNormOp, nn::RmsNormOp, nn::BatchNormOp, nn::GroupNormOp>(
          [&](auto) { return elements(result) * 5; })
      .Case([&](nn::RotaryOp) { return elements(result) * 3; })
      .Case([&](nn::ReduceOp op) { return elements(op.getInput()); })
      .Case([&](nn::PoolOp op) {
        DimExpr window = 1;
        for (int64_t size : op.getKernel())
          window = window * size;
        return elements(result) * window;
      })
      .Case<nn::CastOp, nn::SelectOp>([&](auto) { return DimExpr(0); })
      .Default([&](Operation *op) {
        return op->hasTrait<nn::Elementwise>() ? elements(result) : DimExpr(0);
      });
}

FlopCount Counter::count(func::FuncOp entry) {
  for (auto [i, argument] : llvm::enumerate(entry.getArguments())) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    auto names = entry.getArgAttrOfType<ArrayAttr>(i, "nn.dims");
    Shape shape;
    for (auto [d, size] : llvm::enumerate(type.getShape())) {
      if (!ShapedType::isDynamic(size))
        shape.push_back(size);
      else if (auto name = names ? dyn_cast<StringAttr>(names[d]) : nullptr)
        shape.push_back(symbol(name.str()));
      else
        shape.push_back(DimExpr::invalid());
    }
    shapes[argument] = shape;
  }
  // Shapes are asked for in front of the operation, so the list must not grow while it is walked.
  SmallVector<Operation *> operations;
  for (Operation &op : entry.getBody().front().without_terminator())
    if (op.getNumResults() == 1 && isa<RankedTensorType>(op.getResult(0).getType()))
      operations.push_back(&op);

  FlopCount counted;
  for (Operation *op : operations) {
    DimExpr flops = flopsOf(op);
    if (flops.isConstant(0))
      continue;
    counted.total = counted.total + flops;
    std::string part;
    if (auto name = dyn_cast<NameLoc>(op->getLoc()))
      part = name.getName().str();
    auto [at, isNew] = counted.byPart.try_emplace(part, flops);
    if (!isNew)
      at->second = at->second + flops;
  }
  return counted;
}

FlopCount nacre::tool::countFlops(func::FuncOp entry, DimContext &dims,
                                  std::map<std::string, DimSymbol> &variables) {
  return Counter(dims, variables).count(entry);
}
