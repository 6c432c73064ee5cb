//===- KernelCosts.cpp - what each kernel call computes and moves ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/KernelCosts.h"

#include "codegen/cpu/BufferViews.h"
#include "codegen/cpu/Kernels.h"

#include "llvm/Support/Path.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

KernelCosts::KernelCosts(func::FuncOp entry) : b(entry.getContext()), sizes(dims) {
  std::map<std::string, DimExpr> variables;
  sizes.setArguments(entry, [&](const std::string &name) {
    auto [at, isNew] = variables.try_emplace(name);
    if (isNew)
      at->second = dims.get(dims.addSymbol(name));
    return at->second;
  });
  // What a loop's body sees has the sizes of what the loop takes.
  entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto scan = dyn_cast<nn::ScanOp>(op)) {
      for (auto [i, slice] : llvm::enumerate(scan.getSliceArguments())) {
        nn::SymbolicSizes::Shape shape = sizes.shapeOf(scan.getInputs()[i]);
        shape.erase(shape.begin() + scan.getAxes()[i]);
        sizes.setShape(slice, shape);
      }
      for (auto [carry, initial] : llvm::zip_equal(scan.getCarryArguments(), scan.getCarries()))
        sizes.setShape(carry, sizes.shapeOf(initial));
    } else if (auto loop = dyn_cast<nn::WhileOp>(op)) {
      for (auto [carry, initial] :
           llvm::zip_equal(loop.getBody().getArguments(), loop.getCarries()))
        sizes.setShape(carry, sizes.shapeOf(initial));
    }
  });
}

static StringRef spell(DimAtomKind kind) {
  switch (kind) {
  case DimAtomKind::Symbol:
    break;
  case DimAtomKind::FloorDiv:
    return "floordiv";
  case DimAtomKind::CeilDiv:
    return "ceildiv";
  case DimAtomKind::Mod:
    return "mod";
  case DimAtomKind::Min:
    return "min";
  case DimAtomKind::Max:
    return "max";
  case DimAtomKind::ExactDiv:
    return "div";
  }
  llvm_unreachable("a symbol is no function");
}

Attribute KernelCosts::formula(const DimExpr &expr) {
  SmallVector<Attribute> terms;
  for (const DimTerm &term : expr.terms()) {
    SmallVector<NamedAttribute> variables;
    SmallVector<Attribute> functions;
    for (DimPower power : term.powers) {
      if (dims.kind(power.atom) == DimAtomKind::Symbol)
        variables.push_back(
            b.getNamedAttr(dims.info(power.atom).name, b.getI64IntegerAttr(power.exponent)));
      else
        functions.push_back(b.getArrayAttr(
            {b.getStringAttr(spell(dims.kind(power.atom))), formula(dims.lhs(power.atom)),
             formula(dims.rhs(power.atom)), b.getI64IntegerAttr(power.exponent)}));
    }
    auto [num, den] = term.coefficient;
    SmallVector<Attribute> parts = {
        den == 1
            ? Attribute(b.getI64IntegerAttr(num))
            : Attribute(b.getF64FloatAttr(static_cast<double>(num) / static_cast<double>(den))),
        b.getDictionaryAttr(variables)};
    llvm::append_range(parts, functions);
    terms.push_back(b.getArrayAttr(parts));
  }
  return b.getArrayAttr(terms);
}

static int64_t bytesOf(Value tensor) {
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

/// Elements of a tensor that the operations of its block read.
static DimExpr elementsRead(Value tensor, nn::SymbolicSizes &sizes) {
  DimExpr parts = 0;
  for (OpOperand &use : tensor.getUses()) {
    Operation *user = use.getOwner();
    if (isa<tensor::DimOp>(user))
      continue;
    if (isa<nn::SliceOp>(user) && use.getOperandNumber() > 0) {
      parts = parts + 1;
      continue;
    }
    // What an insertion in place leaves alone is not read.
    if (auto insert = dyn_cast<nn::InsertOp>(user); insert &&
                                                    use.get() == insert.getDestination() &&
                                                    insert->getParentOp()->hasAttr("nn.in_place"))
      continue;
    auto gather = dyn_cast<nn::GatherOp>(user);
    if (gather && use.getOperandNumber() == 0)
      parts = parts + sizes.elements(gather.getResult());
    else if (isa<tensor::ExtractSliceOp>(user) || isView(user))
      parts = parts + elementsRead(user->getResult(0), sizes);
    else
      return sizes.elements(tensor);
  }
  return parts;
}

/// True for what the weights file holds.
static bool isWeight(Value tensor) {
  while (auto reshape = tensor.getDefiningOp<nn::ReshapeOp>())
    tensor = reshape.getInput();
  return tensor.getDefiningOp<ml_program::GlobalLoadConstOp>() != nullptr;
}

DictionaryAttr KernelCosts::describe(nn::DispatchOp dispatch, StringRef kernel) {
  // A copy, since asking for sizes adds operations, and dispatches are compared by what they print.
  OwningOpRef<nn::DispatchOp> copy = dispatch.clone();
  Block &body = copy->getBody().front();
  nn::SymbolicSizes inner(dims);
  for (auto [argument, input] : llvm::zip_equal(body.getArguments(), dispatch.getInputs()))
    if (isa<RankedTensorType>(input.getType()))
      inner.setShape(argument, sizes.shapeOf(input));
    else
      inner.setNumber(argument, sizes.number(input));

  DimExpr flops = 0, read = 0, weights = 0, written = 0;
  SmallVector<StringRef> names;
  SmallVector<Operation *> operations;
  for (Operation &op : body.without_terminator())
    if (op.getNumResults() == 1 && isa<RankedTensorType>(op.getResult(0).getType()) &&
        !isa<arith::ConstantOp>(op))
      operations.push_back(&op);
  StringRef arithmetic;
  for (Operation *op : operations) {
    if (nn::Arithmetic kind = nn::arithmeticOf(op); kind != nn::Arithmetic::F32)
      arithmetic = kind == nn::Arithmetic::BF16 ? "bf16" : "int8";
    flops = flops + nn::flopsOf(op, inner);
    if (!isa<tensor::ExtractSliceOp, nn::SliceOp, nn::ReshapeOp>(op))
      names.push_back(op->getName().stripDialect());
  }
  if (names.empty())
    names.push_back("copy");
  for (auto [argument, input] : llvm::zip_equal(body.getArguments(), dispatch.getInputs())) {
    if (!isa<RankedTensorType>(input.getType()))
      continue;
    DimExpr bytes = elementsRead(argument, inner) * bytesOf(argument);
    read = read + bytes;
    if (isWeight(input))
      weights = weights + bytes;
  }
  for (auto [result, inside] :
       llvm::zip_equal(dispatch.getResults(), body.getTerminator()->getOperands())) {
    // An insertion in place writes what is inserted.
    auto insert = inside.getDefiningOp<nn::InsertOp>();
    bool inPlace = insert && dispatch->hasAttr("nn.in_place");
    DimExpr elements = inPlace ? inner.elements(insert.getValue()) : sizes.elements(result);
    written = written + elements * bytesOf(result);
  }

  SmallVector<NamedAttribute> attributes = {b.getNamedAttr("name", b.getStringAttr(kernel)),
                                            b.getNamedAttr("ops", b.getStrArrayAttr(names))};
  if (!arithmetic.empty())
    attributes.push_back(b.getNamedAttr("arithmetic", b.getStringAttr(arithmetic)));
  for (auto [name, value] : {std::pair<StringRef, DimExpr>{"flops", flops},
                             {"read", read},
                             {"weights", weights},
                             {"written", written}})
    if (value.isValid())
      attributes.push_back(b.getNamedAttr(name, formula(value)));
  return b.getDictionaryAttr(attributes);
}

void KernelCosts::mark(Operation *call, nn::DispatchOp dispatch, StringRef kernel) {
  call->setAttr("nn.kernel", describe(dispatch, kernel));
  // What was fused into the root comes from other places.
  Operation *root = rootOf(dispatch);
  Location loc = root ? root->getLoc() : dispatch.getLoc();
  StringAttr part;
  FileLineColLoc place;
  loc->walk([&](Location inner) {
    if (auto name = dyn_cast<NameLoc>(inner); name && !part)
      part = name.getName();
    if (auto line = dyn_cast<FileLineColLoc>(inner); line && !place)
      place = line;
    return WalkResult::advance();
  });
  if (part)
    call->setAttr("nn.part", part);
  if (place)
    call->setAttr("nn.line", b.getStringAttr(llvm::sys::path::filename(place.getFilename()) + ":" +
                                             Twine(place.getLine())));
}
