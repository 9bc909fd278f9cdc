// What a SocketChannel does when the other end reads slowly, not at all, or dies.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "base/testing/child.h"
#include "net/limits.h"
#include "net/socket_channel.h"
#include "net/testing/socket_pair.h"

namespace shoal::net {
namespace {

std::size_t bytes_of(const Frame& frame) { return std::get<wire::ValueIs>(frame.message).value.size(); }

TEST(SocketFlow, BothEndsWrite64MiBBeforeEitherReads) {
  SocketFixture fixture;
  fixture.connect(1);
  constexpr std::uint64_t k_frames = 64;
  static constexpr std::size_t k_bytes = std::size_t{1} << 20;
  for (std::uint64_t n = 1; n <= k_frames; ++n) {
    send(fixture.left(), {large(n, k_bytes)});
    send(fixture.right(), {large(n, k_bytes)});
  }
  EXPECT_TRUE(fixture.left().is_congested() && fixture.right().is_congested());
  std::uint64_t at_left = 0, at_right = 0;
  const auto read = [](Channel& channel, std::uint64_t& count) {
    Arrivals arrivals;
    channel.receive(arrivals);
    for (const Frame& frame : arrivals.frames) {
      EXPECT_EQ(frame.header.sequence, ++count);
      EXPECT_EQ(bytes_of(frame), k_bytes);
    }
  };
  run_until(
      fixture, [&] { return at_left == k_frames && at_right == k_frames; },
      [&] {
        read(fixture.left(), at_left);
        read(fixture.right(), at_right);
      });
  EXPECT_FALSE(fixture.left().is_congested() || fixture.right().is_congested());
  EXPECT_FALSE(fixture.left().wants_write() || fixture.right().wants_write());
}

TEST(SocketFlow, AFullSocketTakesFramesInPieces) {
  auto [mine, theirs] = socket_pair();
  const int few = 1;  // the system makes it its least, a few kilobytes
  ASSERT_EQ(::setsockopt(mine.get(), SOL_SOCKET, SO_SNDBUF, &few, sizeof few), 0);
  SocketChannel writer(std::move(mine), 1, Role::worker, testing_identity(2));
  SocketChannel reader(std::move(theirs), 1, Role::worker, testing_identity(1));
  constexpr std::uint64_t k_frames = 3'000;
  for (std::uint64_t n = 1; n <= k_frames; ++n) send(writer, {n % 100 == 0 ? large(n, 30'000) : small(n, n / 7)});
  ASSERT_TRUE(writer.wants_write());
  std::uint64_t count = 0;
  int rounds = 0;
  while (count < k_frames) {
    Arrivals arrivals;
    reader.receive(arrivals);
    ASSERT_FALSE(arrivals.broken);
    for (const Frame& frame : arrivals.frames) ASSERT_EQ(frame.header.sequence, ++count);
    const bool moved = turn(writer);
    ASSERT_TRUE(moved || !arrivals.frames.empty()) << "it stands still at " << count;
    ++rounds;
  }
  EXPECT_GT(rounds, 20) << "it never was full";
}

TEST(SocketFlow, ReadingAheadEndsAtALimit) {
  SocketFixture fixture;
  fixture.connect(1);
  const std::size_t frames = 4 * k_unread_bytes_max >> 20;
  for (std::uint64_t n = 1; n <= frames; ++n) send(fixture.left(), {large(n, std::size_t{1} << 20)});
  for (int i = 0; i < 1'000; ++i) {
    if ((ready(fixture.left()) & POLLOUT) != 0) fixture.left().on_writable();
    fixture.right().on_readable();
  }
  EXPECT_TRUE(fixture.left().wants_write());
  EXPECT_TRUE(fixture.left().is_congested());
  Arrivals arrivals;
  fixture.right().receive(arrivals);
  EXPECT_GE(arrivals.frames.size(), k_unread_bytes_max >> 20);
  EXPECT_LE(arrivals.frames.size(), 2 + ((k_unread_bytes_max + k_receive_bytes_max) >> 20));
}

TEST(SocketFlow, OneCallOfReceiveEnds) {
  auto [mine, theirs] = socket_pair();
  SocketChannel reader(std::move(mine), 1, Role::worker, testing_identity(2));
  // A peer that writes as fast as it is read, for ever.
  testing::Child writer([fd = theirs.get()] {
    SocketChannel channel(Fd(dup(fd)), 1, Role::worker, testing_identity(1));
    for (std::uint64_t n = 0;;) {
      if (!channel.is_congested()) send(channel, {small(++n)});
      channel.on_writable();
    }
    return 0;
  });
  theirs.reset();
  std::uint64_t count = 0;
  Arrivals arrivals;
  while (count < 200'000) {
    pollfd on{.fd = reader.descriptor(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&on, 1, 60'000), 1);
    reader.receive(arrivals);
    for (const Frame& frame : arrivals.frames) ASSERT_EQ(frame.header.sequence, ++count);
    ASSERT_FALSE(arrivals.broken);
  }
}

TEST(SocketFlow, APeerThatIsKilledIsMissedAtOnce) {
  for (int round = 0; round < 20; ++round) {
    auto [mine, theirs] = socket_pair();
    SocketChannel channel(std::move(mine), 1, Role::worker, testing_identity(2));
    testing::Child peer([fd = theirs.get(), other = channel.descriptor()] {
      close(other);
      SocketChannel end(Fd(dup(fd)), 1, Role::worker, testing_identity(1));
      close(fd);
      std::puts("begins");
      std::fflush(stdout);
      for (std::uint64_t n = 0;;) {
        if (!end.is_congested()) {
          ++n;
          send(end, {n % 50 == 0 ? large(n, 100'000) : small(n)});
        }
        end.on_writable();
      }
      return 0;
    });
    theirs.reset();
    ASSERT_TRUE(peer.wait_for("begins"));
    std::uint64_t count = 0;
    bool broken = false;
    while (!broken) {
      pollfd on{.fd = channel.descriptor(), .events = POLLIN, .revents = 0};
      ASSERT_EQ(::poll(&on, 1, 60'000), 1);
      Arrivals arrivals;
      channel.receive(arrivals);
      for (const Frame& frame : arrivals.frames) ASSERT_EQ(frame.header.sequence, ++count);
      broken = arrivals.broken;
      if (count > 100u * static_cast<unsigned>(round)) peer.send(SIGKILL);
      send(channel, {large(1, 1'000)});  // while it dies
    }
    EXPECT_EQ(channel.fault().code(), ErrorCode::unavailable);
    EXPECT_EQ(channel.descriptor(), -1);
    EXPECT_FALSE(channel.wants_write() || channel.is_congested());
  }
}

TEST(SocketFlow, WhatWasSentBeforeACloseComesAsLongAsSomebodyWrites) {
  SocketFixture fixture;
  fixture.connect(1);
  for (std::uint64_t n = 1; n <= 10; ++n) send(fixture.left(), {large(n, std::size_t{1} << 20)});
  fixture.left().close();
  EXPECT_TRUE(fixture.left().wants_write());
  send(fixture.right(), {small(1)});  // the other end writes meanwhile, which it cannot
  std::uint64_t count = 0;
  bool broken = false;
  run_until(
      fixture, [&] { return broken; },
      [&] {
        Arrivals arrivals;
        fixture.right().receive(arrivals);
        count += arrivals.frames.size();
        broken = arrivals.broken;
      });
  EXPECT_EQ(count, 10u);
  EXPECT_EQ(fixture.left().descriptor(), -1) << "all is written";
}

TEST(SocketFlow, ADestroyedEndGivesUpWhatTheSocketDidNotTake) {
  auto [mine, theirs] = socket_pair();
  auto writer = std::make_unique<SocketChannel>(std::move(mine), 1, Role::worker, testing_identity(2));
  SocketChannel reader(std::move(theirs), 1, Role::worker, testing_identity(1));
  send(*writer, {small(1), large(2, std::size_t{4} << 20), small(3)});
  writer.reset();
  Arrivals arrivals;
  std::size_t count = 0;
  for (int i = 0; i < 10 && !arrivals.broken; ++i) {
    reader.receive(arrivals);
    count += arrivals.frames.size();
  }
  EXPECT_TRUE(arrivals.broken);
  EXPECT_EQ(count, 1u);
}

TEST(SocketFlow, OneWakeupForMuch) {
  SocketFixture fixture;
  fixture.connect(1);
  int woken = 0;
  fixture.right().set_wakeup([&] { ++woken; });
  send(fixture.left(), {large(1, std::size_t{1} << 20)});
  while (woken == 0) ASSERT_TRUE(turn(fixture.left()) | turn(fixture.right())) << "it stands still";
  for (std::uint64_t n = 2; n <= 5; ++n) {
    send(fixture.left(), {small(n)});
    fixture.settle();
  }
  EXPECT_EQ(woken, 1);
  Arrivals arrivals;
  fixture.right().receive(arrivals);
  EXPECT_EQ(arrivals.frames.size(), 5u);
  send(fixture.left(), {small(6)});
  fixture.settle();
  EXPECT_EQ(woken, 2);
  fixture.right().set_wakeup(nullptr);
}

TEST(SocketFlow, AFrameThatIsNotWholeWakesNobody) {
  auto [mine, theirs] = socket_pair();
  SocketChannel channel(std::move(mine), 1, Role::worker, testing_identity(2));
  int woken = 0;
  channel.set_wakeup([&] { ++woken; });
  std::vector<std::uint8_t> bytes;
  ASSERT_TRUE(wire::append_frame(bytes, small(1).message, 1).ok());
  ASSERT_EQ(::send(theirs.get(), bytes.data(), bytes.size() - 1, 0), static_cast<ssize_t>(bytes.size()) - 1);
  EXPECT_TRUE(channel.on_readable());
  EXPECT_EQ(woken, 0);
  ASSERT_EQ(::send(theirs.get(), &bytes.back(), 1, 0), 1);
  EXPECT_TRUE(channel.on_readable());
  EXPECT_EQ(woken, 1);
  EXPECT_FALSE(channel.on_readable()) << "there is no more";
}

}  // namespace
}  // namespace shoal::net
