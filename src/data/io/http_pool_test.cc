#include "data/io/http_pool.h"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/io/testing/http_peer.h"

namespace shoal::data {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view k_ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// The pool's loop, at a time of the test's own.
class TestHost final : public HttpPool::Host {
 public:
  int epoll_fd() const override { return epoll.fd(); }
  HttpClock::time_point now() const override { return time; }
  void look_up(HttpPool&) override { ++lookups; }
  void bury(std::unique_ptr<HttpConnection> connection) override { buried.push_back(std::move(connection)); }

  TestEpoll epoll;
  HttpClock::time_point time{1h};
  int lookups = 0;
  std::vector<std::unique_ptr<HttpConnection>> buried;
};

/// Until it goes, the process can open no file and no socket.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

class HttpPoolTest : public ::testing::Test {
 protected:
  ~HttpPoolTest() override {
    if (pool_ != nullptr) pool_->stop();
  }

  void make_pool(std::string name, int connections_max = 256) {
    HttpLimits limits;
    limits.connections_max = connections_max;
    origin_ = {false, std::move(name), listener_.port()};
    pool_ = std::make_unique<HttpPool>(host_, origin_, nullptr, limits);
  }
  std::shared_ptr<TestExchange> send() {
    auto exchange = std::make_shared<TestExchange>(origin_);
    pool_->send(exchange);
    return exchange;
  }
  /// Runs events until `exchange` is over.
  void run_until_over(const TestExchange& exchange) {
    while (exchange.status == 0 && !exchange.fault && host_.epoll.run_once(host_.time)) {}
    ASSERT_TRUE(exchange.status != 0 || exchange.fault);
  }
  /// One connection with a request on it, which the server does not answer yet.
  HttpPeer occupy() {
    busy_ = send();
    host_.epoll.run_once(host_.time);
    HttpPeer peer = listener_.accept();
    peer.read_head();
    return peer;
  }
  void pass(HttpClock::duration time) {
    host_.time += time;
    pool_->check_times();
  }

  HttpListener listener_;
  TestHost host_;
  HttpOrigin origin_;
  std::unique_ptr<HttpPool> pool_;
  std::shared_ptr<TestExchange> busy_;
};

TEST_F(HttpPoolTest, AConnectionIsUsedAgain) {
  make_pool("127.0.0.1");
  HttpPeer peer = occupy();
  peer.send(k_ok);
  run_until_over(*busy_);
  EXPECT_EQ(busy_->status, 200);
  const auto next = send();
  peer.read_head();
  peer.send(k_ok);
  run_until_over(*next);
  EXPECT_EQ(next->status, 200);
  EXPECT_FALSE(listener_.has_connection());
}

TEST_F(HttpPoolTest, NoMoreConnectionsThanAllowed) {
  make_pool("127.0.0.1", 2);
  std::vector<std::shared_ptr<TestExchange>> exchanges;
  for (int i = 0; i < 5; ++i) exchanges.push_back(send());
  std::vector<HttpPeer> peers;
  for (int i = 0; i < 2; ++i) peers.push_back(listener_.accept());
  host_.epoll.run_once(host_.time);
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    HttpPeer& peer = peers[i % 2];
    peer.read_head();
    peer.send(k_ok);
    run_until_over(*exchanges[i]);
    EXPECT_EQ(exchanges[i]->status, 200);
  }
  EXPECT_FALSE(listener_.has_connection());
}

TEST_F(HttpPoolTest, AnOpenThatFailsAtOnceIsTriedAgainLaterWhileOthersWork) {
  make_pool("127.0.0.1");
  HttpPeer first = occupy();
  std::shared_ptr<TestExchange> waiting;
  {
    const NoMoreFiles none;
    waiting = send();  // without a pause this never returns
  }
  EXPECT_FALSE(waiting->fault);
  EXPECT_TRUE(pool_->wants_checks());
  pool_->check_times();
  EXPECT_FALSE(listener_.has_connection());
  pass(250ms);
  host_.epoll.run_once(host_.time);
  HttpPeer second = listener_.accept();
  second.read_head();
  second.send(k_ok);
  run_until_over(*waiting);
  EXPECT_EQ(waiting->status, 200);
}

TEST_F(HttpPoolTest, RefusedConnectionsAreNotAskedForInALoop) {
  make_pool("127.0.0.1");
  HttpPeer first = occupy();
  listener_.close();
  const auto waiting = send();
  for (int i = 0; i < 20; ++i) host_.epoll.run_once(host_.time, 0);
  EXPECT_EQ(host_.buried.size(), 1u);
  pass(250ms);
  for (int i = 0; i < 20; ++i) host_.epoll.run_once(host_.time, 0);
  EXPECT_EQ(host_.buried.size(), 2u);
  EXPECT_FALSE(waiting->fault) << "it waits for the connection that works";
  first.send(k_ok);
  run_until_over(*busy_);
  first.read_head();
  first.send(k_ok);
  run_until_over(*waiting);
  EXPECT_EQ(waiting->status, 200);
}

TEST_F(HttpPoolTest, WhereNoConnectionWorksAnyMoreThePauseIsOver) {
  make_pool("127.0.0.1");
  HttpPeer first = occupy();
  listener_.close();
  const auto waiting = send();
  while (host_.buried.empty() && host_.epoll.run_once(host_.time)) {}
  first.close();
  run_until_over(*waiting);
  EXPECT_EQ(busy_->fault, HttpFault::reset);
  EXPECT_EQ(waiting->fault, HttpFault::connect);
}

TEST_F(HttpPoolTest, OldAddressesAreGoodWhileALookUpFails) {
  make_pool("store.test");
  const auto early = send();
  EXPECT_EQ(host_.lookups, 1);
  pool_->on_lookup({{}, "no such host"});
  EXPECT_EQ(early->fault, HttpFault::resolve);
  busy_ = send();
  EXPECT_EQ(host_.lookups, 2);
  pool_->on_lookup({{listener_.address()}, ""});
  host_.epoll.run_once(host_.time);
  HttpPeer first = listener_.accept();

  host_.time += 61s;
  const auto later = send();
  EXPECT_EQ(host_.lookups, 3);
  pool_->on_lookup({{}, "no answer"});
  EXPECT_FALSE(later->fault);
  host_.epoll.run_once(host_.time);
  HttpPeer second = listener_.accept();
  second.read_head();
  second.send(k_ok);
  run_until_over(*later);
  EXPECT_EQ(later->status, 200);
}

TEST_F(HttpPoolTest, AnAddressThatDoesNotAnswerGivesWayToTheNext) {
  HttpListener deaf(0);
  const Fd filler(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const HostAddress& full = deaf.address();
  ASSERT_EQ(::connect(filler.get(), reinterpret_cast<const sockaddr*>(&full.bytes), full.size), 0);

  make_pool("store.test");
  const auto exchange = send();
  pool_->on_lookup({{deaf.address(), listener_.address()}, ""});
  pass(1s);
  EXPECT_FALSE(listener_.has_connection());
  pass(600ms);
  host_.epoll.run_once(host_.time);
  HttpPeer peer = listener_.accept();
  peer.read_head();
  peer.send(k_ok);
  run_until_over(*exchange);
  EXPECT_EQ(exchange->status, 200);

  const auto alone = std::make_shared<TestExchange>(origin_);
  HttpPool other(host_, origin_, nullptr, HttpLimits{});
  other.send(alone);
  other.on_lookup({{deaf.address()}, ""});
  host_.time += 4s;
  other.check_times();
  EXPECT_FALSE(alone->fault) << "the last address has all the time there is";
  host_.time += 1100ms;
  other.check_times();
  EXPECT_EQ(alone->fault, HttpFault::connect);
}

TEST_F(HttpPoolTest, SilenceIsGivenUp) {
  make_pool("127.0.0.1");
  HttpPeer peer = occupy();
  pass(29s);
  EXPECT_FALSE(busy_->fault);
  pass(2s);
  EXPECT_EQ(busy_->fault, HttpFault::silent);
}

}  // namespace
}  // namespace shoal::data
