#include "store/writer.h"

#include <cstring>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/limits.h"

namespace shoal::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoreWriter : public ::testing::Test {
 protected:
  void add(ExtentId id, std::vector<std::byte>& bytes) { writer.add(id, bytes); }
  std::vector<std::byte> first = std::vector<std::byte>(1024), second = std::vector<std::byte>(1024);
  Writer writer;
};

TEST_F(StoreWriter, CutsAlignedPiecesOneAfterTheOther) {
  EXPECT_FALSE(writer.allocate(1)) << "there is no extent";
  add(7, first);
  const Piece a = writer.allocate(100).value(), b = writer.allocate(64).value(), c = writer.allocate(0).value();
  EXPECT_EQ(a.offset, 0u);
  EXPECT_EQ(b.offset, 128u);
  EXPECT_EQ(c.offset, 192u);
  EXPECT_EQ(a.bytes.size(), 100u);
  EXPECT_EQ(b.bytes.data(), first.data() + 128);
  EXPECT_EQ(writer.allocate(64)->offset, 256u) << "two empty objects have different places";
  EXPECT_FALSE(writer.allocate(1000));
  EXPECT_EQ(writer.seal(b, 10), (Place{7, 128, 10}));
}

TEST_F(StoreWriter, FillsAnExtentToItsEnd) {
  add(7, first);
  const Piece all = writer.allocate(1024).value();
  EXPECT_FALSE(writer.allocate(0));
  EXPECT_FALSE(writer.allocate(1));
  writer.abandon(all);
  EXPECT_EQ(writer.allocate(1)->offset, 0u) << "nothing came behind it";
}

TEST_F(StoreWriter, GivesBackWhatALastPieceDidNotNeed) {
  add(7, first);
  const Piece large = writer.allocate(900).value();
  writer.seal(large, 65);
  EXPECT_EQ(writer.allocate(1)->offset, 128u);
  const Piece early = writer.allocate(64).value(), late = writer.allocate(64).value();
  writer.abandon(early);
  EXPECT_EQ(writer.allocate(64)->offset, late.offset + 64) << "the later one is being written";
}

TEST_F(StoreWriter, ReturnsAnExtentWhenNothingInItIsWritten) {
  add(7, first);
  const Piece open = writer.allocate(10).value();
  add(8, second);
  EXPECT_THAT(writer.take_returned(), IsEmpty());
  EXPECT_EQ(writer.allocate(10)->extent, 8u);
  writer.seal(open, 10);
  EXPECT_THAT(writer.take_returned(), ElementsAre(7u));
  EXPECT_THAT(writer.take_returned(), IsEmpty());
}

TEST_F(StoreWriter, ReturnsWhatIsRecalled) {
  add(7, first);
  const Piece open = writer.allocate(10).value();
  writer.recall(7);
  writer.recall(99);
  EXPECT_FALSE(writer.allocate(1)) << "others need it";
  EXPECT_THAT(writer.take_returned(), IsEmpty());
  writer.abandon(open);
  EXPECT_THAT(writer.take_returned(), ElementsAre(7u));
  add(7, first);
  EXPECT_EQ(writer.allocate(1)->offset, 0u) << "it may come again, warm";
}

TEST_F(StoreWriter, KeepsAnExtentWhoseWriterStillReadsIt) {
  add(7, first);
  const Piece read = writer.allocate(100).value();
  EXPECT_EQ(writer.publish(read, 65), (Place{7, 0, 65}));
  EXPECT_EQ(writer.allocate(10)->offset, 128u) << "what it did not need is used again";
  add(8, second);
  writer.recall(7);
  EXPECT_THAT(writer.take_returned(), IsEmpty());
}

TEST(StoreWriterOfLargePieces, ReturnsWhatHasNoRoomForOne) {
  std::vector<std::byte> bytes(1024);
  Writer writer(128);
  writer.add(7, bytes);
  const Piece piece = writer.allocate(900).value();
  EXPECT_EQ(writer.publish(piece, 900), (Place{7, 0, 900}));
  EXPECT_THAT(writer.take_returned(), IsEmpty());
  writer.leave(piece);
  EXPECT_THAT(writer.take_returned(), ElementsAre(7u));
}

TEST_F(StoreWriter, GoesOnWithTheExtentThatHasMoreRoom) {
  std::vector<std::byte> own(640);
  add(7, first);
  const Piece small = writer.allocate(64).value();
  add(8, own);
  const Piece large = writer.allocate(640).value();
  EXPECT_EQ(large.extent, 8u);
  EXPECT_EQ(writer.allocate(64)->extent, 7u) << "the other was for one piece";
  writer.leave(large);
  EXPECT_THAT(writer.take_returned(), ElementsAre(8u));
  writer.leave(small);
  add(9, second);
  EXPECT_EQ(writer.allocate(512)->extent, 9u);
  EXPECT_EQ(writer.allocate(64)->extent, 7u) << "which has still more";
}

TEST_F(StoreWriter, AsksForWholePieces) {
  constexpr std::uint64_t k_unit = 1 << 20;
  EXPECT_EQ(writer.extent_bytes(3 * k_unit), 3 * k_unit);
  EXPECT_EQ(writer.extent_bytes(5 * k_unit), 5 * k_unit);
  add(7, first);
  ASSERT_EQ(writer.extent_bytes(1), 16 * k_unit);
  EXPECT_EQ(writer.extent_bytes(3 * k_unit), 15 * k_unit);
  EXPECT_EQ(writer.extent_bytes(5 * k_unit + 1), 3 * 5 * k_unit + k_page_bytes);
  EXPECT_EQ(writer.extent_bytes(17 * k_unit), 17 * k_unit);
}

TEST_F(StoreWriter, AsksForMoreEachTime) {
  EXPECT_EQ(writer.extent_bytes(1), k_extent_bytes_min);
  add(1, first);
  EXPECT_EQ(writer.extent_bytes(1), k_extent_growth * k_extent_bytes_min);
  for (ExtentId id = 2; id < 20; ++id) add(id, first);
  EXPECT_EQ(writer.extent_bytes(1), k_extent_bytes_max);
  EXPECT_EQ(writer.extent_bytes(k_extent_bytes_max + 1), k_extent_bytes_max + k_page_bytes) << "one of its own";
}

}  // namespace
}  // namespace shoal::store
