#include "data/rows/print.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <shoal/base/bytes.h>
#include <shoal/data/batch.h>

#include <algorithm>
#include <ostream>
#include <vector>

#include "data/rows/arrow_types.h"
#include "data/rows/tensor_column.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_cell_chars_max = 40;
constexpr std::int64_t k_batch_rows_shown = 20;

/// Cuts between characters, not inside one, and leaves nothing that would move a terminal's cursor.
std::string shorten(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (text.size() <= k_cell_chars_max) return text;
  std::size_t end = k_cell_chars_max - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string print_tensor(const arrow::Array& column, const TensorType& type, std::int64_t row) {
  Shape shape = type.row_shape.value_or(Shape());
  if (!type.row_shape) {
    const Result<TensorMemory> memory = open_tensor_array(*column.Slice(row, 1));
    if (!memory.ok()) return "damaged tensor";
    const std::int32_t* extents = memory.value().shapes;
    shape = Shape(std::vector<std::int64_t>(extents, extents + type.rank));
  }
  return "tensor<" + describe_type(*type.element) + ">" + shape.to_string();
}

std::size_t displayed_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string print_cell(const arrow::Array& column, std::int64_t row) {
  if (column.IsNull(row)) return "null";
  if (column.type_id() != arrow::Type::FIXED_SIZE_LIST) {
    if (const auto tensor = as_tensor_type(*column.type())) return print_tensor(column, *tensor, row);
  }
  switch (column.type_id()) {
    case arrow::Type::STRING: {
      return "\"" + shorten(static_cast<const arrow::StringArray&>(column).GetString(row)) + "\"";
    }
    case arrow::Type::BINARY: {
      const auto size = static_cast<const arrow::BinaryArray&>(column).GetView(row).size();
      return format_bytes(static_cast<std::int64_t>(size));
    }
    default: break;
  }
  const auto scalar = column.GetScalar(row);
  return scalar.ok() ? shorten(scalar.ValueUnsafe()->ToString()) : "?";
}

std::string print_table(const arrow::RecordBatch& rows, std::int64_t rows_max) {
  const std::int64_t shown = std::min(rows.num_rows(), rows_max);
  std::vector<std::string> lines(static_cast<std::size_t>(shown) + 1);
  for (int c = 0; c < rows.num_columns(); ++c) {
    std::vector<std::string> cells{rows.column_name(c)};
    for (std::int64_t row = 0; row < shown; ++row) cells.push_back(print_cell(*rows.column(c), row));
    std::size_t width = 0;
    for (const std::string& cell : cells) width = std::max(width, displayed_width(cell));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool last = c + 1 == rows.num_columns();
      lines[i] += cells[i] + (last ? "" : std::string(width - displayed_width(cells[i]) + 2, ' '));
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  if (shown < rows.num_rows()) text += "(" + std::to_string(rows.num_rows() - shown) + " more rows)\n";
  return text;
}

}  // namespace shoal::data

namespace shoal::data::inline v1 {

std::string Batch::to_string() const {
  return rows_ == nullptr ? "(empty batch)\n" : print_table(*rows_, k_batch_rows_shown);
}

std::ostream& operator<<(std::ostream& out, const Batch& batch) { return out << batch.to_string(); }

}  // namespace shoal::data::inline v1
