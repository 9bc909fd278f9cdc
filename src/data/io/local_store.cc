#include "data/io/local_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <new>
#include <utility>

#include "data/io/local_lister.h"
#include "data/io/local_upload.h"
#include "data/io/posix_file.h"
#include "data/io/read_memory.h"
#include "data/io/uri.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_files_ahead = 4;  // opened, with their read-ahead begun, before they are asked for

struct Counters {
  std::atomic<std::int64_t> get{0}, list{0}, put{0}, head{0}, remove{0}, bytes_read{0}, bytes_written{0};
};

void count(std::atomic<std::int64_t>& counter, std::int64_t n = 1) { counter.fetch_add(n, std::memory_order_relaxed); }

std::string join(const std::string& root, std::string_view key) {
  std::string path;
  path.reserve(root.size() + 1 + key.size());
  path += root;
  if (!path.ends_with('/')) path += '/';
  return path += key;
}

/// The file of a key that is to be written.
Result<std::string> target_path(const std::string& root, const std::string& key) {
  std::size_t slash = key.rfind('/');
  if (!is_file_key(key) || is_unfinished_name(slash == std::string::npos ? key : key.substr(slash + 1))) {
    return Status(ErrorCode::invalid_argument, "\"" + key + "\" is no name for a file below " + root +
                                                   "; leave out \"..\", doubled slashes and a slash at the end");
  }
  return join(root, key);
}

/// The file of a key that should exist.
Result<std::string> existing_path(const std::string& root, const std::string& key) {
  if (is_file_key(key)) return join(root, key);
  return Status(ErrorCode::not_found, "no file can have the name \"" + key + "\" below " + root + "; check the key");
}

std::string etag_of(const struct stat& info) {
  return file_etag(info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec, info.st_size);
}

Status changed(const std::string& path) {
  return Status(ErrorCode::changed, path + " changed after it was listed; list and read it again");
}

struct OpenFile {
  std::string path;
  Fd fd;
};

Result<OpenFile> open_file(const std::string& root, const std::string& key) {
  OpenFile file;
  SHOAL_ASSIGN_OR_RETURN(file.path, existing_path(root, key));
  SHOAL_ASSIGN_OR_RETURN(file.fd, open_for_reading(file.path));
  return file;
}

Result<Bytes> read_open(const OpenFile& file, const ReadRequest& request) {
  struct stat info{};
  if (::fstat(file.fd.get(), &info) != 0) return errno_status(errno, "read", file.path);
  if (!S_ISREG(info.st_mode)) { return Status(ErrorCode::not_found, file.path + " is no file; name a file in it"); }
  if (!request.etag.empty() && etag_of(info) != request.etag) return changed(file.path);
  if (request.offset < 0) return Status(ErrorCode::invalid_argument, "negative offset to read in " + file.path);
  std::int64_t rest = std::max<std::int64_t>(0, info.st_size - request.offset);
  auto length = static_cast<std::size_t>(request.length < 0 ? rest : std::min(rest, request.length));
  if (length == 0) return Bytes();

  std::shared_ptr<std::uint8_t[]> bytes = request.into;
  try {
    if (bytes == nullptr || request.expected() != static_cast<std::int64_t>(length))
      bytes = allocate_read_memory(length);
  } catch (const std::bad_alloc&) {
    return Status(ErrorCode::out_of_memory,
                  "no memory for the " + std::to_string(length) + " bytes of " + file.path + "; read it in ranges");
  }
  SHOAL_ASSIGN_OR_RETURN(std::size_t read, read_at(file.fd.get(), {bytes.get(), length}, request.offset, file.path));
  if (read != length) return changed(file.path);
  return Bytes(bytes, bytes.get(), length);
}

/// Reads in the caller's thread: a file that is cached costs a plain loop, and for one that is not the kernel's
/// read-ahead of the next few files runs meanwhile.
class LocalBulkReader final : public BulkReader {
 public:
  LocalBulkReader(std::string root, std::vector<ReadRequest> requests, std::shared_ptr<Counters> counters,
                  std::stop_token stop)
      : root_(std::move(root)),
        requests_(std::move(requests)),
        counters_(std::move(counters)),
        stop_(std::move(stop)) {}

  void prepare() override { open_ahead(); }
  Result<Bytes> next() override;

 private:
  void open_ahead();

  const std::string root_;
  const std::vector<ReadRequest> requests_;
  const std::shared_ptr<Counters> counters_;
  const std::stop_token stop_;
  std::deque<Result<OpenFile>> ahead_;  // of the requests from at_ on
  std::size_t at_ = 0;
};

void LocalBulkReader::open_ahead() {
  while (ahead_.size() < k_files_ahead && at_ + ahead_.size() < requests_.size()) {
    const ReadRequest& request = requests_[at_ + ahead_.size()];
    Result<OpenFile> file = open_file(root_, request.key);
    if (file.ok()) {
      ::posix_fadvise(file->fd.get(), request.offset, std::max<std::int64_t>(request.length, 0), POSIX_FADV_WILLNEED);
    }
    ahead_.push_back(std::move(file));
  }
}

Result<Bytes> LocalBulkReader::next() {
  if (stop_.stop_requested()) return Status(ErrorCode::cancelled, "reading below " + root_ + " was cancelled");
  if (at_ >= requests_.size()) return Status(ErrorCode::internal, "a bulk read was asked for more than its requests");
  open_ahead();
  Result<OpenFile> file = std::move(ahead_.front());
  ahead_.pop_front();
  const ReadRequest& request = requests_[at_++];
  count(counters_->get);
  if (!file.ok()) return file.status();
  SHOAL_ASSIGN_OR_RETURN(Bytes bytes, read_open(*file, request));
  count(counters_->bytes_read, static_cast<std::int64_t>(bytes.size()));
  return bytes;
}

class LocalStore final : public ObjectStore {
 public:
  Status create_root(const std::string& root) override;
  Result<bool> root_exists(const std::string& root) override;
  Status remove_root(const std::string& root) override;
  Result<std::unique_ptr<ObjectLister>> list(const std::string& root, const std::string& prefix,
                                             const ListOptions& options, const std::stop_token& stop) override {
    count(counters_->list);
    return make_local_lister(root, prefix, options, stop);
  }
  Result<ObjectInfo> info(const std::string& root, const std::string& key, const std::stop_token& stop) override;
  Result<Bytes> read(const std::string& root, const ReadRequest& request, const std::stop_token& stop) override;
  std::unique_ptr<BulkReader> read_many(const std::string& root, std::vector<ReadRequest> requests,
                                        const std::stop_token& stop) override {
    return std::make_unique<LocalBulkReader>(root, std::move(requests), counters_, stop);
  }
  Status put(const std::string& root, const std::string& key, std::span<const std::uint8_t> bytes) override;
  Result<std::unique_ptr<Upload>> start_upload(const std::string& root, const std::string& key) override {
    return start(root, key, Durability::flushed);
  }
  Status remove(const std::string& root, const std::string& key) override;
  RequestCounts counts() const override;
  std::string uri_of(const std::string& root, const std::string& key) const override {
    return file_uri(join(root, key));
  }

 private:
  Result<std::unique_ptr<Upload>> start(const std::string& root, const std::string& key, Durability durability) {
    SHOAL_ASSIGN_OR_RETURN(std::string path, target_path(root, key));
    count(counters_->put);
    return start_local_upload(std::move(path), durability, {counters_, &counters_->bytes_written});
  }

  const std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
};

Status LocalStore::create_root(const std::string& root) {
  for (std::size_t slash = 0; slash != std::string::npos;) {
    slash = root.find('/', slash + 1);
    std::string folder = root.substr(0, slash);
    if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) return errno_status(errno, "create folder", folder);
  }
  SHOAL_ASSIGN_OR_RETURN(bool exists, root_exists(root));
  return exists ? Status() : errno_status(EEXIST, "create folder", root);
}

Result<bool> LocalStore::root_exists(const std::string& root) {
  count(counters_->head);
  struct stat info{};
  if (::stat(root.c_str(), &info) == 0) return S_ISDIR(info.st_mode);
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return errno_status(errno, "look at", root);
}

Status LocalStore::remove_root(const std::string& root) {
  return ::rmdir(root.c_str()) == 0 ? Status() : errno_status(errno, "remove folder", root);
}

Result<ObjectInfo> LocalStore::info(const std::string& root, const std::string& key, const std::stop_token&) {
  count(counters_->head);
  SHOAL_ASSIGN_OR_RETURN(std::string path, existing_path(root, key));
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return errno_status(errno, "look at", path);
  if (!S_ISREG(info.st_mode)) return Status(ErrorCode::not_found, path + " is no file; list it instead");
  ObjectInfo object;
  object.uri = file_uri(path);
  object.key = key;
  object.size = info.st_size;
  object.etag = etag_of(info);
  object.modified_us = info.st_mtim.tv_sec * std::int64_t{1'000'000} + info.st_mtim.tv_nsec / 1000;
  return object;
}

Result<Bytes> LocalStore::read(const std::string& root, const ReadRequest& request, const std::stop_token&) {
  count(counters_->get);
  SHOAL_ASSIGN_OR_RETURN(OpenFile file, open_file(root, request.key));
  SHOAL_ASSIGN_OR_RETURN(Bytes bytes, read_open(file, request));
  count(counters_->bytes_read, static_cast<std::int64_t>(bytes.size()));
  return bytes;
}

Status LocalStore::put(const std::string& root, const std::string& key, std::span<const std::uint8_t> bytes) {
  SHOAL_ASSIGN_OR_RETURN(std::unique_ptr<Upload> upload, start(root, key, Durability::written_back));
  SHOAL_RETURN_IF_ERROR(upload->write(bytes));
  SHOAL_RETURN_IF_ERROR(upload->finish());
  return upload->commit();
}

Status LocalStore::remove(const std::string& root, const std::string& key) {
  count(counters_->remove);
  if (!is_file_key(key)) return Status();
  std::string path = join(root, key);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) return errno_status(errno, "remove", path);
  if (root == "/") return Status();  // no root that somebody opened as a bucket: its folders are not ours
  for (std::string folder = parent_folder(path); folder.size() > root.size(); folder = parent_folder(folder)) {
    if (::rmdir(folder.c_str()) != 0) break;
  }
  return Status();
}

RequestCounts LocalStore::counts() const {
  RequestCounts counts;
  counts.get = counters_->get.load(std::memory_order_relaxed);
  counts.list = counters_->list.load(std::memory_order_relaxed);
  counts.put = counters_->put.load(std::memory_order_relaxed);
  counts.head = counters_->head.load(std::memory_order_relaxed);
  counts.remove = counters_->remove.load(std::memory_order_relaxed);
  counts.bytes_read = counters_->bytes_read.load(std::memory_order_relaxed);
  counts.bytes_written = counters_->bytes_written.load(std::memory_order_relaxed);
  return counts;
}

}  // namespace

std::shared_ptr<ObjectStore> make_local_store() { return std::make_shared<LocalStore>(); }

}  // namespace shoal::data
