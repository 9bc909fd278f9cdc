#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/status.h"

namespace shoal::data {

/// Text and bytes have several forms in Arrow: with 64-bit offsets (polars, pandas), as views, as dictionaries of what
/// differs. Sources give the plain one, with 32-bit offsets, which is the one that steps read and write; a column would
/// have one type where a function left it alone and another where it did not else.

/// The plain form of a column's type: `string`, `binary`, or a dictionary's values; the same object for other types.
std::shared_ptr<arrow::DataType> plain_type(const std::shared_ptr<arrow::DataType>& type);
/// Every column of its plain type, and nulls allowed.
std::shared_ptr<arrow::Schema> plain_schema(const arrow::Schema& schema);

/// `rows` with the columns of `schema`, which plain_schema() made of theirs. Where types are equal nothing is copied.
/// Errors: invalid_argument (more than 2 GiB of text).
Result<std::shared_ptr<arrow::RecordBatch>> to_plain(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                     const std::shared_ptr<arrow::Schema>& schema,
                                                     arrow::MemoryPool* pool);

}  // namespace shoal::data
