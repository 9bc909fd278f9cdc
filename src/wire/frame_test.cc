#include "wire/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <variant>
#include <vector>

#include "wire/print.h"
#include "wire/testing/filled.h"

namespace shoal::wire {
namespace {

using testing::ElementsAre;
using Bytes = std::vector<std::uint8_t>;

Bytes frame_of(const Message& message, std::uint64_t correlation = 7) {
  Bytes frame;
  EXPECT_TRUE(append_frame(frame, message, correlation).ok());
  return frame;
}

TEST(Frame, EachMessageComesBackWithAllItsMembers) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (const Message& message : all_messages(seed)) {
      const Bytes frame = frame_of(message);
      const Result<Frame> back = parse(frame);
      ASSERT_TRUE(back.ok()) << to_string(message);
      EXPECT_EQ(back->correlation, 7u);
      EXPECT_EQ(back->bytes, frame.size());
      ASSERT_EQ(back->message.index(), message.index());
      EXPECT_EQ(to_string(back->message), to_string(message));
      EXPECT_EQ(frame_of(back->message), frame);
    }
  }
}

TEST(Frame, MembersAreWhereTheyWere) {
  PushTask push;
  push.task = {{1, 2}, 3};
  push.resolved.resize(2);
  push.resolved[1] = Payload(50);
  std::memset(push.resolved[1].data(), 9, 50);
  push.credit = -4;
  push.gpus = {6, 7};
  const Result<Frame> back = parse(frame_of(push));
  ASSERT_TRUE(back.ok());
  const auto& got = std::get<PushTask>(back->message);
  EXPECT_EQ(got.task, push.task);
  ASSERT_EQ(got.resolved.size(), 2u);
  EXPECT_EQ(got.resolved[1].size(), 50u);
  EXPECT_EQ(got.resolved[1].data()[49], 9);
  EXPECT_EQ(got.credit, -4);
  EXPECT_THAT(got.gpus, ElementsAre(6, 7));
}

TEST(Frame, FormatOfTheHeaderAndTheStruct) {
  EXPECT_THAT(frame_of(LeaseReturn{.lease = 0x0102}, 5),
              ElementsAre(8, 0, 0, 0, Message(LeaseReturn()).index(), 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,  //
                          2, 1, 0, 0, 0, 0, 0, 0));
}

TEST(Frame, CutAnywhereItIsRefused) {
  for (const Message& message : all_messages(3)) {
    const Bytes frame = frame_of(message);
    for (std::size_t size = 0; size < frame.size(); ++size) {
      EXPECT_FALSE(parse(std::span(frame).first(size)).ok()) << to_string(message) << " at " << size;
    }
    // The same with a header that agrees with the cut.
    for (std::size_t size = k_frame_header_bytes; size < frame.size(); ++size) {
      Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
      const auto length = static_cast<std::uint32_t>(size - k_frame_header_bytes);
      std::memcpy(cut.data(), &length, sizeof length);
      const Result<Frame> back = parse(cut);
      ASSERT_FALSE(back.ok()) << to_string(message) << " at " << size;
      EXPECT_EQ(back.status().code(), ErrorCode::corrupt_data);
    }
  }
}

TEST(Frame, ByteByByteChangedItParsesOrIsRefused) {
  for (const Message& message : all_messages(5)) {
    const Bytes frame = frame_of(message);
    for (std::size_t place = 0; place < frame.size(); ++place) {
      for (const int change : {0x01, 0x80, 0xff}) {
        Bytes changed = frame;
        changed[place] = static_cast<std::uint8_t>(changed[place] ^ change);
        const Result<Frame> back = parse(changed);
        // What parses is a message like any other: it has one spelling.
        if (back.ok()) { EXPECT_EQ(frame_of(back->message, back->correlation), changed); }
      }
    }
  }
}

TEST(Frame, FramesStandBehindEachOther) {
  Bytes frames;
  ASSERT_TRUE(append_frame(frames, WatchActor{.actor = {{1, 1}, 1}}, 1).ok());
  ASSERT_TRUE(append_frame(frames, WorkerWaits{.waits = true}, 2).ok());
  const Result<Frame> first = parse(frames);
  ASSERT_TRUE(first.ok());
  const Result<Frame> second = parse(std::span(frames).subspan(first->bytes));
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(std::get<WorkerWaits>(second->message).waits);
  EXPECT_EQ(second->correlation, 2u);
  EXPECT_EQ(first->bytes + second->bytes, frames.size());
}

TEST(Frame, HeadersAreCheckedBeforeAnybodyMakesRoom) {
  const auto with = [](FrameHeader header) {
    Bytes bytes(k_frame_header_bytes);
    std::memcpy(bytes.data(), &header, sizeof header);
    return parse_header(bytes).status().code();
  };
  EXPECT_EQ(with({.length = k_frame_bytes_max}), ErrorCode::ok);
  EXPECT_EQ(with({.length = k_frame_bytes_max + 1}), ErrorCode::corrupt_data);
  EXPECT_EQ(with({.type = std::variant_size_v<Message> - 1}), ErrorCode::ok);
  EXPECT_EQ(with({.type = std::variant_size_v<Message>}), ErrorCode::corrupt_data);
  EXPECT_EQ(with({.flags = 1}), ErrorCode::corrupt_data);
}

TEST(Frame, EnumerationsRefuseOtherValues) {
  ActorNews news;
  news.phase = ActorPhase::dead;
  news.failure = std::make_shared<Failure>();
  Bytes frame = frame_of(news);
  const std::size_t phase = k_frame_header_bytes + 16;
  ASSERT_EQ(frame[phase], static_cast<std::uint8_t>(ActorPhase::dead));
  ++frame[phase];
  EXPECT_FALSE(parse(frame).ok());
}

}  // namespace
}  // namespace shoal::wire
