#include "data/op/range.h"

#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <numeric>

#include "data/io/arrow_status.h"
#include "data/op/row_source.h"
#include "data/op/ship.h"

namespace shoal::data {
namespace {

SchemaPtr range_schema() {
  static const SchemaPtr schema = arrow::schema({arrow::field("id", arrow::int64())});
  return schema;
}

class RangeSource final : public RowSource {
 public:
  using RowSource::RowSource;

  std::string label() const override { return "ReadRange"; }
  Result<Shipped<Source>> ship() const override { return ship_as<RangeSource>(cuts()); }

 protected:
  Result<Rows> make_rows(RowRange rows, arrow::MemoryPool* pool) const override {
    SHOAL_ASSIGN_OR_RETURN(
        std::shared_ptr<arrow::Buffer> buffer,
        from_arrow(arrow::AllocateBuffer(rows.size() * static_cast<std::int64_t>(sizeof(std::int64_t)), pool)));
    auto* ids = reinterpret_cast<std::int64_t*>(buffer->mutable_data());
    std::iota(ids, ids + rows.size(), rows.begin);
    return arrow::RecordBatch::Make(range_schema(), rows.size(),
                                    {std::make_shared<arrow::Int64Array>(rows.size(), std::move(buffer))});
  }
};

class RangeNode final : public RowSourceNode {
 public:
  RangeNode(RowRange rows, std::int64_t n, RangeOptions options) : RowSourceNode(rows), n_(n), options_(options) {}

  std::string describe() const override { return fmt::format("Range({}{})", n_, describe_window(n_)); }
  std::shared_ptr<const Source> source() const override {
    return std::make_shared<RangeSource>(RowCuts{rows(), sizeof(std::int64_t), options_.parallelism});
  }
  SchemaPtr known_schema(const SchemaPtr&) const override { return range_schema(); }

 protected:
  NodePtr with_rows(RowRange rows) const override { return std::make_shared<RangeNode>(rows, n_, options_); }

 private:
  const std::int64_t n_;
  const RangeOptions options_;
};

}  // namespace

Result<NodePtr> make_range(std::int64_t n, const RangeOptions& options) {
  if (n < 0) return Status(ErrorCode::invalid_argument, fmt::format("range: {} rows asked for; pass 0 or more", n));
  SHOAL_RETURN_IF_ERROR(check_parallelism("range", options.parallelism));
  return NodePtr(std::make_shared<RangeNode>(RowRange{0, n}, n, options));
}

}  // namespace shoal::data
