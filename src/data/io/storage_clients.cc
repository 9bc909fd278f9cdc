#include <filesystem>
#include <system_error>
#include <utility>

#include "base/thread_safety.h"
#include "data/io/local_store.h"
#include "data/io/object_store.h"
#include "data/io/s3_store.h"
#include "data/io/uri.h"

namespace shoal::data {

struct StorageClients::State {
  const std::shared_ptr<ObjectStore> local = make_local_store();
  Mutex mutex;
  std::vector<std::pair<StorageOptions, std::shared_ptr<ObjectStore>>> s3 GUARDED_BY(mutex);

  Result<std::shared_ptr<ObjectStore>> s3_store(const StorageOptions& options) {
    const Lock lock(mutex);
    for (const auto& [known, store] : s3) {
      if (known == options) return store;
    }
    SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<ObjectStore> store, make_s3_store(options));
    s3.emplace_back(options, store);
    return store;
  }
};

StorageClients::StorageClients() : state_(std::make_unique<State>()) {}
StorageClients::~StorageClients() = default;

Result<Location> StorageClients::locate(std::string_view uri, const StorageOptions& options) {
  SHOAL_ASSIGN_OR_RETURN(Uri parsed, parse_uri(uri));
  if (parsed.scheme == UriScheme::s3) {
    SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<ObjectStore> store, state_->s3_store(options));
    return Location{std::move(store), std::move(parsed.bucket), std::move(parsed.path)};
  }
  std::string working_folder = "/";
  if (!parsed.path.starts_with('/')) {
    std::error_code error;
    working_folder = std::filesystem::current_path(error).string();
    if (error) return Status(ErrorCode::io, "the working folder is gone (" + error.message() + "); give a whole path");
  }
  std::string path = absolute_path(parsed.path, working_folder);
  if (!path.ends_with('/')) return Location{state_->local, "/", path.substr(1)};
  if (path.size() > 1) path.pop_back();
  return Location{state_->local, std::move(path), ""};
}

RequestCounts StorageClients::counts() const {
  RequestCounts sum = state_->local->counts();
  const Lock lock(state_->mutex);
  for (const auto& [options, store] : state_->s3) {
    RequestCounts counts = store->counts();
    sum.get += counts.get;
    sum.list += counts.list;
    sum.put += counts.put;
    sum.head += counts.head;
    sum.remove += counts.remove;
    sum.retries += counts.retries;
    sum.bytes_read += counts.bytes_read;
    sum.bytes_written += counts.bytes_written;
  }
  return sum;
}

StorageClients& process_storage_clients() {
  // Never destroyed: user threads may still read while static objects are torn down.
  static StorageClients& clients = *new StorageClients;
  return clients;
}

}  // namespace shoal::data
