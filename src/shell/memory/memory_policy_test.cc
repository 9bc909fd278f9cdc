#include "shell/memory/memory_policy.h"

#include <gtest/gtest.h>

#include <vector>

namespace shoal::shell {
namespace {

constexpr std::int64_t k_mib = 1 << 20;
constexpr Time k_second = 1'000'000'000;
constexpr MachineMemory k_short{.total = 1'000 * k_mib, .available = 49 * k_mib};
constexpr MachineMemory k_enough{.total = 1'000 * k_mib, .available = 51 * k_mib};

MemoryUse runs(std::uint32_t n, std::int64_t mib, Time since, bool is_retriable = true) {
  return {.worker = {1, n},
          .pid = static_cast<int>(n),
          .bytes = mib * k_mib,
          .now = {.task = "resize", .is_retriable = is_retriable, .since = since}};
}
MemoryUse limited(std::uint32_t n, std::int64_t mib, std::int64_t limit_mib) {
  MemoryUse use = runs(n, mib, 0);
  use.limit = limit_mib * k_mib;
  return use;
}

using Judged = std::vector<std::pair<std::uint32_t, ErrorCode>>;

Judged judge(MemoryPolicy& policy, const std::vector<MemoryUse>& workers,
             const std::optional<MachineMemory>& machine = std::nullopt, Time now = 0) {
  Judged judged;
  for (const auto& verdict : policy.judge(workers, machine, now)) judged.emplace_back(verdict.worker.n, verdict.code);
  return judged;
}

TEST(MemoryPolicy, EndsWhatIsAboveItsLimitOnce) {
  MemoryPolicy policy(0.05);
  EXPECT_EQ(judge(policy, {limited(2, 512, 512), limited(3, 10, 0)}), Judged());
  EXPECT_EQ(judge(policy, {limited(2, 513, 512), limited(3, 10, 9)}),
            (Judged{{2, ErrorCode::out_of_memory}, {3, ErrorCode::out_of_memory}}));
  EXPECT_EQ(judge(policy, {limited(2, 600, 512)}), Judged()) << "it is on its way out";
}

TEST(MemoryPolicy, SaysWhatWasUsedAndAllowed) {
  MemoryPolicy policy(0.05);
  const auto verdicts = policy.judge(std::vector{limited(2, 812, 512)}, std::nullopt, 0);
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_NE(verdicts[0].text.find("used 812 MiB of its memory limit of 512 MiB (looked at every 50 ms)"),
            std::string::npos)
      << verdicts[0].text;
}

TEST(MemoryPolicy, OfTheMachineItEndsTheYoungestThatIsTriedAgain) {
  MemoryPolicy policy(0.05);
  const std::vector<MemoryUse> workers{runs(2, 100, 10), runs(3, 100, 20), runs(4, 100, 30, false), runs(5, 31, 40)};
  EXPECT_EQ(judge(policy, workers, k_enough), Judged());
  EXPECT_EQ(judge(policy, workers, k_short), (Judged{{3, ErrorCode::worker_died}}));
}

TEST(MemoryPolicy, WaitsForTheEffectBeforeItEndsAnother) {
  MemoryPolicy policy(0.05);
  const std::vector<MemoryUse> workers{runs(2, 100, 10), runs(3, 100, 20)};
  EXPECT_EQ(judge(policy, workers, k_short, 0).size(), 1U);
  EXPECT_EQ(judge(policy, workers, k_short, k_second - 1), Judged());
  EXPECT_EQ(judge(policy, workers, k_short, k_second), (Judged{{2, ErrorCode::worker_died}}));
  EXPECT_EQ(judge(policy, workers, k_short, 3 * k_second), Judged()) << "both are on their way out";
}

TEST(MemoryPolicy, NeverEndsWhatIsIdleOrNotTriedAgain) {
  MemoryPolicy policy(0.05);
  MemoryUse idle = runs(2, 500, 10);
  idle.now = {};
  EXPECT_EQ(judge(policy, {idle, runs(3, 500, 20, false)}, k_short), Judged());
}

TEST(MemoryPolicy, WithoutAReserveTheMachineIsNoMatter) {
  MemoryPolicy policy(0);
  EXPECT_EQ(judge(policy, {runs(2, 100, 10)}, MachineMemory{.total = k_mib, .available = 0}), Judged());
}

}  // namespace
}  // namespace shoal::shell
