#include <shoal/wire/payload.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <shoal/wire/codec.h>

#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "wire/stored.h"

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

/// Memory that counts what is asked of it.
class CountedMemory final : public LargeMemory {
 public:
  Room allocate(std::size_t bytes) override {
    auto held = std::make_shared<std::vector<std::uint8_t>>(bytes);
    asked.push_back(bytes);
    last = held;
    return {held, *held};
  }
  Room try_allocate(std::size_t bytes) override { return allocate(bytes); }
  void fill(std::uint8_t* to, std::span<const std::uint8_t> from) override {
    ++filled;
    std::ranges::copy(from, to);
  }
  std::vector<std::size_t> asked{};
  int filled = 0;
  std::weak_ptr<std::vector<std::uint8_t>> last{};
};

TEST(Payload, LargeValuesAreWrittenWhereTheyAreToLie) {
  CountedMemory memory;
  to_payload(std::vector<int>(10, 1), &memory);
  EXPECT_THAT(memory.asked, testing::IsEmpty());
  const std::vector<int> values(100'000, 7);
  const Payload payload = to_payload(values, &memory);
  ASSERT_EQ(memory.asked.size(), 1u);
  EXPECT_GE(memory.asked[0], payload.size());
  EXPECT_EQ(memory.filled, 1);
  EXPECT_EQ(payload.data(), memory.last.lock()->data());
  EXPECT_EQ(payload.block().holder, memory.last.lock());
  EXPECT_EQ(from_payload<std::vector<int>>(payload), values);
  const Payload copy = payload;
  EXPECT_EQ(copy.data(), payload.data());
}

TEST(Payload, MemoryThatWasLentGoesWithTheLastCopy) {
  CountedMemory memory;
  {
    const Payload payload = to_payload(std::string(100'000, 'x'), &memory);
    const Payload copy = payload;
    EXPECT_FALSE(memory.last.expired());
  }
  EXPECT_TRUE(memory.last.expired());
}

/// Hears of the end of what it keeps.
class Kept final : public wire::StoredObject::Keeper {
 public:
  void let_go(const ObjectId& object) override { gone.push_back(object); }
  std::vector<ObjectId> gone{};
};

SharedBytes stored_bytes(std::uint64_t n, std::uint64_t bytes, std::shared_ptr<Kept> keeper = nullptr) {
  const wire::StoredAt at{{{1, 2}, n}, {4, 64, bytes}, {6, 7}};
  return {nullptr, {}, std::make_shared<wire::StoredObject>(at, std::move(keeper))};
}

TEST(Payload, WhatIsStoredIsCountedAndNotCarried) {
  Payload payload(stored_bytes(1, 100'000));
  payload.set_beside({}, {stored_bytes(2, 70'000), {nullptr, {}, nullptr}});
  EXPECT_EQ(payload.size(), 100'000u);
  EXPECT_EQ(payload.total_bytes(), 170'000u);
  EXPECT_EQ(payload.carried_bytes(), 0u);
  EXPECT_FALSE(payload.is_here());
}

TEST(Payload, GetsOtherHolders) {
  Payload away(stored_bytes(1, 100));
  away.set_beside({ObjectId{{1, 1}, 5}}, {stored_bytes(2, 50)});
  const auto memory = std::make_shared<std::vector<std::uint8_t>>(150, std::uint8_t{3});
  const std::span<const std::uint8_t> all(*memory);
  const Payload here = away.with({memory, all.first(100), away.block().stored},
                                 {{memory, all.last(50), away.parts()[0].stored}});
  EXPECT_TRUE(here.is_here());
  EXPECT_EQ(here.data(), memory->data());
  EXPECT_EQ(here.parts()[0].bytes.data(), memory->data() + 100);
  EXPECT_THAT(here.refs(), ElementsAre(ObjectId{{1, 1}, 5}));
  EXPECT_FALSE(away.is_here());

  Payload own = counting(500);
  own.set_beside({ObjectId{{1, 1}, 5}}, {stored_bytes(2, 50)});
  const Payload other = own.with({}, {{memory, all.last(50), own.parts()[0].stored}});
  EXPECT_EQ(other.data(), own.data()) << "its own bytes are shared";
  EXPECT_FALSE(own.is_here());
  EXPECT_TRUE(other.is_here());
}

TEST(Payload, InAFrameWhatIsStoredIsItsPlace) {
  Payload payload(stored_bytes(1, 100'000));
  payload.set_beside({}, {stored_bytes(2, 70'000)});
  std::vector<std::uint8_t> frame;
  Encoder encoder(frame);
  encode(encoder, payload);
  encoder.finish_frame();
  EXPECT_LT(frame.size(), 200u);
  Decoder decoder(frame);
  Payload back;
  decode(decoder, back);
  ASSERT_TRUE(decoder.finish()) << decoder.fault();
  EXPECT_EQ(back.size(), 100'000u);
  EXPECT_EQ(back.total_bytes(), 170'000u);
  EXPECT_EQ(back.block().stored->at().object, (ObjectId{{1, 2}, 1}));
  EXPECT_EQ(back.parts()[0].stored->at().place, (store::Place{4, 64, 70'000}));
  EXPECT_EQ(back.parts()[0].stored->at().residence, (store::Residence{6, 7}));
  EXPECT_FALSE(back.parts()[0].stored->is_kept());
}

TEST(Payload, TheLastOfAStoredObjectIsToldOnce) {
  const auto keeper = std::make_shared<Kept>();
  {
    const Payload payload(stored_bytes(1, 100, keeper));
    const Payload outer = to_payload(std::vector<Payload>{payload, payload});
    EXPECT_EQ(outer.parts().size(), 2u) << "a value in a value is a part";
    const auto back = from_payload<std::vector<Payload>>(outer);
    EXPECT_EQ(back[1].block().stored, payload.block().stored);
  }
  EXPECT_THAT(keeper->gone, ElementsAre(ObjectId{{1, 2}, 1}));
}

}  // namespace
}  // namespace shoal
