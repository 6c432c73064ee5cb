//===- KernelCheck.cpp - compares compiled kernels with the interpreter ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/pipeline/Compile.h"
#include "test/codegen/cpu/CompiledKernel.h"
#include "test/codegen/cpu/KernelCase.h"
#include "test/codegen/cpu/KernelCompare.h"
#include "test/codegen/cpu/KernelValues.h"

#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/TargetParser/Host.h"
#include "gtest/gtest.h"

#include <thread>

using namespace mlir;
using namespace nacre;
using namespace nacre::test;
using interpreter::Tensor;

namespace {

/// The program of a case, its reference and its compiled forms.
class Checker {
public:
  explicit Checker(const Case &one) : one(one) {}
  void run();

private:
  struct Target {
    std::string cpu, error;
    std::unique_ptr<CompiledKernel> kernel;
  };

  bool compile();
  void compile(Target &target, MLIRContext &context);
  object::WeightSource weights(ModuleOp of);
  SmallVector<int64_t> shapeOf(unsigned argument, const Sizes &sizes);
  FailureOr<SmallVector<Tensor>> interpret(StringRef name, ArrayRef<Tensor> inputs);
  void compare(const Sizes &sizes, Values values);
  void checkRefused(const Sizes &sizes);
  SmallVector<int64_t> dimsOf(const Target &target, const Sizes &sizes);
  void compare(Target &target, const Sizes &sizes, ArrayRef<Tensor> inputs, ArrayRef<Tensor> want,
               ArrayRef<Tensor> bound, double ulps);

  const Case &one;
  OwningOpRef<ModuleOp> module;
  std::vector<Target> targets;
};

} // namespace

/// One for all cases, since dialects are slow to load, and one for each CPU that is compiled for.
static MLIRContext &context(size_t number) {
  static std::vector<std::unique_ptr<MLIRContext>> made;
  while (made.size() <= number) {
    made.push_back(std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED));
    loadPipelineDialects(*made.back());
  }
  return *made[number];
}

/// The widest vectors that this machine has, and narrower ones.
static std::vector<StringRef> cpus() {
#if __has_feature(address_sanitizer)
  // Compiled code is not instrumented; what the sanitizer sees, the compiler's own work, is the
  // same for all.
  return {"native"};
#endif
  if (llvm::Triple(llvm::sys::getDefaultTargetTriple()).isX86())
    return {"native", "x86-64-v3", "x86-64"};
  return {"native"};
}

static std::string describe(const Sizes &sizes) {
  std::string text;
  for (auto &[name, size] : sizes)
    text += (text.empty() ? "" : ", ") + name + " = " + std::to_string(size);
  return text;
}

object::WeightSource Checker::weights(ModuleOp of) {
  auto load = [this, of](StringRef name) -> FailureOr<Tensor> {
    auto global = ModuleOp(of).lookupSymbol<ml_program::GlobalOp>(name);
    auto type = cast<RankedTensorType>(global.getType());
    auto stored = global->getAttrOfType<TypeAttr>("nn.stored");
    return makeWeight(one, name, stored ? stored.getValue() : type.getElementType(),
                      type.getShape());
  };
  return {load, [](StringRef) {}};
}

void Checker::compile(Target &target, MLIRContext &context) {
  auto program = parseSourceString<ModuleOp>(moduleText(one.text), &context);
  if (Operation *bound = program->lookupSymbol("bound"))
    bound->erase();
  target.kernel = CompiledKernel::create(*program, weights(*program), target.cpu, target.error);
}

/// Compiles for all CPUs at once: that is what these tests spend their time with.
bool Checker::compile() {
  std::vector<Target> all;
  for (StringRef cpu : cpus())
    all.push_back({cpu.str(), "", nullptr});
  std::vector<std::thread> threads;
  for (auto [i, target] : llvm::enumerate(all))
    threads.emplace_back([this, &target, &own = context(i + 1)] { compile(target, own); });
  for (std::thread &thread : threads)
    thread.join();
  bool succeeded = true;
  for (Target &target : all) {
    if (!target.error.empty())
      ADD_FAILURE() << "for " << target.cpu << ": " << target.error;
    succeeded &= target.error.empty();
    // None without an error: code that this machine does not run.
    if (target.kernel)
      targets.push_back(std::move(target));
  }
  return succeeded;
}

SmallVector<int64_t> Checker::shapeOf(unsigned argument, const Sizes &sizes) {
  auto entry = module->lookupSymbol<func::FuncOp>("kernel");
  auto dims = entry.getArgAttrOfType<ArrayAttr>(argument, "nn.dims");
  SmallVector<int64_t> shape(
      cast<RankedTensorType>(entry.getArgument(argument).getType()).getShape());
  for (auto [size, name] : llvm::zip(shape, dims))
    if (ShapedType::isDynamic(size))
      size = sizes.at(cast<StringAttr>(name).str());
  return shape;
}

FailureOr<SmallVector<Tensor>> Checker::interpret(StringRef name, ArrayRef<Tensor> inputs) {
  llvm::StringMap<Tensor> states;
  FailureOr<SmallVector<Tensor>> results = failure();
  for (int call = 0; call < one.calls; ++call)
    results = interpreter::interpret(module->lookupSymbol<func::FuncOp>(name), inputs,
                                     {one.precision, weights(*module).load, &states});
  return results;
}

void Checker::compare(Target &target, const Sizes &sizes, ArrayRef<Tensor> inputs,
                      ArrayRef<Tensor> want, ArrayRef<Tensor> bound, double ulps) {
  SmallVector<int64_t> dims = dimsOf(target, sizes);
  auto entry = module->lookupSymbol<func::FuncOp>("kernel");
  struct Run {
    int threads;
    Edge edge;
    char fill;
  };
  // Fills differ, so that what nobody has written is seen.
  constexpr Run runs[] = {{1, Edge::end, '\xff'},
                          {2, Edge::start, '\x7f'},
                          {3, Edge::end, '\x7f'},
                          {1, Edge::start, '\xff'}};
  std::vector<Tensor> first;
  for (const Run &run : runs) {
    std::string what = target.cpu + ", " + std::to_string(run.threads) +
                       " threads, buffers at the " + (run.edge == Edge::end ? "end" : "start") +
                       " of their pages";
    describeFaults(one.name + ", " + describe(sizes) + ", " + what);
    std::vector<Tensor> got;
    for (auto [type, tensor] : llvm::zip(entry.getResultTypes(), want))
      got.push_back(Tensor::zeros(getElementTypeOrSelf(type), tensor.getShape()));
    std::string error =
        target.kernel->run(inputs, got, dims, run.threads, run.edge, run.fill, one.calls);
    if (!error.empty()) {
      ADD_FAILURE() << what << ": " << error;
      return;
    }
    if (!first.empty()) {
      for (auto [a, b] : llvm::zip(first, got))
        if (a.getBytes() != b.getBytes())
          ADD_FAILURE() << what << ": not the same bits as before" << difference(b, a, a, 0);
      continue;
    }
    for (auto [i, tensor] : llvm::enumerate(got))
      if (std::string wrong = difference(tensor, want[i], bound[i], ulps); !wrong.empty())
        ADD_FAILURE() << what << ": result " << i << wrong;
    first = std::move(got);
  }
}

void Checker::compare(const Sizes &sizes, Values values) {
  SCOPED_TRACE(describe(sizes) + (sizes.empty() ? "" : ", ") + nameOf(values).str() + " values");
  auto entry = module->lookupSymbol<func::FuncOp>("kernel");
  SmallVector<Tensor> inputs, seen;
  for (auto [i, type] : llvm::enumerate(entry.getArgumentTypes())) {
    auto name = entry.getArgAttrOfType<StringAttr>(i, "nn.name");
    inputs.push_back(makeInput(one, name, getElementTypeOrSelf(type), shapeOf(i, sizes), values));
    seen.push_back(
        *Tensor::copyOf(inputs[i].getElementType(), inputs[i].getShape(), inputs[i].getBytes()));
  }
  if (one.forReference)
    one.forReference(seen);
  auto want = interpret("kernel", seen);
  ASSERT_TRUE(succeeded(want)) << "the interpreter fails";
  auto bound = want;
  if (module->lookupSymbol("bound"))
    bound = interpret("bound", seen);
  ASSERT_TRUE(succeeded(bound)) << "the interpreter fails on the bound";
  double ulps = one.ulps * (one.terms ? one.terms(sizes) : 1);
  if (values == Values::integers)
    ulps = 0;
  for (Target &target : targets)
    compare(target, sizes, inputs, *want, *bound, ulps);
}

SmallVector<int64_t> Checker::dimsOf(const Target &target, const Sizes &sizes) {
  SmallVector<int64_t> dims;
  for (const std::string &variable : target.kernel->variables())
    dims.push_back(sizes.at(variable));
  return dims;
}

void Checker::checkRefused(const Sizes &sizes) {
  for (const Target &target : targets)
    EXPECT_NE(target.kernel->refusal(dimsOf(target, sizes)), "") << describe(sizes);
}

void Checker::run() {
  ASSERT_TRUE(one.ulps == 0 || !one.reason.empty()) << "a tolerance without a reason";
  std::string text = moduleText(one.text);
  module = parseSourceString<ModuleOp>(text, &context(0));
  ASSERT_TRUE(module) << "does not parse:\n" << text;
  if (!compile())
    return;
  ASSERT_FALSE(targets.empty()) << "no code runs on this machine";
  for (const Sizes &sizes : one.sizes)
    for (Values values : one.values)
      compare(sizes, values);
  for (const Sizes &sizes : one.sweeps)
    compare(sizes, Values::sweep);
  for (const Sizes &sizes : one.refused)
    checkRefused(sizes);
}

void nacre::test::check(const Case &one) { Checker(one).run(); }
