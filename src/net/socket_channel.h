#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "base/posix.h"
#include "base/status.h"
#include "net/channel.h"
#include "net/handshake.h"
#include "net/read_buffer.h"
#include "net/write_queue.h"
#include "wire/frame.h"

namespace shoal::net {

/// One end of a channel over a connected stream socket, which it owns: Unix sockets today; nothing in it knows. It has no
/// thread. Whoever waits polls descriptor() for reading and, while wants_write(), for writing (level-triggered), and calls
///
///     receive()      where it is readable: reads the socket and gives all whole frames, or that it is broken
///     on_writable()  where it is writable
///
/// send() writes what the socket takes at once and keeps the rest. Where one thread polls and another receives, one at a
/// time, the first calls on_readable(), which reads ahead within a limit and wakes the other (set_wakeup()). Messages that
/// the peer's role may not say (roles.h), and bytes that mean nothing, end the channel.
class SocketChannel final : public Channel {
 public:
  /// `peer` as the handshake proved it; `self`: what this process is to it.
  SocketChannel(Fd socket, std::uint64_t epoch, Roles self, const Identity& peer);
  ~SocketChannel() override { close(); }

  std::uint64_t epoch() const override { return epoch_; }
  void send(std::vector<Frame>& frames) override;
  bool is_congested() const override { return congested_; }
  /// Takes what the socket has, but ends after a few megabytes: what is left is readable as before.
  void receive(Arrivals& into) override;
  void set_wakeup(std::function<void()> wakeup) override { wakeup_ = std::move(wakeup); }
  /// Where the socket is full, what was sent goes out behind it as long as somebody calls on_writable(); the destructor
  /// gives that up.
  void close() override;

  /// To be polled; -1 once there is nothing to wait for any more.
  int descriptor() const { return socket_.get(); }
  bool wants_write() const { return socket_.is_open() && !out_.empty(); }
  void on_writable();
  /// Whether something came; receive() has it.
  bool on_readable();

  /// Why it is over: unavailable where the peer left or died, corrupt_data, permission_denied for a message that is not
  /// the peer's to say, or an error of the system. Success while it is not, and after close().
  const Status& fault() const { return fault_; }
  const Identity& peer() const { return peer_; }

 private:
  bool read_some(std::size_t least);
  bool take_files(const msghdr& message);
  bool attach_files(wire::Message& message);
  std::size_t missing() const;
  bool take_frame(Arrivals& into);
  void take_record(const wire::FrameHeader& header, Arrivals& into);
  void flush();
  void end(Status fault);
  bool has_news() const;

  // Constant.
  const std::uint64_t epoch_;
  const Roles self_;
  const Identity peer_;
  std::function<void()> wakeup_;

  Fd socket_;
  Status fault_;
  bool ended_ = false;      // nothing more can be read
  bool cut_off_ = false;    // the peer reads no more
  bool closed_ = false;     // by this end
  bool congested_ = false;  // until half of it is gone
  bool told_broken_ = false;
  bool woken_ = false;  // since the last receive()

  ReadBuffer in_;
  std::deque<Fd> files_;            // that came with bytes of in_
  std::uint64_t acknowledged_ = 0;  // by the messages that come now
  WriteQueue out_;
};

}  // namespace shoal::net
