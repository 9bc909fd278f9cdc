#include "sim/actors/run.h"

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "sim/actors/driver.h"
#include "sim/actors/ledger.h"
#include "sim/actors/worker.h"
#include "sim/cluster/control_host.h"
#include "sim/cluster/node_host.h"
#include "sim/cluster/references.h"
#include "sim/world/world.h"

namespace shoal::sim::actors {
namespace {

/// Far above what the longest run takes.
constexpr std::uint64_t k_events_max = 3'000'000;
constexpr std::uint64_t k_events_per_look = 100;

FaultPlan faults_for(std::uint64_t seed) {
  Random random(seed ^ 0xac70);
  FaultPlan plan = FaultPlan::draw(random, 25, 4);
  // Whoever can be killed comes and goes here; the cluster sees to it.
  std::erase_if(plan.faults, [](const FaultPlan::Fault& fault) { return fault.kind == FaultKind::kill; });
  return plan;
}

/// A control service, two machines or more, and drivers that stand on none of them.
class Cluster {
 public:
  Cluster(std::uint64_t seed, bool with_trace)
      : dice_(seed), world_({.seed = seed, .faults = faults_for(seed), .with_trace = with_trace}), ledger_(world_) {
    auto control = std::make_unique<cluster::ControlHost>();
    control_ = &control->core();
    world_.spawn(k_control, std::move(control));
    for (std::int64_t left = dice_.between(1, 3); left > 0; --left) join_node();
    const std::int64_t drivers = dice_.between(1, 4);
    // Where actors use nothing, none waits for room.
    const std::int64_t cpus_max = dice_.chance(50) ? 0 : 2;
    for (std::uint32_t n = 1; n <= drivers; ++n) {
      const ProcessId id{1, n};
      drivers_.push_back(id);
      // Detached actors of a driver that died would fill the machines for ever, and others wait for room.
      const Driver::Options options{
          .self = id, .actions = static_cast<int>(dice_.between(20, 60)), .cpus_max = cpus_max, .ends_all = n == 1};
      auto driver = std::make_unique<Driver>(world_, ledger_, names_, options);
      world_.spawn(id, std::move(driver));
    }
    for (std::int64_t left = dice_.between(0, 2); left > 0; --left) {
      world_.later(dice_.between(1, 100'000'000), [this] { lose_node(); });
    }
    for (std::int64_t left = dice_.between(0, 6); left > 0; --left) {
      world_.later(dice_.between(1, 100'000'000), [this] { lose_process(); });
    }
  }

  Outcome run() {
    while (ledger_.failure().empty() && world_.events() < k_events_max && !drivers_are_done() && world_.step()) {
      if (world_.events() % k_events_per_look == 0) look();
    }
    for (const ProcessId driver : drivers_) {
      const auto* each = dynamic_cast<const Driver*>(world_.find(driver));
      if (each != nullptr && !each->is_done()) ledger_.fail(each->describe());
    }
    if (ledger_.failure().empty()) check_rest();
    outcome_.failure = ledger_.failure().empty() ? world_.failure() : ledger_.failure();
    outcome_.trace_hash = world_.trace().hash();
    outcome_.trace = world_.trace().text();
    outcome_.events = world_.events();
    outcome_.incarnations = ledger_.incarnations;
    outcome_.executions = ledger_.executions;
    outcome_.values = ledger_.values;
    outcome_.failures = ledger_.failures;
    outcome_.repeated = ledger_.repeated;
    outcome_.faults = world_.faults();
    return std::move(outcome_);
  }

 private:
  void join_node() {
    const std::uint32_t node = ++last_node_;
    wire::Resources total;
    total.cpu = dice_.between(2, 4) * wire::k_one;
    node::Core::Options options{.node = node, .host = "machine" + std::to_string(node), .total = std::move(total)};
    cluster::NodeHost::Workers workers{
        .spawn =
            [this](ProcessId id) {
              workers_.push_back(id);
              world_.spawn(id, std::make_unique<Worker>(world_, ledger_, id));
            },
        .may_retire = [this](ProcessId id) { return dynamic_cast<Worker*>(world_.find(id))->is_idle(); }};
    nodes_.push_back({node, 0});
    world_.spawn({node, 0}, std::make_unique<cluster::NodeHost>(world_, std::move(options), std::move(workers)));
    world_.introduce(k_control, {node, 0});
  }

  /// A machine is gone with all that ran on it; another comes a while later.
  void lose_node() {
    if (nodes_.empty()) return;
    const std::size_t which = dice_.next() % nodes_.size();
    const ProcessId node = nodes_[which];
    nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(which));
    world_.kill(node, "the power went");
    for (const ProcessId worker : workers_) {
      if (worker.node == node.node) world_.kill(worker, "the power went");
    }
    ++outcome_.nodes_died;
    join_later();
  }
  void join_later() {
    world_.later(dice_.between(1, 50'000'000), [this] { join_node(); });
  }

  /// Now and then a driver, but never the first.
  void lose_process() {
    const std::vector<ProcessId>& kind = dice_.chance(10) ? drivers_ : workers_;
    if (kind.empty()) return;
    const ProcessId process = kind[dice_.next() % kind.size()];
    if (process == drivers_.front() || !world_.is_alive(process)) return;
    world_.kill(process, "a fault");
    ++outcome_.processes_died;
  }

  /// Owners know whoever is registered with them.
  void look() {
    std::map<ProcessId, const owner::Core*> living;
    for (const auto* ids : {&drivers_, &workers_}) {
      for (const ProcessId id : *ids) {
        if (const auto* each = dynamic_cast<const Player*>(world_.find(id))) living.emplace(id, &each->core());
      }
    }
    const std::string fault = cluster::fault_of_references(living, true);
    if (!fault.empty()) ledger_.fail(fault);
  }

  bool drivers_are_done() {
    for (const ProcessId driver : drivers_) {
      const auto* each = dynamic_cast<const Driver*>(world_.find(driver));
      if (each != nullptr && !each->is_done()) return false;
    }
    return true;
  }

  /// Nothing is left when the last driver is gone, too.
  void check_rest() {
    run_for_a_while();  // what the drivers said last arrives
    for (const ProcessId driver : drivers_) world_.kill(driver, "the end");
    run_for_a_while();
    control::Core::Holdings holdings = control_->holdings();
    holdings.graves = 0;
    if (!(holdings == control::Core::Holdings{})) {
      ledger_.fail("the control service has " + std::to_string(holdings.actors) + " actors, " +
                   std::to_string(holdings.names) + " names, " + std::to_string(holdings.watches) + " watches, " +
                   std::to_string(holdings.awaited) + " awaited, " + std::to_string(holdings.loads) + " loads left");
    }
    for (const ProcessId worker : workers_) {
      const auto* host = dynamic_cast<const Worker*>(world_.find(worker));
      if (host != nullptr && !host->is_idle()) ledger_.fail(to_string(worker) + " lives on though its actor is dead");
    }
  }
  /// Whatever was begun is over by then.
  void run_for_a_while() {
    bool over = false;
    world_.later(20'000'000'000, [&over] { over = true; });
    const std::uint64_t limit = world_.events() + k_events_max;
    while (!over && world_.events() < limit && world_.step()) {}
  }

  Random dice_;
  World world_;
  Ledger ledger_;
  Names names_;
  const control::Core* control_ = nullptr;
  std::uint32_t last_node_ = 1;
  std::vector<ProcessId> nodes_, drivers_, workers_;
  Outcome outcome_;
};

}  // namespace

Outcome run_actors(std::uint64_t seed, bool with_trace) { return Cluster(seed, with_trace).run(); }

}  // namespace shoal::sim::actors
