#include "data/op/range_tensor.h"

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/extension/fixed_shape_tensor.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "data/io/arrow_status.h"
#include "data/op/row_source.h"
#include "data/op/ship.h"

namespace shoal::data {
namespace {

/// The type of the column, and the elements of one row.
struct TensorKind {
  std::shared_ptr<arrow::DataType> type;
  std::int32_t elements = 0;
  SchemaPtr schema = arrow::schema({arrow::field("data", type)});

  const std::vector<std::int64_t>& shape() const {
    return static_cast<const arrow::extension::FixedShapeTensorType&>(*type).shape();
  }
  std::int64_t row_bytes() const { return std::int64_t{elements} * static_cast<std::int64_t>(sizeof(std::int64_t)); }
};

Result<TensorKind> tensor_kind(const std::vector<std::int64_t>& shape) {
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 1) {
      return Status(ErrorCode::invalid_argument,
                    fmt::format("range_tensor: shape {{{}}} has an extent below 1", fmt::join(shape, ", ")));
    }
    if (extent > std::numeric_limits<std::int32_t>::max() / elements) {
      return Status(ErrorCode::invalid_argument,
                    fmt::format("range_tensor: shape {{{}}} has more elements than a column's cell can hold ({})",
                                fmt::join(shape, ", "), std::numeric_limits<std::int32_t>::max()));
    }
    elements *= extent;
  }
  if (shape.empty()) {
    return Status(ErrorCode::invalid_argument, "range_tensor: shape is empty; pass {1} for one number a row");
  }
  SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::DataType> type,
                         from_arrow(arrow::extension::FixedShapeTensorType::Make(arrow::int64(), shape)));
  return TensorKind{std::move(type), static_cast<std::int32_t>(elements)};
}

class RangeTensorSource final : public RowSource {
 public:
  RangeTensorSource(const RowCuts& cuts, TensorKind kind) : RowSource(cuts), kind_(std::move(kind)) {}

  std::string label() const override { return "ReadRange"; }
  Result<Shipped<Source>> ship() const override { return ship_as<RangeTensorSource>(cuts(), kind_.shape()); }
  static Result<std::shared_ptr<const Source>> remake(const RowCuts& cuts, const std::vector<std::int64_t>& shape) {
    SHOAL_ASSIGN_OR_RETURN(TensorKind kind, tensor_kind(shape));
    return std::shared_ptr<const Source>(std::make_shared<RangeTensorSource>(cuts, std::move(kind)));
  }

 protected:
  Result<Rows> make_rows(RowRange rows, arrow::MemoryPool* pool) const override {
    SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> buffer,
                           from_arrow(arrow::AllocateBuffer(rows.size() * kind_.row_bytes(), pool)));
    auto* out = reinterpret_cast<std::int64_t*>(buffer->mutable_data());
    for (std::int64_t row = rows.begin; row < rows.end; ++row) out = std::fill_n(out, kind_.elements, row);
    auto values = std::make_shared<arrow::Int64Array>(rows.size() * kind_.elements, std::move(buffer));
    auto storage = std::make_shared<arrow::FixedSizeListArray>(arrow::fixed_size_list(arrow::int64(), kind_.elements),
                                                               rows.size(), std::move(values));
    return arrow::RecordBatch::Make(kind_.schema, rows.size(),
                                    {arrow::ExtensionType::WrapArray(kind_.type, std::move(storage))});
  }

 private:
  const TensorKind kind_;
};

class RangeTensorNode final : public RowSourceNode {
 public:
  RangeTensorNode(RowRange rows, std::int64_t n, TensorKind kind, RangeTensorOptions options)
      : RowSourceNode(rows), n_(n), kind_(std::move(kind)), options_(std::move(options)) {}

  std::string describe() const override {
    return fmt::format("RangeTensor({}, {}{})", n_, fmt::join(options_.shape, "x"), describe_window(n_));
  }
  std::shared_ptr<const Source> source() const override {
    return std::make_shared<RangeTensorSource>(RowCuts{rows(), kind_.row_bytes(), options_.parallelism}, kind_);
  }
  SchemaPtr known_schema(const SchemaPtr&) const override { return kind_.schema; }

 protected:
  NodePtr with_rows(RowRange rows) const override {
    return std::make_shared<RangeTensorNode>(rows, n_, kind_, options_);
  }

 private:
  const std::int64_t n_;
  const TensorKind kind_;
  const RangeTensorOptions options_;
};

}  // namespace

Result<NodePtr> make_range_tensor(std::int64_t n, const RangeTensorOptions& options) {
  if (n < 0) {
    return Status(ErrorCode::invalid_argument, fmt::format("range_tensor: {} rows asked for; pass 0 or more", n));
  }
  SHOAL_RETURN_IF_ERROR(check_parallelism("range_tensor", options.parallelism));
  SHOAL_ASSIGN_OR_RETURN(TensorKind kind, tensor_kind(options.shape));
  return NodePtr(std::make_shared<RangeTensorNode>(RowRange{0, n}, n, std::move(kind), options));
}

}  // namespace shoal::data
