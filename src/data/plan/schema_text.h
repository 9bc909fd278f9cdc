#pragma once

#include <string>

#include <shoal/data/schema.h>

namespace arrow {
class DataType;
class Schema;
}  // namespace arrow

namespace shoal::data {

/// A type for people: "int64", "string", "tensor<uint8>[28, 28]".
std::string type_text(const arrow::DataType& type);
/// "{id: int64, image: tensor<uint8>[28, 28]}"
std::string schema_text(const arrow::Schema& schema);
/// The public form.
v1::Schema to_public_schema(const arrow::Schema& schema);

}  // namespace shoal::data
