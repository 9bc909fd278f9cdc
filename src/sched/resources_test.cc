#include "sched/resources.h"

#include <limits>

#include <gtest/gtest.h>

namespace shoal::sched {
namespace {

using wire::k_one;
constexpr std::int64_t k_gib = std::int64_t{1} << 30;

TEST(Resources, FitsLooksOnlyAtWhatIsUsed) {
  const Resources have{.cpu = 2 * k_one, .gpu = 0, .memory = k_gib, .custom = {{"licence", 3 * k_one}}};
  struct Case {
    Resources demand;
    bool fits;
  };
  const Case cases[] = {
      {{}, true},
      {{.cpu = 2 * k_one}, true},
      {{.cpu = 2 * k_one + 1}, false},
      {{.gpu = 1}, false},
      {{.memory = k_gib}, true},
      {{.memory = k_gib + 1}, false},
      {{.custom = {{"licence", 3 * k_one}}}, true},
      {{.custom = {{"licence", 3 * k_one + 1}}}, false},
      {{.custom = {{"other", 1}}}, false},
      {{.cpu = k_one, .custom = {{"aaa", 1}, {"licence", 1}}}, false},
  };
  for (const Case& each : cases) EXPECT_EQ(fits(each.demand, have), each.fits) << to_string(each.demand);

  const Resources short_of_cpu{.cpu = -k_one, .memory = k_gib};
  EXPECT_TRUE(fits({.memory = 1}, short_of_cpu)) << "it does not use a CPU";
  EXPECT_FALSE(fits({.cpu = 1, .memory = 1}, short_of_cpu));
}

TEST(Resources, AddAndSubtractAreExactAndUndoEachOther) {
  Resources sum;
  const Resources tenth{.cpu = k_one / 10, .gpu = k_one / 10, .memory = 1, .custom = {{"b", 1}, {"d", 2}}};
  for (int i = 0; i < 10; ++i) add(sum, tenth);
  EXPECT_EQ(sum, (Resources{.cpu = k_one, .gpu = k_one, .memory = 10, .custom = {{"b", 10}, {"d", 20}}}));
  add(sum, {.custom = {{"a", 1}, {"c", 1}, {"e", 1}}});
  EXPECT_EQ(sum.custom, (std::vector<wire::CustomAmount>{{"a", 1}, {"b", 10}, {"c", 1}, {"d", 20}, {"e", 1}}));
  subtract(sum, {.custom = {{"a", 1}, {"c", 1}, {"e", 1}}});
  for (int i = 0; i < 10; ++i) subtract(sum, tenth);
  EXPECT_TRUE(is_zero(sum)) << to_string(sum);

  subtract(sum, {.cpu = 1, .custom = {{"a", 1}}});
  EXPECT_EQ(sum, (Resources{.cpu = -1, .custom = {{"a", -1}}}));
  EXPECT_TRUE(is_zero(at_least_zero(sum)));
}

TEST(Resources, WhatComesFromOthersIsPutInOrder) {
  const Resources mixed{.custom = {{"b", 1}, {"a", 2}, {"b", 3}, {"c", 0}, {"d", 5}, {"d", -5}}};
  EXPECT_EQ(normalised(mixed), (Resources{.custom = {{"a", 2}, {"b", 4}}}));
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_TRUE(fault(normalised({.custom = {{"a", most}, {"a", most}}})));
}

TEST(Resources, FaultNamesWhatCannotBe) {
  EXPECT_FALSE(fault({}));
  EXPECT_FALSE(fault({.cpu = k_amount_max, .custom = {{"a", 1}}}));
  EXPECT_TRUE(fault({.cpu = -1}));
  EXPECT_TRUE(fault({.gpu = std::numeric_limits<std::int64_t>::min()}));
  EXPECT_TRUE(fault({.memory = k_amount_max + 1}));
  EXPECT_TRUE(fault({.custom = {{"a", -1}}}));
  EXPECT_TRUE(fault({.custom = {{"", 1}}}));
}

TEST(Resources, TextsNameAmountsAsPeopleDo) {
  EXPECT_EQ(
      to_string(Resources{.cpu = 2 * k_one, .gpu = k_one / 2, .memory = k_gib, .custom = {{"licences", 3 * k_one}}}),
      "2 CPU, 0.5 GPU, 1 GiB memory, 3 licences");
  EXPECT_EQ(to_string(Resources{}), "nothing");
  EXPECT_EQ(to_string(Resources{.cpu = 1}), "0.0001 CPU");
  EXPECT_EQ(to_string(Resources{.cpu = 100 * k_one}), "100 CPU");
  EXPECT_EQ(to_string(Resources{.cpu = -k_one / 4}), "-0.25 CPU");
  EXPECT_EQ(to_string(Resources{.memory = 3 * k_gib / 2, .custom = {{"a", k_one}, {"b", 25'000}}}),
            "1.5 GiB memory, 1 a, 2.5 b");
}

TEST(Resources, DominantShareIsTheLargestPart) {
  const Resources total{.cpu = 4 * k_one, .gpu = 2 * k_one, .memory = 8 * k_gib, .custom = {{"a", 10}}};
  EXPECT_EQ(dominant_share({.cpu = k_one}, total), 250'000);
  EXPECT_EQ(dominant_share({.cpu = k_one, .gpu = k_one}, total), 500'000);
  EXPECT_EQ(dominant_share({.memory = 6 * k_gib}, total), 750'000);
  EXPECT_EQ(dominant_share({.cpu = k_one, .custom = {{"a", 10}}}, total), 1'000'000);
  EXPECT_EQ(dominant_share({.custom = {{"b", 1}}}, total), 1'000'000) << "there is none of it";
  EXPECT_EQ(dominant_share({}, total), 1);
}

TEST(Resources, LessOrdersAllValues) {
  const Resources rising[] = {{},
                              {.custom = {{"a", 1}}},
                              {.custom = {{"a", 1}, {"b", 1}}},
                              {.custom = {{"a", 2}}},
                              {.custom = {{"b", 1}}},
                              {.memory = 1},
                              {.gpu = 1},
                              {.cpu = 1},
                              {.cpu = 1, .memory = 1}};
  for (std::size_t i = 0; i < std::size(rising); ++i) {
    for (std::size_t j = 0; j < std::size(rising); ++j) EXPECT_EQ(Less{}(rising[i], rising[j]), i < j) << i << " " << j;
  }
}

}  // namespace
}  // namespace shoal::sched
