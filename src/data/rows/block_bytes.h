#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

namespace shoal::data {

/// Bytes of the rows' buffers, only the parts that these rows refer to; at least 1. Buffers that several columns or
/// blocks share count in each, so does the dictionary of a dictionary column.
std::int64_t block_bytes(const std::shared_ptr<arrow::RecordBatch>& rows);

}  // namespace shoal::data
