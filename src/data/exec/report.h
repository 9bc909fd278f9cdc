#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::data {

/// Why an operator that has work does not run more of it: the names that bars, stats and errors show.
enum class WaitReason : std::uint8_t { none, input, output_budget, memory, slot, consumer };
inline constexpr std::size_t k_wait_reasons = 6;
std::string_view to_string(WaitReason reason);

/// Smallest, largest and total of a figure over the fragments of an operator.
struct Spread {
  std::int64_t count = 0;
  std::int64_t total = 0;
  std::int64_t min = std::numeric_limits<std::int64_t>::max();
  std::int64_t max = 0;

  void add(std::int64_t value) {
    ++count;
    total += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  double mean() const { return count == 0 ? 0 : static_cast<double>(total) / static_cast<double>(count); }
};

/// Counts of one operator, during the run or after it.
struct OperatorReport {
  std::string label;
  std::int64_t fragments_total = -1;  ///< -1 while the operator before it still makes input.
  std::int64_t fragments_done = 0;
  std::int64_t running = 0;  ///< With credit now.
  std::int64_t queued = 0;   ///< Input blocks that no fragment took yet.
  std::int64_t actors = 0;
  std::int64_t blocks = 0;  ///< Output blocks so far.
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::int64_t memory = 0;  ///< Bytes of its output that are not freed, with credit under way.
  std::int64_t retries = 0;
  std::int64_t quarantined_rows = 0;
  std::int64_t bytes_read = 0;
  std::int64_t requests = 0;
  Spread wall_ns;  ///< Per fragment that ran, failed and cancelled ones too.
  Spread cpu_ns;
  Spread block_rows;  ///< Per output block.
  Spread block_bytes;
  WaitReason waits_for = WaitReason::none;               ///< Now.
  std::array<std::int64_t, k_wait_reasons> waited_ns{};  ///< So far, by reason.
};

/// A snapshot of a run; the last one is what stats() prints.
struct RunReport {
  std::vector<OperatorReport> operators;
  std::int64_t wall_ns = 0;
  std::int64_t consumer_wait_ns = 0;  ///< That the consumer spent waiting in next().
  std::int64_t first_block_ns = -1;   ///< From start to the first block handed to the consumer; -1 = none yet.
  std::int64_t rows_delivered = 0;
  double cpus_used = 0, cpus_total = 0;
  double gpus_used = 0, gpus_total = 0;
  std::int64_t memory_used = 0, memory_peak = 0, memory_budget = 0;
  std::int64_t spilled_bytes = 0;
  bool finished = false;
};

}  // namespace shoal::data
