#include "data/exec/window.h"

#include <gtest/gtest.h>

#include <vector>

namespace shoal::data {
namespace {

struct Case {
  RowWindow window;
  std::vector<std::int64_t> blocks;
  std::vector<WindowCutter::Cut> cuts;
  bool satisfied;
};

TEST(WindowCutter, CutsBlocks) {
  const std::vector<Case> cases = {
      {{}, {5, 7}, {{0, 5}, {0, 7}}, false},
      {{.offset = 3}, {5, 7}, {{3, 2}, {0, 7}}, false},
      {{.offset = 5}, {5, 7}, {{}, {0, 7}}, false},
      {{.length = 6}, {5, 7, 2}, {{0, 5}, {0, 1}, {}}, true},
      {{.length = 5}, {5, 7}, {{0, 5}, {}}, true},
      {{.offset = 4, .length = 2}, {3, 10}, {{}, {1, 2}}, true},
      {{.offset = 1, .length = 1}, {9}, {{1, 1}}, true},
      {{.offset = 20, .length = 1}, {9}, {{}}, false},
      {{.offset = 7, .length = k_all_rows - 1}, {9}, {{7, 2}}, false},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    WindowCutter cutter(cases[i].window);
    for (std::size_t block = 0; block < cases[i].blocks.size(); ++block) {
      EXPECT_EQ(cutter.add(cases[i].blocks[block]), cases[i].cuts[block]) << "case " << i << ", block " << block;
    }
    EXPECT_EQ(cutter.satisfied(), cases[i].satisfied) << "case " << i;
  }
}

TEST(WindowCutter, NoRowsAreWantedOfAnEmptyWindow) {
  EXPECT_TRUE(WindowCutter({.offset = 9, .length = 0}).satisfied());
  EXPECT_FALSE(WindowCutter({.offset = 9, .length = 1}).satisfied());
}

TEST(WindowCutter, WantsAsManyFragmentsAsTheRowsTell) {
  const WindowCutter cutter({.offset = 10, .length = 90});
  EXPECT_EQ(cutter.fragments_wanted(0, 0), 1) << "nothing is known";
  EXPECT_EQ(cutter.fragments_wanted(1, 10), 9);
  EXPECT_EQ(cutter.fragments_wanted(2, 50), 2);
  EXPECT_EQ(cutter.fragments_wanted(4, 99), 1);
  EXPECT_EQ(cutter.fragments_wanted(4, 500), 1);
  EXPECT_EQ(cutter.fragments_wanted(3, 0), 6) << "rows are rare: look wider";
  EXPECT_EQ(WindowCutter({}).fragments_wanted(1, 1), k_all_rows);
}

}  // namespace
}  // namespace shoal::data
