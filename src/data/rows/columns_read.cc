#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <shoal/data/columns.h>

#include "base/status.h"
#include "data/io/arrow_status.h"
#include "data/rows/arrow_types.h"
#include "data/rows/tensor_column.h"

namespace shoal::data::inline v1::detail {
namespace {

/// A column while it is opened, with what error texts say of it.
struct Place {
  std::string member;  ///< "Digit::label"
  std::string column;
};

[[noreturn]] void throw_wrong_type(const Place& place, const ColumnSpec& spec, const arrow::DataType& actual) {
  const bool is_number = spec.form == ColumnForm::scalar && spec.time == TimeKind::none && width(spec.type) != 0;
  throw_error(ErrorCode::schema_mismatch, place.member + " is " + to_string(spec) + ", but column '" + place.column +
                                              "' is " + describe_type(actual) + ". Give the member that type" +
                                              (is_number ? ", or one that holds every value of it." : "."));
}

[[noreturn]] void throw_missing(const ColumnSpec& spec, std::string_view reader, const arrow::Schema& schema) {
  throw_error(
      ErrorCode::schema_mismatch,
      std::string(reader) + "::" + spec.name + " needs column '" + spec.name +
          "', and the columns are: " + (schema.num_fields() == 0 ? "none" : describe_columns(schema)) +
          ". Name the member as the column, make it std::optional, or give it a default other than zero or empty.");
}

bool is_integer(DType type) { return type >= DType::int8 && type <= DType::uint64; }
bool is_signed(DType type) {
  return type == DType::int8 || type == DType::int16 || type == DType::int32 || type == DType::int64;
}

/// Whether every number of `from` is one of `to`.
bool widens(DType from, DType to) {
  if (is_integer(from) && is_integer(to)) {
    if (is_signed(from) == is_signed(to)) return width(from) <= width(to);
    return is_signed(to) && width(from) < width(to);
  }
  if (is_integer(from)) {
    return (to == DType::float64 && width(from) <= 4) || (to == DType::float32 && width(from) <= 2);
  }
  return from == DType::float32 && to == DType::float64;
}

bool reads_as_text(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: return true;
    case arrow::Type::DICTIONARY: {
      const auto& values = *static_cast<const arrow::DictionaryType&>(type).value_type();
      return values.id() == arrow::Type::STRING || values.id() == arrow::Type::LARGE_STRING;
    }
    default: return false;
  }
}

std::shared_ptr<arrow::Array> cast(const std::shared_ptr<arrow::Array>& array,
                                   const std::shared_ptr<arrow::DataType>& to) {
  ensure_kernels();
  arrow::compute::ExecContext context(column_pool());
  return from_arrow(arrow::compute::Cast(*array, to, arrow::compute::CastOptions::Safe(), &context),
                    ErrorCode::schema_mismatch)
      .value_or_throw();
}

/// Times of another unit are converted; where that would cut off digits it is an error. Without a zone they are UTC.
std::shared_ptr<arrow::Array> as_time(const std::shared_ptr<arrow::Array>& array, const ColumnSpec& spec,
                                      const Place& place) {
  const bool is_timestamp = spec.time == TimeKind::timestamp;
  if (array->type_id() != (is_timestamp ? arrow::Type::TIMESTAMP : arrow::Type::DURATION)) {
    throw_wrong_type(place, spec, *array->type());
  }
  const auto wanted = time_type(is_timestamp, spec.ticks_per_second);
  const auto unit = [&](const arrow::DataType& type) {
    return is_timestamp ? static_cast<const arrow::TimestampType&>(type).unit()
                        : static_cast<const arrow::DurationType&>(type).unit();
  };
  if (unit(*array->type()) == unit(*wanted)) return array;
  if (!is_timestamp) return cast(array, wanted);
  const std::string& zone = static_cast<const arrow::TimestampType&>(*array->type()).timezone();
  return cast(array, arrow::timestamp(unit(*wanted), zone));
}

/// The array with the layout that `spec` reads.
std::shared_ptr<arrow::Array> as_scalar(const std::shared_ptr<arrow::Array>& array, const ColumnSpec& spec,
                                        const Place& place) {
  if (spec.time != TimeKind::none) return as_time(array, spec, place);
  const DType actual = dtype_of_arrow(*array->type());
  if (actual == spec.type) return array;
  if (spec.type == DType::string || spec.type == DType::binary) {
    if (actual == DType::string || actual == DType::binary) return array;
    if (reads_as_text(*array->type())) return cast(array, arrow_type_of(spec.type));
  } else if (width(actual) != 0 && width(spec.type) != 0 && widens(actual, spec.type)) {
    return cast(array, arrow_type_of(spec.type));
  }
  throw_wrong_type(place, spec, *array->type());
}

/// `outer_nulls` of the nulls are those of the structure that the array is in, whose members nobody reads there.
void open_validity(const arrow::Array& array, const ColumnSpec& spec, const Place& place, std::int64_t outer_nulls,
                   ColumnReader& reader) {
  if (array.null_count() == 0) return;
  const std::int64_t nulls = array.null_count() - outer_nulls;
  if (!spec.nullable && nulls > 0) {
    throw_error(ErrorCode::schema_mismatch, "column '" + place.column + "' has " + std::to_string(nulls) +
                                                " nulls, and " + place.member + " cannot be null. Make it " +
                                                "std::optional<...>, or filter the nulls out first.");
  }
  reader.raw.validity = array.null_bitmap_data();
  reader.raw.bit_offset = array.offset();
}

ColumnReader open_array(std::shared_ptr<arrow::Array> array, const ColumnSpec& spec, const Place& place,
                        std::int64_t outer_nulls);

void open_scalar(const arrow::Array& array, const ColumnSpec& spec, RawColumn& raw) {
  const arrow::ArrayData& data = *array.data();
  if (spec.type == DType::string || spec.type == DType::binary) {
    raw.offsets = data.GetValues<std::int32_t>(1);
    raw.values = data.buffers[2] ? data.buffers[2]->data() : nullptr;
  } else if (spec.type == DType::boolean) {
    raw.values = data.buffers[1] ? data.buffers[1]->data() : nullptr;
    raw.value_bit_offset = data.offset;
  } else if (data.buffers[1] != nullptr) {
    raw.values = data.buffers[1]->data() + data.offset * static_cast<std::int64_t>(width(spec.type));
  }
}

void open_tensor(const arrow::Array& array, const ColumnSpec& spec, const Place& place, ColumnReader& reader) {
  const auto type = as_tensor_type(*array.type());
  const bool is_array = spec.form == ColumnForm::array;
  if (!type || dtype_of_arrow(*type->element) != spec.type ||
      (is_array && (!type->row_shape || type->row_shape->elements() != spec.items))) {
    throw_wrong_type(place, spec, *array.type());
  }
  Result<TensorMemory> opened = open_tensor_array(array);
  if (!opened.ok()) opened.status().with_context("column '" + place.column + "'").throw_if_error();
  reader.raw.values = opened->values;
  reader.raw.offsets = opened->offsets;
  reader.shapes = opened->shapes;
  reader.rank = type->rank;
  reader.row_shape = type->row_shape.value_or(Shape());
  reader.element_bytes = width(spec.type);
}

void open_list(const arrow::Array& array, const ColumnSpec& spec, const Place& place, ColumnReader& reader) {
  if (array.type_id() != arrow::Type::LIST) throw_wrong_type(place, spec, *array.type());
  const auto& list = static_cast<const arrow::ListArray&>(array);
  reader.raw.offsets = list.raw_value_offsets();
  // Only the items of these rows: a call sees few of a block's, and what must be converted is converted for it.
  reader.first_item = list.length() == 0 ? 0 : list.value_offset(0);
  const std::int64_t items = list.length() == 0 ? 0 : list.value_offset(list.length()) - reader.first_item;
  reader.children.push_back(open_array(list.values()->Slice(reader.first_item, items), spec.children[0],
                                       {place.member + "'s items", place.column + "[]"}, 0));
}

void open_structure(const arrow::Array& array, const ColumnSpec& spec, const Place& place, ColumnReader& reader) {
  if (array.type_id() != arrow::Type::STRUCT) throw_wrong_type(place, spec, *array.type());
  const auto& structure = static_cast<const arrow::StructArray&>(array);
  for (const ColumnSpec& member : spec.children) {
    const int i = structure.struct_type()->GetFieldIndex(member.name);
    if (i < 0) {
      if (!member.may_be_missing) throw_wrong_type(place, spec, *array.type());
      reader.children.emplace_back();
      continue;
    }
    // Null wherever the structure is: what stands in the member itself there means nothing.
    auto field = array.null_count() == 0 ? structure.field(i)
                                         : from_arrow(structure.GetFlattenedField(i, column_pool())).value_or_throw();
    reader.children.push_back(open_array(std::move(field), member,
                                         {place.member + "::" + member.name, place.column + "." + member.name},
                                         array.null_count()));
  }
}

ColumnReader open_array(std::shared_ptr<arrow::Array> array, const ColumnSpec& spec, const Place& place,
                        std::int64_t outer_nulls) {
  ColumnReader reader;
  reader.raw.rows = array->length();
  if (array->type_id() == arrow::Type::NA && spec.nullable) {
    reader.present = true;
    reader.raw.all_null = true;
    return reader;
  }
  if (spec.form == ColumnForm::scalar) array = as_scalar(array, spec, place);
  reader.present = true;
  open_validity(*array, spec, place, outer_nulls, reader);
  switch (spec.form) {
    case ColumnForm::scalar: open_scalar(*array, spec, reader.raw); break;
    case ColumnForm::array:
    case ColumnForm::tensor: open_tensor(*array, spec, place, reader); break;
    case ColumnForm::list: open_list(*array, spec, place, reader); break;
    case ColumnForm::structure: open_structure(*array, spec, place, reader); break;
  }
  reader.owner = std::move(array);
  return reader;
}

}  // namespace

std::string to_string(const ColumnSpec& spec) {
  switch (spec.form) {
    case ColumnForm::scalar:
      if (spec.time == TimeKind::none) return std::string(to_string(spec.type));
      return describe_type(*time_type(spec.time == TimeKind::timestamp, spec.ticks_per_second));
    case ColumnForm::tensor: return "tensor<" + std::string(to_string(spec.type)) + ">";
    case ColumnForm::array: return "tensor<" + std::string(to_string(spec.type)) + ">" + Shape{spec.items}.to_string();
    case ColumnForm::list: return "list<" + to_string(spec.children[0]) + ">";
    case ColumnForm::structure: break;
  }
  std::string members;
  for (const ColumnSpec& member : spec.children) {
    members += (members.empty() ? "" : ", ") + member.name + ": " + to_string(member);
  }
  return "struct<" + members + ">";
}

std::vector<ColumnReader> open_columns(const std::shared_ptr<arrow::RecordBatch>& rows,
                                       std::span<const ColumnSpec> specs, std::string_view reader) {
  std::vector<ColumnReader> columns;
  columns.reserve(specs.size());
  for (const ColumnSpec& spec : specs) {
    const std::vector<int> found = rows->schema()->GetAllFieldIndices(spec.name);
    if (found.empty() && !spec.may_be_missing) throw_missing(spec, reader, *rows->schema());
    if (found.size() > 1) {
      throw_error(ErrorCode::schema_mismatch, std::to_string(found.size()) + " columns are named '" + spec.name +
                                                  "', so " + std::string(reader) + " cannot tell which one it needs. " +
                                                  "Rename or drop all but one.");
    }
    if (found.empty()) {
      columns.emplace_back();
    } else {
      columns.push_back(
          open_array(rows->column(found.front()), spec, {std::string(reader) + "::" + spec.name, spec.name}, 0));
    }
  }
  return columns;
}

std::int64_t row_count(const arrow::RecordBatch& rows) { return rows.num_rows(); }

}  // namespace shoal::data::inline v1::detail
