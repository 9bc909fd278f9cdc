#include "net/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/child.h"
#include "base/testing/temp_folder.h"
#include "net/connector.h"
#include "net/limits.h"
#include "net/socket_path.h"
#include "net/testing/channel_suite.h"
#include "net/testing/socket_pair.h"

namespace shoal::net {
namespace {

Token token_of(char digit) { return Token::from_hex(std::string(64, digit)).value_or_throw(); }

struct Place {
  TempFolder folder{};
  std::string path = folder / "w4";
  std::unique_ptr<Listener> listener = Listener::open(path, token_of('a'), testing_identity(4)).value_or_throw();
  Listener::Arrived arrived{};
  Time now = 0;

  Result<std::unique_ptr<Connector>> start(std::uint64_t epoch = 1, char token = 'a') const {
    return Connector::start(path, token_of(token), testing_identity(1), {.wanted = {1, 4}, .epoch = epoch});
  }
  /// Both sides, until nothing is left to do.
  void settle(Connector& connector) {
    for (int i = 0; i < 4; ++i) {
      listener->on_ready(now, arrived);
      connector.on_ready();
    }
    listener->on_ready(now, arrived);
  }
  bool is_readable() const {
    pollfd on{.fd = listener->descriptor(), .events = POLLIN, .revents = 0};
    return ::poll(&on, 1, 0) == 1;
  }
  /// A caller that says nothing.
  Fd call() const {
    Fd socket = unix_socket().value_or_throw();
    sockaddr_un address = unix_address(path).value_or_throw();
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  std::vector<ErrorCode> refused() {
    std::vector<ErrorCode> codes;
    for (const Status& status : std::exchange(arrived.refused, {})) codes.push_back(status.code());
    return codes;
  }
};
using Codes = std::vector<ErrorCode>;

class ListenerFixture {
 public:
  void connect(std::uint64_t epoch) {
    place_.arrived = {};
    caller_.reset();
    auto connector = place_.start(epoch).value_or_throw();
    place_.settle(*connector);
    caller_ = connector->take().value_or_throw();
    ASSERT_EQ(place_.arrived.channels.size(), 1u);
  }
  SocketChannel& left() { return *caller_; }
  SocketChannel& right() { return *place_.arrived.channels.front(); }
  void settle() {
    for (bool moved = true; moved;) {
      moved = turn(left());
      moved = turn(right()) || moved;
    }
  }
  void cut() { ::shutdown(left().descriptor(), SHUT_RDWR); }

 private:
  Place place_;
  std::unique_ptr<SocketChannel> caller_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Listener, ChannelSuite, ListenerFixture);

TEST(Listener, BothEndsKnowWhoIsThere) {
  Place place;
  auto connector = place.start(7).value_or_throw();
  EXPECT_FALSE(connector->is_over());
  place.settle(*connector);
  ASSERT_TRUE(connector->is_over());
  const auto caller = connector->take().value_or_throw();
  ASSERT_EQ(place.arrived.channels.size(), 1u);
  EXPECT_EQ(place.arrived.channels[0]->peer(), testing_identity(1));
  EXPECT_EQ(place.arrived.channels[0]->epoch(), 7u);
  EXPECT_EQ(caller->peer(), testing_identity(4));
  EXPECT_EQ(caller->epoch(), 7u);
  EXPECT_FALSE(place.listener->next_time());
  EXPECT_FALSE(place.is_readable());
}

TEST(Listener, WhatACallerSendsAtOnceIsNotLost) {
  Place place;
  auto connector = place.start().value_or_throw();
  place.listener->on_ready(0, place.arrived);
  connector->on_ready();
  const auto caller = connector->take().value_or_throw();
  send(*caller, {small(1), small(2)});
  place.listener->on_ready(0, place.arrived);
  ASSERT_EQ(place.arrived.channels.size(), 1u);
  Arrivals arrivals;
  place.arrived.channels[0]->receive(arrivals);
  EXPECT_EQ(arrivals.frames.size(), 2u);
}

TEST(Listener, AnotherTokenIsRefusedOnBothSides) {
  Place place;
  auto connector = place.start(1, 'b').value_or_throw();
  place.settle(*connector);
  EXPECT_EQ(connector->take().status().code(), ErrorCode::permission_denied);
  EXPECT_TRUE(place.refused().empty()) << "it waits for the proof";
  connector.reset();
  place.listener->on_ready(0, place.arrived);
  EXPECT_EQ(place.refused(), Codes({ErrorCode::unavailable}));
  EXPECT_TRUE(place.arrived.channels.empty());
}

TEST(Listener, AnotherProcessThanWasWantedIsRefusedOnBothSides) {
  Place place;
  auto connector = Connector::start(place.path, token_of('a'), testing_identity(1), {.wanted = {1, 5}, .epoch = 1});
  ASSERT_TRUE(connector.ok());
  place.settle(**connector);
  EXPECT_EQ((*connector)->take().status().code(), ErrorCode::not_found);
  EXPECT_EQ(place.refused(), Codes({ErrorCode::not_found}));
}

TEST(Listener, WhoSaysNothingOrNonsenseIsSentAway) {
  Place place;
  const Fd silent = place.call(), slow = place.call(), wrong = place.call(), long_hello = place.call();
  Fd gone = place.call();
  ASSERT_EQ(::send(slow.get(), "shol", 4, 0), 4);
  ASSERT_EQ(::send(wrong.get(), "GET / HTTP/1.1\r\n", 16, 0), 16);
  ASSERT_EQ(::send(long_hello.get(), "shol\1\0\377\377", 8, 0), 8);
  gone.reset();
  place.listener->on_ready(0, place.arrived);
  EXPECT_EQ(place.refused(), Codes({ErrorCode::corrupt_data, ErrorCode::corrupt_data, ErrorCode::unavailable}));
  EXPECT_EQ(place.listener->next_time(), k_handshake_ns_max);
  ASSERT_EQ(::send(slow.get(), "\1", 1, 0), 1) << "a byte now and then does not help";
  place.listener->on_ready(k_handshake_ns_max - 1, place.arrived);
  EXPECT_TRUE(place.refused().empty());
  place.listener->on_ready(k_handshake_ns_max, place.arrived);
  EXPECT_EQ(place.refused(), Codes({ErrorCode::timeout, ErrorCode::timeout}));
  char byte = 0;
  EXPECT_EQ(::recv(silent.get(), &byte, 1, 0), 0) << "the connection is closed";
  EXPECT_FALSE(place.listener->next_time());
}

TEST(Listener, SoManyMayBeUnknownAtOnceAndOthersWait) {
  Place place;
  std::vector<Fd> silent;
  for (std::size_t i = 0; i < k_pending_max; ++i) {
    silent.push_back(place.call());
    place.listener->on_ready(0, place.arrived);
  }
  auto connector = place.start().value_or_throw();
  place.settle(*connector);
  EXPECT_FALSE(connector->is_over()) << "nobody lets it in";
  EXPECT_FALSE(place.is_readable()) << "and nobody is woken for it";
  silent.back().reset();
  EXPECT_TRUE(place.is_readable());
  place.settle(*connector);
  EXPECT_EQ(place.arrived.channels.size(), 1u) << "one place is free";
  EXPECT_TRUE(connector->take().ok());
  place.now = k_handshake_ns_max;
  place.listener->on_ready(place.now, place.arrived);
  EXPECT_EQ(place.arrived.refused.size(), k_pending_max);
}

TEST(Listener, WithoutDescriptorsItPauses) {
  Place place;
  auto connector = place.start().value_or_throw();
  // Also for the sanitizer, which needs descriptors to look at a class that it has not met.
  ASSERT_EQ(errno_status(EMFILE, "open", "it").code(), ErrorCode::io);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  place.listener->on_ready(0, place.arrived);
  place.listener->on_ready(1, place.arrived);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(place.refused(), Codes({ErrorCode::io})) << "said once";
  EXPECT_FALSE(place.is_readable()) << "else whoever polls it would run in circles";
  ASSERT_EQ(place.listener->next_time(), k_accept_pause_ns);
  place.now = k_accept_pause_ns;
  place.settle(*connector);
  EXPECT_EQ(place.arrived.channels.size(), 1u);
  EXPECT_TRUE(connector->take().ok()) << "who called meanwhile is let in";
}

TEST(Listener, OnlyItsUserCanReachIt) {
  const TempFolder folder;
  const std::string path = folder / "new" + "/w1";
  const auto listener = Listener::open(path, token_of('a'), testing_identity(1)).value_or_throw();
  struct stat found{};
  ASSERT_EQ(::stat((folder / "new").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0700u);
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600u);
}

TEST(Listener, FoldersOfOthersAreRefused) {
  const TempFolder folder;
  const auto open = [](const std::string& path) {
    return Listener::open(path, token_of('a'), testing_identity(1)).status().code();
  };
  for (const mode_t mode : {0755u, 0710u, 0701u, 01700u}) {
    ASSERT_EQ(::chmod(folder.path().c_str(), mode), 0);
    EXPECT_EQ(open(folder / "w1"), ErrorCode::permission_denied) << mode;
  }
  ASSERT_EQ(::chmod(folder.path().c_str(), 0700), 0);
  EXPECT_EQ(open(folder / "w1"), ErrorCode::ok);
  std::filesystem::create_directory_symlink(folder.path(), folder / "link");
  EXPECT_NE(open(folder / "link" + "/w1"), ErrorCode::ok) << "a link";
  EXPECT_EQ(open(folder / "none" + "/none/w1"), ErrorCode::not_found);
  for (const char* path : {"", "w1", "/w1", "/tmp/"}) EXPECT_EQ(open(path), ErrorCode::invalid_argument) << path;
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a folder of another user";
  ASSERT_EQ(::chown(folder.path().c_str(), 65'534, 65'534), 0);
  EXPECT_EQ(open(folder / "w1"), ErrorCode::permission_denied);
}

TEST(Listener, PathsHaveAtMost107Bytes) {
  const TempFolder folder;
  const auto path = [&](std::size_t bytes) { return folder / std::string(bytes - folder.path().size() - 1, 'x'); };
  EXPECT_TRUE(Listener::open(path(107), token_of('a'), testing_identity(1)).ok());
  EXPECT_EQ(Listener::open(path(108), token_of('a'), testing_identity(1)).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(connect(path(108), token_of('a'), testing_identity(1), {{1, 1}, 1}).status().code(),
            ErrorCode::invalid_argument);
}

TEST(Listener, ItsFileGoesWithIt) {
  Place place;
  EXPECT_TRUE(std::filesystem::exists(place.path));
  place.listener.reset();
  EXPECT_FALSE(std::filesystem::exists(place.path));
  EXPECT_EQ(place.start().status().code(), ErrorCode::not_found);
}

TEST(Listener, UnderANameNothingIsInTheFileSystem) {
  const std::string name = "@shoal-net-test-" + std::to_string(::getpid());
  auto listener = Listener::open(name, token_of('a'), testing_identity(4)).value_or_throw();
  EXPECT_FALSE(Listener::open(name, token_of('a'), testing_identity(4)).ok()) << "another one listens";
  EXPECT_FALSE(std::filesystem::exists(name));
  auto caller =
      Connector::start(name, token_of('a'), testing_identity(1), {.wanted = {1, 4}, .epoch = 1}).value_or_throw();
  Listener::Arrived arrived;
  for (int i = 0; i < 4; ++i) {
    listener->on_ready(0, arrived);
    caller->on_ready();
  }
  listener->on_ready(0, arrived);
  EXPECT_TRUE(caller->take().ok());
  EXPECT_EQ(arrived.channels.size(), 1U);
  listener.reset();
  EXPECT_FALSE(Connector::start(name, token_of('a'), testing_identity(1), {.wanted = {1, 4}, .epoch = 2}).ok());
}

TEST(Listener, ReplacesWhatADeadProcessLeftAndNothingElse) {
  Place place;
  const auto again = [&] { return Listener::open(place.path, token_of('a'), testing_identity(4)); };
  EXPECT_EQ(again().status().code(), ErrorCode::already_exists) << "somebody listens";
  testing::Child dead([path = place.path] {
    const auto listener = Listener::open(path + "5", token_of('a'), testing_identity(5)).value_or_throw();
    std::puts("listens");
    std::fflush(stdout);
    ::pause();
    return 0;
  });
  ASSERT_TRUE(dead.wait_for("listens"));
  dead.send(SIGKILL);
  dead.wait();
  ASSERT_TRUE(std::filesystem::exists(place.path + "5"));
  const auto call = [&] { return connect(place.path + "5", token_of('a'), testing_identity(1), {{1, 5}, 1}); };
  EXPECT_EQ(call().status().code(), ErrorCode::unavailable);
  EXPECT_TRUE(Listener::open(place.path + "5", token_of('a'), testing_identity(5)).ok());
  std::ofstream(place.path + "6") << "a file";
  EXPECT_EQ(Listener::open(place.path + "6", token_of('a'), testing_identity(6)).status().code(),
            ErrorCode::already_exists);
  EXPECT_TRUE(std::filesystem::exists(place.path + "6"));
}

TEST(Listener, AnotherUserIsSentAway) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  Place place;
  // As if somebody had opened the doors.
  ASSERT_EQ(::chmod(place.folder.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(place.path.c_str(), 0666), 0);
  testing::Child stranger([&place] {
    if (::setuid(65'534) != 0) return 2;
    std::puts(to_string(place.start().status().code()).data());  // it refuses, too
    std::fflush(stdout);
    const Fd socket = place.call();
    pollfd end{.fd = socket.get(), .events = POLLIN, .revents = 0};
    char byte = 0;
    return ::poll(&end, 1, 60'000) == 1 ? static_cast<int>(::recv(socket.get(), &byte, 1, 0)) : 3;
  });
  pollfd on{.fd = place.listener->descriptor(), .events = POLLIN, .revents = 0};
  while (place.arrived.refused.size() < 2) {
    ASSERT_EQ(::poll(&on, 1, 60'000), 1);
    place.listener->on_ready(0, place.arrived);
  }
  EXPECT_EQ(place.refused(), Codes({ErrorCode::permission_denied, ErrorCode::permission_denied}));
  EXPECT_EQ(stranger.wait(), 0) << "its connection was closed";
  EXPECT_NE(stranger.output().find("permission_denied"), std::string::npos) << stranger.output();
}

TEST(Listener, NothingIsInheritedByPrograms) {
  Place place;
  auto connector = place.start().value_or_throw();
  place.settle(*connector);
  const auto caller = connector->take().value_or_throw();
  const auto is_kept = [](int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0; };
  EXPECT_FALSE(is_kept(place.listener->descriptor()));
  EXPECT_FALSE(is_kept(caller->descriptor()));
  EXPECT_FALSE(is_kept(place.arrived.channels.at(0)->descriptor()));
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code none;
    const std::string target = std::filesystem::read_symlink(entry.path(), none).string();
    if (target.starts_with("socket:")) { EXPECT_FALSE(is_kept(std::stoi(entry.path().filename()))) << target; }
  }
}

TEST(Connect, WaitsForTheAnswerOfAnotherProcess) {
  Place place;
  testing::Child caller([&place] {
    const auto channel = connect(place.path, token_of('a'), testing_identity(1), {{1, 4}, 2}).value_or_throw();
    send(*channel, {small(1)});
    Arrivals arrivals;
    while (!arrivals.broken) {
      pollfd on{.fd = channel->descriptor(), .events = POLLIN, .revents = 0};
      ::poll(&on, 1, -1);
      channel->receive(arrivals);
      if (!arrivals.frames.empty()) return static_cast<int>(arrivals.frames[0].header.sequence);
    }
    return 1;
  });
  while (place.arrived.channels.empty()) {
    pollfd on{.fd = place.listener->descriptor(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&on, 1, 60'000), 1);
    place.listener->on_ready(0, place.arrived);
    ASSERT_TRUE(place.refused().empty());
  }
  SocketChannel& channel = *place.arrived.channels[0];
  Arrivals arrivals;
  while (arrivals.frames.empty()) {
    pollfd on{.fd = channel.descriptor(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&on, 1, 60'000), 1);
    channel.receive(arrivals);
    ASSERT_FALSE(arrivals.broken);
  }
  send(channel, {small(42)});
  EXPECT_EQ(WEXITSTATUS(caller.wait()), 42);
}

TEST(Connect, SaysWhyNot) {
  Place place;
  const auto call = [&](std::int64_t timeout_ns) {
    return connect(place.path, token_of('a'), testing_identity(1), {{1, 4}, 1}, timeout_ns).status().code();
  };
  EXPECT_EQ(call(1'000'000), ErrorCode::timeout) << "nobody looks after the listener";
  // Its queue becomes full.
  std::vector<std::unique_ptr<Connector>> waiting;
  for (auto next = place.start(); next.ok(); next = place.start()) {
    waiting.push_back(std::move(*next));
    ASSERT_LE(waiting.size(), 2 * k_pending_max);
  }
  EXPECT_EQ(place.start().status().code(), ErrorCode::throttled);
  EXPECT_EQ(call(1'000'000), ErrorCode::throttled) << "and nobody empties it";
  place.listener->on_ready(0, place.arrived);
  EXPECT_TRUE(place.start().ok());
  place.listener.reset();
  EXPECT_EQ(call(1'000'000), ErrorCode::not_found);
}

}  // namespace
}  // namespace shoal::net
