#include "wire/print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

#include "wire/limits.h"
#include "wire/testing/filled.h"

namespace shoal::wire {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Print, NamesAllMembers) {
  EXPECT_EQ(to_string(LeaseLost{.lease = 3, .cause = "gone"}), "LeaseLost{lease=3, cause=\"gone\", code=worker_died}");
  EXPECT_EQ(to_string(Retained{.task = {{1, 2}, 5}, .attempt = 1}), "Retained{task=n1.2/t5, attempt=1}");
  EXPECT_EQ(to_string(WorkerWaits{.waits = true}), "WorkerWaits{waits=true}");
  EXPECT_EQ(to_string(RecallTasks{.tasks = {{{1, 2}, 5}, {{1, 2}, 6}}}), "RecallTasks{tasks=[n1.2/t5, n1.2/t6]}");
  RegisterNode node;
  node.labels = {{"zone", "a"}};
  EXPECT_THAT(to_string(node), HasSubstr("labels=[\"zone\": \"a\"]"));
  LeaseDemand demand;
  demand.strategy.kind = StrategyKind::spread;
  EXPECT_THAT(to_string(demand), HasSubstr("strategy={kind=spread, node=0, soft=false}"));
}

TEST(Print, FollowsWhatIsShared) {
  auto failure = std::make_shared<Failure>();
  failure->code = ErrorCode::worker_died;
  EXPECT_THAT(to_string(ValueFailed{.object = {}, .failure = failure}), HasSubstr("failure={code=worker_died"));
  EXPECT_THAT(to_string(ValueFailed{}), HasSubstr("failure=null"));
}

TEST(Print, ShortensWhatIsLong) {
  Payload value(1000);
  std::memset(value.data(), 0xab, 1000);
  value.set_beside({ObjectId{{1, 1}, 2, 0}}, {});
  const std::string line = to_string(ValueIs{.object = {{1, 1}, 1, 0}, .value = value});
  EXPECT_THAT(line, HasSubstr("<1000 B abab"));
  EXPECT_THAT(line, HasSubstr("refs=[n1.1/o2]"));
  EXPECT_LT(line.size(), 150u);
  EXPECT_LT(to_string(RegisterJob{.name = std::string(5000, 'x')}).size(), 150u);
  ReturnTasks tasks;
  tasks.tasks.resize(1000);
  EXPECT_LT(to_string(tasks).size(), k_shown_elements_max * 30);
}

TEST(Print, TextsCannotReachTheTerminal) {
  const std::string line = to_string(RegisterJob{.name = "a\n\x1b[31m\"\\"});
  EXPECT_EQ(line, R"(RegisterJob{name="a\x0a\x1b[31m\"\\"})");
}

TEST(Print, EveryMessageHasALine) {
  for (const Message& message : all_messages(1)) EXPECT_THAT(to_string(message), Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace shoal::wire
