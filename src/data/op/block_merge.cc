#include "data/op/block_merge.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/io/arrow_status.h"
#include "data/op/ship.h"
#include "data/rows/agreed_columns.h"
#include "data/rows/block_bytes.h"

namespace shoal::data {
namespace {

class BlockMergeStream final : public Stream {
 public:
  BlockMergeStream(std::unique_ptr<Stream> input, const StepContext& context)
      : input_(std::move(input)),
        context_(context),
        target_bytes_(std::min(context.block_bytes, k_merged_block_bytes)) {}

  void prepare() override { input_->prepare(); }

  Result<Rows> next() override {
    std::vector<Rows> pieces;
    std::shared_ptr<arrow::Schema> columns;  // of all pieces
    std::int64_t bytes = 0;
    if (held_ != nullptr) {
      bytes = block_bytes(held_);
      columns = held_->schema();
      pieces.push_back(std::exchange(held_, nullptr));
    }
    while (!ended_ && bytes < target_bytes_) {
      SHOAL_ASSIGN_OR_RETURN(Rows rows, input_->next());
      if (rows == nullptr) {
        ended_ = true;
        break;
      }
      const std::int64_t more = block_bytes(rows);
      const auto agreed = agree_on_columns(columns, rows->schema());
      // Large enough on its own: no need to copy it. Of other columns: who takes the blocks knows whether that may be.
      if (!pieces.empty() && (more >= target_bytes_ || !agreed.ok())) {
        held_ = std::move(rows);
        break;
      }
      columns = *agreed;
      bytes += more;
      pieces.push_back(std::move(rows));
    }
    return merge(std::move(pieces), columns);
  }

  bool at_end() const override { return held_ == nullptr && (ended_ || input_->at_end()); }

 private:
  Result<Rows> merge(std::vector<Rows> pieces, const std::shared_ptr<arrow::Schema>& columns) const {
    if (pieces.empty()) return Rows();
    if (pieces.size() == 1) return pieces.front();
    for (Rows& piece : pieces) { SHOAL_ASSIGN_OR_RETURN(piece, with_columns(piece, columns, context_.pool)); }
    return from_arrow(arrow::ConcatenateRecordBatches(pieces, context_.pool));
  }

  const std::unique_ptr<Stream> input_;
  const StepContext& context_;
  const std::int64_t target_bytes_;
  Rows held_;
  bool ended_ = false;
};

class BlockMergeStep final : public Step {
 public:
  std::string label() const override { return ""; }
  Result<Shipped<Step>> ship() const override { return ship_as<BlockMergeStep>(); }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context, StepState*) const override {
    return std::make_unique<BlockMergeStream>(std::move(input), context);
  }
};

}  // namespace

std::shared_ptr<const Step> make_block_merge() { return std::make_shared<BlockMergeStep>(); }

}  // namespace shoal::data
