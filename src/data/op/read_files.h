#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/data/options.h>
#include <shoal/data/quarantine.h>

#include "base/status.h"
#include "data/io/object_store.h"
#include "data/op/stream.h"

namespace shoal::data {

/// A row of a listing with its bytes. `path` and `etag` are valid until the next row is asked for.
struct FetchedFile {
  std::string_view path;
  std::int64_t size = 0;  ///< Of the whole file.
  std::string_view etag;
  std::int64_t offset = 0;  ///< The row's range.
  std::int64_t length = 0;
  Bytes bytes;  ///< Of the range, with the reader's margin.
};

/// Bytes before and after a row's range that are read with it, where the file has them.
struct FileMargin {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

/// Fetches the files of listing rows in order, with many requests in flight: what all file readers pull from. Belongs
/// to one fragment. Requests carry the listing's etag.
class FileReader {
 public:
  /// Gives the memory for all files of a listing block, one behind the other: where rows become a column as they are.
  using Place = std::function<Result<std::shared_ptr<std::uint8_t[]>>(const arrow::RecordBatch& listing)>;

  /// `place` may be empty: then each file gets memory of its own.
  FileReader(std::unique_ptr<Stream> input, const StepContext& context, StorageOptions storage, FileMargin margin = {},
             Place place = {});
  ~FileReader();

  /// Takes the first block of rows and sends its first requests.
  void prepare();
  /// The next file; not set at the end. Looks for cancellation.
  Result<std::optional<FetchedFile>> next();
  /// Rows of the current block after the last one returned.
  std::int64_t rows_left() const { return rows_ - at_; }
  /// The listing block that the file returned last is of.
  const Rows& block() const { return block_; }
  /// Bytes [offset, offset + length) more of the file returned last.
  Result<Bytes> read_more(std::int64_t offset, std::int64_t length);

 private:
  struct Columns;
  /// Consecutive rows of one store and root.
  struct Group {
    Location location;
    std::int64_t end = 0;  // row after the last
    std::unique_ptr<BulkReader> reader;
  };

  Status load();
  Status open_groups(const std::shared_ptr<std::uint8_t[]>& memory);
  ReadRequest request_of(std::int64_t row, std::string key) const;

  const std::unique_ptr<Stream> input_;
  const StepContext& context_;
  const StorageOptions storage_;
  const FileMargin margin_;
  const Place place_;
  Status prepared_;  // an error of prepare(), for next()
  bool is_prepared_ = false;
  Rows block_;
  std::unique_ptr<Columns> columns_;  // of block_
  std::vector<Group> groups_;
  std::size_t group_ = 0;
  std::int64_t at_ = 0, rows_ = 0;
};

/// Puts a row that cannot be read into the quarantine, if there is one and it has room: then success, and the reader
/// goes on with the next row. Else, and for errors that are not the row's own, `error` itself.
Status quarantine_or_fail(const std::optional<Quarantine>& quarantine, const Status& error, std::string_view path,
                          std::int64_t offset, const StepContext& context);

/// Why a reader with a quarantine cannot be sent to another process.
Status quarantine_stays_here(const std::string& step);

}  // namespace shoal::data
