#include "base/id_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>

namespace shoal {
namespace {

struct Count {
  std::uint64_t operator()(std::uint64_t key) const { return key; }
};
struct FewPlaces {  // so that many keys meet
  std::uint64_t operator()(std::uint64_t key) const { return key % 7; }
};

template <class Table>
void compare_with_map(Table& table, std::uint64_t keys, int steps) {
  std::map<std::uint64_t, int> expected;
  std::vector<int> records(keys);
  std::mt19937_64 random(7);
  for (int step = 0; step < steps; ++step) {
    const std::uint64_t key = random() % keys;
    if (expected.contains(key)) {
      table.remove(key);
      expected.erase(key);
    } else {
      table.add(key, &records[key]);
      expected[key] = 1;
    }
    table.remove(keys + 1);
    ASSERT_EQ(table.size(), expected.size());
    for (std::uint64_t other = 0; other < keys; ++other) {
      ASSERT_EQ(table.find(other), expected.contains(other) ? &records[other] : nullptr);
    }
  }
}

TEST(IdTable, IsAMap) {
  IdTable<std::uint64_t, int, Count> table;
  EXPECT_EQ(table.find(1), nullptr);
  compare_with_map(table, 200, 2000);
}

TEST(IdTable, IsAMapWhereKeysMeet) {
  IdTable<std::uint64_t, int, FewPlaces> table;
  compare_with_map(table, 60, 3000);
}

}  // namespace
}  // namespace shoal
