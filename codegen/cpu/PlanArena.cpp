//===- PlanArena.cpp - one block for all buffers ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Passes.h"
#include "dialects/dim/DimExpr.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

#include <map>
#include <numeric>

namespace nacre::cpu {
#define GEN_PASS_DEF_PLANARENA
#include "codegen/cpu/Passes.h.inc"
} // namespace nacre::cpu

using namespace mlir;
using namespace nacre;

static constexpr int64_t alignment = 64;

namespace {

/// A buffer, `units` times its region's unit in size, alive from call `first` to `last`.
struct Buffer {
  memref::AllocOp alloc;
  DimExpr bytes;
  int64_t units, first, last;
  int64_t offset = 0; // in units
};

/// Buffers whose sizes are multiples of one expression.
struct Region {
  DimExpr unit;
  SmallVector<Buffer *> buffers;
  int64_t units = 0;
};

class Planner {
public:
  explicit Planner(func::FuncOp entry) : entry(entry) {}
  void run();
  int64_t count() const { return buffers.size(); }

private:
  DimExpr sizeOf(Value value);
  DimExpr bytesOf(memref::AllocOp alloc);
  void collect();
  static void place(Region &region);
  static int64_t placeInOrder(ArrayRef<Buffer *> order);
  void rewrite();
  void report();

  func::FuncOp entry;
  DimContext context;
  llvm::DenseMap<Value, DimExpr> known;
  std::vector<DimSymbol> variables;
  std::vector<Buffer> buffers;
  std::vector<Region> regions;
};

} // namespace

/// The size that an index of the entry stands for.
DimExpr Planner::sizeOf(Value value) {
  auto found = known.find(value);
  if (found != known.end())
    return found->second;
  DimExpr result = DimExpr::invalid();
  if (auto constant = getConstantIntValue(value)) {
    result = *constant;
  } else if (Operation *op = value.getDefiningOp(); op && op->getNumOperands() == 2) {
    DimExpr a = sizeOf(op->getOperand(0)), b = sizeOf(op->getOperand(1));
    if (isa<arith::AddIOp>(op))
      result = a + b;
    else if (isa<arith::SubIOp>(op))
      result = a - b;
    else if (isa<arith::MulIOp>(op))
      result = a * b;
    else if (isa<arith::FloorDivSIOp, arith::DivSIOp, arith::DivUIOp>(op))
      result = context.floorDiv(a, b);
    else if (isa<arith::CeilDivSIOp>(op))
      result = context.ceilDiv(a, b);
    else if (isa<arith::RemSIOp, arith::RemUIOp>(op))
      result = context.mod(a, b);
    else if (isa<arith::MaxSIOp>(op))
      result = context.max(a, b);
    else if (isa<arith::MinSIOp>(op))
      result = context.min(a, b);
  }
  if (!result.isValid()) // a size of no simple form is one of its own
    result = context.get(context.addSymbol("size" + std::to_string(known.size())));
  return known[value] = result;
}

DimExpr Planner::bytesOf(memref::AllocOp alloc) {
  if (alloc.getType().hasStaticShape())
    return alloc.getType().getNumElements();
  return sizeOf(alloc.getDynamicSizes()[0]);
}

/// The largest integer that divides all coefficients, and the expression divided by it.
static std::pair<int64_t, DimExpr> splitContent(DimContext &context, const DimExpr &bytes) {
  int64_t content = 0;
  for (const DimTerm &term : bytes.terms()) {
    if (term.coefficient.den != 1)
      return {1, bytes};
    content = std::gcd(content, term.coefficient.num);
  }
  if (content <= 1)
    return {1, bytes};
  return {content, context.exactDiv(bytes, content)};
}

void Planner::collect() {
  for (auto [i, name] : llvm::enumerate(entry->getAttrOfType<ArrayAttr>("nn.variables"))) {
    DimSymbol symbol = context.addSymbol(cast<StringAttr>(name).getValue());
    variables.push_back(symbol);
    size_t first =
        entry.getNumArguments() - 3 - entry->getAttrOfType<ArrayAttr>("nn.variables").size();
    known[entry.getArgument(first + i)] = context.get(symbol);
  }
  llvm::DenseMap<Operation *, int64_t> begin, end;
  int64_t now = 0;
  entry.walk([&](Operation *op, const WalkStage &stage) {
    if (stage.isBeforeAllRegions())
      begin[op] = now++;
    if (stage.isAfterAllRegions())
      end[op] = op->getNumRegions() ? now++ : begin[op];
  });
  entry.walk([&](memref::AllocOp alloc) {
    Buffer buffer{alloc, bytesOf(alloc), 0, std::numeric_limits<int64_t>::max(), 0};
    SmallVector<Operation *> users(alloc->getUsers());
    while (!users.empty()) {
      Operation *user = users.pop_back_val();
      // A row of bytes has no view of another type: kernels take it as it is.
      if (isa<ViewLikeOpInterface>(user)) {
        llvm::append_range(users, user->getUsers());
        continue;
      }
      // What a loop uses of what is made outside lives through all of its rounds.
      Operation *span = user;
      for (Operation *around = user->getParentOp(); !around->isProperAncestor(alloc);
           around = around->getParentOp())
        if (isa<LoopLikeOpInterface>(around))
          span = around;
      buffer.first = std::min(buffer.first, begin[span]);
      buffer.last = std::max(buffer.last, end[span]);
    }
    buffer.first = std::min(buffer.first, buffer.last);
    buffers.push_back(buffer);
  });
  for (Buffer &buffer : buffers) {
    auto [content, unit] = splitContent(context, buffer.bytes);
    buffer.units = llvm::alignTo(content, alignment);
    Region *region = nullptr;
    for (Region &candidate : regions)
      if (candidate.unit == unit)
        region = &candidate;
    if (!region)
      region = &regions.emplace_back(Region{unit, {}});
    region->buffers.push_back(&buffer);
  }
}

/// Places buffers one after the other, each at the lowest offset where nothing that lives at the
/// same time is; returns the units needed.
int64_t Planner::placeInOrder(ArrayRef<Buffer *> order) {
  int64_t end = 0;
  SmallVector<Buffer *> placed;
  for (Buffer *buffer : order) {
    SmallVector<Buffer *> neighbours;
    for (Buffer *other : placed)
      if (other->first <= buffer->last && buffer->first <= other->last)
        neighbours.push_back(other);
    llvm::sort(neighbours, [](Buffer *a, Buffer *b) { return a->offset < b->offset; });
    int64_t offset = 0;
    for (Buffer *other : neighbours) {
      if (offset + buffer->units <= other->offset)
        break;
      offset = std::max(offset, other->offset + other->units);
    }
    buffer->offset = offset;
    end = std::max(end, offset + buffer->units);
    placed.push_back(buffer);
  }
  return end;
}

void Planner::place(Region &region) {
  // Two orders, as neither is always the better one: by size, and by time.
  SmallVector<Buffer *> bySize(region.buffers), byTime(region.buffers);
  llvm::sort(bySize, [](Buffer *a, Buffer *b) {
    return std::tie(b->units, a->first) < std::tie(a->units, b->first);
  });
  llvm::sort(byTime, [](Buffer *a, Buffer *b) { return a->first < b->first; });
  int64_t timeEnd = placeInOrder(byTime), sizeEnd = placeInOrder(bySize);
  if (timeEnd < sizeEnd)
    sizeEnd = placeInOrder(byTime);
  region.units = sizeEnd;
}

void Planner::rewrite() {
  Location loc = entry.getLoc();
  OpBuilder b(entry.getContext());
  Block &block = entry.getBody().front();
  auto bytes = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  // The arena stands behind the inputs and outputs, before the dimension variables.
  unsigned at = entry.getNumArguments() - 3 - variables.size();
  (void)entry.insertArgument(at, bytes, {}, loc);
  Value arena = block.getArgument(at);

  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  // Sizes are computed from the dimension variables at the entry's start.
  b.setInsertionPointToStart(&block);
  IRMapping hoisted;
  std::function<Value(Value)> hoist = [&](Value value) -> Value {
    if (isa<BlockArgument>(value))
      return value;
    if (Value done = hoisted.lookupOrNull(value))
      return done;
    for (Value operand : value.getDefiningOp()->getOperands())
      hoist(operand);
    b.clone(*value.getDefiningOp(), hoisted);
    return hoisted.lookup(value);
  };
  Value base = index(0);
  llvm::DenseMap<Buffer *, Value> places;
  for (Region &region : regions) {
    Buffer *first = region.buffers.front();
    auto type = first->alloc.getType();
    Value size = type.hasStaticShape() ? index(type.getNumElements())
                                       : hoist(first->alloc.getDynamicSizes()[0]);
    int64_t content = splitContent(context, first->bytes).first;
    Value unit = b.createOrFold<arith::DivUIOp>(loc, size, index(content));
    for (Buffer *buffer : region.buffers) {
      Value offset = b.createOrFold<arith::MulIOp>(loc, unit, index(buffer->offset));
      places[buffer] = b.createOrFold<arith::AddIOp>(loc, base, offset);
    }
    Value whole = b.createOrFold<arith::MulIOp>(loc, unit, index(region.units));
    base = b.createOrFold<arith::AddIOp>(loc, base, whole);
  }
  for (Buffer &buffer : buffers) {
    b.setInsertionPoint(buffer.alloc);
    Value view = memref::ViewOp::create(b, buffer.alloc.getLoc(), buffer.alloc.getType(), arena,
                                        places[&buffer], buffer.alloc.getDynamicSizes());
    buffer.alloc.replaceAllUsesWith(view);
    buffer.alloc.erase();
  }

  // The arena's size as a function of the dimension variables.
  SmallVector<Type> indices(variables.size(), b.getIndexType());
  b.setInsertionPoint(entry);
  auto sizeFunction = func::FuncOp::create(b, loc, (entry.getName() + ".arena_size").str(),
                                           b.getFunctionType(indices, b.getIndexType()));
  sizeFunction.setPrivate();
  b.setInsertionPointToStart(sizeFunction.addEntryBlock());
  IRMapping mapping;
  for (size_t i = 0; i < variables.size(); ++i)
    mapping.map(entry.getArgument(at + 1 + i), sizeFunction.getArgument(i));
  std::function<Value(Value)> copy = [&](Value value) -> Value {
    if (Value done = mapping.lookupOrNull(value))
      return done;
    for (Value operand : value.getDefiningOp()->getOperands())
      copy(operand);
    b.clone(*value.getDefiningOp(), mapping);
    return mapping.lookup(value);
  };
  func::ReturnOp::create(b, loc, copy(base));
}

void Planner::report() {
  Builder b(entry.getContext());
  DimExpr total = 0;
  for (Region &region : regions)
    total = total + region.unit * DimExpr(region.units);
  entry->setAttr("nn.arena", b.getStringAttr(context.print(total)));
  // Beside what lives at once at the busiest call, the least possible, with every
  // variable at 64.
  auto valueOf = [&](DimSymbol) -> std::optional<int64_t> { return 64; };
  std::map<int64_t, int64_t> change;
  for (Buffer &buffer : buffers) {
    int64_t bytes = context.evaluate(buffer.bytes, valueOf).value_or(0);
    change[buffer.first] += bytes;
    change[buffer.last + 1] -= bytes;
  }
  int64_t now = 0, most = 0;
  for (auto [when, difference] : change)
    most = std::max(most, now += difference);
  entry->setAttr("nn.arena_live_bound", b.getI64IntegerAttr(most));
  entry->setAttr("nn.arena_at_64",
                 b.getI64IntegerAttr(context.evaluate(total, valueOf).value_or(-1)));
}

void Planner::run() {
  collect();
  for (Region &region : regions)
    place(region);
  report();
  rewrite();
}

namespace {
struct PlanArenaPass : cpu::impl::PlanArenaBase<PlanArenaPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> entries;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr("nn.entry"))
        entries.push_back(function);
    for (func::FuncOp entry : entries) {
      Planner planner(entry);
      planner.run();
      buffers += planner.count();
    }
  }
};
} // namespace
