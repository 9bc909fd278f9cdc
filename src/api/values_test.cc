#include <gtest/gtest.h>
#include <shoal/shoal.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "api/testing/sessions.h"

namespace shoal {
namespace {

using std::chrono_literals::operator""ms;

class Values : public testing::SessionTest {};
SHOAL_TEST_IN_SESSIONS(Values);

struct Point {
  float x = 0, y = 0;
};

TEST_P(Values, AreViewedWhereTheyLie) {
  std::vector<double> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 0.0);
  const Ref<std::vector<double>> ref = put(numbers);
  const auto a = view(ref), b = view(ref);
  EXPECT_EQ(a->data(), b->data());
  EXPECT_EQ(std::vector<double>(a->begin(), a->end()), numbers);
  EXPECT_EQ(*view(put(std::string("text"))), "text");
  EXPECT_TRUE(view(put(std::vector<int>()))->empty());
  EXPECT_EQ((*view(submit([] { return std::vector<Point>(3, Point{1, 2}); })))[2].y, 2);
}

TEST_P(Values, AViewKeepsTheValue) {
  std::optional<View<std::string>> kept;
  {
    const Ref<std::string> ref = put(std::string(100'000, 'x'));
    kept = view(ref);
  }
  EXPECT_EQ((*kept)->size(), 100'000);
  EXPECT_EQ((*kept)->back(), 'x');
}

TEST_P(Values, ABufferIsWrittenInPlaceAndPassedOn) {
  MutableBuffer buffer = create_buffer(1 << 20);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0);
  std::iota(buffer.bytes().begin(), buffer.bytes().end(), std::uint8_t{0});
  const Ref<Buffer> ref = put(std::move(buffer));
  const auto sum = [](const Buffer& bytes) {
    return std::accumulate(bytes.bytes().begin(), bytes.bytes().end(), std::uint64_t{0});
  };
  EXPECT_EQ(get(submit(sum, ref)), (std::uint64_t{1} << 20) / 256 * 255 * 128);
  EXPECT_EQ(get(ref).data(), get(ref).data());
  EXPECT_EQ(get(submit([] { return create_buffer(10).finish(); })).size(), 10);
  EXPECT_EQ(sum(get(submit([] { return create_buffer(100'000).finish(); }))), 0);
  EXPECT_EQ(get(submit([] {
              MutableBuffer all = create_buffer_for_overwrite(100'000);
              std::ranges::fill(all.bytes(), std::uint8_t{7});
              return std::move(all).finish();
            }))
                .bytes()
                .back(),
            7);
}

// Memory of the store is filled by other means when it was used often; each value is to be what was put.
TEST_P(Values, MemoryIsUsedAgainAndAgain) {
  const auto all_are = [](const std::vector<std::uint64_t>& values, std::uint64_t value) {
    return std::ranges::all_of(values, [&](std::uint64_t each) { return each == value; });
  };
  for (std::uint64_t round = 0; round < 40; ++round) {
    const std::size_t size = (round % 3 + 1) << 18;  // 2 to 6 MiB
    const auto ref = put(std::vector<std::uint64_t>(size, round));
    ASSERT_TRUE(get(submit(all_are, ref, round)));
    ASSERT_TRUE(all_are(get(ref), round));
  }
}

class Doubler {
 public:
  int twice(int x) { return 2 * x; }
};

TEST_P(Values, APoolSharesWork) {
  ActorPool<Doubler> pool(3, {});
  std::vector<int> inputs(50), twice(50);
  for (int i = 0; i < 50; ++i) inputs[static_cast<std::size_t>(i)] = i, twice[static_cast<std::size_t>(i)] = 2 * i;
  EXPECT_EQ(pool.map(&Doubler::twice, inputs), twice);
  EXPECT_EQ(get(pool.submit(&Doubler::twice, put(21))), 42);
  EXPECT_THROW(ActorPool<Doubler>(std::vector<Actor<Doubler>>()), InvalidArgument);
}

TEST_P(Values, AQueueGoesBetweenTasks) {
  const Queue<int> queue(4);
  const Ref<void> producer = submit(
      [](const Queue<int>& to) {
        for (int i = 0; i < 100; ++i) to.put(i);
        to.close();
      },
      queue);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(queue.get(), i);
  EXPECT_EQ(queue.get(), std::nullopt);
  get(producer);
  EXPECT_THROW(queue.put(1), InvalidArgument);
}

TEST_P(Values, AQueueWaitsNoLongerThanItMay) {
  const Queue<std::string> queue(1);
  EXPECT_THROW(queue.get({.timeout = 5ms}), Timeout);
  queue.put("one");
  EXPECT_THROW(queue.put("two", {.timeout = 5ms}), Timeout);
  EXPECT_EQ(queue.size(), 1);
  EXPECT_EQ(queue.get(), "one");
}

}  // namespace
}  // namespace shoal
