#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "data/op/stream.h"
#include "data/plan/node.h"

namespace shoal::data {

/// Rows [begin, end).
struct RowRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size() const { return end - begin; }
  friend bool operator==(const RowRange&, const RowRange&) = default;
};

/// The i-th of `parts` parts of `whole`, which differ by one row at most. Precondition: 0 <= i < parts.
RowRange nth_part(RowRange whole, std::int64_t parts, std::int64_t i);

/// The part of `whole` that a window lets through.
RowRange cut_to_window(RowRange whole, const RowWindow& window);

/// What a RowSource is cut from, and into how many splits as split_count() said last.
struct RowCuts {
  RowRange rows{};
  std::int64_t row_bytes = 0;
  std::optional<int> parallelism{};
  std::int64_t splits = 1;
};

/// A source of numbered rows that can begin at any of them: ranges and tables. Cut into `parallelism` splits where
/// that is set, else into one for each `block_bytes` and at least as many as the hint; never more than rows. A split
/// of more than `block_bytes` comes in pieces of equal size.
class RowSource : public Source {
 public:
  explicit RowSource(const RowCuts& cuts) : cuts_(cuts), splits_(cuts.splits) {}

  Result<std::int64_t> split_count(int parallelism_hint, std::int64_t block_bytes) const final;
  std::unique_ptr<Stream> open(std::int64_t split, const StepContext& context) const final;

 protected:
  /// Rows from `rows.begin` on: all of `rows`, or at least one. Any thread.
  virtual Result<Rows> make_rows(RowRange rows, arrow::MemoryPool* pool) const = 0;

  RowCuts cuts() const { return {cuts_.rows, cuts_.row_bytes, cuts_.parallelism, splits_}; }

 private:
  class RowStream;
  const RowCuts cuts_;
  /// Decided by split_count() before the first open().
  mutable std::atomic<std::int64_t> splits_;
};

/// The node of a RowSource: knows its rows, and can be cut to a window.
class RowSourceNode : public Node, public AcceptsWindow {
 public:
  explicit RowSourceNode(RowRange rows) : rows_(rows) {}

  NodePtr with_input(NodePtr) const final { return nullptr; }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t>) const final { return rows_.size(); }
  NodePtr with_window(const RowWindow& window) const final { return with_rows(cut_to_window(rows_, window)); }

 protected:
  virtual NodePtr with_rows(RowRange rows) const = 0;
  const RowRange& rows() const { return rows_; }
  /// ", rows 10-20" where the node does not begin at 0 or end at `all`; else nothing.
  std::string describe_window(std::int64_t all) const;

 private:
  const RowRange rows_;
};

/// Errors: invalid_argument where `parallelism` is set and below 1.
Status check_parallelism(const std::string& source, std::optional<int> parallelism);

}  // namespace shoal::data
