//===- Emitter.cpp - makes the IR of a model --------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/language/Emitter.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <numeric>

using namespace nacre;
using namespace nacre::language;
using mlir::arith::ConstantIndexOp;

Emitter::Emitter(mlir::ModuleOp module, DimContext &dims)
    : builder(module.getContext()), module(module), dims(dims) {}

mlir::RankedTensorType Emitter::lowerType(const TensorType &type) {
  llvm::SmallVector<int64_t> shape;
  for (const DimExpr &dim : type.dims)
    shape.push_back(dims.resolve(dim).constant().value_or(mlir::ShapedType::kDynamic));
  return mlir::RankedTensorType::get(shape, lower(type.element, builder.getContext()));
}

mlir::ArrayAttr Emitter::shapeAttr(llvm::ArrayRef<DimExpr> shape) {
  llvm::SmallVector<mlir::Attribute> texts;
  for (const DimExpr &dim : shape)
    texts.push_back(builder.getStringAttr(dims.print(dims.resolve(dim))));
  return builder.getArrayAttr(texts);
}

void Emitter::beginEntry(llvm::StringRef name, mlir::Location loc, llvm::ArrayRef<Port> arguments) {
  sizes.clear();
  sizeSources.clear();
  loaded.clear();
  llvm::SmallVector<mlir::Type> types;
  for (const Port &port : arguments)
    types.push_back(lowerType(port.type));
  builder.setInsertionPointToEnd(module.getBody());
  function = mlir::func::FuncOp::create(builder, loc, name,
                                        builder.getFunctionType(types, mlir::TypeRange()));
  function->setAttr("nn.entry", builder.getUnitAttr());
  mlir::Block *block = function.addEntryBlock();
  for (auto [i, port] : llvm::enumerate(arguments)) {
    function.setArgAttr(i, "nn.name", builder.getStringAttr(port.name));
    function.setArgAttr(i, "nn.dims", shapeAttr(port.type.dims));
  }
  builder.setInsertionPointToStart(block);
}

mlir::Value Emitter::argument(unsigned index) { return function.getArgument(index); }

static void dropUnused(mlir::Block &block) {
  for (mlir::Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (mlir::isOpTriviallyDead(&op)) {
      op.erase();
      continue;
    }
    for (mlir::Region &region : op.getRegions())
      for (mlir::Block &inner : region)
        dropUnused(inner);
  }
}

void Emitter::endEntry(mlir::Location loc, llvm::ArrayRef<Port> results,
                       llvm::ArrayRef<mlir::Value> values, llvm::StringRef doc) {
  mlir::func::ReturnOp::create(builder, loc, mlir::ValueRange(values));
  llvm::SmallVector<mlir::Type> types;
  for (mlir::Value value : values)
    types.push_back(value.getType());
  function.setFunctionType(builder.getFunctionType(function.getArgumentTypes(), types));
  for (auto [i, port] : llvm::enumerate(results)) {
    function.setResultAttr(i, "nn.name", builder.getStringAttr(port.name));
    function.setResultAttr(i, "nn.dims", shapeAttr(port.type.dims));
    if (!port.bounded.empty()) {
      function.setResultAttr(i, "nn.length", builder.getStringAttr(port.bounded));
      function.setResultAttr(i, "nn.length_axis", builder.getI64IntegerAttr(port.axis));
    }
  }
  if (!doc.empty())
    function->setAttr("nn.doc", builder.getStringAttr(doc));
  // `x @ w.T` reads w itself, and a size may be computed that only a warning needed.
  dropUnused(function.front());
}

void Emitter::setStates(llvm::ArrayRef<std::string> names,
                        llvm::ArrayRef<std::pair<std::string, std::string>> sizes) {
  llvm::SmallVector<mlir::Attribute> texts;
  for (const std::string &name : names)
    texts.push_back(builder.getStringAttr(name));
  if (!texts.empty())
    function->setAttr("nn.states", builder.getArrayAttr(texts));
  llvm::SmallVector<mlir::NamedAttribute> entries;
  for (const auto &[variable, size] : sizes)
    if (variable != size)
      entries.push_back(builder.getNamedAttr(variable, builder.getStringAttr(size)));
  if (!entries.empty())
    function->setAttr("nn.state_dims", builder.getDictionaryAttr(entries));
}

void Emitter::declareWeights(llvm::ArrayRef<const Weight *> weights,
                             llvm::function_ref<mlir::Location(const Weight &)> locationOf) {
  builder.setInsertionPointToStart(module.getBody());
  for (const Weight *weight : weights) {
    mlir::RankedTensorType type = lowerType(weight->type);
    auto global = mlir::ml_program::GlobalOp::create(
        builder, locationOf(*weight), weight->path, type, /*is_mutable=*/false,
        mlir::ml_program::ExternAttr::get(builder.getContext(), type),
        builder.getStringAttr("private"));
    if (weight->source != weight->path)
      global->setAttr("nn.source", builder.getStringAttr(weight->source));
    if (!weight->initial.empty())
      global->setAttr("nn.init", builder.getStringAttr(weight->initial));
  }
}

mlir::Value Emitter::load(const Weight &weight, mlir::RankedTensorType type, mlir::Location loc) {
  mlir::Value &value = loaded[weight.path];
  if (value)
    return value;
  mlir::OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(entryBlock());
  value = mlir::ml_program::GlobalLoadConstOp::create(
      builder, loc, type, mlir::SymbolRefAttr::get(builder.getContext(), weight.path));
  return value;
}

void Emitter::declareStates(llvm::ArrayRef<const State *> states,
                            llvm::function_ref<mlir::Location(const State &)> locationOf) {
  builder.setInsertionPointToStart(module.getBody());
  for (mlir::Operation &op : *module.getBody())
    if (mlir::isa<mlir::ml_program::GlobalOp>(op))
      builder.setInsertionPointAfter(&op);
  for (const State *state : states) {
    llvm::SmallVector<int64_t> shape;
    llvm::SmallVector<mlir::Attribute> variables;
    for (const auto &[dim, variable] : llvm::zip(state->dims, state->variables)) {
      shape.push_back(variable.empty() ? *dims.resolve(dim).constant()
                                       : mlir::ShapedType::kDynamic);
      variables.push_back(builder.getStringAttr(variable));
    }
    auto type = mlir::RankedTensorType::get(shape, lower(state->element, builder.getContext()));
    auto global = mlir::ml_program::GlobalOp::create(
        builder, locationOf(*state), state->path, type, /*is_mutable=*/true,
        /*value=*/mlir::Attribute(), builder.getStringAttr("private"));
    global->setAttr("nn.dims", builder.getArrayAttr(variables));
  }
}

mlir::Value Emitter::loadState(const State &state, const TensorType &type, mlir::Location loc) {
  return nn::StateLoadOp::create(builder, loc, lowerType(type), state.path,
                                 dynamicSizes(type.dims, loc));
}

void Emitter::storeState(const State &state, mlir::Value value, mlir::Location loc) {
  nn::StateStoreOp::create(builder, loc, value, state.path);
}

std::unique_ptr<mlir::Region> Emitter::openRegion(mlir::TypeRange arguments, mlir::Location loc) {
  auto region = std::make_unique<mlir::Region>();
  mlir::Block *block = &region->emplaceBlock();
  for (mlir::Type type : arguments)
    block->addArgument(type, loc);
  builder.setInsertionPointToEnd(block);
  return region;
}

mlir::Value Emitter::splat(mlir::RankedTensorType type, double number, mlir::Location loc) {
  auto element = mlir::cast<mlir::FloatType>(type.getElementType());
  return mlir::arith::ConstantOp::create(
      builder, loc, mlir::DenseElementsAttr::get(type, builder.getFloatAttr(element, number)));
}

mlir::Value Emitter::splat(mlir::RankedTensorType type, int64_t number, mlir::Location loc) {
  unsigned width = type.getElementTypeBitWidth();
  return mlir::arith::ConstantOp::create(
      builder, loc,
      mlir::DenseElementsAttr::get(type, llvm::APInt(width, static_cast<uint64_t>(number),
                                                     /*isSigned=*/false,
                                                     /*implicitTrunc=*/true)));
}

mlir::Value Emitter::sizeTensor(const DimExpr &dim, mlir::Type element, mlir::Location loc) {
  mlir::Value number =
      mlir::arith::IndexCastOp::create(builder, loc, builder.getI64Type(), size(dim, loc));
  auto wide = mlir::RankedTensorType::get({}, builder.getI64Type());
  mlir::Value tensor = mlir::tensor::SplatOp::create(builder, loc, wide, number);
  if (element == builder.getI64Type())
    return tensor;
  return nn::CastOp::create(builder, loc, mlir::RankedTensorType::get({}, element), tensor);
}

mlir::OpFoldResult Emitter::sizeOrNumber(const DimExpr &dim, mlir::Location loc) {
  if (auto number = dims.resolve(dim).constant())
    return builder.getIndexAttr(*number);
  return size(dim, loc);
}

llvm::SmallVector<mlir::Value> Emitter::dynamicSizes(llvm::ArrayRef<DimExpr> shape,
                                                     mlir::Location loc) {
  llvm::SmallVector<mlir::Value> values;
  for (const DimExpr &dim : shape)
    if (!dims.resolve(dim).constant())
      values.push_back(size(dim, loc));
  return values;
}

mlir::Value Emitter::size(const DimExpr &dim, mlir::Location loc) {
  DimExpr resolved = dims.resolve(dim);
  auto found = sizes.find(resolved);
  if (found != sizes.end())
    return found->second;
  mlir::OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(entryBlock());
  mlir::Value value = buildSize(resolved, loc);
  sizes.emplace(resolved, value);
  return value;
}

/// A sum of fractions over one common denominator, which divides exactly.
mlir::Value Emitter::buildSize(const DimExpr &dim, mlir::Location loc) {
  auto number = [&](int64_t n) -> mlir::Value { return ConstantIndexOp::create(builder, loc, n); };
  int64_t denominator = 1;
  std::map<uint32_t, int32_t> divisors;
  for (const DimTerm &term : dim.terms()) {
    denominator = std::lcm(denominator, term.coefficient.den);
    for (DimPower power : term.powers)
      if (power.exponent < 0)
        divisors[power.atom] = std::max(divisors[power.atom], -power.exponent);
  }
  auto multiply = [&](mlir::Value a, mlir::Value b) -> mlir::Value {
    return a ? mlir::arith::MulIOp::create(builder, loc, a, b).getResult() : b;
  };
  auto power = [&](mlir::Value value, uint32_t atom, int32_t exponent) {
    for (int32_t i = 0; i < exponent; ++i)
      value = multiply(value, sizeOfAtom(atom, loc));
    return value;
  };
  mlir::Value sum;
  for (const DimTerm &term : dim.terms()) {
    int64_t coefficient = term.coefficient.num * (denominator / term.coefficient.den);
    mlir::Value product;
    std::map<uint32_t, int32_t> exponents = divisors;
    for (DimPower p : term.powers)
      exponents[p.atom] += p.exponent;
    for (auto [atom, exponent] : exponents)
      product = power(product, atom, exponent);
    if (!product)
      product = number(coefficient);
    else if (coefficient == -1 && sum) {
      sum = mlir::arith::SubIOp::create(builder, loc, sum, product);
      continue;
    } else if (coefficient != 1)
      product = multiply(product, number(coefficient));
    sum = sum ? mlir::arith::AddIOp::create(builder, loc, sum, product).getResult() : product;
  }
  if (!sum)
    return number(0);
  mlir::Value divisor = denominator == 1 ? mlir::Value() : number(denominator);
  for (auto [atom, exponent] : divisors)
    divisor = power(divisor, atom, exponent);
  return divisor ? mlir::arith::DivSIOp::create(builder, loc, sum, divisor).getResult() : sum;
}

mlir::Value Emitter::sizeOfAtom(uint32_t atom, mlir::Location loc) {
  DimAtomKind kind = dims.kind(atom);
  if (kind == DimAtomKind::Symbol) {
    DimExpr symbol = dims.get(atom);
    auto found = sizes.find(symbol);
    if (found != sizes.end())
      return found->second;
    const SizeSource &source = sizeSources[atom];
    mlir::Value value = mlir::tensor::DimOp::create(builder, function.getLoc(),
                                                    argument(source.argument), source.dimension);
    sizes.emplace(symbol, value);
    return value;
  }
  mlir::Value lhs = size(dims.lhs(atom), loc), rhs = size(dims.rhs(atom), loc);
  switch (kind) {
  case DimAtomKind::FloorDiv:
    return mlir::arith::FloorDivSIOp::create(builder, loc, lhs, rhs);
  case DimAtomKind::CeilDiv:
    return mlir::arith::CeilDivSIOp::create(builder, loc, lhs, rhs);
  case DimAtomKind::Mod:
    return mlir::arith::RemSIOp::create(builder, loc, lhs, rhs);
  case DimAtomKind::Min:
    return mlir::arith::MinSIOp::create(builder, loc, lhs, rhs);
  case DimAtomKind::Max:
    return mlir::arith::MaxSIOp::create(builder, loc, lhs, rhs);
  case DimAtomKind::ExactDiv:
  case DimAtomKind::Symbol:
    break;
  }
  return mlir::arith::DivSIOp::create(builder, loc, lhs, rhs);
}
