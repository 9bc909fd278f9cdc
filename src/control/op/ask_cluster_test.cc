#include <gtest/gtest.h>

#include "control/testing/service.h"

namespace shoal::control {
namespace {

std::vector<wire::NodeInfo> ask(Service& service) {
  service.say(k_driver, wire::AskCluster{5});
  const auto answer = service.only<wire::ClusterIs>(k_driver);
  EXPECT_EQ(answer.request, 5U);
  return answer.nodes;
}

TEST(AskCluster, TellsTheNodesInOrder) {
  Service service;
  EXPECT_TRUE(ask(service).empty());
  service.join(3, 8);
  wire::RegisterNode message;
  message.node = 2;
  message.host = "left";
  message.total = cpus(4);
  message.labels = {{"zone", "a"}};
  service.say({2, 0}, message);
  service.say({2, 0}, wire::NodeLoad{cpus(1)});
  const auto nodes = ask(service);
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[0].node, 2U);
  EXPECT_EQ(nodes[0].host, "left");
  EXPECT_TRUE(nodes[0].alive);
  EXPECT_EQ(nodes[0].total, cpus(4));
  EXPECT_EQ(nodes[0].available, cpus(1));
  EXPECT_EQ(nodes[0].labels.at("zone"), "a");
  EXPECT_EQ(nodes[1].available, cpus(8)) << "all, as long as it said nothing";
}

TEST(AskCluster, ADeadNodeIsListedAndHasNothing) {
  Service service;
  service.join(2);
  service.say({2, 0}, wire::NodeLoad{cpus(1)});
  service.die({2, 0});
  service.say({2, 0}, wire::NodeLoad{cpus(3)});
  const auto nodes = ask(service);
  ASSERT_EQ(nodes.size(), 1U);
  EXPECT_FALSE(nodes[0].alive);
  EXPECT_EQ(nodes[0].total, cpus(4));
  EXPECT_EQ(nodes[0].available, cpus(0));
}

TEST(AskCluster, TheNodesThatDiedFirstAreForgotten) {
  Service service;
  for (std::uint32_t node = 1; node <= k_dead_nodes_max + 2; ++node) service.join(node);
  service.die({2, 0});
  for (std::uint32_t node = k_dead_nodes_max + 2; node >= 3; --node) service.die({node, 0});
  const auto nodes = ask(service);
  ASSERT_EQ(nodes.size(), k_dead_nodes_max + 1);
  EXPECT_EQ(nodes[0].node, 1U);
  EXPECT_TRUE(nodes[0].alive);
  EXPECT_EQ(nodes[1].node, 3U);
}

TEST(RegisterNode, SpeaksForItselfOnly) {
  Service service;
  wire::RegisterNode message;
  message.node = 2;
  for (const ProcessId from : {ProcessId{3, 0}, ProcessId{2, 1}, k_control}) service.say(from, message);
  message.node = 0;
  service.say(k_control, message);
  EXPECT_TRUE(ask(service).empty());
}

TEST(RegisterNode, MaySayAnewWhatItHas) {
  Service service;
  service.join(2, 4);
  service.say({2, 0}, wire::NodeLoad{cpus(1)});
  service.join(2, 6);
  const auto nodes = ask(service);
  ASSERT_EQ(nodes.size(), 1U);
  EXPECT_EQ(nodes[0].total, cpus(6));
  EXPECT_EQ(nodes[0].available, cpus(6));
}

TEST(NodeLoad, ComesFromDaemons) {
  Service service;
  service.join(2, 4);
  service.say({2, 1}, wire::NodeLoad{cpus(1)});
  EXPECT_EQ(ask(service)[0].available, cpus(4));
}

TEST(RegisterJob, LastsAsLongAsItsDriver) {
  Service service;
  service.say(k_driver, wire::RegisterJob{"training"});
  EXPECT_EQ(service.core().truth().jobs().all().at(k_driver), "training");
  service.say({2, 0}, wire::RegisterJob{"no driver"});
  EXPECT_EQ(service.core().truth().jobs().all().size(), 1U);
  service.die(k_driver);
  EXPECT_TRUE(service.core().truth().jobs().all().empty());
}

}  // namespace
}  // namespace shoal::control
