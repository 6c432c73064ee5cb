//===- Render.cpp - printing diagnostics with their source ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontend/diagnostics/Diagnostic.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Unicode.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <map>
#include <tuple>

using namespace nacre;
using llvm::raw_ostream;
using llvm::StringRef;

namespace {

/// Columns of a source line that are shown; longer lines get a window.
constexpr unsigned maxColumns = 160;
/// Lines of one diagnostic that are shown. Labels beyond are left out.
constexpr unsigned maxLines = 8;

/// Decodes the character at the front of `text`. Sets `length` to its bytes
/// (at least 1). Returns U+FFFD for what is not UTF-8.
uint32_t decode(StringRef text, unsigned &length) {
  auto *source = reinterpret_cast<const llvm::UTF8 *>(text.begin());
  auto *begin = source;
  auto *end = reinterpret_cast<const llvm::UTF8 *>(text.end());
  llvm::UTF32 codePoint = 0;
  if (llvm::convertUTF8Sequence(&source, end, &codePoint, llvm::strictConversion) ==
      llvm::conversionOK) {
    length = static_cast<unsigned>(source - begin);
    return codePoint;
  }
  length = 1;
  return 0xFFFD;
}

/// What is printed for the character at the front of `text`, its width on a
/// terminal, and how many bytes it takes. Tabs become four blanks; what a
/// terminal would obey rather than show becomes U+FFFD.
StringRef visible(StringRef text, unsigned &length, unsigned &width) {
  if (text.front() == '\t') {
    length = 1;
    width = 4;
    return "    ";
  }
  uint32_t codePoint = decode(text, length);
  if (codePoint == 0xFFFD || !llvm::sys::unicode::isPrintable(codePoint)) {
    width = 1;
    return "\xEF\xBF\xBD";
  }
  StringRef shown = text.take_front(length);
  int columns = llvm::sys::unicode::columnWidthUTF8(shown);
  width = columns < 0 ? 1 : static_cast<unsigned>(columns);
  return shown;
}

/// A message, which may quote any part of an untrusted file.
void printSafe(raw_ostream &out, StringRef text) {
  while (!text.empty()) {
    if (text.front() == '\n') {
      out << '\n';
      text = text.drop_front();
      continue;
    }
    unsigned length, width;
    out << visible(text, length, width);
    text = text.drop_front(length);
  }
}

/// A stretch of one line to underline, in columns of the terminal from 0.
struct Mark {
  unsigned begin = 0;
  unsigned end = 0;
  bool isPrimary = false;
  StringRef text;
  size_t order = 0; ///< among the marks of its line
};

/// A source line as it will be shown.
struct ShownLine {
  std::string text;
  /// Column before each byte of the source line, and one past the last.
  std::vector<unsigned> columns;
};

ShownLine showLine(StringRef source) {
  ShownLine line;
  line.columns.resize(source.size() + 1);
  unsigned column = 0;
  for (size_t i = 0; i < source.size();) {
    unsigned length, width;
    line.text += visible(source.drop_front(i), length, width);
    for (unsigned k = 0; k < length; ++k)
      line.columns[i + k] = column;
    i += length;
    column += width;
  }
  line.columns[source.size()] = column;
  return line;
}

class Renderer {
public:
  Renderer(raw_ostream &out, const SourceMap &sources, RenderOptions options)
      : out(out), sources(sources), options(options) {}

  void render(const Diagnostic &diagnostic);

private:
  void color(raw_ostream::Colors which, bool bold = true) {
    if (options.color)
      out.changeColor(which, bold);
  }
  void plain() {
    if (options.color)
      out.resetColor();
  }
  void place(SourceRange range) {
    LineColumn at = sources.lineColumn(range);
    printSafe(out, sources.name(range.file));
    out << ':' << at.line << ':' << at.column;
  }
  void snippet(const Diagnostic &diagnostic);
  void lineWithMarks(FileId file, uint32_t number, llvm::SmallVectorImpl<Mark> &marks,
                     ShownLine &line);
  void marksRow(llvm::ArrayRef<Mark> marks);
  void gutter(uint32_t number) {
    color(raw_ostream::BLUE);
    if (number)
      out << llvm::format("%5u", number);
    else
      out << "     ";
    out << " |";
    plain();
  }

  raw_ostream &out;
  const SourceMap &sources;
  RenderOptions options;
};

void Renderer::render(const Diagnostic &diagnostic) {
  if (options.color)
    out.changeColor(raw_ostream::SAVEDCOLOR, true);
  if (diagnostic.range.isValid()) {
    place(diagnostic.range);
    out << ": ";
  } else if (!diagnostic.place.empty()) {
    printSafe(out, diagnostic.place);
    out << ": ";
  }
  bool isError = diagnostic.severity == Severity::Error;
  color(isError ? raw_ostream::RED : raw_ostream::MAGENTA);
  out << (isError ? "error: " : "warning: ");
  plain();
  if (options.color)
    out.changeColor(raw_ostream::SAVEDCOLOR, true);
  printSafe(out, diagnostic.message);
  plain();
  out << '\n';
  snippet(diagnostic);
  for (const DiagnosticNote &note : diagnostic.notes) {
    color(raw_ostream::CYAN);
    out << "note: ";
    plain();
    printSafe(out, note.message);
    if (note.range.isValid()) {
      out << " at ";
      place(note.range);
    }
    out << '\n';
  }
}

/// Shows the line of the fault and the other lines that labels are on.
void Renderer::snippet(const Diagnostic &diagnostic) {
  if (!diagnostic.range.isValid())
    return;
  FileId file = diagnostic.range.file;
  struct Part {
    SourceRange range;
    bool isPrimary;
    StringRef text;
  };
  std::map<uint32_t, llvm::SmallVector<Part, 4>> byLine;
  auto put = [&](SourceRange range, bool isPrimary, StringRef text) {
    if (range.isValid() && range.file == file)
      byLine[sources.lineColumn(range).line].push_back({range, isPrimary, text});
  };
  put(diagnostic.range, true, "");
  uint32_t primaryLine = sources.lineColumn(diagnostic.range).line;
  for (const DiagnosticLabel &label : diagnostic.labels)
    put(label.range, label.range == diagnostic.range, label.text);

  uint32_t previous = 0;
  unsigned shown = 0;
  for (auto &[number, parts] : byLine) {
    if (shown == maxLines && number != primaryLine)
      continue;
    ++shown;
    if (previous && number > previous + 1) {
      color(raw_ostream::BLUE);
      out << "  ...\n";
      plain();
    }
    previous = number;

    StringRef source = sources.line(file, number);
    uint32_t start = sources.lineStart(file, number);
    ShownLine line = showLine(source);
    llvm::SmallVector<Mark, 4> marks;
    for (const Part &part : parts) {
      size_t begin = std::min<size_t>(part.range.begin - start, source.size());
      size_t end = std::min<size_t>(part.range.end - start, source.size());
      Mark mark;
      mark.begin = line.columns[begin];
      mark.end = std::max(line.columns[std::max(begin, end)], mark.begin + 1);
      mark.isPrimary = part.isPrimary;
      mark.text = part.text;
      mark.order = marks.size();
      marks.push_back(mark);
    }
    lineWithMarks(file, number, marks, line);
  }

  // Labels in other files cannot share the snippet; they read as notes.
  for (const DiagnosticLabel &label : diagnostic.labels) {
    if (!label.range.isValid() || label.range.file == file)
      continue;
    color(raw_ostream::CYAN);
    out << "note: ";
    plain();
    printSafe(out, label.text);
    out << " at ";
    place(label.range);
    out << '\n';
  }
}

void Renderer::lineWithMarks(FileId file, uint32_t number, llvm::SmallVectorImpl<Mark> &marks,
                             ShownLine &line) {
  StringRef source = sources.line(file, number);
  unsigned width = line.columns.back();
  if (width > maxColumns) {
    // Keep the primary mark, or the first one, with some text before it.
    const Mark *focus = &marks.front();
    for (const Mark &mark : marks)
      if (mark.isPrimary)
        focus = &mark;
    unsigned from = focus->begin > 40 ? focus->begin - 40 : 0;
    unsigned to = from + maxColumns;
    std::string cut;
    unsigned first = 0;
    bool started = false;
    for (size_t i = 0; i < source.size();) {
      unsigned length, columns;
      StringRef shown = visible(source.drop_front(i), length, columns);
      unsigned at = line.columns[i];
      if (at >= from && at + columns <= to) {
        if (!started)
          first = at;
        started = true;
        cut += shown;
      }
      i += length;
    }
    line.text = (from ? "..." : "") + cut + (to < width ? "..." : "");
    unsigned shift = from ? 3 : 0;
    for (Mark &mark : marks) {
      mark.begin = std::clamp(mark.begin, first, to) - first + shift;
      mark.end = std::clamp(mark.end, first, to) - first + shift;
      mark.end = std::max(mark.end, mark.begin + 1);
    }
  }

  gutter(number);
  StringRef text = StringRef(line.text).rtrim();
  if (!text.empty())
    out << ' ' << text;
  out << '\n';

  // The rightmost text goes on the row of the underlines, the others below it
  // from right to left, so that no text crosses another.
  llvm::sort(marks, [](const Mark &a, const Mark &b) {
    return std::tie(a.begin, a.end, a.order) < std::tie(b.begin, b.end, b.order);
  });
  marksRow(marks);
  bool first = true;
  for (const Mark &mark : llvm::reverse(marks)) {
    if (mark.text.empty())
      continue;
    bool onFirstRow = first && mark.begin == marks.back().begin;
    first = false;
    if (onFirstRow)
      continue;
    out << '\n';
    gutter(0);
    out << ' ' << std::string(mark.begin, ' ');
    color(mark.isPrimary ? raw_ostream::GREEN : raw_ostream::CYAN);
    out << std::string(mark.end - mark.begin, mark.isPrimary ? '^' : '~') << ' ';
    printSafe(out, mark.text);
    plain();
  }
  out << '\n';
}

/// One row with all the underlines, and the text of the rightmost mark.
void Renderer::marksRow(llvm::ArrayRef<Mark> marks) {
  unsigned width = 0;
  for (const Mark &mark : marks)
    width = std::max(width, mark.end);
  std::string row(width, ' ');
  for (bool primary : {false, true})
    for (const Mark &mark : marks)
      if (mark.isPrimary == primary)
        std::fill(row.begin() + mark.begin, row.begin() + mark.end, primary ? '^' : '~');
  gutter(0);
  out << ' ';
  for (size_t i = 0; i < row.size();) {
    size_t run = row.find_first_not_of(row[i], i);
    run = std::min(run, row.size());
    if (row[i] != ' ')
      color(row[i] == '^' ? raw_ostream::GREEN : raw_ostream::CYAN);
    out << row.substr(i, run - i);
    if (row[i] != ' ')
      plain();
    i = run;
  }
  const Mark &last = marks.back();
  // A wide mark that starts earlier may reach past the last one.
  StringRef text;
  for (const Mark &mark : marks)
    if (mark.begin == last.begin && !mark.text.empty())
      text = mark.text;
  if (text.empty())
    return;
  color(last.isPrimary ? raw_ostream::GREEN : raw_ostream::CYAN);
  out << ' ';
  printSafe(out, text);
  plain();
}

} // namespace

void nacre::renderDiagnostic(raw_ostream &out, const SourceMap &sources,
                             const Diagnostic &diagnostic, const RenderOptions &options) {
  Renderer(out, sources, options).render(diagnostic);
}

void nacre::renderDiagnostics(raw_ostream &out, const DiagnosticEngine &engine,
                              const RenderOptions &options) {
  // Files keep the order in which faults were found in them; the importing
  // file comes before or after the imported one as the compiler met them.
  std::map<FileId, size_t> rank;
  using Key = std::tuple<size_t, uint32_t, size_t>;
  llvm::SmallVector<std::pair<Key, const Diagnostic *>, 32> order;
  for (const Diagnostic &diagnostic : engine.diagnostics()) {
    size_t file = rank.try_emplace(diagnostic.range.file, rank.size()).first->second;
    order.push_back({Key(file, diagnostic.range.begin, order.size()), &diagnostic});
  }
  llvm::sort(order, llvm::less_first());

  unsigned errors = 0;
  for (auto [key, diagnostic] : order) {
    if (diagnostic->severity == Severity::Error && ++errors > options.maxErrors)
      break;
    renderDiagnostic(out, engine.sourceMap(), *diagnostic, options);
  }
  if (engine.errorCount() > options.maxErrors) {
    size_t more = engine.errorCount() - options.maxErrors;
    out << "and " << more << (more == 1 ? " more error\n" : " more errors\n");
  }
}
