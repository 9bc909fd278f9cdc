#include "data/io/s3_bulk_reader.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "base/thread_safety.h"
#include "data/io/s3_get.h"
#include "data/io/s3_large_read.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_objects_in_flight_max = 128;
constexpr std::size_t k_ahead_max = 256;  // in flight or ready and not yet taken
constexpr std::int64_t k_bytes_ahead_max = 32 * 1024 * 1024;
constexpr std::size_t k_batch = 16;                   // objects that are ready before the caller is woken
constexpr std::int64_t k_size_unknown = 1024 * 1024;  // what an object of unknown size counts as

/// The state that the caller's thread and the loop's thread share.
class ReadAhead final : public S3GetSink, public std::enable_shared_from_this<ReadAhead> {
 public:
  ReadAhead(S3Client& client, std::string bucket, std::vector<ReadRequest> requests)
      : client_(client),
        bucket_(std::move(bucket)),
        bucket_status_(check_bucket_name(bucket_)),
        queue_order_(client.next_queue_order()),
        count_(requests.size()),
        requests_(std::move(requests)) {}

  /// Sends what fits into the window. From any thread.
  void fill();
  /// Waits for results and moves all that are ready into `taken`: one error after close().
  void take(std::vector<Result<Bytes>>& taken);
  /// Cancels what is under way. From any thread.
  void close();
  std::size_t count() const { return count_; }
  void on_get(std::size_t index, S3GetResult result) override {
    if (result.error.ok()) return complete(index, std::move(result.bytes));
    complete(index, std::move(result.error));
  }

 private:
  struct Slot {
    std::shared_ptr<S3Call> call;
    std::shared_ptr<S3LargeRead> large;
    std::optional<Result<Bytes>> result;
    std::int64_t bytes = 0;
  };
  struct Batch {
    std::vector<std::shared_ptr<S3Call>> calls;
    std::vector<std::shared_ptr<S3LargeRead>> large;
  };

  bool room() const REQUIRES(mutex_) {
    return !closed_ && started_ < count_ && in_flight_ < k_objects_in_flight_max &&
           (slots_.empty() || (slots_.size() < k_ahead_max && bytes_ahead_ < k_bytes_ahead_max));
  }
  void start_one(Batch& batch) REQUIRES(mutex_);
  void complete(std::size_t index, Result<Bytes> result);
  void advance_ready() REQUIRES(mutex_);
  bool enough() const REQUIRES(mutex_) {
    return ready_ >= std::min(wanted_, slots_.size()) || ready_bytes_ >= k_size_unknown;
  }

  S3Client& client_;
  const std::string bucket_;
  const Status bucket_status_;
  const std::uint64_t queue_order_;
  const std::size_t count_;

  Mutex mutex_;
  CondVar woken_;
  std::vector<ReadRequest> requests_ GUARDED_BY(mutex_);  // keys of started ones have moved on
  std::deque<Slot> slots_ GUARDED_BY(mutex_);  // started and not taken; the first is number started_ - slots_.size()
  std::size_t started_ GUARDED_BY(mutex_) = 0;
  std::size_t in_flight_ GUARDED_BY(mutex_) = 0;
  std::size_t ready_ GUARDED_BY(mutex_) = 0;  // slots at the front that have a result
  std::int64_t ready_bytes_ GUARDED_BY(mutex_) = 0;
  std::int64_t bytes_ahead_ GUARDED_BY(mutex_) = 0;
  std::size_t wanted_ GUARDED_BY(mutex_) = 1;
  bool waiting_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;
};

void ReadAhead::fill() {
  Batch batch;
  {
    const Lock lock(mutex_);
    while (room()) start_one(batch);
    advance_ready();
    if (waiting_ && enough()) woken_.notify_one();
  }
  client_.send(batch.calls);
  for (const auto& large : batch.large) large->start();
}

void ReadAhead::start_one(Batch& batch) {
  const std::size_t index = started_++;
  ReadRequest& request = requests_[index];
  Slot& slot = slots_.emplace_back();
  const bool whole = request.offset == 0 && request.length < 0;
  const std::int64_t size = request.expected();
  const bool known = size >= 0;
  slot.bytes = known ? size : k_size_unknown;
  bytes_ahead_ += slot.bytes;
  Status bad = bucket_status_.ok() ? check_read_request(request) : bucket_status_;
  if (!bad.ok()) {
    slot.result.emplace(bad.with_context(client_.uri_of(bucket_, printable(request.key))));
    return;
  }
  if (request.length == 0) {
    slot.result.emplace(Bytes());
    return;
  }
  ++in_flight_;
  if (known && size <= k_s3_part_bytes && (whole || size > 0)) {
    S3GetSpec spec{bucket_,
                   std::move(request.key),
                   request.offset,
                   whole ? -1 : size,
                   std::move(request.etag),
                   std::move(request.into),
                   size,
                   queue_order_};
    slot.call = std::make_shared<S3Get>(client_, std::move(spec), shared_from_this(), index);
    batch.calls.push_back(slot.call);
    return;
  }
  const auto done = [self = weak_from_this(), index](Result<Bytes> result) {
    if (const auto reader = self.lock()) reader->complete(index, std::move(result));
  };
  slot.large = std::make_shared<S3LargeRead>(client_, bucket_, std::move(request), queue_order_, done);
  batch.large.push_back(slot.large);
}

void ReadAhead::advance_ready() {
  while (ready_ < slots_.size() && slots_[ready_].result) {
    const Result<Bytes>& result = *slots_[ready_].result;
    if (result.ok()) ready_bytes_ += static_cast<std::int64_t>(result.value().size());
    ++ready_;
  }
}

void ReadAhead::complete(std::size_t index, Result<Bytes> result) {
  {
    const Lock lock(mutex_);
    if (closed_) return;
    --in_flight_;
    Slot& slot = slots_[index - (started_ - slots_.size())];
    slot.call = nullptr;
    slot.large = nullptr;
    if (result.ok()) {  // the estimate gives way to the truth
      bytes_ahead_ += static_cast<std::int64_t>(result.value().size()) - slot.bytes;
      slot.bytes = static_cast<std::int64_t>(result.value().size());
    }
    slot.result.emplace(std::move(result));
    advance_ready();
    if (waiting_ && enough()) woken_.notify_one();
  }
  fill();
}

void ReadAhead::take(std::vector<Result<Bytes>>& taken) {
  fill();
  {
    Lock lock(mutex_);
    waiting_ = true;
    while (!closed_ && (ready_ == 0 || !enough())) woken_.wait(lock);
    waiting_ = false;
    if (closed_) {
      taken.push_back(Status(ErrorCode::cancelled, "reading from s3://" + bucket_ + " was cancelled"));
      return;
    }
    wanted_ = k_batch;
    for (; ready_ > 0; --ready_) {
      bytes_ahead_ -= slots_.front().bytes;
      taken.push_back(std::move(*slots_.front().result));
      slots_.pop_front();
    }
    ready_bytes_ = 0;
  }
  fill();  // the requests after these are under way while the caller works
}

void ReadAhead::close() {
  std::deque<Slot> slots;
  {
    const Lock lock(mutex_);
    closed_ = true;
    slots.swap(slots_);
    woken_.notify_all();
  }
  for (const Slot& slot : slots) {
    if (slot.call != nullptr) client_.cancel(slot.call);
    if (slot.large != nullptr) slot.large->cancel();
  }
}

class S3BulkReader final : public BulkReader {
 public:
  S3BulkReader(std::shared_ptr<S3Client> client, std::string bucket, std::vector<ReadRequest> requests,
               const std::stop_token& stop)
      : client_(std::move(client)),
        ahead_(std::make_shared<ReadAhead>(*client_, std::move(bucket), std::move(requests))),
        on_stop_(stop, [this] { ahead_->close(); }) {}
  ~S3BulkReader() override { ahead_->close(); }

  void prepare() override { ahead_->fill(); }

  Result<Bytes> next() override {
    if (given_ == ahead_->count()) {
      return Status(ErrorCode::internal, "next() was called more often than there are requests");
    }
    if (next_ == taken_.size()) {
      taken_.clear();
      next_ = 0;
      ahead_->take(taken_);
    }
    ++given_;
    return std::move(taken_[next_++]);
  }

 private:
  const std::shared_ptr<S3Client> client_;
  const std::shared_ptr<ReadAhead> ahead_;
  std::vector<Result<Bytes>> taken_;
  std::size_t next_ = 0;   // of taken_
  std::size_t given_ = 0;  // of all requests
  const std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace

Status check_read_request(const ReadRequest& request) {
  if (request.key.empty()) return Status(ErrorCode::invalid_argument, "the key is empty; an object has one");
  if (request.offset < 0) return Status(ErrorCode::invalid_argument, "the offset is negative");
  if (request.length > (std::int64_t{1} << 62) || request.offset > (std::int64_t{1} << 62)) {
    return Status(ErrorCode::invalid_argument, "the range is longer than any object");
  }
  const bool plain = std::all_of(request.etag.begin(), request.etag.end(),
                                 [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '"'; });
  return plain ? Status() : Status(ErrorCode::invalid_argument, "the etag is none; take it from a listing");
}

std::unique_ptr<BulkReader> make_s3_bulk_reader(std::shared_ptr<S3Client> client, std::string bucket,
                                                std::vector<ReadRequest> requests, const std::stop_token& stop) {
  return std::make_unique<S3BulkReader>(std::move(client), std::move(bucket), std::move(requests), stop);
}

}  // namespace shoal::data
