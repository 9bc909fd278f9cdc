#include "store/pins.h"

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/seeds.h"
#include "store/testing/machine.h"

namespace shoal::store {
namespace {

using Pin = PinTable::Pin;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class Pins : public ::testing::Test {
 protected:
  Pins() {
    board.attach(k_a, counts_a);
    board.attach(k_b, counts_b);
  }
  std::array<DirectoryWord, 4> directory{};
  std::array<PinCount, 4> counts_a{}, counts_b{};
  PinBoard board{directory};
  PinTable a{counts_a, directory}, b{counts_b, directory};
};

TEST_F(Pins, OfAnOpenStayHoldAndAreSeen) {
  const Residence stay = board.open(board.take_slot().value());
  EXPECT_FALSE(board.is_pinned(stay.slot));
  EXPECT_EQ(a.pin(stay), Pin::held);
  EXPECT_EQ(a.pin(stay), Pin::held);
  EXPECT_EQ(b.pin(stay), Pin::held);
  EXPECT_THAT(board.pins(stay.slot), ElementsAre(Pair(k_a, 2u), Pair(k_b, 1u)));
  EXPECT_FALSE(board.close(stay)) << "it is pinned";
  board.reopen(stay);
  EXPECT_FALSE(b.unpin(stay)) << "nobody waits for it";
  EXPECT_FALSE(a.unpin(stay));
  EXPECT_FALSE(a.unpin(stay));
  EXPECT_TRUE(board.close(stay));
}

TEST_F(Pins, OfAClosedStayFail) {
  const Residence stay = board.open(board.take_slot().value());
  EXPECT_TRUE(board.close(stay));
  EXPECT_NE(a.pin(stay), Pin::held);
  EXPECT_THAT(board.pins(stay.slot), IsEmpty()) << "a pin that failed leaves nothing";
  board.reopen(stay);
  EXPECT_EQ(a.pin(stay), Pin::held) << "it stayed after all";
}

TEST_F(Pins, OfAnEarlierStayFail) {
  const Residence first = board.open(board.take_slot().value());
  EXPECT_TRUE(board.close(first));
  const Residence second = board.open(first.slot);
  EXPECT_NE(first, second);
  EXPECT_EQ(a.pin(first), Pin::gone) << "its pages may be another object's";
  EXPECT_EQ(a.pin(second), Pin::held);
}

TEST_F(Pins, TheLastOfAClosedSlotRings) {
  const Residence stay = board.open(board.take_slot().value());
  ASSERT_EQ(a.pin(stay), Pin::held);
  ASSERT_EQ(a.pin(stay), Pin::held);
  EXPECT_FALSE(board.close(stay));
  EXPECT_FALSE(a.unpin(stay)) << "one is left";
  EXPECT_TRUE(a.unpin(stay));
  EXPECT_EQ(a.pin(stay), Pin::gone_ring) << "the daemon may have seen this one";
}

TEST_F(Pins, OfAProcessThatIsGoneCountNoMore) {
  const Residence stay = board.open(board.take_slot().value());
  ASSERT_EQ(a.pin(stay), Pin::held);
  EXPECT_FALSE(board.close(stay));
  board.detach(k_a);
  EXPECT_TRUE(board.close(stay));
}

TEST_F(Pins, SlotsAreUsedAgainAndEnd) {
  std::vector<std::uint32_t> slots;
  while (const auto slot = board.take_slot()) slots.push_back(*slot);
  EXPECT_THAT(slots, ElementsAre(0u, 1u, 2u, 3u));
  board.give_back(2);
  EXPECT_EQ(board.slots_in_use(), 3u);
  EXPECT_EQ(board.take_slot(), 2u);
  EXPECT_EQ(board.take_slot(), std::nullopt);
}

/// The race between pin and evict. The bytes are plain, so the thread sanitizer sees a reader that the daemon missed, and a
/// torn value shows it in other builds.
TEST_F(Pins, NeverHoldWhatIsBeingEvicted) {
  const std::uint64_t rounds = testing::seed_count(200'000, 5'000);
  std::array<std::uint64_t, 8> bytes{};
  std::atomic<std::uint64_t> generation{0};
  std::atomic<bool> ends{false};
  std::atomic<std::uint64_t> held{0}, torn{0}, rings{0};
  const std::uint32_t slot = board.take_slot().value();

  Residence stay = board.open(slot);
  generation.store(stay.generation);
  const auto read = [&](PinTable& table) {
    while (!ends.load()) {
      const Residence seen{slot, generation.load()};
      const Pin pin = table.pin(seen);
      if (pin == Pin::gone_ring) rings.fetch_add(1);
      if (pin != Pin::held) continue;
      for (const std::uint64_t each : bytes) {
        if (each != bytes[0]) torn.fetch_add(1);
      }
      held.fetch_add(1);
      if (table.unpin(seen)) rings.fetch_add(1);
    }
  };
  std::thread first([&] { read(a); }), second([&] { read(a); }), third([&] { read(b); });
  std::uint64_t evicted = 0, refused = 0;
  // Both ends of the race must have been seen, whatever the scheduler does.
  for (std::uint64_t round = 0; round < rounds || evicted == 0 || refused == 0 || held.load() == 0; ++round) {
    if (!board.close(stay)) {
      ++refused;
      board.reopen(stay);
      continue;
    }
    ++evicted;
    for (std::uint64_t& each : bytes) each = round;
    stay = board.open(slot);
    generation.store(stay.generation);
  }
  ends.store(true);
  first.join();
  second.join();
  third.join();
  EXPECT_EQ(torn.load(), 0u);
  EXPECT_TRUE(board.close(stay)) << "all have let go";
}

/// Who waits for the last pin of a closed slot is woken: by a ring after its look, or it saw no pin.
TEST_F(Pins, NoRingIsMissed) {
  const std::uint64_t rounds = testing::seed_count(20'000, 2'000);
  const std::uint32_t slot = board.take_slot().value();
  std::atomic<std::uint64_t> turn{0}, done{0}, rang{0};
  std::atomic<std::uint64_t> generation{0};
  std::thread reader([&] {
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      while (turn.load() < round) std::this_thread::yield();
      const Residence stay{slot, generation.load()};
      const Pin pin = a.pin(stay);
      const bool rings = pin == Pin::held ? a.unpin(stay) : pin == Pin::gone_ring;
      if (rings) rang.store(round);
      done.store(round);
    }
  });
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    const Residence stay = board.open(slot);
    generation.store(stay.generation);
    turn.store(round);
    const bool free_at_once = board.close(stay);
    while (done.load() < round) std::this_thread::yield();
    ASSERT_FALSE(board.is_pinned(slot));
    ASSERT_TRUE(free_at_once || rang.load() == round) << "the daemon would wait for ever";
  }
  reader.join();
}

}  // namespace
}  // namespace shoal::store
