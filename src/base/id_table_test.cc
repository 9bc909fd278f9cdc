#include "base/id_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace shoal {
namespace {

struct Record {
  std::uint64_t id = 0;
  Record* next = nullptr;
};

template <std::uint64_t places>
struct ById {
  static const std::uint64_t& key(const Record& record) { return record.id; }
  static std::size_t spread(std::uint64_t id) { return id % places; }
  static Record*& next(Record& record) { return record.next; }
};

template <class Table>
void compare_with_a_set(std::uint64_t ids, int steps) {
  Table table;
  EXPECT_EQ(table.find(1), nullptr);
  std::vector<Record> records(ids);
  for (std::uint64_t id = 0; id < ids; ++id) records[id].id = id;
  std::set<std::uint64_t> expected;
  std::mt19937_64 random(7);
  for (int step = 0; step < steps; ++step) {
    Record& record = records[random() % ids];
    if (expected.erase(record.id) > 0) {
      table.remove(record);
    } else {
      table.add(record);
      expected.insert(record.id);
    }
    ASSERT_EQ(table.size(), expected.size());
    for (Record& each : records) ASSERT_EQ(table.find(each.id), expected.contains(each.id) ? &each : nullptr);
    std::set<std::uint64_t> walked;
    table.for_each([&](Record& each) { walked.insert(each.id); });
    ASSERT_EQ(walked, expected);
  }
}

TEST(IdTable, IsAMap) { compare_with_a_set<IdTable<std::uint64_t, Record, ById<1'000'000>>>(200, 2000); }

TEST(IdTable, IsAMapWhereIdsMeet) { compare_with_a_set<IdTable<std::uint64_t, Record, ById<7>>>(60, 2000); }

}  // namespace
}  // namespace shoal
