#include "store/holds.h"

#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/seeds.h"

namespace shoal::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ProcessId k_p{1, 1}, k_q{1, 2}, k_r{1, 3};
constexpr ObjectId k_object{k_p, 7}, k_other{k_p, 8};

TEST(Holds, AnObjectGoesWithItsLastHold) {
  Holds holds;
  ASSERT_TRUE(holds.begin(k_object, k_p));
  holds.give(k_object, k_q);
  EXPECT_FALSE(holds.drop(k_object, k_p));
  EXPECT_TRUE(holds.drop(k_object, k_q));
  EXPECT_EQ(holds.size(), 0u);
}

TEST(Holds, AProcessMayHoldItSeveralTimes) {
  Holds holds;
  ASSERT_TRUE(holds.begin(k_object, k_p));
  holds.give(k_object, k_q);
  holds.give(k_object, k_q);
  EXPECT_FALSE(holds.drop(k_object, k_p));
  EXPECT_FALSE(holds.drop(k_object, k_q));
  EXPECT_TRUE(holds.drop(k_object, k_q));
}

TEST(Holds, ADropMayOvertakeTheGiveOfAnother) {
  Holds holds;
  ASSERT_TRUE(holds.begin(k_object, k_p));
  EXPECT_FALSE(holds.drop(k_object, k_q)) << "they add up to 0, and p holds it";
  holds.give(k_object, k_q);
  EXPECT_TRUE(holds.drop(k_object, k_p));
}

TEST(Holds, ADropMayOvertakeTheBegin) {
  Holds holds;
  EXPECT_FALSE(holds.drop(k_object, k_q));
  ASSERT_TRUE(holds.begin(k_object, k_p));
  holds.give(k_object, k_q);
  EXPECT_TRUE(holds.drop(k_object, k_p));
}

TEST(Holds, AnObjectMayBeginUntilALaterOneOfItsWriterHas) {
  Holds holds;
  EXPECT_TRUE(holds.may_begin(k_object));
  ASSERT_TRUE(holds.begin(k_object, k_p));
  EXPECT_FALSE(holds.may_begin(k_object));
  EXPECT_TRUE(holds.drop(k_object, k_p));
  EXPECT_FALSE(holds.may_begin(k_object)) << "it was there once";
  EXPECT_TRUE(holds.may_begin(k_other));
  EXPECT_THAT(holds.on_process_died(k_p), IsEmpty());
  EXPECT_FALSE(holds.may_begin(k_other)) << "its writer is dead";
}

TEST(Holds, WhatADeadProcessHeldGoesWithIt) {
  Holds holds;
  ASSERT_TRUE(holds.begin(k_object, k_p));
  ASSERT_TRUE(holds.begin(k_other, k_p));
  holds.give(k_object, k_q);
  EXPECT_THAT(holds.on_process_died(k_p), ElementsAre(k_other));
  holds.give(k_object, k_p);
  EXPECT_TRUE(holds.drop(k_object, k_q)) << "a gift to the dead does not count";
  EXPECT_EQ(holds.size(), 0u);
}

TEST(Holds, WhatItsWriterDidNotLiveToBeginIsForgotten) {
  Holds holds;
  EXPECT_FALSE(holds.drop(k_object, k_q));
  EXPECT_THAT(holds.on_process_died(k_p), IsEmpty());
  EXPECT_EQ(holds.size(), 0u);
  EXPECT_FALSE(holds.drop(k_object, k_r));
  holds.give(k_object, k_r);
  EXPECT_FALSE(holds.begin(k_object, k_p));
  EXPECT_EQ(holds.size(), 0u);
}

/// Processes that write objects, send them to each other and let go of them; what each says to the store is heard later, in its
/// order. A process that is killed says nothing more; what it had said is heard, then its death.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  void step() {
    const std::size_t what = pick(100);
    if (what < 15) {
      write();
    } else if (what < 50) {
      send();
    } else if (what < 70) {
      let_go();
    } else if (what < 98) {
      hear(pick(k_processes));
    } else {
      kill();
    }
    check();
  }
  void finish() {
    for (Process& process : processes_) {
      for (const ObjectId& object : process.has) process.said.push_back(Drop{object});
      process.has.clear();
    }
    for (std::size_t i = 0; i < k_processes; ++i) {
      while (!processes_[i].said.empty()) hear(i);
    }
    check();
    EXPECT_THAT(alive_, IsEmpty());
    EXPECT_EQ(holds_.size(), 0u);
  }

 private:
  static constexpr std::size_t k_processes = 4;
  struct Begin {
    ObjectId object;
  };
  struct Give {
    ObjectId object;
    ProcessId to;
  };
  struct Drop {
    ObjectId object;
  };
  struct Died {};
  struct Process {
    ProcessId id;
    std::vector<ObjectId> has{};
    std::deque<std::variant<Begin, Give, Drop, Died>> said{};
  };

  std::size_t pick(std::size_t n) { return random_() % n; }
  static ProcessId name(std::uint32_t n) { return {1, n}; }

  void write() {
    Process& process = processes_[pick(k_processes)];
    const ObjectId object{process.id, ++last_};
    process.has.push_back(object);
    process.said.push_back(Begin{object});
  }
  void send() {
    Process& from = processes_[pick(k_processes)];
    Process& to = processes_[pick(k_processes)];
    if (from.has.empty()) return;
    const ObjectId object = from.has[pick(from.has.size())];
    from.said.push_back(Give{object, to.id});
    to.has.push_back(object);
  }
  void let_go() {
    Process& process = processes_[pick(k_processes)];
    if (process.has.empty()) return;
    const std::size_t which = pick(process.has.size());
    process.said.push_back(Drop{process.has[which]});
    process.has.erase(process.has.begin() + static_cast<std::ptrdiff_t>(which));
  }
  /// Another takes its place, under another name.
  void kill() {
    Process& process = processes_[pick(k_processes)];
    process.has.clear();
    process.said.push_back(Died{});
    const std::size_t which = static_cast<std::size_t>(&process - processes_.data());
    while (!process.said.empty()) hear(which);
    process.id = name(++last_process_);
  }
  void hear(std::size_t which) {
    Process& process = processes_[which];
    if (process.said.empty()) return;
    const auto said = process.said.front();
    process.said.pop_front();
    if (const auto* const begins = std::get_if<Begin>(&said)) {
      ASSERT_TRUE(holds_.begin(begins->object, process.id));
      alive_.insert(begins->object);
    } else if (const auto* const gives = std::get_if<Give>(&said)) {
      holds_.give(gives->object, gives->to);
    } else if (const auto* const drops = std::get_if<Drop>(&said)) {
      if (holds_.drop(drops->object, process.id)) { EXPECT_EQ(alive_.erase(drops->object), 1u); }
    } else {
      for (const ObjectId& ended : holds_.on_process_died(process.id)) EXPECT_EQ(alive_.erase(ended), 1u);
    }
  }
  /// What somebody has exists, or its begin is still to be heard.
  void check() {
    std::set<ObjectId> to_begin;
    for (const Process& process : processes_) {
      for (const auto& said : process.said) {
        if (const auto* const begins = std::get_if<Begin>(&said)) to_begin.insert(begins->object);
      }
    }
    for (const Process& process : processes_) {
      for (const ObjectId& object : process.has) {
        EXPECT_TRUE(alive_.contains(object) || to_begin.contains(object)) << to_string(object);
      }
    }
  }

  std::mt19937_64 random_;
  std::uint64_t last_ = 0;
  std::uint32_t last_process_ = k_processes;
  std::vector<Process> processes_{{name(1)}, {name(2)}, {name(3)}, {name(4)}};
  Holds holds_;
  std::set<ObjectId> alive_;
};

TEST(Holds, SeedsOfProcessesThatSendLetGoAndDie) {
  for (std::uint64_t seed = 1; seed <= shoal::testing::seed_count(500, 100) && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    for (int step = 0; step < 400; ++step) world.step();
    world.finish();
  }
}

}  // namespace
}  // namespace shoal::store
