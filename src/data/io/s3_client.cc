#include "data/io/s3_client.h"

#include <algorithm>
#include <utility>

#include "data/io/http_escape.h"
#include "data/io/uri.h"

namespace shoal::data {
namespace {

using std::chrono::milliseconds;

/// A call somebody waits for.
class WaitedCall final : public S3Call {
 public:
  WaitedCall(S3Client& sender, S3Request what, S3Client::Check judge)
      : S3Call(sender, std::move(what)), check_(judge) {}

  S3Answer wait() {
    Lock lock(mutex_);
    while (!done_) finished_.wait(lock);
    return std::move(answer_);
  }

 private:
  void on_done(HttpReply& reply) override {
    S3Answer answer;
    answer.reply = std::move(reply);
    finish(std::move(answer));
  }
  void on_failed(const S3Fault& fault, Status error) override {
    S3Answer answer;
    answer.fault = fault;
    answer.error = std::move(error);
    finish(std::move(answer));
  }
  std::optional<S3Fault> check(const HttpReply& reply) override {
    return check_ == nullptr ? std::nullopt : check_(reply);
  }
  void finish(S3Answer answer) {
    answer.failures = failures();
    const Lock lock(mutex_);
    answer_ = std::move(answer);
    done_ = true;
    finished_.notify_one();
  }

  const S3Client::Check check_;
  Mutex mutex_;
  CondVar finished_;
  S3Answer answer_ GUARDED_BY(mutex_);
  bool done_ GUARDED_BY(mutex_) = false;
};

const char* name_of(const S3Request& request) { return request.verb == S3Verb::list ? "LIST" : request.method; }

}  // namespace

Status check_bucket_name(const std::string& bucket) {
  if (is_bucket_name(bucket)) return Status();
  return Status(ErrorCode::invalid_argument,
                "\"" + printable(bucket) + "\" is no bucket name; 3 to 63 letters, digits, dashes and dots");
}

S3Call::S3Call(S3Client& client, S3Request request)
    : client_(client), request_(std::move(request)), target_(client.target_of(request_.bucket)) {
  path_ = "/";
  append_escaped(path_, request_.key, true);
}

void S3Call::write_head(std::string& out) {
  client_.count_attempt(request_);
  if (began_ == HttpClock::time_point{}) began_ = HttpClock::now();
  std::string path;
  path.reserve(target_->prefix.size() + path_.size());
  path.append(target_->prefix).append(path_);
  out.append(request_.method).append(" ").append(path);
  if (!request_.query.empty()) out.append("?").append(request_.query);
  out.append(" HTTP/1.1\r\n");
  const std::string_view hash = request_.body_sha256.empty() ? k_empty_sha256 : std::string_view(request_.body_sha256);
  signed_as_ = client_.identity_.version();
  client_.identity_.sign({.method = request_.method,
                          .path = path,
                          .query = request_.query,
                          .host = target_->host,
                          .region = target_->region,
                          .body_sha256 = hash},
                         out);
  if (!request_.body.empty() || request_.verb == S3Verb::put) {
    out.append("content-length: ").append(std::to_string(request_.body.size())).append("\r\n");
  }
  out.append(request_.more_head).append("\r\n");
}

void S3Call::on_reply(HttpReply& reply) {
  client_.endpoint_known_ = true;
  if (reply.status < 300) {
    if (const std::optional<S3Fault> fault = check(reply)) return settle(*fault, &reply);
    client_.counters_.bytes_read.fetch_add(request_.verb == S3Verb::get ? reply.body_size : 0,
                                           std::memory_order_relaxed);
    return on_done(reply);
  }
  S3Fault fault = fault_of(reply);
  if (client_.identity_.leaks(fault.body.message)) fault.body.message = "(not shown: it repeats a credential)";
  if (follow_region(fault)) return client_.loop_->send(shared_from_this());
  if (is_about_credentials(fault) && client_.identity_.renew(signed_as_)) {
    return client_.loop_->send(shared_from_this());
  }
  if (reply.status / 100 == 3 && !reply.location.empty()) {
    // Never followed: the signature would go to a host that nobody configured.
    fault.text = "it redirects to " + printable(reply.location.substr(0, reply.location.find('?')));
  }
  settle(fault, &reply);
}

void S3Call::on_failure(const HttpFailure& failure) {
  S3Fault fault;
  fault.fault = failure.fault;
  fault.text = failure.text;
  if (failure.fault == HttpFault::reset || failure.fault == HttpFault::stale || failure.fault == HttpFault::silent ||
      failure.fault == HttpFault::protocol) {
    client_.endpoint_known_ = true;
  }
  settle(fault, nullptr);
}

bool S3Call::follow_region(const S3Fault& fault) {
  const bool elsewhere = fault.status == 301 || fault.status == 307 || fault.status == 400;
  if (!elsewhere || redirected_ || fault.body.region.empty()) return false;
  if (!client_.move_bucket(request_.bucket, fault.body.region) && target_->region == fault.body.region) return false;
  redirected_ = true;
  target_ = client_.target_of(request_.bucket);
  return target_->region == fault.body.region;
}

void S3Call::settle(S3Fault fault, const HttpReply* reply) {
  ++failures_;
  const HttpClock::time_point now = HttpClock::now();
  if (began_ == HttpClock::time_point{}) began_ = now;
  S3Attempt attempt;
  attempt.trouble = trouble_of(fault);
  attempt.failures = failures_;
  attempt.endpoint_known = client_.endpoint_known_;
  // Time in our own queue does not count; where nobody ever answered, there was no queue but the attempts to connect.
  attempt.elapsed = std::chrono::duration_cast<milliseconds>(now - (attempt.endpoint_known ? began_ : sent_));
  if (reply != nullptr) attempt.retry_after = parse_retry_after(reply->retry_after);
  attempt.random = client_.draw();
  const std::optional<milliseconds> delay = retry_delay(client_.policy_, attempt);
  if (!delay) {
    if (attempt.retry_after > milliseconds(0)) {
      fault.text = "it asks to wait " + std::to_string(attempt.retry_after.count() / 1000) + " s";
    }
    return on_failed(fault, s3_error(client_.place_of(request_, failures_), fault));
  }
  client_.counters_.retries.fetch_add(1, std::memory_order_relaxed);
  if (delay->count() == 0) return client_.loop_->send(shared_from_this());
  client_.loop_->send_after(shared_from_this(), *delay);
}

Result<std::shared_ptr<S3Client>> S3Client::make(AwsConfig config, const HttpLimits& limits,
                                                 const S3RetryPolicy& policy) {
  HttpLimits own = limits;
  S3RetryPolicy retries = policy;
  own.connections_max = config.connections_max;
  retries.deadline = milliseconds(static_cast<std::int64_t>(std::min(config.deadline_s, 1e6) * 1000));
  own.connect_max = std::min(own.connect_max, retries.deadline);
  own.silence_max = std::min(own.silence_max, retries.deadline);
  std::shared_ptr<TlsContext> tls;
  if (config.endpoint.tls) { SHOAL_ASSIGN_OR_RETURN(tls, TlsContext::make(config.ca_file)); }
  std::shared_ptr<S3Client> client(new S3Client(std::move(config), retries));
  SHOAL_ASSIGN_OR_RETURN(client->loop_, HttpLoop::start(own, std::move(tls)));
  return client;
}

S3Client::S3Client(AwsConfig config, const S3RetryPolicy& policy)
    : config_(std::move(config)), policy_(policy), identity_(config_), random_(std::random_device{}()) {}

S3Client::~S3Client() {
  if (loop_ != nullptr) loop_->stop();  // before anything goes: callbacks on its thread still use this client
}

void S3Client::send(const std::shared_ptr<S3Call>& call) {
  call->sent_ = HttpClock::now();
  loop_->send(call);
}

void S3Client::send(std::span<const std::shared_ptr<S3Call>> calls) {
  if (calls.empty()) return;
  const HttpClock::time_point now = HttpClock::now();
  std::vector<std::shared_ptr<HttpExchange>> exchanges;
  exchanges.reserve(calls.size());
  for (const auto& call : calls) {
    call->sent_ = now;
    exchanges.push_back(call);
  }
  if (!loop_->on_loop_thread()) return loop_->send(std::move(exchanges));
  for (auto& exchange : exchanges) loop_->send(std::move(exchange));
}

void S3Client::cancel(const std::shared_ptr<S3Call>& call) { loop_->cancel(call); }

S3Answer S3Client::run(S3Request request) { return run(std::move(request), nullptr); }

S3Answer S3Client::run(S3Request request, Check check, const std::stop_token& stop) {
  if (Status bad = check_bucket_name(request.bucket); !bad.ok()) {
    S3Answer answer;
    answer.error = std::move(bad);
    return answer;
  }
  const auto call = std::make_shared<WaitedCall>(*this, std::move(request), check);
  send(call);
  const std::stop_callback on_stop(stop, [&] { cancel(call); });
  return call->wait();
}

std::shared_ptr<const S3Target> S3Client::make_target(const std::string& bucket, const std::string& region) const {
  auto target = std::make_shared<S3Target>();
  target->region = region;
  target->origin = config_.endpoint;
  if (!config_.custom_endpoint) target->origin.host = amazon_host(region);
  // A certificate for *.s3.amazonaws.com does not cover a bucket with dots.
  const bool path_style = config_.path_style || (config_.endpoint.tls && bucket.find('.') != std::string::npos);
  if (path_style) {
    target->prefix = "/" + bucket;
  } else {
    target->origin.host = bucket + "." + target->origin.host;
  }
  target->host = target->origin.authority();
  return target;
}

std::shared_ptr<const S3Target> S3Client::target_of(const std::string& bucket) {
  const Lock lock(mutex_);
  std::shared_ptr<const S3Target>& target = targets_[bucket];
  if (target == nullptr) target = make_target(bucket, config_.region);
  return target;
}

bool S3Client::move_bucket(const std::string& bucket, const std::string& region) {
  if (!is_aws_region(region)) return false;
  const Lock lock(mutex_);
  std::shared_ptr<const S3Target>& target = targets_[bucket];
  if (target != nullptr && target->region == region) return false;
  target = make_target(bucket, region);
  return true;
}

void S3Client::count_attempt(const S3Request& request) {
  counters_.verbs[static_cast<int>(request.verb)].fetch_add(1, std::memory_order_relaxed);
  if (!request.body.empty()) {
    counters_.bytes_written.fetch_add(static_cast<std::int64_t>(request.body.size()), std::memory_order_relaxed);
  }
}

double S3Client::draw() { return std::uniform_real_distribution<double>(0, 1)(random_); }

RequestCounts S3Client::counts() const {
  const auto of = [&](S3Verb verb) { return counters_.verbs[static_cast<int>(verb)].load(std::memory_order_relaxed); };
  RequestCounts counts;
  counts.get = of(S3Verb::get);
  counts.list = of(S3Verb::list);
  counts.put = of(S3Verb::put);
  counts.head = of(S3Verb::head);
  counts.remove = of(S3Verb::remove);
  counts.retries = counters_.retries.load(std::memory_order_relaxed);
  counts.bytes_read = counters_.bytes_read.load(std::memory_order_relaxed);
  counts.bytes_written = counters_.bytes_written.load(std::memory_order_relaxed);
  return counts;
}

S3ErrorPlace S3Client::place_of(const S3Request& request, int attempts) {
  const std::shared_ptr<const S3Target> target = target_of(request.bucket);
  return {uri_of(request.bucket, printable(request.key)), name_of(request), target->origin.text(), identity_.source(),
          attempts};
}

}  // namespace shoal::data
