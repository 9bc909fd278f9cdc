#include "sim/world/event_queue.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/random.h"

namespace shoal::sim {
namespace {

TEST(EventQueue, GivesEventsByTimeThenByTurn) {
  EventQueue<int> queue;
  std::multimap<Time, int> model;  // keeps the turn among equal times
  Random random(1);
  for (int n = 0; n < 20'000; ++n) {
    if (random.chance(55) || model.empty()) {
      const Time time = random.between(0, 50);
      queue.push(time, n);
      model.emplace(time, n);
    } else {
      ASSERT_EQ(queue.next_time(), model.begin()->first);
      const auto [time, event] = queue.pop();
      ASSERT_EQ(time, model.begin()->first);
      ASSERT_EQ(event, model.begin()->second);
      model.erase(model.begin());
    }
    ASSERT_EQ(queue.size(), model.size());
  }
}

}  // namespace
}  // namespace shoal::sim
