#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <shoal/data/batch.h>
#include <shoal/data/storage.h>
#include <shoal/data/tensor.h>

namespace shoal::data::inline v1 {

namespace detail {

/// A value that no C++ type here stands for (a list, a timestamp): it can be passed on, not looked into.
struct Opaque {
  std::shared_ptr<arrow::Array> array;  // of one row
};

/// One dynamic value; monostate is null.
using Value =
    std::variant<std::monostate, bool, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                 std::uint32_t, std::int64_t, std::uint64_t, float, double, std::string, Bytes, RawTensor, Opaque>;

/// The fixed-width type of the same size and kind: long long and long are both std::int64_t.
template <class T>
using Fixed = std::conditional_t<
    std::is_same_v<T, bool> || std::is_floating_point_v<T>, T,
    std::conditional_t<
        std::is_signed_v<T>,
        std::conditional_t<sizeof(T) == 1, std::int8_t,
                           std::conditional_t<sizeof(T) == 2, std::int16_t,
                                              std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>>>,
        std::conditional_t<sizeof(T) == 1, std::uint8_t,
                           std::conditional_t<sizeof(T) == 2, std::uint16_t,
                                              std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>>>;

template <class T>
inline constexpr bool is_tensor = false;
template <class T>
inline constexpr bool is_tensor<Tensor<T>> = true;

/// "int64", "string", "tensor<uint8>", "null"
std::string value_type_name(const Value& value);
[[noreturn]] void throw_wrong_value(std::string_view column, const Value& value, std::string_view asked);
/// The number in `value` as `to`; throws SchemaMismatch where it is none or `to` cannot hold it exactly.
Value convert_number(std::string_view column, const Value& value, DType to);

template <class T>
T value_as(std::string_view column, const Value& value);

template <class T>
Value to_value(T&& value);

}  // namespace detail

/// One row with columns that are known only when the program runs. A value; a row read from a dataset refers to its
/// block until a column is set. Not for several threads at once.
class Row {
 public:
  template <bool IsConst>
  class BasicCell;
  using Cell = BasicCell<false>;
  using ConstCell = BasicCell<true>;

  Row() = default;
  /// Row `index` of a batch, which it keeps alive.
  Row(std::shared_ptr<arrow::RecordBatch> rows, std::int64_t index) : rows_(std::move(rows)), index_(index) {}

  /// A column to read (throws NotFound naming the columns there are) or to assign, which adds it where it is missing.
  Cell operator[](std::string_view name);
  ConstCell operator[](std::string_view name) const;
  bool has(std::string_view name) const;
  /// Leaves a column out. Throws NotFound.
  void erase(std::string_view name);
  /// In order: those of the block, then those added.
  std::vector<std::string> names() const;

  /// "{path: "a.jpg", label: 7, image: tensor<uint8>{28, 28}}"
  std::string to_string() const;

  /// For the library: the block the row refers to, its place in it, and what was changed since.
  struct Change {
    std::string name;
    detail::Value value;
    bool erased = false;
  };
  const std::shared_ptr<arrow::RecordBatch>& source() const { return rows_; }
  std::int64_t source_index() const { return index_; }
  const std::vector<Change>& changes() const { return changes_; }
  detail::Value get(std::string_view name) const;
  void set(std::string_view name, detail::Value value);

 private:
  std::shared_ptr<arrow::RecordBatch> rows_;
  std::int64_t index_ = 0;
  std::vector<Change> changes_;
};
std::ostream& operator<<(std::ostream& out, const Row& row);

/// One column of one row, as `row["name"]` gives it; used at once, not kept.
template <bool IsConst>
class Row::BasicCell {
 public:
  BasicCell(std::conditional_t<IsConst, const Row&, Row&> row, std::string_view name) : row_(row), name_(name) {}

  /// The value as a number, bool, std::string, Bytes, Tensor<T>, or std::optional of one. Numbers convert where that
  /// loses nothing. Throws NotFound, and SchemaMismatch naming both types.
  template <class T>
  T as() const {
    return detail::value_as<T>(name_, row_.get(name_));
  }
  bool is_null() const { return row_.get(name_).index() == 0; }
  /// "int64", "string", "tensor<uint8>", "null"
  std::string type() const { return detail::value_type_name(row_.get(name_)); }

  /// Sets the column from a number, text, Bytes, a Tensor, std::optional of one, std::nullopt, or another cell.
  template <class T>
    requires(!IsConst)
  BasicCell& operator=(T&& value) {
    row_.set(name_, detail::to_value(std::forward<T>(value)));
    return *this;
  }
  BasicCell& operator=(const BasicCell& other)
    requires(!IsConst)
  {
    row_.set(name_, other.row_.get(other.name_));
    return *this;
  }
  BasicCell(const BasicCell&) = default;
  detail::Value value() const { return row_.get(name_); }

 private:
  friend class BasicCell<!IsConst>;
  std::conditional_t<IsConst, const Row&, Row&> row_;
  std::string_view name_;
};

inline Row::Cell Row::operator[](std::string_view name) { return {*this, name}; }
inline Row::ConstCell Row::operator[](std::string_view name) const { return {*this, name}; }

namespace detail {

template <class T>
T value_as(std::string_view column, const Value& value) {
  if constexpr (is_optional<T>) {
    if (value.index() == 0) return std::nullopt;
    return value_as<typename T::value_type>(column, value);
  } else if constexpr (dtype_of<T> != DType::other) {
    return static_cast<T>(std::get<Fixed<T>>(convert_number(column, value, dtype_of<T>)));
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<T>(value_as<std::underlying_type_t<T>>(column, value));
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* bytes = std::get_if<Bytes>(&value)) return bytes->string();
    throw_wrong_value(column, value, "string");
  } else if constexpr (std::is_same_v<T, Bytes>) {
    if (const auto* bytes = std::get_if<Bytes>(&value)) return *bytes;
    throw_wrong_value(column, value, "binary");
  } else if constexpr (is_tensor<T>) {
    using Element = typename T::value_type;
    const auto* tensor = std::get_if<RawTensor>(&value);
    if (tensor == nullptr || tensor->type != dtype_of<Element>) {
      throw_wrong_value(column, value, "tensor<" + std::string(to_string(dtype_of<Element>)) + ">");
    }
    return T(tensor->shape, static_cast<const Element*>(tensor->data), tensor->owner);
  } else {
    static_assert(is_tensor<T>,
                  "shoal: as<T>() gives numbers, bool, std::string, Bytes, Tensor<T>, or std::optional of one");
  }
}

template <class T>
Value to_value(T&& value) {
  using Plain = std::remove_cvref_t<T>;
  if constexpr (std::is_same_v<Plain, Value>) {
    return std::forward<T>(value);
  } else if constexpr (std::is_same_v<Plain, std::nullopt_t>) {
    return Value();
  } else if constexpr (is_optional<Plain>) {
    return value ? to_value(*std::forward<T>(value)) : Value();
  } else if constexpr (std::is_enum_v<Plain>) {
    return Value(static_cast<Fixed<std::underlying_type_t<Plain>>>(value));
  } else if constexpr (dtype_of<Plain> != DType::other) {
    return Value(static_cast<Fixed<Plain>>(value));
  } else if constexpr (std::is_same_v<Plain, Row::Cell> || std::is_same_v<Plain, Row::ConstCell>) {
    return value.value();
  } else if constexpr (std::is_same_v<Plain, Bytes>) {
    return Value(std::forward<T>(value));
  } else if constexpr (is_tensor<Plain>) {
    return Value(value.raw());
  } else if constexpr (std::is_same_v<Plain, std::string>) {
    return Value(std::forward<T>(value));
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    return Value(std::string(std::string_view(value)));
  } else {
    static_assert(std::is_convertible_v<T, std::string_view>,
                  "shoal: a column is set from a number, text, Bytes, a Tensor, or std::optional of one");
  }
}

/// Collects rows into a batch. Columns that no row changed keep their type and memory; the type of others is that of
/// their values that are not null. `input` is the block most rows refer to; may be null.
class RowSink {
 public:
  explicit RowSink(std::shared_ptr<arrow::RecordBatch> input);
  RowSink(RowSink&&) noexcept;
  ~RowSink();
  void append(Row row);
  /// Throws SchemaMismatch for columns that some rows lack, or whose values differ in type from row to row.
  std::shared_ptr<arrow::RecordBatch> finish();

 private:
  struct Plan;
  Plan make_plan() const;
  std::shared_ptr<arrow::Array> make_column_of(std::size_t column, const Plan& plan,
                                               const std::shared_ptr<arrow::Array>& original) const;

  std::shared_ptr<arrow::RecordBatch> input_;
  std::vector<Row> rows_;
};

}  // namespace detail
}  // namespace shoal::data::inline v1
