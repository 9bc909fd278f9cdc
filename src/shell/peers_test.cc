#include "shell/peers.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "base/posix.h"
#include "net/connector.h"
#include "net/socket_path.h"

namespace shoal::shell {
namespace {

constexpr ProcessId k_node{1, 0}, k_self{1, 2}, k_other{1, 3};

net::Identity worker(ProcessId id) { return {.process = id, .roles = net::Role::worker, .program = this_build()}; }

/// A message for k_other, which is called for that.
void send_something(Surroundings& around) {
  std::vector<wire::Envelope> messages;
  messages.push_back({k_other, wire::BorrowDrop{}});
  around.network.send(k_self, messages);
  around.network.serve_posted();
}

/// Where k_self lives. As in a worker, it ends with the process: a thread may be in a link at any time.
struct Place {
  static Place& of(const std::string& meeting, const net::Token& token) {
    static std::vector<Place*> all;
    return *all.emplace_back(new Place(meeting, token));
  }

  Place(const std::string& meeting, const net::Token& token) {
    around.reader = std::make_unique<Reader>();
    peers = std::make_unique<Peers>(around, Peers::Place{k_self, k_node, meeting}, token);
  }

  Surroundings around{{}};
  std::unique_ptr<Peers> peers;
};

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
  Place& place = Place::of(meeting, token);

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
  send_something(place.around);
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

// As a process that stood still for longer than a handshake may take.
TEST(Peers, CallAgainWhereACallWasNotAnswered) {
  const net::Token token = net::Token::make();
  const std::string meeting = make_meeting();
  const sockaddr_un address = net::unix_address(meeting + "-3").value_or_throw();
  const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);

  Place& place = Place::of(meeting, token);
  send_something(place.around);
  for (int calls = 0; calls < 3; ++calls) {
    pollfd called{.fd = listener.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&called, 1, 30'000), 1);
    const Fd hung_up(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(hung_up.is_open());
  }
}

}  // namespace
}  // namespace shoal::shell
