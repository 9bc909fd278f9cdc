#include "control/table/truth.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace shoal::control {
namespace {

const ActorId k_first{{1, 1}, 1};
const ActorId k_second{{1, 1}, 2};

ActorRegistered registered(const ActorId& actor, const std::string& name) {
  auto spec = std::make_shared<wire::ActorSpec>();
  spec->name = name;
  return {actor, std::move(spec)};
}
ActorChanged died(const ActorId& actor) {
  ActorLife life;
  life.stage = Stage::dead;
  life.death = std::make_shared<const wire::Failure>();
  return {actor, life};
}
ActorChanged hosted(const ActorId& actor, Stage stage, std::uint32_t node) {
  ActorLife life;
  life.stage = stage;
  life.node = node;
  return {actor, life};
}
Truth truth_of(const std::vector<Change>& changes) {
  Truth truth;
  for (const Change& change : changes) truth.apply(change);
  return truth;
}

TEST(Truth, ANameStaysWithItsFirstLivingHolder) {
  Truth truth = truth_of({registered(k_first, "ps"), registered(k_second, "ps")});
  EXPECT_EQ(truth.names().find("ps"), k_first);
  truth.apply(died(k_second));
  EXPECT_EQ(truth.names().find("ps"), k_first);
  truth.apply(died(k_first));
  EXPECT_EQ(truth.names().find("ps"), std::nullopt);
}

TEST(Truth, ActorsAreFoundWhereTheyAre) {
  Truth truth = truth_of({registered(k_second, ""), registered(k_first, "")});
  using Ids = std::vector<ActorId>;
  EXPECT_EQ(truth.actors().unplaced(), (Ids{k_first, k_second}));
  for (const Stage stage : {Stage::starting, Stage::alive, Stage::stopping}) {
    truth.apply(hosted(k_first, stage, 7));
    EXPECT_EQ(truth.actors().on_node(7), Ids{k_first});
    EXPECT_EQ(truth.actors().unplaced(), Ids{k_second});
  }
  EXPECT_EQ(truth.actors().on_node(6), Ids{});
  truth.apply(died(k_first));
  EXPECT_EQ(truth.actors().on_node(7), Ids{});
  EXPECT_EQ(truth.actors().created_by({1, 1}), (Ids{k_first, k_second})) << "until it is forgotten";
  truth.apply(ActorForgotten{k_first});
  EXPECT_EQ(truth.actors().created_by({1, 1}), Ids{k_second});
}

TEST(Truth, ACreatorIsKnownToHaveCreated) {
  Truth truth = truth_of({registered(k_second, "")});
  const ActorId third{{1, 1}, 3};
  EXPECT_TRUE(truth.actors().was_created(k_first)) << "it would have come before";
  EXPECT_FALSE(truth.actors().was_created(third));
  truth.apply(CreatorGone{{1, 1}});
  EXPECT_FALSE(truth.actors().is_creator({1, 1}));
  EXPECT_TRUE(truth.actors().was_created(third)) << "it will never come";
  truth.apply(OldestGoneCreatorForgotten{});
  EXPECT_FALSE(truth.actors().was_created(k_first));
}

TEST(Truth, EqualChangesGiveAnEqualTruthAndOthersDoNot) {
  const std::vector<Change> changes = {NodeJoined{2, {"host", {}, {}}},
                                       NodeJoined{3, {"host", {}, {}}},
                                       JobBegan{{1, 1}, "training"},
                                       registered(k_first, "ps"),
                                       hosted(k_first, Stage::starting, 2),
                                       NodeDied{3},
                                       died(k_first)};
  EXPECT_EQ(truth_of(changes), truth_of(changes));
  for (std::size_t length = 0; length < changes.size(); ++length) {
    const std::vector<Change> shorter(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(truth_of(shorter) == truth_of(changes)) << length;
  }
}

}  // namespace
}  // namespace shoal::control
