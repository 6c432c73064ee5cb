//===- KernelBuilder.cpp - what every kernel generator writes with ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/KernelBuilder.h"

#include "codegen/cpu/BufferViews.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

MemRefType nacre::cpu::bufferType(RankedTensorType tensor) {
  Type element = tensor.getElementType();
  if (element.isInteger(1) || element.isInteger(4) || element.isUnsignedInteger(8))
    element = IntegerType::get(tensor.getContext(), 8);
  if (element.isBF16())
    element = IntegerType::get(tensor.getContext(), 16);
  return MemRefType::get(tensor.getShape(), element);
}

Type nacre::cpu::elementIn(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getElementType();
}

Type nacre::cpu::computeType(Type element) {
  if (element.isUnsignedInteger(8))
    return IntegerType::get(element.getContext(), 32);
  auto real = dyn_cast<FloatType>(element);
  return real && real.getWidth() < 32 ? Float32Type::get(element.getContext()) : element;
}

KernelBuilder::KernelBuilder(func::FuncOp function, nn::DispatchOp dispatch,
                             const CpuTarget &target)
    : OpBuilder(function.getContext()), loc(dispatch.getLoc()), dispatch(dispatch), target(target),
      function(function) {
  Block *block = function.addEntryBlock();
  auto arguments = block->getArguments();
  for (auto [inner, outer] : llvm::zip(dispatch.getBody().getArguments(), arguments))
    values[inner] = outer;
  output = arguments[dispatch.getInputs().size()];
  thread = arguments[arguments.size() - 2];
  threads = arguments.back();
  setInsertionPointToStart(block);
  func::ReturnOp::create(*this, loc);
  setInsertionPointToStart(block);
}

Value KernelBuilder::indexValue(Value value) {
  if (Value known = values.lookup(value))
    return known;
  // Index arithmetic that formation left inside the dispatch.
  Operation *op = value.getDefiningOp();
  if (auto size = dyn_cast<tensor::DimOp>(op)) {
    Value source = *buffer(size.getSource());
    Value result = dim(source, *size.getConstantIndex());
    return values[value] = result;
  }
  IRMapping mapping;
  for (Value operand : op->getOperands())
    mapping.map(operand, indexValue(operand));
  return values[value] = clone(*op, mapping)->getResult(0);
}

FailureOr<Value> KernelBuilder::buffer(Value tensor) {
  if (Value known = values.lookup(tensor))
    return known;
  FailureOr<Value> view = viewOf(*this, tensor);
  if (succeeded(view))
    values[tensor] = *view;
  return view;
}

Value KernelBuilder::fma(Value x, Value y, Value z) {
  if (isa<IntegerType>(getElementTypeOrSelf(x)))
    return make<arith::AddIOp>(make<arith::MulIOp>(x, y), z);
  if (target.fusedMultiplyAdd)
    return make<math::FmaOp>(x, y, z);
  return make<arith::AddFOp>(make<arith::MulFOp>(x, y), z);
}

Value KernelBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, loc, value);
}
Value KernelBuilder::add(Value a, Value b) { return createOrFold<arith::AddIOp>(loc, a, b); }
Value KernelBuilder::sub(Value a, Value b) { return createOrFold<arith::SubIOp>(loc, a, b); }
Value KernelBuilder::mul(Value a, Value b) { return createOrFold<arith::MulIOp>(loc, a, b); }
// Sizes and positions are never negative, so unsigned division is right and cheaper.
Value KernelBuilder::div(Value a, Value b) { return createOrFold<arith::DivUIOp>(loc, a, b); }
Value KernelBuilder::rem(Value a, Value b) { return createOrFold<arith::RemUIOp>(loc, a, b); }
Value KernelBuilder::ceilDiv(Value a, Value b) { return div(add(a, sub(b, index(1))), b); }
Value KernelBuilder::min(Value a, Value b) { return createOrFold<arith::MinSIOp>(loc, a, b); }
Value KernelBuilder::max(Value a, Value b) { return createOrFold<arith::MaxSIOp>(loc, a, b); }
Value KernelBuilder::less(Value a, Value b) {
  return createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, a, b);
}

Value KernelBuilder::product(ValueRange factors) {
  Value result = index(1);
  for (Value factor : factors)
    result = mul(result, factor);
  return result;
}

Value KernelBuilder::dim(Value buffer, int64_t i) {
  auto type = cast<MemRefType>(buffer.getType());
  if (!type.isDynamicDim(i))
    return index(type.getDimSize(i));
  return memref::DimOp::create(*this, loc, buffer, i);
}

SmallVector<Value> KernelBuilder::dims(Value buffer) {
  SmallVector<Value> result;
  for (int64_t i = 0; i < cast<MemRefType>(buffer.getType()).getRank(); ++i)
    result.push_back(dim(buffer, i));
  return result;
}

void KernelBuilder::loop(Value low, Value high, int64_t step, LoopBody body) {
  loop(low, high, step, {}, [&](Value position, ValueRange) -> SmallVector<Value> {
    body(position);
    return {};
  });
}

SmallVector<Value> KernelBuilder::loop(Value low, Value high, int64_t step, ValueRange initial,
                                       CarriedBody body) {
  auto op = scf::ForOp::create(*this, loc, low, high, index(step), initial);
  InsertionGuard guard(*this);
  if (initial.empty())
    setInsertionPoint(op.getBody()->getTerminator());
  else
    setInsertionPointToStart(op.getBody());
  SmallVector<Value> next = body(op.getInductionVar(), op.getRegionIterArgs());
  if (!initial.empty())
    scf::YieldOp::create(*this, loc, next);
  return SmallVector<Value>(op.getResults());
}

void KernelBuilder::onlyIf(Value condition, llvm::function_ref<void()> body) {
  auto op = scf::IfOp::create(*this, loc, condition, /*withElseRegion=*/false);
  InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  body();
}

std::pair<Value, Value> KernelBuilder::share(Value total) {
  Value chunk = ceilDiv(total, threads);
  Value low = min(mul(thread, chunk), total);
  return {low, min(add(low, chunk), total)};
}

SmallVector<Value> KernelBuilder::delinearize(Value position, ValueRange sizes) {
  SmallVector<Value> indices(sizes.size());
  for (size_t i = sizes.size(); i-- > 1;) {
    indices[i] = rem(position, sizes[i]);
    position = div(position, sizes[i]);
  }
  if (!sizes.empty())
    indices[0] = position;
  return indices;
}

VectorType KernelBuilder::vectorOf(Type element) {
  return VectorType::get({target.lanes}, element);
}

Value KernelBuilder::splat(Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr attribute;
  if (auto real = dyn_cast<FloatType>(element))
    attribute = FloatAttr::get(real, value);
  else
    attribute = IntegerAttr::get(element, static_cast<int64_t>(value));
  if (auto vector = dyn_cast<VectorType>(type))
    attribute = DenseElementsAttr::get(vector, Attribute(attribute));
  return arith::ConstantOp::create(*this, loc, attribute);
}

Value KernelBuilder::broadcast(Value scalar) {
  return vector::BroadcastOp::create(*this, loc, vectorOf(scalar.getType()), scalar);
}

Value KernelBuilder::laneNumbers() {
  SmallVector<int64_t> numbers = llvm::to_vector(llvm::seq<int64_t>(0, target.lanes));
  return make<arith::ConstantOp>(
      DenseElementsAttr::get(vectorOf(getI64Type()), ArrayRef<int64_t>(numbers)));
}

Value KernelBuilder::maskOf(Value count) {
  return vector::CreateMaskOp::create(*this, loc, vectorOf(getI1Type()), ValueRange{count});
}

/// The type of `value`, a scalar or a vector, with other elements.
static Type retype(Value value, Type element) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? Type(vector.clone(element)) : element;
}

Value KernelBuilder::convert(Value value, Type element) {
  Type from = getElementTypeOrSelf(value), to = retype(value, element);
  if (from == element)
    return value;
  if (element.isInteger(1))
    return arith::CmpIOp::create(*this, loc, arith::CmpIPredicate::ne, value,
                                 splat(value.getType(), 0));
  if (element.isInteger(4))
    return arith::TruncIOp::create(*this, loc, to, value);
  if (from.isInteger(8))
    return arith::ExtUIOp::create(*this, loc, to, value);
  if (from.isInteger(16))
    value = arith::BitcastOp::create(*this, loc, retype(value, getBF16Type()), value);
  return arith::ExtFOp::create(*this, loc, to, value);
}

Value KernelBuilder::toStorage(Value value, Type element) {
  if (getElementTypeOrSelf(value) == element)
    return value;
  Type to = retype(value, element);
  if (isa<FloatType>(element))
    return arith::TruncFOp::create(*this, loc, to, value);
  if (isa<FloatType>(getElementTypeOrSelf(value))) {
    value = arith::TruncFOp::create(*this, loc, retype(value, getBF16Type()), value);
    return arith::BitcastOp::create(*this, loc, to, value);
  }
  if (getElementTypeOrSelf(value).isInteger(4))
    return arith::ExtSIOp::create(*this, loc, to, value);
  if (!getElementTypeOrSelf(value).isInteger(1))
    return arith::TruncIOp::create(*this, loc, to, value);
  return arith::ExtUIOp::create(*this, loc, to, value);
}

/// True where elements along the last dimension lie side by side.
static bool innermostContiguous(MemRefType type) {
  int64_t offset;
  SmallVector<int64_t> strides;
  return succeeded(type.getStridesAndOffset(strides, offset)) && !strides.empty() &&
         strides.back() == 1;
}

Value KernelBuilder::loadVector(Value buffer, ValueRange indices, Type element, Value mask) {
  auto type = cast<MemRefType>(buffer.getType());
  VectorType vector = vectorOf(type.getElementType());
  if (innermostContiguous(type)) {
    Value loaded = mask ? vector::MaskedLoadOp::create(*this, loc, vector, buffer, indices, mask,
                                                       splat(vector, 0))
                              .getResult()
                        : vector::LoadOp::create(*this, loc, vector, buffer, indices).getResult();
    return convert(loaded, element);
  }
  // Lane by lane; a lane that is masked out reads the first one's place, which exists.
  SmallVector<Value> lanes, place(indices);
  for (int64_t i = 0; i < target.lanes; ++i) {
    Value at = add(indices.back(), i);
    if (mask && i > 0) {
      Value active = vector::ExtractOp::create(*this, loc, mask, i);
      at = arith::SelectOp::create(*this, loc, active, at, indices.back());
    }
    place.back() = at;
    lanes.push_back(memref::LoadOp::create(*this, loc, buffer, place));
  }
  Value loaded = vector::FromElementsOp::create(*this, loc, vector, lanes);
  if (mask)
    loaded = arith::SelectOp::create(*this, loc, mask, loaded, splat(vector, 0));
  return convert(loaded, element);
}

Value KernelBuilder::loadScalar(Value buffer, ValueRange indices, Type element) {
  return convert(memref::LoadOp::create(*this, loc, buffer, indices), element);
}

void KernelBuilder::storeVector(Value value, Value buffer, ValueRange indices, Value mask) {
  auto type = cast<MemRefType>(buffer.getType());
  // LLVM 22 takes a store under a mask of one lane apart, and where the vector was narrowed to
  // bytes or halves before, it forgets so and stores four bytes. So one lane is stored by itself.
  auto lanes = mask ? mask.getDefiningOp<vector::CreateMaskOp>() : vector::CreateMaskOp();
  bool narrows =
      type.getElementTypeBitWidth() < getElementTypeOrSelf(value).getIntOrFloatBitWidth();
  if (lanes && narrows) {
    Value one = arith::CmpIOp::create(*this, loc, arith::CmpIPredicate::eq,
                                      lanes.getOperands().front(), index(1));
    auto choice = scf::IfOp::create(*this, loc, one, /*withElseRegion=*/true);
    InsertionGuard guard(*this);
    setInsertionPointToStart(choice.thenBlock());
    storeScalar(vector::ExtractOp::create(*this, loc, value, 0), buffer, indices);
    setInsertionPointToStart(choice.elseBlock());
    Value others = maskOf(lanes.getOperands().front());
    storeNarrowed(toStorage(value, type.getElementType()), buffer, indices, others);
    return;
  }
  storeNarrowed(toStorage(value, type.getElementType()), buffer, indices, mask);
}

/// Stores a vector of the elements that the buffer holds.
void KernelBuilder::storeNarrowed(Value value, Value buffer, ValueRange indices, Value mask) {
  auto type = cast<MemRefType>(buffer.getType());
  if (innermostContiguous(type)) {
    if (mask)
      vector::MaskedStoreOp::create(*this, loc, buffer, indices, mask, value);
    else
      vector::StoreOp::create(*this, loc, value, buffer, indices);
    return;
  }
  SmallVector<Value> place(indices);
  for (int64_t i = 0; i < target.lanes; ++i) {
    place.back() = add(indices.back(), i);
    auto storeLane = [&] {
      Value lane = vector::ExtractOp::create(*this, loc, value, i);
      memref::StoreOp::create(*this, loc, lane, buffer, place);
    };
    if (mask)
      onlyIf(vector::ExtractOp::create(*this, loc, mask, i), storeLane);
    else
      storeLane();
  }
}

void KernelBuilder::storeScalar(Value scalar, Value buffer, ValueRange indices) {
  scalar = toStorage(scalar, cast<MemRefType>(buffer.getType()).getElementType());
  memref::StoreOp::create(*this, loc, scalar, buffer, indices);
}

/// `buffer` with sizes that are statically 0 hidden: collapsing such a dimension with a dynamic one
/// gives a type that upstream's verifier refuses.
static Value hideEmpty(KernelBuilder &b, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  if (!llvm::is_contained(type.getShape(), 0) || !type.getLayout().isIdentity())
    return buffer;
  SmallVector<int64_t> dynamic(type.getRank(), ShapedType::kDynamic);
  return b.make<memref::CastOp>(MemRefType::get(dynamic, type.getElementType()), buffer);
}

Value KernelBuilder::toRows(Value buffer) {
  buffer = hideEmpty(*this, buffer);
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getRank() == 2)
    return buffer;
  if (type.getRank() < 2) {
    auto target = type.getRank() == 0 ? SmallVector<int64_t>{1, 1}
                                      : SmallVector<int64_t>{1, type.getDimSize(0)};
    SmallVector<ReassociationIndices> groups;
    SmallVector<OpFoldResult> sizes = {getIndexAttr(1)};
    if (type.getRank() == 1) {
      groups.push_back({0, 1});
      sizes.push_back(getAsOpFoldResult(dim(buffer, 0)));
    } else {
      sizes.push_back(getIndexAttr(1));
    }
    return memref::ExpandShapeOp::create(*this, loc, target, buffer, groups, sizes);
  }
  ReassociationIndices rows;
  for (int64_t i = 0; i + 1 < type.getRank(); ++i)
    rows.push_back(i);
  return memref::CollapseShapeOp::create(
      *this, loc, buffer, ArrayRef<ReassociationIndices>{rows, {type.getRank() - 1}});
}

Value KernelBuilder::flatten(Value buffer) {
  buffer = hideEmpty(*this, buffer);
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getRank() == 1)
    return buffer;
  if (type.getRank() == 0)
    return memref::ExpandShapeOp::create(*this, loc, ArrayRef<int64_t>{1}, buffer,
                                         ArrayRef<ReassociationIndices>{},
                                         SmallVector<OpFoldResult>{getIndexAttr(1)});
  ReassociationIndices all = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  return memref::CollapseShapeOp::create(*this, loc, buffer, ArrayRef<ReassociationIndices>{all});
}

Value KernelBuilder::scratch(ArrayRef<int64_t> shape, Type element) {
  InsertionGuard guard(*this);
  setInsertionPointToStart(&function.getBody().front());
  return memref::AllocaOp::create(*this, loc, MemRefType::get(shape, element),
                                  getI64IntegerAttr(64));
}
