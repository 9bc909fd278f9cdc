#include "net/socket_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace shoal::net {
namespace {

constexpr std::size_t k_path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
static_assert(k_path_bytes_max == 107);

std::string octal(mode_t mode) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3) text += static_cast<char>('0' + (mode >> shift & 7));
  return text;
}

}  // namespace

bool is_abstract(const std::string& path) { return path.starts_with('@'); }

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() > k_path_bytes_max || path.find('\0') != std::string::npos) {
    return Status(ErrorCode::invalid_argument, "a socket cannot be at " + path + ", which has " +
                                                   std::to_string(path.size()) +
                                                   " bytes: Linux allows 1 to 107; choose a shorter folder");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (is_abstract(path)) address.sun_path[0] = '\0';
  return address;
}

Result<Fd> unix_socket() {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return errno_status(errno, "make", "a Unix socket");
  return socket;
}

Result<Fd> open_own_folder(const std::string& socket_path) {
  const std::size_t slash = socket_path.rfind('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == socket_path.size()) {
    return Status(ErrorCode::invalid_argument,
                  "a socket cannot be at " + socket_path + "; give it a folder of its own and a name");
  }
  const std::string path = socket_path.substr(0, slash);
  const bool is_new = ::mkdir(path.c_str(), 0700) == 0;
  if (!is_new && errno != EEXIST) return errno_status(errno, "make the folder", path);
  // A link could lead to a folder that somebody changes later.
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.is_open()) return errno_status(errno, "open the folder", path);
  if (is_new && ::fchmod(folder.get(), 0700) != 0) return errno_status(errno, "change the mode of", path);
  struct stat found{};
  if (::fstat(folder.get(), &found) != 0) return errno_status(errno, "look at", path);
  if (found.st_uid == ::geteuid() && (found.st_mode & 07777) == 0700) return folder;
  return Status(ErrorCode::permission_denied, "the folder " + path + " is of user " + std::to_string(found.st_uid) +
                                                  " and has mode " + octal(found.st_mode & 07777) +
                                                  "; sockets stand in a folder of user " + std::to_string(::geteuid()) +
                                                  " with mode 0700 only: remove it, or choose another");
}

}  // namespace shoal::net
