#include <gtest/gtest.h>

#include "control/testing/service.h"

namespace shoal::control {
namespace {

TEST(FindActor, FindsLivingActorsOnly) {
  Service service;
  wire::ActorSpec spec;
  spec.name = "ps";
  const auto find = [&](const std::string& name) {
    service.say({2, 3}, wire::FindActor{77, name});
    const auto found = service.only<wire::FoundActor>({2, 3});
    EXPECT_EQ(found.request, 77U);
    return found;
  };
  EXPECT_FALSE(find("ps").found);
  const ActorId actor = service.create(1, spec);
  EXPECT_TRUE(find("ps").found) << "from its registration";
  EXPECT_EQ(find("ps").actor, actor);
  EXPECT_FALSE(find("p").found);
  EXPECT_FALSE(find("").found);
  service.join(2);
  service.start(actor, 4);
  EXPECT_TRUE(find("ps").found);
  service.say({2, 0}, wire::ActorLost{actor, 1, "crash"});
  EXPECT_FALSE(find("ps").found) << "to its death";
}

TEST(FindActor, ActorsWithoutANameAreNotFound) {
  Service service;
  service.create(1);
  service.say(k_driver, wire::FindActor{1, ""});
  EXPECT_FALSE(service.only<wire::FoundActor>(k_driver).found);
}

}  // namespace
}  // namespace shoal::control
