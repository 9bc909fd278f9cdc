#include "shell/peer_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <ios>
#include <iterator>
#include <sstream>
#include <utility>

namespace shoal::shell {
namespace {

std::string path_of(pid_t pid, const std::string& what) { return "/proc/" + std::to_string(pid) + "/" + what; }

Status gone(pid_t pid) {
  return Status(ErrorCode::unavailable,
                "process " + std::to_string(pid) + " cannot be found; it has ended, or runs in a container of its own");
}

/// How the descriptor was opened; 0 where that cannot be seen.
int flags_of(const PeerProcess& process, int descriptor) {
  std::ifstream file(path_of(process.pid, "fdinfo/" + std::to_string(descriptor)));
  std::string name;
  int flags = 0;
  while (file >> name) {
    if (name == "flags:") {
      file >> std::oct >> flags;
      return flags;
    }
    file.ignore(256, '\n');
  }
  return 0;
}

}  // namespace

bool PeerProcess::has_ended() const {
  pollfd end{.fd = process.get(), .events = POLLIN, .revents = 0};
  return ::poll(&end, 1, 0) > 0;
}

Result<PeerProcess> peer_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return errno_status(errno, "ask for the peer of", "a connection");
  }
  PeerProcess found{.pid = peer.pid, .process = {}};
  if (peer.pid > 0) found.process.reset(static_cast<int>(::syscall(SYS_pidfd_open, peer.pid, 0)));
  if (!found.process.is_open()) return gone(peer.pid);
  // Where it has gone and another has its number, its end of the connection has been closed.
  pollfd end{.fd = socket, .events = POLLRDHUP, .revents = 0};
  if (::poll(&end, 1, 0) > 0 && (end.revents & (POLLRDHUP | POLLHUP)) != 0) return gone(peer.pid);
  return found;
}

std::optional<std::uint64_t> start_time_of(pid_t pid) {
  std::ifstream file(path_of(pid, "stat"));
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = line.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  fields >> field;
  if (field == "Z" || field == "X") return std::nullopt;
  for (int i = 4; i < 22; ++i) fields >> field;  // see proc(5): the state is the third, and this the 22nd
  std::uint64_t ticks = 0;
  fields >> ticks;
  return fields ? std::optional(ticks) : std::nullopt;
}

std::optional<PeerProcess> find_process(pid_t pid, std::uint64_t start_time) {
  PeerProcess found{.pid = pid, .process = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))};
  // Looked at after it is held: it cannot become another.
  if (!found.process.is_open() || start_time_of(pid) != start_time) return std::nullopt;
  return found;
}

Result<Fd> open_of(const PeerProcess& process, const std::string& what, int flags) {
  const std::string path = path_of(process.pid, what);
  Fd opened(::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  const int error = errno;
  if (process.has_ended()) return gone(process.pid);
  if (!opened.is_open()) return errno_status(error, "open", path);
  return opened;
}

Fd output_of(const PeerProcess& process, int descriptor) {
  struct stat found{};
  const std::string what = "fd/" + std::to_string(descriptor);
  if (::stat(path_of(process.pid, what).c_str(), &found) != 0) return Fd();
  const bool is_appended = S_ISREG(found.st_mode) && (flags_of(process, descriptor) & O_APPEND) != 0;
  if (!is_appended && !S_ISCHR(found.st_mode) && !S_ISFIFO(found.st_mode)) return Fd();
  Result<Fd> opened = open_of(process, what, O_WRONLY | (is_appended ? O_APPEND : 0));
  if (!opened.ok()) return Fd();
  // Without it the open would wait for a reader of a pipe; programs expect their output to wait.
  ::fcntl(opened->get(), F_SETFL, ::fcntl(opened->get(), F_GETFL) & ~O_NONBLOCK);
  return std::move(*opened);
}

}  // namespace shoal::shell
