#include <shoal/data/storage.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include <shoal/base/error.h>

#include "base/thread_safety.h"
#include "data/io/object_store.h"
#include "data/io/uri.h"

namespace shoal::data::inline v1 {
namespace {

constexpr std::size_t k_removers = 16;  // requests of remove_all in flight: latency, not bandwidth, limits removing

/// Removes the objects of one page, several at a time; the first error in order of time.
Status remove_page(ObjectStore& store, const std::string& root, const std::vector<ObjectInfo>& page) {
  std::atomic<std::size_t> next{0};
  Mutex mutex;
  Status first;
  auto remove_some = [&] {
    for (std::size_t i = next++; i < page.size(); i = next++) {
      Status status = store.remove(root, page[i].key);
      if (status.ok()) continue;
      const Lock lock(mutex);
      if (first.ok()) first = status;
      next = page.size();
    }
  };
  std::vector<std::jthread> removers;
  for (std::size_t i = 1; i < std::min(k_removers, page.size()); ++i) removers.emplace_back(remove_some);
  remove_some();
  removers.clear();
  return first;
}

}  // namespace

ObjectListing::ObjectListing(std::unique_ptr<ObjectLister> lister) : lister_(std::move(lister)) {}
ObjectListing::ObjectListing(ObjectListing&&) noexcept = default;
ObjectListing::~ObjectListing() = default;

bool ObjectListing::load() {
  if (next_ < page_.size()) return true;
  if (lister_ == nullptr) return false;
  page_ = lister_->next_page().value_or_throw();
  next_ = 0;
  if (page_.empty()) lister_.reset();
  return !page_.empty();
}

ObjectListing::iterator ObjectListing::begin() { return iterator(load() ? this : nullptr); }

const ObjectInfo& ObjectListing::iterator::operator*() const { return listing_->page_[listing_->next_]; }

ObjectListing::iterator& ObjectListing::iterator::operator++() {
  ++listing_->next_;
  if (!listing_->load()) listing_ = nullptr;
  return *this;
}

Storage::Storage(std::string uri, std::string root, std::shared_ptr<ObjectStore> store)
    : uri_(std::move(uri)), root_(std::move(root)), store_(std::move(store)) {}

Storage storage(std::string_view uri, StorageOptions options) {
  const Uri parsed = parse_uri(uri).value_or_throw();
  const std::string key = parsed.scheme == UriScheme::s3 ? parsed.path : "";
  if (!key.empty()) {
    throw_error(ErrorCode::invalid_argument, "\"" + std::string(uri) + "\" names more than a bucket; open \"s3://" +
                                                 parsed.bucket + "\" and give the rest as key or prefix");
  }
  std::string folder(uri);
  if (!folder.ends_with('/')) folder += '/';
  Location location = process_storage_clients().locate(folder, options).value_or_throw();
  std::string name = location.store->uri_of(location.root, "");
  return Storage(std::move(name), std::move(location.root), std::move(location.store));
}

void Storage::create() const { store_->create_root(root_).throw_if_error(); }
bool Storage::exists() const { return store_->root_exists(root_).value_or_throw(); }
void Storage::remove_bucket() const { store_->remove_root(root_).throw_if_error(); }

void Storage::put(std::string_view key, std::span<const std::uint8_t> bytes) const {
  store_->put(root_, std::string(key), bytes).throw_if_error();
}

void Storage::put(std::string_view key, std::string_view bytes) const {
  put(key, std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

Bytes Storage::get(std::string_view key) const {
  return store_->read(root_, ReadRequest{.key = std::string(key), .etag = ""}).value_or_throw();
}

Bytes Storage::get(std::string_view key, std::int64_t offset, std::int64_t length) const {
  if (offset < 0 || length < 0) {
    throw_error(ErrorCode::invalid_argument, "a range of " + store_->uri_of(root_, std::string(key)) +
                                                 " needs an offset and a length of at least 0");
  }
  return store_->read(root_, ReadRequest{.key = std::string(key), .offset = offset, .length = length, .etag = ""})
      .value_or_throw();
}

ObjectInfo Storage::info(std::string_view key) const { return store_->info(root_, std::string(key)).value_or_throw(); }

ObjectListing Storage::list(std::string_view prefix, ListOptions options) const {
  return ObjectListing(store_->list(root_, std::string(prefix), options).value_or_throw());
}

void Storage::remove(std::string_view key) const { store_->remove(root_, std::string(key)).throw_if_error(); }

std::int64_t Storage::remove_all(std::string_view key) const {
  std::string folder(key);
  std::int64_t removed = 0;
  if (!folder.empty() && !folder.ends_with('/')) {
    // Asked of a listing, in which it is the first: who may list and remove need not be allowed to read.
    const auto page = store_->list(root_, folder, {.recursive = false}).value_or_throw()->next_page().value_or_throw();
    if (!page.empty() && page.front().key == folder) {
      store_->remove(root_, folder).throw_if_error();
      ++removed;
    }
    folder += '/';
  }
  auto lister = store_->list(root_, folder, ListOptions{}).value_or_throw();
  while (true) {
    std::vector<ObjectInfo> page = lister->next_page().value_or_throw();
    if (page.empty()) return removed;
    remove_page(*store_, root_, page).throw_if_error();
    removed += static_cast<std::int64_t>(page.size());
  }
}

}  // namespace shoal::data::inline v1
