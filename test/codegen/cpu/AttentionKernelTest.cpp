//===- AttentionKernelTest.cpp - compiled attention ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/codegen/cpu/KernelCase.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace nacre::test;

namespace {
/// One form of attention: H heads of queries read G groups of keys and values.
struct Form {
  const char *name;
  int heads, groups, depth, width; ///< sizes of q's and k's heads, and of v's
  const char *mask = "";           ///< its type without the element, or none
  const char *maskElement = "";
  const char *attributes = "";
  const char *element = "f32";
  /// Further arguments, "lengths: i64[B]", by the names of the operation's operands.
  std::vector<std::pair<const char *, const char *>> more = {};
  std::vector<Sizes> sizes = {}; ///< all lengths where empty
  std::map<std::string, Interval> ranges = {};
  const char *queries = "S";
};
} // namespace

/// Lengths that decoding in parts treats differently; a part has 1024 keys.
static const std::vector<Sizes> longOnes = {{{"B", 1}, {"T", 1}},
                                            {{"B", 2}, {"T", 1023}},
                                            {{"B", 1}, {"T", 1025}},
                                            {{"B", 1}, {"T", 3000}}};

/// Queries and keys around the blocks of a block-sparse mask of `size`.
static std::vector<Sizes> inBlocks(int64_t size) {
  std::vector<Sizes> result;
  for (auto [queries, keys] : {std::pair(1, 1), {5, 70}, {17, 130}, {70, 49}, {130, 300}})
    result.push_back({{"B", 2},
                      {"S", queries},
                      {"T", keys},
                      {"QB", (queries + size - 1) / size},
                      {"KB", (keys + size - 1) / size}});
  return result;
}

static const Interval anyLength = {-3, 150};

static const Form forms[] = {
    {"plain", 2, 2, 20, 20},
    {"wide_values", 2, 2, 16, 33},
    {"large_heads", 1, 1, 128, 128, "", "", "scale = 0.05 : f64"},
    {"one_element", 4, 1, 1, 1},
    {"grouped_causal", 6, 2, 7, 20, "", "", "causal"},
    {"f16", 2, 2, 20, 20, "", "", "", "f16"},
    {"bf16_causal", 2, 1, 20, 20, "", "", "causal", "bf16"},
    {"f64", 2, 2, 7, 7, "", "", "", "f64"},
    {"bool_full", 2, 2, 20, 20, "[B, 2, S, T]", "bool"},
    {"bool_rows", 4, 2, 7, 20, "[1, S, T]", "bool"},
    {"bool_keys_causal", 2, 2, 20, 20, "[B, 1, 1, T]", "bool", "causal"},
    {"bool_queries", 2, 2, 20, 20, "[B, 1, S, 1]", "bool"},
    {"bool_one", 2, 2, 8, 8, "[1]", "bool"},
    {"float_full", 2, 2, 20, 20, "[B, 2, S, T]", "f32"},
    {"float_rows", 4, 2, 20, 7, "[S, T]", "f32"},
    {"float_line_causal", 2, 2, 20, 20, "[1, T]", "f32", "causal"},
    {"float_queries", 2, 2, 8, 8, "[2, S, 1]", "f32"},
    {"float_narrow", 2, 2, 20, 20, "[S, T]", "f16", "", "f16"},
    {"float_wide", 2, 2, 20, 20, "[S, T]", "f64"},
    {"bf16_bool", 2, 2, 64, 64, "[B, 1, 1, T]", "bool", "", "bf16"},
    // Windows smaller and larger than tiles, to the past alone and to both sides.
    {"window_1", 2, 1, 20, 20, "", "", "causal, window = 1 : i64"},
    {"window_5", 2, 2, 20, 20, "", "", "causal, window = 5 : i64"},
    {"window_100", 1, 1, 20, 20, "", "", "causal, window = 100 : i64"},
    {"window_large", 2, 1, 20, 20, "", "", "causal, window = 2147483647 : i64"},
    {"window_bf16", 2, 1, 20, 20, "", "", "causal, window = 20 : i64", "bf16"},
    {"two_sided_5", 4, 2, 20, 20, "", "", "window = 5 : i64"},
    {"two_sided_70", 1, 1, 20, 20, "", "", "window = 70 : i64"},
    {"two_sided_large", 1, 1, 7, 7, "", "", "window = 2147483647 : i64"},
    {"window_bool_full", 2, 2, 20, 20, "[B, 2, S, T]", "bool", "causal, window = 40 : i64"},
    // Padding and caches.
    {.name = "lengths",
     .heads = 2,
     .groups = 1,
     .depth = 20,
     .width = 20,
     .more = {{"lengths", "i64[B]"}},
     .ranges = {{"lengths", anyLength}}},
    {.name = "length_causal",
     .heads = 2,
     .groups = 2,
     .depth = 20,
     .width = 7,
     .attributes = "causal",
     .more = {{"lengths", "i32[]"}},
     .ranges = {{"lengths", anyLength}}},
    {.name = "start_causal",
     .heads = 4,
     .groups = 1,
     .depth = 20,
     .width = 20,
     .attributes = "causal",
     .more = {{"start", "i64[B]"}},
     .ranges = {{"start", {-70, 150}}}},
    {.name = "start_lengths_window",
     .heads = 2,
     .groups = 1,
     .depth = 20,
     .width = 20,
     .attributes = "causal, window = 30 : i64",
     .more = {{"lengths", "i64[1]"}, {"start", "i32[]"}},
     .ranges = {{"lengths", anyLength}, {"start", {-30, 90}}}},
    {.name = "start_two_sided",
     .heads = 1,
     .groups = 1,
     .depth = 8,
     .width = 8,
     .attributes = "window = 9 : i64",
     .more = {{"start", "i64[]"}},
     .ranges = {{"start", {-30, 90}}}},
    {.name = "start_far",
     .heads = 1,
     .groups = 1,
     .depth = 8,
     .width = 8,
     .attributes = "causal, window = 9 : i64",
     .more = {{"start", "i64[B]"}}},
    // Blocks smaller than, equal to and larger than tiles, of every rank.
    {.name = "blocks_16",
     .heads = 2,
     .groups = 1,
     .depth = 20,
     .width = 20,
     .attributes = "block_size = 16 : i64",
     .more = {{"blocks", "bool[2, QB, KB]"}},
     .sizes = inBlocks(16)},
    {.name = "blocks_7_all",
     .heads = 2,
     .groups = 2,
     .depth = 20,
     .width = 20,
     .attributes = "block_size = 7 : i64, causal",
     .more = {{"blocks", "bool[B, 1, QB, KB]"}},
     .sizes = inBlocks(7)},
    {.name = "blocks_128",
     .heads = 1,
     .groups = 1,
     .depth = 20,
     .width = 20,
     .attributes = "block_size = 128 : i64",
     .more = {{"blocks", "bool[QB, KB]"}},
     .sizes = inBlocks(128)},
    {.name = "blocks_columns_bool",
     .heads = 2,
     .groups = 2,
     .depth = 20,
     .width = 20,
     .mask = "[B, 2, S, T]",
     .maskElement = "bool",
     .attributes = "block_size = 32 : i64",
     .more = {{"blocks", "bool[KB]"}},
     .sizes = inBlocks(32)},
    {.name = "blocks_float_keys",
     .heads = 2,
     .groups = 2,
     .depth = 20,
     .width = 20,
     .mask = "[2, S, T]",
     .maskElement = "f32",
     .attributes = "block_size = 64 : i64",
     .more = {{"blocks", "bool[2, 1, KB]"}},
     .sizes = inBlocks(64)},
};

/// Few queries, as many as the type says: keys are read in parts.
static const Form decoded[] = {
    {"one_query", 2, 2, 64, 64},
    {"one_query_f16", 2, 2, 20, 36, "", "", "", "f16"},
    {"one_query_bf16", 8, 2, 128, 128, "", "", "", "bf16"},
    {"one_query_f64", 2, 1, 20, 20, "", "", "", "f64"},
    {"shared", 12, 3, 20, 20, "", "", "causal"},
    {"many_shared", 40, 1, 20, 20},
    {"window", 4, 2, 20, 20, "", "", "causal, window = 700 : i64"},
    {"two_sided", 4, 2, 20, 20, "", "", "window = 40 : i64"},
    {"bool_keys", 4, 2, 20, 20, "[B, 1, 1, T]", "bool"},
    {"bool_heads", 4, 2, 20, 20, "[B, 4, 1, T]", "bool", "causal"},
    {"float_keys", 4, 2, 20, 20, "[B, 1, 1, T]", "f32"},
    {.name = "cache",
     .heads = 8,
     .groups = 2,
     .depth = 64,
     .width = 64,
     .attributes = "causal",
     .more = {{"lengths", "i64[B]"}, {"start", "i64[B]"}},
     .ranges = {{"lengths", {-3, 2000}}, {"start", {-3, 2000}}}},
};

static std::string attentionLine(const Form &form, const char *value, const char *result) {
  std::string element = form.element, mask = form.mask, more;
  if (!mask.empty())
    more = " mask %mask";
  for (auto [name, type] : form.more)
    more += llvm::formatv(" {0} %{0} : {1}", name, type);
  std::string type = mask.empty() ? "" : ", " + std::string(form.maskElement) + mask;
  return llvm::formatv(
      "%{9} = nn.attention %q, %k, %{8}{0} {{{1}} : {2}[B, {3}, {10}, {5}], {2}[B, {4}, T, {5}], "
      "{2}[B, {4}, T, {6}]{7} -> {2}[B, {3}, {10}, {6}]\n",
      more, form.attributes, element, form.heads, form.groups, form.depth, form.width, type, value,
      result, form.queries);
}

/// The magnitude is that of the mean of |v|, times the largest score there can be: a score's error
/// is relative to |q| |k|, and becomes the relative error of its weight.
static std::string boundLines(const Form &form) {
  std::string element = form.element;
  std::string v = llvm::formatv("{0}[B, {1}, T, {2}]", element, form.groups, form.width);
  std::string lines =
      llvm::formatv("bound:\n%av = nn.abs %v : {0} -> {0}\n%four = arith.constant dense<4.0> : "
                    "tensor<{1}>\n%high = arith.constant dense<1.0e3> : tensor<{1}>\n"
                    "%zero = arith.constant dense<0.0> : tensor<{1}>\n",
                    v, element);
  lines += attentionLine(form, "av", "mean");
  for (char name : {'q', 'k'}) {
    std::string type =
        llvm::formatv("{0}[B, {1}, {2}, {3}]", element, name == 'q' ? form.heads : form.groups,
                      name == 'q' ? form.queries : "T", form.depth);
    lines +=
        llvm::formatv(R"(
      %a{0} = nn.abs %{0} : {1} -> {1}
      %finite{0} = nn.compare lt %a{0}, %high : {1}, {2}[] -> {3}
      %b{0} = nn.select %finite{0}, %a{0}, %zero : {3}, {1}, {2}[] -> {1}
      %c{0} = nn.mul %b{0}, %b{0} : {1}, {1} -> {1}
      %d{0} = nn.reduce sum %c{0} [3] : {1} -> {2}[B, {4}, {5}]
      %e{0} = nn.reduce max %d{0} [0, 1, 2] : {2}[B, {4}, {5}] -> {2}[]
    )",
                      name, type, element, "bool" + type.substr(element.size()),
                      name == 'q' ? form.heads : form.groups, name == 'q' ? form.queries : "T");
  }
  std::string y =
      llvm::formatv("{0}[B, {1}, {3}, {2}]", element, form.heads, form.width, form.queries);
  return lines + llvm::formatv(R"(
    %squared = nn.mul %eq, %ek : {0}[], {0}[] -> {0}[]
    %largest = nn.sqrt %squared : {0}[] -> {0}[]
    %factor = nn.add %largest, %four : {0}[], {0}[] -> {0}[]
    %y = nn.mul %mean, %factor : {1}, {0}[] -> {1}
  )",
                               element, y)
                     .str();
}

static std::vector<Sizes> lengths() {
  std::vector<Sizes> result;
  for (int64_t keys : {0, 1, 7, 16, 49, 97, 130})
    result.push_back({{"B", 2}, {"S", 17}, {"T", keys}});
  for (int64_t queries : {0, 1, 5, 65})
    result.push_back({{"B", 2}, {"S", queries}, {"T", 50}});
  result.push_back({{"B", 0}, {"S", 3}, {"T", 7}});
  result.push_back({{"B", 1}, {"S", 130}, {"T", 130}});
  result.push_back({{"B", 1}, {"S", 1}, {"T", 1003}});
  return result;
}

static Case caseOf(const Form &form) {
  std::string text =
      llvm::formatv("in q: {0}[B, {1}, {5}, {3}]\nin k: {0}[B, {2}, T, {3}]\n"
                    "in v: {0}[B, {2}, T, {4}]\n",
                    form.element, form.heads, form.groups, form.depth, form.width, form.queries);
  if (*form.mask)
    text += std::string("in mask: ") + form.maskElement + form.mask + "\n";
  for (auto [name, type] : form.more)
    text += llvm::formatv("in {0}: {1}\n", name, type);
  text += llvm::formatv("out y: {0}[B, {1}, {3}, {2}]\n", form.element, form.heads, form.width,
                        form.queries);
  text += attentionLine(form, "v", "y") + boundLines(form);
  // One element in so many, so that most rows see numbers alone.
  return {.name = form.name,
          .text = text,
          .sizes = form.sizes.empty() ? lengths() : form.sizes,
          .values = {Values::normal, Values::special},
          .ulps = 1,
          .reason = "scores are sums of products, weights exp of them, the result a sum",
          .terms =
              [=](const Sizes &sizes) {
                return 4 + (form.depth + static_cast<double>(sizes.at("T"))) / 4;
              },
          .largest = 100,
          .specialsEvery = 3000,
          .ranges = form.ranges};
}

static std::vector<Case> attentionCases() {
  return std::vector<Case>(llvm::map_iterator(std::begin(forms), caseOf),
                           llvm::map_iterator(std::end(forms), caseOf));
}

static std::vector<Case> decodeCases() {
  std::vector<Case> cases;
  for (Form form : decoded) {
    form.queries = form.heads == 12 ? "3" : "1";
    form.sizes = longOnes;
    cases.push_back(caseOf(form));
  }
  return cases;
}

/// As models write it: heads are slices of one projection, and merge again.
static const std::vector<Case> modelCases = {
    // Keys that a mask hides may hold anything.
    {.name = "nan_behind_the_mask",
     .text = R"(
       in q: f32[B, 2, S, 20]
       in k0: f32[B, 2, T, 20]
       in v0: f32[B, 2, T, 20]
       in keep: bool[T]
       out y: f32[B, 2, S, 20]
       out z: f32[B, 2, S, 20]
       %c0 = arith.constant 0 : index
       %t = tensor.dim %keep, %c0 : bool[T]
       %column = nn.reshape %keep[%t] : bool[T] -> bool[T, 1]
       %nan = arith.constant dense<0x7FC00000> : tensor<f32>
       %low = arith.constant dense<0xFF800000> : tensor<f32>
       %zero = arith.constant dense<0.0> : tensor<f32>
       %k = nn.select %column, %k0, %nan : bool[T, 1], f32[B, 2, T, 20], f32[] -> f32[B, 2, T, 20]
       %v = nn.select %column, %v0, %nan : bool[T, 1], f32[B, 2, T, 20], f32[] -> f32[B, 2, T, 20]
       %y = nn.attention %q, %k, %v mask %keep : f32[B, 2, S, 20], f32[B, 2, T, 20], f32[B, 2, T, 20], bool[T] -> f32[B, 2, S, 20]
       %added = nn.select %keep, %zero, %low : bool[T], f32[], f32[] -> f32[T]
       %z = nn.attention %q, %k0, %v mask %added : f32[B, 2, S, 20], f32[B, 2, T, 20], f32[B, 2, T, 20], f32[T] -> f32[B, 2, S, 20]
       bound:
       %av = nn.abs %v0 : f32[B, 2, T, 20] -> f32[B, 2, T, 20]
       %y = nn.attention %q, %k0, %av mask %keep : f32[B, 2, S, 20], f32[B, 2, T, 20], f32[B, 2, T, 20], bool[T] -> f32[B, 2, S, 20]
       %z = nn.attention %q, %k0, %av mask %keep : f32[B, 2, S, 20], f32[B, 2, T, 20], f32[B, 2, T, 20], bool[T] -> f32[B, 2, S, 20]
     )",
     .sizes = ragged("T", {{"B", 2}, {"S", 17}}),
     .values = {Values::normal},
     .ulps = 150,
     .reason = "scores up to 8 of sums of 20 products, weights exp of them, the result a sum"},
    {
        .name = "split_and_merged_heads",
        .text = R"(
       in x: f32[B, S, 60]
       out y: f32[B, S, 20]
       %c0 = arith.constant 0 : index
       %c1 = arith.constant 1 : index
       %b = tensor.dim %x, %c0 : f32[B, S, 60]
       %s = tensor.dim %x, %c1 : f32[B, S, 60]
       %q0 = tensor.extract_slice %x[0, 0, 0] [%b, %s, 20] [1, 1, 1] : f32[B, S, 60] to f32[B, S, 20]
       %k0 = tensor.extract_slice %x[0, 0, 20] [%b, %s, 20] [1, 1, 1] : f32[B, S, 60] to f32[B, S, 20]
       %v0 = tensor.extract_slice %x[0, 0, 40] [%b, %s, 20] [1, 1, 1] : f32[B, S, 60] to f32[B, S, 20]
       %q1 = nn.reshape %q0 [%b, %s] : f32[B, S, 20] -> f32[B, S, 4, 5]
       %k1 = nn.reshape %k0 [%b, %s] : f32[B, S, 20] -> f32[B, S, 4, 5]
       %v1 = nn.reshape %v0 [%b, %s] : f32[B, S, 20] -> f32[B, S, 4, 5]
       %q = nn.transpose %q1 [0, 2, 1, 3] : f32[B, S, 4, 5] -> f32[B, 4, S, 5]
       %k = nn.transpose %k1 [0, 2, 1, 3] : f32[B, S, 4, 5] -> f32[B, 4, S, 5]
       %v = nn.transpose %v1 [0, 2, 1, 3] : f32[B, S, 4, 5] -> f32[B, 4, S, 5]
       %a = nn.attention %q, %k, %v {causal} : f32[B, 4, S, 5], f32[B, 4, S, 5], f32[B, 4, S, 5] -> f32[B, 4, S, 5]
       %t = nn.transpose %a [0, 2, 1, 3] : f32[B, 4, S, 5] -> f32[B, S, 4, 5]
       %y = nn.reshape %t [%b, %s] : f32[B, S, 4, 5] -> f32[B, S, 20]
       bound:
       %slice = nn.abs %x : f32[B, S, 60] -> f32[B, S, 60]
       %m = nn.reduce max %slice [0, 1, 2] : f32[B, S, 60] -> f32[]
       %c0 = arith.constant 0 : index
       %c1 = arith.constant 1 : index
       %b = tensor.dim %x, %c0 : f32[B, S, 60]
       %s = tensor.dim %x, %c1 : f32[B, S, 60]
       %y = nn.broadcast %m[%b, %s] : f32[] -> f32[B, S, 20]
     )",
        .sizes = ragged("S", {{"B", 2}}),
        .values = {Values::normal},
        .ulps = 60,
        .reason = "scores up to 15 of sums of 5 products; the result relative to the largest value",
    },
    // Places of an image look at each other: an element's neighbours lie a whole image apart.
    {.name = "channels_first",
     .text = R"(
       in q0: f32[B, 1, 3, S]
       in k0: f32[B, 1, 3, S]
       in v0: f32[B, 1, 20, S]
       out y: f32[B, 1, 20, S]
       %q = nn.transpose %q0 [0, 1, 3, 2] : f32[B, 1, 3, S] -> f32[B, 1, S, 3]
       %k = nn.transpose %k0 [0, 1, 3, 2] : f32[B, 1, 3, S] -> f32[B, 1, S, 3]
       %v = nn.transpose %v0 [0, 1, 3, 2] : f32[B, 1, 20, S] -> f32[B, 1, S, 20]
       %a = nn.attention %q, %k, %v : f32[B, 1, S, 3], f32[B, 1, S, 3], f32[B, 1, S, 20] -> f32[B, 1, S, 20]
       %y = nn.transpose %a [0, 1, 3, 2] : f32[B, 1, S, 20] -> f32[B, 1, 20, S]
       bound:
       %values = nn.abs %v0 : f32[B, 1, 20, S] -> f32[B, 1, 20, S]
       %m = nn.reduce max %values [0, 1, 2, 3] : f32[B, 1, 20, S] -> f32[]
       %c0 = arith.constant 0 : index
       %c3 = arith.constant 3 : index
       %b = tensor.dim %v0, %c0 : f32[B, 1, 20, S]
       %s = tensor.dim %v0, %c3 : f32[B, 1, 20, S]
       %y = nn.broadcast %m[%b, %s] : f32[] -> f32[B, 1, 20, S]
     )",
     .sizes = ragged("S", {{"B", 2}}),
     .values = {Values::normal},
     .ulps = 60,
     .reason = "scores up to 15 of sums of 3 products; the result relative to the largest value"},
};

static const bool registered = registerCases("Attention", attentionCases()) &&
                               registerCases("AttentionDecode", decodeCases()) &&
                               registerCases("AttentionInModels", modelCases);
