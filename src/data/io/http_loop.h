#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread_safety.h"
#include "data/io/http_pool.h"

namespace shoal::data {

/// The thread that moves all bytes between this process and its object stores: one epoll, keep-alive connections per
/// origin, delayed sends. Owned by a client; the destructor stops it and fails what is under way with `cancelled`.
/// send, send_after and cancel may be called from any thread.
class HttpLoop : private HttpPool::Host {
 public:
  /// `tls` serves https origins; null refuses them. Errors: io (no epoll, no thread).
  static Result<std::unique_ptr<HttpLoop>> start(const HttpLimits& limits, std::shared_ptr<TlsContext> tls);
  ~HttpLoop() override;
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  /// Stops the thread; the destructor does it where nobody did. What is sent later is never answered.
  void stop();

  void send(std::shared_ptr<HttpExchange> exchange);
  /// All at once, with one wake-up of the thread.
  void send(std::vector<std::shared_ptr<HttpExchange>> exchanges);
  void send_after(std::shared_ptr<HttpExchange> exchange, HttpClock::duration delay);
  /// The exchange ends soon with `cancelled`, or with what it got at that moment.
  void cancel(std::shared_ptr<HttpExchange> exchange);

  bool on_loop_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  struct Command {
    enum class Kind : std::uint8_t { send, send_after, cancel } kind;
    std::shared_ptr<HttpExchange> exchange;
    HttpClock::time_point due{};
  };

  HttpLoop(const HttpLimits& limits, std::shared_ptr<TlsContext> tls, int epoll_fd, int wake_fd);
  int epoll_fd() const override { return epoll_fd_; }
  HttpClock::time_point now() const override { return now_; }
  void look_up(HttpPool& pool) override;
  void bury(std::unique_ptr<HttpConnection> connection) override { buried_.push_back(std::move(connection)); }

  void post(Command command);
  void wake();
  void run();
  void run_commands();
  void apply(Command& command);
  void run_timers();
  int wait_ms() const;
  HttpPool& pool_of(const HttpOrigin& origin);
  void stop_pools();

  const HttpLimits limits_;
  const std::shared_ptr<TlsContext> tls_;
  const int epoll_fd_;
  const int wake_fd_;

  // What other threads left.
  Mutex mutex_;
  std::vector<Command> commands_ GUARDED_BY(mutex_);
  std::vector<std::pair<HttpPool*, HostLookup>> lookups_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool woken_ GUARDED_BY(mutex_) = false;

  // The loop's thread only.
  HttpClock::time_point now_;
  HttpClock::time_point next_check_;
  std::map<HttpOrigin, std::unique_ptr<HttpPool>> pools_;
  std::multimap<HttpClock::time_point, std::shared_ptr<HttpExchange>> delayed_;
  std::vector<std::unique_ptr<HttpConnection>> buried_;

  HttpResolver resolver_;  // synchronised by itself
  std::thread thread_;
};

}  // namespace shoal::data
