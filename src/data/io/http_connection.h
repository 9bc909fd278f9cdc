#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/io/http_clock.h"
#include "data/io/http_exchange.h"
#include "data/io/http_reply.h"
#include "data/io/http_resolver.h"
#include "data/io/tls.h"

namespace shoal::data {

/// One socket to an origin, which carries one exchange at a time. Belongs to the loop's thread. It tells its owner
/// what happened and is then in the state that the call names; only the owner destroys it, and never inside a call.
class HttpConnection {
 public:
  enum class State : std::uint8_t { connecting, handshaking, idle, busy, dead };

  /// The pool that owns the connection.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_connected(HttpConnection& connection) = 0;
    /// The exchange has its reply; the connection is idle or dead.
    virtual void on_finished(HttpConnection& connection, std::shared_ptr<HttpExchange> exchange, HttpReply& reply) = 0;
    /// The connection is dead; `exchange` (may be null) did not get its reply.
    virtual void on_dead(HttpConnection& connection, std::shared_ptr<HttpExchange> exchange,
                         const HttpFailure& failure) = 0;
  };

  /// `tls` is null for plain HTTP. Tries the addresses in turn, beginning with number `first`.
  HttpConnection(Owner& owner, int epoll_fd, std::shared_ptr<TlsContext> tls, std::string host,
                 std::vector<HostAddress> addresses, std::size_t first);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Begins to connect; the answer comes to the owner, perhaps at once.
  void connect(HttpClock::time_point now);
  /// Sends a request. Precondition: idle.
  void start(std::shared_ptr<HttpExchange> exchange, HttpClock::time_point now);
  /// What epoll said. `scratch` is the loop's, at least 16 KiB.
  void on_events(std::uint32_t events, std::span<std::uint8_t> scratch, HttpClock::time_point now);
  /// Gives up an address that does not answer. Preconditions: connecting, has_other_address().
  void try_other_address(HttpClock::time_point now);
  /// Closes it for a reason of the owner's (a time-out, a cancelled exchange); on_dead follows.
  void close(const HttpFailure& failure);

  State state() const { return state_; }
  bool has_other_address() const { return tried_ < addresses_.size(); }
  /// When connect() was called, or the exchange that it carries was started.
  HttpClock::time_point began() const { return began_; }
  /// From then until the first byte of the reply that is finishing.
  HttpClock::duration waited() const { return heard_ - began_; }
  /// When something last moved, or the state changed.
  HttpClock::time_point moved() const { return moved_; }

 private:
  void try_next_address(std::string why);
  void on_connect_event();
  void step_handshake();
  void become_idle();
  void flush();
  IoResult write_some();
  void advance_written(std::size_t n);
  bool written() const { return head_sent_ == head_.size() && body_sent_ == body_.size(); }
  void receive(std::span<std::uint8_t> scratch);
  void hear_idle(std::span<std::uint8_t> scratch);
  IoResult read_some(std::span<std::uint8_t> into);
  /// False where the reply turned out to be none; the connection is dead then.
  bool take(std::span<const std::uint8_t> bytes);
  void finish();
  void on_broken(const IoResult& result, int error);
  void fail(HttpFault fault, std::string text);
  void watch(bool writable);
  void close_socket();

  Owner& owner_;
  const int epoll_fd_;
  const std::shared_ptr<TlsContext> tls_;
  const std::string host_;
  const std::vector<HostAddress> addresses_;
  std::size_t address_;
  std::size_t tried_ = 0;

  int fd_ = -1;
  bool watching_writable_ = false;
  State state_ = State::connecting;
  bool used_ = false;  // carried a reply before: its end may be the keep-alive's and no fault
  HttpClock::time_point began_;
  HttpClock::time_point heard_;  // began_ until the reply's first byte
  HttpClock::time_point moved_;
  std::unique_ptr<TlsSession> session_;

  std::shared_ptr<HttpExchange> exchange_;
  std::string head_;
  std::span<const std::uint8_t> body_;
  std::size_t head_sent_ = 0;
  std::size_t body_sent_ = 0;
  HttpReply reply_;
  HttpReplyReader reader_;
  std::string pending_;  // bytes of a head that is not complete
};

}  // namespace shoal::data
