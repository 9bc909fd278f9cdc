#include <gtest/gtest.h>
#include <shoal/shoal.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/testing/sessions.h"

namespace shoal {
namespace {

using testing::shared;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class Get : public testing::SessionTest {};
SHOAL_TEST_IN_SESSIONS(Get);

/// Holds tasks until the test lets them go.
int held(int x) {
  shared().gate.acquire();
  shared().gate.release();
  return x;
}

TEST_P(Get, TimesOutAndLeavesTheTaskAlone) {
  const Ref<int> ref = submit(held, 5);
  try {
    get(ref, {.timeout = 1ms});
    FAIL() << "nothing was thrown";
  } catch (const Timeout& error) {
    EXPECT_NE(std::string(error.what()).find("held"), std::string::npos) << error.what();
  }
  shared().gate.release();
  EXPECT_EQ(get(ref), 5);
  EXPECT_EQ(get(ref, {.timeout = 0ms}), 5);
}

TEST_P(Get, WaitGivesWhatIsReadyAndWhatIsNot) {
  std::vector<Ref<int>> refs{put(1), submit(held, 2), put(3)};
  auto [ready, pending] = wait(refs, {.num_ready = 2});
  EXPECT_EQ(ready, (std::vector{refs[0], refs[2]}));
  EXPECT_EQ(pending, std::vector{refs[1]});
  EXPECT_EQ(wait(refs, {.num_ready = 3, .timeout = 1ms}).ready.size(), 2);
  EXPECT_EQ(wait(refs).ready.size(), 1);
  shared().gate.release();
  EXPECT_EQ(wait(refs, {.num_ready = 3}).pending.size(), 0);
}

TEST_P(Get, WaitRefusesWhatCannotBe) {
  EXPECT_THROW(wait(std::vector<Ref<int>>{}), InvalidArgument);
  EXPECT_THROW(wait(std::vector<Ref<int>>{put(1)}, {.num_ready = 2}), InvalidArgument);
  EXPECT_THROW(wait(std::vector<Ref<int>>{put(1)}, {.num_ready = 0}), InvalidArgument);
  EXPECT_THROW(wait(std::vector<Ref<int>>(1)), InvalidArgument);
  EXPECT_THROW(get(Ref<int>()), InvalidArgument);
}

TEST_P(Get, ResultsAsTheyCome) {
  std::vector<Ref<int>> pending;
  for (int i = 0; i < 200; ++i) pending.push_back(submit([](int x) { return x; }, i));
  std::vector<int> values;
  while (!pending.empty()) {
    auto [ready, rest] = wait(std::move(pending));
    values.push_back(get(ready[0]));
    pending = std::move(rest);
  }
  std::sort(values.begin(), values.end());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
}

// Threads drop the last reference to an argument while the message arrives that its task has ended, which drops the pin.
TEST_P(Get, ReferencesGoWhileTasksEnd) {
  const auto use = [] {
    for (int i = 0; i < 400; ++i) {
      Ref<int> argument = put(i);
      const Ref<int> same = submit([](int x) { return x; }, argument);
      for (int turns = i % 8; turns > 0; --turns) std::this_thread::yield();
      argument = {};
      if (i % 16 == 0) { EXPECT_EQ(get(same), i); }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(use);
  for (std::thread& thread : threads) thread.join();
}

TEST_P(Get, ManyThreadsWaitForOneTask) {
  const Ref<int> ref = submit(held, 7);
  std::vector<std::thread> threads;
  std::atomic<int> total{0};
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { total += get(ref); });
  shared().gate.release();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(total.load(), 28);
}

TEST_P(Get, ACancelledTaskThatHasNotStartedNeverDoes) {
  std::vector<Ref<int>> holders;
  for (int i = 0; i < 4; ++i) holders.push_back(submit({.num_cpus = 1}, held, i));
  const Ref<int> waiting = submit({.num_cpus = 4}, held, 9);
  cancel(waiting);
  EXPECT_THROW(get(waiting), Cancelled);
  shared().gate.release();
  EXPECT_EQ(get(holders[3]), 3);
}

TEST_P(Get, ACancelledTaskThatRunsIsTold) {
  const Ref<void> endless = submit([] {
    shared().begun.release();
    while (!is_cancelled()) std::this_thread::yield();
  });
  while (!shared().begun.try_acquire()) static_cast<void>(wait(std::vector{endless}, {.timeout = 1ms}));
  cancel(endless);
  EXPECT_THROW(get(endless), Cancelled);
}

TEST_P(Get, ContextSaysWhereTheThreadIs) {
  EXPECT_TRUE(context().task_name.empty());
  EXPECT_FALSE(context().task.has_value());
  const std::string name = get(submit({.name = "looks around"}, [] { return context().task_name; }));
  EXPECT_EQ(name, "looks around");
  EXPECT_EQ(get(submit([] { return context().attempt; })), 0U);
}

TEST_P(Get, TheClusterSaysWhatItHas) {
  EXPECT_EQ(cluster_resources(),
            (std::map<std::string, double>{{"CPU", 4}, {"GPU", 2}, {"license", 2}, {"memory", 1 << 30}}));
  const std::vector<NodeInfo> all = nodes();
  ASSERT_EQ(all.size(), 1);
  EXPECT_TRUE(all[0].alive);
  EXPECT_EQ(all[0].labels.at("zone"), "a");
  EXPECT_LE(available_resources()["CPU"], 4);
  const Ref<int> holder = submit({.resources = {{"license", 2}}}, held, 1);
  while (available_resources().at("license") > 0) std::this_thread::yield();
  shared().gate.release();
  EXPECT_EQ(get(holder), 1);
}

/// Needs a worker of another kind, while what runs it has the place of the only one.
double wait_for_another_kind() {
  return get(submit({.num_cpus = 0.5}, [] { return 0.5; }));
}

TEST(GetOnOneCpu, WhatThisThreadRunsItselfGivesItsPlaceBackWhileItWaits) {
  const Session session({.num_cpus = 1});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(get(submit(wait_for_another_kind)), 0.5);
}

}  // namespace
}  // namespace shoal
