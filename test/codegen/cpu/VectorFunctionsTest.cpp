//===- VectorFunctionsTest.cpp - elementary functions at all exponents -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Compares what the compiled functions give with double precision, in units of the last place of
// the exact result's f32. Arguments are floats of all exponents and both signs; with --every-float
// all of them, which takes minutes a function.

#include "codegen/pipeline/Compile.h"
#include "test/codegen/cpu/CompiledKernel.h"
#include "test/codegen/cpu/KernelCase.h"

#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "gtest/gtest.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace nacre;
using namespace nacre::test;
using interpreter::Tensor;

/// Whether to try every float.
static bool everyFloat = false;

namespace {

constexpr int64_t chunk = 1 << 18;

struct Function {
  /// The operation and its attributes.
  const char *name, *attributes;
  double (*exact)(double);
};

/// The largest error seen, and where.
struct Worst {
  double ulps = 0;
  float argument = 0, got = 0;
  double want = 0;
};

struct Target {
  const char *cpu;
  std::unique_ptr<CompiledKernel> kernel;
  Worst worst;
};

class FunctionTest : public testing::TestWithParam<Function> {};

} // namespace

/// Infinite results are compared as the power of two after the largest float.
static double bounded(double x) { return std::clamp(x, -0x1p128, 0x1p128); }

/// How many last places of the f32 next to `want` lie between it and what `argument` gives;
/// infinite for a wrong NaN, for a number in place of 0, or for the wrong sign of what zeros give.
static double errorOf(float argument, float got, double want) {
  if (std::isnan(got) || std::isnan(want))
    return std::isnan(got) && std::isnan(want) ? 0 : INFINITY;
  if ((want == 0 && got != 0) || (argument == 0 && std::signbit(got) != std::signbit(want)))
    return INFINITY;
  int exponent = std::max(std::min(std::ilogb(want), 127), -126);
  return std::abs(bounded(got) - bounded(want)) / std::ldexp(1.0, exponent - 23);
}

static double geluErf(double x) {
  return x == -INFINITY ? -0.0 : 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
}
static double silu(double x) { return x == -INFINITY ? -0.0 : x / (1 + std::exp(-x)); }
static double geluTanh(double x) {
  double twice = 2 * std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return x == -INFINITY ? -0.0 : x / (1 + std::exp(-twice));
}
static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
static double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))) + (std::isnan(x) ? x : 0);
}
static double rsqrt(double x) { return 1 / std::sqrt(x); }
static double elu(double x) { return x < 0 ? 1.5 * std::expm1(x) : x; }
static double selu(double x) {
  constexpr double scale = 1.0507009873554804934, alpha = 1.6732632423543772848;
  return x < 0 ? scale * alpha * std::expm1(x) : scale * x;
}

static const Function functions[] = {
    {"exp", "", std::exp},
    {"log", "", std::log},
    {"rsqrt", "", rsqrt},
    {"sin", "", std::sin},
    {"cos", "", std::cos},
    {"tanh", "", std::tanh},
    {"erf", "", std::erf},
    {"sigmoid", "", sigmoid},
    {"silu", "", silu},
    {"softplus", "", softplus},
    {"gelu", "", geluErf},
    {"gelu", " {form = #nn<gelu_form tanh>}", geluTanh},
    {"elu", " {alpha = 1.5 : f64}", elu},
    {"selu", "", selu},
};

/// The processors that there is different code for.
static std::vector<const char *> cpus() {
  if (llvm::Triple(llvm::sys::getDefaultTargetTriple()).isX86())
    return {"native", "x86-64-v4", "x86-64-v3", "x86-64"};
  return {"native"};
}

/// Number `i` of the arguments: evenly over the bits, and anything in between.
static float argument(uint64_t i, int step) {
  uint64_t mixed = (i + 1) * 0x9e3779b97f4a7c15u;
  return llvm::bit_cast<float>(uint32_t(i * step + (mixed >> 32) % step));
}

/// One for all: dialects are slow to load.
static MLIRContext &context() {
  static MLIRContext *instance = [] {
    auto *made = new MLIRContext(MLIRContext::Threading::DISABLED);
    loadPipelineDialects(*made);
    return made;
  }();
  return *instance;
}

static void compile(llvm::StringRef program, std::vector<Target> &targets) {
  std::string text = moduleText(program);
  for (const char *cpu : cpus()) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context());
    ASSERT_TRUE(module) << text;
    std::string error;
    auto kernel = CompiledKernel::create(*module, {}, cpu, error);
    ASSERT_EQ(error, "") << cpu;
    if (kernel)
      targets.push_back({cpu, std::move(kernel), {}});
  }
  ASSERT_FALSE(targets.empty()) << "no code runs on this machine";
}

TEST_P(FunctionTest, IsWithinTwoUlp) {
  const Function &function = GetParam();
  std::vector<Target> targets;
  compile(llvm::formatv("in x: f32[N]\nout y: f32[N]\n%y = nn.{0} %x{1} : f32[N] -> f32[N]\n",
                        function.name, function.attributes)
              .str(),
          targets);

  uint64_t count = everyFloat ? uint64_t(1) << 32 : 1 << 22;
  int step = (uint64_t(1) << 32) / count;
  Type f32 = Float32Type::get(&context());
  Tensor input = Tensor::zeros(f32, {chunk}), output = Tensor::zeros(f32, {chunk});
  auto floats = [](ArrayRef<char> bytes) { return reinterpret_cast<const float *>(bytes.data()); };
  std::vector<double> want(chunk);
  for (uint64_t first = 0; first < count; first += chunk) {
    auto *x = reinterpret_cast<float *>(input.getMutableBytes().data());
    for (int64_t i = 0; i < chunk; ++i) {
      x[i] = argument(first + i, step);
      want[i] = function.exact(x[i]);
    }
    for (Target &target : targets) {
      ASSERT_EQ(target.kernel->run(input, output, chunk, 1, Edge::end, '\xff'), "");
      const float *got = floats(output.getBytes());
      for (int64_t i = 0; i < chunk; ++i)
        if (double ulps = errorOf(x[i], got[i], want[i]); ulps > target.worst.ulps)
          target.worst = {ulps, x[i], got[i], want[i]};
    }
  }
  for (const Target &target : targets) {
    const Worst &worst = target.worst;
    std::string what =
        llvm::formatv("{0} {1}: {2:f3} ulp at {3}: {4} instead of {5}", function.name, target.cpu,
                      worst.ulps, worst.argument, worst.got, worst.want);
    EXPECT_LE(worst.ulps, 2) << what;
    RecordProperty(target.cpu, what);
    if (everyFloat)
      llvm::outs() << what << "\n";
  }
}

/// Pairs: both of all exponents; bases near 1, whose logarithm cancels; whole exponents; and all
/// pairs of special values.
static std::vector<std::pair<float, float>> powerArguments() {
  std::vector<std::pair<float, float>> pairs;
  auto random = [state = uint64_t(1)]() mutable {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return uint32_t(state >> 32);
  };
  auto unit = [&] { return float(random() * 0x1p-31 - 1); };
  for (int i = 0; i < 1 << 18; ++i) {
    pairs.emplace_back(llvm::bit_cast<float>(random()), llvm::bit_cast<float>(random()));
    pairs.emplace_back(llvm::bit_cast<float>(random()), 4 * unit());
    pairs.emplace_back(1 + unit() * std::ldexp(1.0f, -int(random() % 24)), 4000 * unit());
    pairs.emplace_back(100 * unit(), std::round(40 * unit()));
  }
  constexpr float largest = std::numeric_limits<float>::max(), smallest = 0x1p-149f;
  std::vector<float> special = {0,       0.5f,     1,        1.5f,    2,        3,
                                8388607, 16777215, 16777216, largest, smallest, INFINITY};
  for (size_t i = special.size(); i-- > 0;)
    special.push_back(-special[i]);
  special.push_back(NAN);
  for (float x : special)
    for (float y : special)
      pairs.emplace_back(x, y);
  return pairs;
}

TEST(PowerTest, IsWithinTwoUlp) {
  std::vector<Target> targets;
  compile("in x: f32[N]\nin p: f32[N]\nout y: f32[N]\n"
          "%y = nn.pow %x, %p : f32[N], f32[N] -> f32[N]\n",
          targets);
  std::vector<std::pair<float, float>> pairs = powerArguments();
  int64_t count = pairs.size();
  Type f32 = Float32Type::get(&context());
  Tensor inputs[] = {Tensor::zeros(f32, count), Tensor::zeros(f32, count)};
  Tensor output = Tensor::zeros(f32, count);
  for (auto [i, pair] : llvm::enumerate(pairs)) {
    inputs[0].setFloat(i, pair.first);
    inputs[1].setFloat(i, pair.second);
  }
  for (Target &target : targets) {
    ASSERT_EQ(target.kernel->run(inputs, output, count, 1, Edge::end, '\xff'), "");
    int wrong = 0;
    for (auto [i, pair] : llvm::enumerate(pairs)) {
      double want = std::pow(double(pair.first), double(pair.second));
      float got = output.getFloat(i);
      double ulps = errorOf(pair.first, got, want);
      target.worst.ulps = std::max(target.worst.ulps, ulps);
      if (!(ulps <= 2) && ++wrong < 10)
        ADD_FAILURE() << target.cpu << ": " << ulps << " ulp at pow(" << pair.first << ", "
                      << pair.second << "): " << got << " instead of " << want;
    }
    RecordProperty(target.cpu, llvm::formatv("{0:f3} ulp", target.worst.ulps).str());
  }
}

static std::string nameOf(const testing::TestParamInfo<Function> &info) {
  return info.param.name + std::string(*info.param.attributes ? "WithAttributes" : "");
}
INSTANTIATE_TEST_SUITE_P(Functions, FunctionTest, testing::ValuesIn(functions), nameOf);

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  everyFloat = argc > 1 && llvm::StringRef(argv[1]) == "--every-float";
  return RUN_ALL_TESTS();
}
