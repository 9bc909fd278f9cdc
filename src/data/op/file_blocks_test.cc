#include "data/op/file_blocks.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <vector>

namespace shoal::data {
namespace {

/// Rows of each block for objects of these sizes.
std::vector<std::int64_t> cut(std::vector<std::int64_t> sizes, std::int64_t total, int parallelism,
                              std::int64_t block_bytes = 1 << 20, bool few_wanted = false) {
  FileBlocks blocks(total, parallelism, block_bytes, few_wanted);
  std::vector<std::int64_t> rows;
  for (std::int64_t size : sizes) {
    if (rows.empty()) rows.push_back(0);
    if (blocks.is_full_for(size)) {
      blocks.begin_next();
      rows.push_back(0);
    }
    blocks.add(size);
    ++rows.back();
  }
  return rows;
}

std::vector<std::int64_t> ones(std::int64_t count) {
  return std::vector<std::int64_t>(static_cast<std::size_t>(count), 1);
}

using Cut = std::vector<std::int64_t>;

TEST(FileBlocks, GrowInLongListings) { EXPECT_EQ(cut(ones(1000), -1, 2), (Cut{16, 32, 64, 128, 256, 256, 248})); }

TEST(FileBlocks, GiveEveryWorkerItsShareOfShortListings) {
  EXPECT_EQ(cut(ones(20), 20, 8), (Cut{3, 3, 3, 3, 2, 2, 2, 2}));
  EXPECT_EQ(cut(ones(3), 3, 8), (Cut{1, 1, 1}));
  EXPECT_EQ(cut(ones(200), 200, 16), (Cut{13, 13, 13, 13, 13, 13, 13, 13, 12, 12, 12, 12, 12, 12, 12, 12}));
  EXPECT_EQ(cut(ones(40), 40, 2), (Cut{16, 20, 4}));
  EXPECT_EQ(cut(ones(100), 100, 1), (Cut{16, 32, 52}));
  EXPECT_EQ(cut(ones(5), 5, 0), (Cut{5})) << "no parallelism is one";
}

TEST(FileBlocks, BeginWithOneFileWhereFewRowsAreWanted) {
  EXPECT_EQ(cut(ones(1000), -1, 2, 1 << 20, true), (Cut{1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 233}));
  EXPECT_EQ(cut(ones(20), 20, 8, 1 << 20, true), (Cut{1, 2, 3, 3, 2, 2, 2, 2, 2, 1}));
}

TEST(FileBlocks, EndAtTheirBytes) { EXPECT_EQ(cut({60, 60, 60, 200, 1, 1}, -1, 1, 120), (Cut{2, 1, 1, 2})); }

TEST(FileBlocks, LeaveNoWorkerWithoutABlock) {
  for (std::int64_t rows : {1, 7, 16, 17, 100, 255, 640, 999}) {
    for (int parallelism : {1, 2, 3, 8, 16, 64}) {
      Cut blocks = cut(ones(rows), rows, parallelism);
      EXPECT_EQ(std::accumulate(blocks.begin(), blocks.end(), std::int64_t{0}), rows);
      EXPECT_GE(static_cast<std::int64_t>(blocks.size()), std::min<std::int64_t>(rows, parallelism))
          << rows << " rows for " << parallelism;
    }
  }
}

}  // namespace
}  // namespace shoal::data
