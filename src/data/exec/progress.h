#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/exec/report.h"

namespace shoal::data {

struct ProgressStyle {
  int width = 80;        ///< Columns of the terminal.
  bool verbose = false;  ///< One bar per operator below the overall line.
  bool colour = false;
  bool utf8 = false;  ///< Bars of block characters; else ASCII.
};

/// How far an operator is: its finished fragments of all it will have.
struct Completion {
  std::int64_t done = 0;
  std::optional<double> total;  ///< Unset where nothing tells it yet.
  bool is_estimate = false;     ///< The operator before it still makes input; `total` assumes it goes on as so far.

  std::optional<double> fraction() const;
};
/// Of each operator of the run. The last one's is the run's.
std::vector<Completion> completions(const RunReport& report);

/// The overall line and, in verbose, one line per operator: none wider than `style.width`, which is at least 40.
/// Narrow terminals show fewer columns, the same ones for all operators. Pure.
std::vector<std::string> render_progress(const RunReport& report, const ProgressStyle& style);

/// The same as one line of any width, for logs and other places that are no terminal.
std::string progress_line(const RunReport& report, bool verbose);

}  // namespace shoal::data
