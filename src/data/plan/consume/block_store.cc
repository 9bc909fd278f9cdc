#include "data/plan/consume/block_store.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "data/plan/consume/spill_file.h"
#include "data/rows/agreed_columns.h"
#include "data/rows/block_bytes.h"

namespace shoal::data {

BlockStore::BlockStore(std::int64_t memory_bytes, std::string spill_dir)
    : memory_bytes_(memory_bytes), spill_dir_(std::move(spill_dir)) {}

BlockStore::~BlockStore() = default;

std::int64_t BlockStore::spilled_bytes() const { return spill_ == nullptr ? 0 : spill_->size(); }

Status BlockStore::append(const Rows& block) {
  SHOAL_ASSIGN_OR_RETURN(schema_, agree_on_columns(schema_, block->schema()));
  const std::int64_t bytes = block_bytes(block);
  Block entry{.end_row = row_count() + block->num_rows(), .rows = nullptr, .offset = 0, .length = 0};
  if (spill_ == nullptr && held_bytes_ + bytes <= memory_bytes_) {
    entry.rows = block;
    held_bytes_ += bytes;
  } else {
    if (spill_ == nullptr) { SHOAL_ASSIGN_OR_RETURN(spill_, SpillFile::open(spill_dir_)); }
    SHOAL_ASSIGN_OR_RETURN(const SpillFile::Place place, spill_->write(block, bytes));
    entry.offset = place.offset;
    entry.length = place.length;
  }
  blocks_.push_back(std::move(entry));
  return {};
}

Result<Rows> BlockStore::read(std::int64_t i, arrow::MemoryPool* pool) const {
  const Block& block = blocks_[static_cast<std::size_t>(i)];
  Rows rows = block.rows;
  if (rows == nullptr) { SHOAL_ASSIGN_OR_RETURN(rows, spill_->read({block.offset, block.length}, pool)); }
  return with_columns(rows, schema_, pool);
}

}  // namespace shoal::data
