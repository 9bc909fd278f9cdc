#include "data/exec/figures.h"

#include <gtest/gtest.h>

namespace shoal::data {
namespace {

TEST(Figures, GroupsThousands) {
  EXPECT_EQ(format_grouped(0), "0");
  EXPECT_EQ(format_grouped(999), "999");
  EXPECT_EQ(format_grouped(70000), "70,000");
  EXPECT_EQ(format_grouped(-1234567), "-1,234,567");
}

TEST(Figures, ShortNumbersHaveFiveCharactersAtMost) {
  EXPECT_EQ(format_short(0), "0");
  EXPECT_EQ(format_short(22.53), "22.5");
  EXPECT_EQ(format_short(9999), "9999");
  EXPECT_EQ(format_short(70000), "70.0k");
  EXPECT_EQ(format_short(999999), "1.0M");
  for (double n = 0.04; n < 9e14; n *= 1.37) EXPECT_LE(format_short(n).size(), 5U) << n;
}

TEST(Figures, DurationsChooseTheirUnit) {
  EXPECT_EQ(format_duration(812), "812 ns");
  EXPECT_EQ(format_duration(1'020'000), "1.02 ms");
  EXPECT_EQ(format_duration(999'900), "1.00 ms");
  EXPECT_EQ(format_duration(460'000'000), "460 ms");
  EXPECT_EQ(format_duration(8'120'000'000), "8.12 s");
  EXPECT_EQ(format_duration(185'000'000'000), "3:05 min");
  EXPECT_EQ(format_duration(7'385'000'000'000), "2:03:05 h");
}

TEST(Figures, TimeLeftMayBeUnknown) {
  EXPECT_EQ(format_clock(-1), "-");
  EXPECT_EQ(format_clock(1.2), "0:02");
  EXPECT_EQ(format_clock(3723), "1:02:03");
}

}  // namespace
}  // namespace shoal::data
