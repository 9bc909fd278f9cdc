#include "net/session.h"

#include <gtest/gtest.h>

#include <deque>

#include "net/limits.h"

namespace shoal::net {
namespace {

using Arrival = Session::Arrival;
using Numbers = std::vector<std::uint64_t>;

wire::Message message(std::uint64_t n) { return wire::LeaseReturn{.lease = n}; }
std::uint64_t number(const Frame& frame) { return std::get<wire::LeaseReturn>(frame.message).lease; }

std::vector<Frame> take(Session& session, std::size_t room = SIZE_MAX) {
  std::vector<Frame> frames;
  session.take_frames(frames, room);
  return frames;
}

/// The frames as text: "resume 3", "1:5 ack 3" for message 5 with sequence 1, "ack 3".
std::vector<std::string> text(const std::vector<Frame>& frames) {
  std::vector<std::string> lines;
  for (const Frame& frame : frames) {
    const std::string acknowledged = std::to_string(frame.header.acknowledged);
    switch (frame.header.kind) {
      case FrameKind::resume: lines.push_back("resume " + acknowledged); break;
      case FrameKind::acknowledge: lines.push_back("ack " + acknowledged); break;
      case FrameKind::message:
        lines.push_back(std::to_string(frame.header.sequence) + ":" + std::to_string(number(frame)) + " ack " +
                        acknowledged);
    }
  }
  return lines;
}
using Lines = std::vector<std::string>;

Frame resume(std::uint64_t received) { return {{FrameKind::resume, 0, received}, {}}; }
Frame acknowledge(std::uint64_t received) { return {{FrameKind::acknowledge, 0, received}, {}}; }
Frame numbered(std::uint64_t sequence, std::uint64_t acknowledged = 0) {
  return {{FrameKind::message, sequence, acknowledged}, message(sequence)};
}

/// A session whose peer has said `resume` on a first channel, with nothing left to go out.
Session connected() {
  Session session;
  EXPECT_TRUE(session.on_connected(1));
  EXPECT_EQ(session.on_frame(1, resume(0), 0), Arrival::nothing);
  take(session);
  return session;
}

TEST(Session, TheFirstMessagesNeedNoRoundTrip) {
  Session session;
  session.send(message(7));
  EXPECT_TRUE(take(session).empty()) << "there is no channel";
  EXPECT_FALSE(session.has_frames());
  ASSERT_TRUE(session.on_connected(1));
  EXPECT_TRUE(session.has_frames());
  EXPECT_EQ(text(take(session)), (Lines{"resume 0", "1:7 ack 0"}));
  EXPECT_FALSE(session.has_frames());
}

TEST(Session, HandsOnEachMessageOnce) {
  Session session = connected();
  EXPECT_EQ(session.on_frame(1, numbered(1), 0), Arrival::message);
  EXPECT_EQ(session.on_frame(1, numbered(2), 0), Arrival::message);
  EXPECT_EQ(session.on_frame(1, numbered(2), 0), Arrival::nothing) << "it is here";
  EXPECT_EQ(session.on_frame(1, numbered(3), 0), Arrival::message);
}

TEST(Session, AcknowledgesWithWhatItSendsAnyway) {
  Session session = connected();
  EXPECT_EQ(session.on_frame(1, numbered(1), 0), Arrival::message);
  EXPECT_EQ(session.next_time(), k_acknowledge_ns);
  session.send(message(5));
  EXPECT_EQ(text(take(session)), Lines{"1:5 ack 1"});
  EXPECT_EQ(session.next_time(), std::nullopt);
  session.on_time(k_acknowledge_ns);
  EXPECT_TRUE(take(session).empty()) << "said already";
}

TEST(Session, AcknowledgesAloneAfterAWhileWithoutMessages) {
  Session session = connected();
  EXPECT_EQ(session.on_frame(1, numbered(1), 100), Arrival::message);
  EXPECT_EQ(session.on_frame(1, numbered(2), 200), Arrival::message);
  session.on_time(k_acknowledge_ns);
  EXPECT_TRUE(take(session).empty()) << "not yet";
  EXPECT_EQ(session.next_time(), 100 + k_acknowledge_ns);
  session.on_time(100 + k_acknowledge_ns);
  EXPECT_EQ(session.next_time(), std::nullopt);
  EXPECT_EQ(text(take(session)), Lines{"ack 2"});
  EXPECT_TRUE(take(session).empty());
}

TEST(Session, AcknowledgesAloneAfterManyMessagesOrBytes) {
  Session session = connected();
  for (std::uint64_t n = 1; n <= k_acknowledge_messages; ++n) {
    EXPECT_TRUE(take(session).empty());
    ASSERT_EQ(session.on_frame(1, numbered(n), 0), Arrival::message);
  }
  EXPECT_EQ(text(take(session)), Lines{"ack " + std::to_string(k_acknowledge_messages)});
  EXPECT_TRUE(take(session).empty()) << "said already";
  Frame large = numbered(k_acknowledge_messages + 1);
  large.message = wire::ValueIs{.object = {}, .value = Payload(k_acknowledge_bytes)};
  ASSERT_EQ(session.on_frame(1, large, 0), Arrival::message);
  EXPECT_EQ(take(session).size(), 1u);
}

TEST(Session, ForgetsWhatIsAcknowledged) {
  Session session = connected();
  for (std::uint64_t n = 1; n <= 3; ++n) session.send(message(n));
  take(session);
  EXPECT_EQ(session.unacknowledged(), 3u);
  EXPECT_EQ(session.on_frame(1, acknowledge(2), 0), Arrival::nothing);
  EXPECT_EQ(session.unacknowledged(), 1u);
  EXPECT_EQ(session.on_frame(1, numbered(1, 3), 0), Arrival::message);
  EXPECT_EQ(session.unacknowledged(), 0u);
}

TEST(Session, SendsAgainWhatThePeerHasNot) {
  Session session = connected();
  for (std::uint64_t n = 1; n <= 4; ++n) session.send(message(10 + n));
  take(session);
  ASSERT_EQ(session.on_frame(1, numbered(1, 1), 0), Arrival::message);
  session.on_broken(1);
  session.send(message(15));
  EXPECT_TRUE(take(session).empty());
  EXPECT_EQ(session.next_time(), std::nullopt) << "without a channel there is nothing to do";

  ASSERT_TRUE(session.on_connected(2));
  EXPECT_EQ(text(take(session)), Lines{"resume 1"}) << "what the peer has is in doubt";
  EXPECT_EQ(session.on_frame(2, resume(3), 0), Arrival::nothing);
  EXPECT_EQ(text(take(session)), (Lines{"4:14 ack 1", "5:15 ack 1"}));
  EXPECT_EQ(session.unacknowledged(), 2u);
}

TEST(Session, ANewChannelEndsTheOldOneByItself) {
  Session session = connected();
  session.send(message(1));
  take(session);
  ASSERT_TRUE(session.on_connected(2));
  EXPECT_EQ(session.on_frame(1, numbered(1), 0), Arrival::nothing) << "of the old channel";
  session.on_broken(1);
  EXPECT_TRUE(session.is_connected()) << "that was the old one";
  EXPECT_EQ(session.on_frame(2, resume(0), 0), Arrival::nothing);
  EXPECT_EQ(session.on_frame(2, numbered(1), 0), Arrival::message) << "it comes again on the new one";
  EXPECT_EQ(text(take(session)), (Lines{"resume 1", "1:1 ack 1"}));
}

TEST(Session, WithNothingInDoubtItGoesOnAtOnce) {
  Session session = connected();
  session.send(message(1));
  take(session);
  ASSERT_EQ(session.on_frame(1, acknowledge(1), 0), Arrival::nothing);
  session.on_broken(1);
  session.send(message(2));
  ASSERT_TRUE(session.on_connected(2));
  EXPECT_EQ(text(take(session)), (Lines{"resume 0", "2:2 ack 0"}));
  EXPECT_EQ(session.on_frame(2, resume(1), 0), Arrival::nothing) << "said before message 2 came";
  session.send(message(3));
  EXPECT_EQ(text(take(session)), Lines{"3:3 ack 0"}) << "message 2 is on its way";
}

TEST(Session, AnEpochIsUsedOnce) {
  Session session;
  EXPECT_TRUE(session.on_connected(5));
  EXPECT_FALSE(session.on_connected(5));
  session.on_broken(5);
  EXPECT_FALSE(session.on_connected(5));
  EXPECT_FALSE(session.on_connected(4));
  EXPECT_FALSE(session.is_connected());
  EXPECT_TRUE(session.on_connected(9));
  EXPECT_EQ(session.epoch(), 9u);
}

TEST(Session, RefusesWhatNoPeerMaySay) {
  const auto second = [](Frame frame) {
    Session session = connected();
    for (std::uint64_t n = 1; n <= 3; ++n) session.send(message(n));
    take(session);
    EXPECT_EQ(session.on_frame(1, numbered(1, 2), 0), Arrival::message);
    return session.on_frame(1, frame, 0);
  };
  EXPECT_EQ(second(numbered(2, 2)), Arrival::message);
  EXPECT_EQ(second(numbered(3, 2)), Arrival::violation) << "message 2 is missing";
  EXPECT_EQ(second(numbered(0, 2)), Arrival::violation);
  EXPECT_EQ(second(acknowledge(4)), Arrival::violation) << "never sent";
  EXPECT_EQ(second(acknowledge(1)), Arrival::violation) << "it had more";
  EXPECT_EQ(second(resume(2)), Arrival::violation) << "not the first frame";

  Session session;
  ASSERT_TRUE(session.on_connected(1));
  EXPECT_EQ(session.on_frame(1, numbered(1), 0), Arrival::violation) << "`resume` comes first";
  EXPECT_EQ(session.on_frame(1, resume(1), 0), Arrival::violation) << "nothing was sent";
}

TEST(Session, RefusesAnAcknowledgementOfWhatIsNotOnThisChannel) {
  Session session = connected();
  for (std::uint64_t n = 1; n <= 3; ++n) session.send(message(n));
  take(session);
  ASSERT_TRUE(session.on_connected(2));
  ASSERT_EQ(session.on_frame(2, resume(1), 0), Arrival::nothing);
  take(session, 2);
  EXPECT_EQ(session.on_frame(2, acknowledge(3), 0), Arrival::violation);
  EXPECT_EQ(session.on_frame(2, acknowledge(2), 0), Arrival::nothing);
}

TEST(Session, KeepsToTheRoomItIsGiven) {
  Session session = connected();
  for (std::uint64_t n = 1; n <= 5; ++n) session.send(message(n));
  ASSERT_TRUE(session.on_connected(2));
  EXPECT_TRUE(take(session, 0).empty());
  EXPECT_EQ(text(take(session, 3)), (Lines{"resume 0", "1:1 ack 0", "2:2 ack 0"}));
  EXPECT_EQ(text(take(session, 1)), Lines{"3:3 ack 0"});
  EXPECT_TRUE(session.has_frames());
  EXPECT_EQ(take(session).size(), 2u);
  EXPECT_FALSE(session.has_frames());
}

TEST(Session, IsCongestedByManyMessages) {
  Session session = connected();
  for (std::size_t n = 1; n <= k_kept_messages_max; ++n) session.send(message(n));
  EXPECT_FALSE(session.is_congested());
  session.send(message(0));
  EXPECT_TRUE(session.is_congested());
  take(session);
  EXPECT_TRUE(session.is_congested()) << "sent is not received";
  ASSERT_EQ(session.on_frame(1, acknowledge(1), 0), Arrival::nothing);
  EXPECT_FALSE(session.is_congested());
}

TEST(Session, IsCongestedByManyBytes) {
  Session session = connected();
  for (int n = 0; n < 4; ++n) {
    EXPECT_FALSE(session.is_congested());
    wire::TaskDone done;
    done.result = Payload(k_kept_bytes_max / 8);
    done.more.emplace_back(k_kept_bytes_max / 8);
    session.send(std::move(done));
  }
  EXPECT_TRUE(session.is_congested());
  take(session);
  ASSERT_EQ(session.on_frame(1, acknowledge(1), 0), Arrival::nothing);
  EXPECT_FALSE(session.is_congested());
}

TEST(Session, DeathOfThePeerIsForGood) {
  Session session = connected();
  session.send(message(1));
  take(session);
  ASSERT_EQ(session.on_frame(1, numbered(1), 0), Arrival::message);
  session.on_peer_died();
  EXPECT_TRUE(session.is_closed());
  EXPECT_EQ(session.unacknowledged(), 0u);
  EXPECT_EQ(session.next_time(), std::nullopt);
  EXPECT_EQ(session.on_frame(1, numbered(2), 0), Arrival::nothing);
  EXPECT_FALSE(session.on_connected(2));
  session.send(message(2));
  EXPECT_EQ(session.unacknowledged(), 0u);
  EXPECT_TRUE(take(session).empty());
}

/// Two ends and channels that lose what is under way; each end learns of a new channel when it likes, but for the order
/// that a connection has: the one that is called has accepted it before anything can be sent back.
class Pair {
 public:
  explicit Pair(std::uint64_t seed) : dice_(seed) {}

  void step() {
    now_ += k_acknowledge_ns / 5;
    const int end = roll(2);
    switch (roll(12)) {
      case 0: return roll(8) == 0 ? connect() : learn(end);
      case 1:
      case 2:
      case 3: return learn(end);
      case 4:
      case 5: return session_[end].send(message(++said_[end]));
      case 6:
      case 7:
      case 8: return flush(end);
      default: return deliver(end);
    }
  }
  void finish() {
    connect();
    for (int round = 0; round < 2'000 && !done(); ++round) {
      for (const int end : {0, 1}) {
        learn(end);
        flush(end);
        deliver(end);
      }
      now_ += k_acknowledge_ns;
    }
    for (const int end : {0, 1}) EXPECT_EQ(heard_[1 - end], said_[end]);
    EXPECT_TRUE(done());
  }

 private:
  int roll(int sides) {
    dice_ = dice_ * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
    return static_cast<int>((dice_ >> 33) % static_cast<std::uint64_t>(sides));
  }
  bool done() const { return session_[0].unacknowledged() + session_[1].unacknowledged() == 0; }
  void connect() {
    ++epoch_;
    for (auto& frames : to_) frames.clear();
  }
  void learn(int end) {
    if (session_[end].epoch() == epoch_) return;
    if (roll(2) == 0) session_[end].on_broken(session_[end].epoch());
    EXPECT_TRUE(session_[end].on_connected(epoch_));
  }
  void flush(int end) {
    session_[end].on_time(now_);
    const auto frames = take(session_[end], static_cast<std::size_t>(roll(6)));
    if (session_[end].epoch() != epoch_) return;  // lost with the old channel
    for (const Frame& frame : frames) to_[1 - end].push_back(frame);
  }
  void deliver(int end) {
    for (int count = roll(5); count > 0 && !to_[end].empty() && session_[end].epoch() == epoch_; --count) {
      const Frame frame = to_[end].front();
      to_[end].pop_front();
      const Arrival what = session_[end].on_frame(epoch_, frame, now_);
      ASSERT_NE(what, Arrival::violation);
      if (what == Arrival::message) { ASSERT_EQ(number(frame), ++heard_[end]); }
    }
  }

  std::uint64_t dice_;
  Time now_ = 0;
  std::uint64_t epoch_ = 0;
  Session session_[2];
  std::deque<Frame> to_[2];
  std::uint64_t said_[2] = {};
  std::uint64_t heard_[2] = {};
};

TEST(Session, ExactlyOnceInOrderWhateverBreaks) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Pair pair(seed);
    for (int step = 0; step < 400; ++step) pair.step();
    pair.finish();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace shoal::net
