#include "node/capacity.h"

#include <gtest/gtest.h>

#include "node/testing/daemon.h"

namespace shoal::node {
namespace {

const wire::Resources k_all{.cpu = 2 * k_one, .gpu = 2 * k_one, .memory = 10, .custom = {{"licence", k_one}}};

TEST(Capacity, GivesAllOfItAndTakesItBack) {
  Capacity capacity(k_all);
  const Allocation all = capacity.take(k_all);
  EXPECT_EQ(all.gpus, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_TRUE(sched::is_zero(capacity.available()));
  EXPECT_FALSE(capacity.fits({.memory = 1}));
  EXPECT_TRUE(capacity.fits({}));
  capacity.give(all);
  EXPECT_EQ(capacity.available(), k_all);
}

TEST(Capacity, AWorkerIsOneOfTheThingsItHas) {
  Capacity capacity(k_all);
  std::vector<Allocation> all;
  const auto take_all = [&] {
    while (capacity.fits({})) all.push_back(capacity.take({}));
    return all.size();
  };
  EXPECT_EQ(take_all(), k_workers_max);
  EXPECT_TRUE(capacity.lacks_worker() && capacity.has(k_all));
  capacity.add_worker();
  EXPECT_EQ(take_all(), k_workers_max + 1);
  for (std::size_t more = 0; more < k_stuck_workers_max; ++more) capacity.add_worker();
  EXPECT_EQ(take_all(), k_stuck_workers_max);
  capacity.remove_worker();
  capacity.give(all.back());
  all.pop_back();
  EXPECT_EQ(take_all(), k_stuck_workers_max - 1);
  while (capacity.is_crowded()) {
    capacity.give(all.back());
    all.pop_back();
  }
  EXPECT_EQ(take_all(), k_workers_max);
}

TEST(Capacity, LendsCpuOnceAndTakesItBackOnce) {
  Capacity capacity(k_all);
  Allocation outer = capacity.take(k_all);
  capacity.lend(outer);
  capacity.lend(outer);
  EXPECT_EQ(capacity.available(), cpus(2));
  Allocation inner = capacity.take(cpus(1));
  capacity.take_back(outer);
  capacity.take_back(outer);
  EXPECT_EQ(capacity.available(), cpus(-1));
  EXPECT_TRUE(capacity.is_over(cpus(1)));
  EXPECT_FALSE(capacity.is_over({.memory = 1}));
  capacity.lend(outer);
  capacity.give(outer);
  EXPECT_EQ(capacity.available().cpu, k_one) << "what is lent is not given twice";
  capacity.give(inner);
  EXPECT_EQ(capacity.available(), k_all);
}

TEST(Capacity, KnowsWhatIsLeftAfterwards) {
  Capacity capacity(k_all);
  const wire::Resources half_gpu{.gpu = k_one / 2};
  EXPECT_TRUE(capacity.leaves(half_gpu, {.gpu = k_one}));
  EXPECT_FALSE(capacity.leaves(half_gpu, {.gpu = 2 * k_one}));
  EXPECT_TRUE(capacity.leaves({.memory = 10}, {.gpu = 2 * k_one})) << "they share nothing";
  EXPECT_FALSE(capacity.leaves(cpus(1), cpus(2)));
  const Allocation half = capacity.take(half_gpu);
  EXPECT_TRUE(capacity.leaves(half_gpu, {.gpu = k_one})) << "the halves share one";
  EXPECT_FALSE(capacity.leaves({.gpu = k_one}, {.gpu = k_one}));
  EXPECT_TRUE(capacity.lacks({sched::Amount::Kind::gpu, {}, 2 * k_one}));
  EXPECT_FALSE(capacity.lacks({sched::Amount::Kind::gpu, {}, k_one}));
  capacity.give(half);
}

}  // namespace
}  // namespace shoal::node
