#pragma once

#include <cstddef>

#include "base/posix.h"
#include "base/status.h"
#include "net/handshake.h"

namespace shoal::net {

/// A connected socket whose peer has not proved yet who it is: the bytes of a handshake go through it and nothing else. No
/// call waits; one thread at a time.
class Introduction {
 public:
  Introduction(Fd socket, Handshake handshake);

  /// To be polled for reading and, while wants_write(), for writing.
  int descriptor() const { return socket_.get(); }
  bool wants_write() const { return !handshake_.output().empty(); }
  /// Call where the socket is ready. Once is_over() it has nothing more to do.
  void on_ready();

  bool is_over() const { return over_; }
  /// Success where the peer is known. Errors: those of Handshake::status(); unavailable where the peer left.
  const Status& status() const { return status_; }
  const Identity& peer() const { return handshake_.peer(); }
  std::uint64_t epoch() const { return handshake_.epoch(); }
  /// What the peer sends behind its handshake is still in it.
  Fd take_socket() { return std::move(socket_); }

 private:
  void write();
  bool read();
  void end(Status status);

  Fd socket_;
  Handshake handshake_;
  Status status_;
  bool over_ = false;
};

/// Refuses who is at the other end of a Unix socket unless it runs as the same user. Errors: permission_denied.
Status check_user(const Fd& socket);

}  // namespace shoal::net
