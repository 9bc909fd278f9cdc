#include "sched/gpu_slots.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "sched/resources.h"

namespace shoal::sched {
namespace {

using wire::k_one;
using Indices = std::vector<std::uint32_t>;

TEST(GpuSlots, WholeOnesAreExclusiveAndFractionsGather) {
  GpuSlots gpus(3);
  EXPECT_EQ(gpus.take(k_one / 4), Indices{0});
  EXPECT_EQ(gpus.take(k_one), Indices{1});
  EXPECT_EQ(gpus.take(k_one / 2), Indices{0}) << "the one in use has the least room";
  EXPECT_EQ(gpus.take(k_one / 2), Indices{2});
  EXPECT_EQ(gpus.take(k_one / 4), Indices{0}) << "best fit fills up index 0";
  EXPECT_FALSE(gpus.fits(k_one));
  EXPECT_TRUE(gpus.fits(k_one / 2));
  EXPECT_FALSE(gpus.fits(k_one / 2 + 1));
}

TEST(GpuSlots, SeveralAreTakenTogetherOrNotAtAll) {
  GpuSlots gpus(4);
  const Indices half = gpus.take(k_one / 2);
  EXPECT_TRUE(gpus.fits(3 * k_one));
  EXPECT_FALSE(gpus.fits(4 * k_one));
  EXPECT_EQ(gpus.take(3 * k_one), (Indices{1, 2, 3}));
  gpus.give(3 * k_one, {1, 2, 3});
  gpus.give(k_one / 2, half);
  EXPECT_EQ(gpus.take(4 * k_one), (Indices{0, 1, 2, 3}));
}

TEST(GpuSlots, TwoHalvesAreNotOne) {
  GpuSlots gpus(2);
  const Indices a = gpus.take(6000), b = gpus.take(6000);
  EXPECT_EQ(gpus.free(0) + gpus.free(1), 8000);
  EXPECT_FALSE(gpus.fits(5000)) << "no index has so much";
  EXPECT_TRUE(gpus.fits(4000));
  gpus.give(6000, a);
  EXPECT_TRUE(gpus.fits(k_one));
  gpus.give(6000, b);
}

TEST(GpuSlots, NothingNeedsNoGpu) {
  GpuSlots none(0);
  EXPECT_TRUE(none.fits(0));
  EXPECT_FALSE(none.fits(1));
  EXPECT_TRUE(none.take(0).empty());
}

TEST(GpuSlots, RefusesMoreThanOneWithAFraction) {
  for (const std::int64_t fine : {std::int64_t{0}, std::int64_t{1}, k_one / 2, k_one, 2 * k_one, 64 * k_one}) {
    EXPECT_FALSE(GpuSlots::refusal(fine)) << fine;
  }
  for (const std::int64_t refused : {k_one + 1, 3 * k_one / 2, 2 * k_one - 1}) {
    EXPECT_TRUE(GpuSlots::refusal(refused)) << refused;
  }
}

/// Each index by itself: the best one for an amount is found by looking at all.
std::vector<std::uint32_t> naive_take(std::vector<std::int64_t>& free, std::int64_t amount) {
  Indices taken;
  const std::int64_t each = std::min(amount, k_one);
  for (std::int64_t left = amount; left > 0; left -= each) {
    std::size_t best = free.size();
    for (std::size_t i = 0; i < free.size(); ++i) {
      if (free[i] >= each && (best == free.size() || free[i] < free[best])) best = i;
    }
    free[best] -= each;
    taken.push_back(static_cast<std::uint32_t>(best));
  }
  return taken;
}

TEST(GpuSlots, AgreesWithANaiveModelOnSeeds) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    const std::uint32_t count = 1 + random() % 8;
    GpuSlots gpus(count);
    std::vector<std::int64_t> free(count, k_one);
    std::vector<std::pair<std::int64_t, Indices>> held;
    for (int step = 0; step < 400; ++step) {
      if (random() % 2 == 0 && !held.empty()) {
        std::swap(held[random() % held.size()], held.back());
        const auto [amount, indices] = held.back();
        held.pop_back();
        gpus.give(amount, indices);
        for (const std::uint32_t index : indices) free[index] += std::min(amount, k_one);
      } else {
        const std::int64_t amount = random() % 3 == 0 ? k_one * (1 + random() % 3) : 500 * (1 + random() % 19);
        const auto room = [&](std::int64_t f) { return f >= std::min(amount, k_one); };
        const bool fits = std::count_if(free.begin(), free.end(), room) >= std::max<std::int64_t>(1, amount / k_one);
        ASSERT_EQ(gpus.fits(amount), fits) << "seed " << seed << " step " << step;
        if (!fits) continue;
        held.emplace_back(amount, gpus.take(amount));
        ASSERT_EQ(held.back().second, naive_take(free, amount)) << "seed " << seed << " step " << step;
      }
      for (std::uint32_t i = 0; i < count; ++i) ASSERT_EQ(gpus.free(i), free[i]) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace shoal::sched
