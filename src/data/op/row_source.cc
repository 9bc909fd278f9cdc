#include "data/op/row_source.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace shoal::data {
namespace {

/// Pieces of at most `block_bytes`, as far as rows of `row_bytes` allow.
std::int64_t pieces_of(std::int64_t rows, std::int64_t row_bytes, std::int64_t block_bytes) {
  const std::int64_t piece_rows = std::max<std::int64_t>(1, block_bytes / std::max<std::int64_t>(1, row_bytes));
  return rows / piece_rows + (rows % piece_rows != 0 ? 1 : 0);
}

}  // namespace

RowRange nth_part(RowRange whole, std::int64_t parts, std::int64_t i) {
  assert(0 <= i && i < parts);
  const std::int64_t base = whole.size() / parts;
  const std::int64_t extra = whole.size() % parts;
  const auto begin_of = [&](std::int64_t k) { return whole.begin + k * base + std::min(k, extra); };
  return {begin_of(i), begin_of(i + 1)};
}

RowRange cut_to_window(RowRange whole, const RowWindow& window) {
  const std::int64_t begin = whole.begin + std::min(window.offset, whole.size());
  return {begin, begin + std::min(window.length, whole.end - begin)};
}

class RowSource::RowStream final : public Stream {
 public:
  RowStream(const RowSource& source, RowRange rows, const StepContext& context)
      : source_(source),
        context_(context),
        rows_(rows),
        at_(rows.begin),
        pieces_(pieces_of(rows.size(), source.cuts_.row_bytes, context.block_bytes)) {}

  Result<Rows> next() override {
    if (at_ == rows_.end) return Rows();
    if (context_.is_cancelled()) return Status(ErrorCode::cancelled, source_.label() + " was cancelled");
    while (nth_part(rows_, pieces_, piece_).end <= at_) ++piece_;
    SHOAL_ASSIGN_OR_RETURN(Rows rows, source_.make_rows({at_, nth_part(rows_, pieces_, piece_).end}, context_.pool));
    assert(rows->num_rows() > 0);
    at_ += rows->num_rows();
    return rows;
  }

  bool at_end() const override { return at_ == rows_.end; }

 private:
  const RowSource& source_;
  const StepContext& context_;
  const RowRange rows_;
  std::int64_t at_;
  const std::int64_t pieces_;
  std::int64_t piece_ = 0;
};

Result<std::int64_t> RowSource::split_count(int parallelism_hint, std::int64_t block_bytes) const {
  const std::int64_t pieces = pieces_of(cuts_.rows.size(), cuts_.row_bytes, block_bytes);
  const std::int64_t wanted = cuts_.parallelism.has_value() ? *cuts_.parallelism
                                                            : std::max<std::int64_t>(parallelism_hint, pieces);
  splits_ = std::min(std::max<std::int64_t>(wanted, 1), cuts_.rows.size());
  return splits_.load();
}

std::unique_ptr<Stream> RowSource::open(std::int64_t split, const StepContext& context) const {
  return std::make_unique<RowStream>(*this, nth_part(cuts_.rows, splits_, split), context);
}

std::string RowSourceNode::describe_window(std::int64_t all) const {
  return rows_ == RowRange{0, all} ? "" : fmt::format(", rows {} to {}", rows_.begin, rows_.end);
}

Status check_parallelism(const std::string& source, std::optional<int> parallelism) {
  if (!parallelism.has_value() || *parallelism >= 1) return Status();
  return Status(
      ErrorCode::invalid_argument,
      fmt::format("{}: parallelism is {}, but must be at least 1, or unset for the run's", source, *parallelism));
}

}  // namespace shoal::data
