#include "shell/reader.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace shoal::shell {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// A descriptor that is readable as often as it was rung, and sets an event each time.
class Bell final : public Pollable {
 public:
  explicit Bell(Event& heard) : heard_(heard) {}
  ~Bell() override { ::close(descriptor); }

  void ring() const { ::eventfd_write(descriptor, 1); }

  const int descriptor = ::eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
  std::atomic<int> times{0};
  std::atomic<std::thread::id> reader{};

 private:
  void on_events(std::uint32_t events) override {
    EXPECT_NE(events & EPOLLIN, 0U);
    eventfd_t value = 0;
    ::eventfd_read(descriptor, &value);
    reader = std::this_thread::get_id();
    ++times;
    heard_.set();
  }

  Event& heard_;
};

Deadline in(milliseconds time) { return steady_clock::now() + time; }

TEST(Reader, WhoWaitsReads) {
  Reader reader;
  Event heard;
  Bell bell(heard);
  reader.add(bell.descriptor, EPOLLIN, bell);
  bell.ring();
  EXPECT_TRUE(reader.wait(heard, in(seconds(20))));
  EXPECT_EQ(bell.times, 1);
  reader.remove(bell.descriptor);
}

TEST(Reader, GivesUpAtTheDeadline) {
  Reader reader;
  Event never;
  EXPECT_FALSE(reader.wait(never, in(milliseconds(3))));
  EXPECT_FALSE(reader.wait(never, in(milliseconds(0))));
  never.set();
  EXPECT_TRUE(reader.wait(never, in(milliseconds(0)))) << "it has happened";
}

TEST(Reader, WakesWhoReadsForAnEventOfAnotherThread) {
  Reader reader;
  Event event;
  std::thread other([&] { event.set(); });
  EXPECT_TRUE(reader.wait(event, in(seconds(20))));
  other.join();
}

TEST(Reader, ReadsWhereNobodyWaits) {
  Reader reader;
  Event heard;
  Bell bell(heard);
  reader.add(bell.descriptor, EPOLLIN, bell);
  bell.ring();
  EXPECT_TRUE(heard.wait(in(seconds(20))));
  EXPECT_NE(bell.reader.load(), std::this_thread::get_id());
  // Its own thread gives way to one that waits.
  heard.reset();
  std::thread late([&] { bell.ring(); });
  EXPECT_TRUE(reader.wait(heard, in(seconds(20))));
  late.join();
  reader.remove(bell.descriptor);
}

// Each hears its own bell, whichever of them reads at the time.
TEST(Reader, ManyThreadsTakeTurns) {
  constexpr int k_threads = 4, k_rounds = 500;
  Reader reader;
  std::vector<std::thread> threads;
  std::atomic<int> misses{0};
  for (int i = 0; i < k_threads; ++i) {
    threads.emplace_back([&] {
      Event heard;
      Bell bell(heard);
      reader.add(bell.descriptor, EPOLLIN, bell);
      for (int round = 0; round < k_rounds; ++round) {
        bell.ring();
        if (!reader.wait(heard, in(seconds(20)))) ++misses;
        heard.reset();
      }
      reader.remove(bell.descriptor);
      EXPECT_EQ(bell.times, k_rounds);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(misses, 0);
  // And then its own thread does again.
  Event heard;
  Bell bell(heard);
  reader.add(bell.descriptor, EPOLLIN, bell);
  bell.ring();
  EXPECT_TRUE(heard.wait(in(seconds(20))));
  reader.remove(bell.descriptor);
}

TEST(Reader, WhatWasRemovedIsNotCalled) {
  Reader reader;
  for (int round = 0; round < 200; ++round) {
    Event heard;
    auto bell = std::make_unique<Bell>(heard);
    reader.add(bell->descriptor, EPOLLIN, *bell);
    bell->ring();
    if (round % 2 == 0) { EXPECT_TRUE(reader.wait(heard, in(seconds(20)))); }
    reader.remove(bell->descriptor);
    const int times = bell->times;
    bell->ring();
    Event nothing;
    EXPECT_FALSE(reader.wait(nothing, in(milliseconds(0))));
    EXPECT_EQ(bell->times, times);
  }
}

}  // namespace
}  // namespace shoal::shell
