//===- Inspect.cpp - nacre inspect ----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/nacre/Commands.h"
#include "tools/nacre/Compile.h"
#include "tools/nacre/Flops.h"
#include "tools/nacre/Session.h"
#include "tools/nacre/Table.h"
#include "tools/nacre/Weights.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace nacre;
using namespace nacre::tool;
using language::EntrySummary;
using language::ModelSummary;
using language::PartSummary;
using language::PortSummary;
using language::WeightSummary;

namespace {

/// Numbers of a part and all parts in it.
struct PartTotals {
  uint64_t parameters = 0;
  uint64_t bytes = 0;
  DimExpr flops; ///< of all entries that are shown
};

class Inspector {
public:
  Inspector(const InspectArguments &arguments, const ModelSummary &summary, DiagnosticEngine &diags)
      : arguments(arguments), summary(summary), diags(diags) {}

  /// Counts the FLOPs of a module in phase `nn`.
  void count(mlir::ModuleOp module);
  /// What the memory planner found.
  void setMemory(const CompileReport &report);
  void print(llvm::raw_ostream &out);

private:
  void printHead(llvm::raw_ostream &out);
  void printEntries(llvm::raw_ostream &out);
  void printStates(llvm::raw_ostream &out);
  void printParts(llvm::raw_ostream &out);
  void addParts(Table &table, const PartSummary &part, unsigned depth);
  PartTotals totalsOf(const std::string &path) const;
  std::string inFlops(const DimExpr &flops) const;

  const InspectArguments &arguments;
  const ModelSummary &summary;
  DiagnosticEngine &diags;
  DimContext dims;
  std::map<std::string, DimSymbol> variables;
  std::map<std::string, FlopCount> flops;    ///< by entry
  std::map<std::string, std::string> arenas; ///< by entry
  object::StateSignature state;
};

uint64_t parametersOf(const WeightSummary &weight) {
  uint64_t count = 1;
  for (int64_t size : weight.shape)
    count *= static_cast<uint64_t>(size);
  return count;
}

uint64_t bytesOf(const WeightSummary &weight) {
  return parametersOf(weight) * elementBytes(storageOf(weight.dtype));
}

std::string typeOf(llvm::StringRef dtype, llvm::ArrayRef<std::string> shape) {
  return (dtype + "[" + llvm::join(shape, ", ") + "]").str();
}

std::string describePorts(llvm::ArrayRef<PortSummary> ports, bool names) {
  std::vector<std::string> texts;
  for (const PortSummary &port : ports)
    texts.push_back((names ? port.name + ": " : "") + typeOf(port.dtype, port.shape));
  return llvm::join(texts, ", ");
}

/// The first sentence of a doc comment, for a table.
llvm::StringRef firstLine(llvm::StringRef doc) { return doc.split('\n').first.trim(); }

bool isIn(llvm::StringRef path, llvm::StringRef part) {
  return part.empty() || path == part ||
         (path.starts_with(part) && path.drop_front(part.size()).starts_with("."));
}

/// True for parts that differ in their path only: the layers of most models.
bool sameForm(const PartSummary &a, const PartSummary &b) {
  return a.block == b.block && a.parts.size() == b.parts.size() &&
         llvm::all_of(llvm::zip(a.parts, b.parts),
                      [](auto pair) { return sameForm(std::get<0>(pair), std::get<1>(pair)); });
}

} // namespace

/// A formula, or a number where --dim gives every variable in it.
std::string Inspector::inFlops(const DimExpr &flops) const {
  if (!flops.isValid())
    return "?";
  auto sizeOf = [&](DimSymbol symbol) -> std::optional<int64_t> {
    for (const auto &[name, size] : arguments.dims)
      if (auto at = variables.find(name); at != variables.end() && at->second == symbol)
        return size;
    return std::nullopt;
  };
  if (std::optional<int64_t> number = dims.evaluate(flops, sizeOf))
    return inUnits(static_cast<double>(*number));
  return dims.print(flops);
}

PartTotals Inspector::totalsOf(const std::string &path) const {
  PartTotals totals;
  for (const WeightSummary &weight : summary.weights) {
    if (!isIn(weight.path, path))
      continue;
    totals.parameters += parametersOf(weight);
    totals.bytes += bytesOf(weight);
  }
  for (const auto &[entry, counted] : flops)
    for (const auto &[part, count] : counted.byPart)
      if (isIn(part, path))
        totals.flops = totals.flops + count;
  return totals;
}

void Inspector::printHead(llvm::raw_ostream &out) {
  out << summary.name;
  if (!summary.doc.empty())
    out << ": " << firstLine(summary.doc);
  out << '\n';
  if (summary.parameters.empty())
    return;
  out << "\nparameters\n";
  Table table({Align::Left, Align::Left, Align::Left, Align::Left});
  for (const auto &parameter : summary.parameters)
    table.addRow({parameter.name, parameter.type, parameter.value, firstLine(parameter.doc).str()});
  table.print(out, 2);
}

void Inspector::printEntries(llvm::raw_ostream &out) {
  out << "\nentries\n";
  for (const EntrySummary &entry : summary.entries) {
    out << "  " << entry.name << '(' << describePorts(entry.arguments, true) << ") -> "
        << describePorts(entry.results, false) << '\n';
    if (!entry.doc.empty())
      out << "    " << firstLine(entry.doc) << '\n';
    for (const std::string &requirement : entry.requirements)
      out << "    requires " << requirement << '\n';
    if (auto count = flops.find(entry.name); count != flops.end())
      out << "    FLOPs " << inFlops(count->second.total) << '\n';
    if (auto arena = arenas.find(entry.name); arena != arenas.end())
      out << "    arena " << arena->second << '\n';
  }
}

/// A row for the part and rows for what is in it; equal neighbours of an array share one row.
void Inspector::addParts(Table &table, const PartSummary &part, unsigned depth) {
  const std::string indent(2 * depth, ' ');
  for (size_t i = 0; i < part.parts.size();) {
    const PartSummary &child = part.parts[i];
    size_t end = i + 1;
    while (end < part.parts.size() && sameForm(child, part.parts[end]) &&
           totalsOf(part.parts[end].path).parameters == totalsOf(child.path).parameters)
      ++end;
    PartTotals totals = totalsOf(child.path);
    std::string name = child.path;
    if (end - i > 1)
      name += " .. " + part.parts[end - 1].path;
    const std::string times = end - i > 1 ? " x " + std::to_string(end - i) : "";
    table.addRow({indent + name, child.block + times, withCommas(totals.parameters),
                  inBytes(totals.bytes), inFlops(totals.flops)});
    addParts(table, child, depth + 1);
    i = end;
  }
}

void Inspector::printParts(llvm::raw_ostream &out) {
  const bool oneEntry = flops.size() == 1;
  out << "\nparts" << (oneEntry ? "" : ", FLOPs of all entries together")
      << "; of a row with x, each\n";
  Table table({Align::Left, Align::Left, Align::Right, Align::Right, Align::Left});
  table.addHeader({"part", "block", "parameters", "weights", "FLOPs"});
  PartTotals totals = totalsOf("");
  table.addRow({"(all)", summary.root.block, withCommas(totals.parameters), inBytes(totals.bytes),
                inFlops(totals.flops)});
  addParts(table, summary.root, 1);
  table.print(out, 2);
}

void Inspector::count(mlir::ModuleOp module) {
  for (auto entry : module.getOps<mlir::func::FuncOp>())
    flops.emplace(entry.getName().str(), countFlops(entry, dims, variables));
  std::vector<llvm::StringRef> known;
  for (const auto &variable : variables)
    known.push_back(variable.first);
  for (const auto &[name, size] : arguments.dims)
    if (!variables.contains(name))
      diags.errorAt("--dim " + name, "the model has no dimension variable '" + name + "'")
          .didYouMean({}, nearestName(name, known))
          .note("it has: " + (known.empty() ? "none" : llvm::join(known, ", ")));
}

void Inspector::setMemory(const CompileReport &report) {
  for (const object::EntrySignature &entry : report.entries)
    arenas[entry.name] = entry.describeArena();
  state = report.state;
}

void Inspector::printStates(llvm::raw_ostream &out) {
  if (state.tensors.empty())
    return;
  out << "\nstates, " << state.describe() << " bytes\n";
  Table table({Align::Left, Align::Left});
  for (const object::TensorSignature &tensor : state.tensors)
    table.addRow({tensor.name, tensor.spell()});
  table.print(out, 2);
}

void Inspector::print(llvm::raw_ostream &out) {
  printHead(out);
  printEntries(out);
  printStates(out);
  printParts(out);
}

int nacre::tool::execute(const InspectArguments &arguments) {
  Session session;
  std::optional<Installation> installation = findInstallation(session.diags);
  if (!installation)
    return session.finish();
  std::optional<LoadedModel> model = loadModel(session, arguments.model, *installation);
  if (!model)
    return session.finish();
  Inspector inspector(arguments, model->language.summary, session.diags);
  inspector.count(*model->language.module);
  if (session.diags.hasErrors())
    return session.finish();
  // The plan of the memory needs all of the compiler but its last phases, and no weights.
  CompileOptions options;
  options.name = "model";
  options.emit = {};
  options.stopAfter = Phase::buffers;
  if (auto report = compileModel(session, *model, *installation, std::move(options)))
    inspector.setMemory(*report);
  inspector.print(llvm::outs());
  return session.finish();
}
