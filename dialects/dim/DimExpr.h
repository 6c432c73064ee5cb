//===- DimExpr.h - symbolic integer expressions of sizes --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes that are known only as formulas: `B*S`, `4*dim`, `dim/heads`. They say
// whether two dimensions are equal for all sizes, how many bytes an arena
// takes, how many operations a model costs.
//
// A DimExpr is a sum of terms; a term is a rational number times powers of
// atoms; an atom is a symbol or a function that has no polynomial form
// (floordiv, min, ...). Terms are kept sorted and merged, so two expressions
// over the same atoms are equal for all sizes exactly when they are equal as
// values. Functions are interned in a DimContext, hence the same function of
// equal arguments is the same atom.
//
// All arithmetic is checked. What does not fit 64 bits, or needs more than
// `DimExpr::maxTerms` terms, is the invalid expression, which every operation
// hands on; nothing wraps around.
//
//===----------------------------------------------------------------------===//

#ifndef NACRE_DIALECTS_DIM_DIMEXPR_H
#define NACRE_DIALECTS_DIM_DIMEXPR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nacre {

class DimContext;

/// A number num/den in lowest terms with den > 0.
struct DimRational {
  int64_t num = 0;
  int64_t den = 1;

  auto operator<=>(const DimRational &) const = default;
};

/// A power of an atom; the exponent is not 0, and is negative for a divisor.
struct DimPower {
  uint32_t atom = 0;
  int32_t exponent = 1;

  auto operator<=>(const DimPower &) const = default;
};

/// coefficient * product of powers, the powers in the order of their atoms.
struct DimTerm {
  DimRational coefficient;
  std::vector<DimPower> powers;

  auto operator<=>(const DimTerm &) const = default;
};

/// An immutable size. Cheap to copy. The default is the constant 0.
class DimExpr {
public:
  static constexpr size_t maxTerms = 256;

  DimExpr() = default;
  /*implicit*/ DimExpr(int64_t constant);
  /// The expression that stands for overflow, division by zero and the like.
  static DimExpr invalid();

  bool isValid() const { return !isInvalid; }
  bool isConstant() const;
  /// The value of a constant expression that is an integer.
  std::optional<int64_t> constant() const;
  bool isConstant(int64_t value) const { return constant() == value; }

  /// Sorted and merged; empty for 0.
  llvm::ArrayRef<DimTerm> terms() const;

  DimExpr operator+(const DimExpr &other) const;
  DimExpr operator-(const DimExpr &other) const;
  DimExpr operator*(const DimExpr &other) const;
  DimExpr operator-() const;

  /// Equal for all values of the atoms. Invalid expressions equal nothing, not
  /// even themselves. Definitions of symbols are not looked at: see
  /// DimContext::equal.
  bool operator==(const DimExpr &other) const;
  /// The same terms in the same memory: equal without a look at them.
  bool isSame(const DimExpr &other) const {
    return data == other.data && isInvalid == other.isInvalid;
  }
  /// A total order without meaning, for sorting and for keys of maps.
  bool before(const DimExpr &other) const;

private:
  friend class DimContext;
  using Terms = std::vector<DimTerm>;
  /// `terms` need not be sorted or merged.
  static DimExpr fromTerms(Terms terms);

  std::shared_ptr<const Terms> data; ///< null: 0
  bool isInvalid = false;
};

/// What kind of thing an atom of a DimContext is.
enum class DimAtomKind : uint8_t {
  Symbol,
  FloorDiv,
  CeilDiv,
  Mod,
  Min,
  Max,
  /// The quotient of two expressions that is an integer by contract.
  ExactDiv,
};

/// Identifies a symbol of a DimContext. It is also its atom id.
using DimSymbol = uint32_t;

/// What is known about a symbol besides its name.
struct DimSymbolInfo {
  std::string name;
  /// The symbol is another name for this, over symbols that are older.
  std::optional<DimExpr> definition;
  /// The number that it has in this compilation, where one is known.
  std::optional<int64_t> value;
  /// Any number the owner of the context chooses, to find the place in the
  /// source where the symbol came from.
  uint64_t origin = 0;
};

/// Owns symbols and atoms. Expressions of different contexts must not be mixed.
class DimContext {
public:
  DimContext() = default;
  DimContext(const DimContext &) = delete;
  DimContext &operator=(const DimContext &) = delete;

  /// A new symbol, distinct from all others also where the name is the same.
  DimSymbol addSymbol(DimSymbolInfo info);
  DimSymbol addSymbol(llvm::StringRef name, uint64_t origin = 0) {
    return addSymbol(DimSymbolInfo{name.str(), {}, {}, origin});
  }
  const DimSymbolInfo &info(DimSymbol symbol) const { return symbols[atoms[symbol].symbolIndex]; }
  void setValue(DimSymbol symbol, std::optional<int64_t> value);
  /// The symbol as an expression.
  DimExpr get(DimSymbol symbol) const { return atoms[symbol].self; }

  /// a / b, an integer by contract. Division by 0 is invalid. Where the
  /// division of polynomials leaves no remainder the quotient is a polynomial.
  DimExpr exactDiv(const DimExpr &a, const DimExpr &b);
  /// Rounded down and up; b is not 0.
  DimExpr floorDiv(const DimExpr &a, const DimExpr &b);
  DimExpr ceilDiv(const DimExpr &a, const DimExpr &b);
  /// a - b * floorDiv(a, b): the sign of b.
  DimExpr mod(const DimExpr &a, const DimExpr &b);
  DimExpr min(const DimExpr &a, const DimExpr &b);
  DimExpr max(const DimExpr &a, const DimExpr &b);

  DimAtomKind kind(uint32_t atom) const { return atoms[atom].kind; }
  /// The operands of an atom that is not a symbol.
  const DimExpr &lhs(uint32_t atom) const { return atoms[atom].lhs; }
  const DimExpr &rhs(uint32_t atom) const { return atoms[atom].rhs; }

  /// Replaces symbols, in arguments of functions too; `replace` returns
  /// nothing for a symbol that stays.
  DimExpr substitute(const DimExpr &expr,
                     llvm::function_ref<std::optional<DimExpr>(DimSymbol)> replace);
  /// Replaces all symbols that have definitions.
  DimExpr expand(const DimExpr &expr);
  /// Replaces all symbols that have values, after `expand`.
  DimExpr resolve(const DimExpr &expr);

  /// Equal for all sizes once definitions are put in.
  bool equal(const DimExpr &a, const DimExpr &b) { return a == b || expand(a) == expand(b); }
  /// True where `expr` cannot be negative for sizes (symbols) that are not.
  /// False means unknown.
  bool isNonNegative(const DimExpr &expr);
  bool isLessOrEqual(const DimExpr &a, const DimExpr &b) { return isNonNegative(b - a); }

  /// The value for given sizes. Nothing where a symbol has no value (and no
  /// definition), where a division that must be exact is not, and on overflow.
  std::optional<int64_t>
  evaluate(const DimExpr &expr,
           llvm::function_ref<std::optional<int64_t>(DimSymbol)> valueOf) const;
  /// The same with the values that symbols have here.
  std::optional<int64_t> evaluate(const DimExpr &expr) const;

  /// The symbols that `expr` names, in the order of their creation. Those of
  /// definitions are not included.
  std::vector<DimSymbol> symbolsOf(const DimExpr &expr) const;

  /// The way a user writes it: "B*S", "4*dim", "dim/heads", "S - 1".
  std::string print(const DimExpr &expr) const;

private:
  struct Atom {
    DimAtomKind kind;
    uint32_t symbolIndex = 0;
    uint32_t depth = 0; ///< nesting of functions
    DimExpr self;       ///< the atom as an expression
    DimExpr lhs, rhs;
    /// What `expand` and `resolve` put in its place, once they were asked: a
    /// check asks for the same few sizes again and again.
    std::optional<DimExpr> expanded, resolved;
  };
  struct AtomKey {
    DimAtomKind kind;
    DimExpr lhs, rhs;
    bool operator<(const AtomKey &other) const;
  };
  using Values = llvm::DenseMap<uint32_t, std::optional<int64_t>>;
  using ValueOf = llvm::function_ref<std::optional<int64_t>(DimSymbol)>;
  using Replace = llvm::function_ref<std::optional<DimExpr>(DimSymbol)>;
  using ReplaceAtom = llvm::function_ref<DimExpr(uint32_t)>;

  uint32_t addAtom(Atom atom);
  DimExpr atom(DimAtomKind kind, const DimExpr &a, const DimExpr &b);
  DimExpr build(DimAtomKind kind, const DimExpr &a, const DimExpr &b);
  uint32_t depthOf(const DimExpr &expr) const;
  std::optional<int64_t> evaluateImpl(const DimExpr &expr, ValueOf valueOf, Values &known) const;
  std::optional<int64_t> evaluateAtom(uint32_t atom, ValueOf valueOf, Values &known) const;
  DimExpr replaceAtoms(const DimExpr &expr, ReplaceAtom replacement);
  DimExpr substituteImpl(const DimExpr &expr, Replace replace,
                         llvm::DenseMap<uint32_t, DimExpr> &done);
  DimExpr expandAtom(uint32_t atom);
  /// `expr` and `atom` are expanded.
  DimExpr resolveExpanded(const DimExpr &expr);
  DimExpr resolveAtom(uint32_t atom);
  void printExpr(const DimExpr &expr, std::string &out, unsigned depth) const;
  void printTerm(const DimTerm &term, std::string &out, unsigned depth) const;
  void printAtom(uint32_t atom, std::string &out, unsigned depth) const;

  std::vector<Atom> atoms;
  std::vector<DimSymbolInfo> symbols;
  std::map<AtomKey, uint32_t> interned;
};

} // namespace nacre

#endif // NACRE_DIALECTS_DIM_DIMEXPR_H
