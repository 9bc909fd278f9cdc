#pragma once

#include <arrow/io/interfaces.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "data/io/object_store.h"

namespace arrow {
class Buffer;
}

namespace shoal::data {

/// Bytes as an Arrow buffer, without a copy.
std::shared_ptr<arrow::Buffer> to_buffer(const Bytes& bytes);

/// Told the bytes of each request that was answered, in the thread that waited for it; may be empty.
using CountRead = std::function<void(std::int64_t bytes)>;

/// Ranges of objects below one root, fetched in the order in which they were added, many at a time. One thread.
class RangeFetch {
 public:
  RangeFetch(std::shared_ptr<ObjectStore> store, std::string root, CountRead count, std::stop_token stop = {});
  ~RangeFetch();  ///< Cancels what is in flight.

  /// Number of the range. Before start().
  std::size_t add(ReadRequest request);
  /// Sends the first requests; never blocks.
  void start();
  /// The bytes of a range, exactly as many as asked for; blocks until they are there. May be called again until
  /// forget(). Errors: the store's; corrupt_data where the object ends before the range does.
  Result<Bytes> get(std::size_t range);
  /// Gives up the memory of a range that is not needed any more.
  void forget(std::size_t range);

 private:
  const std::shared_ptr<ObjectStore> store_;
  const std::string root_;
  const CountRead count_;
  const std::stop_token stop_;
  std::vector<ReadRequest> requests_;
  std::vector<Result<Bytes>> fetched_;
  std::unique_ptr<BulkReader> reader_;
};

/// An object that is read as an Arrow file: each read goes through the store's client and carries the etag.
struct ObjectFileSpec {
  std::shared_ptr<ObjectStore> store;
  std::string root;
  std::string key;
  std::int64_t size = 0;
  std::string etag;
  std::stop_token stop{};
};

/// A range of the object that `fetch` brings.
struct PlannedRange {
  std::int64_t offset = 0;
  std::int64_t length = 0;
  std::size_t fetched_as = 0;
};

/// The object as an Arrow file. One thread where reads are planned, else thread-safe but for the position; asynchronous
/// reads run on Arrow's I/O threads. Errors that pass through Arrow keep their Shoal code (from_arrow).
class ObjectFile : public arrow::io::RandomAccessFile {
 public:
  /// Reads within `planned` (ascending, disjoint) are then served without a copy from `fetch`, which is told to forget
  /// a range once all of it was read; all other reads are requests of their own.
  virtual void plan_reads(std::shared_ptr<RangeFetch> fetch, const std::vector<PlannedRange>& planned) = 0;
};

/// Sends nothing.
std::shared_ptr<ObjectFile> open_object_file(ObjectFileSpec spec, CountRead count = {});

/// An upload as an Arrow stream, which never finishes, publishes or aborts it: the upload's owner does. After a write
/// that failed every call fails with the same error. One thread.
std::shared_ptr<arrow::io::OutputStream> open_upload_stream(Upload& upload);

}  // namespace shoal::data
