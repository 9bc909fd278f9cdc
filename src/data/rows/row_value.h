#pragma once

#include <cstdint>
#include <memory>

#include <shoal/data/row.h>

namespace shoal::data {

/// The value of one row of a column; tensors, bytes and what has no C++ type keep the column alive.
detail::Value value_at(const std::shared_ptr<arrow::Array>& array, std::int64_t row);

}  // namespace shoal::data
