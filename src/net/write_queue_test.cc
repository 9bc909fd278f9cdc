#include "net/write_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "net/limits.h"
#include "wire/frame.h"

namespace shoal::net {
namespace {

Frame frame_of(std::uint64_t n, std::size_t bytes) {
  Payload value(bytes);
  std::memset(value.data(), static_cast<int>(n), bytes);
  return {{FrameKind::message, n, 0}, wire::ValueIs{.object = {{}, n, 0}, .value = std::move(value)}};
}

/// Takes at most `most` bytes as a socket does, in at most `pieces` pieces.
std::vector<std::uint8_t> take(WriteQueue& queue, std::size_t most, std::size_t pieces) {
  std::array<iovec, 8> places;
  std::vector<std::uint8_t> taken;
  const std::size_t count = queue.front(std::span(places).first(pieces));
  for (std::size_t i = 0; i < count; ++i) {
    const auto* bytes = static_cast<const std::uint8_t*>(places[i].iov_base);
    taken.insert(taken.end(), bytes, bytes + std::min(places[i].iov_len, most - taken.size()));
  }
  queue.on_written(taken.size());
  return taken;
}

TEST(WriteQueue, GivesAllBytesInOrderWhateverIsTaken) {
  WriteQueue queue;
  std::vector<std::uint8_t> expected, got;
  for (std::uint64_t n = 1; n <= 400; ++n) {
    const Frame frame = frame_of(n, n % 50 == 0 ? 3 * k_chunk_bytes : n * 13 % 2'000);
    ASSERT_TRUE(queue.add(frame).ok());
    ASSERT_TRUE(wire::append_frame(expected, frame.message, n).ok());
    if (n % 3 != 0) continue;
    const auto some = take(queue, n * 71 % 5'000, 1 + n % 8);
    got.insert(got.end(), some.begin(), some.end());
    ASSERT_EQ(queue.bytes(), expected.size() - got.size());
  }
  EXPECT_GT(queue.frames(), 0u);
  while (!queue.empty()) {
    const auto some = take(queue, 30'000, 8);
    ASSERT_FALSE(some.empty());
    got.insert(got.end(), some.begin(), some.end());
  }
  EXPECT_EQ(queue.bytes() + queue.frames(), 0u);
  EXPECT_EQ(got, expected);
}

TEST(WriteQueue, SmallFramesUseTheSameMemoryAgain) {
  WriteQueue queue;
  const auto place = [&] {
    EXPECT_TRUE(queue.add(frame_of(1, 100)).ok());
    iovec first{};
    EXPECT_EQ(queue.front({&first, 1}), 1u);
    queue.on_written(first.iov_len);
    EXPECT_TRUE(queue.empty());
    return first.iov_base;
  };
  const void* const first = place();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(place(), first);
}

TEST(WriteQueue, ALargeFrameIsNotCopiedBehindOthers) {
  WriteQueue queue;
  ASSERT_TRUE(queue.add(frame_of(1, 100)).ok());
  ASSERT_TRUE(queue.add(frame_of(2, 10 * k_chunk_bytes)).ok());
  ASSERT_TRUE(queue.add(frame_of(3, 100)).ok());
  std::array<iovec, 8> pieces;
  EXPECT_EQ(queue.front(pieces), 3u);
  EXPECT_GT(pieces[1].iov_len, 10 * k_chunk_bytes);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes() + queue.frames(), 0u);
}

TEST(WriteQueue, SaysWhatIsAcknowledgedWhereItChanges) {
  WriteQueue queue;
  const auto added = [&](FrameKind kind, std::uint64_t acknowledged) {
    const std::size_t before = queue.bytes();
    EXPECT_TRUE(queue.add({{kind, kind == FrameKind::message ? 1u : 0u, acknowledged}, wire::BorrowDrop{}}).ok());
    return queue.bytes() - before;
  };
  const std::size_t record = wire::k_frame_header_bytes;
  const std::size_t message = added(FrameKind::message, 0);
  EXPECT_EQ(added(FrameKind::message, 5), message + record);
  EXPECT_EQ(added(FrameKind::message, 5), message);
  EXPECT_EQ(added(FrameKind::acknowledge, 6), record);
  EXPECT_EQ(added(FrameKind::message, 6), message);
  EXPECT_EQ(added(FrameKind::resume, 7), record);
  EXPECT_EQ(added(FrameKind::message, 7), message);
}

}  // namespace
}  // namespace shoal::net
