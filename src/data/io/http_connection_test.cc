#include "data/io/http_connection.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "data/io/testing/http_peer.h"

namespace shoal::data {
namespace {

class HttpConnectionTest : public ::testing::Test, public HttpConnection::Owner {
 protected:
  /// An idle connection, and the server's end of it.
  HttpPeer open() {
    connection_ = std::make_unique<HttpConnection>(*this, epoll_.fd(), nullptr, "127.0.0.1",
                                                   std::vector<HostAddress>{listener_.address()}, 0);
    connection_->connect(now_);
    while (!connected_ && epoll_.run_once(now_)) {}
    EXPECT_TRUE(connected_);
    return listener_.accept();
  }
  std::shared_ptr<TestExchange> start(std::string body = "") {
    auto exchange = std::make_shared<TestExchange>(HttpOrigin{}, std::move(body));
    connection_->start(exchange, now_);
    return exchange;
  }
  void run_until_over() {
    while (!over_ && epoll_.run_once(now_)) {}
    ASSERT_TRUE(over_);
  }

  void on_connected(HttpConnection&) override { connected_ = true; }
  void on_finished(HttpConnection&, std::shared_ptr<HttpExchange> exchange, HttpReply& reply) override {
    over_ = true;
    text_ = reply.text;
    exchange->on_reply(reply);
  }
  void on_dead(HttpConnection&, std::shared_ptr<HttpExchange> exchange, const HttpFailure& failure) override {
    over_ = true;
    if (exchange != nullptr) exchange->on_failure(failure);
  }

  HttpListener listener_;
  TestEpoll epoll_;
  const HttpClock::time_point now_{};
  std::unique_ptr<HttpConnection> connection_;
  bool connected_ = false;
  bool over_ = false;
  std::string text_;
};

TEST_F(HttpConnectionTest, CarriesOneExchangeAfterTheOther) {
  HttpPeer peer = open();
  for (int i = 0; i < 2; ++i) {
    over_ = false;
    const auto exchange = start();
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    run_until_over();
    EXPECT_EQ(exchange->status, 200);
    EXPECT_EQ(text_, "hi");
    EXPECT_EQ(connection_->state(), HttpConnection::State::idle);
  }
}

TEST_F(HttpConnectionTest, AnErrorWithoutALengthEndsWithTheConnection) {
  HttpPeer peer = open();
  const auto exchange = start();
  peer.read_head();
  peer.send("HTTP/1.0 502 Bad Gateway\r\n\r\nno luck");
  peer.close();
  run_until_over();
  EXPECT_EQ(exchange->status, 502);
  EXPECT_EQ(text_, "no luck");
  EXPECT_EQ(connection_->state(), HttpConnection::State::dead);
}

TEST_F(HttpConnectionTest, AReplyThatIsCutIsAReset) {
  HttpPeer peer = open();
  const auto exchange = start();
  peer.read_head();
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi");
  peer.close();
  run_until_over();
  EXPECT_EQ(exchange->fault, HttpFault::reset);
}

TEST_F(HttpConnectionTest, LastWordsOfAServerThatStoppedReadingAreHeardAndTheConnectionIsNotUsedAgain) {
  HttpPeer peer = open();
  peer.send("HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n");
  peer.reset();
  const auto exchange = start(std::string(1 << 20, 'x'));  // its first write fails
  run_until_over();
  EXPECT_EQ(exchange->status, 503);
  EXPECT_EQ(connection_->state(), HttpConnection::State::dead);
}

TEST_F(HttpConnectionTest, AnIdleConnectionThatTheServerClosedIsDead) {
  open().close();
  run_until_over();
  EXPECT_EQ(connection_->state(), HttpConnection::State::dead);
}

}  // namespace
}  // namespace shoal::data
