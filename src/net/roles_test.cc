#include "net/roles.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <variant>

#include "wire/print.h"
#include "wire/testing/filled.h"

namespace shoal::net {
namespace {

// Who says what to whom, once more and by name: c client, w worker, n node, C control, t tool.
const std::map<std::string, std::string> k_said = {
    {"cw>w", "DefineTemplate PushTask RecallTasks CancelTask StreamCredit CallActor ResultHeld ItemHeld"},
    {"w>cw", "TaskDone TaskFailed ReturnTasks StreamItem Retained"},
    {"cw>cw", "BorrowAdd BorrowAdded BorrowDrop FetchValue ValueIs ValueFailed"},
    {"cw>n", "LeaseDemand LeaseReturn AskStore ReleaseTicket SealObject ReturnExtent RingSlot GiveObject DropObject"},
    {"w>n", "WorkerWaits WorkerIsUp WorkerStays"},
    {"n>cw",
     "LeaseGrant LeaseRefused LeaseRecall LeaseLost ProcessDied Welcome StoreIs ExtentIs ForgetExtent RecallExtent "
     "ObjectPlaced StoreAdmitted StoreFailed"},
    {"n>w", "HostActor Retire Stop"},
    {"c>n", "Join"},
    {"t>n", "AskStatus"},
    {"n>t", "StatusIs"},
    {"cw>C", "CreateActor ActorReady WatchActor UnwatchActor FindActor KillActor RegisterJob AskCluster"},
    {"w>C", "ActorStarted ActorEnded"},
    {"C>cw", "ActorNews ActorNamed FoundActor ClusterIs"},
    {"C>n", "StartActor StopActor"},
    {"n>C", "ActorPlaced ActorLost RegisterNode NodeLoad"},
};

std::string name_of(const wire::Message& message) {
  const std::string line = wire::to_string(message);
  return line.substr(0, line.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"));
}

bool is_said(char from, char to, const std::string& name) {
  for (const auto& [who, names] : k_said) {
    const std::size_t arrow = who.find('>');
    if (who.substr(0, arrow).find(from) == std::string::npos || who.substr(arrow).find(to) == std::string::npos)
      continue;
    if ((" " + names + " ").find(" " + name + " ") != std::string::npos) return true;
  }
  return false;
}

constexpr std::pair<char, Role> k_letters[] = {
    {'c', Role::client}, {'w', Role::worker}, {'n', Role::node}, {'C', Role::control}, {'t', Role::tool}};

TEST(Roles, EachMessageWithEachRole) {
  std::size_t allowed = 0;
  for (const wire::Message& message : wire::all_messages(1)) {
    for (const auto& [from_letter, from] : k_letters) {
      for (const auto& [to_letter, to] : k_letters) {
        const bool expected = is_said(from_letter, to_letter, name_of(message));
        EXPECT_EQ(may_say(from, to, message.index()), expected)
            << name_of(message) << " from " << to_string(from) << " to " << to_string(to);
        allowed += expected ? 1 : 0;
      }
    }
    EXPECT_FALSE(may_say({}, Role::worker | Role::client, message.index())) << "without a role nothing is said";
    EXPECT_FALSE(may_say(Role::control | Role::node, {}, message.index()));
  }
  EXPECT_GT(allowed, std::variant_size_v<wire::Message>) << "each is said by somebody";
  EXPECT_FALSE(may_say(Role::client, Role::worker, std::variant_size_v<wire::Message>));
}

TEST(Roles, OfSeveralRolesEachMaySpeak) {
  const std::size_t news = wire::Message(wire::ActorNews()).index();
  EXPECT_FALSE(may_say(Role::node, Role::client, news));
  EXPECT_TRUE(may_say(Role::node | Role::control, Role::client, news));
  EXPECT_TRUE(may_say(Role::control, Role::node | Role::client, news));
}

TEST(Roles, BitsOfAPeerAreChecked) {
  EXPECT_EQ(Roles::of_bits(Roles(Role::worker).bits()), Roles(Role::worker));
  for (const int bits : {0, 32, 33, 255}) EXPECT_TRUE(Roles::of_bits(static_cast<std::uint8_t>(bits)).empty()) << bits;
}

TEST(Roles, ToString) {
  EXPECT_EQ(to_string(Role::node | Role::control), "node and control");
  EXPECT_EQ(to_string(Roles()), "nothing");
}

}  // namespace
}  // namespace shoal::net
