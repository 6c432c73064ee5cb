//===- GroupedLinear.cpp - linear layers of weights in groups --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/cpu/Kernels.h"
#include "codegen/cpu/PackedMatmul.h"
#include "dialects/nn/GroupedWeights.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace nacre;
using namespace nacre::cpu;

namespace {

/// The rows of a call that read the weight as it is stored. More of them have it widened, once for
/// each block of rows.
constexpr int64_t fewRows = 2;

/// Numbers of a weight as `nn::GroupLayout` says, in vector registers. Depths come in octets, which
/// no group's border cuts.
class GroupReader {
public:
  static constexpr int64_t octet = 8;

  GroupReader(KernelBuilder &b, Value bytes, nn::GroupLayout layout)
      : b(b), bytes(bytes), words(view(b.getI32Type(), 4)), scales(view(b.getIntegerType(16), 2)),
        layout(layout) {
    // One instruction looks all sixteen numbers of four bits up, in as many lanes.
    if (layout.bits == 4 && b.target.lanes == 16) {
      SmallVector<float> numbers;
      for (int i = 0; i < 16; ++i)
        numbers.push_back(static_cast<float>(i < 8 ? i : i - 16));
      table = b.make<arith::ConstantOp>(DenseElementsAttr::get(reals(), ArrayRef(numbers)));
    }
  }

  /// The first byte of the scales, or of an octet, of a group.
  Value scaleStart(Value panel, Value group) const {
    return b.add(b.mul(panel, layout.panelBytes()), b.mul(group, layout.groupBytes()));
  }
  Value octetStart(Value panel, Value group, Value inGroup) const {
    return b.add(b.add(scaleStart(panel, group), layout.scaleBytes()),
                 b.mul(inGroup, octetBytes()));
  }
  int64_t octetBytes() const { return octet / layout.stepDepth() * layout.stepBytes(); }

  /// The scales of the lanes from `column` on.
  Value scale(Value scaleStart, Value column) const {
    return b.loadVector(scales, b.add(b.div(scaleStart, b.index(2)), column), b.getF32Type());
  }
  /// The numbers of the lanes from `column` on, at the first `count` depths of an octet.
  SmallVector<Value> numbers(Value octetStart, Value column, int64_t count) const {
    SmallVector<Value> result;
    VectorType integers = b.vectorOf(b.getI32Type());
    if (layout.bits == 8) {
      for (int64_t k = 0; k < count; ++k) {
        Value at = b.add(b.add(octetStart, k * layout.stepBytes()), column);
        Value narrow = b.make<vector::LoadOp>(b.vectorOf(b.getI8Type()), bytes, at);
        result.push_back(toReal(b.make<arith::ExtSIOp>(integers, narrow)));
      }
      return result;
    }
    Value word = b.loadVector(words, b.add(b.div(octetStart, b.index(4)), column), b.getI32Type());
    auto by = [&](int64_t bits) { return b.splat(integers, static_cast<double>(bits)); };
    for (int64_t k = 0; k < count; ++k) {
      int64_t low = k % 4 * 8 + k / 4 * 4;
      if (table) {
        Value index = low == 0 ? word : b.make<arith::ShRUIOp>(word, by(low));
        result.push_back(LLVM::CallIntrinsicOp::create(
                             b, b.loc, reals(), b.getStringAttr("llvm.x86.avx512.permvar.sf.512"),
                             ValueRange{table, index})
                             .getResults());
        continue;
      }
      // To the top, and down again with its sign.
      Value up = low == 28 ? word : b.make<arith::ShLIOp>(word, by(28 - low));
      result.push_back(toReal(b.make<arith::ShRSIOp>(up, by(28))));
    }
    return result;
  }

  /// Asks for the octet's bytes some way ahead, for the lanes from `column` on.
  void prefetch(Value octetStart, Value column, int64_t columns) const {
    constexpr int64_t bytesAhead = 8192, line = 64;
    int64_t width = columns * layout.stepBytes() / layout.panel;
    Value from =
        b.add(b.add(octetStart, b.mul(column, layout.stepBytes() / layout.panel)), bytesAhead);
    for (int64_t step = 0; step < octetBytes(); step += layout.stepBytes())
      for (int64_t i = 0; i < width; i += line)
        memref::PrefetchOp::create(b, b.loc, bytes, ValueRange{b.add(from, step + i)},
                                   /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
  }

private:
  VectorType reals() const { return b.vectorOf(b.getF32Type()); }
  Value toReal(Value integer) const { return b.make<arith::SIToFPOp>(reals(), integer); }
  Value view(Type element, int64_t size) const {
    return memref::ViewOp::create(b, b.loc, MemRefType::get({ShapedType::kDynamic}, element), bytes,
                                  b.index(0), b.div(b.dim(bytes, 0), b.index(size)));
  }

  KernelBuilder &b;
  Value bytes, words, scales, table;
  nn::GroupLayout layout;
};

/// Writes one such layer.
struct GroupedLinear {
  KernelBuilder &b;
  const GroupReader &reader;
  nn::GroupLayout layout;
  PackedMatmul &matmul;

  /// What one or two rows do: they read the weight as memory gives it, so there is time to turn
  /// each number into an f32 in registers. The sum of a group is multiplied by its scale.
  SmallVector<Value> multiplyFew(Value panel, Value column, Value row, int64_t height,
                                 int64_t columns) const {
    int64_t vectors = llvm::divideCeil(columns, b.target.lanes);
    SmallVector<Value> zeros(height * vectors, b.splat(b.vectorOf(b.getF32Type()), 0));
    SmallVector<Value> starts = matmul.rowStarts(row, height, {});
    auto lane = [&](int64_t v) { return b.add(column, v * b.target.lanes); };
    auto addOctet = [&](Value group, Value inGroup, int64_t count, ValueRange sums) {
      Value at = reader.octetStart(panel, group, inGroup);
      if (count == GroupReader::octet)
        reader.prefetch(at, column, vectors * b.target.lanes);
      Value first = b.add(b.mul(group, layout.groupSize), b.mul(inGroup, GroupReader::octet));
      SmallVector<Value> next(sums);
      SmallVector<SmallVector<Value>> numbers;
      for (int64_t v = 0; v < vectors; ++v)
        numbers.push_back(reader.numbers(at, lane(v), count));
      for (int64_t k = 0; k < count; ++k)
        for (int64_t r = 0; r < height; ++r) {
          Value x = b.broadcast(
              b.loadScalar(matmul.input, b.add(b.add(starts[r], first), k), b.getF32Type()));
          for (int64_t v = 0; v < vectors; ++v)
            next[r * vectors + v] = b.fma(x, numbers[v][k], next[r * vectors + v]);
        }
      return next;
    };
    auto addGroup = [&](Value group, int64_t depth, ValueRange totals) {
      int64_t octets = depth / GroupReader::octet, rest = depth % GroupReader::octet;
      SmallVector<Value> sums =
          b.loop(b.index(0), b.index(octets), 1, zeros, [&](Value inGroup, ValueRange carried) {
            return addOctet(group, inGroup, GroupReader::octet, carried);
          });
      if (rest)
        sums = addOctet(group, b.index(octets), rest, sums);
      for (int64_t v = 0; v < vectors; ++v) {
        Value scale = reader.scale(reader.scaleStart(panel, group), lane(v));
        for (int64_t r = 0; r < height; ++r)
          sums[r * vectors + v] = b.fma(sums[r * vectors + v], scale, totals[r * vectors + v]);
      }
      return sums;
    };
    int64_t whole = layout.depth / layout.groupSize, rest = layout.depth % layout.groupSize;
    SmallVector<Value> totals =
        b.loop(b.index(0), b.index(whole), 1, zeros, [&](Value group, ValueRange carried) {
          return addGroup(group, layout.groupSize, carried);
        });
    return rest ? addGroup(b.index(whole), rest, totals) : totals;
  }

  void emitFew(int64_t height) const {
    int64_t strips = matmul.strips(), width = matmul.stripWidth(),
            perPanel = matmul.stripsPerPanel();
    auto [low, high] = b.share(b.index(strips));
    b.loop(low, high, 1, [&](Value strip) {
      Value panel = b.div(strip, b.index(perPanel));
      Value column = b.mul(b.rem(strip, b.index(perPanel)), width), zero = b.index(0);
      auto run = [&](int64_t columns) {
        PackedMatmul::Tile tile{zero,
                                panel,
                                column,
                                zero,
                                zero,
                                height,
                                int64_t(llvm::divideCeil(columns, b.target.lanes)),
                                columns};
        matmul.finish(tile, multiplyFew(panel, column, zero, height, columns));
      };
      int64_t rest = matmul.outputs % width;
      if (rest == 0)
        return run(width);
      Value isLast = b.createOrFold<arith::CmpIOp>(b.loc, arith::CmpIPredicate::eq, strip,
                                                   b.index(strips - 1));
      if (strips > 1)
        b.onlyIf(b.less(strip, b.index(strips - 1)), [&] { run(width); });
      b.onlyIf(isLast, [&] { run(rest); });
    });
  }

  /// Writes a strip's slice of the weight as f32, [count, width] row-major.
  void widen(Value panel, Value column, Value firstDepth, Value count, Value to) const {
    int64_t width = matmul.stripWidth(), lanes = b.target.lanes;
    auto writeOctet = [&](Value octet, int64_t depths) {
      Value first = b.add(firstDepth, b.mul(octet, GroupReader::octet));
      Value group = b.div(first, b.index(layout.groupSize));
      Value inGroup =
          b.div(b.sub(first, b.mul(group, layout.groupSize)), b.index(GroupReader::octet));
      Value at = reader.octetStart(panel, group, inGroup);
      Value scaleAt = reader.scaleStart(panel, group);
      Value row = b.mul(octet, GroupReader::octet * width);
      for (int64_t v = 0; v < width; v += lanes) {
        Value lane = b.add(column, v), scale = reader.scale(scaleAt, lane);
        for (auto [k, number] : llvm::enumerate(reader.numbers(at, lane, depths)))
          b.storeVector(b.make<arith::MulFOp>(number, scale), to,
                        b.add(row, static_cast<int64_t>(k) * width + v));
      }
    };
    Value octets = b.div(count, b.index(GroupReader::octet));
    b.loop(b.index(0), octets, 1, [&](Value octet) { writeOctet(octet, GroupReader::octet); });
    // Only the last slice ends within an octet.
    if (int64_t rest = layout.depth % GroupReader::octet) {
      Value isCut = b.less(b.mul(octets, GroupReader::octet), count);
      b.onlyIf(isCut, [&] { writeOctet(octets, rest); });
    }
  }
};

} // namespace

LogicalResult nacre::cpu::emitPackedLinearGroups(KernelBuilder &b, nn::PackedLinearGroupsOp root) {
  FailureOr<Value> input = b.buffer(root.getInput()), weight = b.buffer(root.getWeight());
  FailureOr<Value> bias = root.getBias() ? b.buffer(root.getBias()) : FailureOr<Value>(Value());
  FailureOr<TileEmitter> tile = TileEmitter::create(b, b.yielded(), root.getResult());
  if (failed(input) || failed(weight) || failed(bias) || failed(tile))
    return failure();
  int64_t depth = cast<RankedTensorType>(root.getInput().getType()).getShape().back();
  nn::GroupLayout layout{depth, int64_t(root.getBits()), int64_t(root.getGroupSize()),
                         int64_t(root.getPanel())};
  auto rowStarts = [&](Value row, int64_t height, Value) {
    SmallVector<Value> starts;
    for (int64_t r = 0; r < height; ++r)
      starts.push_back(b.mul(b.add(row, r), depth));
    return starts;
  };
  // Of a narrow weight a slice is in the cache twice.
  DepthSlices slices(depth, sliceTarget / 2, GroupReader::octet);
  auto overSlice = [&](Value slice, bool last, PackedMatmul::Step step, ValueRange accumulators) {
    return slices.run(b, slice, last, step, accumulators);
  };
  PackedMatmul matmul{.b = b,
                      .tile = *tile,
                      .rows = b.dim(b.toRows(*input), 0),
                      .input = b.flatten(*input),
                      .weight = b.flatten(*weight),
                      .bias = *bias,
                      .outputs = int64_t(root.getOutputs()),
                      .groups = 1,
                      .panels = root.getWeight().getType().getDimSize(0),
                      .depth = depth,
                      .panelWidth = layout.panel,
                      .rowStarts = rowStarts,
                      .slices = slices.count,
                      .sliceDepth = slices.length,
                      .overSlice = overSlice};
  GroupReader reader(b, matmul.weight, layout);
  GroupedLinear linear{b, reader, layout, matmul};
  auto widen = [&](Value panel, Value column, Value firstDepth, Value count, Value to) {
    linear.widen(panel, column, firstDepth, count, to);
  };
  matmul.widenSlice = widen;
  SmallVector<int64_t> cases = llvm::to_vector(llvm::seq<int64_t>(1, fewRows + 1));
  auto choice = scf::IndexSwitchOp::create(b, b.loc, TypeRange(), matmul.rows, cases, cases.size());
  OpBuilder::InsertionGuard guard(b);
  for (auto [region, height] : llvm::zip(choice.getCaseRegions(), cases)) {
    b.createBlock(&region);
    linear.emitFew(height);
    scf::YieldOp::create(b, b.loc);
  }
  b.createBlock(&choice.getDefaultRegion());
  matmul.emit();
  scf::YieldOp::create(b, b.loc);
  return success();
}
