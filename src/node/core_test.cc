#include "node/core.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/limits.h"
#include "node/testing/daemon.h"

namespace shoal::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Gpus = std::vector<std::uint32_t>;
using Workers = std::deque<ProcessId>;

const ProcessId k_daemon{1, 0};

class NodeCore : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(daemon.core.leases().testing_fault(), ""); }
  ProcessId driver() { return daemon.core.name_process(); }
  std::int64_t free_cpus() const { return daemon.core.leases().capacity().available().cpu / k_one; }

  Daemon daemon{wire::Resources{.cpu = 2 * k_one, .gpu = 2 * k_one, .memory = 1000}};
};

// --- Demands and grants.

TEST_F(NodeCore, RegistersItselfFirst) {
  const auto registered = daemon.next<wire::RegisterNode>(k_control).value();
  EXPECT_EQ(registered.node, 1u);
  EXPECT_EQ(registered.total.cpu, 2 * k_one);
  EXPECT_EQ(daemon.core.self(), k_daemon);
  EXPECT_THAT(daemon.sent, IsEmpty());
}

TEST_F(NodeCore, StartsWorkersForWhatFitsAndGrantsThemWhenTheyRun) {
  const ProcessId owner = driver();
  daemon.demand(owner, 7, cpus(1), 3);
  EXPECT_EQ(daemon.to_start.size(), 2u);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(owner), 0u);
  daemon.start_all();
  const auto first = daemon.granted(owner), second = daemon.granted(owner);
  EXPECT_EQ(first.kind, 7u);
  EXPECT_NE(first.lease, second.lease);
  EXPECT_NE(first.worker, second.worker);
  EXPECT_EQ(first.worker.node, 1u);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(owner), 0u) << "the third does not fit";

  daemon.give_back(owner, first.lease);
  const auto third = daemon.granted(owner);
  EXPECT_EQ(third.worker, first.worker) << "an idle worker is used before a new one";
  EXPECT_THAT(daemon.to_start, IsEmpty());
  daemon.give_back(owner, second.lease);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(owner), 0u) << "each grant takes one from what is wanted";
}

TEST_F(NodeCore, ADemandReplacesTheOneBefore) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, cpus(1), 2);
  daemon.demand(owner, 0, cpus(1), 1);
  daemon.start_all();
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(owner), 1u);
  EXPECT_EQ(daemon.core.holdings(), (Core::Holdings{.lines = 1, .leases = 1, .workers = 2, .idle = 1}));
  daemon.demand(owner, 1, cpus(2), 5);
  daemon.demand(owner, 1, cpus(2), 0);
  daemon.give_back(owner, daemon.granted(owner).lease);
  EXPECT_EQ(daemon.core.holdings(), (Core::Holdings{.lines = 0, .leases = 0, .workers = 2, .idle = 2}));
}

TEST_F(NodeCore, RefusesAtOnceWhatItNeverCan) {
  const ProcessId owner = driver();
  const wire::Strategy elsewhere{.kind = wire::StrategyKind::affinity, .node = 9};
  const wire::LeaseDemand refused[] = {
      {.kind = 0, .resources = cpus(3), .wanted = 1},
      {.kind = 1, .resources = {.gpu = k_one + 1}, .wanted = 1},
      {.kind = 2, .resources = {.custom = {{"licence", 1}}}, .wanted = 1},
      {.kind = 3, .resources = {.cpu = -1}, .wanted = 1},
      {.kind = 4, .resources = cpus(1), .strategy = elsewhere, .wanted = 1},
  };
  for (const wire::LeaseDemand& each : refused) {
    daemon.tell(owner, each);
    const auto answer = daemon.next<wire::LeaseRefused>(owner);
    ASSERT_TRUE(answer) << each.kind;
    EXPECT_EQ(answer->kind, each.kind);
    EXPECT_FALSE(answer->text.empty());
  }
  EXPECT_EQ(daemon.core.holdings(), Core::Holdings{});

  daemon.demand(owner, 5, cpus(1), 1);
  daemon.demand(owner, 5, cpus(2), 1);
  EXPECT_TRUE(daemon.next<wire::LeaseRefused>(owner)) << "one kind is for one thing";
  wire::Strategy soft = elsewhere;
  soft.soft = true;
  daemon.tell(owner, wire::LeaseDemand{.kind = 6, .resources = cpus(1), .strategy = soft, .wanted = 1});
  daemon.start_all();
  EXPECT_EQ(daemon.granted(owner).kind, 6u);
}

TEST_F(NodeCore, HigherPriorityAndWhoHoldsLessGoFirst) {
  daemon.starts_at_once = true;  // each driver's own
  const ProcessId a = driver(), b = driver(), high = driver();
  daemon.demand(a, 0, cpus(1), 9);
  daemon.start_all();
  const auto first = daemon.granted(a), second = daemon.granted(a);
  daemon.demand(b, 0, cpus(1), 9);
  daemon.demand(high, 0, cpus(1), 1, 5);
  daemon.give_back(a, first.lease);
  EXPECT_TRUE(daemon.next<wire::LeaseGrant>(high));
  daemon.give_back(a, second.lease);
  EXPECT_TRUE(daemon.next<wire::LeaseGrant>(b));
}

TEST_F(NodeCore, GrantsNameTheGpus) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, {.gpu = k_one / 2}, 2);
  daemon.demand(owner, 1, {.gpu = k_one}, 2);
  daemon.start_all();
  const auto a = daemon.granted(owner), b = daemon.granted(owner), whole = daemon.granted(owner);
  EXPECT_EQ(a.gpus, Gpus{0});
  EXPECT_EQ(b.gpus, Gpus{0});
  EXPECT_EQ(whole.gpus, Gpus{1});
  daemon.give_back(owner, a.lease);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(owner), 0u);
  daemon.give_back(owner, b.lease);
  EXPECT_EQ(daemon.granted(owner).gpus, Gpus{0});
}

TEST_F(NodeCore, OnlyTheHolderGivesALeaseBackAndOnlyOnce) {
  const ProcessId owner = driver(), other = driver();
  daemon.demand(owner, 0, cpus(2), 1);
  daemon.start_all();
  const auto grant = daemon.granted(owner);
  daemon.give_back(other, grant.lease);
  daemon.give_back(owner, grant.lease + 1);
  EXPECT_EQ(free_cpus(), 0);
  daemon.give_back(owner, grant.lease);
  daemon.give_back(owner, grant.lease);
  EXPECT_EQ(free_cpus(), 2);
}

TEST_F(NodeCore, WhatNeedsNoCpuIsBoundedByTheNumberOfWorkers) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, {}, 5000);
  EXPECT_EQ(daemon.to_start.size(), k_workers_max);
  daemon.start_all();
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(owner), k_workers_max);
  daemon.give_back(owner, daemon.granted(owner).lease);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(owner), k_workers_max) << "one less, one more";
}

TEST_F(NodeCore, WhereTasksWaitForEachOtherOneMoreBegins) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, {}, 5000, 1);
  daemon.start_all();
  std::vector<wire::LeaseGrant> roots;
  while (const auto root = daemon.next<wire::LeaseGrant>(owner)) roots.push_back(*root);
  const ProcessId parent = roots.front().worker, other = roots.back().worker;
  daemon.demand(parent, 0, cpus(1), 1);
  daemon.demand(other, 0, cpus(1), 1);
  Time now = 0;
  const auto pass = [&] {
    daemon.time(now += 100 * k_ms);
    daemon.start_all();
  };
  for (std::size_t i = 0; i < roots.size() / 2 - 1; ++i) daemon.waits(roots[i].worker, true);
  pass();
  pass();
  EXPECT_EQ(daemon.core.holdings().leases, k_workers_max) << "more run than wait";

  for (const wire::LeaseGrant& root : roots) daemon.waits(root.worker, true);
  EXPECT_EQ(daemon.core.holdings().leases, k_workers_max) << "they may go on in a moment";
  pass();
  const auto first = daemon.granted(other);
  daemon.demand(first.worker, 0, cpus(1), 1);
  daemon.waits(first.worker, true);
  pass();
  const auto inner = daemon.granted(first.worker);
  daemon.give_back(first.worker, inner.lease);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(parent), 1u) << "who needs a worker after that gets that one";
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(owner), 0u) << "in spite of its priority: others would wait as long";
  EXPECT_EQ(daemon.core.holdings().leases, k_workers_max + 2);

  for (const wire::LeaseGrant& root : roots) daemon.waits(root.worker, false);
  pass();
  pass();
  daemon.give_back(parent, daemon.granted(parent).lease);
  daemon.give_back(other, first.lease);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(owner), 0u);
  daemon.give_back(owner, roots[1].lease);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(owner), 1u);
  EXPECT_EQ(daemon.core.holdings().leases, k_workers_max) << "it is as before";
}

// --- Workers that wait.

TEST_F(NodeCore, AWorkerThatWaitsLendsItsCpuAndNothingElse) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, {.cpu = 2 * k_one, .gpu = 2 * k_one, .memory = 1000}, 1);
  daemon.start_all();
  const auto outer = daemon.granted(owner);
  daemon.waits(outer.worker, true);
  daemon.waits(outer.worker, true);
  EXPECT_EQ(free_cpus(), 2);
  daemon.demand(outer.worker, 0, {.gpu = 1}, 1);
  daemon.demand(outer.worker, 1, {.memory = 1}, 1);
  daemon.demand(outer.worker, 2, cpus(1), 5);
  daemon.start_all();
  EXPECT_EQ(daemon.granted(outer.worker).kind, 2u);
  const auto second = daemon.granted(outer.worker);
  EXPECT_EQ(second.kind, 2u);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(outer.worker), 0u);

  // Taken back at once: for a moment more runs than there are CPUs, and nothing is granted until it fits again.
  daemon.waits(outer.worker, false);
  EXPECT_EQ(free_cpus(), -2);
  daemon.give_back(outer.worker, second.lease);
  EXPECT_EQ(free_cpus(), -1);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(outer.worker), 0u);
  daemon.waits(outer.worker, true);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(outer.worker), 1u);
}

TEST_F(NodeCore, APromiseDoesNotBeginWhileTooMuchRuns) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, cpus(2), 1);
  daemon.start_all();
  const auto outer = daemon.granted(owner);
  daemon.waits(outer.worker, true);
  daemon.demand(outer.worker, 0, cpus(2), 1);
  daemon.waits(outer.worker, false);
  daemon.start_all();
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(outer.worker), 0u);
  EXPECT_EQ(daemon.core.why().size(), 1u);
  daemon.waits(outer.worker, true);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(outer.worker), 1u);
}

TEST_F(NodeCore, WaitingEndsWithTheLease) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, cpus(2), 1);
  daemon.start_all();
  const auto grant = daemon.granted(owner);
  daemon.waits(grant.worker, true);
  daemon.give_back(owner, grant.lease);
  EXPECT_EQ(free_cpus(), 2);
  daemon.waits(grant.worker, false);
  daemon.waits(grant.worker, true);
  EXPECT_EQ(free_cpus(), 2) << "it has nothing to lend";
  daemon.demand(owner, 0, cpus(2), 1);
  EXPECT_EQ(daemon.granted(owner).worker, grant.worker);
  EXPECT_EQ(free_cpus(), 0);
}

TEST_F(NodeCore, MemoryOfALeaseIsALimitOfItsWorker) {
  const ProcessId owner = driver();
  wire::Resources each = cpus(1);
  each.memory = 512;
  daemon.demand(owner, 0, each, 1);
  daemon.start_all();
  const auto grant = daemon.granted(owner);
  EXPECT_EQ(daemon.memory, (std::map<ProcessId, std::int64_t>{{grant.worker, 512}}));
  daemon.give_back(owner, grant.lease);
  EXPECT_EQ(daemon.memory.at(grant.worker), 0);
  daemon.demand(owner, 1, cpus(1), 1);
  EXPECT_EQ(daemon.granted(owner).worker, grant.worker);
  EXPECT_EQ(daemon.memory.at(grant.worker), 0);
}

// --- Deaths.

TEST_F(NodeCore, TheHolderHearsThatItsWorkerIsGone) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, cpus(2), 2);
  daemon.start_all();
  const auto grant = daemon.granted(owner);
  daemon.died(grant.worker);
  const auto lost = daemon.next<wire::LeaseLost>(owner).value();
  EXPECT_EQ(lost.lease, grant.lease);
  EXPECT_EQ(lost.cause, "killed");
  EXPECT_EQ(lost.code, ErrorCode::worker_died);
  daemon.start_all();
  EXPECT_NE(daemon.granted(owner).worker, grant.worker) << "numbers are never used again";
}

TEST_F(NodeCore, WithAnOwnerGoItsDemandsAndItsWorkers) {
  const ProcessId owner = driver(), other = driver();
  daemon.demand(owner, 0, cpus(1), 5);
  daemon.start_all();
  const auto first = daemon.granted(owner), second = daemon.granted(owner);
  daemon.demand(other, 0, cpus(1), 1);
  daemon.died(owner);
  EXPECT_THAT(daemon.to_stop, ElementsAre(first.worker, second.worker));
  daemon.start_all();
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(other), 0u) << "their code may still run";
  daemon.died(first.worker);
  daemon.start_all();
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(other), 1u);
  daemon.died(second.worker);
  EXPECT_EQ(daemon.count<wire::LeaseLost>(owner) + daemon.count<wire::LeaseGrant>(owner), 0u);
  EXPECT_EQ(daemon.core.holdings().leases, 1u);
}

TEST_F(NodeCore, AWorkerIsAnOwnerToo) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, cpus(1), 1);
  daemon.start_all();
  const auto outer = daemon.granted(owner);
  daemon.demand(outer.worker, 0, cpus(1), 2);
  daemon.start_all();
  const auto inner = daemon.granted(outer.worker);
  daemon.died(outer.worker);
  EXPECT_EQ(daemon.next<wire::LeaseLost>(owner).value().lease, outer.lease);
  EXPECT_THAT(daemon.to_stop, ElementsAre(inner.worker));
  daemon.died(inner.worker);
  EXPECT_EQ(daemon.core.holdings(), Core::Holdings{});
}

TEST_F(NodeCore, AWorkerThatDiesAsItStartsIsReplacedLaterAndLater) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, cpus(2), 1);
  Time now = 0, delay = k_start_again_ns_min;
  for (int failures = 1; failures <= 3; ++failures) {
    const ProcessId worker = daemon.to_start.front();
    daemon.to_start.pop_front();
    daemon.died(worker);
    EXPECT_THAT(daemon.to_start, IsEmpty());
    EXPECT_LE(daemon.core.next_time().value(), now + delay);
    daemon.time(now + delay - 1);
    EXPECT_THAT(daemon.to_start, IsEmpty());
    daemon.time(now += delay);
    ASSERT_EQ(daemon.to_start.size(), 1u);
    delay *= 2;
  }
  EXPECT_THAT(daemon.core.why(), testing::Contains(HasSubstr("killed")));
  daemon.start_all();
  EXPECT_TRUE(daemon.next<wire::LeaseGrant>(owner));
}

TEST_F(NodeCore, APromiseGoesToTheNextWorkerThatIsIdle) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, cpus(1), 1);
  daemon.start_all();
  const auto held = daemon.granted(owner);
  daemon.demand(owner, 1, cpus(1), 1);
  ASSERT_EQ(daemon.to_start.size(), 1u);
  daemon.give_back(owner, held.lease);
  EXPECT_EQ(daemon.granted(owner).worker, held.worker) << "it need not wait for the one that starts";
  daemon.start_all();
  EXPECT_EQ(daemon.core.holdings().idle, 1u);
}

// --- Idle workers.

TEST_F(NodeCore, IdleWorkersLeaveInTimeButForTheWarmOne) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, {}, 4);
  daemon.start_all();
  std::vector<wire::LeaseGrant> grants;
  while (auto grant = daemon.next<wire::LeaseGrant>(owner)) grants.push_back(*grant);
  for (const auto& grant : grants) daemon.give_back(owner, grant.lease);
  const Core::Options defaults;
  EXPECT_EQ(daemon.core.next_time(), defaults.surplus_idle_ns);
  daemon.time(defaults.surplus_idle_ns - 1);
  EXPECT_THAT(daemon.to_retire, IsEmpty());
  daemon.time(defaults.surplus_idle_ns);
  EXPECT_THAT(daemon.to_retire, ElementsAre(grants[0].worker, grants[1].worker)) << "there are 2 CPUs";
  EXPECT_EQ(daemon.core.next_time(), defaults.idle_ns);
  daemon.time(defaults.idle_ns);
  EXPECT_EQ(daemon.to_retire.size(), 3u);
  EXPECT_EQ(daemon.core.next_time(), std::nullopt);
  EXPECT_THAT(daemon.to_stop, IsEmpty());
  daemon.demand(owner, 0, {}, 1);
  EXPECT_EQ(daemon.granted(owner).worker, grants[3].worker) << "the one that was busy last stays";
  for (const ProcessId worker : daemon.to_retire) daemon.died(worker);
  EXPECT_EQ(daemon.core.holdings().workers, 1u);
}

TEST_F(NodeCore, AWorkerThatOwnsSomethingStays) {
  Core::Options options{.node = 1, .host = "there", .total = cpus(1)};
  options.warm = 0;
  Daemon other(options);
  const ProcessId owner = other.core.name_process();
  other.demand(owner, 0, cpus(1), 1);
  other.start_all();
  const auto grant = other.granted(owner);
  other.give_back(owner, grant.lease);
  other.time(options.idle_ns);
  ASSERT_THAT(other.to_retire, ElementsAre(grant.worker));
  other.demand(owner, 0, cpus(1), 1);
  EXPECT_EQ(other.count<wire::LeaseGrant>(owner), 0u) << "it may be gone";
  other.stays(grant.worker);
  EXPECT_EQ(other.granted(owner).worker, grant.worker);
  other.stays(grant.worker);
  EXPECT_EQ(other.core.holdings().idle, 0u);
}

TEST_F(NodeCore, NobodyIsAWorkerToItself) {
  const ProcessId owner = driver();
  daemon.demand(owner, 0, cpus(1), 1);
  daemon.start_all();
  const auto grant = daemon.granted(owner);
  daemon.give_back(owner, grant.lease);
  daemon.demand(grant.worker, 0, cpus(1), 1);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(grant.worker), 0u);
  daemon.start_all();
  EXPECT_NE(daemon.granted(grant.worker).worker, grant.worker);
}

// --- Jobs.

TEST_F(NodeCore, AJobHasWorkersOfItsOwn) {
  const ProcessId first = driver(), second = driver();
  daemon.demand(first, 0, cpus(1), 1);
  daemon.start_all();
  const auto grant = daemon.granted(first);
  daemon.give_back(first, grant.lease);
  daemon.demand(second, 0, cpus(1), 1);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(second), 0u) << "the idle worker is another program";
  daemon.start_all();
  const auto other = daemon.granted(second);
  EXPECT_NE(other.worker, grant.worker);
  daemon.demand(other.worker, 0, cpus(1), 1);
  daemon.start_all();
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(other.worker), 1u) << "what a worker wants is of its job";
  daemon.demand(first, 0, {}, 1);
  EXPECT_EQ(daemon.granted(first).worker, grant.worker);
}

TEST_F(NodeCore, AJobsWorkersEndWithItsDriver) {
  const ProcessId owner = driver(), other = driver();
  daemon.demand(other, 0, {}, 1);
  daemon.demand(owner, 0, {}, 2);
  daemon.start_all();
  const auto busy = daemon.granted(owner), idle = daemon.granted(owner);
  daemon.give_back(owner, idle.lease);
  daemon.demand(owner, 0, {}, 3);  // one is idle, so two start
  daemon.died(owner);
  EXPECT_THAT(daemon.to_stop, testing::Contains(busy.worker));
  EXPECT_THAT(daemon.to_stop, testing::Not(testing::Contains(daemon.granted(other).worker)));
  EXPECT_EQ(daemon.to_stop.size(), 4u) << "those that start, too";
}

TEST_F(NodeCore, ADetachedActorKeepsItsJobsWorkers) {
  const ProcessId owner = driver();
  const ActorId actor{owner, 1};
  daemon.start_actor(actor, 1, {});
  daemon.demand(owner, 0, {}, 1);
  daemon.start_all();
  const ProcessId home = daemon.next<wire::ActorPlaced>(k_control).value().process;
  const auto grant = daemon.granted(owner);
  daemon.give_back(owner, grant.lease);
  daemon.died(owner);
  EXPECT_THAT(daemon.to_stop, IsEmpty()) << "the actor's tasks may want it";
  daemon.demand(home, 0, {}, 1);
  const auto nested = daemon.granted(home);
  EXPECT_EQ(nested.worker, grant.worker);
  daemon.died(home);
  EXPECT_THAT(daemon.to_stop, ElementsAre(nested.worker));
  daemon.start_actor(actor, 2, {});
  ASSERT_FALSE(daemon.to_start.empty()) << "it is made anew from its driver's program";
  daemon.start_all();
  EXPECT_EQ(daemon.count<wire::HostActor>(home), 1u) << "the first";
  daemon.stop_actor(actor, 2);
  EXPECT_EQ(daemon.to_stop.size(), 2u);
}

TEST_F(NodeCore, AJobWhoseWorkersDieAsTheyStartKeepsNoOtherWaiting) {
  const ProcessId broken = driver(), sound = driver();
  daemon.demand(broken, 0, {}, 1);
  daemon.died(daemon.to_start.front());
  daemon.to_start.clear();
  EXPECT_THAT(daemon.core.why(), testing::Contains(HasSubstr("die as they start")));
  daemon.demand(sound, 0, {}, 1);
  daemon.start_all();
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(sound), 1u);
  daemon.died(broken);
  EXPECT_THAT(daemon.core.why(), IsEmpty());
}

// --- Leases that are asked back.

TEST_F(NodeCore, WhoWantsNoMoreIsAskedAtOnce) {
  daemon.starts_at_once = true;  // each driver's own
  const ProcessId idle = driver(), busy = driver(), late = driver();
  daemon.demand(idle, 0, cpus(1), 1);
  daemon.demand(busy, 0, cpus(1), 2);
  daemon.start_all();
  const auto lingering = daemon.granted(idle);
  daemon.demand(late, 0, cpus(1), 1);
  EXPECT_EQ(daemon.next<wire::LeaseRecall>(idle).value().lease, lingering.lease);
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(busy), 0u);
  daemon.demand(late, 0, cpus(1), 2);
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(idle), 0u) << "once is enough";
  daemon.give_back(idle, lingering.lease);
  EXPECT_TRUE(daemon.next<wire::LeaseGrant>(late));

  daemon.demand(late, 0, cpus(1), 0);
  const ProcessId later = driver();
  daemon.demand(later, 0, cpus(1), 1);
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(late), 0u) << "so soon nobody looks again";
  daemon.time(daemon.core.next_time().value());
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(late), 1u);
}

TEST_F(NodeCore, WhoHoldsMoreIsAskedOnceOthersHaveWaitedTooLong) {
  daemon.starts_at_once = true;  // each driver's own
  const ProcessId rich = driver(), poor = driver();
  const Time patience = Core::Options{}.patience_ns;
  daemon.demand(rich, 0, cpus(1), 9);
  daemon.start_all();
  const auto oldest = daemon.granted(rich), newer = daemon.granted(rich);
  daemon.time(10);
  daemon.demand(poor, 0, cpus(1), 9);
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(rich), 0u);
  daemon.time(patience + 9);
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(rich), 0u);
  daemon.time(patience + 10);
  daemon.time(2 * patience + 10);
  EXPECT_EQ(daemon.next<wire::LeaseRecall>(rich).value().lease, oldest.lease);
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(rich), 0u) << "one is enough for equal shares";
  daemon.give_back(rich, oldest.lease);
  const auto shared = daemon.granted(poor);
  for (Time n = 4; n < 9; ++n) daemon.time(n * patience);
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(rich) + daemon.count<wire::LeaseRecall>(poor), 0u) << "they hold the same";

  const ProcessId third = driver();
  daemon.demand(third, 0, cpus(1), 1);
  daemon.time(12 * patience);
  EXPECT_EQ(daemon.next<wire::LeaseRecall>(rich).value().lease, newer.lease) << "they take turns, the oldest first";
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(poor), 0u);
  EXPECT_NE(shared.lease, newer.lease);
}

TEST_F(NodeCore, NobodyIsAskedForLowerPriorityOrForNothing) {
  const ProcessId high = driver(), low = driver(), large = driver();
  const ActorId actor{high, 1};
  daemon.start_actor(actor, 1, cpus(1));
  daemon.demand(high, 0, cpus(1), 9, 1);
  daemon.start_all();
  daemon.demand(low, 0, cpus(1), 9);
  daemon.demand(large, 0, cpus(2), 1, 7);
  for (Time n = 1; n < 9; ++n) daemon.time(n * Core::Options{}.patience_ns);
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(high), 0u) << "the actor's CPU would be missing all the same";
  daemon.demand(large, 0, cpus(2), 0);
  daemon.demand(large, 1, cpus(1), 1, 7);
  for (Time n = 9; n < 12; ++n) daemon.time(n * Core::Options{}.patience_ns);
  EXPECT_EQ(daemon.count<wire::LeaseRecall>(high), 1u);
}

// --- Room that is kept.

TEST_F(NodeCore, WhoWantsMuchAtOnceHasItsTurn) {
  daemon.starts_at_once = true;  // each driver's own
  const ProcessId small = driver(), large = driver(), high = driver();
  const Time patience = Core::Options{}.patience_ns;
  daemon.demand(small, 0, cpus(1), 99);
  daemon.start_all();
  const auto a = daemon.granted(small), b = daemon.granted(small);
  daemon.demand(large, 0, cpus(2), 1);
  daemon.give_back(small, a.lease);
  const auto c = daemon.granted(small);
  EXPECT_EQ(c.worker, a.worker) << "what fits is given at once";
  daemon.time(patience);
  daemon.give_back(small, c.lease);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(small), 0u) << "it waited long enough";
  daemon.demand(small, 1, {.memory = 1}, 1);
  daemon.demand(high, 0, cpus(1), 1, 1);
  daemon.start_all();
  EXPECT_EQ(daemon.granted(small).kind, 1u) << "of no use to the one that waits";
  daemon.give_back(high, daemon.granted(high).lease);
  daemon.give_back(small, b.lease);
  EXPECT_TRUE(daemon.next<wire::LeaseGrant>(large));
  EXPECT_FALSE(daemon.core.leases().keeps());
}

TEST_F(NodeCore, RoomIsKeptForATimeOnlyThenForTwiceTheTime) {
  daemon.starts_at_once = true;  // each driver's own
  const ProcessId outer = driver(), large = driver();
  const Time patience = Core::Options{}.patience_ns;
  daemon.demand(outer, 0, {.gpu = k_one}, 9);
  daemon.start_all();
  const auto waits_for_inner = daemon.granted(outer);
  auto last = daemon.granted(outer);
  daemon.demand(large, 0, {.gpu = 2 * k_one}, 1);
  Time now = 0;
  const auto until_kept = [&] {
    for (int i = 0; i < 100 && !daemon.core.leases().keeps(); ++i) daemon.time(now = daemon.core.next_time().value());
    return daemon.core.leases().keeps();
  };
  for (Time length = patience; length <= 8 * patience; length *= 2) {
    ASSERT_TRUE(until_kept());
    daemon.give_back(outer, last.lease);
    daemon.time(now + length - 1);
    EXPECT_EQ(daemon.count<wire::LeaseGrant>(outer), 0u);
    daemon.time(now += length);
    last = daemon.granted(outer);
    daemon.time(now += length - 1);
    EXPECT_FALSE(daemon.core.leases().keeps());
  }
  ASSERT_TRUE(until_kept());
  daemon.give_back(outer, last.lease);
  daemon.give_back(outer, waits_for_inner.lease);
  EXPECT_TRUE(daemon.next<wire::LeaseGrant>(large));
}

TEST_F(NodeCore, NoRoomIsKeptForWhatActorsWillNotGiveBack) {
  const ProcessId small = driver(), large = driver();
  daemon.start_actor({small, 1}, 1, cpus(1));
  daemon.demand(small, 0, cpus(1), 9);
  daemon.start_all();
  daemon.demand(large, 0, cpus(2), 1);
  for (Time n = 1; n < 9; ++n) daemon.time(n * Core::Options{}.patience_ns);
  daemon.demand(small, 0, cpus(1), 1);
  daemon.give_back(small, daemon.granted(small).lease);
  EXPECT_TRUE(daemon.next<wire::LeaseGrant>(small));
}

TEST_F(NodeCore, RoomForAWholeGpuIsNotGivenAwayInParts) {
  daemon.starts_at_once = true;  // each driver's own
  const ProcessId parts = driver(), whole = driver();
  daemon.demand(parts, 0, {.gpu = k_one / 2}, 99);
  daemon.start_all();
  std::vector<wire::LeaseGrant> grants;
  while (auto grant = daemon.next<wire::LeaseGrant>(parts)) grants.push_back(*grant);
  ASSERT_EQ(grants.size(), 4u);
  daemon.demand(whole, 0, {.gpu = k_one}, 1);
  daemon.time(Core::Options{}.patience_ns);
  daemon.give_back(parts, grants[0].lease);
  daemon.give_back(parts, grants[2].lease);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(parts), 0u);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(whole), 0u) << "there are two halves";
  daemon.give_back(parts, grants[1].lease);
  EXPECT_EQ(daemon.granted(whole).gpus, Gpus{0});
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(parts), 1u) << "nothing is kept any more";
}

// --- Actors.

TEST_F(NodeCore, HostsAnActorForLife) {
  const ProcessId owner = driver();
  const ActorId actor{owner, 3};
  daemon.start_actor(actor, 2, {.cpu = k_one, .gpu = 2 * k_one});
  daemon.start_actor(actor, 2, {.cpu = k_one, .gpu = 2 * k_one});
  ASSERT_EQ(daemon.to_start.size(), 1u);
  const ProcessId worker = daemon.to_start.front();
  daemon.start_all();
  const auto host = daemon.next<wire::HostActor>(worker).value();
  EXPECT_EQ(host.actor, actor);
  EXPECT_EQ(host.incarnation, 2u);
  EXPECT_EQ(host.gpus, (Gpus{0, 1}));
  const auto placed = daemon.next<wire::ActorPlaced>(k_control).value();
  EXPECT_EQ(placed.actor, actor);
  EXPECT_EQ(placed.incarnation, 2u);
  EXPECT_EQ(placed.process, worker);

  daemon.died(owner);
  EXPECT_THAT(daemon.to_stop, IsEmpty()) << "whether it outlives its creator is for control to say";
  daemon.died(worker);
  const auto lost = daemon.next<wire::ActorLost>(k_control).value();
  EXPECT_EQ(lost.actor, actor);
  EXPECT_EQ(lost.incarnation, 2u);
  EXPECT_EQ(lost.cause, "killed");
  EXPECT_EQ(daemon.core.holdings(), Core::Holdings{});
}

TEST_F(NodeCore, AStoppedActorIsLostOnceItsWorkerIsGone) {
  const ActorId actor{driver(), 1};
  daemon.start_actor(actor, 1, cpus(2));
  daemon.start_all();
  const ProcessId worker = daemon.next<wire::ActorPlaced>(k_control).value().process;
  daemon.stop_actor(actor, 2);
  EXPECT_THAT(daemon.to_stop, IsEmpty()) << "another incarnation";
  daemon.stop_actor(actor, 1);
  daemon.stop_actor(actor, 1);
  EXPECT_THAT(daemon.to_stop, ElementsAre(worker));
  daemon.stays(worker);
  EXPECT_EQ(daemon.core.holdings().idle, 0u) << "it was not asked";
  EXPECT_EQ(daemon.count<wire::ActorLost>(k_control), 0u);
  EXPECT_EQ(free_cpus(), 0);
  daemon.start_actor(actor, 2, cpus(2));
  EXPECT_THAT(daemon.to_start, IsEmpty());
  daemon.died(worker);
  EXPECT_EQ(daemon.next<wire::ActorLost>(k_control).value().incarnation, 1u);
  EXPECT_EQ(daemon.count<wire::ActorLost>(k_control), 0u);
  daemon.start_all();
  EXPECT_EQ(daemon.next<wire::ActorPlaced>(k_control).value().incarnation, 2u);
}

TEST_F(NodeCore, AnActorThatIsStoppedWhileItWaitsIsLostAtOnce) {
  const ActorId promised{driver(), 1}, waiting{driver(), 1};
  daemon.start_actor(promised, 1, cpus(2));
  daemon.start_actor(waiting, 1, cpus(1));
  daemon.stop_actor(waiting, 1);
  EXPECT_EQ(daemon.next<wire::ActorLost>(k_control).value().actor, waiting);
  daemon.stop_actor(promised, 1);
  EXPECT_EQ(daemon.next<wire::ActorLost>(k_control).value().actor, promised);
  daemon.start_all();
  EXPECT_EQ(daemon.count<wire::ActorPlaced>(k_control), 0u);
  EXPECT_EQ(daemon.core.holdings(), (Core::Holdings{.lines = 0, .leases = 0, .workers = 1, .idle = 1}));
}

TEST_F(NodeCore, AnActorThatCanNeverBeIsLostWithTheReason) {
  daemon.start_actor({driver(), 1}, 1, {.gpu = 3 * k_one});
  const auto lost = daemon.next<wire::ActorLost>(k_control).value();
  EXPECT_THAT(lost.cause, HasSubstr("3 GPU"));
  daemon.tell(driver(), wire::StartActor{{driver(), 1}, 1, std::make_shared<wire::ActorSpec>()});
  EXPECT_THAT(daemon.to_start, IsEmpty()) << "only control starts actors";
}

TEST_F(NodeCore, AnActorThatWaitsLendsItsCpu) {
  const ProcessId owner = driver();
  daemon.start_actor({owner, 1}, 1, cpus(2));
  daemon.start_all();
  const ProcessId worker = daemon.next<wire::ActorPlaced>(k_control).value().process;
  daemon.demand(worker, 0, cpus(1), 1);
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(worker), 0u);
  daemon.waits(worker, true);
  daemon.start_all();
  EXPECT_EQ(daemon.count<wire::LeaseGrant>(worker), 1u);
}

// --- What others see.

TEST_F(NodeCore, ReportsItsLoadNowAndThen) {
  const ProcessId owner = driver();
  const Time every = Core::Options{}.load_ns;
  daemon.time(1);
  daemon.demand(owner, 0, cpus(1), 1);
  EXPECT_EQ(daemon.next<wire::NodeLoad>(k_control).value().available.cpu, k_one);
  daemon.start_all();
  daemon.give_back(owner, daemon.granted(owner).lease);
  EXPECT_EQ(daemon.count<wire::NodeLoad>(k_control), 0u) << "not so soon again";
  EXPECT_EQ(daemon.core.next_time(), every + 1);
  daemon.time(every + 1);
  EXPECT_EQ(daemon.next<wire::NodeLoad>(k_control).value().available.cpu, 2 * k_one);
  daemon.time(9 * every);
  EXPECT_EQ(daemon.count<wire::NodeLoad>(k_control), 0u) << "nothing changed";
  EXPECT_EQ(daemon.core.next_time(), std::nullopt);
}

TEST_F(NodeCore, SaysWhatADemandWaitsFor) {
  const ProcessId owner = driver();
  const ActorId actor{owner, 4};
  daemon.start_actor(actor, 1, cpus(1));
  daemon.demand(owner, 0, cpus(1), 1);
  EXPECT_THAT(daemon.core.why(), ElementsAre(HasSubstr("worker starts"), HasSubstr("worker starts")));
  daemon.start_all();
  EXPECT_THAT(daemon.core.why(), IsEmpty());
  daemon.demand(owner, 1, {.cpu = k_one, .memory = 1}, 3);
  const std::vector<std::string> why = daemon.core.why();
  ASSERT_EQ(why.size(), 1u);
  for (const std::string& part : {std::string("3 more"), std::string("needs 1 CPU"), std::string("2 of 2 CPU"),
                                  to_string(owner), "actor " + to_string(actor)}) {
    EXPECT_THAT(why[0], HasSubstr(part));
  }
}

}  // namespace
}  // namespace shoal::node
