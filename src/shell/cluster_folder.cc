#include "shell/cluster_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>

#include "net/socket_path.h"
#include "shell/peer_process.h"

namespace shoal::shell {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds k_orphan_lock_max{5};
constexpr std::chrono::milliseconds k_orphan_lock_pause{5};

/// A lock that goes with the last descriptor of its file, and that others can see without taking it.
struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

bool is_locked(int file) {
  struct flock lock = whole_file(F_WRLCK);
  return ::fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/// Opens a file of a folder that is this user's alone; the file may not be a link, nor anything that waits.
Fd open_file(const std::string& path, int flags) {
  return Fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
}

/// All of a short file.
Result<std::string> read_file(int file, const std::string& path) {
  std::array<char, 256> text;
  const ssize_t size = ::pread(file, text.data(), text.size(), 0);
  if (size < 0) return errno_status(errno, "read", path);
  return std::string(text.data(), static_cast<std::size_t>(size));
}

Status write_file(int file, const std::string& path, std::string_view text) {
  if (::ftruncate(file, 0) != 0) return errno_status(errno, "write", path);
  const ssize_t size = ::pwrite(file, text.data(), text.size(), 0);
  return size == static_cast<ssize_t>(text.size()) ? Status() : errno_status(size < 0 ? errno : ENOSPC, "write", path);
}

/// Not found where there is none; net::open_own_folder() would make it.
Status check_folder(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return errno_status(errno, "look at", path);
  return net::open_own_folder(path + "/socket").status();
}

/// Of "pid start-time".
std::optional<RunningCluster> parse(const std::string& folder, const std::string& text) {
  RunningCluster cluster{.folder = folder};
  const char* const end = text.data() + text.size();
  const auto pid = std::from_chars(text.data(), end, cluster.pid);
  if (pid.ec != std::errc() || pid.ptr == end || *pid.ptr != ' ') return std::nullopt;
  const auto time = std::from_chars(pid.ptr + 1, end, cluster.start_time);
  if (time.ec != std::errc() || cluster.pid <= 0) return std::nullopt;
  return cluster;
}

/// The daemon of a folder that was checked; none where it is gone, or starts.
std::optional<RunningCluster> running_in(const std::string& folder) {
  const std::string path = folder + "/pid";
  const Fd file = open_file(path, O_RDONLY);
  if (!file.is_open() || !is_locked(file.get())) return std::nullopt;
  const auto text = read_file(file.get(), path);
  std::optional<RunningCluster> cluster = text.ok() ? parse(folder, *text) : std::nullopt;
  if (cluster && start_time_of(cluster->pid) != cluster->start_time) return std::nullopt;
  return cluster;
}

std::vector<std::string> folders_in(const std::string& user_folder) {
  std::vector<std::string> folders;
  std::error_code error;
  for (const fs::directory_entry& each : fs::directory_iterator(user_folder, error)) {
    if (each.is_directory(error) && !each.is_symlink(error)) folders.push_back(each.path().string());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

Status none_runs(const std::string& where) {
  return Status(ErrorCode::not_found,
                "no cluster of user " + std::to_string(::geteuid()) + " runs in " + where +
                    "; start one with shoal start --head, or leave the address out to run without a daemon");
}

bool is_name(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), fits);
}

/// What a daemon puts there, and nothing else.
void remove_all(const std::string& folder) {
  for (const char* const name : {"/socket", "/token", "/log", "/pid"}) ::unlink((folder + name).c_str());
  ::rmdir(folder.c_str());
}

/// Whether the daemon that says in the file that it runs is dead.
bool is_of_a_dead_one(int file, const std::string& folder) {
  const auto text = read_file(file, folder + "/pid");
  const std::optional<RunningCluster> cluster = text.ok() ? parse(folder, *text) : std::nullopt;
  return cluster && start_time_of(cluster->pid) != cluster->start_time;
}

/// The lock of the folder, where nobody else has it; the file that is locked is the one that others see. A worker that was
/// being started when its daemon was killed has the daemon's descriptors, and so the lock, until it has begun: that is
/// waited for.
Result<Fd> lock_folder(const std::string& folder) {
  const std::string path = folder + "/pid";
  const auto patience = std::chrono::steady_clock::now() + k_orphan_lock_max;
  while (true) {
    SHOAL_RETURN_IF_ERROR(net::open_own_folder(folder + "/socket").status());
    Fd file = open_file(path, O_RDWR | O_CREAT);
    if (!file.is_open()) return errno_status(errno, "open", path);
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
      if (is_of_a_dead_one(file.get(), folder) && std::chrono::steady_clock::now() < patience) {
        std::this_thread::sleep_for(k_orphan_lock_pause);
        continue;
      }
      return Status(ErrorCode::already_exists, "a cluster runs in " + folder +
                                                   " already, or starts; stop it with shoal stop, or choose another "
                                                   "--name or --temp-dir");
    }
    struct stat mine{}, theirs{};
    const bool is_there = ::fstat(file.get(), &mine) == 0 && ::lstat(path.c_str(), &theirs) == 0;
    if (is_there && mine.st_ino == theirs.st_ino && mine.st_dev == theirs.st_dev) return file;
  }  // else the daemon that had it removed it in between
}

}  // namespace

std::string user_folder(const std::string& temp) {
  const char* const variable = std::getenv("SHOAL_TEMP_DIR");
  std::string parent = !temp.empty() ? temp : variable != nullptr && *variable != '\0' ? variable : "/tmp";
  while (parent.size() > 1 && parent.back() == '/') parent.pop_back();
  return parent + "/shoal-" + std::to_string(::geteuid());
}

Result<std::vector<RunningCluster>> running_clusters(const std::string& user_folder) {
  std::vector<RunningCluster> clusters;
  const Status checked = check_folder(user_folder);
  if (checked.code() == ErrorCode::not_found) return clusters;
  SHOAL_RETURN_IF_ERROR(checked);
  for (const std::string& folder : folders_in(user_folder)) {
    if (auto cluster = running_in(folder)) clusters.push_back(*std::move(cluster));
  }
  return clusters;
}

Result<std::vector<std::string>> stale_folders(const std::string& user_folder) {
  std::vector<std::string> stale;
  const Status checked = check_folder(user_folder);
  if (checked.code() == ErrorCode::not_found) return stale;
  SHOAL_RETURN_IF_ERROR(checked);
  for (std::string& folder : folders_in(user_folder)) {
    const Fd file = open_file(folder + "/pid", O_RDONLY);
    if (file.is_open() && !is_locked(file.get())) stale.push_back(std::move(folder));
  }
  return stale;
}

Result<RunningCluster> find_cluster(const std::string& address, const std::string& user_folder) {
  if (address != "auto") {
    const Status checked = check_folder(address);
    if (checked.code() == ErrorCode::not_found) return none_runs(address);
    SHOAL_RETURN_IF_ERROR(checked);
    if (auto cluster = running_in(address)) return *std::move(cluster);
    return none_runs(address);
  }
  SHOAL_ASSIGN_OR_RETURN(const std::vector<RunningCluster> clusters, running_clusters(user_folder));
  if (clusters.empty()) return none_runs(user_folder);
  if (clusters.size() == 1) return clusters.front();
  std::string names;
  for (const RunningCluster& each : clusters) names += (names.empty() ? "" : ", ") + each.folder;
  return Status(ErrorCode::invalid_argument,
                "several clusters run, and the address says \"auto\": name one of " + names);
}

Result<net::Token> read_token(const std::string& folder) {
  const std::string path = folder + "/token";
  const Fd file = open_file(path, O_RDONLY);
  if (!file.is_open()) return errno_status(errno, "open", path);
  struct stat found{};
  if (::fstat(file.get(), &found) != 0) return errno_status(errno, "look at", path);
  if (!S_ISREG(found.st_mode) || found.st_uid != ::geteuid() || (found.st_mode & 077) != 0) {
    return Status(ErrorCode::permission_denied, "others than user " + std::to_string(::geteuid()) + " may use " + path +
                                                    "; stop the cluster and start it anew, for a new token");
  }
  std::array<char, 64> digits{};
  const ssize_t size = ::pread(file.get(), digits.data(), digits.size(), 0);
  Result<net::Token> token = net::Token::from_hex(
      {digits.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
  ::explicit_bzero(digits.data(), digits.size());
  if (!token.ok()) return token.status().with_context(path);
  return token;
}

void remove_stale(const std::string& folder) {
  const Result<Fd> lock = lock_folder(folder);
  if (lock.ok()) remove_all(folder);
}

// --- Of this process.

Result<ClusterFolder> ClusterFolder::take(const std::string& user_folder, const std::string& name) {
  if (!is_name(name)) {
    return Status(ErrorCode::invalid_argument, "a cluster cannot be named \"" + name +
                                                   "\"; a name has 1 to 32 letters, digits, hyphens and underscores");
  }
  // Others may not put anything where the cluster's own folder is to be.
  SHOAL_RETURN_IF_ERROR(net::open_own_folder(user_folder + "/" + name).status());
  const std::string path = user_folder + "/" + name;
  SHOAL_RETURN_IF_ERROR(net::unix_address(path + "/socket").status());
  SHOAL_ASSIGN_OR_RETURN(Fd lock, lock_folder(path));
  SHOAL_RETURN_IF_ERROR(write_file(lock.get(), path + "/pid", ""));
  for (const char* const left : {"/socket", "/token", "/log"}) ::unlink((path + left).c_str());
  return ClusterFolder(path, std::move(lock));
}

ClusterFolder::~ClusterFolder() {
  if (lock_.is_open()) remove_all(path_);  // while nobody else can take it
}

Status ClusterFolder::write_token(const net::Token& token) const {
  const std::string path = path_ + "/token";
  const Fd file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open()) return errno_status(errno, "make", path);
  const Secret digits = token.to_hex();
  return write_file(file.get(), path, digits.reveal());
}

Status ClusterFolder::open() const {
  const std::optional<std::uint64_t> start_time = start_time_of(::getpid());
  if (!start_time) return Status(ErrorCode::io, "cannot read the start time of this process in /proc/self/stat");
  return write_file(lock_.get(), path_ + "/pid", std::to_string(::getpid()) + " " + std::to_string(*start_time) + "\n");
}

}  // namespace shoal::shell
