#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_safety.h"
#include "data/io/s3_get.h"

namespace shoal::data {

/// Reads one large object, or one of unknown size, as ranges in parallel that all carry the same ETag. Where the ETag
/// or the size is not known, the first range tells it. Shared with the GETs it has under way; `done` is called once,
/// on the loop's thread, unless cancel() came first.
class S3LargeRead final : public S3GetSink, public std::enable_shared_from_this<S3LargeRead> {
 public:
  using Done = std::function<void(Result<Bytes>)>;
  S3LargeRead(S3Client& client, std::string bucket, ReadRequest request, std::uint64_t queue_order, Done done);

  void start();
  /// From any thread; `done` is not called afterwards (but may be running).
  void cancel();
  void on_get(std::size_t index, S3GetResult result) override;

 private:
  std::optional<Result<Bytes>> take_part(std::size_t index, S3GetResult& result) REQUIRES(mutex_);
  bool take_first(S3GetResult& result) REQUIRES(mutex_);
  /// Bytes of the part; once size_ is known.
  std::int64_t part_size(std::size_t index) const REQUIRES(mutex_) {
    return std::min(k_s3_part_bytes, size_ - static_cast<std::int64_t>(index) * k_s3_part_bytes);
  }
  void send_parts();
  std::shared_ptr<S3Call> make_get(std::size_t index, std::int64_t length) REQUIRES(mutex_);
  void finish(Result<Bytes> result);

  S3Client& client_;
  const std::string bucket_;
  const ReadRequest request_;
  const std::uint64_t queue_order_;
  Done done_;  // the loop's thread only

  Mutex mutex_;
  std::string etag_ GUARDED_BY(mutex_);
  std::int64_t size_ GUARDED_BY(mutex_) = -1;  // bytes to read, once known
  std::shared_ptr<std::uint8_t[]> memory_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<S3Call>> calls_ GUARDED_BY(mutex_);  // by part; null where done or not sent
  std::size_t sent_ GUARDED_BY(mutex_) = 0;
  std::size_t finished_ GUARDED_BY(mutex_) = 0;
  bool over_ GUARDED_BY(mutex_) = false;
};

}  // namespace shoal::data
