#pragma once

#include <memory>
#include <string>

#include "data/op/stream.h"

namespace arrow {
class DataType;
}

namespace shoal::data {

/// "float32", "uint8", ...: the number type of that name. Errors: invalid_argument naming the types there are.
Result<std::shared_ptr<arrow::DataType>> parse_dtype(const std::string& name);

/// `rows` with every number and tensor column as numbers of `type`; other columns stay. Fractions are cut off and
/// digits that the type cannot hold are lost; a whole number that does not fit is an invalid_argument naming the
/// column.
Result<Rows> cast_columns(const Rows& rows, const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool);

}  // namespace shoal::data
