#include "base/slab.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

namespace shoal {
namespace {

TEST(Slab, GivesDestroyedMemoryAgainAndKeepsTheRest) {
  Slab<std::shared_ptr<int>> slab;
  const auto value = std::make_shared<int>(7);
  std::vector<std::shared_ptr<int>*> made;
  for (int i = 0; i < 5000; ++i) made.push_back(slab.make(value));
  EXPECT_EQ(slab.size(), 5000u);
  EXPECT_EQ(value.use_count(), 5001);
  std::set<std::shared_ptr<int>*> places(made.begin(), made.end());
  EXPECT_EQ(places.size(), made.size());
  for (auto* object : made) {
    EXPECT_EQ(**object, 7);
    slab.destroy(object);
  }
  EXPECT_EQ(value.use_count(), 1);
  for (int i = 0; i < 5000; ++i) EXPECT_TRUE(places.contains(made[i] = slab.make(value)));
  for (auto* object : made) slab.destroy(object);
}

}  // namespace
}  // namespace shoal
