#include "data/io/local_lister.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "base/random_bytes.h"
#include "data/io/uri.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_page_objects = 1000;  // as S3: early first rows, few calls
constexpr std::size_t k_depth_max = 256;      // open folders at once; deeper trees are a mistake or an attack
constexpr std::string_view k_unfinished_begin = ".shoal-", k_unfinished_end = ".part";

/// One folder on the way from the root to the current file, open for fstatat().
struct Level {
  Fd fd;
  dev_t device{};
  ino_t inode{};
  std::string key;                 ///< Of the folder, with a slash at its end; empty for the root.
  std::vector<std::string> names;  ///< Sorted; folders end in a slash, which puts their keys in order of bytes.
  std::size_t next = 0;
};

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

class LocalLister final : public ObjectLister {
 public:
  LocalLister(std::string root, const ListOptions& options, std::stop_token stop)
      : root_(std::move(root)), recursive_(options.recursive), suffixes_(options.suffixes), stop_(std::move(stop)) {}

  /// Opens the folder of `prefix`; a folder that does not exist has no objects.
  Status start(const std::string& prefix);
  Result<std::vector<ObjectInfo>> next_page() override;

 private:
  Status enter(int parent, const char* path, std::string key, std::string_view name_prefix);
  Status read_names(Level& level, std::string_view name_prefix);
  /// What an entry of the directory is: its name, with a slash for a folder; empty for what is left out.
  std::string classified(int folder, const dirent& entry) const;
  Status visit(Level& level, const std::string& name, std::vector<ObjectInfo>& page);
  bool has_suffix(std::string_view key) const;
  std::string path_of(const std::string& key) const { return root_ == "/" ? "/" + key : root_ + "/" + key; }

  const std::string root_;
  const bool recursive_;
  const std::vector<std::string> suffixes_;
  const std::stop_token stop_;
  std::vector<Level> levels_;
};

Status LocalLister::start(const std::string& prefix) {
  std::size_t slash = prefix.rfind('/');
  std::string folder = slash == std::string::npos ? "" : prefix.substr(0, slash);
  if (slash != std::string::npos && !is_file_key(folder)) {
    return Status(ErrorCode::invalid_argument, "the prefix \"" + prefix + "\" does not stay below " + root_ +
                                                   "; leave out \"..\" and doubled slashes");
  }
  struct stat info{};
  if (::stat(root_.c_str(), &info) != 0) return errno_status(errno, "list", root_);
  if (!S_ISDIR(info.st_mode)) return errno_status(ENOTDIR, "list", root_);
  std::string key = folder.empty() ? "" : folder + "/";
  std::string_view name_prefix = std::string_view(prefix).substr(key.size());
  return enter(AT_FDCWD, path_of(folder).c_str(), key, name_prefix);
}

Status LocalLister::enter(int parent, const char* path, std::string key, std::string_view name_prefix) {
  if (levels_.size() >= k_depth_max) {
    return Status(ErrorCode::io, "cannot list " + path_of(key) + ": more than 256 folders deep; list a part of it");
  }
  Level level;
  level.fd.reset(::openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!level.fd.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR) return Status();  // no such prefix, or removed meanwhile
    return errno_status(errno, "list", path_of(key));
  }
  struct stat info{};
  if (::fstat(level.fd.get(), &info) != 0) return errno_status(errno, "list", path_of(key));
  level.device = info.st_dev;
  level.inode = info.st_ino;
  bool is_loop = std::any_of(levels_.begin(), levels_.end(), [&](const Level& above) {
    return above.device == level.device && above.inode == level.inode;
  });
  if (is_loop) return Status();
  level.key = std::move(key);
  SHOAL_RETURN_IF_ERROR(read_names(level, name_prefix));
  levels_.push_back(std::move(level));
  return Status();
}

Status LocalLister::read_names(Level& level, std::string_view name_prefix) {
  int copy = ::fcntl(level.fd.get(), F_DUPFD_CLOEXEC, 0);
  std::unique_ptr<DIR, CloseDir> dir(copy < 0 ? nullptr : ::fdopendir(copy));
  if (dir == nullptr) {
    int error = errno;
    if (copy >= 0) ::close(copy);
    return errno_status(error, "list", path_of(level.key));
  }
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    if (!std::string_view(entry->d_name).starts_with(name_prefix)) continue;
    std::string name = classified(level.fd.get(), *entry);
    if (!name.empty()) level.names.push_back(std::move(name));
  }
  if (errno != 0) return errno_status(errno, "list", path_of(level.key));
  std::sort(level.names.begin(), level.names.end());
  return Status();
}

std::string LocalLister::classified(int folder, const dirent& entry) const {
  std::string_view name = entry.d_name;
  if (name == "." || name == ".." || is_unfinished_name(name)) return "";
  if (entry.d_type == DT_REG) return std::string(name);
  if (entry.d_type == DT_DIR) return std::string(name) + "/";
  if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return "";
  struct stat info{};
  if (::fstatat(folder, entry.d_name, &info, 0) != 0) return "";
  if (S_ISDIR(info.st_mode)) return std::string(name) + "/";
  return S_ISREG(info.st_mode) ? std::string(name) : "";
}

Result<std::vector<ObjectInfo>> LocalLister::next_page() {
  std::vector<ObjectInfo> page;
  while (!levels_.empty() && page.size() < k_page_objects) {
    if (stop_.stop_requested()) return Status(ErrorCode::cancelled, "listing " + root_ + " was cancelled");
    Level& level = levels_.back();
    if (level.next == level.names.size()) {
      levels_.pop_back();
      continue;
    }
    std::string name = std::move(level.names[level.next++]);
    SHOAL_RETURN_IF_ERROR(visit(level, name, page));
  }
  return page;
}

Status LocalLister::visit(Level& level, const std::string& name, std::vector<ObjectInfo>& page) {
  std::string key = level.key + name;
  if (name.ends_with('/')) {
    if (recursive_) return enter(level.fd.get(), name.c_str(), std::move(key), "");
    ObjectInfo folder;
    folder.uri = file_uri(path_of(key));
    folder.key = std::move(key);
    folder.is_prefix = true;
    page.push_back(std::move(folder));
    return Status();
  }
  if (!has_suffix(key)) return Status();
  struct stat info{};
  if (::fstatat(level.fd.get(), name.c_str(), &info, 0) != 0) {
    return errno == ENOENT ? Status() : errno_status(errno, "list", path_of(key));
  }
  if (!S_ISREG(info.st_mode)) return Status();
  std::int64_t mtime_ns = info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec;
  ObjectInfo object;
  object.uri = file_uri(path_of(key));
  object.key = std::move(key);
  object.size = info.st_size;
  object.etag = file_etag(mtime_ns, info.st_size);
  object.modified_us = mtime_ns / 1000;
  page.push_back(std::move(object));
  return Status();
}

bool LocalLister::has_suffix(std::string_view key) const {
  return suffixes_.empty() ||
         std::any_of(suffixes_.begin(), suffixes_.end(), [&](const std::string& s) { return key.ends_with(s); });
}

}  // namespace

std::string file_etag(std::int64_t mtime_ns, std::int64_t size) {
  return std::to_string(mtime_ns) + "-" + std::to_string(size);
}

bool is_unfinished_name(std::string_view name) {
  return name.starts_with(k_unfinished_begin) && name.ends_with(k_unfinished_end);
}

std::string unfinished_name() {
  return std::string(k_unfinished_begin) + random_name() + std::string(k_unfinished_end);
}

Result<std::unique_ptr<ObjectLister>> make_local_lister(const std::string& root, const std::string& prefix,
                                                        const ListOptions& options, const std::stop_token& stop) {
  auto lister = std::make_unique<LocalLister>(root, options, stop);
  SHOAL_RETURN_IF_ERROR(lister->start(prefix));
  return std::unique_ptr<ObjectLister>(std::move(lister));
}

}  // namespace shoal::data
