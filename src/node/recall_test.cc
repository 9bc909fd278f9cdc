#include "node/recall.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/testing/daemon.h"

namespace shoal::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Ids = std::vector<std::uint64_t>;

constexpr Time k_patience = 100;
const wire::Resources k_gpu{.gpu = k_one}, k_half_gpu{.gpu = k_one / 2};

/// Lines by name, with leases that are granted as soon as they are promised.
class Table {
 public:
  explicit Table(wire::Resources total) : leases(std::move(total)) {}

  void want(std::uint32_t owner, const wire::Resources& each, std::uint32_t wanted, Time now,
            std::int32_t priority = 0) {
    leases.want({{1, owner}, false, 0}, {1, owner}, each, priority, wanted, now);
    while (leases.promise_next(now)) {
      const std::uint64_t id = *leases.promised().begin();
      leases.grant(id, ++workers_, now);
    }
  }
  Ids recalls(Time now) const { return choose_recalls(leases, now, k_patience); }

  Leases leases;

 private:
  std::uint32_t workers_ = 0;
};

TEST(Recall, AsksWhoWantsNoMoreFirstAndAtOnce) {
  Table table(cpus(3));
  table.want(1, cpus(1), 5, 0);  // leases 1, 2, 3
  table.leases.end(2);
  table.want(2, cpus(1), 1, 0);  // lease 4
  ASSERT_EQ(table.leases.find({{1, 2}, false, 0})->granted.size(), 1u);
  table.want(3, cpus(1), 1, 10);
  EXPECT_THAT(table.recalls(10), ElementsAre(4));
}

TEST(Recall, SparesLeasesAndWaitersThatAreYoung) {
  Table table(cpus(2));
  table.want(1, cpus(1), 5, 0);  // leases 1, 2
  table.want(2, cpus(1), 1, 50);
  EXPECT_THAT(table.recalls(149), IsEmpty()) << "it has not waited for long";
  EXPECT_THAT(table.recalls(150), ElementsAre(1));
  table.leases.end(1);
  table.want(1, cpus(1), 5, 140);  // lease 3 is for the other line
  table.leases.end(3);
  table.want(1, cpus(1), 5, 140);  // lease 4
  table.want(3, cpus(1), 1, 40);
  EXPECT_THAT(table.recalls(150), ElementsAre(2)) << "the younger one has not lasted for long";
  table.leases.set_recalled(2);
  table.want(4, cpus(1), 1, 40);
  EXPECT_THAT(table.recalls(150), IsEmpty());
  EXPECT_THAT(table.recalls(240), ElementsAre(4));
}

TEST(Recall, CountsWhatIsOnItsWay) {
  Table table(cpus(2));
  table.want(1, cpus(1), 5, 0);
  table.want(2, cpus(2), 1, 0);
  EXPECT_THAT(table.recalls(k_patience), ElementsAre(1, 2));
  table.leases.set_recalled(1);
  EXPECT_THAT(table.recalls(k_patience), ElementsAre(2));
  table.leases.set_recalled(2);
  EXPECT_THAT(table.recalls(k_patience), IsEmpty());
}

TEST(Recall, AsksForNothingThatWouldNotHelp) {
  Table table({.cpu = 2 * k_one, .gpu = k_one});
  table.want(1, k_gpu, 5, 0);    // lease 1
  table.want(2, cpus(1), 2, 0);  // leases 2, 3
  table.leases.set_lent(2, true);
  table.want(3, cpus(2), 1, 0);
  EXPECT_THAT(table.recalls(k_patience), ElementsAre(3)) << "the GPU is of no use, and 2 lends its CPU already";

  Table mixed(cpus(2));
  mixed.want(1, cpus(1), 5, 0);  // leases 1, 2
  mixed.want(3, cpus(2), 1, 0, 3);
  mixed.leases.end(1);
  mixed.want(2, cpus(1), 5, 50, 2);  // lease 3
  EXPECT_THAT(mixed.recalls(120), IsEmpty()) << "2 alone is not enough, and 3 has not lasted for long";
  EXPECT_THAT(mixed.recalls(150), ElementsAre(2, 3));
}

TEST(Recall, WhatDoesNotHelpOneMayHelpTheNext) {
  Table table(cpus(2));
  const LineKey actor{{1, 1}, true, 1};
  table.leases.want(actor, actor.owner, cpus(1), 0, 1, 0);
  table.leases.set_actor(actor, {});
  table.want(2, cpus(1), 5, 0);  // the actor has lease 1, this line 2
  table.want(3, cpus(2), 1, 0, 2);
  EXPECT_THAT(table.recalls(k_patience), IsEmpty()) << "the actor keeps its CPU";
  table.want(4, cpus(1), 1, 0, 1);
  EXPECT_THAT(table.recalls(k_patience), ElementsAre(2));
}

TEST(Recall, WorkersAreSharedToo) {
  Table table(cpus(2));
  table.want(1, {}, 5'000, 0);
  table.want(2, cpus(1), 1, 0);
  ASSERT_TRUE(table.leases.capacity().lacks_worker());
  table.leases.set_lent(1, true);
  EXPECT_THAT(table.recalls(k_patience - 1), IsEmpty());
  EXPECT_THAT(table.recalls(k_patience), ElementsAre(2)) << "1 waits, and who knows for how long";
  table.leases.set_recalled(2);
  EXPECT_THAT(table.recalls(k_patience), IsEmpty());
}

TEST(Recall, OneThatFindsNothingSparesNobodyTheNext) {
  Table table({.cpu = 4 * k_one, .gpu = k_one});
  table.want(1, cpus(1), 9, 0);  // leases 1, 2, 3, 4
  table.want(2, cpus(3), 1, 90);
  table.want(3, cpus(3), 1, 0);
  EXPECT_THAT(table.recalls(k_patience), ElementsAre(1, 2, 3)) << "the first has not waited for long, the second has";
  table.want(4, cpus(1), 1, 0);
  table.want(5, cpus(1), 1, 0);
  EXPECT_THAT(table.recalls(k_patience), ElementsAre(1, 2, 3, 4)) << "one is left for the third; the fourth has none";
}

TEST(Recall, PartsOfGpusAreNoWholeOne) {
  Table table({.gpu = 2 * k_one});
  table.want(1, k_half_gpu, 9, 0);  // leases 1, 2 on GPU 0; 3, 4 on GPU 1
  table.leases.want({{1, 1}, false, 0}, {1, 1}, k_half_gpu, 0, 0, 0);
  table.leases.end(2);
  table.leases.end(3);
  table.want(1, k_half_gpu, 0, 0);
  table.want(2, k_gpu, 1, 0);
  EXPECT_EQ(table.leases.capacity().available().gpu, k_one) << "in two halves";
  EXPECT_THAT(table.recalls(0), ElementsAre(1));
}

}  // namespace
}  // namespace shoal::node
