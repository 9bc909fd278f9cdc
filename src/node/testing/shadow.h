#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "node/testing/daemon.h"
#include "sched/resources.h"

namespace shoal::node {

/// What a daemon's peers and its shell know from what they said and heard, and nothing else: each message of the daemon is
/// checked against that. Faults are gtest failures.
class Shadow {
 public:
  struct Demand {
    wire::Resources each;
    std::uint32_t wanted = 0;
  };
  struct Use {
    ProcessId holder{};       ///< Of a lease.
    std::uint64_t lease = 0;  ///< 0 = an actor's.
    ActorId actor{};
    std::uint32_t incarnation = 0;
    wire::Resources resources;
    std::vector<std::uint32_t> gpus;
    bool lent = false;
  };
  enum class Phase : std::uint8_t { starting, idle, busy, stopping };
  struct Worker {
    ProcessId job;
    Phase phase = Phase::starting;
    Use use{};
    bool retires = false;  ///< It was asked, and may stay.
  };
  struct Actor {
    std::uint32_t incarnation = 0;
    wire::Resources each;
  };
  using Kind = std::pair<ProcessId, std::uint32_t>;

  explicit Shadow(wire::Resources total) : total_(std::move(total)) {}

  // --- What is said to the daemon.

  void demand(ProcessId owner, std::uint32_t kind, const wire::Resources& each, std::uint32_t wanted) {
    demands[{owner, kind}] = {each, wanted};
  }
  void gave_back(std::uint64_t lease) {
    Worker& worker = workers.at(leases.at(lease));
    worker = {worker.job, Phase::idle};
    leases.erase(lease);
  }
  void waits(ProcessId worker, bool lent) {
    if (workers.at(worker).phase == Phase::busy) workers.at(worker).use.lent = lent;
  }
  void died(ProcessId process) {
    dead.insert(process);
    std::erase_if(demands, [&](const auto& each) { return each.first.first == process; });
    for (auto& [id, worker] : workers) {
      if (worker.phase != Phase::busy || worker.use.lease == 0 || worker.use.holder != process) continue;
      leases.erase(worker.use.lease);
      if (id != process) must_stop.insert(id);
    }
    const auto gone = workers.find(process);
    if (gone == workers.end()) return;
    const Use& use = gone->second.use;
    if (gone->second.phase == Phase::busy && use.lease != 0) {
      if (leases.erase(use.lease) > 0) must_lose.insert(use.lease);
    } else if (use.incarnation != 0) {
      must_lose_actors.insert({use.actor, use.incarnation});
    }
    workers.erase(gone);
  }

  // --- What the daemon says.

  void heard(const wire::Envelope& envelope) {
    EXPECT_FALSE(dead.count(envelope.peer)) << "a message to " << to_string(envelope.peer) << ", which is dead";
    std::visit([&](const auto& what) { on(envelope.peer, what); }, envelope.message);
  }
  void asked_to_start(ProcessId worker, ProcessId job) {
    EXPECT_TRUE(jobs_.emplace(worker, job).second) << "a number that was used before";
    EXPECT_TRUE(demands_of(job)) << "a worker for a job that wants nothing";
    workers[worker] = {job};
  }
  void asked_to_stop(ProcessId id) {
    ASSERT_TRUE(workers.count(id));
    Worker& worker = workers.at(id);
    const bool was_due = must_stop.erase(id) > 0;
    const bool is_left = worker.phase != Phase::busy && dead.count(worker.job) > 0;
    EXPECT_TRUE(was_due || is_left) << "nobody's work is stopped without a reason";
    EXPECT_NE(worker.phase, Phase::stopping);
    worker.phase = Phase::stopping;
  }

  void asked_to_retire(ProcessId id) {
    ASSERT_TRUE(workers.count(id));
    EXPECT_EQ(workers.at(id).phase, Phase::idle);
    workers.at(id).phase = Phase::stopping;
    workers.at(id).retires = true;
  }

  // --- After each event.

  void check(bool all_started) const {
    EXPECT_TRUE(must_lose.empty() && must_lose_actors.empty() && must_stop.empty()) << "somebody was not told";
    wire::Resources all, running;
    std::vector<std::int64_t> gpus(static_cast<std::size_t>(total_.gpu / k_one), k_one);
    for (const auto& [id, worker] : workers) {
      const Use& use = worker.use;
      sched::add(all, use.resources);
      if (!use.lent) running.cpu += use.resources.cpu;
      for (const std::uint32_t index : use.gpus) gpus.at(index) -= std::min(use.resources.gpu, k_one);
    }
    for (const std::int64_t free : gpus) EXPECT_GE(free, 0) << "a GPU is given away twice";
    all.cpu = 0;
    EXPECT_TRUE(sched::fits(all, total_)) << sched::to_string(all);
    if (!all_started) return;
    wire::Resources free = total_;
    sched::subtract(free, all);
    free.cpu -= running.cpu;
    const auto could = [&](const wire::Resources& each) {
      const auto room = [&](std::int64_t left) { return left >= std::min(each.gpu, k_one); };
      return sched::fits(each, free) && (each.gpu == 0 || std::count_if(gpus.begin(), gpus.end(), room) >=
                                                              std::max<std::int64_t>(1, each.gpu / k_one));
    };
    for (const auto& [kind, demand] : demands) {
      EXPECT_FALSE(demand.wanted > 0 && could(demand.each)) << to_string(kind.first) << " waits for what is free";
    }
    for (const auto& [actor, waiting] : actors) {
      EXPECT_FALSE(could(waiting.each)) << to_string(actor) << " waits for what is free";
    }
  }

  std::map<Kind, Demand> demands;
  std::map<ProcessId, Worker> workers;
  std::map<std::uint64_t, ProcessId> leases;  ///< To their workers; those whose holder lives.
  std::map<ActorId, Actor> actors;            ///< Those that wait.
  std::set<ProcessId> dead;
  std::set<std::uint64_t> recalled;
  std::set<std::uint64_t> must_lose;
  std::set<std::pair<ActorId, std::uint32_t>> must_lose_actors;
  std::set<ProcessId> must_stop;

 private:
  void on(ProcessId to, const wire::LeaseGrant& grant) {
    Demand& demand = demands.at({to, grant.kind});
    ASSERT_GT(demand.wanted, 0u);
    --demand.wanted;
    EXPECT_TRUE(lease_ids_.insert(grant.lease).second) << "a lease twice";
    EXPECT_TRUE(leases.emplace(grant.lease, grant.worker).second);
    give(grant.worker, {.holder = to, .lease = grant.lease, .resources = demand.each, .gpus = grant.gpus});
  }
  void on(ProcessId worker, const wire::HostActor& host) {
    const auto actor = actors.find(host.actor);
    ASSERT_TRUE(actor != actors.end() && actor->second.incarnation == host.incarnation);
    give(worker,
         {.actor = host.actor, .incarnation = host.incarnation, .resources = actor->second.each, .gpus = host.gpus});
    actors.erase(actor);
  }
  void on(ProcessId, const wire::ActorPlaced& placed) {
    ASSERT_TRUE(workers.count(placed.process));
    EXPECT_EQ(workers.at(placed.process).use.actor, placed.actor);
  }
  void on(ProcessId, const wire::ActorLost& lost) {
    const bool gone = must_lose_actors.erase({lost.actor, lost.incarnation}) > 0;
    EXPECT_TRUE(gone) << to_string(lost.actor) << " was not lost";
  }
  void on(ProcessId, const wire::LeaseLost& lost) { EXPECT_EQ(must_lose.erase(lost.lease), 1u); }
  void on(ProcessId to, const wire::LeaseRecall& recall) {
    ASSERT_TRUE(leases.count(recall.lease));
    EXPECT_EQ(workers.at(leases.at(recall.lease)).use.holder, to);
    EXPECT_TRUE(recalled.insert(recall.lease).second) << "asked back twice";
  }
  void on(ProcessId, const wire::NodeLoad& load) { EXPECT_TRUE(sched::fits(load.available, total_)); }
  template <class T>
  void on(ProcessId, const T&) {
    ADD_FAILURE() << "a message that no daemon says here";
  }

  void give(ProcessId id, Use use) {
    ASSERT_TRUE(workers.count(id)) << "a worker that is gone";
    EXPECT_NE(id, use.holder) << "a worker of its own";
    Worker& worker = workers.at(id);
    EXPECT_EQ(worker.phase, Phase::idle) << "a worker that has something to do";
    EXPECT_EQ(worker.job, job_of(use.lease != 0 ? use.holder : use.actor.owner)) << "a worker of another program";
    worker = {worker.job, Phase::busy, std::move(use)};
    if (worker.use.resources.cpu == 0) return;
    std::int64_t running = 0;
    for (const auto& [each, other] : workers) running += other.use.lent ? 0 : other.use.resources.cpu;
    EXPECT_LE(running, total_.cpu) << "a grant beyond what there is";
  }

  /// Drivers are jobs of their own.
  ProcessId job_of(ProcessId process) const {
    const auto worker = jobs_.find(process);
    return worker == jobs_.end() ? process : worker->second;
  }
  bool demands_of(ProcessId job) const {
    const auto wants = [&](const auto& each) { return each.second.wanted > 0 && job_of(each.first.first) == job; };
    return std::any_of(demands.begin(), demands.end(), wants) ||
           std::any_of(actors.begin(), actors.end(), [&](const auto& each) { return job_of(each.first.owner) == job; });
  }

  const wire::Resources total_;
  std::map<ProcessId, ProcessId> jobs_;  // of all workers that ever were
  std::set<std::uint64_t> lease_ids_;
};

}  // namespace shoal::node
