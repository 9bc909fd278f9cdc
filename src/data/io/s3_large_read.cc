#include "data/io/s3_large_read.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "data/io/read_memory.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_ranges_in_flight_max = 8;

}  // namespace

S3LargeRead::S3LargeRead(S3Client& client, std::string bucket, ReadRequest request, std::uint64_t queue_order,
                         Done done)
    : client_(client),
      bucket_(std::move(bucket)),
      request_(std::move(request)),
      queue_order_(queue_order),
      done_(std::move(done)),
      etag_(request_.etag) {}

std::shared_ptr<S3Call> S3LargeRead::make_get(std::size_t index, std::int64_t length) {
  S3GetSpec spec;
  spec.bucket = bucket_;
  spec.key = request_.key;
  spec.offset = request_.offset + static_cast<std::int64_t>(index) * k_s3_part_bytes;
  spec.length = length;
  spec.etag = etag_;
  if (memory_ != nullptr) {
    spec.into = {memory_, memory_.get() + static_cast<std::int64_t>(index) * k_s3_part_bytes};
    spec.into_bytes = length;
  }
  spec.queue_order = queue_order_;
  return std::make_shared<S3Get>(client_, std::move(spec), shared_from_this(), index);
}

void S3LargeRead::start() {
  Lock lock(mutex_);
  if (over_) return;  // cancelled before it began
  // Where the offset is at the end or behind it, the store says so; and whether the object is there and the same.
  const std::int64_t wanted = request_.expected() > 0 ? request_.expected() : -1;
  if (wanted > 0) memory_ = request_.into;
  calls_.resize(1);
  calls_[0] = make_get(0, wanted < 0 ? k_s3_part_bytes : std::min(wanted, k_s3_part_bytes));
  sent_ = 1;
  const std::shared_ptr<S3Call> first = calls_[0];
  lock.unlock();
  client_.send(first);
}

void S3LargeRead::cancel() {
  std::vector<std::shared_ptr<S3Call>> calls;
  {
    const Lock lock(mutex_);
    over_ = true;
    calls.swap(calls_);
  }
  for (const auto& call : calls) {
    if (call != nullptr) client_.cancel(call);
  }
}

void S3LargeRead::finish(Result<Bytes> result) {
  cancel();  // parts that are still under way after an error
  if (const Done done = std::exchange(done_, nullptr)) done(std::move(result));
}

/// Sizes the whole by the first part; true where that part is all.
bool S3LargeRead::take_first(S3GetResult& result) {
  if (etag_.empty()) etag_ = result.etag;
  size_ = std::max<std::int64_t>(result.total - request_.offset, 0);
  if (request_.length >= 0) size_ = std::min(size_, request_.length);
  const auto have = static_cast<std::int64_t>(result.bytes.size());
  if (size_ <= have) return true;
  if (memory_ == nullptr || size_ != request_.expected()) {
    memory_ = allocate_read_memory(static_cast<std::size_t>(size_));
    std::memcpy(memory_.get(), result.bytes.data(), result.bytes.size());
  }
  calls_.resize(static_cast<std::size_t>((size_ + k_s3_part_bytes - 1) / k_s3_part_bytes));
  return false;
}

void S3LargeRead::send_parts() {
  std::vector<std::shared_ptr<S3Call>> calls;
  {
    const Lock lock(mutex_);
    while (!over_ && sent_ < calls_.size() && sent_ - finished_ < k_ranges_in_flight_max) {
      calls_[sent_] = make_get(sent_, part_size(sent_));
      calls.push_back(calls_[sent_++]);
    }
  }
  client_.send(calls);
}

void S3LargeRead::on_get(std::size_t index, S3GetResult result) {
  std::optional<Result<Bytes>> outcome;
  {
    const Lock lock(mutex_);
    if (over_) return;
    calls_[index] = nullptr;
    ++finished_;
    outcome = take_part(index, result);
  }
  if (outcome) return finish(std::move(*outcome));
  send_parts();
}

std::optional<Result<Bytes>> S3LargeRead::take_part(std::size_t index, S3GetResult& result) {
  if (!result.error.ok()) return Result<Bytes>(result.error);
  if (index > 0 && static_cast<std::int64_t>(result.bytes.size()) != part_size(index)) {
    return Result<Bytes>(Status(ErrorCode::changed, client_.uri_of(bucket_, printable(request_.key)) +
                                                        " became shorter while it was read; list and read it again"));
  }
  try {
    if (index == 0 && take_first(result)) return Result<Bytes>(std::move(result.bytes));
  } catch (const std::bad_alloc&) {
    return Result<Bytes>(Status(ErrorCode::out_of_memory, client_.uri_of(bucket_, printable(request_.key)) + " has " +
                                                              std::to_string(size_) +
                                                              " bytes, more than there is "
                                                              "memory; read it in ranges"));
  }
  if (finished_ < calls_.size()) return std::nullopt;
  return Result<Bytes>(Bytes(memory_, memory_.get(), static_cast<std::size_t>(size_)));
}

}  // namespace shoal::data
