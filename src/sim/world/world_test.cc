#include "sim/world/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace shoal::sim {
namespace {

wire::Message ping(std::uint64_t n) { return wire::LeaseReturn{.lease = n}; }
wire::Message pong(std::uint64_t n) { return wire::LeaseRecall{.lease = n}; }

/// Says pings 1 to `last` to each peer, the next when it hears the pong of one; hears everything once and in order, or
/// says what was wrong.
class Counter final : public Process {
 public:
  Counter(std::vector<ProcessId> peers, std::uint64_t last, Time tick) : last_(last), tick_(tick), next_tick_(tick) {
    for (const ProcessId peer : peers) greet(peer);
  }
  void greet(ProcessId peer) { say(peer); }

  void on_message(ProcessId from, wire::Message message) override {
    Talk& talk = talks_[from];
    if (dead_.contains(from)) error_ += " heard the dead " + to_string(from);
    if (const auto* asked = std::get_if<wire::LeaseReturn>(&message)) {
      if (asked->lease != ++talk.heard) error_ += " ping " + std::to_string(asked->lease) + " out of order";
      out_.push_back({from, pong(asked->lease)});
    } else if (const auto* answer = std::get_if<wire::LeaseRecall>(&message)) {
      if (answer->lease != ++talk.answered) error_ += " pong " + std::to_string(answer->lease) + " out of order";
      say(from);
    }
  }
  void on_process_died(ProcessId process, const std::string&) override {
    if (!dead_.insert(process).second) error_ += " told twice of " + to_string(process);
  }
  void on_time(Time now) override {
    next_tick_ = now + tick_;
    ++ticks_;
    for (auto& [peer, talk] : talks_) say(peer);
  }
  std::optional<Time> next_time() const override {
    return tick_ > 0 && ticks_ < 20 ? std::optional(next_tick_) : std::nullopt;
  }
  void take_messages(std::vector<wire::Envelope>& into) override {
    into.clear();
    into.swap(out_);
  }

  const std::string& error() const { return error_; }
  bool knows_dead(ProcessId process) const { return dead_.contains(process); }
  std::uint64_t heard(ProcessId peer) const { return talks_.contains(peer) ? talks_.at(peer).heard : 0; }
  /// Everything that it began with a living peer was answered to the end.
  std::string unfinished() const {
    for (const auto& [peer, talk] : talks_) {
      if (dead_.contains(peer) || (talk.said == 0 || talk.answered == last_)) continue;
      return to_string(peer) + " answered " + std::to_string(talk.answered) + " of " + std::to_string(talk.said);
    }
    return {};
  }

 private:
  struct Talk {
    std::uint64_t said = 0, answered = 0, heard = 0;
  };
  void say(ProcessId peer) {
    Talk& talk = talks_[peer];
    if (talk.said < last_) out_.push_back({peer, ping(++talk.said)});
  }

  const std::uint64_t last_;
  const Time tick_;
  Time next_tick_;
  int ticks_ = 0;
  std::map<ProcessId, Talk> talks_;
  std::set<ProcessId> dead_;
  std::vector<wire::Envelope> out_;
  std::string error_;
};

/// Counters that all talk to each other; one that is killed comes back under another id.
class Town {
 public:
  static constexpr std::uint64_t k_last = 40;

  Town(std::uint64_t seed, bool with_faults, bool with_trace = false) : dice_(seed) {
    World::Options options{.seed = seed, .with_trace = with_trace};
    const auto people = static_cast<std::uint32_t>(dice_.between(3, 8));
    // Each fault comes while at least two are alive and talk.
    if (with_faults) options.faults = FaultPlan::draw(dice_, k_last, 6);
    plan_ = options.faults;
    world_ = std::make_unique<World>(std::move(options));
    std::vector<ProcessId> ids;
    for (std::uint32_t n = 1; n <= people; ++n) ids.push_back({1, n});
    next_ = people;
    for (const ProcessId id : ids) settle(id, ids, id.n > 2);
  }

  void run() {
    ASSERT_TRUE(world_->run(2'000'000)) << "it does not end";
    EXPECT_EQ(world_->failure(), "");
    EXPECT_EQ(world_->unacknowledged(), 0u);
    for (const ProcessId id : all_) {
      const auto* counter = dynamic_cast<const Counter*>(world_->find(id));
      if (counter == nullptr) continue;
      EXPECT_EQ(counter->error(), "") << to_string(id);
      EXPECT_EQ(counter->unfinished(), "") << to_string(id);
    }
  }
  World& world() { return *world_; }

 private:
  void settle(ProcessId id, const std::vector<ProcessId>& peers, bool may_be_killed) {
    all_.push_back(id);
    World::SpawnOptions options{.may_be_killed = may_be_killed};
    options.on_killed = [this] {
      std::vector<ProcessId> living;
      for (const ProcessId each : all_) {
        if (world_->is_alive(each)) living.push_back(each);
      }
      settle({1, ++next_}, living, true);
    };
    const Time tick = dice_.chance(50) ? dice_.between(1'000, 3'000'000) : 0;
    world_->spawn(id, std::make_unique<Counter>(peers, k_last, tick), std::move(options));
  }

  Random dice_;
  FaultPlan plan_;
  std::unique_ptr<World> world_;
  std::vector<ProcessId> all_;
  std::uint32_t next_ = 0;
};

TEST(World, EachMessageOnceAndInOrderToTheLiving) {
  std::uint64_t lost = 0;
  FaultTally sum;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Town town(seed, true);
    town.run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    lost += town.world().faults().frames_lost;
    sum.postponed += town.world().faults().postponed;
    for (std::size_t kind = 0; kind < k_fault_kinds; ++kind) {
      sum.injected[kind] += town.world().faults().injected[kind];
    }
  }
  EXPECT_GT(lost, 300u) << "breaks that lose nothing prove nothing";
  EXPECT_GT(sum.postponed, 300u);
  for (const std::uint64_t count : sum.injected) EXPECT_GT(count, 300u);
}

TEST(World, TheSameSeedGivesTheSameEvents) {
  for (const std::uint64_t seed : {3u, 4u, 5u, 6u}) {
    Town once(seed, true, true), again(seed, true, false), other(seed + 100, true, false);
    for (Town* town : {&once, &again, &other}) town->run();
    EXPECT_EQ(once.world().trace().hash(), again.world().trace().hash());
    EXPECT_EQ(once.world().events(), again.world().events());
    EXPECT_NE(once.world().trace().hash(), other.world().trace().hash());
    EXPECT_NE(once.world().trace().text(), "");
  }
}

/// What a process was told, in order, as text; sends what it is given.
class Note final : public Process {
 public:
  void on_message(ProcessId from, wire::Message message) override {
    told.push_back(to_string(from) + ":" + std::to_string(std::get<wire::LeaseReturn>(message).lease));
    if (during) during();
  }
  void on_process_died(ProcessId process, const std::string& cause) override {
    told.push_back(to_string(process) + " " + cause);
  }
  void on_time(Time now) override {
    told.push_back("time " + std::to_string(now));
    timer.reset();
  }
  std::optional<Time> next_time() const override { return timer; }
  void take_messages(std::vector<wire::Envelope>& into) override {
    into.clear();
    into.swap(out);
  }

  std::vector<std::string> told;
  std::vector<wire::Envelope> out;
  std::optional<Time> timer;
  std::function<void()> during;
};
using Lines = std::vector<std::string>;

constexpr ProcessId k_a{1, 1}, k_b{1, 2}, k_c{1, 3};

Note& spawn(World& world, ProcessId id) {
  auto note = std::make_unique<Note>();
  Note& ref = *note;
  world.spawn(id, std::move(note));
  return ref;
}
void send(World& world, ProcessId from, ProcessId to, std::uint64_t first, std::uint64_t last) {
  auto& note = *dynamic_cast<Note*>(world.find(from));
  for (; first <= last; ++first) note.out.push_back({to, ping(first)});
  world.wake(from);
}

TEST(World, WhoComesLaterHearsWhatWasSaidBefore) {
  World world({});
  spawn(world, k_a);
  send(world, k_a, k_b, 1, 2);
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.unacknowledged(), 2u);
  const Note& b = spawn(world, k_b);
  EXPECT_TRUE(world.run());
  EXPECT_EQ(b.told, (Lines{"n1.1:1", "n1.1:2"}));
  EXPECT_EQ(world.unacknowledged(), 0u);
}

TEST(World, AProcessMayTalkToItself) {
  World world({});
  const Note& a = spawn(world, k_a);
  send(world, k_a, k_a, 1, 3);
  EXPECT_TRUE(world.run());
  EXPECT_EQ(a.told, (Lines{"n1.1:1", "n1.1:2", "n1.1:3"}));
  world.kill(k_a, "gone");
  EXPECT_TRUE(world.run());
}

TEST(World, DeathIsToldToWhoTalkedToTheDeadOnceAndLast) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    World world({.seed = seed});
    const Note& a = spawn(world, k_a);
    spawn(world, k_b);
    const Note& c = spawn(world, k_c);
    send(world, k_a, k_b, 1, 1);
    EXPECT_TRUE(world.run());
    send(world, k_b, k_a, 1, 5);
    world.run(static_cast<std::uint64_t>(world.random().between(1, 5)));
    world.kill(k_b, "fell");
    EXPECT_FALSE(world.is_alive(k_b));
    EXPECT_EQ(world.find(k_b), nullptr);
    send(world, k_a, k_b, 2, 3);
    EXPECT_TRUE(world.run());
    ASSERT_FALSE(a.told.empty());
    EXPECT_EQ(a.told.back(), "n1.2 fell");
    for (std::size_t n = 0; n + 1 < a.told.size(); ++n) EXPECT_EQ(a.told[n], "n1.2:" + std::to_string(n + 1));
    EXPECT_EQ(c.told, Lines{}) << "it never talked to the dead";
    send(world, k_c, k_b, 1, 1);
    send(world, k_a, k_b, 4, 4);
    EXPECT_TRUE(world.run());
    EXPECT_EQ(c.told, Lines{"n1.2 fell"}) << "now it did";
    EXPECT_EQ(a.told.back(), "n1.2 fell");
    EXPECT_EQ(std::ranges::count(a.told, "n1.2 fell"), 1);
  }
}

TEST(World, LastWordsMayComeLate) {
  int late = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    World world({.seed = seed});
    const Note& a = spawn(world, k_a);
    spawn(world, k_b);
    EXPECT_TRUE(world.run());
    send(world, k_b, k_a, 1, 1);
    world.step();
    world.kill(k_b, "fell");
    const Time died = world.now();
    while (a.told.empty() && world.step()) {}
    late += a.told == Lines{"n1.2:1"} && world.now() - died > 2'000'000;
  }
  EXPECT_GT(late, 0) << "nothing else is under way for longer than a millisecond or two";
}

TEST(World, AProcessMayKillItselfAndSpawnAnotherInACall) {
  World world({});
  Note& a = spawn(world, k_a);
  Note& b = spawn(world, k_b);
  Note* c = nullptr;
  b.during = [&] {
    c = &spawn(world, k_c);
    world.kill(k_b, "done");
  };
  send(world, k_a, k_b, 1, 2);
  send(world, k_a, k_c, 1, 1);
  EXPECT_TRUE(world.run());
  EXPECT_EQ(a.told, Lines{"n1.2 done"});
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(c->told, Lines{"n1.1:1"});
}

TEST(World, CallsAtTheTimeAProcessAsksFor) {
  World world({});
  Note& a = spawn(world, k_a);
  a.timer = 5'000;
  EXPECT_TRUE(world.run());
  EXPECT_EQ(a.told, Lines{"time 5000"});
  a.timer = 90'000;
  world.wake(k_a);
  world.later(10'000, [&] {
    a.timer = 20'000;
    world.wake(k_a);
  });
  EXPECT_TRUE(world.run());
  EXPECT_EQ(a.told, (Lines{"time 5000", "time 20000"})) << "only what it asked for last";
}

TEST(World, FaultsThatDoNotHappenAreAFailure) {
  FaultPlan plan;
  plan.faults = {{1, FaultKind::break_channel}, {2, FaultKind::kill}};
  World world({.faults = plan});
  spawn(world, k_a);
  spawn(world, k_b);
  send(world, k_a, k_b, 1, 5);
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.faults().of(FaultKind::break_channel), 1u);
  EXPECT_NE(world.failure(), "") << "nobody may be killed";
}

TEST(FaultPlan, SwarmsTurnKindsOnAndOff) {
  std::set<std::set<FaultKind>> swarms;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const FaultPlan plan = FaultPlan::draw(random, 100, 3);
    EXPECT_TRUE(std::ranges::is_sorted(plan.faults, {}, &FaultPlan::Fault::at_message));
    std::set<FaultKind> kinds;
    for (const auto& fault : plan.faults) {
      kinds.insert(fault.kind);
      EXPECT_TRUE(fault.at_message >= 1 && fault.at_message <= 100);
    }
    swarms.insert(kinds);
  }
  EXPECT_EQ(swarms.size(), 16u);
}

}  // namespace
}  // namespace shoal::sim
