#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/thread_safety.h"
#include "data/plan/node.h"

namespace parquet {
class ArrowReaderProperties;
class FileMetaData;
class RowGroupMetaData;
}  // namespace parquet

namespace shoal::data {

/// The columns that a file's rows have here: without metadata, which differs from file to file, with nulls allowed, and
/// with text in its plain form (rows/plain_text.h). Errors: corrupt_data; unsupported (a type that Arrow has not, or an extension type not on the list).
Result<SchemaPtr> schema_of(const parquet::FileMetaData& footer);

/// Leaf columns of the file, ascending, that make up the named columns; of all of them where `columns` is empty.
/// Errors: not_found.
Result<std::vector<int>> leaf_columns(const parquet::FileMetaData& footer, const std::vector<std::string>& columns);

/// What decoding leaf columns of a row group takes.
struct DecodedSize {
  std::int64_t bytes = 0;
  /// Without SizeStatistics, texts that a dictionary holds once may be many times as large as the file says.
  bool is_certain = true;
};
DecodedSize decoded_size(const parquet::RowGroupMetaData& group, const std::vector<int>& leaves);

/// Whether `other` has the same columns as `first`, in the same order and of the same types, but for those without a
/// type (rows/agreed_columns.h). Errors: schema_mismatch, which names both files and the first difference.
Status check_same_schema(const arrow::Schema& first, const std::string& first_path, const arrow::Schema& other,
                         const std::string& other_path);

/// The columns that all files of one run must have: those of the file that came first. Thread-safe.
class SharedSchema {
 public:
  /// Errors: schema_mismatch.
  Status check(const SchemaPtr& schema, const std::string& path);

 private:
  Mutex mutex_;
  SchemaPtr schema_ GUARDED_BY(mutex_);
  std::string path_ GUARDED_BY(mutex_);
};

/// How all files are read: no threads inside, since fragments are the parallelism.
parquet::ArrowReaderProperties parquet_arrow_properties();

}  // namespace shoal::data
