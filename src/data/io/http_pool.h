#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/io/http_concurrency.h"
#include "data/io/http_connection.h"
#include "data/io/http_exchange.h"

namespace shoal::data {

/// Limits and times of connections; the same for every origin of a loop.
struct HttpLimits {
  int connections_max = 256;                        ///< To one origin.
  std::chrono::milliseconds connect_max{5'000};     ///< For connecting to all addresses, and for the TLS handshake.
  std::chrono::milliseconds address_max{1'500};     ///< For one address, where there is another to try.
  std::chrono::milliseconds silence_max{30'000};    ///< Within which something must move while a reply is awaited.
  std::chrono::milliseconds idle_max{20'000};       ///< Servers close after 30 s and more; we go first.
  std::chrono::milliseconds addresses_max{60'000};  ///< Age at which a host is looked up again.
};

/// The connections to one origin and the exchanges that wait for one. Belongs to the loop's thread.
/// The connection that was used last is used next, so that the others can close when there is little to do.
class HttpPool : private HttpConnection::Owner {
 public:
  /// What the pool needs of its loop.
  class Host {
   public:
    virtual ~Host() = default;
    virtual int epoll_fd() const = 0;
    virtual HttpClock::time_point now() const = 0;
    /// Looks the origin up; pool.on_lookup() follows on the loop's thread.
    virtual void look_up(HttpPool& pool) = 0;
    /// Destroys it when no call of it is on the stack.
    virtual void bury(std::unique_ptr<HttpConnection> connection) = 0;
  };

  HttpPool(Host& host, HttpOrigin origin, std::shared_ptr<TlsContext> tls, const HttpLimits& limits);
  ~HttpPool() override;
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  void send(std::shared_ptr<HttpExchange> exchange);
  /// Ends an exchange with `cancelled`, whether it waits or is on a connection (which is closed then).
  void cancel(HttpExchange& exchange);
  void on_lookup(HostLookup lookup);
  /// Ends what took too long, and opens connections whose time has come. Called every quarter of a second while
  /// wants_checks().
  void check_times();
  /// Fails everything with `cancelled`.
  void stop();

  const HttpOrigin& origin() const { return origin_; }
  bool wants_checks() const { return !connections_.empty() || !waiting_.empty(); }

 private:
  void on_connected(HttpConnection& connection) override;
  void on_finished(HttpConnection& connection, std::shared_ptr<HttpExchange> exchange, HttpReply& reply) override;
  void on_dead(HttpConnection& connection, std::shared_ptr<HttpExchange> exchange, const HttpFailure& failure) override;
  void dispatch();
  void assign(HttpConnection& connection);
  /// As many are under way as may be.
  bool is_full() const { return busy_ >= static_cast<std::size_t>(concurrency_.limit()); }
  /// The limit is what holds requests back. A few connections that are just being replaced do not count; while many
  /// are set up, or more are under way than a limit that fell allows, a rate would tell nothing about the limit.
  bool is_held_back() const {
    const auto limit = static_cast<std::size_t>(concurrency_.limit());
    return !waiting_.empty() && busy_ <= limit && 8 * busy_ >= 7 * limit;
  }
  bool may_open() const;
  void open_connection();
  void remove(HttpConnection& connection);
  bool any_established() const;
  void fail_waiting(const HttpFailure& failure, std::size_t count);
  void drop_cancelled();
  std::shared_ptr<HttpExchange> take_waiting();

  Host& host_;
  const HttpOrigin origin_;
  const std::shared_ptr<TlsContext> tls_;
  const HttpLimits limits_;

  std::multimap<std::uint64_t, std::shared_ptr<HttpExchange>> waiting_;  // by queue_order(), equal ones as they came
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::vector<HttpConnection*> idle_;
  std::size_t opening_ = 0;
  std::size_t busy_ = 0;
  HttpConcurrency concurrency_;
  HttpClock::time_point no_open_before_{};  // the last attempt failed while other connections worked
  std::vector<HostAddress> addresses_;
  HttpClock::time_point addresses_until_{};
  std::size_t next_address_ = 0;
  bool looking_up_ = false;
  bool dispatching_ = false;
  bool stopped_ = false;
};

}  // namespace shoal::data
