#include "data/rows/agreed_columns.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

#include "data/io/arrow_status.h"
#include "data/rows/arrow_types.h"

namespace shoal::data {
namespace {

bool is_untyped(const arrow::Field& field) { return field.type()->id() == arrow::Type::NA; }

bool agree(const arrow::Field& a, const arrow::Field& b) {
  return is_untyped(a) || is_untyped(b) || a.type()->Equals(*b.type());
}

/// Where `name` stands in the schema, most likely at `i`; -1 where it does not, or more than once.
int find(const arrow::Schema& schema, int i, const std::string& name) {
  if (i < schema.num_fields() && schema.field(i)->name() == name) return i;
  return schema.GetFieldIndex(name);
}

}  // namespace

std::string column_difference(const arrow::Schema& first, std::string_view first_place, const arrow::Schema& other,
                              std::string_view other_place) {
  for (int i = 0; i < first.num_fields(); ++i) {
    const arrow::Field& field = *first.field(i);
    const int there = find(other, i, field.name());
    if (there < 0) {
      return fmt::format("column \"{}\" is in {}, but not once in {}", field.name(), first_place, other_place);
    }
    if (agree(field, *other.field(there))) continue;
    return fmt::format("column \"{}\" is {} in {}, but {} in {}", field.name(), describe_type(*field.type()),
                       first_place, describe_type(*other.field(there)->type()), other_place);
  }
  for (int i = 0; i < other.num_fields(); ++i) {
    const std::string& name = other.field(i)->name();
    if (find(first, i, name) >= 0) continue;
    return fmt::format("column \"{}\" is in {}, but not once in {}", name, other_place, first_place);
  }
  return {};
}

Result<std::shared_ptr<arrow::Schema>> agree_on_columns(const std::shared_ptr<arrow::Schema>& first,
                                                        const std::shared_ptr<arrow::Schema>& other) {
  if (first == nullptr) return other;
  if (first == other || first->Equals(*other, /*check_metadata=*/false)) return first;
  const std::string difference = column_difference(*first, "some rows", *other, "later ones");
  if (!difference.empty()) {
    return Status(ErrorCode::schema_mismatch,
                  "the rows of one dataset have different columns: " + difference +
                      ". Let every call of a function return the same columns and types: set each column of a sd::Row "
                      "in every row, to std::nullopt where there is no value.");
  }
  arrow::FieldVector fields = first->fields();
  bool is_new = false;
  for (int i = 0; i < first->num_fields(); ++i) {
    auto& field = fields[static_cast<std::size_t>(i)];
    const arrow::Field& there = *other->field(find(*other, i, field->name()));
    const bool gets_type = is_untyped(*field) && !is_untyped(there);
    if (!gets_type && (field->nullable() || !there.nullable())) continue;
    field = (gets_type ? field->WithType(there.type()) : field)->WithNullable(true);
    is_new = true;
  }
  return is_new ? arrow::schema(std::move(fields)) : first;
}

Result<std::shared_ptr<arrow::RecordBatch>> with_columns(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                         const std::shared_ptr<arrow::Schema>& schema,
                                                         arrow::MemoryPool* pool) {
  if (rows->schema() == schema) return rows;
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    const arrow::Field& field = *schema->field(i);
    const int there = find(*rows->schema(), i, field.name());
    if (there < 0) return Status(ErrorCode::internal, "the rows have no column \"" + field.name() + "\"");
    columns.push_back(rows->column_data(there));
    if (columns.back()->type->id() != arrow::Type::NA || is_untyped(field)) continue;
    SHOAL_ASSIGN_OR_RETURN(const auto nulls, from_arrow(arrow::MakeArrayOfNull(field.type(), rows->num_rows(), pool)));
    columns.back() = nulls->data();
  }
  return arrow::RecordBatch::Make(schema, rows->num_rows(), std::move(columns));
}

}  // namespace shoal::data
