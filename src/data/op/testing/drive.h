#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/io/arrow_status.h"
#include "data/io/object_store.h"
#include "data/op/stream.h"
#include "data/plan/node.h"

namespace shoal::data {

struct DriveOptions {
  int parallelism = 1;
  std::int64_t block_bytes = 1 << 20;
  std::int64_t batch_rows = 0;
  StorageClients* storage = nullptr;
  bool limited = false;
};

/// What one fragment of a plan gave.
struct DrivenSplit {
  std::vector<Rows> pieces;
  std::int64_t rows = 0;
  StepCounters counters;
};

/// The plan's source with all steps fused behind it.
inline Pipeline fused(const Node& plan) {
  Pipeline pipeline;
  for (const Node* node = &plan; node != nullptr; node = node->input().get()) {
    if (auto step = node->step()) pipeline.steps.insert(pipeline.steps.begin(), std::move(step));
    if (auto source = node->source()) pipeline.source = std::move(source);
  }
  return pipeline;
}

/// One fragment of `pipeline` to its end.
inline Result<DrivenSplit> drive_split(const Pipeline& pipeline, std::int64_t ordinal, const DriveOptions& options,
                                       int attempt = 0) {
  DrivenSplit out;
  StepContext context;
  context.ordinal = ordinal;
  context.attempt = attempt;
  context.block_bytes = options.block_bytes;
  context.batch_rows = options.batch_rows;
  context.pool = arrow::default_memory_pool();
  context.storage = options.storage;
  context.limited = options.limited;
  context.counters = &out.counters;
  SHOAL_ASSIGN_OR_RETURN(const std::unique_ptr<WorkerState> worker, make_worker_state(pipeline));
  const std::unique_ptr<Stream> stream = open_pipeline(pipeline, {}, context, worker.get());
  stream->prepare();
  while (true) {
    SHOAL_ASSIGN_OR_RETURN(Rows rows, stream->next());
    if (rows == nullptr) return out;
    SHOAL_RETURN_IF_ERROR(from_arrow(rows->ValidateFull()));
    out.rows += rows->num_rows();
    out.pieces.push_back(std::move(rows));
  }
}

/// Every split of the plan, one after the other, in one thread: what any engine must give.
inline Result<std::vector<DrivenSplit>> drive(const NodePtr& plan, const DriveOptions& options = {}) {
  const Pipeline pipeline = fused(*plan);
  SHOAL_ASSIGN_OR_RETURN(const std::int64_t splits,
                         pipeline.source->split_count(options.parallelism, options.block_bytes));
  std::vector<DrivenSplit> out;
  for (std::int64_t i = 0; i < splits; ++i) {
    SHOAL_ASSIGN_OR_RETURN(DrivenSplit split, drive_split(pipeline, i, options));
    out.push_back(std::move(split));
  }
  return out;
}

inline ErrorCode drive_code(const NodePtr& plan) { return drive(plan).status().code(); }

/// All rows of the plan as one table; null where it has none.
inline Result<std::shared_ptr<arrow::Table>> drive_to_table(const NodePtr& plan, const DriveOptions& options = {}) {
  SHOAL_ASSIGN_OR_RETURN(const std::vector<DrivenSplit> splits, drive(plan, options));
  std::vector<Rows> pieces;
  for (const DrivenSplit& split : splits) pieces.insert(pieces.end(), split.pieces.begin(), split.pieces.end());
  if (pieces.empty()) return std::shared_ptr<arrow::Table>();
  SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Table> table,
                         from_arrow(arrow::Table::FromRecordBatches(pieces), ErrorCode::schema_mismatch));
  return from_arrow(table->CombineChunks());
}

}  // namespace shoal::data
