#include "data/exec/order.h"

#include <gtest/gtest.h>

namespace shoal::data {
namespace {

Block block(std::uint64_t id) { return {BlockId{id}, 0, 1, 1}; }

std::vector<std::uint64_t> ids(std::vector<Block>& out) {
  std::vector<std::uint64_t> all;
  for (const Block& each : out) all.push_back(static_cast<std::uint64_t>(each.id));
  out.clear();
  return all;
}

using BlockIds = std::vector<std::uint64_t>;

TEST(ReorderBuffer, HoldsWhatComesBeforeItsTurn) {
  ReorderBuffer order(true);
  std::vector<Block> out;
  order.push(1, block(10), out);
  order.push(0, block(1), out);
  EXPECT_EQ(ids(out), BlockIds{1});
  order.push(1, block(11), out);
  EXPECT_EQ(order.held(), 2);
  order.close(0, out);
  EXPECT_EQ(ids(out), (BlockIds{10, 11}));
  EXPECT_EQ(order.held(), 0);
  EXPECT_EQ(order.head(), 1);
  order.push(1, block(12), out);
  EXPECT_EQ(ids(out), BlockIds{12});
}

TEST(ReorderBuffer, ClosingTheHeadReleasesAllThatFollow) {
  ReorderBuffer order(true);
  std::vector<Block> out;
  order.push(3, block(30), out);
  order.close(1, out);
  order.close(2, out);
  EXPECT_EQ(ids(out), BlockIds{});
  order.close(0, out);
  EXPECT_EQ(ids(out), BlockIds{30});
  EXPECT_EQ(order.head(), 3);
}

TEST(ReorderBuffer, WithoutOrderEverythingPasses) {
  ReorderBuffer order(false);
  std::vector<Block> out;
  order.push(5, block(50), out);
  order.close(5, out);
  order.push(0, block(1), out);
  EXPECT_EQ(ids(out), (BlockIds{50, 1}));
}

TEST(ReorderBuffer, ClearGivesAllHeldBlocks) {
  ReorderBuffer order(true);
  std::vector<Block> out;
  order.push(1, block(10), out);
  order.push(2, block(20), out);
  auto held = order.clear();
  EXPECT_EQ(ids(held), (BlockIds{10, 20}));
  EXPECT_EQ(order.held(), 0);
}

TEST(ReorderBuffer, ClearBehindKeepsWhatComesBefore) {
  ReorderBuffer order(true);
  std::vector<Block> out;
  order.push(1, block(10), out);
  order.push(2, block(20), out);
  order.push(3, block(30), out);
  auto behind = order.clear_behind(2);
  EXPECT_EQ(ids(behind), BlockIds{30});
  EXPECT_EQ(order.held(), 2);
  order.close(2, out);
  order.close(1, out);
  order.close(0, out);
  EXPECT_EQ(ids(out), (BlockIds{10, 20}));
}

}  // namespace
}  // namespace shoal::data
