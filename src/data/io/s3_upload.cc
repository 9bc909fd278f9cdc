#include "data/io/s3_upload.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <openssl/evp.h>

#include <shoal/base/log.h>

#include "base/hex.h"
#include "base/thread_safety.h"
#include "data/io/http_escape.h"
#include "data/io/s3_xml.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_part_bytes = 8 * 1024 * 1024;  // S3 wants 5 MiB at least of all but the last
constexpr std::size_t k_parts_max = 10'000;
constexpr std::size_t k_parts_in_flight_max = 4;
constexpr std::chrono::milliseconds k_abort_wait_max{1500};  // somebody waits for the end of a run that is over

using PartBytes = std::shared_ptr<const std::vector<std::uint8_t>>;

/// The parts that were sent, shared by the writer's thread and the loop's.
class SentParts {
 public:
  explicit SentParts(S3Client& client) : client_(client) {}

  /// Waits for a place among those under way, then sends. The error is that of an earlier part.
  Status send(S3Request request, PartBytes bytes);
  /// Waits for all; the parts in order.
  Result<std::vector<S3Part>> wait();
  /// Cancels what is under way and refuses more; does not wait.
  void cancel();

 private:
  class Call;
  void finished(std::size_t index, Result<std::string> etag);

  S3Client& client_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<S3Part> parts_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<S3Call>> calls_ GUARDED_BY(mutex_);  // null where finished
  std::size_t in_flight_ GUARDED_BY(mutex_) = 0;
  Status error_ GUARDED_BY(mutex_);
};

class SentParts::Call final : public S3Call {
 public:
  Call(SentParts& parts, S3Request what, PartBytes bytes, std::size_t index)
      : S3Call(parts.client_, std::move(what)), parts_(parts), bytes_(std::move(bytes)), index_(index) {}

 private:
  void on_done(HttpReply& reply) override { parts_.finished(index_, std::move(reply.etag)); }
  void on_failed(const S3Fault&, Status error) override { parts_.finished(index_, std::move(error)); }

  SentParts& parts_;  // outlives the call: cancel() and wait() return when none is under way
  const PartBytes bytes_;
  const std::size_t index_;
};

Status SentParts::send(S3Request request, PartBytes bytes) {
  Lock lock(mutex_);
  while (in_flight_ == k_parts_in_flight_max && error_.ok()) changed_.wait(lock);
  if (!error_.ok()) return error_;
  const std::size_t index = parts_.size();
  parts_.push_back({static_cast<int>(index) + 1, ""});
  const auto call = std::make_shared<Call>(*this, std::move(request), std::move(bytes), index);
  calls_.push_back(call);
  ++in_flight_;
  lock.unlock();
  client_.send(call);
  return Status();
}

void SentParts::finished(std::size_t index, Result<std::string> etag) {
  const Lock lock(mutex_);
  calls_[index] = nullptr;
  --in_flight_;
  if (etag.ok()) {
    parts_[index].etag = std::move(*etag);
  } else if (error_.ok()) {
    error_ = etag.status();
  }
  changed_.notify_all();
}

Result<std::vector<S3Part>> SentParts::wait() {
  Lock lock(mutex_);
  while (in_flight_ > 0) changed_.wait(lock);
  if (!error_.ok()) return error_;
  return parts_;
}

void SentParts::cancel() {
  std::vector<std::shared_ptr<S3Call>> calls;
  {
    const Lock lock(mutex_);
    calls = calls_;
    if (error_.ok()) error_ = Status(ErrorCode::cancelled, "the upload was aborted");
    changed_.notify_all();
  }
  for (const auto& call : calls) {
    if (call != nullptr) client_.cancel(call);
  }
}

/// Tells the store to forget an upload.
class AbortCall final : public S3Call {
 public:
  using S3Call::S3Call;

  /// The error, if any; cancelled where there is no answer yet `k_abort_wait_max` after this call was made.
  Status wait() {
    Lock lock(mutex_);
    while (!result_ && finished_.wait_until(lock, began_ + k_abort_wait_max)) {}
    return result_ ? *result_ : Status(ErrorCode::cancelled, "the store did not answer in time");
  }

 private:
  void on_done(HttpReply&) override { finish(Status()); }
  void on_failed(const S3Fault& fault, Status error) override {
    finish(fault.body.code == "NoSuchUpload" ? Status() : std::move(error));
  }
  void finish(Status result) {
    const Lock lock(mutex_);
    result_ = std::move(result);
    finished_.notify_all();
  }

  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  Mutex mutex_;
  CondVar finished_;
  std::optional<Status> result_ GUARDED_BY(mutex_);
};

/// The ETag S3 gives a multipart object: MD5 of the parts' MD5s, and their number. Empty where parts have other ETags.
std::string expected_etag(const std::vector<S3Part>& parts) {
  std::vector<std::uint8_t> digests;
  for (const S3Part& part : parts) {
    if (part.etag.size() != 32) return "";
    for (std::size_t i = 0; i < 32; i += 2) {
      const std::string escaped = unescape_form("%" + part.etag.substr(i, 2));
      if (escaped.size() != 1) return "";
      digests.push_back(static_cast<std::uint8_t>(escaped[0]));
    }
  }
  unsigned char md5[16];
  if (EVP_Digest(digests.data(), digests.size(), md5, nullptr, EVP_md5(), nullptr) != 1) return "";
  std::string text;
  append_hex(text, {reinterpret_cast<const char*>(md5), sizeof md5});
  return text + "-" + std::to_string(parts.size());
}

/// CompleteMultipartUpload answers 200 before it is done and may then send an error.
std::optional<S3Fault> check_completed(const HttpReply& reply) {
  if (parse_completed_etag(reply.text).ok()) return std::nullopt;
  S3Fault fault;
  fault.status = 500;  // as if it had said so at once: whether it may be tried again follows from the code
  fault.text = "an error inside a 200";
  parse_s3_error(reply.text, fault.body);
  return fault;
}

class S3Upload final : public Upload {
 public:
  S3Upload(std::shared_ptr<S3Client> client, std::string bucket, std::string key, std::string upload_id)
      : client_(std::move(client)),
        bucket_(std::move(bucket)),
        key_(std::move(key)),
        upload_id_(std::move(upload_id)),
        sent_(*client_) {}
  ~S3Upload() override {
    abort();
    static_cast<void>(sent_.wait());  // calls under way use it
  }

  Status write(std::span<const std::uint8_t> bytes) override;
  Status finish() override;
  Status commit() override;
  void abort() override;
  void start_abort() override;

 private:
  enum class Stage : std::uint8_t { open, finished, committed, aborted };
  Status send_part();
  Status settle_commit(const S3Answer& answer);
  S3Request request(S3Verb verb, const char* method, std::string query) const {
    return {.verb = verb, .method = method, .bucket = bucket_, .key = key_, .query = std::move(query)};
  }
  /// Errors: cancelled (aborted), internal (another stage).
  Status check_stage(Stage wanted, const char* what) {
    const Lock lock(mutex_);
    if (stage_ == wanted) return Status();
    const std::string uri = client_->uri_of(bucket_, key_);
    if (stage_ == Stage::aborted) return Status(ErrorCode::cancelled, uri + ": the upload was aborted");
    return Status(ErrorCode::internal, uri + ": " + what + " in the wrong order");
  }
  /// Goes on to the next stage; errors: cancelled where the upload was aborted meanwhile.
  Status enter_stage(Stage from, Stage to) {
    SHOAL_RETURN_IF_ERROR(check_stage(from, "a call"));
    const Lock lock(mutex_);
    stage_ = to;
    return Status();
  }

  const std::shared_ptr<S3Client> client_;
  const std::string bucket_;
  const std::string key_;
  const std::string upload_id_;
  SentParts sent_;

  // Of the thread that writes or commits.
  std::vector<std::uint8_t> buffer_;
  std::size_t part_count_ = 0;
  std::int64_t size_ = 0;
  std::vector<S3Part> parts_;

  Mutex mutex_;
  Stage stage_ GUARDED_BY(mutex_) = Stage::open;
  std::shared_ptr<AbortCall> abort_call_ GUARDED_BY(mutex_);  // until somebody waited for it
};

Status S3Upload::write(std::span<const std::uint8_t> bytes) {
  SHOAL_RETURN_IF_ERROR(check_stage(Stage::open, "write()"));
  while (!bytes.empty()) {
    if (buffer_.empty()) buffer_.reserve(std::min(k_part_bytes, std::max(bytes.size(), std::size_t{64 * 1024})));
    const std::size_t n = std::min(bytes.size(), k_part_bytes - buffer_.size());
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
    size_ += static_cast<std::int64_t>(n);
    if (buffer_.size() == k_part_bytes) SHOAL_RETURN_IF_ERROR(send_part());
  }
  return Status();
}

Status S3Upload::send_part() {
  if (part_count_ == k_parts_max) {
    return Status(ErrorCode::invalid_argument,
                  client_->uri_of(bucket_, key_) + ": larger than 10,000 parts of 8 MiB; write more files");
  }
  ++part_count_;
  const auto bytes = std::make_shared<const std::vector<std::uint8_t>>(std::move(buffer_));
  buffer_ = {};
  S3Request part = request(S3Verb::put, "PUT",
                           "partNumber=" + std::to_string(part_count_) + "&uploadId=" + escape_query(upload_id_));
  part.body = *bytes;
  part.body_sha256 = sha256_hex(*bytes);
  return sent_.send(std::move(part), bytes);
}

Status S3Upload::finish() {
  SHOAL_RETURN_IF_ERROR(check_stage(Stage::open, "finish()"));
  if (!buffer_.empty() || part_count_ == 0) SHOAL_RETURN_IF_ERROR(send_part());  // an empty object is one empty part
  SHOAL_ASSIGN_OR_RETURN(parts_, sent_.wait());
  return enter_stage(Stage::open, Stage::finished);
}

Status S3Upload::commit() {
  SHOAL_RETURN_IF_ERROR(check_stage(Stage::finished, "commit()"));
  const std::string xml = complete_upload_xml(parts_);
  const std::span<const std::uint8_t> body(reinterpret_cast<const std::uint8_t*>(xml.data()), xml.size());
  S3Request complete = request(S3Verb::put, "POST", "uploadId=" + escape_query(upload_id_));
  complete.body = body;
  complete.body_sha256 = sha256_hex(body);
  const S3Answer answer = client_->run(std::move(complete), check_completed);
  if (!answer.error.ok()) SHOAL_RETURN_IF_ERROR(settle_commit(answer));
  return enter_stage(Stage::finished, Stage::committed);
}

/// The reply to an earlier attempt may have been lost after the store did its work: then the upload is gone and the
/// object is there. Looks whether the object is exactly what was sent.
Status S3Upload::settle_commit(const S3Answer& answer) {
  const S3Answer head = client_->run(request(S3Verb::head, "HEAD", ""));
  if (!head.error.ok()) return answer.error;
  const std::string expected = expected_etag(parts_);
  const bool same = !expected.empty() && head.reply.etag.find('-') != std::string::npos
                        ? head.reply.etag == expected
                        : answer.fault.body.code == "NoSuchUpload" && head.reply.content_length == size_;
  return same ? Status() : answer.error;
}

void S3Upload::start_abort() {
  const Lock lock(mutex_);
  if (stage_ == Stage::committed || stage_ == Stage::aborted) return;
  stage_ = Stage::aborted;
  sent_.cancel();  // first: a part that arrives after the abort would stay behind
  abort_call_ = std::make_shared<AbortCall>(*client_,
                                            request(S3Verb::remove, "DELETE", "uploadId=" + escape_query(upload_id_)));
  client_->send(abort_call_);
}

void S3Upload::abort() {
  start_abort();
  std::shared_ptr<AbortCall> call;
  {
    const Lock lock(mutex_);
    call = std::exchange(abort_call_, nullptr);
  }
  if (call == nullptr) return;
  const Status status = call->wait();
  if (status.ok()) return;
  client_->cancel(call);
  log::warn(
      "{}: the upload {} may have stayed in the store, invisible: {}; remove it with `aws s3api "
      "abort-multipart-upload --bucket {} --key {} --upload-id {}`",
      client_->uri_of(bucket_, key_), upload_id_, status.text(), bucket_, key_, upload_id_);
}

}  // namespace

Result<std::unique_ptr<Upload>> start_s3_upload(std::shared_ptr<S3Client> client, std::string bucket, std::string key) {
  S3Request create{.verb = S3Verb::put, .method = "POST", .bucket = bucket, .key = key, .query = "uploads="};
  const S3Answer answer = client->run(std::move(create));
  SHOAL_RETURN_IF_ERROR(answer.error);
  Result<std::string> id = parse_upload_id(answer.reply.text);
  if (!id.ok()) return id.status().with_context(client->uri_of(bucket, key));
  return std::unique_ptr<Upload>(
      std::make_unique<S3Upload>(std::move(client), std::move(bucket), std::move(key), std::move(*id)));
}

}  // namespace shoal::data
