#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <shoal/data/row.h>

#include <algorithm>
#include <deque>
#include <type_traits>
#include <utility>

#include "base/status.h"
#include "data/io/arrow_status.h"
#include "data/rows/arrow_types.h"
#include "data/rows/row_value.h"

namespace shoal::data::inline v1::detail {
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

/// A column's values, row by row; kept by their rows, or by who read them.
using Values = std::vector<const Value*>;

bool is_value(const Value* value) { return value->index() != 0; }

/// A column of slices of other columns.
std::shared_ptr<arrow::Array> concatenate(const std::string& name, const Values& values, const Value& first) {
  const auto& type = std::get<Opaque>(first).array->type();
  arrow::ArrayVector parts;
  for (const Value* value : values) {
    if (!is_value(value)) {
      parts.push_back(from_arrow(arrow::MakeArrayOfNull(type, 1, column_pool())).value_or_throw());
      continue;
    }
    const auto* opaque = std::get_if<Opaque>(value);
    if (opaque == nullptr || !opaque->array->type()->Equals(*type)) throw_mixed(name, first, *value);
    parts.push_back(opaque->array);
  }
  return from_arrow(arrow::Concatenate(parts, column_pool())).value_or_throw();
}

bool same_type(const Value& a, const Value& b) {
  if (a.index() != b.index()) return false;
  const auto* tensor = std::get_if<RawTensor>(&a);
  return tensor == nullptr || tensor->type == std::get<RawTensor>(b).type;
}

/// Without any value the column has the type of `original`, or none yet (agreed_columns.h).
std::shared_ptr<arrow::Array> make_column(const std::string& name, const Values& values,
                                          const std::shared_ptr<arrow::Array>& original) {
  const auto first = std::find_if(values.begin(), values.end(), is_value);
  if (first == values.end()) {
    const auto rows = static_cast<std::int64_t>(values.size());
    const auto type = original == nullptr ? arrow::null() : original->type();
    return from_arrow(arrow::MakeArrayOfNull(type, rows, column_pool())).value_or_throw();
  }
  std::optional<ColumnSpec> spec = spec_of(**first, name);
  if (!spec) return concatenate(name, values, **first);
  spec->nullable = !std::all_of(values.begin(), values.end(), is_value);
  ColumnSink sink(*spec, static_cast<std::int64_t>(values.size()));
  for (const Value* value : values) {
    if (is_value(value) && !same_type(*value, **first)) throw_mixed(name, **first, *value);
    append_value(sink, *value);
  }
  return sink.finish(original);
}

/// Where a row has one of its columns: in its block, or among its changes.
struct Cell {
  int column = -1;
  std::ptrdiff_t change = -1;
};

/// Rows that have the same columns in the same places, as most rows of one function do: places are found once for all.
struct Layout {
  const Row* row;           // the first one
  std::vector<Cell> cells;  // of the output's columns
};

bool is_alike(const Row& a, const Row& b) {
  const bool same_block = a.source() == b.source() || (a.source() != nullptr && b.source() != nullptr &&
                                                       a.source()->schema() == b.source()->schema());
  return same_block && std::equal(a.changes().begin(), a.changes().end(), b.changes().begin(), b.changes().end(),
                                  [](const Row::Change& x, const Row::Change& y) {
                                    return x.name == y.name && x.erased == y.erased;
                                  });
}

Cell find_cell(const Row& row, const std::string& name) {
  const auto& changes = row.changes();
  const auto found = std::find_if(changes.begin(), changes.end(), [&](const Row::Change& c) { return c.name == name; });
  if (found != changes.end()) return {-1, found - changes.begin()};
  return {row.source()->schema()->GetFieldIndex(name), -1};
}

[[noreturn]] void throw_missing(const std::string& name, const Row& has, const Row& has_not) {
  throw_error(ErrorCode::schema_mismatch,
              "column '" + name + "' is in row " + has.to_string() + ", but not in row " + has_not.to_string() +
                  ". Set the same columns in all rows, to std::nullopt where there is no value.");
}

/// A column that comes and goes with the rows is refused: it would be there or not as blocks happen to be cut.
Layout make_layout(const Row& row, const Row& first, const std::vector<std::string>& names) {
  for (const std::string& name : row.names()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) throw_missing(name, row, first);
  }
  Layout layout{&row, {}};
  for (const std::string& name : names) {
    if (!row.has(name)) throw_missing(name, first, row);
    layout.cells.push_back(find_cell(row, name));
  }
  return layout;
}

}  // namespace

/// What finish() finds out of the rows.
struct RowSink::Plan {
  std::vector<std::string> names;  // of the output's columns
  std::vector<Layout> layouts;
  std::vector<std::size_t> layout_of;  // each row
  std::vector<std::int32_t> picks;     // its place in its block
  bool all_from_input = false;

  bool is_unchanged(std::size_t column) const {
    return std::all_of(layouts.begin(), layouts.end(), [&](const Layout& l) { return l.cells[column].change < 0; });
  }
};

RowSink::RowSink(std::shared_ptr<arrow::RecordBatch> input) : input_(std::move(input)) {}
RowSink::RowSink(RowSink&&) noexcept = default;
RowSink::~RowSink() = default;
void RowSink::append(Row row) { rows_.push_back(std::move(row)); }

RowSink::Plan RowSink::make_plan() const {
  Plan plan;
  plan.names = rows_.front().names();
  plan.all_from_input = input_ != nullptr;
  for (const Row& row : rows_) {
    plan.all_from_input = plan.all_from_input && row.source() == input_;
    plan.picks.push_back(static_cast<std::int32_t>(row.source_index()));
    const auto layout = std::find_if(plan.layouts.begin(), plan.layouts.end(),
                                     [&](const Layout& l) { return is_alike(*l.row, row); });
    plan.layout_of.push_back(static_cast<std::size_t>(layout - plan.layouts.begin()));
    if (layout == plan.layouts.end()) plan.layouts.push_back(make_layout(row, rows_.front(), plan.names));
  }
  return plan;
}

std::shared_ptr<arrow::Array> RowSink::make_column_of(std::size_t column, const Plan& plan,
                                                      const std::shared_ptr<arrow::Array>& original) const {
  std::deque<Value> read;  // from blocks
  const arrow::RecordBatch* block = nullptr;
  std::shared_ptr<arrow::Array> array;  // the block's
  Values values;
  values.reserve(rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Cell& cell = plan.layouts[plan.layout_of[i]].cells[column];
    if (cell.change >= 0) {
      values.push_back(&rows_[i].changes()[static_cast<std::size_t>(cell.change)].value);
      continue;
    }
    if (rows_[i].source().get() != block) {
      block = rows_[i].source().get();
      array = block->column(cell.column);
    }
    values.push_back(&read.emplace_back(value_at(array, rows_[i].source_index())));
  }
  return make_column(plan.names[column], values, original);
}

std::shared_ptr<arrow::RecordBatch> RowSink::finish() {
  if (rows_.empty()) {
    return input_ != nullptr ? input_->Slice(0, 0)
                             : arrow::RecordBatch::Make(arrow::schema({}), 0, arrow::ArrayVector());
  }
  const Plan plan = make_plan();
  const auto picked = plan.all_from_input ? pick_rows(input_, plan.picks) : nullptr;
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (std::size_t i = 0; i < plan.names.size(); ++i) {
    const int at = picked == nullptr ? -1 : input_->schema()->GetFieldIndex(plan.names[i]);
    const auto original = at < 0 ? nullptr : picked->column(at);
    columns.push_back(original != nullptr && plan.is_unchanged(i) ? original : make_column_of(i, plan, original));
    fields.push_back(arrow::field(plan.names[i], columns.back()->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<std::int64_t>(rows_.size()),
                                  std::move(columns));
}

}  // namespace shoal::data::inline v1::detail
