//===- UnaryKernelTest.cpp - compiled operations of one operand ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "llvm/Support/FormatVariadic.h"

using namespace nacre::test;

namespace {

/// A float operation: how exact it is, and its error's magnitude where that is not the result's.
struct Function {
  const char *name;
  double ulps = 0;
  const char *reason = "";
  const char *attributes = "";
  const char *bound = "";
};

} // namespace

static const std::vector<Function> floatFunctions = {
    {"neg"},
    {"abs"},
    {"sign"},
    {"relu"},
    {"floor"},
    {"ceil"},
    {"round"},
    {"sqrt"},
    {"rsqrt", 1.5, "a division after a root: each rounds"},
    {"exp", 2, "a polynomial"},
    {"log", 2, "a polynomial"},
    {"sin", 2, "a polynomial"},
    {"cos", 2, "a polynomial"},
    {"tanh", 2, "a polynomial and a quotient"},
    {"erf", 2, "polynomials"},
    {"sigmoid", 4, "exp, an addition and a division"},
    {"silu", 5, "sigmoid and a product; where sigmoid is denormal, so is its error", "",
     "%s = nn.silu %x : {0} -> {0}\n%a = nn.abs %s : {0} -> {0}\n%b = nn.abs %x : {0} -> {0}\n"
     "%c = arith.constant dense<{1}> : tensor<{2}>\n"
     "%d = nn.mul %b, %c : {0}, tensor<{2}> -> {0}\n%y = nn.add %a, %d : {0}, {0} -> {0}"},
    {"softplus", 5, "exp and log1p"},
    {"gelu", 4, "half and half times erf cancel below zero", "", "%y = nn.abs %x : {0} -> {0}"},
    {"gelu", 8, "exp of a polynomial", " {form = #nn<gelu_form tanh>}",
     "%y = nn.abs %x : {0} -> {0}"},
    {"leaky_relu", 1, "the slope rounds", " {slope = 0.01 : f64}"},
    {"elu", 2, "expm1", " {alpha = 1.5 : f64}"},
    {"selu", 4, "expm1"},
};

static std::vector<Case> floatCases() {
  std::vector<Case> cases;
  for (const Function &function : floatFunctions)
    for (const char *element : {"f32", "f16", "bf16", "f64"}) {
      std::string type = std::string(element) + "[N]";
      const char *smallest = element == std::string("f64") ? "2.2251e-308" : "1.1755e-38";
      std::string text = llvm::formatv("in x: {0}\nout y: {0}\n%y = nn.{1} %x{2} : {0} -> {0}\n",
                                       type, function.name, function.attributes);
      if (*function.bound)
        text += "bound:\n" + llvm::formatv(function.bound, type, smallest, element).str();
      cases.push_back(
          {.name = std::string(function.name) + (*function.attributes ? "_form_" : "_") + element,
           .text = text,
           .sizes = ragged("N"),
           .values = {Values::special},
           .sweeps = {{{"N", 65536}}},
           .ulps = function.ulps,
           .reason = function.reason});
    }
  return cases;
}

static const bool registered = registerCases("UnaryFloat", floatCases());
