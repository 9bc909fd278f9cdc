#include "sim/cluster/run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sim/cluster/node_host.h"
#include "sim/cluster/oracle.h"
#include "sim/cluster/script_host.h"
#include "sim/world/world.h"

namespace shoal::sim::cluster {
namespace {

constexpr ProcessId k_node{1, 0};
/// Far above what the longest program takes; a run that gets there stands still or goes in circles.
constexpr std::uint64_t k_events_per_task = 20'000;

/// Longer than any timer of a core.
constexpr Time k_rest_ns = 200'000'000'000;

/// Between two runs of the driver: workers that died are back.
constexpr Time k_pause_ns = 50'000'000;
/// How often the driver runs its script while faults are still to come: deaths leave less to do than was planned for.
constexpr int k_rounds_max = 100;

/// The faults of a seed, within as many messages as the program takes without them.
FaultPlan faults_for(const Program& program, std::uint64_t seed, std::uint64_t messages) {
  Random random(seed ^ 0xfa17);
  FaultPlan plan;
  if (messages < 4) return plan;
  plan = FaultPlan::draw(random, messages, 4);
  std::erase_if(plan.faults, [](const FaultPlan::Fault& fault) { return fault.kind == FaultKind::kill; });
  for (std::uint32_t left = program.kills; left > 0; --left) {
    const auto at = static_cast<std::uint64_t>(random.between(1, static_cast<std::int64_t>(messages)));
    plan.faults.push_back({at, FaultKind::kill});
  }
  std::ranges::sort(plan.faults);
  return plan;
}

/// A control service that hears everything and says nothing: tasks need none.
class SilentControl final : public Process {
 public:
  void on_message(ProcessId, wire::Message) override {}
  void on_process_died(ProcessId, const std::string&) override {}
  void on_time(Time) override {}
  std::optional<Time> next_time() const override { return std::nullopt; }
  void take_messages(std::vector<wire::Envelope>& into) override { into.clear(); }
};

/// One machine, its driver and its workers.
class Cluster {
 public:
  Cluster(const Program& program, std::uint64_t seed, const FaultPlan& faults, bool with_trace)
      : program_(program),
        templates_(templates_of(program)),
        dice_(seed),
        world_({.seed = seed, .faults = faults, .with_trace = with_trace}) {
    claims_ = dice_.chance(50);
    auto node = std::make_unique<NodeHost>(
        world_, node_options(),
        NodeHost::Workers{
            .spawn = [this](ProcessId id) { spawn(id, true); },
            .may_retire = [this](ProcessId id) { return host(id)->core().holdings() == owner::Core::Holdings{}; }});
    node_ = &node->core();
    driver_ = node_->name_process();
    world_.spawn(k_control, std::make_unique<SilentControl>());
    world_.spawn(k_node, std::move(node));
    spawn(driver_, false);
  }

  /// Until the driver has got everything. How many messages have come by then.
  std::uint64_t run_driver() {
    ScriptHost& driver = *host(driver_);
    driver.begin_driver();
    world_.wake(driver_);
    const std::uint64_t limit = world_.events() + events_max();
    while (!driver.driver_is_done() && world_.events() < limit && world_.step()) {}
    if (!driver.driver_is_done()) fail(fmt::format("the driver stands still at {} ns", world_.now()));
    return world_.messages();
  }

  Outcome run() {
    for (int round = 0; round < k_rounds_max && outcome_.failure.empty(); ++round) {
      run_driver();
      if (outcome_.failure.empty()) compare(*host(driver_));
      if (world_.faults_left() == 0) break;
      rest(k_pause_ns);
    }
    rest(k_rest_ns);
    if (outcome_.failure.empty()) check_rest();
    if (world_.step()) fail("the world does not come to rest");
    fail(world_.failure());
    outcome_.trace_hash = world_.trace().hash();
    outcome_.trace = world_.trace().text();
    outcome_.events = world_.events();
    outcome_.messages = world_.messages();
    outcome_.faults = world_.faults();
    return std::move(outcome_);
  }

 private:
  void rest(Time time) {
    const Time end = world_.now() + time;
    const std::uint64_t limit = world_.events() + events_max();
    while (outcome_.failure.empty() && world_.next_time() <= end && world_.events() < limit) world_.step();
  }
  std::uint64_t events_max() const { return k_events_per_task * (10 + program_.tasks()); }
  node::Core::Options node_options() {
    node::Core::Options options;
    options.node = k_node.node;
    options.total.cpu = program_.workers * wire::k_one;
    return options;
  }
  void spawn(ProcessId id, bool is_worker) {
    const ScriptHost::Options options{.self = id, .node = k_node, .claims = claims_ && is_worker};
    hosts_.push_back(id);
    world_.spawn(id, std::make_unique<ScriptHost>(world_, program_, templates_, options), {.may_be_killed = is_worker});
  }
  ScriptHost* host(ProcessId id) { return dynamic_cast<ScriptHost*>(world_.find(id)); }
  void fail(const std::string& text) {
    if (outcome_.failure.empty()) outcome_.failure = text;
  }

  void compare(const ScriptHost& driver) {
    const Oracle oracle(program_);
    for (const auto& [reg, got] : driver.observed()) {
      const Expectation& expected = oracle.driver().at(reg);
      if (got.number) {
        ++outcome_.values;
        if (!expected.number) fail(fmt::format("register {} has a value where there can be none", reg));
        if (expected.number && *got.number != *expected.number) fail(fmt::format("register {} has a wrong value", reg));
      } else {
        ++outcome_.errors;
        if (!expected.errors.contains(got.error)) {
          fail(fmt::format("register {} failed with {}, which nothing explains", reg, shoal::to_string(got.error)));
        }
      }
    }
  }

  /// With no references left there is nothing left.
  void check_rest() {
    for (const ProcessId id : hosts_) {
      const ScriptHost* each = host(id);
      if (each == nullptr) continue;
      outcome_.executed += each->executed();
      if (!each->error().empty()) fail(to_string(id) + ": " + each->error());
      const owner::Core::Holdings left = each->core().holdings();
      if (left != owner::Core::Holdings{}) {
        fail(fmt::format("{} still has {} objects, {} tasks, {} runs, {} leases", to_string(id), left.objects,
                         left.tasks, left.runs, left.leases));
      }
    }
    const node::Core::Holdings left = node_->holdings();
    if (left.lines != 0 || left.leases != 0 || left.workers != left.idle) {
      fail(fmt::format("the node still has {} lines, {} leases, {} workers of which {} are idle", left.lines,
                       left.leases, left.workers, left.idle));
    }
    if (world_.unacknowledged() != 0) fail("messages are under way for ever");
  }

  const Program& program_;
  const ScriptHost::Templates templates_;
  Random dice_;
  World world_;
  bool claims_ = false;
  node::Core* node_ = nullptr;
  ProcessId driver_;
  std::vector<ProcessId> hosts_;
  Outcome outcome_;
};

}  // namespace

Outcome run_program(const Program& program, std::uint64_t seed, bool with_trace) {
  const std::uint64_t messages = Cluster(program, seed, {}, false).run_driver();
  return Cluster(program, seed, faults_for(program, seed, messages), with_trace).run();
}

}  // namespace shoal::sim::cluster
