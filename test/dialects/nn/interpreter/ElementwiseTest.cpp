//===- ElementwiseTest.cpp - numbers of element-wise operations -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expected numbers come from PyTorch 2 in float64, or from the definition where exact.

#include "test/dialects/nn/interpreter/Harness.h"

using namespace nacre::interpreter;

namespace {

class ElementwiseTest : public InterpreterTest {
protected:
  std::vector<double> unary(const std::string &op, std::vector<double> x,
                            const std::string &attributes = "") {
    std::string type = "tensor<" + std::to_string(x.size()) + "xf64>";
    Outcome outcome = runOp("nn." + op + " %a " + attributes + " : " + type + " -> " + type,
                            {floats({static_cast<int64_t>(x.size())}, x)});
    EXPECT_TRUE(outcome.succeeded) << outcome.errors;
    return outcome.values();
  }

  std::vector<double> binary(const std::string &op, std::vector<double> x, std::vector<double> y) {
    std::string type = "tensor<" + std::to_string(x.size()) + "xf64>";
    int64_t n = static_cast<int64_t>(x.size());
    Outcome outcome = runOp("nn." + op + " %a, %b : " + type + ", " + type + " -> " + type,
                            {floats({n}, x), floats({n}, y)});
    EXPECT_TRUE(outcome.succeeded) << outcome.errors;
    return outcome.values();
  }

  std::vector<double> unaryInt(const std::string &op, const std::string &element,
                               std::vector<int64_t> x) {
    std::string type = "tensor<" + std::to_string(x.size()) + "x" + element + ">";
    Outcome outcome = runOp("nn." + op + " %a : " + type + " -> " + type, {typed(element, x)});
    EXPECT_TRUE(outcome.succeeded) << outcome.errors;
    return outcome.values();
  }

  std::vector<double> binaryInt(const std::string &op, const std::string &element,
                                std::vector<int64_t> x, std::vector<int64_t> y) {
    std::string type = "tensor<" + std::to_string(x.size()) + "x" + element + ">";
    Outcome outcome = runOp("nn." + op + " %a, %b : " + type + ", " + type + " -> " + type,
                            {typed(element, x), typed(element, y)});
    EXPECT_TRUE(outcome.succeeded) << outcome.errors;
    return outcome.values();
  }

  Tensor typed(const std::string &element, std::vector<int64_t> values) {
    bool isUnsigned = element[0] == 'u';
    auto type = mlir::IntegerType::get(&context, std::stoul(element.substr(isUnsigned ? 2 : 1)),
                                       isUnsigned ? mlir::IntegerType::Unsigned
                                                  : mlir::IntegerType::Signless);
    Tensor tensor = Tensor::zeros(type, {static_cast<int64_t>(values.size())});
    for (size_t i = 0; i < values.size(); ++i)
      tensor.setInt(static_cast<int64_t>(i), values[i]);
    return tensor;
  }

  const std::vector<double> points = {-3, -1, -0.5, 0, 0.5, 2};
};

TEST_F(ElementwiseTest, UnaryFunctionsMatchPyTorch) {
  EXPECT_EQ(unary("exp", points),
            near({0.049787068367863944, 0.36787944117144233, 0.6065306597126334, 1.0,
                  1.6487212707001282, 7.38905609893065}));
  EXPECT_EQ(unary("sin", points),
            near({-0.1411200080598672, -0.8414709848078965, -0.479425538604203, 0.0,
                  0.479425538604203, 0.9092974268256817}));
  EXPECT_EQ(unary("cos", points), near({-0.9899924966004454, 0.5403023058681398, 0.8775825618903728,
                                        1.0, 0.8775825618903728, -0.4161468365471424}));
  EXPECT_EQ(unary("tanh", points),
            near({-0.9950547536867305, -0.7615941559557649, -0.4621171572600098, 0.0,
                  0.4621171572600098, 0.9640275800758169}));
  EXPECT_EQ(unary("erf", points),
            near({-0.9999779095030014, -0.8427007929497149, -0.5204998778130465, 0.0,
                  0.5204998778130465, 0.9953222650189527}));
  EXPECT_EQ(unary("log", {0.25, 1, 2, 10}),
            near({-1.3862943611198906, 0.0, 0.6931471805599453, 2.302585092994046}));
  EXPECT_EQ(unary("sqrt", {0.25, 1, 2, 10}),
            near({0.5, 1.0, 1.414213562373095, 3.1622776601683795}));
  EXPECT_EQ(unary("rsqrt", {0.25, 1, 2, 10}),
            near({2.0, 1.0, 0.7071067811865475, 0.31622776601683794}));
}

TEST_F(ElementwiseTest, ActivationsMatchPyTorch) {
  EXPECT_EQ(unary("sigmoid", points),
            near({0.04742587317756678, 0.2689414213699951, 0.3775406687981454, 0.5,
                  0.6224593312018546, 0.8807970779778823}));
  EXPECT_EQ(unary("silu", points),
            near({-0.14227761953270035, -0.2689414213699951, -0.1887703343990727, 0.0,
                  0.3112296656009273, 1.7615941559557646}));
  EXPECT_EQ(unary("selu", points),
            near({-1.6705687287671118, -1.1113307378125625, -0.6917581878028713, 0.0,
                  0.5253504936777402, 2.101401974710961}));
  EXPECT_EQ(unary("softplus", points),
            near({0.04858735157374206, 0.31326168751822286, 0.4740769841801067, 0.6931471805599453,
                  0.9740769841801067, 2.1269280110429727}));
  EXPECT_EQ(unary("gelu", points),
            near({-0.00404969409489031, -0.15865525393145702, -0.15426876936299344, 0.0,
                  0.34573123063700656, 1.9544997361036416}));
  EXPECT_EQ(unary("gelu", points, "{form = #nn<gelu_form tanh>}"),
            near({-0.0036373920817729943, -0.15880800939172324, -0.15428599017485606, 0.0,
                  0.34571400982514394, 1.954597694087775}));
  EXPECT_EQ(unary("leaky_relu", points, "{slope = 0.1 : f64}"),
            near({-0.30000000000000004, -0.1, -0.05, 0.0, 0.5, 2.0}));
  EXPECT_EQ(unary("elu", points, "{alpha = 1.5 : f64}"),
            near({-1.4253193974482041, -0.9481808382428365, -0.5902040104310499, 0.0, 0.5, 2.0}));
  EXPECT_EQ(unary("relu", points), near({0, 0, 0, 0, 0.5, 2}));
}

TEST_F(ElementwiseTest, RoundingAndSigns) {
  EXPECT_EQ(unary("floor", {-1.5, -1, 1.5}), near({-2, -1, 1}));
  EXPECT_EQ(unary("ceil", {-1.5, -1, 1.5}), near({-1, -1, 2}));
  EXPECT_EQ(unary("round", {0.5, 1.5, 2.5, -0.5, -1.5, 1.2}), near({0, 2, 2, -0.0, -2, 1}));
  EXPECT_EQ(unary("neg", {1, -2}), near({-1, 2}));
  EXPECT_EQ(unary("abs", {1, -2, -infinity}), near({1, 2, infinity}));
  EXPECT_EQ(unary("sign", {3, -2, 0, notANumber}), near({1, -1, 0, notANumber}));
}

TEST_F(ElementwiseTest, NanAndInfinityPass) {
  for (const char *op :
       {"neg", "abs", "exp", "log", "sqrt", "rsqrt", "sin", "cos", "tanh", "erf", "floor", "ceil",
        "round", "sigmoid", "relu", "silu", "selu", "softplus", "gelu"})
    EXPECT_EQ(unary(op, {notANumber}), near({notANumber})) << op;
  EXPECT_EQ(unary("elu", {notANumber}, "{alpha = 1.0 : f64}"), near({notANumber}));
  EXPECT_EQ(unary("leaky_relu", {notANumber}, "{slope = 0.5 : f64}"), near({notANumber}));
  EXPECT_EQ(unary("exp", {-infinity, infinity}), near({0, infinity}));
  EXPECT_EQ(unary("log", {0, infinity, -1}), near({-infinity, infinity, notANumber}));
  EXPECT_EQ(unary("sigmoid", {-infinity, infinity}), near({0, 1}));
  EXPECT_EQ(unary("softplus", {-infinity, infinity, 1000}), near({0, infinity, 1000}));
  EXPECT_EQ(binary("maximum", {notANumber, 1, 2, -infinity}, {1, notANumber, 3, 4}),
            near({notANumber, notANumber, 3, 4}));
  EXPECT_EQ(binary("minimum", {notANumber, 1, 2, -infinity}, {1, notANumber, 3, 4}),
            near({notANumber, notANumber, 2, -infinity}));
}

TEST_F(ElementwiseTest, BinaryOnFloats) {
  EXPECT_EQ(binary("add", {1, 2.5}, {3, -1}), near({4, 1.5}));
  EXPECT_EQ(binary("sub", {1, 2.5}, {3, -1}), near({-2, 3.5}));
  EXPECT_EQ(binary("mul", {1, 2.5}, {3, -1}), near({3, -2.5}));
  EXPECT_EQ(binary("div", {1, 2.5, 0, 1}, {4, -1, 0, 0}), near({0.25, -2.5, notANumber, infinity}));
  EXPECT_EQ(binary("pow", {2, 2, 0, -8}, {10, -1, 0, 1.0 / 3}), near({1024, 0.5, 1, notANumber}));
  // numpy.mod
  EXPECT_EQ(binary("mod", {-7, 7, -7, 7.5, -0.5}, {3, -3, -3, 2, infinity}),
            near({2, -2, -1, 1.5, infinity}));
}

TEST_F(ElementwiseTest, BinaryOnIntegers) {
  // numpy.floor_divide and numpy.mod, of int8 and int32.
  EXPECT_EQ(binaryInt("div", "i8", {-7, 7, -7, 5, -128}, {2, -2, -2, 0, -1}),
            numbers(-4, -4, 3, 0, -128));
  EXPECT_EQ(binaryInt("mod", "i32", {-7, 7, 5}, {3, -3, 0}), numbers(2, -2, 0));
  EXPECT_EQ(binaryInt("add", "i8", {127, 1}, {1, 2}), numbers(-128, 3));
  EXPECT_EQ(binaryInt("sub", "i8", {-128, 1}, {1, 2}), numbers(127, -1));
  EXPECT_EQ(binaryInt("mul", "i64", {int64_t(1) << 62, -3}, {4, 5}), numbers(0, -15));
  EXPECT_EQ(binaryInt("maximum", "i8", {-1, 3}, {1, 2}), numbers(1, 3));
  EXPECT_EQ(binaryInt("minimum", "i8", {-1, 3}, {1, 2}), numbers(-1, 2));
  EXPECT_EQ(binaryInt("maximum", "ui8", {255, 3}, {1, 2}), numbers(255, 3));
  EXPECT_EQ(binaryInt("div", "ui8", {255}, {2}), numbers(127));
  EXPECT_EQ(unaryInt("neg", "i8", {-128, 5}), numbers(-128, -5));
  EXPECT_EQ(unaryInt("abs", "i8", {-128, -5, 7}), numbers(-128, 5, 7));
  EXPECT_EQ(unaryInt("sign", "i8", {-128, 0, 7}), numbers(-1, 0, 1));
  EXPECT_EQ(unaryInt("relu", "i8", {-128, 0, 7}), numbers(0, 0, 7));
}

TEST_F(ElementwiseTest, Logic) {
  EXPECT_EQ(binaryInt("and", "i1", {0, 0, 1, 1}, {0, 1, 0, 1}), numbers(0, 0, 0, 1));
  EXPECT_EQ(binaryInt("or", "i1", {0, 0, 1, 1}, {0, 1, 0, 1}), numbers(0, 1, 1, 1));
  EXPECT_EQ(unaryInt("not", "i1", {0, 1}), numbers(1, 0));
}

TEST_F(ElementwiseTest, Compare) {
  auto compare = [&](const std::string &predicate) {
    return runOp("nn.compare " + predicate +
                     " %a, %b : tensor<4xf64>, tensor<4xf64> -> tensor<4xi1>",
                 {floats({4}, {1, 2, 3, notANumber}), floats({4}, {2, 2, 2, 1})})
        .values();
  };
  EXPECT_EQ(compare("eq"), numbers(0, 1, 0, 0));
  EXPECT_EQ(compare("ne"), numbers(1, 0, 1, 1));
  EXPECT_EQ(compare("lt"), numbers(1, 0, 0, 0));
  EXPECT_EQ(compare("le"), numbers(1, 1, 0, 0));
  EXPECT_EQ(compare("gt"), numbers(0, 0, 1, 0));
  EXPECT_EQ(compare("ge"), numbers(0, 1, 1, 0));
  EXPECT_EQ(runOp("nn.compare lt %a, %b : tensor<2xui64>, tensor<2xui64> -> tensor<2xi1>",
                  {typed("ui64", {-1, 1}), typed("ui64", {1, -1})})
                .values(),
            numbers(0, 1));
}

TEST_F(ElementwiseTest, SelectBroadcasts) {
  Outcome outcome =
      runOp("nn.select %a, %b, %c : tensor<2x1xi1>, tensor<3xf32>, tensor<f32> "
            "-> tensor<2x3xf32>",
            {bools({2, 1}, {1, 0}), floats({3}, {1, 2, 3}), floats({}, {notANumber})});
  EXPECT_EQ(outcome.values(), near({1, 2, 3, notANumber, notANumber, notANumber}))
      << outcome.errors;
}

TEST_F(ElementwiseTest, BroadcastsAlignedAtTheLastDimension) {
  Outcome outcome = runOp("nn.sub %a, %b : tensor<2x1x3xf32>, tensor<2x1xf32> -> tensor<2x2x3xf32>",
                          {floats({2, 1, 3}, {1, 2, 3, 4, 5, 6}), floats({2, 1}, {10, 20})});
  EXPECT_EQ(outcome.values(), near({-9, -8, -7, -19, -18, -17, -6, -5, -4, -16, -15, -14}));
}

TEST_F(ElementwiseTest, DynamicSizesThatMeetMustBeEqual) {
  const char *text = "nn.add %a, %b : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>";
  EXPECT_EQ(runOp(text, {floats({2}, {1, 2}), floats({2}, {3, 4})}).values(), near({4, 6}));
  // Not even a size that happens to be 1 repeats: only a static 1 does.
  Outcome outcome = runOp(text, {floats({1}, {1}), floats({2}, {3, 4})});
  EXPECT_FALSE(outcome.succeeded);
  EXPECT_EQ(outcome.errors, containing("sizes 1 and 2 meet in dimension 0 but must be equal"));
}

TEST_F(ElementwiseTest, EmptyDimensions) {
  Outcome outcome = runOp("nn.add %a, %b : tensor<?x3xf32>, tensor<3xf32> -> tensor<?x3xf32>",
                          {floats({0, 3}, {}), floats({3}, {1, 2, 3})});
  EXPECT_TRUE(outcome.succeeded) << outcome.errors;
  EXPECT_EQ(outcome.shape(), numbers(0, 3));
}

TEST_F(ElementwiseTest, Casts) {
  auto cast = [&](const std::string &from, const std::string &to, Tensor input) {
    std::string size = "tensor<" + std::to_string(input.getNumElements()) + "x";
    Outcome outcome = runOp("nn.cast %a : " + size + from + "> -> " + size + to + ">", {input},
                            Precision::declared);
    EXPECT_TRUE(outcome.succeeded) << outcome.errors;
    return outcome.values();
  };
  EXPECT_EQ(cast("f64", "i32", floats({3}, {-1.9, 1.9, 7})), numbers(-1, 1, 7));
  EXPECT_EQ(cast("f64", "i1", floats({3}, {0, 0.25, notANumber})), numbers(0, 1, 1));
  EXPECT_EQ(cast("i32", "i1", ints({3}, {0, -4, 256}, 32)), numbers(0, 1, 1));
  EXPECT_EQ(cast("i1", "i32", bools({2}, {0, 1})), numbers(0, 1));
  EXPECT_EQ(cast("i1", "f32", bools({2}, {0, 1})), numbers(0, 1));
  EXPECT_EQ(cast("i32", "i8", ints({2}, {300, -129}, 32)), numbers(44, 127));
  EXPECT_EQ(cast("ui8", "i32", typed("ui8", {255})), numbers(255));
  EXPECT_EQ(cast("i8", "i32", ints({1}, {-1}, 8)), numbers(-1));
  // torch.tensor(...).to(bfloat16), .to(float16)
  EXPECT_EQ(cast("f64", "bf16", floats({4}, {1.00390625, 3.14159, 70000, 3.4e38})),
            numbers(1.0, 3.140625, 70144.0, infinity));
  EXPECT_EQ(cast("f64", "f16", floats({5}, {1.00048828125, 3.14159, 1e-7, 70000, 65519})),
            numbers(1.0, 3.140625, 1.1920928955078125e-07, infinity, 65504.0));
  // 2^60 + 2^36 + 1 lies just above the middle of two floats; by way of double, which drops the 1,
  // it would become the middle and go to the even neighbour below.
  EXPECT_EQ(cast("i64", "f32", ints({1}, {(int64_t(1) << 60) + (int64_t(1) << 36) + 1})),
            numbers(1152921642045800448.0));
}

TEST_F(ElementwiseTest, DeclaredPrecisionRoundsEachResult) {
  // In f16, 2048 + 1 is 2048, so that taking 2048 away again leaves 0; in f64 it leaves 1.
  const char *text = R"(
    func.func @f(%x: tensor<1xf16>, %y: tensor<1xf16>) -> tensor<1xf16> {
      %0 = nn.add %x, %y : tensor<1xf16>, tensor<1xf16> -> tensor<1xf16>
      %1 = nn.sub %0, %x : tensor<1xf16>, tensor<1xf16> -> tensor<1xf16>
      return %1 : tensor<1xf16>
    })";
  std::vector<Tensor> inputs = {floats({1}, {2048}), floats({1}, {1})};
  Outcome declared = run(text, inputs, Precision::declared), oracle = run(text, inputs);
  EXPECT_EQ(declared.values(), numbers(0));
  EXPECT_TRUE(declared.results[0].getElementType().isF16());
  EXPECT_EQ(oracle.values(), numbers(1));
  EXPECT_TRUE(oracle.results[0].getElementType().isF64());
}

} // namespace
