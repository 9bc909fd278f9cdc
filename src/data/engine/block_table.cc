#include "data/engine/block_table.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <utility>

#include "data/rows/block_bytes.h"

namespace shoal::data {

BlockInfo BlockTable::put(Rows rows) {
  BlockInfo info{.rows = rows->num_rows(), .bytes = block_bytes(rows)};
  const Lock lock(mutex_);
  info.id = BlockId{next_id_++};
  blocks_.emplace(static_cast<std::uint64_t>(info.id), std::move(rows));
  return info;
}

Result<Rows> BlockTable::get(BlockId block) const {
  const Lock lock(mutex_);
  const auto found = blocks_.find(static_cast<std::uint64_t>(block));
  if (found != blocks_.end()) return found->second;
  return Status(ErrorCode::internal, fmt::format("block {} is not held by this engine (any more); this is a defect of "
                                                 "Shoal, please report it",
                                                 static_cast<std::uint64_t>(block)));
}

Result<Rows> BlockTable::get(const BlockSlice& slice) const {
  SHOAL_ASSIGN_OR_RETURN(Rows rows, get(slice.id));
  if (slice.offset == 0 && slice.rows == rows->num_rows()) return rows;
  return rows->Slice(slice.offset, slice.rows);
}

void BlockTable::drop(BlockId block) {
  Rows last;  // freed after the lock is gone
  const Lock lock(mutex_);
  const auto found = blocks_.find(static_cast<std::uint64_t>(block));
  if (found == blocks_.end()) return;
  last = std::move(found->second);
  blocks_.erase(found);
}

void BlockTable::clear() {
  std::unordered_map<std::uint64_t, Rows> all;  // freed after the lock is gone
  const Lock lock(mutex_);
  all.swap(blocks_);
}

std::size_t BlockTable::size() const {
  const Lock lock(mutex_);
  return blocks_.size();
}

}  // namespace shoal::data
