#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/data/options.h>

#include "data/op/stream.h"

namespace shoal::data {

inline constexpr std::int64_t k_all_rows = std::numeric_limits<std::int64_t>::max();

/// Rows [offset, offset + length) of an operator's ordered output go on; the rest is dropped, and work that could
/// only make dropped rows is cancelled.
struct RowWindow {
  std::int64_t offset = 0;
  std::int64_t length = k_all_rows;
  bool is_everything() const { return offset == 0 && length == k_all_rows; }
  friend bool operator==(const RowWindow&, const RowWindow&) = default;
};

/// One stage of the run. Operator 0 has a source; operator i reads the output of operator i - 1, one block a fragment.
struct PhysicalOperator {
  std::shared_ptr<const Pipeline> pipeline;
  double num_cpus = 1;  ///< Taken while a fragment has credit; 0 for pure I/O such as listing.
  double num_gpus = 0;  ///< Taken while a fragment has credit; by an actor for its life.
  int concurrency = std::numeric_limits<int>::max();  ///< Fragments that run at once.
  std::optional<Pool> pool{};                         ///< Workers with state; set exactly where pipeline->has_state().
  int retries = 0;  ///< Of fragments that failed by their own error; lost workers are retried 3 times besides.
  bool preserve_order = true;
  int queued_blocks_max = 64;  ///< Output blocks that wait for the next operator at most, whatever their size.
  RowWindow window{};          ///< Applied to the ordered output.
};

/// What the executor runs: a chain of operators and the limits of the run.
struct PhysicalPlan {
  std::vector<PhysicalOperator> operators;
  std::int64_t source_splits = 0;  ///< Fragments of operator 0.
  double num_cpus = 1;
  double num_gpus = 0;
  std::int64_t memory_budget = 0;  ///< Bytes.
  std::int64_t block_bytes = 0;    ///< What fragments aim at; also the credit that one grant gives.
};

/// "ListFiles -> ReadImages+MapBatches(normalize) -> Limit"
std::string plan_line(const PhysicalPlan& plan);

}  // namespace shoal::data
