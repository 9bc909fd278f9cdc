#include "data/plan/consume/batch_cutter.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/io/arrow_status.h"
#include "data/rows/agreed_columns.h"

namespace shoal::data {

BatchCutter::BatchCutter(std::int64_t batch_rows, bool drop_last, arrow::MemoryPool* pool)
    : batch_rows_(batch_rows), drop_last_(drop_last), pool_(pool) {}

Status BatchCutter::push(Run::Delivered block) {
  SHOAL_ASSIGN_OR_RETURN(schema_, agree_on_columns(schema_, block.rows->schema()));
  rows_ += block.rows->num_rows();
  blocks_.push_back(std::move(block));
  return {};
}

Result<Run::Delivered> BatchCutter::pop() {
  if (rows_ >= batch_rows_) return cut(batch_rows_);
  if (!finished_ || rows_ == 0) return Run::Delivered{};
  if (drop_last_) {
    blocks_.clear();
    rows_ = 0;
    return Run::Delivered{};
  }
  return cut(rows_);
}

Result<Run::Delivered> BatchCutter::cut(std::int64_t rows) {
  std::vector<Rows> pieces;
  std::vector<std::shared_ptr<void>> leases;
  rows_ -= rows;
  while (rows > 0) {
    Run::Delivered& block = blocks_.front();
    const std::int64_t here = std::min(rows, block.rows->num_rows());
    SHOAL_ASSIGN_OR_RETURN(block.rows, with_columns(block.rows, schema_, pool_));
    pieces.push_back(here == block.rows->num_rows() ? block.rows : block.rows->Slice(0, here));
    leases.push_back(block.lease);
    rows -= here;
    if (here == block.rows->num_rows()) {
      blocks_.pop_front();
    } else {
      block.rows = block.rows->Slice(here);
    }
  }
  if (pieces.size() == 1) return Run::Delivered{pieces.front(), leases.front()};
  Run::Delivered batch;
  SHOAL_ASSIGN_OR_RETURN(batch.rows, from_arrow(arrow::ConcatenateRecordBatches(pieces, pool_)));
  batch.lease = std::make_shared<std::vector<std::shared_ptr<void>>>(std::move(leases));
  return batch;
}

}  // namespace shoal::data
