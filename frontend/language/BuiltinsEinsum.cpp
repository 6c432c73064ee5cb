//===- BuiltinsEinsum.cpp - products that an equation names -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// einsum("bhid,bhjd->bhij", q, k) becomes transposes, reshapes, sums and one matrix product for
// each operand after the first: of two operands, the letters that both have and that are needed
// later count the products, those that are not needed are summed by them, and the others are rows
// and columns.
//
//===----------------------------------------------------------------------===//

#include "frontend/language/Builtins.h"

using namespace nacre;
using namespace nacre::language;
using llvm::StringRef;
using llvm::Twine;

namespace {

/// A tensor whose dimensions have letters.
struct Term {
  Value value;
  std::string letters;

  const Tensor &tensor() const { return *value.tensor(); }
};

class Contraction {
public:
  explicit Contraction(BuiltinCall &call) : call(call) {}
  Value run();

private:
  bool parse(StringRef text);
  bool measure();
  /// Gives the dimensions of '...' their digits, in all operands and in the result.
  bool expandDots();
  /// Drops dimensions of size 1 that stretch to those of other operands.
  bool stretch();
  bool takeDiagonals(Term &term);
  bool sumAlone(Term &term, StringRef needed);
  bool combine(Term &left, Term right, StringRef needed);
  bool transpose(Term &term, llvm::ArrayRef<int64_t> order);
  bool reorder(Term &term, StringRef letters);
  /// The elements of `term`, in its order, under the shape that `shape` gives.
  bool reshape(Term &term, llvm::ArrayRef<DimExpr> shape);
  llvm::SmallVector<DimExpr> sizesOf(StringRef letters) const;
  DimExpr productOf(StringRef letters) const;
  bool fail(const Twine &message) {
    call.fail(call.rangeOf(0), message);
    return false;
  }

  BuiltinCall &call;
  llvm::SmallVector<std::string> inputs;
  std::string output;
  llvm::SmallVector<Term> terms;
  std::map<char, DimExpr> sizes;
};

} // namespace

static bool has(StringRef letters, char letter) { return letters.contains(letter); }

/// The letters of one operand or of the result, '...' as one dot.
static std::optional<std::string> shortened(StringRef text) {
  std::string letters = text.str();
  if (size_t dots = letters.find("..."); dots != std::string::npos)
    letters.replace(dots, 3, ".");
  if (StringRef(letters).count('.') > 1 || text.count('.') % 3 != 0)
    return std::nullopt;
  return letters;
}

bool Contraction::parse(StringRef text) {
  std::string packed;
  for (char c : text)
    if (c != ' ')
      packed += c;
  auto [left, right] = StringRef(packed).split("->");
  for (char c : left)
    if (!llvm::isAlpha(c) && c != ',' && c != '.')
      return fail("'" + Twine(c) + "' in the equation is no letter; each dimension is one letter");
  for (char c : right)
    if (!llvm::isAlpha(c) && c != '.')
      return fail("'" + Twine(c) + "' in the equation is no letter; each dimension is one letter");
  llvm::SmallVector<StringRef> parts;
  left.split(parts, ',');
  bool hasDots = false;
  for (StringRef part : parts) {
    auto letters = shortened(part);
    if (!letters)
      return fail("the dots in '" + part + "' are not one '...'");
    hasDots |= has(*letters, '.');
    inputs.push_back(*letters);
  }
  if (StringRef(packed).contains("->")) {
    auto letters = shortened(right);
    if (!letters)
      return fail("the dots in '" + right + "' are not one '...'");
    output = *letters;
    if (hasDots && !has(output, '.'))
      return fail("'...' stands in an operand, but not in the result");
  } else {
    // As NumPy has it: what stands once, in the order of the alphabet.
    for (char c : left)
      if (llvm::isAlpha(c) && left.count(c) == 1)
        output += c;
    llvm::sort(output);
    if (hasDots)
      output = "." + output;
  }
  for (char c : output) {
    if (StringRef(output).count(c) > 1)
      return fail("'" + Twine(c) + "' stands twice in the result");
    if (!has(left, c))
      return fail("'" + Twine(c == '.' ? "..." : StringRef(&c, 1)) +
                  "' of the result stands in no operand");
  }
  return true;
}

bool Contraction::expandDots() {
  size_t most = 0;
  auto digits = [](size_t count) {
    std::string text;
    for (size_t i = count; i > 0; --i)
      text += static_cast<char>('0' + i - 1);
    return text;
  };
  for (auto [i, letters] : llvm::enumerate(inputs)) {
    size_t dots = letters.find('.'), rank = call.type(i + 1).rank();
    if (dots == std::string::npos)
      continue;
    size_t count = rank - std::min(rank, letters.size() - 1);
    if (count > 10)
      return fail("'...' stands for at most 10 dimensions");
    letters.replace(dots, 1, digits(count));
    most = std::max(most, count);
  }
  if (size_t dots = output.find('.'); dots != std::string::npos)
    output.replace(dots, 1, digits(most));
  return true;
}

/// Gives each letter its size, and checks that all places agree about it.
bool Contraction::measure() {
  size_t given = 0;
  for (unsigned i = 1; i < call.operands.size(); ++i)
    given += call.has(i);
  if (given != inputs.size())
    return fail("the equation names " + Twine(inputs.size()) + " operands, but there are " +
                Twine(given));
  std::vector<std::string> written(inputs.begin(), inputs.end());
  if (!expandDots())
    return false;
  for (auto [i, letters] : llvm::enumerate(inputs)) {
    const TensorType &type = call.type(i + 1);
    if (isBool(type.element)) {
      call.wrongType(i + 1, "a tensor of numbers");
      return false;
    }
    if (type.element != call.type(1).element) {
      call.wrongType(i + 1, "a tensor of " + Twine(name(call.type(1).element)));
      return false;
    }
    if (type.rank() != letters.size()) {
      StringRef text = written[i];
      bool hasDots = has(text, '.');
      auto [before, after] = text.split('.');
      call.errorAt(i + 1, "'" + before + (hasDots ? "..." : "") + after + "' names " +
                              (hasDots ? "at least " : "") + Twine(text.size() - hasDots) +
                              " dimensions, but this is " + call.print(i + 1));
      return false;
    }
    for (auto [c, size] : llvm::zip_equal(letters, type.dims)) {
      auto [known, isNew] = sizes.try_emplace(c, size);
      if (isNew)
        continue;
      // Only dimensions of '...' stretch.
      if (llvm::isDigit(c) && call.e.isOne(size))
        continue;
      if (llvm::isDigit(c) && call.e.isOne(known->second)) {
        known->second = size;
        continue;
      }
      if (call.e.sameSize(known->second, size, call.rangeOf(i + 1)))
        continue;
      std::string place =
          llvm::isDigit(c) ? "a dimension of '...'" : std::string("dimension '") + c + "'";
      Diagnostic &diag = call.errorAt(i + 1, place + " is " + call.e.print(size) +
                                                 " here, but was " + call.e.print(known->second));
      call.e.noteOrigins(diag, {known->second, size});
      return false;
    }
    terms.push_back({call.operand(i + 1).value, letters});
  }
  return stretch() && llvm::all_of(terms, [&](Term &term) { return takeDiagonals(term); });
}

bool Contraction::stretch() {
  for (Term &term : terms) {
    std::string kept;
    llvm::SmallVector<DimExpr> shape;
    for (auto [c, size] : llvm::zip_equal(term.letters, term.tensor().type.dims)) {
      if (llvm::isDigit(c) && call.e.isOne(size) && !call.e.isOne(sizes.at(c)))
        continue;
      kept += c;
      shape.push_back(size);
    }
    if (kept.size() == term.letters.size())
      continue;
    term.letters = kept;
    if (!reshape(term, shape))
      return false;
  }
  return true;
}

bool Contraction::takeDiagonals(Term &term) {
  for (size_t first = 0; first < term.letters.size(); ++first) {
    char c = term.letters[first];
    size_t second = term.letters.find(c, first + 1);
    if (second == std::string::npos)
      continue;
    // Both dimensions last, as one, of which every n + 1st element is chosen.
    llvm::SmallVector<int64_t> order;
    std::string others;
    for (size_t i = 0; i < term.letters.size(); ++i)
      if (i != first && i != second) {
        order.push_back(static_cast<int64_t>(i));
        others += term.letters[i];
      }
    order.append({static_cast<int64_t>(first), static_cast<int64_t>(second)});
    if (!transpose(term, order))
      return false;
    DimExpr size = sizes.at(c);
    llvm::SmallVector<DimExpr> shape = sizesOf(others);
    shape.push_back(size * size);
    if (!reshape(term, shape))
      return false;
    TensorType type{ElementType::I64, {size}};
    Value places = call.e.result(
        type, call.range, [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
          llvm::SmallVector<mlir::Value> dims = ir.dynamicSizes(type.dims, loc);
          return ir.make<nn::IotaOp>(loc, t, dims.empty() ? mlir::Value() : dims[0]);
        });
    places = call.e.binary(ast::BinaryOp::Mul, call.range, call.range, {places, call.range},
                           {size + 1, call.range});
    if (!places.tensor())
      return false;
    term.value = call.e.gather(call.range, term.tensor(), *places.tensor(),
                               static_cast<int64_t>(others.size()));
    term.letters = others + c;
    if (!term.value.tensor())
      return false;
    first = -1; // Letters have moved.
  }
  return true;
}

llvm::SmallVector<DimExpr> Contraction::sizesOf(StringRef letters) const {
  llvm::SmallVector<DimExpr> result;
  for (char c : letters)
    result.push_back(sizes.at(c));
  return result;
}

DimExpr Contraction::productOf(StringRef letters) const {
  DimExpr all = 1;
  for (const DimExpr &size : sizesOf(letters))
    all = all * size;
  return all;
}

bool Contraction::reshape(Term &term, llvm::ArrayRef<DimExpr> shape) {
  term.value = call.e.reshape(call.range, term.tensor(), shape);
  return term.value.tensor();
}

bool Contraction::transpose(Term &term, llvm::ArrayRef<int64_t> order) {
  const Tensor &from = term.tensor();
  TensorType type{from.type.element, {}};
  for (int64_t i : order)
    type.dims.push_back(from.type.dims[i]);
  term.value = call.e.result(
      type, call.range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
        return ir.make<nn::TransposeOp>(loc, t, from.ir, order);
      },
      from.ofWeights);
  return term.value.tensor();
}

bool Contraction::reorder(Term &term, StringRef letters) {
  if (term.letters == letters)
    return true;
  llvm::SmallVector<int64_t> order;
  for (char c : letters)
    order.push_back(static_cast<int64_t>(term.letters.find(c)));
  term.letters = letters.str();
  return transpose(term, order);
}

/// Sums over the letters that nothing else needs.
bool Contraction::sumAlone(Term &term, StringRef needed) {
  llvm::SmallVector<int64_t> axes;
  std::string kept;
  for (auto [i, c] : llvm::enumerate(term.letters)) {
    if (has(needed, c))
      kept += c;
    else
      axes.push_back(static_cast<int64_t>(i));
  }
  if (axes.empty())
    return true;
  const Tensor &from = term.tensor();
  auto dims = sizesOf(kept);
  term.value = call.e.result(
      {from.type.element, {dims.begin(), dims.end()}}, call.range,
      [&](Emitter &ir, mlir::Location loc, mlir::RankedTensorType t) {
        return ir.make<nn::ReduceOp>(loc, t, nn::Reduction::sum, from.ir, axes,
                                     /*keep_dims=*/false);
      },
      from.ofWeights);
  term.letters = kept;
  return term.value.tensor();
}

bool Contraction::combine(Term &left, Term right, StringRef needed) {
  std::string shared, summed, rows, columns;
  for (char c : left.letters)
    (!has(right.letters, c) ? rows : has(needed, c) ? shared : summed) += c;
  for (char c : right.letters)
    if (!has(left.letters, c))
      columns += c;
  bool isProduct = !summed.empty();
  if (!reorder(left, shared + rows + summed) || !reorder(right, shared + summed + columns))
    return false;
  llvm::SmallVector<DimExpr> leftShape = sizesOf(shared), rightShape = leftShape;
  if (isProduct) {
    leftShape.append({productOf(rows), productOf(summed)});
    rightShape.append({productOf(summed), productOf(columns)});
  } else {
    llvm::append_range(leftShape, sizesOf(rows));
    leftShape.append(columns.size(), DimExpr(1));
    rightShape.append(rows.size(), DimExpr(1));
    llvm::append_range(rightShape, sizesOf(columns));
  }
  if (!reshape(left, leftShape) || !reshape(right, rightShape))
    return false;
  left.value = call.e.binary(isProduct ? ast::BinaryOp::MatMul : ast::BinaryOp::Mul, call.range,
                             call.range, {left.value, call.range}, {right.value, call.range});
  if (!left.value.tensor())
    return false;
  left.letters = shared + rows + columns;
  return reshape(left, sizesOf(left.letters));
}

Value Contraction::run() {
  auto text = call.text(0, "");
  if (!text || !parse(*text) || !measure())
    return {};
  Term result;
  for (auto [i, term] : llvm::enumerate(terms)) {
    std::string later = output;
    for (const Term &other : llvm::ArrayRef(terms).drop_front(i + 1))
      later += other.letters;
    Term next = term;
    if (!sumAlone(next, later + result.letters))
      return {};
    if (i == 0)
      result = next;
    else if (!combine(result, next, later))
      return {};
    // What the product had to keep for no later operand.
    if (!sumAlone(result, later))
      return {};
  }
  return reorder(result, output) ? result.value : Value();
}

static Value applyEinsum(BuiltinCall &call) { return Contraction(call).run(); }

llvm::ArrayRef<Builtin> language::einsumBuiltins() {
  using enum Accepts;
  static const BuiltinParam params[] = {{"equation", Str},
                                        {"a", Tensor},
                                        {"b", Tensor, "None"},
                                        {"c", Tensor, "None"},
                                        {"d", Tensor, "None"}};
  static const Builtin rows[] = {{"einsum", params, applyEinsum}};
  return rows;
}
