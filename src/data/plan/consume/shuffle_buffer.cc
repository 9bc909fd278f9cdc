#include "data/plan/consume/shuffle_buffer.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "data/io/arrow_status.h"
#include "data/rows/agreed_columns.h"

namespace shoal::data {
namespace {

/// A block is copied down to its waiting rows once they are fewer than one in so many.
constexpr std::int64_t k_sparse_factor = 4;

Result<Rows> take(const Rows& rows, const std::vector<std::int64_t>& indices, arrow::MemoryPool* pool) {
  arrow::Int64Builder builder(pool);
  SHOAL_RETURN_IF_ERROR(from_arrow(builder.AppendValues(indices)));
  SHOAL_ASSIGN_OR_RETURN(const auto array, from_arrow(builder.Finish()));
  arrow::compute::ExecContext context(pool);
  SHOAL_ASSIGN_OR_RETURN(
      const arrow::Datum taken,
      from_arrow(arrow::compute::Take(rows, array, arrow::compute::TakeOptions::NoBoundsCheck(), &context)));
  return taken.record_batch();
}

}  // namespace

ShuffleBuffer::ShuffleBuffer(std::int64_t capacity, std::uint64_t seed, std::int64_t batch_rows,
                             arrow::MemoryPool* pool)
    : capacity_(static_cast<std::size_t>(capacity)), batch_rows_(batch_rows), pool_(pool), random_(seed) {}

std::uint64_t ShuffleBuffer::below(std::uint64_t bound) { return random_() % bound; }

Status ShuffleBuffer::push(Run::Delivered block) {
  SHOAL_ASSIGN_OR_RETURN(schema_, agree_on_columns(schema_, block.rows->schema()));
  const std::uint64_t id = next_block_++;
  const std::int64_t rows = block.rows->num_rows();
  blocks_.emplace(id, Held{std::move(block), rows});
  for (std::int64_t row = 0; row < rows; ++row) {
    if (buffer_.size() < capacity_) {
      buffer_.push_back({id, row});
      continue;
    }
    Place& place = buffer_[below(capacity_)];
    leaving_.push_back(std::exchange(place, {id, row}));
  }
  return {};
}

void ShuffleBuffer::finish() {
  if (std::exchange(finished_, true)) return;
  for (std::size_t left = buffer_.size(); left > 0; --left) {
    std::swap(buffer_[below(left)], buffer_[left - 1]);
    leaving_.push_back(buffer_[left - 1]);
  }
  buffer_.clear();
}

Result<Run::Delivered> ShuffleBuffer::pop() {
  const auto waiting = static_cast<std::int64_t>(leaving_.size() - left_);
  if (waiting == 0 || (waiting < batch_rows_ && !finished_)) return Run::Delivered{};
  const auto begin = leaving_.begin() + static_cast<std::ptrdiff_t>(left_);
  const std::vector<Place> places(begin, begin + std::min(waiting, batch_rows_));
  left_ += places.size();
  if (left_ * 2 > leaving_.size()) {
    leaving_.erase(leaving_.begin(), leaving_.begin() + static_cast<std::ptrdiff_t>(left_));
    left_ = 0;
  }
  Run::Delivered batch;
  SHOAL_ASSIGN_OR_RETURN(batch.rows, gather(places));
  auto leases = std::make_shared<std::vector<std::shared_ptr<void>>>();
  for (const Place& place : places) {
    const auto held = blocks_.find(place.block);
    if (--held->second.waiting > 0) continue;
    leases->push_back(std::move(held->second.block.lease));
    blocks_.erase(held);
  }
  batch.lease = std::move(leases);
  SHOAL_RETURN_IF_ERROR(compact_sparse_blocks());
  return batch;
}

Result<Rows> ShuffleBuffer::gather(const std::vector<Place>& places) {
  std::map<std::uint64_t, std::vector<std::int64_t>> rows_of;  // block -> rows
  for (const Place& place : places) rows_of[place.block].push_back(place.row);
  for (const auto& [block, rows] : rows_of) {
    Rows& held = blocks_.at(block).block.rows;
    SHOAL_ASSIGN_OR_RETURN(held, with_columns(held, schema_, pool_));
  }
  if (rows_of.size() == 1) return take(blocks_.at(places.front().block).block.rows, rows_of.begin()->second, pool_);

  std::vector<Rows> pieces;
  std::map<std::uint64_t, std::int64_t> next_of;  // block -> where its next row stands in the joined pieces
  std::int64_t begin = 0;
  for (const auto& [block, rows] : rows_of) {
    SHOAL_ASSIGN_OR_RETURN(Rows piece, take(blocks_.at(block).block.rows, rows, pool_));
    pieces.push_back(std::move(piece));
    next_of[block] = begin;
    begin += static_cast<std::int64_t>(rows.size());
  }
  SHOAL_ASSIGN_OR_RETURN(const Rows joined, from_arrow(arrow::ConcatenateRecordBatches(pieces, pool_)));
  std::vector<std::int64_t> order;
  order.reserve(places.size());
  for (const Place& place : places) order.push_back(next_of[place.block]++);
  return take(joined, order, pool_);
}

Status ShuffleBuffer::compact(std::uint64_t block) {
  std::vector<Place*> places;
  for (std::size_t i = left_; i < leaving_.size(); ++i) {
    if (leaving_[i].block == block) places.push_back(&leaving_[i]);
  }
  for (Place& place : buffer_) {
    if (place.block == block) places.push_back(&place);
  }
  std::vector<Place> wanted;
  for (const Place* place : places) wanted.push_back(*place);
  SHOAL_ASSIGN_OR_RETURN(Rows rows, gather(wanted));
  Held& held = blocks_.at(block);
  held.block.rows = std::move(rows);
  held.block.lease = nullptr;  // the copy is small, and the block itself is free
  for (std::size_t i = 0; i < places.size(); ++i) places[i]->row = static_cast<std::int64_t>(i);
  return {};
}

Status ShuffleBuffer::compact_sparse_blocks() {
  for (auto& [id, held] : blocks_) {
    if (held.waiting * k_sparse_factor >= held.block.rows->num_rows()) continue;
    SHOAL_RETURN_IF_ERROR(compact(id));
  }
  return {};
}

}  // namespace shoal::data
