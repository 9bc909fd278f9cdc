#include "shell/output/line_fold.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shoal::shell {
namespace {

constexpr Time k_window = 1'000'000'000;

Line said(const std::string& text) { return {.who = std::make_shared<const std::string>("load"), .text = text}; }

std::vector<LineFold::Folded> given(LineFold& fold, Time now, bool all = false) {
  std::vector<LineFold::Folded> folded;
  fold.give(now, all, folded);
  return folded;
}

TEST(LineFold, CountsWhatOthersRepeat) {
  LineFold fold;
  EXPECT_TRUE(fold.take({.pid = 1}, said("ready"), 0));
  EXPECT_FALSE(fold.take({.pid = 2}, said("ready"), 1));
  EXPECT_FALSE(fold.take({.pid = 3}, said("ready"), 2));
  EXPECT_FALSE(fold.take({.pid = 3}, said("ready"), 3));
  EXPECT_EQ(fold.next_time(), k_window);
  EXPECT_TRUE(given(fold, k_window - 1).empty());
  const auto folded = given(fold, k_window);
  ASSERT_EQ(folded.size(), 1U);
  EXPECT_EQ(folded[0].first.pid, 1);
  EXPECT_EQ(folded[0].line.text, "ready");
  EXPECT_EQ(folded[0].times, 3U);
  EXPECT_EQ(folded[0].processes, 2U);
  EXPECT_EQ(fold.next_time(), std::nullopt);
}

TEST(LineFold, ShowsWhatOneRepeatsAndWhatDiffers) {
  LineFold fold;
  EXPECT_TRUE(fold.take({.pid = 1}, said("step"), 0));
  EXPECT_TRUE(fold.take({.pid = 1}, said("step"), 0));
  EXPECT_TRUE(fold.take({.pid = 2}, said("step 2"), 0));
  EXPECT_TRUE(fold.take({.pid = 2, .is_error = true}, said("step"), 0));
  EXPECT_TRUE(fold.take({.pid = 2}, {.text = "step"}, 0)) << "of another task";
  EXPECT_TRUE(given(fold, 0, true).empty());
}

TEST(LineFold, ASecondLaterItIsNews) {
  LineFold fold;
  EXPECT_TRUE(fold.take({.pid = 1}, said("epoch"), 0));
  EXPECT_TRUE(fold.take({.pid = 2}, said("epoch"), k_window));
}

TEST(LineFold, LooksOutForSoManyLinesAndShowsTheOthers) {
  LineFold fold;
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(fold.take({.pid = 1}, said(std::to_string(i)), 0));
  EXPECT_TRUE(fold.take({.pid = 1}, said("one more"), 0));
  EXPECT_TRUE(fold.take({.pid = 2}, said("one more"), 0));
  EXPECT_FALSE(fold.take({.pid = 2}, said("7"), 0));
}

TEST(LineFold, AtTheEndEverythingIsTold) {
  LineFold fold;
  EXPECT_TRUE(fold.take({.pid = 1}, said("bye"), 0));
  EXPECT_FALSE(fold.take({.pid = 2}, said("bye"), 0));
  EXPECT_EQ(given(fold, 0, true).size(), 1U);
}

}  // namespace
}  // namespace shoal::shell
