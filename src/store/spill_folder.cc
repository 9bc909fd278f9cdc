#include "store/spill_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/random_bytes.h"

namespace shoal::store {
namespace {

constexpr std::string_view k_prefix = "shoal-spill-";
constexpr const char* k_lock = "lock";
/// So often a new folder may be taken for an abandoned one by others that start at the same time.
constexpr int k_tries = 100;

/// When the process began, in ticks since the machine did; empty where there is no such process.
std::string start_time(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text;
  std::getline(file, text, '\0');
  const auto name_end = text.rfind(')');  // names may contain anything
  if (name_end == std::string::npos) return {};
  std::size_t at = name_end + 1;
  for (int field = 3; field < 22 && at != std::string::npos; ++field) at = text.find(' ', at + 1);
  if (at == std::string::npos) return {};
  return text.substr(at + 1, text.find(' ', at + 1) - at - 1);
}

std::vector<std::string> names_in(int folder) {
  std::vector<std::string> names;
  Fd own(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* const entries = own.is_open() ? fdopendir(own.get()) : nullptr;
  if (entries == nullptr) return names;
  own.release();
  while (const dirent* entry = readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  closedir(entries);
  return names;
}

/// The lock goes last: without it, files that are left in a folder are not ours.
void remove_folder(int parent, const std::string& name, int folder) {
  for (const std::string& each : names_in(folder)) {
    if (each != k_lock) unlinkat(folder, each.c_str(), 0);
  }
  unlinkat(folder, k_lock, 0);
  unlinkat(parent, name.c_str(), AT_REMOVEDIR);
}

/// Whether the process that the lock names is gone. It kept the lock as long as it lived; a child of it may keep it longer,
/// and one that the lock does not reach (on some network file systems) is found by its number. Who did not live to name
/// itself is gone as well, or finds that it must begin again.
bool owner_is_gone(int lock) {
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) return false;
  char text[64] = {};
  const ssize_t size = pread(lock, text, sizeof text - 1, 0);
  if (size <= 0) return size == 0;
  const std::string_view owner(text);
  const auto space = owner.find(' '), end = owner.find('\n');
  if (space == std::string_view::npos || end == std::string_view::npos || space > end) return false;
  return start_time(std::string(owner.substr(0, space))) != owner.substr(space + 1, end - space - 1);
}

/// Folders of this user alone: another one's are none of our business.
void remove_abandoned(int parent) {
  for (const std::string& name : names_in(parent)) {
    if (name.compare(0, k_prefix.size(), k_prefix) != 0) continue;
    const Fd folder(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat state{};
    if (!folder.is_open() || fstat(folder.get(), &state) != 0 || state.st_uid != geteuid()) continue;
    const Fd lock(openat(folder.get(), k_lock, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!lock.is_open()) {
      unlinkat(parent, name.c_str(), AT_REMOVEDIR);  // fails where it holds anything
    } else if (owner_is_gone(lock.get())) {
      remove_folder(parent, name, folder.get());
    }
  }
}

/// A lock that is held, and says whose it is. Somebody who looks for abandoned folders may take a new one for such until
/// then, and remove it; that shows here as ENOENT (the folder), EWOULDBLOCK (the lock is looked at) or ESTALE (it is gone).
int make_lock(int folder, Fd& lock) {
  lock = Fd(openat(folder, k_lock, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!lock.is_open() || flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return errno;
  const std::string pid = std::to_string(getpid());
  const std::string text = fmt::format("{} {}\n", pid, start_time(pid));
  const ssize_t written = write(lock.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) return written < 0 ? errno : ENOSPC;
  struct stat state{};
  if (fstat(lock.get(), &state) != 0) return errno;
  return state.st_nlink == 0 ? ESTALE : 0;
}

/// What a folder is made of that is locked for this process.
struct Parts {
  Fd folder, lock;
};

/// 0, or why not, as an errno.
int make_folder(int parent, const std::string& name, Parts& parts) {
  if (mkdirat(parent, name.c_str(), S_IRWXU) != 0) return errno;
  parts.folder = Fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!parts.folder.is_open()) return errno;
  const int failed = make_lock(parts.folder.get(), parts.lock);
  if (failed != 0) remove_folder(parent, name, parts.folder.get());
  return failed;
}

}  // namespace

Status file_fault(int error, const std::string& what, const std::string& path) {
  const std::string text = fmt::format("{} {}: {}", what, path, std::strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return {ErrorCode::no_space, text + "; free space there, or name another spill folder"};
    case EACCES:
    case EPERM:
    case EROFS: return {ErrorCode::permission_denied, text + "; name a spill folder that this user may write to"};
    case ENOENT: return {ErrorCode::not_found, text + "; was it removed while the store ran?"};
    default: return {ErrorCode::io, text + "; look at the system's log"};
  }
}

SpillFolder::SpillFolder(Fd parent, Fd folder, Fd lock, std::string name, std::string path)
    : parent_(std::move(parent)),
      folder_(std::move(folder)),
      lock_(std::move(lock)),
      name_(std::move(name)),
      path_(std::move(path)) {}

Result<SpillFolder> SpillFolder::make(const std::string& parent_path) {
  std::error_code error;
  std::filesystem::create_directories(parent_path, error);
  if (error) return file_fault(error.value(), "making the spill folder", parent_path);
  Fd parent(open(parent_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.is_open()) return file_fault(errno, "opening the spill folder", parent_path);
  remove_abandoned(parent.get());

  Parts parts;
  std::string name, path;
  int failed = 0;
  for (int i = 0; i < k_tries; ++i) {
    name = std::string(k_prefix) + random_name();
    path = (std::filesystem::path(parent_path) / name).string();
    failed = make_folder(parent.get(), name, parts);
    if (failed != ENOENT && failed != EWOULDBLOCK && failed != ESTALE) break;
  }
  if (failed != 0) return file_fault(failed, "making the spill folder", path);
  return SpillFolder(std::move(parent), std::move(parts.folder), std::move(parts.lock), std::move(name),
                     std::move(path));
}

SpillFolder::~SpillFolder() {
  if (!folder_.is_open()) return;
  remove_folder(parent_.get(), name_, folder_.get());
  // Whoever died shortly before this was made may have held its lock until now, as the system took it apart.
  remove_abandoned(parent_.get());
}

Result<Fd> SpillFolder::create(std::string& name) const {
  name = random_name();
  Fd file(openat(folder_.get(), name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.is_open()) return file_fault(errno, "making a spill file in", path_);
  return file;
}

void SpillFolder::remove(const std::string& name) const { unlinkat(folder_.get(), name.c_str(), 0); }

std::uint64_t SpillFolder::free_bytes() const {
  struct statvfs state{};
  if (fstatvfs(folder_.get(), &state) != 0) return 0;
  return static_cast<std::uint64_t>(state.f_bavail) * state.f_frsize;
}

}  // namespace shoal::store
