#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/posix.h"
#include "net/socket_channel.h"

namespace shoal::net {

/// Two connected Unix sockets.
inline std::pair<Fd, Fd> socket_pair() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

inline Identity testing_identity(std::uint32_t n, Roles roles = Role::worker) {
  const std::array<std::uint8_t, 16> build{1};
  return {.process = {1, n}, .roles = roles, .program = Program::of(build).value_or_throw()};
}

/// What the socket of a channel is ready for at the moment.
inline short ready(const SocketChannel& channel) {
  pollfd on{.fd = channel.descriptor(), .events = POLLIN, .revents = 0};
  if (channel.wants_write()) on.events |= POLLOUT;
  return on.fd >= 0 && ::poll(&on, 1, 0) == 1 ? on.revents : short{0};
}

/// What a poller does once; whether bytes moved.
inline bool turn(SocketChannel& channel) {
  const short what = ready(channel);
  bool moved = false;
  if ((what & POLLOUT) != 0) {
    channel.on_writable();
    moved = true;
  }
  if ((what & ~POLLOUT) != 0) moved = channel.on_readable() || moved;
  return moved;
}

/// For ChannelSuite: two ends in one process, polled by settle().
class SocketFixture {
 public:
  void connect(std::uint64_t epoch) {
    auto [left, right] = socket_pair();
    left_ = std::make_unique<SocketChannel>(std::move(left), epoch, Role::worker, testing_identity(2));
    right_ = std::make_unique<SocketChannel>(std::move(right), epoch, Role::worker, testing_identity(1));
  }
  SocketChannel& left() { return *left_; }
  SocketChannel& right() { return *right_; }
  void settle() {
    for (bool moved = true; moved;) {
      moved = turn(*left_);
      moved = turn(*right_) || moved;
    }
  }
  void cut() { ::shutdown(left_->descriptor(), SHUT_RDWR); }

 private:
  std::unique_ptr<SocketChannel> left_, right_;
};

inline Frame small(std::uint64_t n, std::uint64_t acknowledged = 0) {
  return {{FrameKind::message, n, acknowledged}, wire::Retained{.task = {{1, 2}, n}, .attempt = 1}};
}
inline Frame large(std::uint64_t n, std::size_t bytes) {
  Payload value(bytes);
  std::memset(value.data(), static_cast<int>(n), bytes);
  return {{FrameKind::message, n, 0}, wire::ValueIs{.object = {{1, 2}, n, 0}, .value = std::move(value)}};
}
inline void send(Channel& channel, std::vector<Frame> frames) { channel.send(frames); }

/// Polls both ends until `done`; fails where nothing moves any more.
inline void run_until(SocketFixture& fixture, const std::function<bool()>& done, const std::function<void()>& step) {
  while (!done()) {
    bool moved = turn(fixture.left());
    moved = turn(fixture.right()) || moved;
    step();
    ASSERT_TRUE(moved || done()) << "it stands still";
  }
}

}  // namespace shoal::net
