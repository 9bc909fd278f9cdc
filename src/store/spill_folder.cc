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
constexpr const char* k_lock_in_making = "lock.new";

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

/// The lock goes last: a folder that has none is left alone.
void remove_folder(int parent, const std::string& name, int folder) {
  for (const std::string& each : names_in(folder)) {
    if (each != k_lock) unlinkat(folder, each.c_str(), 0);
  }
  unlinkat(folder, k_lock, 0);
  unlinkat(parent, name.c_str(), AT_REMOVEDIR);
}

/// Whether the process that the lock names is gone. It kept the lock as long as it lived; a child of it may keep it longer,
/// and one that the lock does not reach (on some network file systems) is found by its number.
bool owner_is_gone(int lock) {
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) return false;
  char text[64] = {};
  if (pread(lock, text, sizeof text - 1, 0) <= 0) return false;
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
    if (lock.is_open() && owner_is_gone(lock.get())) remove_folder(parent, name, folder.get());
  }
}

/// The lock has its name only when it is held and says whose it is.
int make_lock(int folder, Fd& lock) {
  lock = Fd(openat(folder, k_lock_in_making, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!lock.is_open() || flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return errno;
  const std::string pid = std::to_string(getpid());
  const std::string text = fmt::format("{} {}\n", pid, start_time(pid));
  const ssize_t written = write(lock.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) return written < 0 ? errno : ENOSPC;
  return renameat(folder, k_lock_in_making, folder, k_lock) == 0 ? 0 : errno;
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

  std::string name = std::string(k_prefix) + random_name();
  std::string path = (std::filesystem::path(parent_path) / name).string();
  if (mkdirat(parent.get(), name.c_str(), S_IRWXU) != 0) return file_fault(errno, "making", path);
  Fd folder(openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  Fd lock;
  const int failed = folder.is_open() ? make_lock(folder.get(), lock) : errno;
  if (failed != 0) {
    if (folder.is_open()) remove_folder(parent.get(), name, folder.get());
    return file_fault(failed, "making the lock of", path);
  }
  return SpillFolder(std::move(parent), std::move(folder), std::move(lock), std::move(name), std::move(path));
}

SpillFolder::~SpillFolder() {
  if (folder_.is_open()) remove_folder(parent_.get(), name_, folder_.get());
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
