#include "base/thread_safety.h"

#include <gtest/gtest.h>

#include <thread>

namespace shoal {
namespace {

TEST(Mutex, IsHeldByOneThreadAtATime) {
  struct {
    Mutex mutex;
    int count GUARDED_BY(mutex) = 0;
  } shared;
  const auto add = [&] {
    for (int i = 0; i < 100'000; ++i) {
      const Lock lock(shared.mutex);
      ++shared.count;
    }
  };
  std::thread one(add), other(add);
  one.join();
  other.join();
  const Lock lock(shared.mutex);
  EXPECT_EQ(shared.count, 200'000);
}

}  // namespace
}  // namespace shoal
