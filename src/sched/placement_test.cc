#include "sched/placement.h"

#include <initializer_list>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::sched {
namespace {

using wire::k_one;
using wire::Strategy;
using wire::StrategyKind;
using Outcome = Placement::Outcome;
using testing::HasSubstr;

Resources whole(std::int64_t n) { return {.cpu = n * k_one}; }

/// Nodes 1, 2, ... with so many CPUs in all and free.
class Cluster {
 public:
  struct Node {
    std::int64_t total, free;
    std::uint32_t of_kind = 0;
  };
  Cluster(std::initializer_list<Node> nodes) {
    for (const Node& node : nodes) resources_.push_back({whole(node.total), whole(node.free), node.of_kind});
    for (const auto& [total, available, of_kind] : resources_) {
      views_.push_back({static_cast<std::uint32_t>(views_.size() + 1), &total, &available, of_kind});
    }
  }
  Placement place(std::int64_t n, Strategy strategy, std::uint32_t asker = 1) const {
    return sched::place(whole(n), strategy, asker, views_);
  }

 private:
  struct Held {
    Resources total, available;
    std::uint32_t of_kind;
  };
  std::vector<Held> resources_;
  std::vector<NodeView> views_;
};

void expect(const Placement& placement, Outcome outcome, std::uint32_t node) {
  EXPECT_EQ(placement.outcome, outcome) << placement.text;
  EXPECT_EQ(placement.node, node);
  EXPECT_EQ(placement.text.empty(), outcome != Outcome::infeasible);
}

TEST(Placement, PackPrefersTheAskersNodeThenTheFullest) {
  const Cluster cluster{{4, 2}, {4, 3}, {4, 1}, {8, 2}};
  expect(cluster.place(1, {}, 2), Outcome::now, 2);
  expect(cluster.place(1, {}, 9), Outcome::now, 3);
  expect(cluster.place(2, {}, 3), Outcome::now, 4);
  expect(cluster.place(3, {}, 1), Outcome::now, 2);
  expect(cluster.place(4, {}, 1), Outcome::later, 1);
  expect(cluster.place(4, {}, 9), Outcome::later, 3);
  expect(cluster.place(8, {}, 1), Outcome::later, 4);
  expect(cluster.place(9, {}, 1), Outcome::infeasible, 0);
}

TEST(Placement, SpreadTakesTheNodeWithTheLeastOfTheKindThenTheLeastUsed) {
  const Strategy spread{.kind = StrategyKind::spread};
  expect(Cluster{{4, 4, 2}, {4, 1, 1}, {4, 0, 0}}.place(1, spread), Outcome::now, 2);
  expect(Cluster{{4, 1}, {4, 3}, {8, 7}}.place(1, spread), Outcome::now, 3);
  expect(Cluster{{4, 3}, {4, 3}}.place(1, spread, 2), Outcome::now, 1);
  expect(Cluster{{4, 0}, {4, 0}}.place(1, spread), Outcome::later, 1);
}

TEST(Placement, AffinityIsForThatNodeAlone) {
  const Cluster cluster{{4, 0}, {2, 2}};
  const auto to = [](std::uint32_t node, bool soft) { return Strategy{StrategyKind::affinity, node, soft}; };
  expect(cluster.place(1, to(1, false)), Outcome::later, 1);
  expect(cluster.place(1, to(2, false)), Outcome::now, 2);
  expect(cluster.place(3, to(2, false)), Outcome::infeasible, 0);
  expect(cluster.place(1, to(7, false)), Outcome::infeasible, 0);
  // Soft: another only where that one never can.
  expect(cluster.place(1, to(1, true)), Outcome::later, 1);
  expect(cluster.place(3, to(2, true)), Outcome::later, 1);
  expect(cluster.place(1, to(7, true)), Outcome::now, 2);
  expect(cluster.place(5, to(7, true)), Outcome::infeasible, 0);
}

TEST(Placement, InfeasibleSaysWhatComesNearest) {
  const Resources small{.cpu = 8 * k_one, .memory = std::int64_t{1} << 30}, gpus{.cpu = 2 * k_one, .gpu = 2 * k_one};
  const std::vector<NodeView> nodes{{1, &small, &small}, {2, &gpus, &gpus}};
  const auto says = [&](const Resources& demand, std::initializer_list<const char*> parts) {
    const std::string text = infeasible(demand, nodes).value_or("");
    for (const char* part : parts) EXPECT_THAT(text, HasSubstr(part));
  };
  says({.gpu = 4 * k_one}, {"4 GPU", "largest", "2"});
  says({.cpu = k_one, .custom = {{"licence", k_one}}}, {"1 licence", "none"});
  says({.memory = std::int64_t{1} << 40}, {"1 TiB", "largest", "1 GiB"});
  says({.cpu = 4 * k_one, .gpu = k_one}, {"4 CPU, 1 GPU", "n2", "2 CPU, 2 GPU"});
  EXPECT_TRUE(infeasible({.gpu = k_one + k_one / 2}, nodes)) << "more than one only whole";
  EXPECT_TRUE(infeasible({}, {}));
  EXPECT_FALSE(infeasible({.cpu = 2 * k_one, .gpu = 2 * k_one}, nodes));
  EXPECT_FALSE(infeasible({}, nodes));
}

}  // namespace
}  // namespace shoal::sched
