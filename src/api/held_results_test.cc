// A worker process keeps results of short tasks back while it has more to run: nobody may notice but by the speed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <shoal/shoal.h>
#include <signal.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "api/testing/shared.h"

namespace shoal {
namespace {

using testing::renew_shared;
using testing::shared;

constexpr int k_tasks = 20;
constexpr int k_odd_one = k_tasks / 2;
constexpr int k_warm = -1;

/// One worker, which is sent all tasks of a function at once that it has run before.
class HeldResultsTest : public ::testing::Test {
 protected:
  HeldResultsTest() {
    renew_shared();
    session_.emplace(SessionOptions{.processes = 1});
  }

  template <class F>
  std::vector<Ref<int>> submit_all(F function) {
    get(submit(function, k_warm));
    std::vector<Ref<int>> refs;
    for (int i = 0; i < k_tasks; ++i) refs.push_back(submit(function, i));
    return refs;
  }

  std::optional<Session> session_;
};

TEST_F(HeldResultsTest, AreThereBeforeALongTaskBehindThemEnds) {
  const auto refs = submit_all([](int i) {
    if (i == k_tasks - 1) shared().gate.acquire();
    return i;
  });
  for (int i = 0; i < k_tasks - 1; ++i) EXPECT_EQ(get(refs[static_cast<std::size_t>(i)]), i);
  shared().gate.release();
  EXPECT_EQ(get(refs.back()), k_tasks - 1);
}

TEST_F(HeldResultsTest, AreThereForATaskOfTheSameWorkerThatWaitsForThem) {
  const auto make = [](int i) { return i; };
  const auto take = [](Ref<int> made) { return get(made) + 1; };
  get(submit(take, submit(make, 0)));
  std::vector<Ref<int>> taken;
  for (int i = 0; i < k_tasks; ++i) taken.push_back(submit(take, submit(make, i)));
  for (int i = 0; i < k_tasks; ++i) EXPECT_EQ(get(taken[static_cast<std::size_t>(i)]), i + 1);
}

TEST_F(HeldResultsTest, ThatWentWithTheirWorkerAreMadeAgain) {
  const auto refs = submit_all([](int i) {
    if (i == k_odd_one && shared().count++ == 0) ::raise(SIGKILL);
    return i;
  });
  for (int i = 0; i < k_tasks; ++i) EXPECT_EQ(get(refs[static_cast<std::size_t>(i)]), i);
}

TEST_F(HeldResultsTest, OfTasksBeforeAPoisonedOneAreNotItsVictims) {
  const auto refs = submit_all([](int i) {
    if (i != k_odd_one) return i;
    ++shared().count;
    ::raise(SIGKILL);
    return 0;
  });
  for (int i = 0; i < k_tasks; ++i) {
    if (i != k_odd_one) { EXPECT_EQ(get(refs[static_cast<std::size_t>(i)]), i); }
  }
  EXPECT_THROW(get(refs[k_odd_one]), WorkerDied);
  EXPECT_LE(shared().count.load(), 5) << "its four attempts, and one that was taken for another's";
}

}  // namespace
}  // namespace shoal
