#include "sim/cluster/run.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sim/cluster/control_host.h"
#include "sim/cluster/conversations.h"
#include "sim/cluster/ledger.h"
#include "sim/cluster/node_host.h"
#include "sim/cluster/oracle.h"
#include "sim/cluster/references.h"
#include "sim/cluster/script_host.h"
#include "sim/world/world.h"

namespace shoal::sim::cluster {
namespace {

/// Far above what the longest program takes; a run that gets there stands still or goes in circles.
constexpr std::uint64_t k_events_per_task = 2'000;

/// Longer than any timer of a core.
constexpr Time k_rest_ns = 200'000'000'000;

/// Between two runs of the drivers: workers and machines that died are back.
constexpr Time k_pause_ns = 50'000'000;
/// How often drivers run their script while faults are still to come: deaths leave less to do than was planned for.
constexpr std::uint64_t k_rounds_max = 2'000;
/// Less shows little: a short program is run again.
constexpr std::uint64_t k_ops_min = 200;
/// Between two looks into all processes; more where there is more to look at.
constexpr std::uint64_t k_events_per_look = 100;

struct Plan {
  FaultPlan faults;
  std::vector<std::uint64_t> losses;  ///< Of machines, at so many messages, the last first.
  std::uint64_t late_one_in = 0;      ///< Frames.
  Time announce_ns_max = 0;           ///< A death may be heard before or long after the last words.
};

/// The faults of a seed, within about as many messages as the program takes without them.
Plan plan_for(const Program& program, std::uint64_t seed) {
  Random random(seed ^ 0xfa17);
  const std::uint64_t messages = program.drivers * (10 + program.tasks() * random.pick({3u, 6u, 9u}));
  const auto at = [&] { return static_cast<std::uint64_t>(random.between(1, static_cast<std::int64_t>(messages))); };
  Plan plan;
  plan.late_one_in = random.pick({64u, 64u, 4u});
  plan.announce_ns_max = random.pick({50'000, 1'000'000, 20'000'000});
  plan.faults = FaultPlan::draw(random, messages, 8);
  auto& faults = plan.faults.faults;
  std::erase_if(faults, [](const FaultPlan::Fault& fault) { return fault.kind == FaultKind::kill; });
  for (std::uint32_t left = program.kills; left > 0; --left) faults.push_back({at(), FaultKind::kill});
  std::ranges::sort(faults);
  for (std::uint32_t left = program.losses; left > 0; --left) plan.losses.push_back(at());
  std::ranges::sort(plan.losses, std::greater());
  return plan;
}

/// The control service, and machines with drivers and workers on each.
class Cluster {
 public:
  Cluster(const Program& program, std::uint64_t seed, Plan plan, bool with_trace)
      : program_(program),
        templates_(templates_of(program)),
        dice_(seed),
        losses_(std::move(plan.losses)),
        world_({.seed = seed,
                .faults = std::move(plan.faults),
                .with_trace = with_trace,
                .observer = &conversations_,
                .late_one_in = plan.late_one_in,
                .announce_ns_max = plan.announce_ns_max}),
        ledger_(world_, conversations_) {
    claims_ = dice_.chance(50);
    stream_bytes_ = dice_.chance(50) ? owner::k_stream_bytes : dice_.pick({1, 100, 500});
    failed_starts_ = dice_.chance(70) ? 0 : 20;
    auto control = std::make_unique<ControlHost>();
    control_ = control.get();
    world_.spawn(k_control, std::move(control));
    for (std::uint32_t n = 0; n < program_.machines; ++n) {
      // Drivers are dealt out in turn.
      join_machine((program_.drivers + program_.machines - 1 - n) / program_.machines);
    }
  }

  Outcome run() {
    for (; rounds_ < k_rounds_max && outcome_.failure.empty(); ++rounds_) {
      run_drivers();
      compare();
      if (world_.faults_left() == 0 && losses_.empty() && ledger_.ops >= k_ops_min) break;
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
    outcome_.ops = ledger_.ops;
    outcome_.executed = ledger_.executed;
    outcome_.repeated = ledger_.repeated;
    outcome_.faults = world_.faults();
    return std::move(outcome_);
  }

 private:
  struct Machine {
    ProcessId daemon;
    std::vector<ProcessId> drivers;
    std::vector<ProcessId> workers;  ///< Dead ones may be among them.
  };

  /// Until each driver that lives has got everything.
  void run_drivers() {
    std::vector<ProcessId> drivers;
    for (const Machine& machine : machines_) {
      drivers.insert(drivers.end(), machine.drivers.begin(), machine.drivers.end());
    }
    for (const ProcessId driver : drivers) {
      host(driver)->begin_driver();
      world_.wake(driver);
    }
    const auto is_busy = [this](ProcessId driver) {
      const ScriptHost* each = host(driver);
      return each != nullptr && !each->driver_is_done();
    };
    const std::uint64_t limit = world_.events() + events_max();
    while (std::ranges::any_of(drivers, is_busy)) {
      if (world_.events() >= limit) fail(fmt::format("a driver stands still at {} ns", world_.now()));
      if (!step()) break;
    }
    if (std::ranges::any_of(drivers, is_busy)) fail("nothing happens, and a driver waits");
  }

  void rest(Time time) {
    rests_ = true;
    world_.later(time, [this] { rests_ = false; });
    const std::uint64_t limit = world_.events() + events_max();
    while (rests_ && step()) {
      if (world_.events() >= limit) fail(fmt::format("much happens and leads to nothing at {} ns", world_.now()));
    }
  }

  /// False: a promise is broken, or nothing happens any more.
  bool step() {
    if (!outcome_.failure.empty() || !world_.step()) return false;
    if (!losses_.empty() && world_.messages() >= losses_.back()) lose_machine();
    if (world_.events() >= look_at_) look();
    fail(conversations_.fault());
    fail(ledger_.failure());
    return true;
  }
  /// Drivers do not wait for all that they submitted: the work of earlier rounds may be left.
  std::uint64_t events_max() const {
    return k_events_per_task * (10 + (1 + rounds_) * program_.drivers * program_.tasks());
  }

  // --- Who lives.

  void join_machine(std::size_t drivers) {
    const std::uint32_t number = ++machines_begun_;
    node::Core::Options options;
    options.node = number;
    options.host = "machine" + std::to_string(number);
    options.total.cpu = program_.workers * wire::k_one;
    NodeHost::Workers workers{
        .spawn = [this](ProcessId id) { spawn_worker(id); },
        .may_retire = [this](ProcessId id) { return host(id)->core().holdings() == owner::Core::Holdings{}; }};
    auto daemon = std::make_unique<NodeHost>(world_, std::move(options), std::move(workers));
    Machine machine{.daemon = daemon->core().self(), .drivers = {}, .workers = {}};
    for (; drivers > 0; --drivers) machine.drivers.push_back(daemon->core().name_process());
    world_.spawn(machine.daemon, std::move(daemon));
    for (const ProcessId driver : machine.drivers) {
      const std::uint64_t seed = drivers_begun_++;
      seeds_.emplace(driver, seed);
      spawn(driver, {.self = driver, .node = machine.daemon, .seed = seed}, false);
    }
    machines_.push_back(std::move(machine));
  }
  /// It is gone with all that runs there; another comes a while later.
  void lose_machine() {
    losses_.pop_back();
    if (machines_.empty()) return;
    const auto lost = machines_.begin() + dice_.between(0, std::ssize(machines_) - 1);
    world_.kill(lost->daemon, "the power went");
    for (const ProcessId each : lost->drivers) world_.kill(each, "the power went");
    for (const ProcessId each : lost->workers) world_.kill(each, "the power went");
    ++outcome_.machines_lost;
    world_.later(dice_.between(1, k_pause_ns / 2), [this, drivers = lost->drivers.size()] { join_machine(drivers); });
    machines_.erase(lost);
  }
  void spawn_worker(ProcessId id) {
    std::vector<ProcessId>& workers = std::ranges::find(machines_, ProcessId{id.node, 0}, &Machine::daemon)->workers;
    std::erase_if(workers, [this](ProcessId each) { return !world_.is_alive(each); });
    workers.push_back(id);
    spawn(id, {.self = id, .node = {id.node, 0}, .claims = claims_}, true);
    if (!dice_.chance(failed_starts_)) return;
    ++outcome_.failed_starts;
    world_.kill(id, "it did not start");
  }
  void spawn(ProcessId id, ScriptHost::Options options, bool is_worker) {
    options.stream_bytes = stream_bytes_;
    world_.spawn(id, std::make_unique<ScriptHost>(world_, program_, templates_, ledger_, options),
                 {.may_be_killed = is_worker});
  }
  ScriptHost* host(ProcessId id) { return dynamic_cast<ScriptHost*>(world_.find(id)); }
  NodeHost* daemon(const Machine& machine) { return dynamic_cast<NodeHost*>(world_.find(machine.daemon)); }
  template <class F>
  void for_each_host(F&& f) {
    for (const Machine& machine : machines_) {
      for (const auto* ids : {&machine.drivers, &machine.workers}) {
        for (const ProcessId id : *ids) {
          if (ScriptHost* each = host(id)) f(id, *each);
        }
      }
    }
  }

  // --- Promises.

  void fail(const std::string& text) {
    if (outcome_.failure.empty()) outcome_.failure = text;
  }

  void compare() {
    for (const auto& [driver, seed] : seeds_) {
      const ScriptHost* each = host(driver);
      if (each == nullptr || !each->driver_is_done()) continue;
      std::unique_ptr<Oracle>& oracle = oracles_[seed];
      if (oracle == nullptr) oracle = std::make_unique<Oracle>(program_, seed);
      compare(*each, *oracle);
    }
  }
  void compare(const ScriptHost& driver, const Oracle& oracle) {
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

  /// Into all processes at one moment.
  void look() {
    std::map<ProcessId, const owner::Core*> cores;
    std::uint64_t objects = 0;
    for_each_host([&](ProcessId id, const ScriptHost& each) {
      cores.emplace(id, &each.core());
      objects += each.core().holdings().objects;
      if (!each.error().empty()) fail(to_string(id) + ": " + each.error());
    });
    const bool somebody_died = world_.faults().of(FaultKind::kill) + outcome_.machines_lost > 0;
    fail(fault_of_references(cores, somebody_died));
    for (const Machine& machine : machines_) fail(daemon(machine)->fault());
    look_at_ = world_.events() + std::max(k_events_per_look, cores.size() + objects);
  }

  /// With no references left there is nothing left.
  void check_rest() {
    look();
    for_each_host([this](ProcessId id, const ScriptHost& each) {
      const owner::Core::Holdings left = each.core().holdings();
      if (left == owner::Core::Holdings{}) return;
      fail(fmt::format("{} still has {} objects, {} tasks, {} runs, {} leases, {} streams", to_string(id), left.objects,
                       left.tasks, left.runs, left.leases, left.streams));
    });
    for (const Machine& machine : machines_) {
      const node::Core::Holdings left = daemon(machine)->core().holdings();
      if (left.lines == 0 && left.leases == 0 && left.workers == left.idle) continue;
      fail(fmt::format("a daemon still has {} lines, {} leases, {} workers of which {} are idle", left.lines,
                       left.leases, left.workers, left.idle));
    }
    control::Core::Holdings left = control_->core().holdings();
    left.graves = 0;
    if (left != control::Core::Holdings{}) fail("the control service still has something");
    if (!control_->replays()) fail("what the control service stored is not what it knows");
    fail(conversations_.unfinished(world_));
    if (world_.unacknowledged() != 0) fail("messages are under way for ever");
  }

  const Program& program_;
  const ScriptHost::Templates templates_;
  Random dice_;
  std::vector<std::uint64_t> losses_;
  Conversations conversations_;
  World world_;
  Ledger ledger_;
  bool claims_ = false;
  std::int64_t stream_bytes_ = 0;
  int failed_starts_ = 0;  // of 100
  std::uint64_t rounds_ = 0;
  bool rests_ = false;
  std::uint64_t look_at_ = k_events_per_look;  // so many events
  std::uint32_t machines_begun_ = 0;
  std::uint64_t drivers_begun_ = 0;
  const ControlHost* control_ = nullptr;
  std::vector<Machine> machines_;
  std::map<ProcessId, std::uint64_t> seeds_;  // of drivers
  std::map<std::uint64_t, std::unique_ptr<Oracle>> oracles_;
  Outcome outcome_;
};

}  // namespace

Outcome& Outcome::operator+=(const Outcome& other) {
  for (std::uint64_t Outcome::* figure :
       {&Outcome::events, &Outcome::messages, &Outcome::ops, &Outcome::executed, &Outcome::repeated, &Outcome::values,
        &Outcome::errors, &Outcome::machines_lost, &Outcome::failed_starts}) {
    this->*figure += other.*figure;
  }
  faults += other.faults;
  return *this;
}

std::string to_string(const Outcome& o) {
  const FaultTally& faults = o.faults;
  return fmt::format(
      "ops {}, attempts {}, attempts repeated {}, values {}, errors {}, messages {}, events {}, channels broken {}, "
      "workers killed {}, machines lost {}, failed starts {}, pauses {}, slow links {}, frames lost {}, "
      "arrivals postponed {}",
      o.ops, o.executed, o.repeated, o.values, o.errors, o.messages, o.events, faults.of(FaultKind::break_channel),
      faults.of(FaultKind::kill), o.machines_lost, o.failed_starts, faults.of(FaultKind::pause),
      faults.of(FaultKind::slow), faults.frames_lost, faults.postponed);
}

Outcome run_program(const Program& program, std::uint64_t seed, bool with_trace) {
  return Cluster(program, seed, plan_for(program, seed), with_trace).run();
}

}  // namespace shoal::sim::cluster
