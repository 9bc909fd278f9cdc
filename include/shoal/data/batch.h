#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <shoal/data/columns.h>
#include <shoal/data/tensor.h>

namespace shoal::data::inline v1 {

namespace detail {
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// What a column's values are read as: text as views.
template <class T>
struct CellOf {
  using type = T;
};
template <>
struct CellOf<std::string> {
  using type = std::string_view;
};
template <class T>
struct CellOf<std::optional<T>> {
  using type = std::optional<typename CellOf<T>::type>;
};
template <class T>
struct Unwrap {
  using type = T;
};
template <class T>
struct Unwrap<std::optional<T>> {
  using type = T;
};

template <class T>
concept Text = std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>;
/// What a Batch gives as a column: numbers, bool, text, and optionals of them.
template <class T>
concept CellType = Text<typename Unwrap<T>::type> || dtype_of<typename Unwrap<T>::type> != DType::other;

template <class T>
constexpr ColumnSpec cell_spec(std::string_view name) {
  using Value = typename Unwrap<T>::type;
  return ColumnSpec{
      std::string(name), ColumnForm::scalar, Text<Value> ? DType::string : dtype_of<Value>, is_optional<T>, false, {}};
}
}  // namespace detail

/// The values of one column of a batch: a view that is valid as long as a copy of the batch. Indexes are not checked.
template <class T>
class ColumnView {
 public:
  using value_type = typename detail::CellOf<T>::type;

  ColumnView() = default;
  explicit ColumnView(const detail::RawColumn& raw) : raw_(raw) {}

  std::int64_t size() const { return raw_.rows; }
  bool is_null(std::int64_t i) const { return raw_.is_null(i); }
  value_type operator[](std::int64_t i) const {
    if constexpr (detail::is_optional<T>) {
      if (raw_.values == nullptr || is_null(i)) return std::nullopt;
    }
    using Value = typename detail::Unwrap<T>::type;
    if constexpr (detail::Text<Value>) {
      return raw_.text(i);
    } else {
      return raw_.template number<Value>(i);
    }
  }
  /// The numbers themselves, one after the other.
  const T* data() const
    requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
  {
    return static_cast<const T*>(raw_.values);
  }
  std::span<const T> span() const
    requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
  {
    return {data(), static_cast<std::size_t>(size())};
  }

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = typename ColumnView::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;
    iterator() = default;
    iterator(const ColumnView* view, std::int64_t i) : view_(view), i_(i) {}
    value_type operator*() const { return (*view_)[i_]; }
    iterator& operator++() {
      ++i_;
      return *this;
    }
    iterator operator++(int) { return iterator(view_, i_++); }
    friend bool operator==(const iterator& a, const iterator& b) { return a.i_ == b.i_; }

   private:
    const ColumnView* view_ = nullptr;
    std::int64_t i_ = 0;
  };
  iterator begin() const { return {this, 0}; }
  iterator end() const { return {this, size()}; }

 private:
  detail::RawColumn raw_;
};

/// Rows of named columns. A small immutable value: copies share the memory, which lives as long as any copy, any
/// tensor taken from it and any exported DLPack tensor. Safe to read from many threads.
class Batch {
 public:
  Batch() = default;
  /// Takes an Arrow batch as it is; `lease` is kept as long as the batch.
  explicit Batch(std::shared_ptr<arrow::RecordBatch> rows, std::shared_ptr<const void> lease = nullptr)
      : rows_(std::move(rows)), lease_(std::move(lease)) {}

  std::int64_t num_rows() const;
  std::vector<std::string> column_names() const;
  bool has_column(std::string_view name) const;
  /// "int64", "string", "tensor<uint8>{28, 28}". Throws NotFound.
  std::string column_type(std::string_view name) const;

  /// The column's values. `T` is its exact type: a number, bool, std::string (read as std::string_view), or
  /// std::optional of one where values may be null. Throws NotFound naming the columns there are, SchemaMismatch
  /// naming both types, or nulls that `T` cannot be.
  template <class T>
  ColumnView<T> column(std::string_view name) const {
    static_assert(detail::CellType<T>,
                  "shoal: column<T>() takes a number, bool, std::string, or std::optional of one; use tensor<T>() for "
                  "tensors and to_arrow() for the rest");
    return ColumnView<T>(open_column(detail::cell_spec<T>(name)));
  }

  /// The column as a tensor of shape {rows, ...}, without a copy: fixed-shape tensors, tensors that happen to be
  /// equal in shape in this batch, and columns of numbers. It keeps the memory alive. Throws as column() does, and
  /// SchemaMismatch where shapes differ from row to row.
  template <class T>
  TensorView<const T> tensor(std::string_view name) const {
    const detail::RawTensor raw = open_tensor(name, detail::dtype_of<T>);
    return {static_cast<const T*>(raw.data), raw.shape, raw.owner};
  }

  /// Rows [offset, offset + length), cut at the end; shares the memory.
  Batch slice(std::int64_t offset, std::int64_t length) const;

  /// The Arrow batch, for Arrow's own functions; include its headers to use it.
  const std::shared_ptr<arrow::RecordBatch>& to_arrow() const { return rows_; }
  const std::shared_ptr<const void>& lease() const { return lease_; }

  /// A table of at most 20 rows.
  std::string to_string() const;

 private:
  detail::RawColumn open_column(const detail::ColumnSpec& spec) const;
  detail::RawTensor open_tensor(std::string_view name, detail::DType type) const;

  std::shared_ptr<arrow::RecordBatch> rows_;
  std::shared_ptr<const void> lease_;
};
std::ostream& operator<<(std::ostream& out, const Batch& batch);

/// Makes a batch column by column. Columns are written where the finished batch keeps them, so nothing is copied.
/// One thread; throws InvalidArgument for a wrong number of rows.
class BatchBuilder {
 public:
  /// Starts with no columns; the first one added says how many rows there are.
  BatchBuilder();
  /// Starts with the columns of `in`, which are shared. Adding one of the same name replaces it.
  explicit BatchBuilder(const Batch& in);
  BatchBuilder(BatchBuilder&&) noexcept;
  BatchBuilder& operator=(BatchBuilder&&) noexcept;
  ~BatchBuilder();

  /// A tensor column of shape {rows, ...} to be written through the view, until finish(). Elements are not zeroed.
  template <class T>
  TensorView<T> add_tensor(std::string_view name, const Shape& shape) {
    const detail::RawTensor raw = new_tensor(name, shape, detail::dtype_of<T>);
    return {static_cast<T*>(const_cast<void*>(raw.data)), shape, raw.owner};
  }

  /// A column of numbers or bool to be written through the span, until finish(). Elements are not set.
  /// `rows` may be left out where other columns say how many there are.
  template <class T>
  std::span<T> add_column(std::string_view name, std::optional<std::int64_t> rows = std::nullopt) {
    static_assert(detail::dtype_of<T> != detail::DType::other,
                  "shoal: add_column<T>(name) gives numbers to write to; pass a std::vector for text");
    const detail::RawTensor raw = new_column(name, rows, detail::dtype_of<T>);
    return {static_cast<T*>(const_cast<void*>(raw.data)), static_cast<std::size_t>(raw.shape[0])};
  }

  /// A column of these values: numbers, bool, text, or std::optional of one.
  template <class T>
  BatchBuilder& add_column(std::string_view name, const std::vector<T>& values) {
    static_assert(detail::CellType<T>, "shoal: a column holds numbers, bool, text, or std::optional of one");
    detail::ColumnSink sink(detail::cell_spec<T>(name), static_cast<std::int64_t>(values.size()));
    for (const auto& value : values) append<T>(sink, value);
    add_sink(std::move(sink));
    return *this;
  }
  BatchBuilder& add_column(std::string_view name, std::initializer_list<std::string_view> values) {
    return add_column(name, std::vector<std::string_view>(values));
  }
  /// The same column as in another batch of as many rows; shared.
  BatchBuilder& add_column(std::string_view name, const Batch& from, std::string_view column);

  /// Leaves a column out. Throws NotFound.
  BatchBuilder& drop(std::string_view name);

  /// The batch; the builder is empty afterwards. Views and spans handed out must not be written to any more.
  Batch finish();

 private:
  struct State;
  template <class T>
  static void append(detail::ColumnSink& sink, const T& value) {
    if constexpr (detail::is_optional<T>) {
      if (!value) return sink.null();
      sink.validity(true);
      append<typename detail::Unwrap<T>::type>(sink, *value);
    } else if constexpr (detail::Text<T>) {
      sink.text(value);
    } else {
      sink.number<T>(value);
    }
  }
  detail::RawTensor new_tensor(std::string_view name, const Shape& shape, detail::DType type);
  detail::RawTensor new_column(std::string_view name, std::optional<std::int64_t> rows, detail::DType type);
  void add_sink(detail::ColumnSink sink);

  std::unique_ptr<State> state_;
};

}  // namespace shoal::data::inline v1
