#include <arrow/array.h>
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
#include "data/rows/arrow_types.h"
#include "data/rows/print.h"
#include "data/rows/row_value.h"

namespace shoal::data::inline v1 {

using detail::DType;
using detail::Opaque;
using detail::RawTensor;
using detail::Value;

namespace {

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
  const std::vector<std::string> columns = rows_ == nullptr ? std::vector<std::string>()
                                                            : rows_->schema()->field_names();
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

}  // namespace detail

std::string Row::to_string() const {
  detail::RowSink sink(nullptr);
  sink.append(*this);
  const std::shared_ptr<arrow::RecordBatch> columns = sink.finish();
  std::string text = "{";
  for (int i = 0; i < columns->num_columns(); ++i) {
    text += (i == 0 ? "" : ", ") + columns->column_name(i) + ": " + print_cell(*columns->column(i), 0);
  }
  return text + "}";
}

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.to_string(); }

}  // namespace shoal::data::inline v1
