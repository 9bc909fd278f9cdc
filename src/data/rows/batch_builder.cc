#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <shoal/data/batch.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "data/io/arrow_status.h"
#include "data/rows/arrow_types.h"
#include "data/rows/tensor_column.h"

namespace shoal::data::inline v1 {

namespace {

struct NewColumn {
  std::string name;
  std::shared_ptr<arrow::Array> array;
  std::shared_ptr<arrow::Buffer> bools;  // a byte a value, packed into `array` by finish()
};

void replace_or_add(std::vector<NewColumn>& columns, NewColumn column) {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const NewColumn& c) { return c.name == column.name; });
  if (found != columns.end()) {
    *found = std::move(column);
  } else {
    columns.push_back(std::move(column));
  }
}

std::shared_ptr<arrow::Array> pack(const arrow::Buffer& bools) {
  detail::ColumnSink sink(detail::cell_spec<bool>(""), bools.size());
  for (std::int64_t i = 0; i < bools.size(); ++i) sink.number<bool>(bools.data()[i] != 0);
  return sink.finish();
}

std::shared_ptr<arrow::Buffer> allocate(std::int64_t bytes) {
  return from_arrow(arrow::AllocateBuffer(bytes, column_pool())).value_or_throw();
}

}  // namespace

struct BatchBuilder::State {
  std::vector<NewColumn> columns;
  std::optional<std::int64_t> rows;
  std::shared_ptr<const void> lease;

  void check_rows(std::string_view name, std::int64_t count) {
    if (count < 0) {
      throw_error(ErrorCode::invalid_argument,
                  "column '" + std::string(name) + "' cannot have " + std::to_string(count) + " rows");
    }
    const bool replaces_all = columns.empty() || (columns.size() == 1 && columns.front().name == name);
    if (rows && *rows != count && !replaces_all) {
      throw_error(ErrorCode::invalid_argument, "column '" + std::string(name) + "' has " + std::to_string(count) +
                                                   " rows, but the other columns " + "have " + std::to_string(*rows) +
                                                   ". Drop them first, or start from an empty BatchBuilder.");
    }
    rows = count;
  }
};

BatchBuilder::BatchBuilder() : state_(std::make_unique<State>()) {}

BatchBuilder::BatchBuilder(const Batch& in) : BatchBuilder() {
  if (in.to_arrow() == nullptr) return;
  state_->rows = in.num_rows();
  state_->lease = in.lease();
  for (int i = 0; i < in.to_arrow()->num_columns(); ++i) {
    state_->columns.push_back({in.to_arrow()->column_name(i), in.to_arrow()->column(i), nullptr});
  }
}

BatchBuilder::BatchBuilder(BatchBuilder&&) noexcept = default;
BatchBuilder& BatchBuilder::operator=(BatchBuilder&&) noexcept = default;
BatchBuilder::~BatchBuilder() = default;

detail::RawTensor BatchBuilder::new_tensor(std::string_view name, const Shape& shape, detail::DType type) {
  if (shape.rank() == 0) {
    throw_error(ErrorCode::invalid_argument, "tensor column '" + std::string(name) + "' needs a shape {rows, ...}");
  }
  state_->check_rows(name, shape[0]);
  std::shared_ptr<arrow::Buffer> values = allocate(shape.elements() * static_cast<std::int64_t>(detail::width(type)));
  const void* data = values->data();
  auto array = fixed_tensor_array(arrow_type_of(type), shape.inner(), shape[0], values);
  replace_or_add(state_->columns, {std::string(name), std::move(array), nullptr});
  return {values, data, shape, shape.row_major_strides(), type};
}

detail::RawTensor BatchBuilder::new_column(std::string_view name, std::optional<std::int64_t> rows,
                                           detail::DType type) {
  if (!rows && !state_->rows) {
    throw_error(ErrorCode::invalid_argument,
                "add_column('" + std::string(name) + "') is the first column, so it must say how many rows there are");
  }
  const std::int64_t count = rows ? *rows : *state_->rows;
  state_->check_rows(name, count);
  std::shared_ptr<arrow::Buffer> values = allocate(count * static_cast<std::int64_t>(detail::width(type)));
  const void* data = values->data();
  NewColumn column{std::string(name), nullptr, nullptr};
  if (type == detail::DType::boolean) {
    column.bools = values;
  } else {
    column.array = arrow::MakeArray(arrow::ArrayData::Make(arrow_type_of(type), count, {nullptr, values}, 0));
  }
  replace_or_add(state_->columns, std::move(column));
  return {values, data, Shape{count}, Shape{1}, type};
}

void BatchBuilder::add_sink(detail::ColumnSink sink) {
  state_->check_rows(sink.spec().name, sink.rows());
  const std::string name = sink.spec().name;
  replace_or_add(state_->columns, {name, sink.finish(), nullptr});
}

BatchBuilder& BatchBuilder::add_column(std::string_view name, const Batch& from, std::string_view column) {
  static_cast<void>(from.column_type(column));  // throws where it is missing
  state_->check_rows(name, from.num_rows());
  replace_or_add(state_->columns, {std::string(name), from.to_arrow()->GetColumnByName(std::string(column)), nullptr});
  return *this;
}

BatchBuilder& BatchBuilder::drop(std::string_view name) {
  std::string others;
  for (auto it = state_->columns.begin(); it != state_->columns.end(); ++it) {
    if (it->name == name) {
      state_->columns.erase(it);
      return *this;
    }
    others += (others.empty() ? "" : ", ") + it->name;
  }
  throw_error(ErrorCode::not_found,
              "cannot drop column '" + std::string(name) + "': the columns are: " + (others.empty() ? "none" : others));
}

Batch BatchBuilder::finish() {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (NewColumn& column : state_->columns) {
    if (column.bools != nullptr) column.array = pack(*column.bools);
    fields.push_back(arrow::field(column.name, column.array->type()));
    arrays.push_back(std::move(column.array));
  }
  Batch batch(arrow::RecordBatch::Make(arrow::schema(std::move(fields)), state_->rows.value_or(0), std::move(arrays)),
              std::move(state_->lease));
  *state_ = State();
  return batch;
}

}  // namespace shoal::data::inline v1
