#include "data/io/posix_file.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include <shoal/base/bytes.h>

namespace shoal::data {

Result<Fd> open_for_reading(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) return errno_status(errno, "open", path);
  return fd;
}

Result<std::size_t> read_at(int fd, std::span<std::uint8_t> out, std::int64_t offset, const std::string& path) {
  std::size_t done = 0;
  while (done < out.size()) {
    ssize_t n = ::pread(fd, out.data() + done, out.size() - done, offset + static_cast<std::int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_status(errno, "read", path);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Status write_all(int fd, std::span<const std::uint8_t> bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      int error = errno;
      std::string action = "write " + format_bytes(static_cast<std::int64_t>(bytes.size()));
      struct statvfs disk{};
      if (::fstatvfs(fd, &disk) == 0) {
        action += " (" + format_bytes(static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize)) + " free)";
      }
      return errno_status(error, action + " to", path);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return Status();
}

Status sync_file(int fd, const std::string& path) {
  return ::fsync(fd) == 0 ? Status() : errno_status(errno, "flush", path);
}

Status sync_folder(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return errno_status(errno, "open", path);
  if (::fsync(fd.get()) == 0) return Status();
  // File systems that keep folders elsewhere, such as network ones, cannot flush them and say so in these ways.
  if (errno == EINVAL || errno == ENOTSUP || errno == EBADF) return Status();
  return errno_status(errno, "flush", path);
}

std::string parent_folder(const std::string& path) {
  std::size_t end = path.find_last_not_of('/');
  std::size_t slash = path.rfind('/', end);
  if (slash == std::string::npos || slash == 0) return "/";
  return path.substr(0, slash);
}

}  // namespace shoal::data
