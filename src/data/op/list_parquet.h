#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/data/table_options.h>

#include "data/op/expr_terms.h"
#include "data/plan/node.h"

namespace shoal::data {

/// What to read of which files.
struct ParquetSpec {
  std::vector<std::string> uris;
  ParquetOptions options;

  /// Columns to decode: those asked for and those that the filter reads; empty = all.
  std::vector<std::string> decoded_columns() const;
};

/// The same as a struct that the codec walks.
struct ParquetParts {
  std::vector<std::string> uris{};
  std::vector<std::string> columns{};
  std::optional<ExprTerms> filter{};
  std::optional<int> parallelism{};
  StorageOptions storage{};
};
ParquetParts parts_of(const ParquetSpec& spec);
/// Errors: corrupt_data.
Result<std::shared_ptr<const ParquetSpec>> spec_of(const ParquetParts& parts);

/// The source that lists files, reads their footers with many requests in flight, and cuts the row groups that the
/// filter leaves into blocks of ParquetTask rows, each the work of one fragment: a file of many row groups is read by
/// several fragments, small files are read many by one. Cut by bytes and the run's parallelism, never by timing.
///
/// Errors of the run, each naming the file: those of listing, corrupt_data, unsupported, schema_mismatch (with the
/// other file), not_found (a column), invalid_argument (the filter).
Result<NodePtr> make_list_parquet(std::shared_ptr<const ParquetSpec> spec);

/// The columns that read_parquet gives of a file with these columns. Errors: not_found.
Result<SchemaPtr> projected_schema(const arrow::Schema& file, const ParquetSpec& spec);

/// Rows of all files, from their footers alone; the filter is left out of account.
Result<std::int64_t> count_parquet_rows(const std::shared_ptr<const ParquetSpec>& spec);
/// Columns of the first file, all of them. Errors: not_found where there is no file.
Result<SchemaPtr> read_parquet_schema(const std::shared_ptr<const ParquetSpec>& spec);

}  // namespace shoal::data
