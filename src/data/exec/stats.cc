#include "data/exec/stats.h"

#include <shoal/base/bytes.h>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "data/exec/figures.h"

namespace shoal::data {
namespace {

using Format = std::string (*)(std::int64_t);

void add_spread(std::string& text, std::string_view name, const Spread& spread, Format format) {
  if (spread.count == 0) return;
  fmt::format_to(std::back_inserter(text), "  {:<14}{:>12}{:>12}{:>12}{:>12}\n", name, format(spread.min),
                 format(static_cast<std::int64_t>(spread.mean() + 0.5)), format(spread.max), format(spread.total));
}

std::string waits(const OperatorReport& op) {
  std::string text;
  for (std::size_t i = 1; i < k_wait_reasons; ++i) {
    if (op.waited_ns[i] < 1'000'000) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", to_string(static_cast<WaitReason>(i)), format_duration(op.waited_ns[i]));
  }
  return text;
}

void add_operator(std::string& text, std::size_t number, const OperatorReport& op) {
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "Stage {} {}: {} fragments, {} blocks, {} rows, {}\n", number, op.label,
                 format_grouped(op.fragments_done), format_grouped(op.blocks), format_grouped(op.rows),
                 format_bytes(op.bytes));
  if (op.wall_ns.count + op.block_rows.count > 0) {
    fmt::format_to(out, "  {:<14}{:>12}{:>12}{:>12}{:>12}\n", "", "min", "mean", "max", "total");
  }
  add_spread(text, "wall time", op.wall_ns, format_duration);
  add_spread(text, "CPU time", op.cpu_ns, format_duration);
  add_spread(text, "rows a block", op.block_rows, format_grouped);
  add_spread(text, "block size", op.block_bytes, format_bytes);
  if (const std::string waited = waits(op); !waited.empty()) fmt::format_to(out, "  waited for    {}\n", waited);
  if (op.requests > 0 || op.bytes_read > 0) {
    fmt::format_to(out, "  storage       {} requests, {} read\n", format_grouped(op.requests),
                   format_bytes(op.bytes_read));
  }
  if (op.retries > 0) fmt::format_to(out, "  retries       {}\n", format_grouped(op.retries));
  if (op.quarantined_rows > 0) fmt::format_to(out, "  quarantined   {} rows\n", format_grouped(op.quarantined_rows));
}

}  // namespace

std::string render_stats(const RunReport& report) {
  std::string text;
  for (std::size_t i = 0; i < report.operators.size(); ++i) add_operator(text, i + 1, report.operators[i]);
  const std::string first = report.first_block_ns < 0 ? "none" : "after " + format_duration(report.first_block_ns);
  fmt::format_to(std::back_inserter(text),
                 "Run{}: {} rows in {}, first block {}, consumer waited {}\n"
                 "  memory reserved at most {} of {}, {} spilled\n",
                 report.finished ? "" : " so far", format_grouped(report.rows_delivered),
                 format_duration(report.wall_ns), first, format_duration(report.consumer_wait_ns),
                 format_bytes(report.memory_peak), format_bytes(report.memory_budget),
                 format_bytes(report.spilled_bytes));
  return text;
}

}  // namespace shoal::data
