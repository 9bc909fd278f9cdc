#include "data/plan/schema_text.h"

#include <arrow/extension/fixed_shape_tensor.h>
#include <arrow/type.h>

#include <ostream>

namespace shoal::data {
namespace {

/// The type of a tensor column whose shape varies, a struct of data and shape; null for other structs.
const arrow::FixedSizeListType* shape_of_varying_tensor(const arrow::DataType& type) {
  if (type.id() != arrow::Type::STRUCT || type.num_fields() != 2) return nullptr;
  if (type.field(0)->name() != "data" || type.field(1)->name() != "shape") return nullptr;
  if (type.field(0)->type()->id() != arrow::Type::LIST && type.field(0)->type()->id() != arrow::Type::LARGE_LIST) {
    return nullptr;
  }
  if (type.field(1)->type()->id() != arrow::Type::FIXED_SIZE_LIST) return nullptr;
  return static_cast<const arrow::FixedSizeListType*>(type.field(1)->type().get());
}

std::string tensor_text(const arrow::DataType& element, const std::vector<std::string>& shape) {
  std::string text = "tensor<" + element.ToString() + ">[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + shape[i];
  return text + "]";
}

}  // namespace

std::string type_text(const arrow::DataType& type) {
  if (const auto* tensor = dynamic_cast<const arrow::extension::FixedShapeTensorType*>(&type)) {
    std::vector<std::string> shape;
    for (const std::int64_t length : tensor->shape()) shape.push_back(std::to_string(length));
    return tensor_text(*tensor->value_type(), shape);
  }
  if (const auto* shape = shape_of_varying_tensor(type)) {
    const auto& values = static_cast<const arrow::BaseListType&>(*type.field(0)->type());
    return tensor_text(*values.value_type(), std::vector<std::string>(shape->list_size(), "?"));
  }
  return type.ToString();
}

std::string schema_text(const arrow::Schema& schema) {
  std::string text = "{";
  for (const auto& field : schema.fields()) {
    if (text.size() > 1) text += ", ";
    text += field->name() + ": " + type_text(*field->type());
  }
  return text + "}";
}

v1::Schema to_public_schema(const arrow::Schema& schema) {
  std::vector<Field> fields;
  for (const auto& field : schema.fields()) fields.push_back({field->name(), type_text(*field->type())});
  return v1::Schema(std::move(fields));
}

std::vector<std::string> v1::Schema::names() const {
  std::vector<std::string> names;
  for (const Field& field : fields_) names.push_back(field.name);
  return names;
}

const Field* v1::Schema::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::ostream& v1::operator<<(std::ostream& out, const v1::Schema& schema) {
  for (const Field& field : schema.fields()) out << field.name << ": " << field.type << '\n';
  return out;
}

}  // namespace shoal::data
