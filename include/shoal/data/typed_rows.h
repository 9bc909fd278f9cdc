#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <shoal/base/members.h>
#include <shoal/base/shippable.h>
#include <shoal/base/type_name.h>
#include <shoal/data/columns.h>
#include <shoal/data/row.h>
#include <shoal/data/row_types.h>
#include <shoal/data/tensor.h>

/// Plain structs as rows: how each member is read from a column and written to one.
namespace shoal::data::inline v1::detail {

template <class T, class F>
constexpr decltype(auto) apply_members(T& row, F&& f) {
  if constexpr (ScalarRow<std::remove_cv_t<T>>) {
    return f(row);
  } else {
    return members::apply(row, std::forward<F>(f));
  }
}

template <class T>
consteval auto member_names() {
  if constexpr (ScalarRow<T>) {
    return std::array<std::string_view, 1>{"item"};
  } else {
    return members::names<T>;
  }
}

template <class T>
ColumnSpec column_spec(std::string_view name);

/// The columns of a struct. A member that has a default of its own (`label = -1`), or is optional, may be missing. A
/// default that is zero or empty text is none, because the value is the same without it.
template <class T>
std::vector<ColumnSpec> row_specs() {
  std::vector<ColumnSpec> specs;
  static constexpr auto k_names = member_names<T>();
  const T defaults{};
  apply_members(defaults, [&]<class... M>(const M&... member) {
    const auto add = [&]<class Member>(const Member& value) {
      ColumnSpec spec = column_spec<Member>(k_names[specs.size()]);
      if constexpr (is_optional<Member>) {
        spec.may_be_missing = true;
      } else if constexpr (Number<Member> || Text<Member>) {
        spec.may_be_missing = !ScalarRow<T> && !(value == Member{});
      }
      specs.push_back(std::move(spec));
    };
    (add(member), ...);
  });
  return specs;
}

template <class T>
ColumnSpec column_spec(std::string_view name) {
  ColumnSpec spec{std::string(name), ColumnForm::scalar, DType::other, false, false, {}};
  if constexpr (is_optional<T>) {
    spec = column_spec<typename T::value_type>(name);
    spec.nullable = true;
  } else if constexpr (Number<T>) {
    spec.type = dtype_of<typename StoredNumber<T>::type>;
  } else if constexpr (Time<T>) {
    spec.type = DType::int64;
    if constexpr (shoal::detail::TimePoint<T>) {
      spec.time = TimeKind::timestamp;
      spec.ticks_per_second = T::duration::period::den;
    } else {
      spec.time = TimeKind::duration;
      spec.ticks_per_second = T::period::den;
    }
  } else if constexpr (Text<T>) {
    spec.type = DType::string;
  } else if constexpr (std::is_same_v<T, Bytes>) {
    spec.type = DType::binary;
  } else if constexpr (is_tensor<T> || is_tensor_view<T>) {
    spec.form = ColumnForm::tensor;
    spec.type = dtype_of<typename T::value_type>;
  } else if constexpr (NumberArray<T>) {
    spec.form = ColumnForm::array;
    spec.type = dtype_of<typename T::value_type>;
    spec.items = array_items<T>;
    spec.children.push_back(column_spec<typename T::value_type>("item"));
  } else if constexpr (is_vector<T>) {
    spec.form = ColumnForm::list;
    spec.children.push_back(column_spec<typename T::value_type>("item"));
  } else {
    spec.form = ColumnForm::structure;
    spec.children = row_specs<T>();
  }
  return spec;
}

template <class T>
void read_value(const ColumnReader& column, std::int64_t i, T& value) {
  if constexpr (is_optional<T>) {
    if (column.raw.is_null(i)) {
      value.reset();
    } else {
      read_value(column, i, value.emplace());
    }
  } else if constexpr (Number<T>) {
    value = static_cast<T>(column.raw.number<typename StoredNumber<T>::type>(i));
  } else if constexpr (shoal::detail::TimePoint<T>) {
    value = T(typename T::duration(column.raw.number<std::int64_t>(i)));
  } else if constexpr (Time<T>) {
    value = T(column.raw.number<std::int64_t>(i));
  } else if constexpr (Text<T>) {
    value = column.raw.text(i);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    const std::string_view bytes = column.raw.text(i);
    value = Bytes(column.owner, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  } else if constexpr (is_tensor<T>) {
    using Element = typename T::value_type;
    value = T(column.tensor_shape(i), static_cast<const Element*>(column.tensor_data(i)), column.owner);
  } else if constexpr (is_tensor_view<T>) {
    using Element = const typename T::value_type;
    value = T(static_cast<Element*>(column.tensor_data(i)), column.tensor_shape(i), column.owner);
  } else if constexpr (NumberArray<T>) {
    std::memcpy(value.data(), column.tensor_data(i), sizeof(value));
  } else if constexpr (is_vector<T>) {
    value.clear();
    for (std::int64_t k = column.raw.offsets[i]; k < column.raw.offsets[i + 1]; ++k) {
      typename T::value_type item{};
      read_value(column.children[0], k - column.first_item, item);
      value.push_back(std::move(item));
    }
  } else {
    members::apply(value, [&](auto&... member) {
      const ColumnReader* child = column.children.data();
      ((child->present ? read_value(*child, i, member) : void(), ++child), ...);
    });
  }
}

template <class T>
void write_value(ColumnSink& sink, const T& value) {
  if constexpr (is_optional<T>) {
    if (!value) return sink.null();
    sink.validity(true);
    write_value(sink, *value);
  } else if constexpr (Number<T>) {
    sink.number(static_cast<typename StoredNumber<T>::type>(value));
  } else if constexpr (shoal::detail::TimePoint<T>) {
    sink.number<std::int64_t>(value.time_since_epoch().count());
  } else if constexpr (Time<T>) {
    sink.number<std::int64_t>(value.count());
  } else if constexpr (Text<T>) {
    sink.text(value);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    sink.text(value.view());
  } else if constexpr (is_tensor<T> || is_tensor_view<T>) {
    sink.tensor(value.raw());
  } else if constexpr (NumberArray<T>) {
    for (const auto& item : value) sink.child(0).template number<typename T::value_type>(item);
    sink.end_structure();
  } else if constexpr (is_vector<T>) {
    for (const auto& item : value) write_value<typename T::value_type>(sink.child(0), item);
    sink.end_list();
  } else {
    members::apply(value, [&](const auto&... member) {
      std::size_t child = 0;
      (write_value(sink.child(child++), member), ...);
    });
    sink.end_structure();
  }
}

using RecordBatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// Reads rows of a batch as structs (or dynamic rows), one after the other. This is for what cannot be a row, which
/// require_row() refuses: without bodies, there is no more for the compiler to say.
template <class T>
class RowReader {
 public:
  void open(const RecordBatchPtr& rows);
  T read(std::int64_t i) const;
  void close();
};

template <class T>
  requires(is_row<T>())
class RowReader<T> {
 public:
  explicit RowReader(std::vector<ColumnSpec> specs = row_specs<T>()) : specs_(std::move(specs)) {}
  void open(const RecordBatchPtr& rows) { columns_ = open_columns(rows, specs_, type_name<T>()); }
  T read(std::int64_t i) const {
    T row{};
    apply_members(row, [&](auto&... member) {
      const ColumnReader* column = columns_.data();
      ((column->present ? read_value(*column, i, member) : void(), ++column), ...);
    });
    return row;
  }
  void close() { columns_.clear(); }

 private:
  std::vector<ColumnSpec> specs_;
  std::vector<ColumnReader> columns_;
};

template <>
class RowReader<Row> {
 public:
  void open(const RecordBatchPtr& rows) { rows_ = rows; }
  Row read(std::int64_t i) const { return Row(rows_, i); }
  void close() { rows_.reset(); }

 private:
  RecordBatchPtr rows_;
};

/// Writes structs as rows. Output columns go over those of `input`, of which `dropped` are left out. As with RowReader,
/// this is for what cannot be a row.
template <class T>
class RowWriter {
 public:
  RowWriter(RecordBatchPtr input, std::span<const std::string> dropped, std::int64_t expected_rows);
  void append(const T& row);
  RecordBatchPtr finish(const std::vector<std::int32_t>* picks = nullptr);
};

template <class T>
  requires(is_row<T>())
class RowWriter<T> {
 public:
  RowWriter(RecordBatchPtr input, std::span<const std::string> dropped, std::int64_t expected_rows)
      : input_(std::move(input)), dropped_(dropped) {
    for (ColumnSpec& spec : row_specs<T>()) sinks_.emplace_back(std::move(spec), expected_rows);
  }
  void append(const T& row) {
    apply_members(row, [&](const auto&... member) {
      ColumnSink* sink = sinks_.data();
      (write_value(*sink++, member), ...);
    });
    ++rows_;
  }
  RecordBatchPtr finish(const std::vector<std::int32_t>* picks = nullptr) {
    return assemble_rows(input_, dropped_, sinks_, rows_, picks);
  }

 private:
  RecordBatchPtr input_;
  std::span<const std::string> dropped_;
  std::vector<ColumnSink> sinks_;
  std::int64_t rows_ = 0;
};

/// A dynamic row has all its columns with it: nothing passes by it.
template <>
class RowWriter<Row> {
 public:
  RowWriter(RecordBatchPtr input, std::span<const std::string>, std::int64_t) : sink_(std::move(input)) {}
  void append(Row row) { sink_.append(std::move(row)); }
  RecordBatchPtr finish(const std::vector<std::int32_t>* = nullptr) { return sink_.finish(); }

 private:
  RowSink sink_;
};

/// A batch of these rows: what from_items() reads.
template <class T>
RecordBatchPtr rows_from(std::span<const T> rows) {
  RowWriter<T> writer(nullptr, {}, static_cast<std::int64_t>(rows.size()));
  for (const T& row : rows) writer.append(row);
  return writer.finish();
}

/// The rows of a batch as structs, whose text views are valid as long as the batch.
template <class T>
std::vector<T> rows_to(const RecordBatchPtr& rows) {
  RowReader<T> reader;
  reader.open(rows);
  std::vector<T> result;
  const std::int64_t count = row_count(*rows);
  result.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) result.push_back(reader.read(i));
  return result;
}

}  // namespace shoal::data::inline v1::detail
