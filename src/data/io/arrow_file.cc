#include "data/io/arrow_file.h"

#include <arrow/buffer.h>
#include <arrow/util/future.h>
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>

#include "data/io/arrow_status.h"

namespace shoal::data {
namespace {

class BytesBuffer final : public arrow::Buffer {
 public:
  explicit BytesBuffer(const Bytes& bytes)
      : arrow::Buffer(bytes.data(), static_cast<std::int64_t>(bytes.size())), owner_(bytes.owner()) {}

 private:
  const std::shared_ptr<const void> owner_;
};

/// A store gives fewer bytes only where the object ends: then it is shorter than its listing or its footer said.
Status check_length(const Bytes& bytes, const ReadRequest& request, const ObjectStore& store, const std::string& root) {
  if (static_cast<std::int64_t>(bytes.size()) == request.length) return Status();
  return Status(ErrorCode::corrupt_data, fmt::format("{} ends before byte {}; write it again",
                                                     store.uri_of(root, request.key), request.offset + request.length));
}

void tell(const CountRead& count, const Bytes& bytes) {
  if (count) count(static_cast<std::int64_t>(bytes.size()));
}

}  // namespace

std::shared_ptr<arrow::Buffer> to_buffer(const Bytes& bytes) { return std::make_shared<BytesBuffer>(bytes); }

RangeFetch::RangeFetch(std::shared_ptr<ObjectStore> store, std::string root, CountRead count, std::stop_token stop)
    : store_(std::move(store)), root_(std::move(root)), count_(std::move(count)), stop_(std::move(stop)) {}

RangeFetch::~RangeFetch() = default;

std::size_t RangeFetch::add(ReadRequest request) {
  assert(reader_ == nullptr);
  requests_.push_back(std::move(request));
  return requests_.size() - 1;
}

void RangeFetch::start() {
  if (reader_ != nullptr) return;
  reader_ = store_->read_many(root_, requests_, stop_);
  reader_->prepare();
}

Result<Bytes> RangeFetch::get(std::size_t range) {
  assert(range < requests_.size());
  start();
  while (fetched_.size() <= range) {
    Result<Bytes> bytes = reader_->next();
    if (bytes.ok()) {
      tell(count_, *bytes);
      if (Status status = check_length(*bytes, requests_[fetched_.size()], *store_, root_); !status.ok())
        bytes = status;
    }
    fetched_.push_back(std::move(bytes));
  }
  return fetched_[range];
}

void RangeFetch::forget(std::size_t range) {
  if (range < fetched_.size()) fetched_[range] = Bytes();
}

namespace {

class StoredFile final : public ObjectFile {
 public:
  StoredFile(ObjectFileSpec spec, CountRead count) : spec_(std::move(spec)), count_(std::move(count)) {}

  void plan_reads(std::shared_ptr<RangeFetch> fetch, const std::vector<PlannedRange>& planned) override {
    fetch_ = std::move(fetch);
    for (const PlannedRange& range : planned) planned_.push_back({range, range.length});
  }

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Seek(std::int64_t position) override {
    if (position < 0) return arrow::Status::Invalid("negative position");
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> GetSize() override { return spec_.size; }

  arrow::Result<std::int64_t> Read(std::int64_t length, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const std::int64_t read, ReadAt(position_, length, out));
    position_ += read;
    return read;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t length) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, length));
    position_ += buffer->size();
    return buffer;
  }
  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t length, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto buffer, ReadAt(position, length));
    std::memcpy(out, buffer->data(), static_cast<std::size_t>(buffer->size()));
    return buffer->size();
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position, std::int64_t length) override {
    if (closed_) return arrow::Status::Invalid("read of a closed file");
    if (position < 0 || length < 0) return arrow::Status::Invalid("negative position or length");
    length = std::min(length, std::max<std::int64_t>(0, spec_.size - position));
    if (length == 0) return std::make_shared<arrow::Buffer>(nullptr, 0);
    if (Planned* range = find(position, length)) return read_planned(*range, position, length);
    ReadRequest request;
    request.key = spec_.key;
    request.offset = position;
    request.length = length;
    request.etag = spec_.etag;
    request.size_hint = spec_.size;
    Result<Bytes> bytes = spec_.store->read(spec_.root, request, spec_.stop);
    if (!bytes.ok()) return to_arrow(bytes.status());
    tell(count_, *bytes);
    ARROW_RETURN_NOT_OK(to_arrow(check_length(*bytes, request, *spec_.store, spec_.root)));
    return to_buffer(*bytes);
  }

 private:
  struct Planned {
    PlannedRange range;
    std::int64_t unread;
  };

  Planned* find(std::int64_t position, std::int64_t length) {
    auto it = std::upper_bound(planned_.begin(), planned_.end(), position,
                               [](std::int64_t at, const Planned& planned) { return at < planned.range.offset; });
    if (it == planned_.begin()) return nullptr;
    --it;
    const bool contains = position + length <= it->range.offset + it->range.length;
    return contains && it->unread > 0 ? &*it : nullptr;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> read_planned(Planned& planned, std::int64_t position,
                                                             std::int64_t length) {
    Result<Bytes> bytes = fetch_->get(planned.range.fetched_as);
    if (!bytes.ok()) return to_arrow(bytes.status());
    planned.unread -= length;
    if (planned.unread <= 0) fetch_->forget(planned.range.fetched_as);
    return arrow::SliceBuffer(to_buffer(*bytes), position - planned.range.offset, length);
  }

  const ObjectFileSpec spec_;
  const CountRead count_;
  std::shared_ptr<RangeFetch> fetch_;
  std::vector<Planned> planned_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

class UploadStream final : public arrow::io::OutputStream {
 public:
  explicit UploadStream(Upload& upload) : upload_(upload) {}

  arrow::Status Write(const void* data, std::int64_t length) override {
    ARROW_RETURN_NOT_OK(failed_);
    if (closed_) return arrow::Status::Invalid("write to a closed stream");
    failed_ = to_arrow(upload_.write({static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(length)}));
    ARROW_RETURN_NOT_OK(failed_);
    position_ += length;
    return arrow::Status::OK();
  }
  arrow::Status Flush() override { return failed_; }
  arrow::Status Close() override {
    closed_ = true;
    return failed_;
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }

 private:
  Upload& upload_;
  arrow::Status failed_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<ObjectFile> open_object_file(ObjectFileSpec spec, CountRead count) {
  return std::make_shared<StoredFile>(std::move(spec), std::move(count));
}

std::shared_ptr<arrow::io::OutputStream> open_upload_stream(Upload& upload) {
  return std::make_shared<UploadStream>(upload);
}

}  // namespace shoal::data
