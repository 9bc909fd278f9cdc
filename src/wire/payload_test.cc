#include <shoal/wire/payload.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace shoal {
namespace {

using testing::ElementsAre;

Payload counting(std::size_t size) {
  Payload payload(size);
  std::iota(payload.data(), payload.data() + size, std::uint8_t{1});
  return payload;
}

bool is_inside(const Payload& payload) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(&payload);
  return payload.data() >= begin && payload.data() < begin + sizeof payload;
}

std::vector<std::uint8_t> copy_of(const Payload& payload) { return {payload.bytes().begin(), payload.bytes().end()}; }

TEST(Payload, ShortOnesAreInTheObjectAndLongOnesAligned) {
  EXPECT_EQ(Payload().size(), 0u);
  EXPECT_TRUE(is_inside(Payload(Payload::k_inline_max)));
  for (const std::size_t size : {Payload::k_inline_max + 1, std::size_t{1000}, std::size_t{1'000'000}}) {
    const Payload payload(size);
    EXPECT_FALSE(is_inside(payload));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(payload.data()) % Payload::k_alignment, 0u);
  }
  const Payload few(8);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(few.data()) % 8, 0u);
}

TEST(Payload, ACopySharesLongBytesAndOutlivesTheOriginal) {
  for (const std::size_t size : {std::size_t{5}, std::size_t{500}}) {
    auto original = std::make_unique<Payload>(counting(size));
    const Payload copy = *original;
    EXPECT_EQ(copy.data() == original->data(), size == 500);
    const std::vector<std::uint8_t> bytes = copy_of(*original);
    original.reset();
    EXPECT_EQ(copy_of(copy), bytes);
  }
}

TEST(Payload, AMoveLeavesNothingBehind) {
  for (const std::size_t size : {std::size_t{5}, std::size_t{500}}) {
    Payload from = counting(size);
    from.set_beside({ObjectId{{1, 1}, 1, 0}}, {});
    const std::vector<std::uint8_t> bytes = copy_of(from);
    const Payload to = std::move(from);
    EXPECT_EQ(copy_of(to), bytes);
    EXPECT_EQ(to.refs().size(), 1u);
    EXPECT_EQ(from.size(), 0u);  // NOLINT(bugprone-use-after-move): what is left is stated
    EXPECT_TRUE(from.refs().empty());
  }
}

TEST(Payload, AssignmentBetweenShortAndLongOnes) {
  Payload small = counting(3), large = counting(300);
  const std::vector<std::uint8_t> large_bytes = copy_of(large);
  Payload target = small;
  target = large;
  EXPECT_EQ(copy_of(target), large_bytes);
  target = small;
  EXPECT_THAT(copy_of(target), ElementsAre(1, 2, 3));
  target = std::move(large);
  EXPECT_EQ(copy_of(target), large_bytes);
  const Payload& itself = target;
  target = itself;
  EXPECT_EQ(copy_of(target), large_bytes);
}

TEST(Payload, ShrinksToItsFirstBytes) {
  Payload within = counting(30);
  within.shrink(2);
  EXPECT_THAT(copy_of(within), ElementsAre(1, 2));
  Payload across = counting(300);
  across.shrink(3);
  EXPECT_TRUE(is_inside(across));
  EXPECT_THAT(copy_of(across), ElementsAre(1, 2, 3));
  Payload still_long = counting(300);
  const std::uint8_t* place = still_long.data();
  still_long.shrink(100);
  EXPECT_EQ(still_long.data(), place);
  EXPECT_EQ(still_long.size(), 100u);
}

TEST(Payload, WhatIsBesideIsSharedAndCounted) {
  auto holder = std::make_shared<std::vector<std::uint8_t>>(1000);
  const std::weak_ptr<std::vector<std::uint8_t>> watch = holder;
  {
    Payload copy;
    {
      Payload payload = counting(4);
      EXPECT_EQ(payload.total_bytes(), 4u);
      const ObjectId id{{1, 2}, 3, 4};
      payload.set_beside({id}, {SharedBytes{.holder = holder, .bytes = *holder}});
      holder.reset();
      copy = payload;
      EXPECT_EQ(copy.parts().data(), payload.parts().data());
      EXPECT_THAT(copy.refs(), ElementsAre(id));
    }
    EXPECT_EQ(copy.total_bytes(), 1004u);
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(Payload, NothingBesideIsNothing) {
  Payload payload = counting(4);
  payload.set_beside({}, {});
  EXPECT_TRUE(payload.refs().empty());
  EXPECT_TRUE(payload.parts().empty());
}

}  // namespace
}  // namespace shoal
