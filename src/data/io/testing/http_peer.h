#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/io/http_connection.h"
#include "data/io/posix_file.h"

// What tests of the HTTP client's parts need on the other end of a socket, and in place of the loop.
namespace shoal::data {

/// The server's end of one connection, driven by the test's own thread.
class HttpPeer {
 public:
  explicit HttpPeer(Fd fd) : fd_(std::move(fd)) {}

  /// Reads until the end of a request's head.
  std::string read_head() {
    std::string head;
    char c = 0;
    while (!head.ends_with("\r\n\r\n") && ::recv(fd_.get(), &c, 1, 0) == 1) head += c;
    return head;
  }
  void send(std::string_view bytes) {
    ASSERT_EQ(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void close() { fd_.reset(); }
  /// Closes so that the client's next write fails.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.reset();
  }

 private:
  Fd fd_;
};

/// A listening socket on 127.0.0.1.
class HttpListener {
 public:
  /// `backlog` 0: one connection that is not accepted makes it deaf.
  explicit HttpListener(int backlog = 16) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&here), size), 0);
    EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&here), &size), 0);
    EXPECT_EQ(::listen(fd_.get(), backlog), 0);
    std::memcpy(&address_.bytes, &here, size);
    address_.size = size;
    port_ = ntohs(here.sin_port);
  }

  int port() const { return port_; }
  const HostAddress& address() const { return address_; }
  /// A connection that came, or comes within 5 s.
  HttpPeer accept() {
    const bool came = has_connection(5'000);
    EXPECT_TRUE(came) << "no connection came";
    return HttpPeer(Fd(came ? ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC) : -1));
  }
  bool has_connection(int wait_ms = 0) {
    pollfd wanted{fd_.get(), POLLIN, 0};
    return ::poll(&wanted, 1, wait_ms) == 1;
  }
  /// Later connections are refused.
  void close() { fd_.reset(); }

 private:
  Fd fd_;
  int port_ = 0;
  HostAddress address_;
};

/// An epoll in place of the loop's: runs what came, at a time that the test says.
class TestEpoll {
 public:
  int fd() const { return fd_.get(); }
  /// Waits for events, 5 s at most, and gives them to their connections; false where none came.
  bool run_once(HttpClock::time_point now, int wait_ms = 5'000) {
    std::array<epoll_event, 16> events;
    const int count = ::epoll_wait(fd_.get(), events.data(), static_cast<int>(events.size()), wait_ms);
    for (int i = 0; i < count; ++i) {
      static_cast<HttpConnection*>(events[i].data.ptr)->on_events(events[i].events, scratch_, now);
    }
    return count > 0;
  }

 private:
  Fd fd_{::epoll_create1(EPOLL_CLOEXEC)};
  std::vector<std::uint8_t> scratch_ = std::vector<std::uint8_t>(64 * 1024);
};

/// A request without a body, and what became of it.
class TestExchange final : public HttpExchange {
 public:
  explicit TestExchange(HttpOrigin origin, std::string text = "")
      : origin_(std::move(origin)), text_(std::move(text)) {}

  const HttpOrigin& origin() const override { return origin_; }
  void write_head(std::string& out) override { out += "GET / HTTP/1.1\r\n\r\n"; }
  std::span<const std::uint8_t> body() const override {
    return {reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size()};
  }
  void on_reply(HttpReply& reply) override { status = reply.status; }
  void on_failure(const HttpFailure& failure) override { fault = failure.fault; }

  int status = 0;
  std::optional<HttpFault> fault;

 private:
  const HttpOrigin origin_;
  const std::string text_;
};

}  // namespace shoal::data
