#include "sim/cluster/program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace shoal::sim::cluster {
namespace {

TEST(ClusterProgram, EverySeedGivesOneAndAlwaysTheSame) {
  std::set<OpKind> kinds;
  std::uint64_t fewest = UINT64_MAX, most = 0;
  int killing = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const Program program = make_program(seed);
    ASSERT_EQ(fault_of(program), "") << "seed " << seed;
    ASSERT_TRUE(program == make_program(seed)) << "seed " << seed;
    EXPECT_FALSE(program == make_program(seed + 1'000)) << "seed " << seed;
    fewest = std::min(fewest, program.tasks());
    most = std::max(most, program.tasks());
    killing += program.kills > 0 ? 1 : 0;
    for (const Script& script : program.scripts) {
      for (const Op& op : script.ops) kinds.insert(op.kind);
    }
  }
  EXPECT_EQ(kinds.size(), 11u);
  EXPECT_LE(fewest, 3u);
  EXPECT_GE(most, 100u);
  EXPECT_LE(most, 300u);
  EXPECT_TRUE(killing > 100 && killing < 400) << killing;
}

TEST(ClusterProgram, CountsTheTasksOfEachCall) {
  Program program{.scripts = std::vector<Script>(3), .shapes = {{}}};
  Op call{.kind = OpKind::submit, .script = 1};
  program.scripts[1].ops = {call};
  program.scripts[1].ops[0].script = 2;
  program.scripts[0].ops = {call, call};
  EXPECT_EQ(program.tasks(), 4u);
  program.scripts[0].ops.insert(program.scripts[0].ops.begin() + 1, Op{.kind = OpKind::fail});
  EXPECT_EQ(program.tasks(), 2u) << "nothing comes after that";
}

/// put 0; 1 = submit script1 values(0); get 1; script1 returns nothing but its number.
Program small() {
  Program program{.scripts = std::vector<Script>(2), .shapes = {{}, {0}}};
  program.scripts[0].ops = {{.kind = OpKind::put, .outs = {0}},
                            {.kind = OpKind::submit, .values = {0}, .outs = {1}, .script = 1},
                            {.kind = OpKind::get, .in = 1}};
  program.scripts[1].values = {0};
  program.scripts[1].returns = {{}};
  program.scripts[1].result_shapes = {0};
  return program;
}

TEST(ClusterProgram, KnowsWhatIsNone) {
  ASSERT_EQ(fault_of(small()), "");
  const auto is_refused = [](const auto& edit) {
    Program program = small();
    edit(program);
    return !fault_of(program).empty();
  };
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[0].ops.erase(p.scripts[0].ops.begin()); })) << "register 0";
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[0].ops[1].script = 2; }));
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[0].ops[1].script = 0; })) << "the driver's own";
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[0].ops[1].values.clear(); })) << "too few arguments";
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[0].ops[1].outs.push_back(2); })) << "too many results";
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[0].ops[1].outs[0] = 0; })) << "used twice";
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[0].ops[2].outs = {5}; })) << "there is no reference in it";
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[1].values = {1}; })) << "another shape";
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[1].returns[0] = {0}; })) << "not opened";
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[0].ops.push_back({.kind = OpKind::cancel, .in = 0}); }));
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts[0].ops.push_back({.kind = OpKind::wait, .k = 2, .refs = {1}}); }));
  EXPECT_TRUE(is_refused([](Program& p) { p.scripts.clear(); }));
}

TEST(ClusterProgram, ValuesTellWhenTheyAreDamaged) {
  for (const std::uint32_t padding : {0u, 5u, 5'000u}) {
    Payload value = to_value(0x1234'5678'9abc'def0, padding, {{{1, 2}, 3, 4}});
    EXPECT_EQ(number_of(value), 0x1234'5678'9abc'def0u);
    EXPECT_EQ(value.refs().size(), 1u);
    if (padding == 0) continue;
    ++value.data()[value.size() - 1];
    EXPECT_EQ(number_of(value), 0u);
  }
  EXPECT_EQ(number_of(Payload(7)), 0u);
}

TEST(ClusterProgram, TemplatesSayWhatTheScriptsNeed) {
  Program program = small();
  program.scripts[1].retries = 3;
  program.scripts[1].priority = 2;
  const auto templates = templates_of(program);
  ASSERT_EQ(templates.size(), 2u);
  EXPECT_EQ(templates[1]->function.offset, 1u);
  EXPECT_EQ(templates[1]->results, 1u);
  EXPECT_EQ(templates[1]->retries, 3);
  EXPECT_EQ(templates[1]->priority, 2);
  EXPECT_EQ(templates[1]->resources.cpu, wire::k_one);
}

}  // namespace
}  // namespace shoal::sim::cluster
