#include <shoal/base/ids.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <unordered_set>
#include <vector>

namespace shoal {
namespace {

TEST(Ids, PrintAsLogsAndToolsShowThem) {
  EXPECT_EQ(to_string(k_control), "control");
  EXPECT_EQ(to_string(ProcessId{3, 0}), "n3");
  EXPECT_EQ(to_string(ProcessId{3, 17}), "n3.17");
  EXPECT_EQ(to_string(TaskId{{3, 17}, 5}), "n3.17/t5");
  EXPECT_EQ(to_string(ObjectId{{3, 17}, 5, 0}), "n3.17/o5");
  EXPECT_EQ(to_string(ObjectId{{3, 17}, 5, 2}), "n3.17/o5.2");
  EXPECT_EQ(to_string(ActorId{{3, 17}, 5}), "n3.17/a5");
}

TEST(Ids, OrderIsByOwnerThenNumber) {
  EXPECT_LT((TaskId{{1, 9}, 9}), (TaskId{{2, 0}, 0}));
  EXPECT_LT((ObjectId{{1, 1}, 1, 9}), (ObjectId{{1, 1}, 2, 0}));
  EXPECT_LT((ObjectId{{1, 1}, 1, 1}), (ObjectId{{1, 1}, 1, 2}));
}

/// The fullest of `slots` where the hashes go by their low bits, or by their high ones.
template <class Id>
std::size_t fullest(const std::vector<Id>& ids, std::size_t slots, int shift) {
  std::vector<std::size_t> counts(slots);
  std::size_t most = 0;
  for (const Id& id : ids) {
    std::size_t& count = counts[std::hash<Id>()(id) >> shift & (slots - 1)];
    if (++count > most) most = count;
  }
  return most;
}

// Ids count upwards and their owners are few. A random table of 4 a slot has at most about 16 in one.
template <class Id>
void expect_spread(const std::vector<Id>& ids) {
  constexpr std::size_t slots = 1024;
  ASSERT_EQ(ids.size(), 4 * slots);
  EXPECT_LT(fullest(ids, slots, 0), 20u);
  EXPECT_LT(fullest(ids, slots, 54), 20u);
  std::unordered_set<std::size_t> hashes;
  for (const Id& id : ids) hashes.insert(std::hash<Id>()(id));
  EXPECT_EQ(hashes.size(), ids.size());
}

TEST(Ids, HashesOfNeighboursSpread) {
  std::vector<ProcessId> processes;
  std::vector<TaskId> tasks;
  std::vector<ObjectId> objects;
  std::vector<ActorId> actors;
  for (std::uint32_t node = 1; node <= 4; ++node) {
    for (std::uint32_t n = 0; n < 1024; ++n) {
      processes.push_back({node, n});
      tasks.push_back({{node, 1}, n});
      objects.push_back({{node, 1}, n / 4, n % 4});
      actors.push_back({{node, 0}, n});
    }
  }
  expect_spread(processes);
  expect_spread(tasks);
  expect_spread(objects);
  expect_spread(actors);
}

}  // namespace
}  // namespace shoal
