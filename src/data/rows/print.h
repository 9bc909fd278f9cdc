#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

namespace shoal::data {

/// One value for people, cut at about 40 characters: "7", "\"text\"", "tensor<uint8>{28, 28}", "null".
std::string print_cell(const arrow::Array& column, std::int64_t row);

/// A table of the first `rows_max` rows, with a line that says how many are left out.
std::string print_table(const arrow::RecordBatch& rows, std::int64_t rows_max);

}  // namespace shoal::data
