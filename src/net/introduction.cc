#include "net/introduction.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <utility>

namespace shoal::net {

Introduction::Introduction(Fd socket, Handshake handshake)
    : socket_(std::move(socket)), handshake_(std::move(handshake)) {}

void Introduction::on_ready() {
  if (over_) return;
  do { write(); } while (!over_ && read());
  if (over_) return;
  const bool is_failed = !handshake_.status().ok();
  if (is_failed || (handshake_.is_done() && !wants_write())) end(handshake_.status());
}

void Introduction::write() {
  while (wants_write()) {
    const std::span<const std::uint8_t> rest = handshake_.output();
    const ssize_t count = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      handshake_.on_sent(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      // A peer that does not listen may have said why, and the end of the connection is seen by read().
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EPIPE || errno == ECONNRESET) return;
      return end(errno_status(errno, "write to", "a connection that begins"));
    }
  }
}

/// Whether something came. Not a byte more is read than the handshake wants: what follows belongs to a channel.
bool Introduction::read() {
  std::array<std::uint8_t, k_hello_bytes_max> bytes;
  const std::size_t wanted = std::min(handshake_.wanted(), bytes.size());
  if (wanted == 0) return false;
  ssize_t count = 0;
  do { count = ::recv(socket_.get(), bytes.data(), wanted, MSG_DONTWAIT); } while (count < 0 && errno == EINTR);
  if (count > 0) {
    handshake_.on_bytes(std::span(bytes).first(static_cast<std::size_t>(count)));
    return true;
  }
  if (count == 0 || errno == ECONNRESET) {
    end(Status(ErrorCode::unavailable,
               "a process closed its connection before it had proved to know the token; it ended, or its log says what "
               "it does not like here"));
  } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
    end(errno_status(errno, "read from", "a connection that begins"));
  }
  return false;
}

void Introduction::end(Status status) {
  status_ = std::move(status);
  over_ = true;
}

Status check_user(const Fd& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return errno_status(errno, "ask for the peer of", "a connection that begins");
  }
  if (peer.uid == ::geteuid()) return {};
  return Status(ErrorCode::permission_denied,
                "process " + std::to_string(peer.pid) + " of user " + std::to_string(peer.uid) +
                    " is at the other end of a connection, and this process runs as user " +
                    std::to_string(::geteuid()) + "; all processes of a cluster on one machine run as one user");
}

}  // namespace shoal::net
