#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/thread_safety.h"
#include "data/plan/node.h"

namespace shoal::data {

class BlockStore;

/// materialize(): the first run that meets this node runs `origin` and keeps its blocks, within half of the run's
/// budget in memory and the rest on disk; all runs of all datasets made from it read them again from there. Shared by
/// the copies of a dataset; the blocks go with the last of them. Thread-safe: others wait while the first one runs.
class MaterializeNode final : public Node, public Deferred {
 public:
  explicit MaterializeNode(NodePtr origin) : origin_(std::move(origin)) {}

  std::string describe() const override { return "Materialize"; }
  NodePtr with_input(NodePtr) const override { return nullptr; }
  const NodePtr& origin() const override { return origin_; }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t>) const override;
  SchemaPtr known_schema(const SchemaPtr&) const override;

  /// A node that reads the blocks. A run that failed is tried again by the next call.
  Result<NodePtr> resolve(const RunSettings& settings) const override;

 private:
  std::shared_ptr<const BlockStore> blocks() const;

  const NodePtr origin_;
  mutable Mutex mutex_;  // held while `origin_` runs
  mutable Mutex blocks_mutex_;
  mutable std::shared_ptr<const BlockStore> blocks_ GUARDED_BY(blocks_mutex_);  // null before the first run
};

/// The source that reads materialised blocks: one split each.
NodePtr make_blocks_node(std::shared_ptr<const BlockStore> blocks);

}  // namespace shoal::data
