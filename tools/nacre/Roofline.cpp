//===- Roofline.cpp - a picture of kernels under the machine's limits -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Williams, Waterman and Patterson 2009: operations a second over operations
// per byte, both in logarithms, under the lines that the machine's arithmetic
// and its memories draw.
//
//===----------------------------------------------------------------------===//

#include "tools/nacre/Bench.h"
#include "tools/nacre/Table.h"

#include <fmt/format.h>

#include <cmath>

using namespace nacre;
using namespace nacre::tool;

namespace {

constexpr double width = 1270, panelHeight = 690;
constexpr double left = 76, right = 740, top = 92, bottom = 560;
constexpr double listLeft = 772, listRight = 1240;
constexpr const char *ink = "#1f2933", *soft = "#616e7c", *faint = "#e4e7eb";
constexpr const char *palette[] = {"#2f6fbb", "#d9622b", "#2e8b57", "#8e5bb5",
                                   "#b8960c", "#1c98a8", "#c4497b", "#7a5c44",
                                   "#5a7d2a", "#3d4fa1", "#a33b32", "#4f7a8c"};
constexpr const char *othersColor = "#8d99a6";
/// Kernels with less of the time are no dots: they would stretch the axes.
constexpr double leastShare = 0.002;
/// Rows of the list beside the picture.
constexpr size_t maxRows = 18;

std::string escape(llvm::StringRef text) {
  std::string result;
  for (char c : text)
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    default:
      result += c;
    }
  return result;
}

/// Roughly, of the sans-serif font that the reader has.
double widthOf(llvm::StringRef text, double size) {
  return static_cast<double>(text.size()) * size * 0.56;
}

struct Box {
  double x0, y0, x1, y1;
  bool meets(const Box &other) const {
    return x0 < other.x1 && other.x0 < x1 && y0 < other.y1 && other.y0 < y1;
  }
};

/// A logarithmic axis.
struct Axis {
  double low, high;   ///< values
  double from, until; ///< pixels
  double operator()(double value) const {
    return from + (until - from) * std::log(value / low) / std::log(high / low);
  }
  double perDecade() const { return std::abs(until - from) / std::log10(high / low); }
};

struct Dot {
  size_t rank;                   ///< in the order of time
  double share, intensity, rate; ///< of the time; FLOP per byte; FLOP a second
  double x = 0, y = 0, radius = 0;
};

/// One number of threads.
class Panel {
public:
  Panel(const BenchResult &result, const BenchRun &run)
      : result(result), run(run), groups(groupKernels(result, run)) {}

  std::string draw();

private:
  void place();
  void drawFrame();
  void drawRoofs();
  void drawDots();
  bool onDot(const Box &box, const Dot *but = nullptr) const;
  void drawNumbers();
  void drawList();
  void drawShares();
  void text(double x, double y, double size, const char *color, llvm::StringRef words,
            llvm::StringRef more = "");
  void line(double x0, double y0, double x1, double y1, const char *color, double thickness,
            llvm::StringRef more = "");
  double shareOf(const KernelGroup &group) const { return group.seconds / whole; }

  const BenchResult &result;
  const BenchRun &run;
  std::vector<KernelGroup> groups;
  double whole = 0; ///< seconds of a call
  std::vector<Dot> dots;
  std::vector<Box> taken;
  Axis x{}, y{};
  std::string svg;
};

const char *colorOf(size_t rank) { return rank < std::size(palette) ? palette[rank] : othersColor; }

std::string giga(double rate) {
  const double value = rate * 1e-9;
  return value >= 99.95 ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
}

} // namespace

void Panel::text(double px, double py, double size, const char *color, llvm::StringRef words,
                 llvm::StringRef more) {
  svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" fill=\"{}\" {}>{}</text>\n",
                     px, py, size, color, std::string_view(more), escape(words));
}

void Panel::line(double x0, double y0, double x1, double y1, const char *color, double thickness,
                 llvm::StringRef more) {
  svg += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" "
                     "stroke-width=\"{}\" {}/>\n",
                     x0, y0, x1, y1, color, thickness, std::string_view(more));
}

/// Chooses the axes, and gives each dot its place.
void Panel::place() {
  whole = run.outside;
  for (const KernelGroup &group : groups)
    whole += group.seconds;
  double peak = 0;
  for (Roof arithmetic : result.arithmetics())
    peak = std::max(peak, run.limits[arithmetic]);
  const double dram = run.limits[Roof::Dram] > 0 ? run.limits[Roof::Dram] : run.limits[Roof::L2];
  x = {.low = 0.1, .high = peak / std::max(dram, 1.0) * 4, .from = left, .until = right};
  y = {.low = run.limits[Roof::Fma] / 100, .high = peak * 2.2, .from = bottom, .until = top};
  for (auto [rank, group] : llvm::enumerate(groups)) {
    const std::optional<double> bytes = group.cost.bytes();
    if (!group.cost.flops || *group.cost.flops <= 0 || !bytes || *bytes <= 0 ||
        shareOf(group) < leastShare)
      continue;
    Dot dot{.rank = rank,
            .share = shareOf(group),
            .intensity = *group.cost.flops / *bytes,
            .rate = *group.cost.flops / group.seconds};
    dots.push_back(dot);
    x.low = std::min(x.low, dot.intensity / 2);
    x.high = std::max(x.high, dot.intensity * 2.5);
    y.low = std::min(y.low, dot.rate / 2);
    y.high = std::max(y.high, dot.rate * 2);
  }
  for (Dot &dot : dots) {
    dot.x = x(dot.intensity);
    dot.y = y(dot.rate);
    dot.radius = 4 + 22 * std::sqrt(dot.share);
  }
}

/// True where a dot, another one than `but`, is in the box.
bool Panel::onDot(const Box &box, const Dot *but) const {
  return llvm::any_of(dots, [&](const Dot &dot) {
    const double dx = std::clamp(dot.x, box.x0, box.x1) - dot.x;
    const double dy = std::clamp(dot.y, box.y0, box.y1) - dot.y;
    return &dot != but && std::hypot(dx, dy) < dot.radius + 1;
  });
}

void Panel::drawFrame() {
  std::string title = result.model + ", " + result.entry;
  for (const auto &[name, size] : result.sizes)
    title += fmt::format(", {} = {}", name, size);
  text(left, 38, 22, ink, title, "font-weight=\"600\"");
  const bool best = result.statistic == Statistic::Best;
  std::string under = fmt::format(
      "{} on {}: {} {}", run.threads == 1 ? "1 thread" : fmt::format("{} threads", run.threads),
      result.processor, best ? "best" : "median", inSeconds(result.latency(run)));
  if (const std::optional<double> flops = result.total().flops) {
    under += fmt::format(", {} GFLOP/s", giga(*flops / result.latency(run)));
    if (const std::optional<double> share = shareOfPeak(result, run))
      under += fmt::format(", {:.0f} % of peak", 100 * *share);
  }
  text(left, 62, 14, soft, under);

  for (double decade = std::pow(10, std::floor(std::log10(x.low))); decade <= x.high; decade *= 10)
    for (int digit : {1, 2, 5})
      if (const double value = decade * digit; value >= x.low && value <= x.high) {
        line(x(value), top, x(value), bottom, faint, digit == 1 ? 1.2 : 0.6);
        text(x(value), bottom + 18, 12, soft, fmt::format("{:g}", value), "text-anchor=\"middle\"");
      }
  for (double decade = std::pow(10, std::floor(std::log10(y.low))); decade <= y.high; decade *= 10)
    for (int digit : {1, 2, 5})
      if (const double value = decade * digit; value >= y.low && value <= y.high) {
        line(left, y(value), right, y(value), faint, digit == 1 ? 1.2 : 0.6);
        text(left - 8, y(value) + 4, 12, soft, fmt::format("{:g}", value * 1e-9),
             "text-anchor=\"end\"");
      }
  line(left, bottom, right, bottom, soft, 1);
  line(left, top, left, bottom, soft, 1);
  text((left + right) / 2, bottom + 40, 13, soft, "FLOP per byte read or written",
       "text-anchor=\"middle\"");
  text(0, 0, 13, soft, "GFLOP/s",
       fmt::format("text-anchor=\"middle\" transform=\"translate(24 {:.1f}) rotate(-90)\"",
                   (top + bottom) / 2));
}

void Panel::drawRoofs() {
  double peak = 0, fastest = 0;
  for (Roof arithmetic : result.arithmetics())
    peak = std::max(peak, run.limits[arithmetic]);
  const double slope = -std::atan(y.perDecade() / x.perDecade());
  for (Roof memory : memories) {
    const double rate = run.limits[memory];
    fastest = std::max(fastest, rate);
    const double start = std::max(x.low, y.low / std::max(rate, 1.0));
    const double end = std::min(peak / std::max(rate, 1.0), x.high);
    if (rate <= 0 || start >= end)
      continue;
    line(x(start), y(start * rate), x(end), y(end * rate), soft, 1.6,
         memory == Roof::L2 ? "" : "stroke-dasharray=\"7 4\"");
    // Above the line, near its lower end, but on no dot.
    const std::string words = fmt::format("{} {} GB/s", nameOf(memory), giga(rate));
    const double length = widthOf(words, 12);
    for (double away = 26; away < 400; away += 30) {
      const double px = x(start) + away, py = y(start * rate) + away * std::tan(slope) - 7;
      std::vector<Box> boxes;
      for (double along = 0; along < length; along += 8)
        boxes.push_back({px + along * std::cos(slope) - 6, py + along * std::sin(slope) - 12,
                         px + along * std::cos(slope) + 8, py + along * std::sin(slope) + 6});
      if (llvm::any_of(boxes, [&](const Box &box) { return onDot(box); }))
        continue;
      text(0, 0, 12, soft, words,
           fmt::format("transform=\"translate({:.1f} {:.1f}) rotate({:.2f})\"", px, py,
                       slope * 180 / M_PI));
      llvm::append_range(taken, boxes);
      break;
    }
  }
  for (Roof arithmetic : result.arithmetics()) {
    const double rate = run.limits[arithmetic];
    if (rate <= 0)
      continue;
    const double begin = std::max(rate / std::max(fastest, 1.0), x.low);
    line(x(begin), y(rate), right, y(rate), ink, 2);
    const std::string words = fmt::format(
        "{} {} GFLOP/s", arithmetic == Roof::Fma ? "f32 FMA" : nameOf(arithmetic), giga(rate));
    const double length = widthOf(words, 15), base = y(rate) - 8;
    // At the left end; there the lines of memories cross a lower roof.
    double px = x(begin) + 6;
    if (rate < peak && !onDot({right - length, base - 14, right, base + 4}))
      px = right - length;
    text(px, base, 13, ink, words, "font-weight=\"600\"");
    taken.push_back({px - 6, base - 14, px + length, base + 11});
  }
}

void Panel::drawDots() {
  // Large ones first, so that small ones are not hidden.
  for (const Dot &dot : dots) {
    const KernelGroup &group = groups[dot.rank];
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"{}\" "
                       "fill-opacity=\"0.75\" stroke=\"#ffffff\" stroke-width=\"1.2\"><title>{}: "
                       "{}, {:.1f} % of the time, {} GFLOP/s</title></circle>\n",
                       dot.x, dot.y, dot.radius, colorOf(dot.rank), escape(group.label),
                       inSeconds(group.seconds), dot.share * 100, giga(dot.rate));
  }
}

/// Each dot's number: inside, where it has the room for itself, or at the nearest free place.
void Panel::drawNumbers() {
  constexpr double size = 12, height = 14;
  auto isFree = [&](const Box &box) {
    return box.x0 > left + 2 && box.x1 < right - 2 && box.y0 > top + 2 && box.y1 < bottom - 2 &&
           llvm::none_of(taken, [&](const Box &other) { return box.meets(other); });
  };
  auto boxAt = [&](double px, double py, const std::string &number) {
    const double half = widthOf(number, size) / 2 + 1;
    return Box{px - half, py - height / 2, px + half, py + height / 2};
  };
  const char *middle = "text-anchor=\"middle\" font-weight=\"600\"";
  std::vector<const Dot *> outside;
  for (const Dot &dot : dots) {
    if (dot.rank >= maxRows)
      break;
    const std::string number = std::to_string(dot.rank + 1);
    const Box box = boxAt(dot.x, dot.y, number);
    if (dot.radius < 9 || onDot(box, &dot)) {
      outside.push_back(&dot);
      continue;
    }
    text(dot.x, dot.y + 4.3, size, "#ffffff", number, middle);
    taken.push_back(box);
  }
  for (const Dot *dot : outside) {
    const std::string number = std::to_string(dot->rank + 1);
    std::optional<Box> found;
    double px = 0, py = 0, angle = 0;
    for (double distance = 9; distance < 240 && !found; distance += 5)
      for (int step = 0; step < 24 && !found; ++step) {
        angle = step * M_PI / 12;
        px = dot->x + (dot->radius + distance) * std::cos(angle);
        py = dot->y + (dot->radius + distance) * std::sin(angle);
        if (const Box box = boxAt(px, py, number); isFree(box) && !onDot(box, dot))
          found = box;
      }
    if (!found)
      continue;
    const char *color = colorOf(dot->rank);
    // From the middle: dots may share an edge.
    line(dot->x, dot->y, px - 8 * std::cos(angle), py - 8 * std::sin(angle), color, 1.2);
    text(px, py + 4.3, size, color, number, middle);
    taken.push_back(*found);
  }
}

/// What the numbers stand for.
void Panel::drawList() {
  const double calls = listLeft + 246, share = calls + 58, flops = share + 64, limit = listRight;
  const char *middle = "text-anchor=\"middle\" font-weight=\"600\"";
  const char *end = "text-anchor=\"end\"";
  double at = top + 12;
  text(listLeft + 26, at, 12, soft, "kernel");
  text(calls, at, 12, soft, "calls", end);
  text(share, at, 12, soft, "time", end);
  text(flops, at, 12, soft, "GFLOP/s", end);
  text(limit, at, 12, soft, "of its limit", end);
  line(listLeft, at + 8, listRight, at + 8, faint, 1.2);
  at += 28;
  double others = 0;
  for (auto [rank, group] : llvm::enumerate(groups)) {
    if (rank >= maxRows) {
      others += shareOf(group);
      continue;
    }
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"9.5\" fill=\"{}\"/>\n",
                       listLeft + 10, at - 4.2, colorOf(rank));
    text(listLeft + 10, at, 11, "#ffffff", std::to_string(rank + 1), middle);
    text(listLeft + 26, at, 12.5, ink, group.label);
    text(calls, at, 12.5, ink, std::to_string(group.count), end);
    text(share, at, 12.5, ink, fmt::format("{:.1f} %", shareOf(group) * 100), end);
    const bool computes = group.cost.flops && *group.cost.flops > 0;
    text(flops, at, 12.5, computes ? ink : soft,
         computes ? giga(*group.cost.flops / group.seconds) : "-", end);
    if (group.bound)
      text(limit, at, 12.5, ink,
           fmt::format("{:.0f} % of {}", 100 * group.bound->seconds() / group.seconds,
                       nameOf(group.bound->roof())),
           end);
    at += 23.5;
  }
  auto rest = [&](const std::string &name, double part) {
    text(listLeft + 26, at, 12.5, soft, name);
    text(share, at, 12.5, soft, fmt::format("{:.1f} %", part * 100), end);
    at += 23.5;
  };
  if (groups.size() > maxRows)
    rest(fmt::format("{} others", groups.size() - maxRows), others);
  rest("outside of kernels", run.outside / whole);
}

/// Where the time goes, kernels that only move data too.
void Panel::drawShares() {
  const double y0 = 632, height = 28;
  text(left, y0 - 10, 13, soft, "Where the time goes");
  double at = left;
  auto part = [&](double share, const char *color, const std::string &label,
                  const std::string &number) {
    const double length = share * (listRight - left);
    svg +=
        fmt::format("<rect x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" height=\"{}\" fill=\"{}\" "
                    "fill-opacity=\"0.9\" stroke=\"#ffffff\" stroke-width=\"1\"><title>{} {:.1f} "
                    "%</title></rect>\n",
                    at, y0, length, height, color, escape(label), share * 100);
    const bool roomy = widthOf(label, 12) + 36 < length;
    const std::string words = roomy ? number + "  " + label : number;
    if (!number.empty() && widthOf(words, 12) + 4 < length)
      text(at + length / 2, y0 + 18.5, 12, "#ffffff", words, "text-anchor=\"middle\"");
    at += length;
  };
  for (auto [rank, group] : llvm::enumerate(groups))
    part(shareOf(group), colorOf(rank), group.label, std::to_string(rank + 1));
  part(std::max(run.outside, 0.0) / whole, faint, "outside of kernels", "");
}

std::string Panel::draw() {
  place();
  drawFrame();
  drawRoofs();
  drawDots();
  drawNumbers();
  if (!groups.empty()) {
    drawList();
    drawShares();
  }
  return std::move(svg);
}

std::string nacre::tool::drawRoofline(const BenchResult &result) {
  const double height = panelHeight * static_cast<double>(result.runs.size());
  std::string svg =
      fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
                  "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"Inter, 'Helvetica Neue', Arial, "
                  "'DejaVu Sans', sans-serif\">\n<rect width=\"{0:.0f}\" height=\"{1:.0f}\" "
                  "fill=\"#ffffff\"/>\n",
                  width, height);
  for (auto [i, run] : llvm::enumerate(result.runs))
    svg += fmt::format("<g transform=\"translate(0 {:.0f})\">\n",
                       panelHeight * static_cast<double>(i)) +
           Panel(result, run).draw() + "</g>\n";
  return svg + "</svg>\n";
}
