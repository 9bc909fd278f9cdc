#include "net/listener.h"

#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "net/limits.h"
#include "net/socket_path.h"

namespace shoal::net {
namespace {

constexpr std::uint64_t k_callers = 0;  // what the poll says of the socket itself; keys of pending_ begin at 1

const sockaddr* as_any(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

}  // namespace

Listener::Listener(std::string path, const Token& token, const Identity& self)
    : path_(std::move(path)), token_(token), self_(self) {}

Result<std::unique_ptr<Listener>> Listener::open(const std::string& path, const Token& token, const Identity& self) {
  std::unique_ptr<Listener> listener(new Listener(path, token, self));
  SHOAL_RETURN_IF_ERROR(listener->bind());
  return listener;
}

Status Listener::bind() {
  SHOAL_ASSIGN_OR_RETURN(const sockaddr_un address, unix_address(path_));
  SHOAL_ASSIGN_OR_RETURN(socket_, unix_socket());
  poll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!poll_.is_open()) return errno_status(errno, "make", "a poll for " + path_);
  if (!is_abstract(path_)) {
    SHOAL_RETURN_IF_ERROR(bind_file(address));
  } else if (::bind(socket_.get(), as_any(address), sizeof address) != 0) {
    return errno_status(errno, "listen at", path_);
  }
  if (::listen(socket_.get(), static_cast<int>(k_pending_max)) != 0) return errno_status(errno, "listen at", path_);
  poll_for_callers(true);
  return {};
}

/// Nobody can connect before listen().
Status Listener::bind_file(const sockaddr_un& address) {
  SHOAL_ASSIGN_OR_RETURN(const Fd folder, open_own_folder(path_));
  // While it is held, nobody else takes away or makes sockets here: of two who find the same stale one, one gets in.
  if (::flock(folder.get(), LOCK_EX) != 0) return errno_status(errno, "lock the folder of", path_);
  int bound = ::bind(socket_.get(), as_any(address), sizeof address);
  if (bound != 0 && errno == EADDRINUSE) {
    SHOAL_RETURN_IF_ERROR(remove_stale());
    bound = ::bind(socket_.get(), as_any(address), sizeof address);
  }
  if (bound != 0) return errno_status(errno, "listen at", path_);
  struct stat made{};
  if (::lstat(path_.c_str(), &made) != 0) return errno_status(errno, "look at", path_);
  device_ = made.st_dev;
  file_ = made.st_ino;
  if (::chmod(path_.c_str(), 0600) != 0) return errno_status(errno, "change the mode of", path_);
  return {};
}

/// Removes what a dead process left at the path.
Status Listener::remove_stale() const {
  SHOAL_ASSIGN_OR_RETURN(sockaddr_un address, unix_address(path_));
  SHOAL_ASSIGN_OR_RETURN(const Fd probe, unix_socket());
  struct stat found{};
  const bool is_socket = ::lstat(path_.c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
  const bool is_dead = is_socket && ::connect(probe.get(), as_any(address), sizeof address) != 0 &&
                       errno == ECONNREFUSED;
  if (is_dead && ::unlink(path_.c_str()) == 0) return {};
  return Status(ErrorCode::already_exists,
                "cannot listen at " + path_ + ": " +
                    (is_socket ? "another process does" : "a file that is no socket is there") +
                    "; choose another path");
}

Listener::~Listener() {
  struct stat found{};
  const bool is_ours = file_ != 0 && ::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ &&
                       found.st_ino == file_;
  if (is_ours) ::unlink(path_.c_str());
}

std::optional<Time> Listener::next_time() const {
  if (pending_.empty()) return paused_until_;
  const Time first = pending_.begin()->second.until;
  return paused_until_ ? std::min(first, *paused_until_) : first;
}

void Listener::on_ready(Time now, Arrived& into) {
  std::array<epoll_event, k_pending_max + 1> events;
  const int count = ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), 0);
  bool is_called = paused_until_ && *paused_until_ <= now;
  if (is_called) paused_until_.reset();
  for (int i = 0; i < count; ++i) {
    const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
    if (const auto each = pending_.find(key); each != pending_.end()) advance(each, into);
    is_called = is_called || key == k_callers;
  }
  refuse_late(now, into);
  // Who waited because all places were taken has not been told of.
  if (is_called || (!polled_ && !paused_until_)) accept_all(now, into);
  poll_for_callers(pending_.size() < k_pending_max && !paused_until_);
}

void Listener::accept_all(Time now, Arrived& into) {
  while (pending_.size() < k_pending_max) {
    Fd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.is_open()) {
      take(std::move(socket), now, into);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      // Without descriptors or memory: whoever called stays in the queue, which is readable all the time.
      into.refused.push_back(errno_status(errno, "let anybody in at", path_));
      paused_until_ = now + k_accept_pause_ns;
      return;
    }
  }
}

void Listener::take(Fd socket, Time now, Arrived& into) {
  if (Status status = check_user(socket); !status.ok()) return into.refused.push_back(std::move(status));
  const std::uint64_t key = ++last_;
  epoll_event event{.events = EPOLLIN, .data = {.u64 = key}};
  if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0) {
    return into.refused.push_back(errno_status(errno, "poll a caller at", path_));
  }
  Introduction introduction(std::move(socket), Handshake::answer(token_, self_, random_nonce()));
  const auto each = pending_.emplace(key, Pending{std::move(introduction), now + k_handshake_ns_max}).first;
  advance(each, into);
}

void Listener::advance(Pendings::iterator each, Arrived& into) {
  Introduction& introduction = each->second.introduction;
  introduction.on_ready();
  if (!introduction.is_over()) {
    if (std::exchange(each->second.wants_write, introduction.wants_write()) == introduction.wants_write()) return;
    epoll_event event{.events = EPOLLIN, .data = {.u64 = each->first}};
    if (introduction.wants_write()) event.events |= EPOLLOUT;
    ::epoll_ctl(poll_.get(), EPOLL_CTL_MOD, introduction.descriptor(), &event);
    return;
  }
  ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, introduction.descriptor(), nullptr);
  if (introduction.status().ok()) {
    into.channels.push_back(std::make_unique<SocketChannel>(introduction.take_socket(), introduction.epoch(),
                                                            self_.roles, introduction.peer()));
  } else {
    into.refused.push_back(introduction.status());
  }
  pending_.erase(each);
}

void Listener::refuse_late(Time now, Arrived& into) {
  while (!pending_.empty() && pending_.begin()->second.until <= now) {
    into.refused.push_back(
        Status(ErrorCode::timeout,
               "a process that called at " + path_ + " did not say within 5 seconds who it is; is it Shoal at all?"));
    pending_.erase(pending_.begin());
  }
}

void Listener::poll_for_callers(bool wanted) {
  if (std::exchange(polled_, wanted) == wanted) return;
  epoll_event event{.events = EPOLLIN, .data = {.u64 = k_callers}};
  ::epoll_ctl(poll_.get(), wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, socket_.get(), &event);
}

}  // namespace shoal::net
