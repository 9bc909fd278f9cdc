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
  FileBlocks blocks(parallelism, block_bytes, few_wanted);
  blocks.set_listed(total >= 0 ? total : 1000, total >= 0);
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

TEST(FileBlocks, GrowInLongListings) {
  EXPECT_EQ(cut(ones(1000), -1, 2), (Cut{16, 16, 16, 24, 36, 54, 81, 121, 182, 256, 198}));
}

TEST(FileBlocks, GiveEveryWorkerItsShareOfShortListings) {
  EXPECT_EQ(cut(ones(20), 20, 8), (Cut{3, 3, 3, 3, 2, 2, 2, 2}));
  EXPECT_EQ(cut(ones(3), 3, 8), (Cut{1, 1, 1}));
  EXPECT_EQ(cut(ones(200), 200, 16), (Cut{13, 13, 13, 13, 13, 13, 13, 13, 12, 12, 12, 12, 12, 12, 12, 12}));
  EXPECT_EQ(cut(ones(40), 40, 2), (Cut{16, 16, 8}));
  EXPECT_EQ(cut(ones(100), 100, 1), (Cut{16, 16, 32, 36}));
  EXPECT_EQ(cut(ones(5), 5, 0), (Cut{5})) << "no parallelism is one";
}

TEST(FileBlocks, BeginWithOneFileWhereFewRowsAreWanted) {
  EXPECT_EQ(cut(ones(1000), -1, 2, 1 << 20, true), (Cut{1, 2, 4, 8, 16, 16, 23, 35, 52, 78, 117, 176, 256, 216}));
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

TEST(FileBlocks, NeedNotKnowTheEndOfALongListing) {
  FileBlocks blocks(2, 1 << 20);
  EXPECT_FALSE(blocks.knows_size());
  blocks.set_listed(31, false);
  EXPECT_FALSE(blocks.knows_size()) << "16 rows may be more than half";
  blocks.set_listed(32, false);
  EXPECT_TRUE(blocks.knows_size());
  FileBlocks wide(1000, 1 << 20);
  wide.set_listed(999, false);
  EXPECT_FALSE(wide.knows_size());
  wide.set_listed(1000, false);
  EXPECT_TRUE(wide.knows_size());
}

TEST(FileBlocks, AreNeverLargerThanAWorkersShare) {
  for (std::int64_t rows : {200, 999, 5000}) {
    for (std::int64_t block : cut(ones(rows), rows < 1000 ? rows : -1, 8))
      EXPECT_LE(block, std::max(rows / 8, std::int64_t{16}));
  }
}

TEST(FileBlocks, AreCutTheSameWhateverThePagesAre) {
  for (std::int64_t rows : {20, 300, 700, 999, 1000, 1500}) {
    for (int parallelism : {1, 2, 8, 64}) {
      const Cut whole = cut(ones(rows), rows < 1000 ? rows : -1, parallelism);
      for (std::int64_t page : {10, 200, 600}) {  // rows
        FileBlocks blocks(parallelism, 1 << 20);
        Cut paged = {0};
        std::int64_t listed = 0;
        for (std::int64_t row = 0; row < rows; ++row) {
          if (row > 0 && blocks.is_full_for(1)) {
            blocks.begin_next();
            paged.push_back(0);
          }
          while (listed < rows && (row >= listed || (paged.back() == 0 && !blocks.knows_size()))) {
            listed = std::min(rows, listed + page);
            blocks.set_listed(listed, false);
          }
          if (paged.back() == 0 && !blocks.knows_size()) blocks.set_listed(listed, true);
          blocks.add(1);
          ++paged.back();
        }
        EXPECT_EQ(paged, whole) << rows << " rows in pages of " << page << " for " << parallelism;
      }
    }
  }
}

}  // namespace
}  // namespace shoal::data
