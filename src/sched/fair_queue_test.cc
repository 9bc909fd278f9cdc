#include "sched/fair_queue.h"

#include <algorithm>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace shoal::sched {
namespace {

using wire::k_one;

const Resources k_total{.cpu = 10 * k_one, .gpu = 10 * k_one};
const auto k_all_fit = [](const Resources&, std::int32_t) { return true; };

Resources cpus(std::int64_t n) { return {.cpu = n * k_one}; }

FlowId waiting(FairQueue& queue, std::int32_t priority, const Resources& each) {
  const FlowId flow = queue.add(priority, each);
  queue.set_waits(flow, true);
  return flow;
}
/// Serves the next n and returns who they were.
std::vector<FlowId> serve(FairQueue& queue, int n) {
  std::vector<FlowId> served;
  for (int i = 0; i < n; ++i) {
    served.push_back(queue.next(k_all_fit).value());
    queue.took(served.back());
  }
  return served;
}

TEST(FairQueue, HigherPriorityGoesFirstWhateverItHolds) {
  FairQueue queue(k_total);
  const FlowId low = waiting(queue, -1, cpus(1)), high = waiting(queue, 5, cpus(1));
  EXPECT_EQ(serve(queue, 3), (std::vector{high, high, high}));
  queue.set_waits(high, false);
  EXPECT_EQ(queue.next(k_all_fit), low);
}

TEST(FairQueue, WhoHoldsLessGoesFirst) {
  FairQueue queue(k_total);
  const FlowId a = waiting(queue, 0, cpus(1));
  EXPECT_EQ(serve(queue, 2), (std::vector{a, a}));
  const FlowId b = waiting(queue, 0, cpus(1));
  EXPECT_EQ(serve(queue, 4), (std::vector{b, b, a, b})) << "b catches up, then they take turns";
  queue.gave_back(a);
  queue.gave_back(a);
  EXPECT_EQ(queue.next(k_all_fit), a);
}

TEST(FairQueue, SharesAreMeasuredByTheDominantResource) {
  FairQueue queue(k_total);
  const FlowId wide = waiting(queue, 0, cpus(4)), narrow = waiting(queue, 0, {.cpu = 1, .gpu = k_one});
  EXPECT_EQ(serve(queue, 6), (std::vector{wide, narrow, narrow, narrow, narrow, wide}));
  EXPECT_EQ(queue.held(wide), 2 * queue.cost(wide));
}

TEST(FairQueue, FlowsThatHoldNothingForLongShareBySize) {
  FairQueue queue(k_total);
  const FlowId wide = waiting(queue, 0, cpus(4)), narrow = waiting(queue, 0, cpus(1));
  int wide_served = 0, narrow_served = 0;
  for (int i = 0; i < 500; ++i) {
    const FlowId flow = queue.next(k_all_fit).value();
    (flow == wide ? wide_served : narrow_served) += 1;
    queue.took(flow);
    queue.gave_back(flow);
  }
  EXPECT_EQ(wide_served, 100);
  EXPECT_EQ(narrow_served, 400);
  EXPECT_EQ(queue.held(narrow), 0);
}

TEST(FairQueue, NobodyIsOwedForTheTimeAway) {
  FairQueue queue(k_total);
  const FlowId away = waiting(queue, 0, cpus(1)), here = waiting(queue, 0, cpus(1));
  queue.set_waits(away, false);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(queue.next(k_all_fit), here);
    queue.took(here);
    queue.gave_back(here);
  }
  queue.set_waits(away, true);
  int away_served = 0;
  for (int i = 0; i < 10; ++i) {
    const FlowId flow = queue.next(k_all_fit).value();
    away_served += flow == away;
    queue.took(flow);
    queue.gave_back(flow);
  }
  EXPECT_GE(away_served, 5);
  EXPECT_LE(away_served, 6);
}

TEST(FairQueue, WhatDoesNotFitHoldsNobodyUp) {
  FairQueue queue(k_total);
  const FlowId large = waiting(queue, 9, cpus(8)), small = waiting(queue, 0, cpus(1));
  const auto up_to = [](std::int64_t n) {
    return [n](const Resources& each, std::int32_t) { return fits(each, cpus(n)); };
  };
  EXPECT_EQ(queue.next(up_to(8)), large);
  EXPECT_EQ(queue.next(up_to(7)), small);
  EXPECT_EQ(queue.next(up_to(0)), std::nullopt);
}

TEST(FairQueue, WhetherOneMayDependsOnItsPriorityToo) {
  FairQueue queue(k_total);
  const FlowId low = waiting(queue, -1, cpus(1)), high = waiting(queue, 2, cpus(1)), other = waiting(queue, 0, cpus(2));
  const auto above = [](std::int32_t least) {
    return [least](const Resources& each, std::int32_t priority) { return priority >= least && each.cpu == k_one; };
  };
  EXPECT_EQ(queue.next(above(2)), high);
  EXPECT_EQ(queue.next(above(3)), std::nullopt);
  queue.remove(high);
  EXPECT_EQ(queue.next(above(-1)), low);
  EXPECT_EQ(queue.next(k_all_fit), other);
}

TEST(FairQueue, ARemovedFlowIsNeverNext) {
  FairQueue queue(k_total);
  const FlowId first = waiting(queue, 0, cpus(1)), second = waiting(queue, 0, cpus(1));
  queue.remove(first);
  EXPECT_EQ(queue.next(k_all_fit), second);
  queue.set_waits(second, false);
  queue.set_waits(second, false);
  EXPECT_EQ(queue.next(k_all_fit), std::nullopt);
  queue.remove(second);
  EXPECT_TRUE(queue.empty());
}

/// Rules 1 and 2 of the queue over a plain list.
struct NaiveFlow {
  FlowId id{};
  std::int32_t priority = 0;
  Resources each;
  int holds = 0;
  bool waits = false;
};

TEST(FairQueue, NoSeedServesOneWhileABetterOneWaits) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    FairQueue queue(k_total);
    std::vector<NaiveFlow> flows;
    for (int step = 0; step < 500; ++step) {
      const unsigned what = random() % 10;
      NaiveFlow* any = flows.empty() ? nullptr : &flows[random() % flows.size()];
      if (what == 0 || any == nullptr) {
        const std::int32_t priority = static_cast<std::int32_t>(random() % 3) - 1;
        const Resources each = cpus(1 + random() % 4);
        flows.push_back({queue.add(priority, each), priority, each});
      } else if (what == 1 && flows.size() > 3) {
        queue.remove(any->id);
        flows.erase(flows.begin() + (any - flows.data()));
      } else if (what <= 4) {
        any->waits = random() % 2 == 0;
        queue.set_waits(any->id, any->waits);
      } else if (what <= 6 && any->holds > 0) {
        --any->holds;
        queue.gave_back(any->id);
      } else {
        const std::int64_t room = random() % 5;
        const auto may = [&](const Resources& each, std::int32_t) { return fits(each, cpus(room)); };
        const auto next = queue.next(may);
        const auto better = [](const NaiveFlow& a, const NaiveFlow& b) {
          return std::tuple(-a.priority, a.holds * a.each.cpu) < std::tuple(-b.priority, b.holds * b.each.cpu);
        };
        const NaiveFlow* chosen = nullptr;
        for (const NaiveFlow& flow : flows) chosen = next == flow.id ? &flow : chosen;
        for (const NaiveFlow& flow : flows) {
          if (!flow.waits || !may(flow.each, 0)) continue;
          ASSERT_NE(chosen, nullptr) << "seed " << seed << " step " << step;
          ASSERT_FALSE(better(flow, *chosen)) << "seed " << seed << " step " << step;
        }
        if (chosen == nullptr) continue;
        ASSERT_TRUE(chosen->waits && may(chosen->each, 0)) << "seed " << seed << " step " << step;
        queue.took(chosen->id);
        ++const_cast<NaiveFlow*>(chosen)->holds;
      }
    }
  }
}

}  // namespace
}  // namespace shoal::sched
