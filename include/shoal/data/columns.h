#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/data/dtype.h>
#include <shoal/data/tensor.h>

namespace arrow {
class Array;
class RecordBatch;
class Schema;
}  // namespace arrow

/// Columns as typed code sees them: raw memory, so that reading and writing a value is inlined into the user's loop,
/// while Arrow stays behind the library's border.
namespace shoal::data::inline v1::detail {

/// How the values of a column are built from dtypes.
enum class ColumnForm : std::uint8_t { scalar, tensor, array, list, structure };

/// What the integers of a column of times count from.
enum class TimeKind : std::uint8_t { none, duration, timestamp };

/// What typed code expects a column to be, or makes it.
struct ColumnSpec {
  std::string name;
  ColumnForm form{};
  DType type = DType::other;           ///< Of scalars and tensor elements.
  bool nullable = false;               ///< std::optional
  bool may_be_missing = false;         ///< Has a default of its own, or is nullable.
  std::vector<ColumnSpec> children{};  ///< Members of a structure, or a list's or an array's item.
  TimeKind time = TimeKind::none;      ///< Of scalars whose type is int64.
  std::int64_t ticks_per_second = 0;   ///< Of times: 1, 1000, 1000000 or 1000000000.
  std::int64_t items = 0;              ///< Of arrays, in each row.
};

/// "tensor<uint8>", "list<string>"
std::string to_string(const ColumnSpec& spec);

/// The memory of one column's values. Views of it are valid as long as the batch.
struct RawColumn {
  const void* values = nullptr;            ///< Numbers: the first row. Booleans: the bitmap. Strings: the bytes.
  const std::int32_t* offsets = nullptr;   ///< Of strings and lists: the first row's.
  const std::uint8_t* validity = nullptr;  ///< Bitmap; null where no value is null.
  std::int64_t bit_offset = 0;             ///< Of the first row in `validity`.
  std::int64_t value_bit_offset = 0;       ///< Of the first row in the bitmap of booleans.
  std::int64_t rows = 0;
  bool all_null = false;  ///< The column has no type, because no value is other than null.

  static bool bit(const std::uint8_t* bitmap, std::int64_t i) { return ((bitmap[i >> 3] >> (i & 7)) & 1) != 0; }
  bool is_null(std::int64_t i) const { return validity != nullptr ? !bit(validity, bit_offset + i) : all_null; }
  template <class T>
  T number(std::int64_t i) const {
    if constexpr (std::is_same_v<T, bool>) {
      return bit(static_cast<const std::uint8_t*>(values), value_bit_offset + i);
    } else {
      return static_cast<const T*>(values)[i];
    }
  }
  std::string_view text(std::int64_t i) const {
    return {static_cast<const char*>(values) + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])};
  }
};

/// One column opened for reading as its spec says.
struct ColumnReader {
  RawColumn raw;
  bool present = false;
  Shape row_shape;                       ///< Of tensors whose rows all have this shape.
  const std::int32_t* shapes = nullptr;  ///< Of tensors whose rows differ: `rank` extents for each.
  std::size_t rank = 0;
  std::size_t element_bytes = 0;
  std::shared_ptr<const void> owner;  ///< Keeps the memory alive; shared by tensors taken out of it.
  std::vector<ColumnReader> children;
  std::int64_t first_item = 0;  ///< Of lists: the item in `offsets` that is the child's first.

  Shape tensor_shape(std::int64_t i) const {
    if (shapes == nullptr) return row_shape;
    std::int64_t extents[Shape::k_rank_max];
    for (std::size_t d = 0; d < rank; ++d)
      extents[d] = shapes[i * static_cast<std::int64_t>(rank) + static_cast<std::int64_t>(d)];
    return Shape(std::span<const std::int64_t>(extents, rank));
  }
  const void* tensor_data(std::int64_t i) const {
    const std::int64_t first = shapes == nullptr ? i * row_shape.elements() : raw.offsets[i];
    return static_cast<const std::uint8_t*>(raw.values) + first * static_cast<std::int64_t>(element_bytes);
  }
};

/// Opens the columns that `specs` name. Numbers are widened where that loses nothing. Errors: schema_mismatch naming
/// `reader` (a struct), the column, both types, or the columns there are; nulls where the spec allows none.
std::vector<ColumnReader> open_columns(const std::shared_ptr<arrow::RecordBatch>& rows,
                                       std::span<const ColumnSpec> specs, std::string_view reader);

/// One column being made, row by row. Append exactly one value per row.
class ColumnSink {
 public:
  /// Makes room for `expected_rows`; more are fine.
  ColumnSink(ColumnSpec spec, std::int64_t expected_rows);
  ColumnSink(ColumnSink&&) noexcept;
  ColumnSink& operator=(ColumnSink&&) noexcept;
  ~ColumnSink();

  template <class T>
  void number(T value) {
    if (rows_ == capacity_) grow();
    static_cast<T*>(values_)[rows_++] = value;
  }
  void text(std::string_view value) {
    if (rows_ == capacity_) grow();
    if (static_cast<std::int64_t>(value.size()) > bytes_capacity_ - bytes_) grow_bytes(value.size());
    if (!value.empty()) std::memcpy(static_cast<char*>(values_) + bytes_, value.data(), value.size());
    bytes_ += static_cast<std::int64_t>(value.size());
    offsets_[++rows_] = static_cast<std::int32_t>(bytes_);
  }
  void tensor(RawTensor value);
  /// Ends the row of a structure or an array, whose members or items were appended to the children.
  void end_structure() {
    if (rows_ == capacity_) grow();
    ++rows_;
  }
  /// Ends a list, whose items were appended to child(0).
  void end_list() {
    if (rows_ == capacity_) grow();
    end_list_row();
  }
  /// Says whether the next value, which follows, is one; only where the spec is nullable.
  void validity(bool valid) {
    if (rows_ == capacity_) grow();
    validity_[rows_] = valid;
  }
  /// A null, or an empty value where the spec is not nullable.
  void null();
  ColumnSink& child(std::size_t i);

  std::int64_t rows() const { return rows_; }
  const ColumnSpec& spec() const;
  /// The finished column; the sink is empty afterwards. `original` is the input's column of the same name or null:
  /// tensors keep its form, and its memory where they are its rows unchanged.
  std::shared_ptr<arrow::Array> finish(const std::shared_ptr<arrow::Array>& original = nullptr);

 private:
  struct State;
  void grow();
  void reserve(std::int64_t rows);
  void grow_bytes(std::size_t bytes);
  void end_list_row();

  void* values_ = nullptr;
  std::int32_t* offsets_ = nullptr;
  std::uint8_t* validity_ = nullptr;  // a byte a row until finish()
  std::int64_t rows_ = 0;
  std::int64_t capacity_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t bytes_capacity_ = 0;
  std::unique_ptr<State> state_;
};

/// Output columns over the input's others: `dropped` are left out unless made anew, `sinks` replace columns of the
/// same name in place or follow at the end. With `picks`, output row i goes with input row picks[i]; without, with i.
/// `input` may be null where the output has only the sinks' columns.
std::shared_ptr<arrow::RecordBatch> assemble_rows(const std::shared_ptr<arrow::RecordBatch>& input,
                                                  std::span<const std::string> dropped, std::span<ColumnSink> sinks,
                                                  std::int64_t rows, const std::vector<std::int32_t>* picks);

/// The rows of `input` at these positions, in this order.
std::shared_ptr<arrow::RecordBatch> pick_rows(const std::shared_ptr<arrow::RecordBatch>& input,
                                              std::span<const std::int32_t> picks);

std::int64_t row_count(const arrow::RecordBatch& rows);

}  // namespace shoal::data::inline v1::detail
