#include "sim/cluster/run.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shoal::sim::cluster {
namespace {

bool calls_a_failing_task(const Program& program) {
  return std::ranges::any_of(program.scripts[0].ops, [&](const Op& op) {
    return op.kind == OpKind::submit && std::ranges::count(program.scripts[op.script].ops, OpKind::fail, &Op::kind) > 0;
  });
}

TEST(ClusterShrink, LeavesWhatTheFailureNeeds) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Program program = make_program(seed);
    if (!calls_a_failing_task(program) || ++found > 5) continue;
    const Program small = shrink(program, calls_a_failing_task);
    EXPECT_EQ(fault_of(small), "");
    EXPECT_TRUE(calls_a_failing_task(small));
    EXPECT_EQ(small.kills, 0u) << "seed " << seed;
    EXPECT_EQ(small.workers, 1u) << "seed " << seed;
    for (std::size_t script = 0; script < small.scripts.size(); ++script) {
      for (std::size_t op = 0; op < small.scripts[script].ops.size(); ++op) {
        Program less = small;
        less.scripts[script].ops.erase(less.scripts[script].ops.begin() + static_cast<std::ptrdiff_t>(op));
        EXPECT_FALSE(fault_of(less).empty() && calls_a_failing_task(less)) << "seed " << seed << " could do without";
      }
    }
    EXPECT_LT(to_string(small).size(), to_string(program).size()) << "seed " << seed;
  }
  EXPECT_GE(found, 5);
}

}  // namespace
}  // namespace shoal::sim::cluster
