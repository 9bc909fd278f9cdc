#include "net/ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

namespace shoal::net {
namespace {

TEST(Ring, IsAQueue) {
  Ring<int> ring;
  std::deque<int> model;
  std::uint32_t dice = 1;
  for (int step = 0; step < 10'000; ++step) {
    dice = dice * 1'664'525 + 1'013'904'223;
    if ((dice >> 16) % 5 < 3 || model.empty()) {
      ring.push_back(step);
      model.push_back(step);
    } else {
      ASSERT_EQ(ring.pop_front(), model.front());
      model.pop_front();
    }
    if (step % 1'000 == 999) {
      ring.truncate(model.size() / 2);
      model.resize(model.size() / 2);
    }
    ASSERT_EQ(ring.size(), model.size());
    if (!model.empty()) { ASSERT_EQ(ring.back(), model.back()); }
  }
  for (std::size_t index = 0; index < model.size(); ++index) EXPECT_EQ(ring[index], model[index]);
}

TEST(Ring, KeepsNothingThatIsOut) {
  const auto value = std::make_shared<int>(1);
  Ring<std::shared_ptr<int>> ring;
  for (int n = 0; n < 20; ++n) ring.push_back(value);
  for (int n = 0; n < 5; ++n) ring.pop_front();
  ring.truncate(4);
  EXPECT_EQ(value.use_count(), 5);
  ring.clear();
  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
}  // namespace shoal::net
