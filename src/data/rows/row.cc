#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <shoal/data/row.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <type_traits>
#include <utility>

#include "base/status.h"
#include "data/io/arrow_status.h"
#include "data/rows/arrow_types.h"
#include "data/rows/print.h"
#include "data/rows/tensor_column.h"

namespace shoal::data::inline v1 {

using detail::DType;
using detail::Opaque;
using detail::RawTensor;
using detail::Value;

namespace {

/// A value the size of a number, at `data`.
template <class T>
Value number_at(const arrow::Array& array, std::int64_t row) {
  return Value(array.data()->GetValues<T>(1)[row]);
}

Value tensor_at(const std::shared_ptr<arrow::Array>& array, std::int64_t row) {
  const std::shared_ptr<arrow::Array> one = array->Slice(row, 1);
  const TensorMemory memory = open_tensor_array(*one).value_or_throw();
  Shape shape = memory.type.row_shape.value_or(Shape());
  const std::uint8_t* data = memory.values;
  const DType type = dtype_of_arrow(*memory.type.element);
  if (!memory.type.row_shape) {
    shape = Shape(std::vector<std::int64_t>(memory.shapes, memory.shapes + memory.type.rank));
    data += memory.offsets[0] * static_cast<std::int64_t>(detail::width(type));
  }
  return Value(RawTensor{array, data, shape, shape.row_major_strides(), type});
}

Value value_at(const std::shared_ptr<arrow::Array>& array, std::int64_t row) {
  if (array->IsNull(row)) return Value();
  if (array->type_id() != arrow::Type::FIXED_SIZE_LIST && as_tensor_type(*array->type())) return tensor_at(array, row);
  switch (dtype_of_arrow(*array->type())) {
    case DType::boolean: return Value(static_cast<const arrow::BooleanArray&>(*array).Value(row));
    case DType::int8: return number_at<std::int8_t>(*array, row);
    case DType::uint8: return number_at<std::uint8_t>(*array, row);
    case DType::int16: return number_at<std::int16_t>(*array, row);
    case DType::uint16: return number_at<std::uint16_t>(*array, row);
    case DType::int32: return number_at<std::int32_t>(*array, row);
    case DType::uint32: return number_at<std::uint32_t>(*array, row);
    case DType::int64: return number_at<std::int64_t>(*array, row);
    case DType::uint64: return number_at<std::uint64_t>(*array, row);
    case DType::float32: return number_at<float>(*array, row);
    case DType::float64: return number_at<double>(*array, row);
    case DType::string: return Value(static_cast<const arrow::StringArray&>(*array).GetString(row));
    case DType::binary: {
      const std::string_view bytes = static_cast<const arrow::BinaryArray&>(*array).GetView(row);
      return Value(Bytes(array, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    }
    case DType::other: break;
  }
  return Value(Opaque{array->Slice(row, 1)});
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

const Row::Change* find_change(const Row& row, std::string_view name) {
  const auto& changes = row.changes();
  const auto it = std::find_if(changes.begin(), changes.end(), [&](const Row::Change& c) { return c.name == name; });
  return it == changes.end() ? nullptr : &*it;
}

[[noreturn]] void throw_no_column(const Row& row, std::string_view name) {
  throw_error(ErrorCode::not_found,
              "the row has no column '" + std::string(name) + "'; its columns are: " + joined(row.names()));
}

}  // namespace

bool Row::has(std::string_view name) const {
  if (const Change* change = find_change(*this, name)) return !change->erased;
  return rows_ != nullptr && rows_->schema()->GetFieldIndex(std::string(name)) >= 0;
}

Value Row::get(std::string_view name) const {
  if (const Change* change = find_change(*this, name)) {
    if (change->erased) throw_no_column(*this, name);
    return change->value;
  }
  const int column = rows_ == nullptr ? -1 : rows_->schema()->GetFieldIndex(std::string(name));
  if (column < 0) throw_no_column(*this, name);
  return value_at(rows_->column(column), index_);
}

void Row::set(std::string_view name, Value value) {
  for (Change& change : changes_) {
    if (change.name != name) continue;
    change.value = std::move(value);
    change.erased = false;
    return;
  }
  changes_.push_back({std::string(name), std::move(value), false});
}

void Row::erase(std::string_view name) {
  if (!has(name)) throw_no_column(*this, name);
  set(name, Value());
  for (Change& change : changes_) change.erased = change.erased || change.name == name;
}

std::vector<std::string> Row::names() const {
  std::vector<std::string> names;
  const std::vector<std::string> columns = rows_ == nullptr ? std::vector<std::string>() : rows_->schema()->field_names();
  for (const std::string& name : columns) {
    const Change* change = find_change(*this, name);
    if (change == nullptr || !change->erased) names.push_back(name);
  }
  for (const Change& change : changes_) {
    if (!change.erased && std::find(columns.begin(), columns.end(), change.name) == columns.end()) {
      names.push_back(change.name);
    }
  }
  return names;
}

namespace detail {

std::string value_type_name(const Value& value) {
  return std::visit(
      []<class T>(const T& held) -> std::string {
        if constexpr (std::is_same_v<T, std::monostate>) {
          return "null";
        } else if constexpr (std::is_same_v<T, std::string>) {
          return "string";
        } else if constexpr (std::is_same_v<T, Bytes>) {
          return "binary";
        } else if constexpr (std::is_same_v<T, RawTensor>) {
          return "tensor<" + std::string(to_string(held.type)) + ">";
        } else if constexpr (std::is_same_v<T, Opaque>) {
          return describe_type(*held.array->type());
        } else {
          return std::string(to_string(dtype_of<T>));
        }
      },
      value);
}

void throw_wrong_value(std::string_view column, const Value& value, std::string_view asked) {
  throw_error(ErrorCode::schema_mismatch, "row[\"" + std::string(column) + "\"] is " + value_type_name(value) +
                                              " and cannot be read as " + std::string(asked) +
                                              (value.index() == 0 ? "; use std::optional for nulls" : ""));
}

namespace {

template <class To, class From>
bool converts_exactly(From from) {
  if constexpr (std::is_same_v<To, bool> || std::is_same_v<From, bool>) {
    return std::is_same_v<To, From>;
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // Powers of two are exact in either type, so the comparison is.
    const From limit = std::ldexp(From(1), std::numeric_limits<To>::digits);
    return from == std::floor(from) && from < limit && from >= (std::is_signed_v<To> ? -limit : From(0));
  } else if constexpr (std::is_floating_point_v<To>) {
    return true;  // the nearest number, as C++ itself converts
  } else {
    return std::in_range<To>(from);
  }
}

template <class To>
Value convert_to(std::string_view column, const Value& value) {
  return std::visit(
      [&]<class From>(const From& from) -> Value {
        if constexpr (std::is_arithmetic_v<From>) {
          if (converts_exactly<To>(from)) return Value(static_cast<To>(from));
        }
        throw_wrong_value(column, value, to_string(dtype_of<To>));
      },
      value);
}

}  // namespace

Value convert_number(std::string_view column, const Value& value, DType to) {
  switch (to) {
    case DType::boolean: return convert_to<bool>(column, value);
    case DType::int8: return convert_to<std::int8_t>(column, value);
    case DType::uint8: return convert_to<std::uint8_t>(column, value);
    case DType::int16: return convert_to<std::int16_t>(column, value);
    case DType::uint16: return convert_to<std::uint16_t>(column, value);
    case DType::int32: return convert_to<std::int32_t>(column, value);
    case DType::uint32: return convert_to<std::uint32_t>(column, value);
    case DType::int64: return convert_to<std::int64_t>(column, value);
    case DType::uint64: return convert_to<std::uint64_t>(column, value);
    case DType::float32: return convert_to<float>(column, value);
    case DType::float64: return convert_to<double>(column, value);
    default: throw_wrong_value(column, value, to_string(to));
  }
}

namespace {

/// The spec of a column that holds `value`; not set for opaque ones.
std::optional<ColumnSpec> spec_of(const Value& value, const std::string& name) {
  return std::visit(
      [&]<class T>(const T& held) -> std::optional<ColumnSpec> {
        ColumnSpec spec{name, ColumnForm::scalar, DType::other, true, false, {}};
        if constexpr (std::is_same_v<T, std::string>) {
          spec.type = DType::string;
        } else if constexpr (std::is_same_v<T, Bytes>) {
          spec.type = DType::binary;
        } else if constexpr (std::is_same_v<T, RawTensor>) {
          spec.form = ColumnForm::tensor;
          spec.type = held.type;
        } else if constexpr (std::is_arithmetic_v<T>) {
          spec.type = dtype_of<T>;
        } else {
          return std::nullopt;
        }
        return spec;
      },
      value);
}

void append_value(ColumnSink& sink, const Value& value) {
  if (value.index() == 0) return sink.null();
  if (sink.spec().nullable) sink.validity(true);
  std::visit(
      [&]<class T>(const T& held) {
        if constexpr (std::is_same_v<T, std::string>) {
          sink.text(held);
        } else if constexpr (std::is_same_v<T, Bytes>) {
          sink.text(held.view());
        } else if constexpr (std::is_same_v<T, RawTensor>) {
          sink.tensor(held);
        } else if constexpr (std::is_arithmetic_v<T>) {
          sink.number<T>(held);
        }
      },
      value);
}

[[noreturn]] void throw_mixed(const std::string& name, const Value& first, const Value& other) {
  throw_error(ErrorCode::schema_mismatch, "column '" + name + "' is " + value_type_name(first) + " in one row and " +
                                              value_type_name(other) + " in another. Set it to one type in all rows, " +
                                              "e.g. row[\"" + name + "\"] = std::int64_t{1}.");
}

/// A column of slices of other columns.
std::shared_ptr<arrow::Array> concatenate(const std::string& name, const std::vector<Value>& values,
                                          const Value& first) {
  const auto& type = std::get<Opaque>(first).array->type();
  arrow::ArrayVector parts;
  for (const Value& value : values) {
    if (value.index() == 0) {
      parts.push_back(from_arrow(arrow::MakeArrayOfNull(type, 1, column_pool())).value_or_throw());
      continue;
    }
    const auto* opaque = std::get_if<Opaque>(&value);
    if (opaque == nullptr || !opaque->array->type()->Equals(*type)) throw_mixed(name, first, value);
    parts.push_back(opaque->array);
  }
  return from_arrow(arrow::Concatenate(parts, column_pool())).value_or_throw();
}

std::shared_ptr<arrow::Array> make_column(const std::string& name, const std::vector<Value>& values,
                                          const std::shared_ptr<arrow::Array>& original) {
  const auto first = std::find_if(values.begin(), values.end(), [](const Value& v) { return v.index() != 0; });
  if (first == values.end()) {
    const auto rows = static_cast<std::int64_t>(values.size());
    const auto type = original == nullptr ? arrow::null() : original->type();
    return from_arrow(arrow::MakeArrayOfNull(type, rows, column_pool())).value_or_throw();
  }
  std::optional<ColumnSpec> spec = spec_of(*first, name);
  if (!spec) return concatenate(name, values, *first);
  spec->nullable = std::any_of(values.begin(), values.end(), [](const Value& v) { return v.index() == 0; });
  const std::string type = value_type_name(*first);
  ColumnSink sink(*spec, static_cast<std::int64_t>(values.size()));
  for (const Value& value : values) {
    if (value.index() != 0 && (value.index() != first->index() || value_type_name(value) != type)) {
      throw_mixed(name, *first, value);
    }
    append_value(sink, value);
  }
  return sink.finish(original);
}

}  // namespace

RowSink::RowSink(std::shared_ptr<arrow::RecordBatch> input) : input_(std::move(input)) {}
RowSink::RowSink(RowSink&&) noexcept = default;
RowSink::~RowSink() = default;
void RowSink::append(Row row) { rows_.push_back(std::move(row)); }

std::shared_ptr<arrow::RecordBatch> RowSink::finish() {
  std::vector<std::string> names;
  std::vector<std::int32_t> picks;
  bool all_from_input = input_ != nullptr;
  for (const Row& row : rows_) {
    all_from_input = all_from_input && row.source() == input_;
    picks.push_back(static_cast<std::int32_t>(row.source_index()));
    if (&row != &rows_.front() && row.changes().empty() && row.source() == rows_.front().source()) continue;
    for (std::string& name : row.names()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
  }
  if (rows_.empty() && input_ != nullptr) return input_->Slice(0, 0);
  const auto picked = all_from_input ? pick_rows(input_, picks) : nullptr;
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const std::string& name : names) {
    const auto is_changed = [&](const Row& row) { return find_change(row, name) != nullptr; };
    const int at = picked == nullptr ? -1 : input_->schema()->GetFieldIndex(name);
    if (at >= 0 && std::none_of(rows_.begin(), rows_.end(), is_changed)) {
      columns.push_back(picked->column(at));
      fields.push_back(input_->schema()->field(at)->WithNullable(true));
      continue;
    }
    std::vector<Value> values;
    values.reserve(rows_.size());
    for (const Row& row : rows_) values.push_back(row.has(name) ? row.get(name) : Value());
    columns.push_back(make_column(name, values, at >= 0 ? picked->column(at) : nullptr));
    fields.push_back(arrow::field(name, columns.back()->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<std::int64_t>(rows_.size()),
                                  std::move(columns));
}

}  // namespace detail

std::string Row::to_string() const {
  std::string text = "{";
  for (const std::string& name : names()) {
    const Value value = get(name);
    const std::string cell = value.index() == 0 ? "null" : print_cell(*detail::make_column(name, {value}, nullptr), 0);
    text += (text.size() == 1 ? "" : ", ") + name + ": " + cell;
  }
  return text + "}";
}

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.to_string(); }

}  // namespace shoal::data::inline v1
