#include "data/io/s3_list.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "data/io/http_escape.h"
#include "data/io/s3_xml.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_pages_ahead_max = 2;

/// Takes a page's XML, on the loop's thread.
class PageSink {
 public:
  virtual ~PageSink() = default;
  virtual void on_page(Result<std::string> xml) = 0;
};

class ListCall final : public S3Call {
 public:
  ListCall(S3Client& sender, S3Request what, std::shared_ptr<PageSink> sink)
      : S3Call(sender, std::move(what)), sink_(std::move(sink)) {}

 private:
  void on_done(HttpReply& reply) override { sink_->on_page(std::move(reply.text)); }
  void on_failed(const S3Fault&, Status error) override { sink_->on_page(std::move(error)); }

  const std::shared_ptr<PageSink> sink_;
};

/// The listing's state, shared by the caller's thread and the loop's. Pages are decoded by the caller: the loop's
/// thread has sockets to serve. Only the continuation token is taken from the text at once.
class PageAhead final : public PageSink, public std::enable_shared_from_this<PageAhead> {
 public:
  PageAhead(S3Client& client, std::string bucket, std::string prefix, bool recursive)
      : client_(client), bucket_(std::move(bucket)), prefix_(std::move(prefix)), recursive_(recursive) {}

  void start() { request(std::string()); }
  /// The next page, or an empty one at the end.
  Result<S3ListPage> take();
  void close();
  void on_page(Result<std::string> xml) override;

 private:
  void request(const std::string& token);
  Status check_progress(const S3ListPage& page);

  S3Client& client_;
  const std::string bucket_;
  const std::string prefix_;
  const bool recursive_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  // Guarded by mutex_.
  std::deque<Result<S3ListPage>> pages_;
  std::string next_token_;             // of a page that may not be asked for yet
  std::shared_ptr<S3Call> call_;       // under way
  std::string last_key_;
  bool ended_ = false;                 // no page will follow those in pages_
  bool closed_ = false;
};

void PageAhead::request(const std::string& token) {
  S3Request request;
  request.verb = S3Verb::list;
  request.bucket = bucket_;
  if (!token.empty()) request.query = "continuation-token=" + escape_query(token) + "&";
  if (!recursive_) request.query += "delimiter=%2F&";
  request.query += "encoding-type=url&list-type=2&max-keys=1000&prefix=" + escape_query(prefix_);
  const auto call = std::make_shared<ListCall>(client_, std::move(request), shared_from_this());
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    call_ = call;
  }
  client_.send(call);
}

Status PageAhead::check_progress(const S3ListPage& page) {
  if (page.entries.empty()) return Status();
  if (!last_key_.empty() && page.entries.front().key <= last_key_) {
    return Status(ErrorCode::corrupt_data, "the store lists keys twice or out of order");
  }
  last_key_ = page.entries.back().key;
  return Status();
}

void PageAhead::on_page(Result<std::string> xml) {
  Result<S3ListPage> page = xml.ok() ? parse_list_page(xml.value(), prefix_) : Result<S3ListPage>(xml.status());
  if (!page.ok() && xml.ok()) {
    page = page.status().with_context(client_.uri_of(bucket_, printable(prefix_)) + ": LIST at " +
                                      client_.config().endpoint.text());
  }
  std::string token;
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    call_ = nullptr;
    if (page.ok()) {
      if (Status bad = check_progress(*page); !bad.ok()) page = bad.with_context(client_.uri_of(bucket_, prefix_));
    }
    if (page.ok()) token = page->next_token;
    ended_ = token.empty();
    pages_.push_back(std::move(page));
    more = !token.empty() && pages_.size() < k_pages_ahead_max;
    if (!more) next_token_ = token;
    arrived_.notify_one();
  }
  if (more) request(token);
}

Result<S3ListPage> PageAhead::take() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return !pages_.empty() || ended_; });
  if (pages_.empty()) return S3ListPage{};
  Result<S3ListPage> page = std::move(pages_.front());
  pages_.pop_front();
  const std::string token = std::exchange(next_token_, std::string());
  lock.unlock();
  if (!token.empty()) request(token);
  return page;
}

void PageAhead::close() {
  std::shared_ptr<S3Call> call;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    call = std::move(call_);
  }
  if (call != nullptr) client_.cancel(call);
}

class S3Lister final : public ObjectLister {
 public:
  S3Lister(std::shared_ptr<S3Client> client, std::string bucket, std::string prefix, const ListOptions& options)
      : client_(std::move(client)),
        bucket_(std::move(bucket)),
        suffixes_(options.suffixes),
        ahead_(std::make_shared<PageAhead>(*client_, bucket_, std::move(prefix), options.recursive)) {
    ahead_->start();
  }
  ~S3Lister() override { ahead_->close(); }

  Result<std::vector<ObjectInfo>> next_page() override {
    std::vector<ObjectInfo> wanted;
    while (!ended_ && wanted.empty()) {  // a page may hold nothing that is wanted
      SHOAL_ASSIGN_OR_RETURN(S3ListPage page, ahead_->take());
      ended_ = page.next_token.empty();
      for (ObjectInfo& entry : page.entries) {
        if (!is_wanted(entry)) continue;
        entry.uri = client_->uri_of(bucket_, entry.key);
        wanted.push_back(std::move(entry));
      }
    }
    return wanted;
  }

 private:
  bool is_wanted(const ObjectInfo& entry) const {
    if (suffixes_.empty() || entry.is_prefix) return true;
    return std::any_of(suffixes_.begin(), suffixes_.end(),
                       [&](const std::string& suffix) { return entry.key.ends_with(suffix); });
  }

  const std::shared_ptr<S3Client> client_;
  const std::string bucket_;
  const std::vector<std::string> suffixes_;
  const std::shared_ptr<PageAhead> ahead_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ObjectLister> make_s3_lister(std::shared_ptr<S3Client> client, std::string bucket, std::string prefix,
                                             const ListOptions& options) {
  return std::make_unique<S3Lister>(std::move(client), std::move(bucket), std::move(prefix), options);
}

}  // namespace shoal::data
