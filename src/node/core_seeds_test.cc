#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/core.h"
#include "node/testing/daemon.h"
#include "node/testing/shadow.h"

namespace shoal::node {
namespace {

using Phase = Shadow::Phase;

/// A daemon under random peers, a shadow that checks it, and the log of what it said.
class Play {
 public:
  explicit Play(unsigned seed)
      : random_(seed),
        starts_late_(seed % 3 == 0),
        total_{
            .cpu = (1 + roll(6)) * k_one, .gpu = roll(3) * k_one, .memory = 1000, .custom = {{"licence", 2 * k_one}}},
        core_({.node = 1, .host = "here", .total = total_}),
        shadow_(total_) {
    core_.take_messages(messages_);
    for (std::uint32_t kind = 0; kind < 6; ++kind) kinds_.push_back(random_resources());
    for (int i = 0; i < 3; ++i) drivers_.push_back(core_.name_process());
  }

  void step() {
    switch (roll(12)) {
      case 0:
      case 1:
      case 2: return demand();
      case 3:
      case 4:
      case 5: return give_back();
      case 6: return wait_or_not();
      case 7: return roll(3) == 0 ? kill() : start_some();
      case 8: return roll(2) == 0 ? start_actor() : stop_actor();
      case 9: return pass_time(roll(250) * k_ms);
      default: return start_some();
    }
  }

  /// Everybody lets go; nothing may be left.
  void quiesce() {
    for (const auto& [actor, incarnation] : std::map(alive_)) stop_actor(actor, incarnation);
    for (const auto& [kind, wanted] : std::map(shadow_.demands)) {
      shadow_.demand(kind.first, kind.second, kinds_[kind.second], 0);
      say(kind.first, wire::LeaseDemand{.kind = kind.second, .resources = kinds_[kind.second], .wanted = 0});
    }
    while (!shadow_.leases.empty()) give_back(shadow_.leases.begin()->first);
    start_all();
    stop_all();
    EXPECT_EQ(core_.leases().capacity().available(), total_);
    EXPECT_EQ(core_.holdings().lines + core_.holdings().leases, 0u);
    pass_time(1000 * 1000 * k_ms);
    stop_all();
    EXPECT_LE(core_.holdings().workers, 1u);
    EXPECT_EQ(core_.holdings().idle, core_.holdings().workers);
    EXPECT_FALSE(core_.next_time()) << "there is nothing left to do";
  }

  /// All owners want more of everything than there will ever be, and give back a lease now and then. Returns the rounds
  /// until each had something of each.
  int crowd(int rounds_max) {
    constexpr std::uint32_t k_endless = 1'000'000;
    for (const ProcessId owner : drivers_) {
      for (std::uint32_t kind = 0; kind < kinds_.size(); ++kind) {
        shadow_.demand(owner, kind, kinds_[kind], k_endless);
        say(owner, wire::LeaseDemand{.kind = kind, .resources = kinds_[kind], .wanted = k_endless});
      }
    }
    const auto unserved = [](const auto& each) { return each.second.wanted == k_endless; };
    int rounds = 0;
    while (rounds < rounds_max && std::any_of(shadow_.demands.begin(), shadow_.demands.end(), unserved)) {
      ++rounds;
      give_back();
      start_some();
      pass_time(roll(20) * k_ms);
    }
    return rounds;
  }

  /// Each holder gives back what it has, until everything that was wanted was had.
  void serve_all() {
    for (const auto& [actor, incarnation] : std::map(alive_)) stop_actor(actor, incarnation);
    const auto waits = [](const auto& each) { return each.second.wanted > 0; };
    for (int round = 0; std::any_of(shadow_.demands.begin(), shadow_.demands.end(), waits); ++round) {
      ASSERT_LT(round, 1000) << core_.why().size() << " wait for ever";
      while (!shadow_.leases.empty()) give_back(shadow_.leases.begin()->first);
      start_all();
      stop_all();
      if (const auto next = core_.next_time()) pass_time(std::max<Time>(0, *next - now_));
    }
  }

  const std::string& log() const { return log_; }

 private:
  std::int64_t roll(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }

  wire::Resources random_resources() {
    wire::Resources some;
    if (roll(5) > 0) some.cpu = roll(3) == 0 ? k_one / 2 : (1 + roll(total_.cpu / k_one)) * k_one;
    if (roll(3) == 0 && total_.gpu > 0) some.gpu = roll(2) == 0 ? k_one / 2 : (1 + roll(total_.gpu / k_one)) * k_one;
    if (roll(4) == 0) some.memory = 1 + roll(1000);
    if (roll(4) == 0) some.custom = {{"licence", k_one}};
    if (sched::is_zero(some)) some.cpu = k_one;
    return some;
  }

  /// Demand, as the core and the shadow hear it.
  void demand() {
    const auto busy = in(Phase::busy);
    const bool nested = !busy.empty() && roll(3) == 0;
    const ProcessId owner = nested ? busy[roll(std::ssize(busy))] : drivers_[roll(std::ssize(drivers_))];
    const auto kind = static_cast<std::uint32_t>(roll(std::ssize(kinds_)));
    const auto wanted = static_cast<std::uint32_t>(roll(5));
    shadow_.demand(owner, kind, kinds_[kind], wanted);
    say(owner, wire::LeaseDemand{
                   .kind = kind, .resources = kinds_[kind], .priority = static_cast<int>(kind % 2), .wanted = wanted});
  }
  void give_back() {
    if (shadow_.leases.empty()) return;
    // Recalled ones first, as a holder would.
    std::vector<std::uint64_t> ids;
    for (const auto& [id, worker] : shadow_.leases) {
      if (shadow_.recalled.count(id)) ids.push_back(id);
    }
    for (const auto& [id, worker] : shadow_.leases) ids.push_back(id);
    give_back(ids[roll(std::ssize(ids))]);
  }
  void give_back(std::uint64_t lease) {
    const ProcessId holder = shadow_.workers.at(shadow_.leases.at(lease)).use.holder;
    shadow_.gave_back(lease);
    say(holder, wire::LeaseReturn{lease});
  }
  void wait_or_not() {
    std::vector<ProcessId> workers = in(Phase::busy);
    for (const ProcessId idle : in(Phase::idle)) workers.push_back(idle);
    if (workers.empty()) return;
    const ProcessId worker = workers[roll(std::ssize(workers))];
    const bool waits = roll(2) == 0;
    shadow_.waits(worker, waits);
    say(worker, wire::WorkerWaits{waits});
  }
  void kill() {
    const std::int64_t which = roll(std::ssize(shadow_.workers) + 1);
    if (which == std::ssize(shadow_.workers)) {
      ProcessId& driver = drivers_[roll(std::ssize(drivers_))];
      const ProcessId gone = std::exchange(driver, core_.name_process());
      return die(gone);
    }
    die(std::next(shadow_.workers.begin(), which)->first);
  }
  void die(ProcessId process) {
    if (const auto at = shadow_.workers.find(process); at != shadow_.workers.end()) ends(at->second.use);
    shadow_.died(process);
    core_.on_process_died(process, "killed");
    settle();
  }
  void start_actor() {
    const ActorId actor{drivers_[roll(std::ssize(drivers_))], static_cast<std::uint64_t>(1 + roll(3))};
    if (alive_.count(actor)) return;
    const std::uint32_t incarnation = ++incarnations_[actor];
    auto spec = std::make_shared<wire::ActorSpec>();
    spec->constructor.resources = kinds_[roll(std::ssize(kinds_))];
    alive_[actor] = incarnation;
    shadow_.actors[actor] = {incarnation, spec->constructor.resources};
    say(k_control, wire::StartActor{actor, incarnation, std::move(spec)});
  }
  void stop_actor() {
    if (alive_.empty()) return;
    const auto [actor, incarnation] = *std::next(alive_.begin(), roll(std::ssize(alive_)));
    stop_actor(actor, incarnation);
  }
  void stop_actor(ActorId actor, std::uint32_t incarnation) {
    say_stop(actor, incarnation > 1 ? incarnation - 1 : incarnation + 1);  // of another incarnation: no effect
    if (shadow_.actors.erase(actor) > 0) {
      shadow_.must_lose_actors.insert({actor, incarnation});
      alive_.erase(actor);
    } else {
      for (const auto& [id, worker] : shadow_.workers) {
        if (worker.phase == Phase::busy && worker.use.lease == 0 && worker.use.actor == actor)
          shadow_.must_stop.insert(id);
      }
    }
    say_stop(actor, incarnation);
  }
  void say_stop(ActorId actor, std::uint32_t incarnation) { say(k_control, wire::StopActor{actor, incarnation}); }

  /// Workers that were asked for start, or die; those that were told to stop are gone.
  void start_some() {
    for (const ProcessId worker : in(Phase::starting)) {
      if (roll(2) == 0) start(worker);
    }
    for (const ProcessId worker : in(Phase::stopping)) {
      if (roll(2) == 0) continue;
      if (shadow_.workers.at(worker).retires && roll(2) == 0) {
        stay(worker);
      } else {
        die(worker);
      }
    }
  }
  void start(ProcessId worker) {
    shadow_.workers.at(worker).phase = Phase::idle;
    core_.on_worker_started(worker);
    settle();
  }
  void stay(ProcessId worker) {
    shadow_.workers.at(worker) = {shadow_.workers.at(worker).job, Phase::idle};
    core_.on_worker_stays(worker);
    settle();
  }
  void start_all() {
    for (const ProcessId worker : in(Phase::starting)) start(worker);
  }
  void stop_all() {
    for (const ProcessId worker : in(Phase::stopping)) die(worker);
  }
  void pass_time(Time by) {
    core_.on_time(now_ += by);
    settle();
  }
  void say(ProcessId from, wire::Message message) {
    core_.on_message(from, std::move(message));
    settle();
  }

  std::vector<ProcessId> in(Phase phase) const {
    std::vector<ProcessId> ids;
    for (const auto& [id, worker] : shadow_.workers) {
      if (worker.phase == phase) ids.push_back(id);
    }
    return ids;
  }

  /// The shadow hears what the core says. Where workers do not start late, they start now.
  void settle() {
    for (bool again = true; again;) {
      again = false;
      core_.take_actions(actions_);
      for (const Action& each : actions_) act(each);
      core_.take_messages(messages_);
      for (const wire::Envelope& each : messages_) {
        log_ += to_string(each.peer) + ":" + std::to_string(each.message.index()) + " ";
        shadow_.heard(each);
      }
      if (starts_late_) break;
      for (const ProcessId worker : in(Phase::starting)) {
        shadow_.workers.at(worker).phase = Phase::idle;
        core_.on_worker_started(worker);
        again = true;
      }
    }
    shadow_.check(!starts_late_ && !core_.leases().keeps());
    EXPECT_EQ(core_.leases().testing_fault(), "");
  }
  void act(const Action& action) {
    if (const auto* start = std::get_if<StartWorker>(&action)) {
      log_ += "+" + to_string(start->worker) + " ";
      shadow_.asked_to_start(start->worker, start->job);
    } else if (const auto* stop = std::get_if<StopWorker>(&action)) {
      log_ += "-" + to_string(stop->worker) + " ";
      shadow_.asked_to_stop(stop->worker);
      ends(shadow_.workers.at(stop->worker).use);
    } else if (const auto* retire = std::get_if<RetireWorker>(&action)) {
      log_ += "~" + to_string(retire->worker) + " ";
      shadow_.asked_to_retire(retire->worker);
    }
  }
  /// Its actor, if it is one's, may be started again.
  void ends(const Shadow::Use& use) {
    const auto at = alive_.find(use.actor);
    if (at != alive_.end() && at->second == use.incarnation) alive_.erase(at);
  }

  std::mt19937_64 random_;
  const bool starts_late_;
  const wire::Resources total_;
  Core core_;
  Shadow shadow_;
  std::vector<wire::Resources> kinds_;
  std::vector<ProcessId> drivers_;
  std::map<ActorId, std::uint32_t> alive_, incarnations_;
  std::vector<wire::Envelope> messages_;
  Actions actions_;
  std::string log_;
  Time now_ = 0;
};

constexpr int k_steps = 300;

template <class T>
bool says(const std::string& log) {
  return log.find(":" + std::to_string(wire::Message(T{}).index()) + " ") != std::string::npos;
}

TEST(NodeCoreSeeds, NothingIsGivenTwiceHeldBackOrLeftBehind) {
  std::string log;
  for (unsigned seed = 1; seed <= 300 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Play play(seed);
    for (int step = 0; step < k_steps && !::testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      play.step();
    }
    if (!::testing::Test::HasFailure() && seed % 2 == 0) play.serve_all();
    if (!::testing::Test::HasFailure()) play.quiesce();
    log += play.log();
  }
  EXPECT_TRUE(says<wire::LeaseGrant>(log) && says<wire::LeaseLost>(log) && says<wire::LeaseRecall>(log));
  EXPECT_TRUE(says<wire::HostActor>(log) && says<wire::ActorPlaced>(log) && says<wire::ActorLost>(log));
  EXPECT_NE(log.find('~'), std::string::npos) << "nobody was asked to retire";
}

TEST(NodeCoreSeeds, InACrowdEverybodyIsServed) {
  for (unsigned seed = 1; seed <= 40 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Play play(seed);
    EXPECT_LT(play.crowd(3000), 3000);
    if (!::testing::Test::HasFailure()) play.quiesce();
  }
}

TEST(NodeCoreSeeds, TheSameSeedSaysTheSame) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    std::string first;
    for (int run = 0; run < 2; ++run) {
      Play play(seed);
      for (int step = 0; step < k_steps; ++step) play.step();
      if (run == 0) first = play.log();
      EXPECT_EQ(first, play.log()) << "seed " << seed;
      EXPECT_FALSE(first.empty());
    }
  }
}

}  // namespace
}  // namespace shoal::node
