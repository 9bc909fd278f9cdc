#include "data/io/http_loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace shoal::data {
namespace {

constexpr std::size_t k_scratch_bytes = 64 * 1024;
constexpr int k_events_max = 256;
constexpr std::chrono::milliseconds k_check_every{250};

}  // namespace

Result<std::unique_ptr<HttpLoop>> HttpLoop::start(const HttpLimits& limits, std::shared_ptr<TlsContext> tls) {
  const int epoll_fd = ::epoll_create1(EPOLL_CLOEXEC);
  const int wake_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_fd < 0 || wake_fd < 0 || ::epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event) != 0) {
    Status error(ErrorCode::io, std::string("no epoll for the object store's client: ") + std::strerror(errno));
    ::close(epoll_fd);
    ::close(wake_fd);
    return error;
  }
  std::unique_ptr<HttpLoop> loop(new HttpLoop(limits, std::move(tls), epoll_fd, wake_fd));
  try {
    const Lock lock(loop->mutex_);  // run() takes it first, so thread_ is set before anyone compares ids
    loop->thread_ = std::thread([raw = loop.get()] { raw->run(); });
  } catch (const std::system_error& error) {
    return Status(ErrorCode::io, std::string("no thread for the object store's client: ") + error.what());
  }
  return loop;
}

HttpLoop::HttpLoop(const HttpLimits& limits, std::shared_ptr<TlsContext> tls, int epoll_fd, int wake_fd)
    : limits_(limits), tls_(std::move(tls)), epoll_fd_(epoll_fd), wake_fd_(wake_fd) {}

HttpLoop::~HttpLoop() {
  stop();
  ::close(epoll_fd_);
  ::close(wake_fd_);
}

void HttpLoop::stop() {
  resolver_.stop();  // its answers come to this object
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
}

void HttpLoop::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_fd_, &one, sizeof one);
}

void HttpLoop::post(Command command) {
  bool must_wake = false;
  {
    const Lock lock(mutex_);
    commands_.push_back(std::move(command));
    must_wake = !std::exchange(woken_, true);
  }
  if (must_wake) wake();
}

void HttpLoop::send(std::shared_ptr<HttpExchange> exchange) {
  if (on_loop_thread()) return pool_of(exchange->origin()).send(std::move(exchange));
  post({Command::Kind::send, std::move(exchange)});
}

void HttpLoop::send(std::vector<std::shared_ptr<HttpExchange>> exchanges) {
  if (exchanges.empty()) return;
  bool must_wake = false;
  {
    const Lock lock(mutex_);
    for (auto& exchange : exchanges) commands_.push_back({Command::Kind::send, std::move(exchange)});
    must_wake = !std::exchange(woken_, true);
  }
  if (must_wake) wake();
}

void HttpLoop::send_after(std::shared_ptr<HttpExchange> exchange, HttpClock::duration delay) {
  Command command{Command::Kind::send_after, std::move(exchange), HttpClock::now() + delay};
  if (on_loop_thread()) return apply(command);
  post(std::move(command));
}

void HttpLoop::cancel(std::shared_ptr<HttpExchange> exchange) {
  exchange->cancelled_.store(true, std::memory_order_relaxed);
  post({Command::Kind::cancel, std::move(exchange)});
}

void HttpLoop::look_up(HttpPool& pool) {
  resolver_.resolve(pool.origin().host, pool.origin().port, [this, &pool](HostLookup lookup) {
    bool must_wake = false;
    {
      const Lock lock(mutex_);
      lookups_.emplace_back(&pool, std::move(lookup));
      must_wake = !std::exchange(woken_, true);
    }
    if (must_wake) wake();
  });
}

HttpPool& HttpLoop::pool_of(const HttpOrigin& origin) {
  std::unique_ptr<HttpPool>& pool = pools_[origin];
  if (pool == nullptr) pool.reset(new HttpPool(*this, origin, origin.tls ? tls_ : nullptr, limits_));
  return *pool;
}

void HttpLoop::apply(Command& command) {
  switch (command.kind) {
    case Command::Kind::send: {
      HttpPool& pool = pool_of(command.exchange->origin());
      return pool.send(std::move(command.exchange));
    }
    case Command::Kind::send_after: delayed_.emplace(command.due, std::move(command.exchange)); return;
    case Command::Kind::cancel: {
      const auto delayed = std::find_if(delayed_.begin(), delayed_.end(),
                                        [&](const auto& entry) { return entry.second == command.exchange; });
      if (delayed != delayed_.end()) {
        delayed_.erase(delayed);
        return command.exchange->on_failure({HttpFault::cancelled, "cancelled"});
      }
      return pool_of(command.exchange->origin()).cancel(*command.exchange);
    }
  }
}

void HttpLoop::run_commands() {
  std::vector<Command> commands;
  std::vector<std::pair<HttpPool*, HostLookup>> lookups;
  {
    const Lock lock(mutex_);
    commands.swap(commands_);
    lookups.swap(lookups_);
    woken_ = false;
  }
  for (auto& [pool, lookup] : lookups) pool->on_lookup(std::move(lookup));
  for (Command& command : commands) apply(command);
}

void HttpLoop::run_timers() {
  while (!delayed_.empty() && delayed_.begin()->first <= now_) {
    std::shared_ptr<HttpExchange> exchange = std::move(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
    pool_of(exchange->origin()).send(std::move(exchange));
  }
  if (now_ < next_check_) return;
  next_check_ = now_ + k_check_every;
  for (auto& [origin, pool] : pools_) pool->check_times();
}

int HttpLoop::wait_ms() const {
  auto until = HttpClock::time_point::max();
  const bool checks = std::any_of(pools_.begin(), pools_.end(),
                                  [](const auto& entry) { return entry.second->wants_checks(); });
  if (checks) until = next_check_;
  if (!delayed_.empty()) until = std::min(until, delayed_.begin()->first);
  if (until == HttpClock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now_).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void HttpLoop::run() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);  // signals are for the user's threads
  ::pthread_setname_np(::pthread_self(), "shoal-http");
  std::vector<std::uint8_t> scratch(k_scratch_bytes);
  std::array<epoll_event, k_events_max> events;
  while (true) {
    {
      const Lock lock(mutex_);
      if (stopping_) break;
    }
    now_ = HttpClock::now();
    const int count = ::epoll_wait(epoll_fd_, events.data(), k_events_max, wait_ms());
    now_ = HttpClock::now();
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<HttpConnection*>(events[i].data.ptr);
      if (connection != nullptr) {
        connection->on_events(events[i].events, scratch, now_);
        continue;
      }
      std::uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t n = ::read(wake_fd_, &ignored, sizeof ignored);
      run_commands();
    }
    run_timers();
    buried_.clear();
  }
  stop_pools();
}

void HttpLoop::stop_pools() {
  run_commands();
  for (auto& [origin, pool] : pools_) pool->stop();
  auto delayed = std::move(delayed_);
  delayed_.clear();
  for (auto& [due, exchange] : delayed) exchange->on_failure({HttpFault::cancelled, "the client stopped"});
  run_commands();
  buried_.clear();
}

}  // namespace shoal::data
