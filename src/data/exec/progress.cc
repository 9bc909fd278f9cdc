#include "data/exec/progress.h"

#include <shoal/base/bytes.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "data/exec/figures.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_bar_min = 6;  // columns inside the bar's ends
constexpr std::size_t k_bar_max = 40;
constexpr std::size_t k_label_min = 10;

/// One figure of a line. Columns of the highest rank go first where the width does not suffice; rank 0 always stays.
struct Cell {
  std::string text;
  int rank = 0;
};
struct Line {
  std::string label;
  std::optional<double> fraction;
  std::vector<Cell> cells;
};

/// Labels hold names from programs: what could move the cursor or be two columns wide is shown as '?'.
std::string printable(const std::string& label) {
  std::string text;
  for (const char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;  // the rest of a character that was replaced already
    text += byte >= 0x20 && byte < 0x7f ? c : '?';
  }
  return text;
}

std::string shorten(std::string text, std::size_t width) {
  if (text.size() <= width) return text;
  text.resize(width - 2);
  return text + "..";
}

std::string bar(std::optional<double> fraction, std::size_t width, const ProgressStyle& style) {
  static constexpr std::array<const char*, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double filled = std::clamp(fraction.value_or(0), 0.0, 1.0) * static_cast<double>(width);
  const auto whole = static_cast<std::size_t>(filled);
  std::string cells;
  std::size_t used = whole;
  for (std::size_t i = 0; i < whole; ++i) cells += style.utf8 ? "█" : "#";
  const auto part = static_cast<std::size_t>((filled - std::floor(filled)) * 8);
  if (style.utf8 && whole < width && part > 0) {
    cells += eighths[part];
    ++used;
  }
  if (style.colour) cells = "\x1b[36m" + cells + "\x1b[39m";
  return "|" + cells + std::string(width - used, ' ') + "|";
}

/// Lays lines out as a table: labels, bars, and as many columns of cells as fit.
class Table {
 public:
  Table(std::vector<Line> lines, const ProgressStyle& style) : lines_(std::move(lines)), style_(style) {
    const std::size_t columns = lines_.front().cells.size();
    widths_.resize(columns);
    shown_.assign(columns, true);
    for (Line& line : lines_) {
      line.label = printable(line.label);
      label_width_ = std::max(label_width_, line.label.size());
      for (std::size_t i = 0; i < columns; ++i) widths_[i] = std::max(widths_[i], line.cells[i].text.size());
    }
    fit();
  }

  std::vector<std::string> render() const {
    std::vector<std::string> texts;
    for (const Line& line : lines_) {
      std::string text = fmt::format("{:<{}} ", shorten(line.label, label_width_), label_width_);
      text += bar(line.fraction, bar_width_, style_);
      for (std::size_t i = 0; i < widths_.size(); ++i) {
        if (shown_[i] && widths_[i] > 0) text += fmt::format("  {:>{}}", line.cells[i].text, widths_[i]);
      }
      texts.push_back(std::move(text));
    }
    return texts;
  }

 private:
  std::size_t width_without_bar() const {
    std::size_t width = label_width_ + 3;  // a space and the bar's ends
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      if (shown_[i] && widths_[i] > 0) width += widths_[i] + 2;
    }
    return width;
  }

  /// Gives up columns, then the labels' ends, until the smallest bar fits.
  void fit() {
    const auto room = static_cast<std::size_t>(std::max(style_.width, 28));
    label_width_ = std::min(label_width_, std::max(k_label_min, room / 3));
    while (width_without_bar() + k_bar_min > room) {
      std::size_t victim = widths_.size();
      for (std::size_t i = 0; i < widths_.size(); ++i) {
        const bool more = victim == widths_.size() || rank(i) > rank(victim);
        if (shown_[i] && rank(i) > 0 && more) victim = i;
      }
      if (victim == widths_.size()) break;
      shown_[victim] = false;
    }
    const std::size_t used = width_without_bar();
    if (used + k_bar_min > room) label_width_ -= std::min(label_width_, used + k_bar_min - room);
    bar_width_ = std::min(k_bar_max, room - width_without_bar());
  }

  int rank(std::size_t column) const { return lines_.front().cells[column].rank; }

  std::vector<Line> lines_;
  const ProgressStyle& style_;
  std::size_t label_width_ = 0;
  std::size_t bar_width_ = 0;
  std::vector<std::size_t> widths_;  // of each column of cells
  std::vector<bool> shown_;
};

double seconds(const RunReport& report) { return static_cast<double>(report.wall_ns) / 1e9; }

std::string rate(double count, const RunReport& report, const char* unit) {
  return report.wall_ns > 0 ? format_short(count / seconds(report)) + unit : std::string();
}

std::string percent(const Completion& completion) {
  const auto fraction = completion.fraction();
  return fraction ? fmt::format("{:3.0f}%", std::floor(*fraction * 100)) : "  ?%";
}

std::string done_of_total(const Completion& completion) {
  if (!completion.total) return fmt::format("{}/?", completion.done);
  return fmt::format("{}/{}{:.0f}", completion.done, completion.is_estimate ? "~" : "", *completion.total);
}

std::string time_left(const Completion& completion, const RunReport& report) {
  const auto fraction = completion.fraction();
  const bool known = fraction && *fraction > 0;
  return format_clock(known ? seconds(report) * (1 - *fraction) / *fraction : -1);
}

std::string used_of(double used, double total) { return format_short(used) + "/" + format_short(total); }

Line operator_line(const RunReport& report, const OperatorReport& op, const Completion& completion, bool is_wide) {
  const bool is_done = completion.fraction() == 1.0;
  const bool waits = !is_done && op.waits_for != WaitReason::none;
  std::string memory = format_bytes(op.memory);
  if (is_wide) memory += "/" + format_bytes(report.memory_budget);
  std::string waiting = waits ? std::string(to_string(op.waits_for)) : std::string();
  if (waits && is_wide) waiting = "waits for " + waiting;
  Line line;
  line.label = op.label;
  line.fraction = completion.fraction();
  line.cells = {{percent(completion), 0},
                {done_of_total(completion), 4},
                {format_short(static_cast<double>(op.rows)) + " rows", 8},
                {format_bytes(op.bytes), 9},
                {rate(static_cast<double>(op.rows), report, is_wide ? " rows/s" : "/s"), 7},
                {fmt::format("{}{}", op.running, is_wide ? " running" : " run"), 1},
                {fmt::format("{} queued", op.queued), 3},
                {op.actors > 0 ? fmt::format("{} actors", op.actors) : std::string(), 10},
                {memory, 6},
                {waiting, 2},
                {is_done ? "done" : (is_wide ? "ETA " : "") + time_left(completion, report), 5}};
  return line;
}

/// Resources used of their limits, then a table of one line. Very narrow terminals show the CPUs alone.
std::string render_overall(const RunReport& report, const Completion& whole, ProgressStyle style) {
  const std::string cpus = "CPU " + used_of(report.cpus_used, report.cpus_total);
  std::string resources = fmt::format("{} GPU {} mem {}/{}", cpus, used_of(report.gpus_used, report.gpus_total),
                                      format_bytes(report.memory_used), format_bytes(report.memory_budget));
  if (resources.size() + 30 > static_cast<std::size_t>(style.width)) resources = cpus;
  Line line;
  line.fraction = whole.fraction();
  line.cells = {{percent(whole), 0},
                {done_of_total(whole) + (style.width >= 100 ? " blocks" : ""), 2},
                {rate(static_cast<double>(whole.done), report, style.width >= 100 ? " blocks/s" : "/s"), 3},
                {"ETA " + time_left(whole, report), 1}};
  style.width -= static_cast<int>(resources.size());
  return resources + Table({line}, style).render().front();
}

/// One where only fragments that still run can have made the difference.
double blocks_a_fragment(const OperatorReport& op) {
  const std::int64_t excess = op.blocks - op.fragments_done;
  if (excess >= 0 && excess <= op.running) return 1;
  return static_cast<double>(op.blocks) / static_cast<double>(op.fragments_done);
}

}  // namespace

std::optional<double> Completion::fraction() const {
  if (!total) return std::nullopt;
  return *total <= 0 ? 1.0 : std::clamp(static_cast<double>(done) / *total, 0.0, 1.0);
}

std::vector<Completion> completions(const RunReport& report) {
  std::vector<Completion> all;
  for (const OperatorReport& op : report.operators) {
    Completion here{.done = op.fragments_done, .total = std::nullopt, .is_estimate = false};
    if (report.finished) {
      here.total = static_cast<double>(op.fragments_done);
    } else if (op.fragments_total >= 0) {
      here.total = static_cast<double>(op.fragments_total);
    } else if (!all.empty() && all.back().total && all.back().done > 0) {
      const double blocks_per_fragment = blocks_a_fragment(report.operators[all.size() - 1]);
      here.total = std::max(blocks_per_fragment * *all.back().total,
                            static_cast<double>(op.fragments_done + op.queued));
      here.is_estimate = true;
    }
    all.push_back(here);
  }
  return all;
}

std::vector<std::string> render_progress(const RunReport& report, const ProgressStyle& style) {
  if (report.operators.empty()) return {};
  const std::vector<Completion> all = completions(report);
  std::vector<std::string> lines = {render_overall(report, all.back(), style)};
  if (!style.verbose) return lines;
  std::vector<Line> operators;
  for (std::size_t i = 0; i < all.size(); ++i) {
    operators.push_back(operator_line(report, report.operators[i], all[i], style.width >= 140));
  }
  for (std::string& line : Table(std::move(operators), style).render()) lines.push_back(std::move(line));
  return lines;
}

std::string progress_line(const RunReport& report, bool verbose) {
  if (report.operators.empty()) return "nothing to do";
  const std::vector<Completion> all = completions(report);
  std::string line = fmt::format(
      "{} {} blocks, {}, CPU {}, GPU {}, memory {} of {}, ETA {}", percent(all.back()), done_of_total(all.back()),
      rate(static_cast<double>(all.back().done), report, " blocks/s"), used_of(report.cpus_used, report.cpus_total),
      used_of(report.gpus_used, report.gpus_total), format_bytes(report.memory_used),
      format_bytes(report.memory_budget), time_left(all.back(), report));
  line.erase(0, line.find_first_not_of(' '));
  for (std::size_t i = 0; verbose && i < all.size(); ++i) {
    const OperatorReport& op = report.operators[i];
    line += fmt::format("; {} {}, {} running, {} queued", printable(op.label), done_of_total(all[i]), op.running,
                        op.queued);
    if (op.waits_for != WaitReason::none) line += fmt::format(", waits for {}", to_string(op.waits_for));
  }
  return line;
}

}  // namespace shoal::data
