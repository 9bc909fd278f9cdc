#include "net/read_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shoal::net {
namespace {

void fill(ReadBuffer& buffer, std::size_t count, std::uint8_t& next) {
  const auto room = buffer.room(count);
  ASSERT_GE(room.size(), count);
  for (std::size_t i = 0; i < count; ++i) room[i] = next++;
  buffer.add(count);
}

TEST(ReadBuffer, KeepsBytesInOrderWhateverIsTakenAndAdded) {
  ReadBuffer buffer;
  std::uint8_t written = 0, read = 0;
  for (std::size_t round = 0; round < 2'000; ++round) {
    fill(buffer, 1 + round * 37 % 5'000, written);
    const std::size_t taken = std::min(buffer.size(), round * 53 % 6'000);
    for (const std::uint8_t byte : buffer.bytes().first(taken)) ASSERT_EQ(byte, read++) << round;
    buffer.consume(taken);
  }
  for (const std::uint8_t byte : buffer.bytes()) ASSERT_EQ(byte, read++);
  EXPECT_EQ(read, written);
}

TEST(ReadBuffer, UsesItsMemoryAgain) {
  ReadBuffer buffer;
  std::uint8_t next = 0;
  fill(buffer, 1'000, next);
  const std::uint8_t* const first = buffer.bytes().data();
  for (int round = 0; round < 1'000; ++round) {
    buffer.consume(990);  // the begin of a frame is left
    fill(buffer, 990, next);
  }
  buffer.consume(1'000);
  fill(buffer, 1, next);
  EXPECT_EQ(buffer.bytes().data(), first);
}

TEST(ReadBuffer, GivesMemoryBackOnlyWhereItIsEmpty) {
  ReadBuffer buffer;
  std::uint8_t next = 0;
  fill(buffer, 1'000'000, next);
  buffer.consume(999'999);
  buffer.shrink(1'000);
  ASSERT_EQ(buffer.size(), 1u);
  EXPECT_EQ(buffer.bytes()[0], static_cast<std::uint8_t>(999'999));
  buffer.consume(1);
  buffer.shrink(2'000'000);
  EXPECT_GE(buffer.room(1).size(), 1'000'000u) << "as much may be kept";
  buffer.shrink(1'000);
  EXPECT_LT(buffer.room(1).size(), 1'000'000u);
}

}  // namespace
}  // namespace shoal::net
