#include "shell/peers.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "net/connector.h"

namespace shoal::shell {
namespace {

constexpr ProcessId k_node{1, 0}, k_self{1, 2}, k_other{1, 3};

net::Identity worker(ProcessId id) { return {.process = id, .roles = net::Role::worker, .program = this_build()}; }

/// The channel of a call by k_self.
std::unique_ptr<net::SocketChannel> let_in(net::Listener& listener) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < deadline) {
    net::Listener::Arrived arrived;
    listener.on_ready(now(), arrived);
    for (auto& channel : arrived.channels) {
      if (channel->peer().process == k_self) return std::move(channel);
    }
    pollfd ready{.fd = listener.descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, 10);
  }
  return nullptr;
}

TEST(Peers, CallAgainWhereTooManyCallAtOnce) {
  const net::Token token = net::Token::make();
  const std::string meeting = make_meeting();
  Surroundings around{{}};
  around.reader = std::make_unique<Reader>();
  Peers peers(around, {k_self, k_node, meeting}, token);

  const std::string path = meeting + "-3";
  const auto listener = net::Listener::open(path, token, worker(k_other)).value_or_throw();
  std::vector<std::unique_ptr<net::Connector>> strangers;
  while (true) {
    auto stranger = net::Connector::start(path, token, worker({1, 4}), {.wanted = k_other, .epoch = 1});
    if (!stranger.ok()) {
      ASSERT_EQ(stranger.status().code(), ErrorCode::throttled);
      break;
    }
    strangers.push_back(std::move(*stranger));
  }
  std::vector<wire::Envelope> messages;
  messages.push_back({k_other, wire::BorrowDrop{}});
  around.network.send(k_self, messages);
  around.network.serve_posted();
  strangers.clear();

  const auto channel = let_in(*listener);
  ASSERT_NE(channel, nullptr);
  net::Arrivals arrivals;
  while (arrivals.frames.empty() && !arrivals.broken) {
    pollfd ready{.fd = channel->descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, -1);
    channel->receive(arrivals);
  }
  ASSERT_EQ(arrivals.frames.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<wire::BorrowDrop>(arrivals.frames[0].message));
}

}  // namespace
}  // namespace shoal::shell
