#include "net/inprocess.h"

#include <gtest/gtest.h>

#include <thread>

#include "net/testing/channel_suite.h"

namespace shoal::net {
namespace {

class InprocessFixture {
 public:
  explicit InprocessFixture(Transcode transcode = nullptr) : transcode_(transcode) {}
  void connect(std::uint64_t epoch) {
    ends_ = {};
    ends_ = InprocessChannel::connect(epoch, transcode_);
  }
  Channel& left() { return *ends_.first; }
  Channel& right() { return *ends_.second; }
  void settle() {}
  void cut() { ends_.first->testing_cut(); }

 private:
  const Transcode transcode_;
  InprocessChannel::Ends ends_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Inprocess, ChannelSuite, InprocessFixture);

TEST(InprocessChannel, MovesValuesWithoutCopyingThem) {
  const auto ends = InprocessChannel::connect(1);
  std::vector<Frame> frames(1);
  Payload value(1'000);
  const std::uint8_t* const bytes = value.data();
  frames[0].message = wire::ValueIs{.object = {}, .value = std::move(value)};
  ends.first->send(frames);
  Arrivals arrivals;
  ends.second->receive(arrivals);
  ASSERT_EQ(arrivals.frames.size(), 1u);
  EXPECT_EQ(std::get<wire::ValueIs>(arrivals.frames[0].message).value.data(), bytes);
}

TEST(InprocessChannel, PassesMessagesThroughTheTranscoder) {
  const auto ends = InprocessChannel::connect(1, [](wire::Message message) {
    ++std::get<wire::BorrowAdd>(message).object.n;
    return message;
  });
  std::vector<Frame> frames(2);
  frames[0].header.kind = FrameKind::resume;
  frames[1].message = wire::BorrowAdd{.object = {{}, 4, 0}};
  ends.first->send(frames);
  Arrivals arrivals;
  ends.second->receive(arrivals);
  ASSERT_EQ(arrivals.frames.size(), 2u);
  EXPECT_EQ(std::get<wire::BorrowAdd>(arrivals.frames[1].message).object.n, 5u);
}

TEST(InprocessChannel, ThreadsAtBothEnds) {
  constexpr std::uint64_t k_messages = 20'000;
  const auto ends = InprocessChannel::connect(1);
  const auto talk = [](InprocessChannel& channel) {
    std::vector<Frame> frames;
    Arrivals arrivals;
    std::uint64_t said = 0, heard = 0;
    while (heard < k_messages) {
      for (int batch = 0; batch < 32 && said < k_messages && !channel.is_congested(); ++batch) {
        frames.push_back({{FrameKind::message, ++said, 0}, wire::LeaseReturn{.lease = said}});
      }
      channel.send(frames);
      channel.receive(arrivals);
      for (const Frame& frame : arrivals.frames) {
        ASSERT_EQ(std::get<wire::LeaseReturn>(frame.message).lease, ++heard);
      }
      if (arrivals.frames.empty()) std::this_thread::yield();
    }
    while (said < k_messages) {
      frames.push_back({{FrameKind::message, ++said, 0}, wire::LeaseReturn{.lease = said}});
      channel.send(frames);
    }
  };
  std::thread other([&] { talk(*ends.second); });
  talk(*ends.first);
  other.join();
}

TEST(InprocessChannel, AClosedEndMayGoWhileTheOtherWrites) {
  auto ends = InprocessChannel::connect(1);
  std::thread other([&] { ends.second.reset(); });
  std::vector<Frame> frames;
  Arrivals arrivals;
  while (!arrivals.broken) {
    frames.resize(4);
    ends.first->send(frames);
    ends.first->receive(arrivals);
  }
  other.join();
  EXPECT_TRUE(arrivals.frames.empty());
}

}  // namespace
}  // namespace shoal::net
