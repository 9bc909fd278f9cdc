#include "data/io/http_pool.h"

#include <algorithm>
#include <utility>

namespace shoal::data {
namespace {

/// Between attempts to open one more connection where the others work: no descriptors, or a server that limits them.
constexpr std::chrono::milliseconds k_open_pause{250};

}  // namespace

HttpPool::HttpPool(Host& host, HttpOrigin origin, std::shared_ptr<TlsContext> tls, const HttpLimits& limits)
    : host_(host),
      origin_(std::move(origin)),
      tls_(std::move(tls)),
      limits_(limits),
      concurrency_(limits.connections_max) {}

HttpPool::~HttpPool() = default;

void HttpPool::send(std::shared_ptr<HttpExchange> exchange) {
  if (stopped_) return exchange->on_failure({HttpFault::cancelled, "the client stopped"});
  if (origin_.tls && tls_ == nullptr) return exchange->on_failure({HttpFault::tls, "this client has no TLS"});
  const std::uint64_t order = exchange->queue_order();
  waiting_.emplace(order, std::move(exchange));
  dispatch();
}

void HttpPool::drop_cancelled() {
  while (!waiting_.empty() && waiting_.begin()->second->cancelled_.load(std::memory_order_relaxed)) {
    take_waiting()->on_failure({HttpFault::cancelled, "cancelled"});
  }
}

std::shared_ptr<HttpExchange> HttpPool::take_waiting() {
  return std::move(waiting_.extract(waiting_.begin()).mapped());
}

void HttpPool::dispatch() {
  if (dispatching_) return;  // a callback sent more; the loop below sees it
  dispatching_ = true;
  for (drop_cancelled(); !waiting_.empty() && !is_full(); drop_cancelled()) {
    if (!idle_.empty()) {
      HttpConnection& connection = *idle_.back();
      idle_.pop_back();
      assign(connection);
    } else if (may_open()) {
      open_connection();
    } else {
      break;
    }
  }
  dispatching_ = false;
}

void HttpPool::assign(HttpConnection& connection) {
  std::shared_ptr<HttpExchange> exchange = take_waiting();
  exchange->connection_ = &connection;
  ++busy_;
  connection.start(std::move(exchange), host_.now());
}

bool HttpPool::may_open() const {
  return !stopped_ && !looking_up_ && opening_ < waiting_.size() &&
         busy_ + opening_ < static_cast<std::size_t>(concurrency_.limit()) &&
         (host_.now() >= no_open_before_ || !any_established());
}

void HttpPool::open_connection() {
  if (host_.now() >= addresses_until_) {
    HostLookup spelled = parse_address(origin_.host, origin_.port);
    if (spelled.addresses.empty()) {
      looking_up_ = true;
      return host_.look_up(*this);
    }
    addresses_ = std::move(spelled.addresses);
    addresses_until_ = HttpClock::time_point::max();
  }
  ++opening_;
  connections_.emplace_back(
      new HttpConnection(*this, host_.epoll_fd(), tls_, origin_.host, addresses_, next_address_++));
  connections_.back()->connect(host_.now());
}

void HttpPool::on_lookup(HostLookup lookup) {
  looking_up_ = false;
  addresses_until_ = host_.now() + limits_.addresses_max;
  if (!lookup.addresses.empty()) {
    addresses_ = std::move(lookup.addresses);
  } else if (addresses_.empty()) {  // else the old ones may still be right
    addresses_until_ = {};
    fail_waiting({HttpFault::resolve, "the name " + origin_.host + " cannot be resolved: " + lookup.error},
                 waiting_.size());
  }
  dispatch();
}

void HttpPool::fail_waiting(const HttpFailure& failure, std::size_t count) {
  for (; count > 0 && !waiting_.empty(); --count) take_waiting()->on_failure(failure);
}

void HttpPool::on_connected(HttpConnection& connection) {
  --opening_;
  idle_.push_back(&connection);
  dispatch();
}

void HttpPool::on_finished(HttpConnection& connection, std::shared_ptr<HttpExchange> exchange, HttpReply& reply) {
  exchange->connection_ = nullptr;
  if (reply.status == 429 || reply.status == 503) {
    concurrency_.on_throttled(host_.now());
  } else {
    const auto sent = static_cast<std::int64_t>(exchange->body().size());
    concurrency_.on_reply(host_.now(), connection.waited(), sent + reply.body_size, is_held_back());
  }
  --busy_;
  if (connection.state() == HttpConnection::State::idle) {
    idle_.push_back(&connection);
  } else {
    remove(connection);
  }
  if (exchange->cancelled_.load(std::memory_order_relaxed)) {
    exchange->on_failure({HttpFault::cancelled, "cancelled"});
  } else {
    exchange->on_reply(reply);
  }
  dispatch();
}

bool HttpPool::any_established() const {
  return std::any_of(connections_.begin(), connections_.end(), [](const auto& connection) {
    return connection->state() == HttpConnection::State::idle || connection->state() == HttpConnection::State::busy;
  });
}

void HttpPool::on_dead(HttpConnection& connection, std::shared_ptr<HttpExchange> exchange, const HttpFailure& failure) {
  const auto idle = std::find(idle_.begin(), idle_.end(), &connection);
  const bool was_idle = idle != idle_.end();
  if (was_idle) idle_.erase(idle);
  remove(connection);
  if (exchange != nullptr) {
    exchange->connection_ = nullptr;
    --busy_;
    exchange->on_failure(failure);
  } else if (!was_idle) {  // it never came up
    --opening_;
    addresses_until_ = {};  // the host may have moved
    // While other connections work, the waiting exchanges wait for those: a server may just limit their number.
    if (any_established()) {
      no_open_before_ = host_.now() + k_open_pause;
    } else {
      fail_waiting(failure, 1);
    }
  }
  dispatch();
}

void HttpPool::remove(HttpConnection& connection) {
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [&](const auto& owned) { return owned.get() == &connection; });
  std::swap(*found, connections_.back());
  host_.bury(std::move(connections_.back()));
  connections_.pop_back();
}

void HttpPool::cancel(HttpExchange& exchange) {
  if (exchange.connection_ != nullptr) return exchange.connection_->close({HttpFault::cancelled, "cancelled"});
  const auto waits = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const auto& entry) { return entry.second.get() == &exchange; });
  if (waits == waiting_.end()) return;
  const std::shared_ptr<HttpExchange> dropped = std::move(waits->second);
  waiting_.erase(waits);
  dropped->on_failure({HttpFault::cancelled, "cancelled"});
}

void HttpPool::check_times() {
  using State = HttpConnection::State;
  std::vector<HttpConnection*> all;
  for (const auto& connection : connections_) all.push_back(connection.get());
  const HttpClock::time_point now = host_.now();
  for (HttpConnection* connection : all) {
    const auto still = now - connection->moved();
    switch (connection->state()) {
      case State::connecting:
        if (now - connection->began() > limits_.connect_max) {
          connection->close({HttpFault::connect, "no answer to connect in time"});
        } else if (still > limits_.address_max && connection->has_other_address()) {
          connection->try_other_address(now);
        }
        break;
      case State::handshaking:
        if (still > limits_.connect_max)
          connection->close({HttpFault::connect, "no answer to the TLS handshake in time"});
        break;
      case State::busy:
        if (still > limits_.silence_max) connection->close({HttpFault::silent, "no byte came in time"});
        break;
      case State::idle:
        if (still > limits_.idle_max) connection->close({HttpFault::stale, "idle"});
        break;
      case State::dead: break;
    }
  }
  dispatch();
}

void HttpPool::stop() {
  stopped_ = true;
  while (!connections_.empty()) connections_.back()->close({HttpFault::cancelled, "the client stopped"});
  fail_waiting({HttpFault::cancelled, "the client stopped"}, waiting_.size());
}

}  // namespace shoal::data
