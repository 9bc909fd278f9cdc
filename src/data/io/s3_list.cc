#include "data/io/s3_list.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <iterator>
#include <utility>

#include "base/thread_safety.h"
#include "data/io/http_escape.h"
#include "data/io/s3_xml.h"

namespace shoal::data {
namespace {

constexpr int k_page_keys_max = 1000;  // S3's own bound
// A store works for tens of milliseconds on a page of 1,000 keys, and all that time nobody has a first row.
constexpr int k_first_page_keys = 450;
constexpr int k_pages_in_flight_max = 2;
constexpr std::size_t k_pages_ahead_max = 1;   // of the part that is being handed over
constexpr std::size_t k_pages_beside_max = 8;  // of all later parts together
constexpr int k_folders_per_page_max = 4;      // more folders than that in a page: each is too small for a request
constexpr int k_pages_before_split = 6;        // by then it is known how far the store is
// Faster pages come from near: a second request just slows the first.
constexpr std::chrono::milliseconds k_far_page{40};
constexpr int k_small_folders_max = 4;                   // in a row: then one page of several folders is better
constexpr const char* k_after_all = "\xF4\x8F\xBF\xBF";  // U+10FFFF: behind every key that begins the same

/// Takes a page's XML, on the loop's thread.
class PageSink {
 public:
  virtual ~PageSink() = default;
  virtual void on_page(int part, Result<std::string> xml) = 0;
};

class ListCall final : public S3Call {
 public:
  ListCall(S3Client& sender, S3Request what, std::shared_ptr<PageSink> sink, int part)
      : S3Call(sender, std::move(what)), sink_(std::move(sink)), part_(part) {}

 private:
  void on_done(HttpReply& reply) override { sink_->on_page(part_, std::move(reply.text)); }
  void on_failed(const S3Fault&, Status error) override { sink_->on_page(part_, std::move(error)); }

  const std::shared_ptr<PageSink> sink_;
  const int part_;
};

/// A stretch of the key space, listed page after page. Parts stand in order of their keys.
struct Part {
  int number = 0;
  std::string prefix;
  std::string start_after;
  std::string within;      // keys that do not begin with this belong to later parts; empty = all are ours
  std::string end;         // behind our keys and before those of later parts
  bool folders = false;    // asks for one level, and each folder in the answer becomes a part of its own
  bool is_folder = false;  // such a folder
  bool has_begun = false;  // its first page came
  std::string token;
  bool ended = false;
  std::shared_ptr<S3Call> call;
  HttpClock::time_point asked{};  // when the call was made
  std::deque<Result<std::vector<ObjectInfo>>> pages;
};

/// The folder below `prefix` that `key` is in, with its slash; empty where it is in none.
std::string folder_of(const std::string& key, const std::string& prefix) {
  const std::size_t slash = key.find('/', prefix.size());
  return slash == std::string::npos ? std::string() : key.substr(0, slash + 1);
}

/// How many folders below `prefix` the keys are in.
int folder_count(const std::vector<ObjectInfo>& entries, const std::string& prefix) {
  int count = 0;
  std::string last;
  for (const ObjectInfo& entry : entries) {
    std::string folder = folder_of(entry.key, prefix);
    if (folder.empty() || folder != last) ++count;
    last = std::move(folder);
  }
  return count;
}

/// The listing's state, shared by the caller's thread and the loop's.
///
/// It begins as one part, page after page. A recursive listing whose pages come from afar and show few large folders
/// goes on in parallel: the first part then ends with its folder, and a second part asks for the folders behind it,
/// each of which becomes a part of its own. Where those turn out to be small, the rest is one part again. Two requests
/// are under way at most. Pages beyond the first are asked for once the caller wants a second one, so that reading a
/// few rows costs one page.
class ListAhead final : public PageSink, public std::enable_shared_from_this<ListAhead> {
 public:
  ListAhead(S3Client& client, std::string bucket, std::string prefix, bool recursive)
      : client_(client), bucket_(std::move(bucket)), prefix_(std::move(prefix)), recursive_(recursive) {
    parts_.emplace_back().prefix = prefix_;
  }

  void start() { pump(); }
  /// The next page; an empty one at the end. Error after close(): cancelled.
  Result<std::vector<ObjectInfo>> take();
  /// Cancels what is under way. From any thread.
  void close();
  void on_page(int number, Result<std::string> xml) override;

 private:
  using Parts = std::deque<Part>;

  void pump();
  std::shared_ptr<S3Call> make_call(const Part& part, int page_keys);
  std::size_t pages_beside() const REQUIRES(mutex_);
  Result<S3ListPage> decode(const Part& part, const Result<std::string>& xml) const;
  void accept(Parts::iterator part, S3ListPage page) REQUIRES(mutex_);
  void accept_folders(Parts::iterator part, S3ListPage page) REQUIRES(mutex_);
  void split(Part& first, const std::vector<ObjectInfo>& entries) REQUIRES(mutex_);
  void note_folder(Part& part, std::size_t keys) REQUIRES(mutex_);
  std::vector<std::shared_ptr<S3Call>> join_rest() REQUIRES(mutex_);
  void drop_ended() REQUIRES(mutex_);
  Status check_front() REQUIRES(mutex_);

  S3Client& client_;
  const std::string bucket_;
  const std::string prefix_;
  const bool recursive_;
  int pages_taken_ = 0;  // the caller's thread only

  Mutex mutex_;
  CondVar arrived_;
  Parts parts_ GUARDED_BY(mutex_);
  int next_number_ GUARDED_BY(mutex_) = 1;
  int in_flight_ GUARDED_BY(mutex_) = 0;
  int page_keys_ GUARDED_BY(mutex_) = k_first_page_keys;  // of the next page that is asked for
  bool may_run_ahead_ GUARDED_BY(mutex_) = false;
  int pages_seen_ GUARDED_BY(mutex_) = 0;
  HttpClock::duration fastest_page_ GUARDED_BY(mutex_) = HttpClock::duration::max();
  bool is_split_ GUARDED_BY(mutex_) = false;
  std::size_t most_keys_ GUARDED_BY(mutex_) = 0;  // of a page
  int small_folders_ GUARDED_BY(mutex_) = 0;      // in a row
  std::string done_until_ GUARDED_BY(mutex_);     // the end of the last part that was dropped
  std::string last_key_ GUARDED_BY(mutex_);       // of the pages that were handed over
  bool closed_ GUARDED_BY(mutex_) = false;
};

std::shared_ptr<S3Call> ListAhead::make_call(const Part& part, int page_keys) {
  S3Request request;
  request.verb = S3Verb::list;
  request.bucket = bucket_;
  if (!part.token.empty()) request.query = "continuation-token=" + escape_query(part.token) + "&";
  if (!recursive_ || part.folders) request.query += "delimiter=%2F&";
  request.query += "encoding-type=url&list-type=2&max-keys=" + std::to_string(page_keys) + "&prefix=";
  request.query += escape_query(part.prefix);
  if (part.token.empty() && !part.start_after.empty()) {
    request.query += "&start-after=" + escape_query(part.start_after);
  }
  return std::make_shared<ListCall>(client_, std::move(request), shared_from_this(), part.number);
}

std::size_t ListAhead::pages_beside() const {
  std::size_t count = 0;
  for (std::size_t i = 1; i < parts_.size(); ++i) count += parts_[i].pages.size();
  return count;
}

/// Sends what may be sent.
void ListAhead::pump() {
  std::vector<std::shared_ptr<S3Call>> calls;
  {
    const Lock lock(mutex_);
    const bool ahead = pages_seen_ == 0 || may_run_ahead_;
    for (std::size_t i = 0; ahead && !closed_ && i < parts_.size() && in_flight_ < k_pages_in_flight_max; ++i) {
      Part& part = parts_[i];
      const bool room = i == 0 ? part.pages.size() < k_pages_ahead_max : pages_beside() < k_pages_beside_max;
      if (part.ended || part.call != nullptr || !room) continue;
      part.call = make_call(part, std::exchange(page_keys_, k_page_keys_max));
      part.asked = HttpClock::now();
      calls.push_back(part.call);
      ++in_flight_;
    }
  }
  client_.send(calls);
}

Result<S3ListPage> ListAhead::decode(const Part& part, const Result<std::string>& xml) const {
  if (!xml.ok()) return xml.status();
  Result<S3ListPage> page = parse_list_page(xml.value(), part.prefix);
  if (page.ok()) return page;
  return page.status().with_context(client_.uri_of(bucket_, printable(part.prefix)) + ": LIST at " +
                                    client_.config().endpoint.text());
}

void ListAhead::on_page(int number, Result<std::string> xml) {
  std::vector<std::shared_ptr<S3Call>> unwanted;
  {
    const Lock lock(mutex_);
    if (closed_) return;
    --in_flight_;
    const auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part& p) { return p.number == number; });
    if (part == parts_.end()) return;  // join_rest() gave it up, and sends what comes instead
    part->call = nullptr;
    ++pages_seen_;
    fastest_page_ = std::min(fastest_page_, HttpClock::now() - part->asked);
    Result<S3ListPage> page = decode(*part, xml);
    if (!page.ok()) {
      part->ended = true;
      part->pages.emplace_back(page.status());
    } else if (part->folders) {
      accept_folders(part, std::move(*page));
    } else {
      accept(part, std::move(*page));
    }
    if (small_folders_ >= k_small_folders_max) unwanted = join_rest();
    drop_ended();
    if (!parts_.empty() && parts_.front().pages.empty()) may_run_ahead_ = true;  // a page without keys
    arrived_.notify_one();
  }
  for (const auto& call : unwanted) client_.cancel(call);
  pump();
}

void ListAhead::accept(Parts::iterator part, S3ListPage page) {
  part->token = std::move(page.next_token);
  part->ended = part->token.empty();
  std::vector<ObjectInfo>& entries = page.entries;
  if (!part->within.empty()) {
    const auto foreign = std::find_if(entries.begin(), entries.end(),
                                      [&](const ObjectInfo& entry) { return !entry.key.starts_with(part->within); });
    part->ended = part->ended || foreign != entries.end();
    entries.erase(foreign, entries.end());
  }
  most_keys_ = std::max(most_keys_, entries.size());
  if (part->is_folder) note_folder(*part, entries.size());
  const bool is_far = pages_seen_ >= k_pages_before_split && fastest_page_ > k_far_page;
  const bool may_split = is_far && !is_split_ && recursive_ && !part->ended;
  Part& first = *part;  // stays where it is when a part is added behind it
  if (may_split) split(first, entries);
  if (!entries.empty()) first.pages.emplace_back(std::move(entries));
}

/// Ends the first part with the folder of its last key, and asks for the folders behind it, if they are large.
void ListAhead::split(Part& first, const std::vector<ObjectInfo>& entries) {
  const std::string folder = entries.empty() ? std::string() : folder_of(entries.back().key, prefix_);
  if (folder.empty() || folder_count(entries, prefix_) > k_folders_per_page_max) return;
  is_split_ = true;
  first.within = folder;
  first.end = folder + k_after_all;
  Part behind;
  behind.number = next_number_++;
  behind.prefix = prefix_;
  behind.start_after = first.end;
  behind.folders = true;
  parts_.push_back(std::move(behind));
}

/// Objects of the level are a page; folders become parts, which stand before the part that found them.
void ListAhead::accept_folders(Parts::iterator part, S3ListPage page) {
  part->token = std::move(page.next_token);
  part->ended = part->token.empty();
  const std::string begin = part->start_after;
  Parts found;
  for (ObjectInfo& entry : page.entries) {
    if (entry.key <= begin) continue;  // the folder of the first part, which some stores name again
    if (entry.is_prefix) {
      Part& folder = found.emplace_back();
      folder.number = next_number_++;
      folder.prefix = std::move(entry.key);
      folder.end = folder.prefix + k_after_all;
      folder.is_folder = true;
      continue;
    }
    if (found.empty() || !found.back().ended) {
      Part& objects = found.emplace_back();
      objects.number = next_number_++;
      objects.ended = true;
      objects.pages.emplace_back(std::vector<ObjectInfo>());
    }
    found.back().end = entry.key;
    found.back().pages.back()->push_back(std::move(entry));
  }
  parts_.insert(part, std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
}

void ListAhead::note_folder(Part& part, std::size_t keys) {
  const bool is_small = !std::exchange(part.has_begun, true) && part.ended && 2 * keys < most_keys_;
  small_folders_ = is_small ? small_folders_ + 1 : 0;
}

/// One part, page after page, in place of the folders that were not asked for yet; gives the calls that are in its way.
std::vector<std::shared_ptr<S3Call>> ListAhead::join_rest() {
  const auto rest = std::find_if(parts_.begin(), parts_.end(), [](const Part& part) {
    return part.folders || (part.is_folder && !part.has_begun && part.call == nullptr);
  });
  std::vector<std::shared_ptr<S3Call>> unwanted;
  if (rest == parts_.end()) return unwanted;
  Part plain;
  plain.number = next_number_++;
  plain.prefix = prefix_;
  plain.start_after = rest == parts_.begin() ? done_until_ : std::prev(rest)->end;
  for (auto part = rest; part != parts_.end(); ++part) {
    if (part->call != nullptr) unwanted.push_back(std::move(part->call));
  }
  parts_.erase(rest, parts_.end());
  parts_.push_back(std::move(plain));
  small_folders_ = 0;
  return unwanted;
}

void ListAhead::drop_ended() {
  while (!parts_.empty() && parts_.front().ended && parts_.front().pages.empty()) {
    done_until_ = std::move(parts_.front().end);
    parts_.pop_front();
  }
}

Result<std::vector<ObjectInfo>> ListAhead::take() {
  if (pages_taken_++ == 1) {
    {
      const Lock lock(mutex_);
      may_run_ahead_ = true;
    }
    pump();
  }
  Lock lock(mutex_);
  while (!parts_.empty() && parts_.front().pages.empty()) arrived_.wait(lock);
  if (closed_) return Status(ErrorCode::cancelled, "listing s3://" + bucket_ + " was cancelled");
  if (parts_.empty()) return std::vector<ObjectInfo>();
  if (Status bad = check_front(); !bad.ok()) return bad;  // it stays there: a listing does not go on behind an error
  std::vector<ObjectInfo> page = std::move(*parts_.front().pages.front());
  parts_.front().pages.pop_front();
  drop_ended();
  lock.unlock();
  pump();
  return page;
}

Status ListAhead::check_front() {
  const Result<std::vector<ObjectInfo>>& page = parts_.front().pages.front();
  if (!page.ok()) return page.status();
  if (!last_key_.empty() && page.value().front().key <= last_key_) {
    return Status(ErrorCode::corrupt_data,
                  client_.uri_of(bucket_, printable(prefix_)) + ": the store lists keys twice or out of order");
  }
  last_key_ = page.value().back().key;
  return Status();
}

void ListAhead::close() {
  std::vector<std::shared_ptr<S3Call>> calls;
  {
    const Lock lock(mutex_);
    closed_ = true;
    for (Part& part : parts_) {  // a call holds this object, and would keep it alive if it stayed
      if (part.call != nullptr) calls.push_back(std::move(part.call));
    }
    parts_.clear();
    arrived_.notify_all();
  }
  for (const auto& call : calls) client_.cancel(call);
}

class S3Lister final : public ObjectLister {
 public:
  S3Lister(std::shared_ptr<S3Client> client, std::string bucket, std::string prefix, const ListOptions& options,
           const std::stop_token& stop)
      : client_(std::move(client)),
        bucket_(std::move(bucket)),
        suffixes_(options.suffixes),
        ahead_(std::make_shared<ListAhead>(*client_, bucket_, std::move(prefix), options.recursive)),
        on_stop_(stop, [this] { ahead_->close(); }) {
    ahead_->start();
  }
  ~S3Lister() override { ahead_->close(); }

  Result<std::vector<ObjectInfo>> next_page() override {
    std::vector<ObjectInfo> wanted;
    while (!ended_ && wanted.empty()) {  // a page may hold nothing that is wanted
      SHOAL_ASSIGN_OR_RETURN(std::vector<ObjectInfo> page, ahead_->take());
      ended_ = page.empty();
      for (ObjectInfo& entry : page) {
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
  const std::shared_ptr<ListAhead> ahead_;
  bool ended_ = false;
  const std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace

std::unique_ptr<ObjectLister> make_s3_lister(std::shared_ptr<S3Client> client, std::string bucket, std::string prefix,
                                             const ListOptions& options, const std::stop_token& stop) {
  return std::make_unique<S3Lister>(std::move(client), std::move(bucket), std::move(prefix), options, stop);
}

}  // namespace shoal::data
