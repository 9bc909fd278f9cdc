#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "net/channel.h"
#include "net/limits.h"
#include "net/session.h"

namespace shoal::net {

/// What every Channel does, whatever is behind it. A test file of a kind of channel says
///
///     INSTANTIATE_TYPED_TEST_SUITE_P(Inprocess, ChannelSuite, InprocessFixture);
///
/// where the fixture, made anew for each test, has
///     void connect(std::uint64_t epoch);  // a new channel; the ends of the one before are gone
///     net::Channel& left();
///     net::Channel& right();
///     void settle();                      // what was sent and is not lost is where receive() finds it
///     void cut();                         // breaks it from outside, with what is under way
template <class Fixture>
class ChannelSuite : public ::testing::Test {
 protected:
  /// A message that tells its number and `bytes` that follow from it, with a reference and a part beside them.
  static wire::Message message(std::uint64_t n, std::size_t bytes = 8) {
    Payload value(bytes);
    for (std::size_t at = 0; at < bytes; ++at) value.data()[at] = static_cast<std::uint8_t>(n * 31 + at);
    auto part = std::make_shared<std::vector<std::uint8_t>>(bytes / 2, static_cast<std::uint8_t>(n));
    value.set_beside({ObjectId{{1, 2}, n, 0}}, {SharedBytes{part, *part}});
    return wire::StreamItem{.task = {{1, 2}, n}, .attempt = 3, .index = n, .value = std::move(value)};
  }
  static Frame frame(std::uint64_t n, std::size_t bytes = 8) {
    return {{.kind = FrameKind::message, .sequence = n, .acknowledged = n / 2}, message(n, bytes)};
  }
  /// Its number; fails where something else than message() of that number arrived.
  static std::uint64_t number(const wire::Message& arrived) {
    const auto* item = std::get_if<wire::StreamItem>(&arrived);
    if (item == nullptr) {
      ADD_FAILURE() << "another message, of type " << arrived.index();
      return 0;
    }
    const wire::Message sent = message(item->index, item->value.size());
    const Payload& value = std::get<wire::StreamItem>(sent).value;
    EXPECT_EQ(item->task, std::get<wire::StreamItem>(sent).task);
    EXPECT_EQ(0, std::memcmp(item->value.data(), value.data(), value.size())) << "message " << item->index;
    EXPECT_TRUE(std::ranges::equal(item->value.refs(), value.refs()));
    const auto parts = item->value.parts();
    EXPECT_TRUE(parts.size() == 1 && std::ranges::equal(parts[0].bytes, value.parts()[0].bytes));
    return item->index;
  }

  Channel& left() { return fixture_.left(); }
  Channel& right() { return fixture_.right(); }

  static void send(Channel& from, std::uint64_t first, std::uint64_t last, std::size_t bytes = 8) {
    std::vector<Frame> frames;
    for (std::uint64_t n = first; n <= last; ++n) frames.push_back(frame(n, bytes));
    from.send(frames);
    EXPECT_TRUE(frames.empty());
  }
  struct Got {
    std::vector<std::uint64_t> numbers;
    int broken = 0;
  };
  /// All that is there now.
  static Got receive(Channel& to) {
    Got got;
    Arrivals arrivals;
    do {
      to.receive(arrivals);
      EXPECT_TRUE(got.broken == 0 || arrivals.frames.empty()) << "a frame after the end";
      for (const Frame& each : arrivals.frames) {
        got.numbers.push_back(number(each.message));
        EXPECT_EQ(each.header, frame(got.numbers.back()).header);
      }
      got.broken += arrivals.broken ? 1 : 0;
    } while (!arrivals.frames.empty() || arrivals.broken);
    return got;
  }
  static std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t n = first; n <= last; ++n) numbers.push_back(n);
    return numbers;
  }

  /// A process at one end, that says messages 1, 2, ... and hears those of the other end.
  struct Talker {
    Session session;
    Channel* channel = nullptr;
    std::uint64_t said = 0;
    std::vector<std::uint64_t> heard;

    void begin(Channel& on) {
      channel = &on;
      EXPECT_TRUE(session.on_connected(on.epoch()));
    }
    void say(std::uint64_t count) {
      for (; count > 0; --count) session.send(message(++said));
    }
    void pump(Time now) {
      Arrivals arrivals;
      channel->receive(arrivals);
      for (const Frame& each : arrivals.frames) {
        const auto what = session.on_frame(channel->epoch(), each, now);
        EXPECT_NE(what, Session::Arrival::violation);
        if (what == Session::Arrival::message) heard.push_back(number(each.message));
      }
      if (arrivals.broken) session.on_broken(channel->epoch());
      session.on_time(now);
      std::vector<Frame> frames;
      session.take_frames(frames, channel->is_congested() ? 0 : 64);
      channel->send(frames);
    }
  };

  Fixture fixture_;
};

TYPED_TEST_SUITE_P(ChannelSuite);

TYPED_TEST_P(ChannelSuite, CarriesFramesInOrder) {
  this->fixture_.connect(1);
  this->send(this->left(), 1, 1);
  this->send(this->left(), 2, 2'000);
  this->fixture_.settle();
  const auto got = this->receive(this->right());
  EXPECT_EQ(got.numbers, this->from_to(1, 2'000));
  EXPECT_EQ(got.broken, 0);
  EXPECT_TRUE(this->receive(this->left()).numbers.empty()) << "nothing comes back";
}

TYPED_TEST_P(ChannelSuite, BothDirectionsAtOnce) {
  this->fixture_.connect(1);
  std::vector<std::uint64_t> there, back;
  for (std::uint64_t round = 0; round < 20; ++round) {
    this->send(this->left(), 50 * round + 1, 50 * round + 50);
    this->send(this->right(), 70 * round + 1, 70 * round + 70);
    this->fixture_.settle();
    for (const std::uint64_t n : this->receive(this->right()).numbers) there.push_back(n);
    for (const std::uint64_t n : this->receive(this->left()).numbers) back.push_back(n);
  }
  EXPECT_EQ(there, this->from_to(1, 1'000));
  EXPECT_EQ(back, this->from_to(1, 1'400));
}

TYPED_TEST_P(ChannelSuite, CarriesLargeAndEmptyMessages) {
  this->fixture_.connect(1);
  this->send(this->left(), 1, 1, 0);
  this->send(this->left(), 2, 3, 5'000'000);
  this->send(this->left(), 4, 4, 1);
  this->fixture_.settle();
  EXPECT_EQ(this->receive(this->right()).numbers, this->from_to(1, 4));
}

TYPED_TEST_P(ChannelSuite, EndsKnowTheEpoch) {
  this->fixture_.connect(7);
  EXPECT_EQ(this->left().epoch(), 7u);
  EXPECT_EQ(this->right().epoch(), 7u);
}

TYPED_TEST_P(ChannelSuite, ACutLosesNothingButTheEndAndIsToldOnce) {
  this->fixture_.connect(1);
  this->send(this->left(), 1, 100);
  this->fixture_.settle();
  auto got = this->receive(this->right());
  this->send(this->left(), 101, 200);
  this->send(this->right(), 1, 100);
  this->fixture_.cut();
  this->send(this->left(), 201, 300);
  this->fixture_.settle();
  const auto rest = this->receive(this->right());
  const auto back = this->receive(this->left());
  got.numbers.insert(got.numbers.end(), rest.numbers.begin(), rest.numbers.end());
  EXPECT_EQ(got.numbers, this->from_to(1, got.numbers.size()));
  EXPECT_LE(got.numbers.size(), 200u);
  EXPECT_EQ(back.numbers, this->from_to(1, back.numbers.size()));
  EXPECT_EQ(rest.broken, 1);
  EXPECT_EQ(back.broken, 1);
  EXPECT_EQ(this->receive(this->right()).broken, 0) << "told twice";
}

TYPED_TEST_P(ChannelSuite, CloseComesAfterWhatWasSent) {
  this->fixture_.connect(1);
  this->send(this->right(), 1, 10);
  this->fixture_.settle();
  this->send(this->left(), 1, 100);
  this->left().close();
  this->send(this->left(), 101, 110);
  this->fixture_.settle();
  const auto got = this->receive(this->right());
  EXPECT_EQ(got.numbers, this->from_to(1, 100));
  EXPECT_EQ(got.broken, 1);
  const auto own = this->receive(this->left());
  EXPECT_TRUE(own.numbers.empty()) << "whoever closes hears no more";
  EXPECT_EQ(own.broken, 0);
  this->left().close();
  this->send(this->right(), 1, 100);
  this->fixture_.settle();
  EXPECT_TRUE(this->receive(this->left()).numbers.empty());
}

TYPED_TEST_P(ChannelSuite, WritersWithoutReadersAreToldAndLoseNothing) {
  this->fixture_.connect(1);
  std::uint64_t sent = 0;
  while (!(this->left().is_congested() && this->right().is_congested())) {
    this->send(this->left(), sent + 1, sent + 64, 1'000);
    this->send(this->right(), sent + 1, sent + 64, 1'000);
    sent += 64;
    ASSERT_LE(sent, 2 * k_channel_frames_max) << "no end to what it takes";
  }
  std::vector<std::uint64_t> there, back;
  while (there.size() < sent || back.size() < sent) {
    this->fixture_.settle();
    const auto at_right = this->receive(this->right()).numbers;
    const auto at_left = this->receive(this->left()).numbers;
    ASSERT_FALSE(at_right.empty() && at_left.empty()) << "it stands still";
    there.insert(there.end(), at_right.begin(), at_right.end());
    back.insert(back.end(), at_left.begin(), at_left.end());
  }
  EXPECT_EQ(there, this->from_to(1, sent));
  EXPECT_EQ(back, this->from_to(1, sent));
  EXPECT_FALSE(this->left().is_congested());
  EXPECT_FALSE(this->right().is_congested());
}

TYPED_TEST_P(ChannelSuite, WakesItsReaderAndItsWriter) {
  this->fixture_.connect(1);
  int left_woken = 0, right_woken = 0;
  this->left().set_wakeup([&] { ++left_woken; });
  this->right().set_wakeup([&] { ++right_woken; });
  this->send(this->left(), 1, 10);
  this->fixture_.settle();
  EXPECT_GE(right_woken, 1);
  EXPECT_EQ(left_woken, 0);
  this->receive(this->right());
  right_woken = 0;
  std::uint64_t sent = 10;
  for (; !this->left().is_congested(); sent += 64) this->send(this->left(), sent + 1, sent + 64);
  this->fixture_.settle();
  EXPECT_GE(right_woken, 1);
  this->receive(this->right());
  this->fixture_.settle();
  EXPECT_GE(left_woken, 1) << "there is room again";
  right_woken = 0;
  this->left().close();
  this->fixture_.settle();
  EXPECT_GE(right_woken, 1) << "that it is broken is news";
  this->left().set_wakeup(nullptr);
  this->right().set_wakeup(nullptr);
}

TYPED_TEST_P(ChannelSuite, SessionsSayEverythingOnceOverManyChannels) {
  typename TestFixture::Talker left, right;
  Time now = 0;
  std::uint64_t epoch = 0;
  for (int round = 0; round < 200; ++round) {
    if (round % 10 == 0) {
      this->fixture_.connect(++epoch);
      left.begin(this->left());
      right.begin(this->right());
      EXPECT_FALSE(left.session.on_connected(epoch)) << "an epoch is used once";
    }
    left.say(37);
    right.say(round % 3);
    left.pump(now);
    right.pump(now);
    if (round % 10 == 9 || round % 70 == 33) this->fixture_.cut();
    if (round % 4 != 3) this->fixture_.settle();
    now += k_acknowledge_ns / 8;
  }
  this->fixture_.connect(++epoch);
  left.begin(this->left());
  right.begin(this->right());
  for (int round = 0; left.session.unacknowledged() + right.session.unacknowledged() > 0; ++round) {
    ASSERT_LT(round, 10'000) << "it stands still";
    left.pump(now);
    right.pump(now);
    this->fixture_.settle();
    now += k_acknowledge_ns / 8;
  }
  EXPECT_EQ(right.heard, this->from_to(1, left.said));
  EXPECT_EQ(left.heard, this->from_to(1, right.said));
}

REGISTER_TYPED_TEST_SUITE_P(ChannelSuite, CarriesFramesInOrder, BothDirectionsAtOnce, CarriesLargeAndEmptyMessages,
                            EndsKnowTheEpoch, ACutLosesNothingButTheEndAndIsToldOnce, CloseComesAfterWhatWasSent,
                            WritersWithoutReadersAreToldAndLoseNothing, WakesItsReaderAndItsWriter,
                            SessionsSayEverythingOnceOverManyChannels);

}  // namespace shoal::net
