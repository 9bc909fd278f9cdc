#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/io/arrow_file.h"
#include "data/op/stream.h"

namespace shoal::data {

/// Neighbouring row groups of one file to read, as a row between the operator that lists and the one that reads: the
/// columns of a listing (path, key, size, etag, offset, length, where offset is the first row group and length how
/// many) and the two below.
struct ParquetTask {
  std::string path;  ///< URI.
  std::string key;
  std::int64_t size = 0;  ///< Of the file, in bytes.
  std::string etag;
  std::int64_t first_group = 0;
  std::int64_t groups = 0;
  std::int64_t rows = 0;
  std::string footer;  ///< Of these row groups alone (serialize_row_groups).
  friend bool operator==(const ParquetTask&, const ParquetTask&) = default;
};

Result<Rows> to_rows(const std::vector<ParquetTask>& tasks, arrow::MemoryPool* pool);
/// Precondition: made by to_rows().
std::vector<ParquetTask> to_parquet_tasks(const Rows& rows);

/// Adds what is read to the fragment's counts. `context` outlives it.
CountRead count_reads(const StepContext& context);

}  // namespace shoal::data
