#include "data/plan/materialize.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "api/waiting.h"
#include "data/op/limit.h"
#include "data/plan/consume/block_store.h"
#include "data/plan/launch.h"

namespace shoal::data {
namespace {

/// Rows [begin, end) of a store, and the blocks they lie in.
struct StoredRows {
  std::shared_ptr<const BlockStore> blocks;
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::int64_t first_block() const { return block_of(begin); }
  std::int64_t block_count() const { return begin == end ? 0 : block_of(end - 1) - first_block() + 1; }

  /// The block that holds a row.
  std::int64_t block_of(std::int64_t row) const {
    std::int64_t low = 0, high = blocks->block_count();
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (blocks->end_row(middle) <= row) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
};

class StoredBlockStream final : public Stream {
 public:
  StoredBlockStream(const StoredRows& rows, std::int64_t block, arrow::MemoryPool* pool)
      : rows_(rows), block_(block), pool_(pool) {}

  Result<Rows> next() override {
    if (std::exchange(done_, true)) return Rows();
    SHOAL_ASSIGN_OR_RETURN(Rows rows, rows_.blocks->read(block_, pool_));
    const std::int64_t block_end = rows_.blocks->end_row(block_);
    const std::int64_t block_begin = block_end - rows->num_rows();
    const std::int64_t begin = std::max(rows_.begin, block_begin);
    const std::int64_t end = std::min(rows_.end, block_end);
    if (end - begin == rows->num_rows()) return rows;
    return rows->Slice(begin - block_begin, end - begin);
  }

 private:
  const StoredRows rows_;
  const std::int64_t block_;
  arrow::MemoryPool* const pool_;
  bool done_ = false;
};

class StoredBlockSource final : public Source {
 public:
  explicit StoredBlockSource(StoredRows rows) : rows_(std::move(rows)) {}
  std::string label() const override { return "ReadBlocks"; }
  Result<std::int64_t> split_count(int, std::int64_t) const override { return rows_.block_count(); }
  std::unique_ptr<Stream> open(std::int64_t split, const StepContext& context) const override {
    return std::make_unique<StoredBlockStream>(rows_, rows_.first_block() + split, context.pool);
  }

 private:
  const StoredRows rows_;
};

class BlocksNode final : public Node, public AcceptsWindow, public HoldsBlocks {
 public:
  explicit BlocksNode(StoredRows rows) : rows_(std::move(rows)) {}

  std::string describe() const override {
    return "ReadBlocks(" + std::to_string(rows_.block_count()) + " blocks, " + std::to_string(rows_.end - rows_.begin) +
           " rows)";
  }
  NodePtr with_input(NodePtr) const override { return nullptr; }
  std::shared_ptr<const Source> source() const override { return std::make_shared<StoredBlockSource>(rows_); }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t>) const override { return rows_.end - rows_.begin; }
  SchemaPtr known_schema(const SchemaPtr&) const override { return rows_.blocks->schema(); }
  std::int64_t held_bytes() const override { return rows_.blocks->held_bytes(); }
  std::int64_t spilled_bytes() const override { return rows_.blocks->spilled_bytes(); }
  NodePtr with_window(const RowWindow& window) const override {
    const std::int64_t rows = rows_.end - rows_.begin;
    const std::int64_t offset = std::min(window.offset, rows);
    const std::int64_t length = std::min(window.length, rows - offset);
    const std::int64_t begin = rows_.begin + offset;
    return std::make_shared<BlocksNode>(StoredRows{rows_.blocks, begin, begin + length});
  }

 private:
  const StoredRows rows_;
};

/// Runs `origin` and keeps what it gives.
Result<std::shared_ptr<const BlockStore>> run_and_keep(const NodePtr& origin, const RunSettings& settings) {
  RunSettings half = settings;  // the other half is for the blocks that stay in memory
  half.memory_budget /= 2;
  auto store = std::make_shared<BlockStore>(half.memory_budget, settings.spill_dir);
  SHOAL_ASSIGN_OR_RETURN(const auto run, PlanRun::start(origin, half, nullptr));
  while (true) {
    SHOAL_ASSIGN_OR_RETURN(const Run::Delivered block, run->next());
    if (block.rows == nullptr) return std::shared_ptr<const BlockStore>(std::move(store));
    SHOAL_RETURN_IF_ERROR(store->append(block.rows).with_context("materialize"));
  }
}

}  // namespace

NodePtr make_blocks_node(std::shared_ptr<const BlockStore> blocks) {
  const std::int64_t rows = blocks->row_count();
  return std::make_shared<BlocksNode>(StoredRows{std::move(blocks), 0, rows});
}

std::shared_ptr<const BlockStore> MaterializeNode::blocks() const {
  const Lock lock(blocks_mutex_);
  return blocks_;
}

std::optional<std::int64_t> MaterializeNode::known_rows(std::optional<std::int64_t>) const {
  const auto kept = blocks();
  return kept == nullptr ? shoal::data::known_rows(*origin_) : kept->row_count();
}

SchemaPtr MaterializeNode::known_schema(const SchemaPtr&) const {
  const auto kept = blocks();
  return kept == nullptr || kept->schema() == nullptr ? shoal::data::known_schema(*origin_) : kept->schema();
}

Result<NodePtr> MaterializeNode::resolve(const RunSettings& settings) const {
  std::optional<Waiting> lends(std::in_place);  // another run may be at it, on this task's CPU
  const Lock running(mutex_);
  lends.reset();
  if (const auto kept = blocks()) return make_blocks_node(kept);
  SHOAL_ASSIGN_OR_RETURN(auto made, run_and_keep(origin_, settings));
  {
    const Lock lock(blocks_mutex_);
    blocks_ = made;
  }
  return make_blocks_node(std::move(made));
}

}  // namespace shoal::data
