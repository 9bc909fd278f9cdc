#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/thread_safety.h"
#include "data/io/aws_config.h"
#include "data/io/http_loop.h"
#include "data/io/object_store.h"
#include "data/io/s3_error.h"
#include "data/io/s3_identity.h"
#include "data/io/s3_retry.h"

namespace shoal::data {

class S3Client;

/// What requests are counted as.
enum class S3Verb : std::uint8_t { get, list, put, head, remove };

/// Where the requests about one bucket go.
struct S3Target {
  HttpOrigin origin;
  std::string host;    ///< The Host header.
  std::string prefix;  ///< Of the path: "/bucket" in path style, else nothing.
  std::string region;
};

/// One request to the store, as a value.
struct S3Request {
  S3Verb verb = S3Verb::get;
  const char* method = "GET";
  std::string bucket;
  std::string key{};                     ///< Empty = the bucket itself.
  std::string query{};                   ///< Escaped, sorted by name, each part with '='.
  std::string more_head{};               ///< Header lines that are sent and not signed, each with its line end.
  std::span<const std::uint8_t> body{};  ///< Lives until the call is done.
  std::string body_sha256{};             ///< Hexadecimal; empty = the empty body's.
  std::uint64_t queue_order = 0;         ///< Among those that wait for a connection: lower ones first.
};

/// One request until it succeeded or failed for good: sends, signs, tries again, follows a region. Objects of it are
/// made with std::make_shared; S3Client::send starts them, and on_done comes once, on the loop's thread.
class S3Call : public HttpExchange, public std::enable_shared_from_this<S3Call> {
 public:
  S3Call(S3Client& client, S3Request request);

  const HttpOrigin& origin() const final { return target_->origin; }
  void write_head(std::string& out) final;
  std::span<const std::uint8_t> body() const final { return request_.body; }
  bool is_head() const final { return request_.verb == S3Verb::head; }
  std::uint64_t queue_order() const final { return request_.queue_order; }
  void on_reply(HttpReply& reply) final;
  void on_failure(const HttpFailure& failure) final;

  const S3Request& request() const { return request_; }

 protected:
  /// A reply with a status below 300 that `check` took.
  virtual void on_done(HttpReply& reply) = 0;
  virtual void on_failed(const S3Fault& fault, Status error) = 0;
  /// Looks at a reply below 300; a fault makes it count as failed, and is retried if it may be.
  virtual std::optional<S3Fault> check(const HttpReply&) { return std::nullopt; }
  S3Client& client() const { return client_; }
  int failures() const { return failures_; }

 private:
  friend class S3Client;
  bool follow_region(const S3Fault& fault);
  void settle(S3Fault fault, const HttpReply* reply);

  S3Client& client_;
  S3Request request_;
  std::string path_;
  std::shared_ptr<const S3Target> target_;
  HttpClock::time_point sent_{};   // into the queue
  HttpClock::time_point began_{};  // the first attempt; not set = there was none
  int failures_ = 0;
  int signed_as_ = 0;  // version of the identity
  bool redirected_ = false;
};

/// The reply of a call that was waited for.
struct S3Answer {
  HttpReply reply;
  S3Fault fault;  ///< Where `error` is set.
  Status error;
  int failures = 0;  ///< Attempts that failed before.
};

/// Connections, credentials, retries and counts of one endpoint. Thread-safe. Everything that sends through it keeps
/// it alive; calls under way do not, they are cancelled when it goes.
class S3Client {
 public:
  static Result<std::shared_ptr<S3Client>> make(AwsConfig config, const HttpLimits& limits = {},
                                                const S3RetryPolicy& policy = {});
  ~S3Client();
  S3Client(const S3Client&) = delete;
  S3Client& operator=(const S3Client&) = delete;

  void send(const std::shared_ptr<S3Call>& call);
  void send(std::span<const std::shared_ptr<S3Call>> calls);
  void cancel(const std::shared_ptr<S3Call>& call);
  /// Sends and waits. Not on the loop's thread.
  S3Answer run(S3Request request);
  /// Like run, where a 200 must also pass `check`.
  using Check = std::optional<S3Fault> (*)(const HttpReply&);
  S3Answer run(S3Request request, Check check, const std::stop_token& stop = {});

  /// The place in the queue of one more reader of many objects: behind the readers before it, whose results are needed
  /// first, and behind all single requests, such as pages of a listing.
  std::uint64_t next_queue_order() { return 1 + readers_.fetch_add(1, std::memory_order_relaxed); }

  const AwsConfig& config() const { return config_; }
  RequestCounts counts() const;
  std::string uri_of(const std::string& bucket, const std::string& key) const { return "s3://" + bucket + "/" + key; }
  std::shared_ptr<const S3Target> target_of(const std::string& bucket);
  S3ErrorPlace place_of(const S3Request& request, int attempts);

 private:
  friend class S3Call;
  S3Client(AwsConfig config, const S3RetryPolicy& policy);
  std::shared_ptr<const S3Target> make_target(const std::string& bucket, const std::string& region) const;
  /// Remembers that the bucket lives in the region; false where it is where we thought, or the region is no region.
  bool move_bucket(const std::string& bucket, const std::string& region);
  void count_attempt(const S3Request& request);
  double draw();

  const AwsConfig config_;
  const S3RetryPolicy policy_;

  // Synchronised by themselves.
  struct Counters {
    std::atomic<std::int64_t> verbs[5]{};
    std::atomic<std::int64_t> retries{0}, bytes_read{0}, bytes_written{0};
  };
  Counters counters_;
  std::atomic<std::uint64_t> readers_{0};

  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<const S3Target>> targets_ GUARDED_BY(mutex_);

  // The loop's thread only.
  S3Identity identity_;
  std::mt19937_64 random_;
  bool endpoint_known_ = false;

  std::unique_ptr<HttpLoop> loop_;  // last: its thread uses all of the above
};

/// Errors: invalid_argument where the name is no bucket's.
Status check_bucket_name(const std::string& bucket);

}  // namespace shoal::data
