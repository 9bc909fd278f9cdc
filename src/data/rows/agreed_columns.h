#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shoal::data {

/// What the blocks of one dataset have in common. Blocks are made apart from each other, so they are compared only where
/// they come together, in the order of their rows: what is refused then depends neither on timing nor on where blocks
/// are cut. A column of Arrow's type `null` is one whose values were all null so far: it fits every type.

/// The columns of `first` where `other` has them all and no more, in any order; those without a type take the other's.
/// `first` itself where nothing is new; `other` where `first` is null. Errors: schema_mismatch naming the column.
Result<std::shared_ptr<arrow::Schema>> agree_on_columns(const std::shared_ptr<arrow::Schema>& first,
                                                        const std::shared_ptr<arrow::Schema>& other);

/// `rows` with exactly this schema object. Precondition: agree_on_columns(schema, rows) gave `schema`.
Result<std::shared_ptr<arrow::RecordBatch>> with_columns(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                         const std::shared_ptr<arrow::Schema>& schema,
                                                         arrow::MemoryPool* pool);

/// `column "x" is int64 in a, but string in b`: the first difference that agree_on_columns refuses; empty for none.
std::string column_difference(const arrow::Schema& first, std::string_view first_place, const arrow::Schema& other,
                              std::string_view other_place);

}  // namespace shoal::data
