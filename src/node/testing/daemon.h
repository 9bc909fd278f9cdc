#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "node/core.h"

namespace shoal::node {

inline constexpr std::int64_t k_one = wire::k_one;
inline constexpr Time k_ms = 1'000'000;

inline wire::Resources cpus(std::int64_t n) { return {.cpu = n * k_one}; }

/// A core and what it said, for tests that play its shell and its peers. Node 1.
class Daemon {
 public:
  explicit Daemon(wire::Resources total)
      : Daemon(Core::Options{.node = 1, .host = "here", .total = std::move(total)}) {}
  explicit Daemon(Core::Options options) : core(std::move(options)) { take(); }

  // --- What comes in.

  void demand(ProcessId owner, std::uint32_t kind, wire::Resources each, std::uint32_t wanted,
              std::int32_t priority = 0) {
    tell(owner, wire::LeaseDemand{kind, std::move(each), {}, priority, wanted});
  }
  void give_back(ProcessId owner, std::uint64_t lease) { tell(owner, wire::LeaseReturn{lease}); }
  void waits(ProcessId worker, bool waits) { tell(worker, wire::WorkerWaits{waits}); }
  void start_actor(ActorId actor, std::uint32_t incarnation, wire::Resources each) {
    auto spec = std::make_shared<wire::ActorSpec>();
    spec->constructor.resources = std::move(each);
    tell(k_control, wire::StartActor{actor, incarnation, std::move(spec)});
  }
  void stop_actor(ActorId actor, std::uint32_t incarnation) { tell(k_control, wire::StopActor{actor, incarnation}); }
  void tell(ProcessId from, wire::Message message) {
    core.on_message(from, std::move(message));
    take();
  }
  void died(ProcessId process) {
    core.on_process_died(process, "killed");
    take();
  }
  void started(ProcessId worker) {
    core.on_worker_started(worker);
    take();
  }
  void stays(ProcessId worker) {
    core.on_worker_stays(worker);
    take();
  }
  void time(Time now) {
    core.on_time(now);
    take();
  }
  /// All workers that were asked for run.
  void start_all() {
    while (!to_start.empty()) {
      const ProcessId worker = to_start.front();
      to_start.pop_front();
      started(worker);
    }
  }

  // --- What came out.

  /// The oldest message of this kind to the process that was not looked at yet.
  template <class T>
  std::optional<T> next(ProcessId to) {
    for (auto at = sent.begin(); at != sent.end(); ++at) {
      if (at->peer != to || !std::holds_alternative<T>(at->message)) continue;
      T found = std::get<T>(at->message);
      sent.erase(at);
      return found;
    }
    return std::nullopt;
  }
  template <class T>
  std::size_t count(ProcessId to) const {
    std::size_t n = 0;
    for (const wire::Envelope& each : sent) n += each.peer == to && std::holds_alternative<T>(each.message);
    return n;
  }
  /// A grant that must be there.
  wire::LeaseGrant granted(ProcessId to) { return next<wire::LeaseGrant>(to).value(); }

  Core core;
  std::vector<wire::Envelope> sent;
  std::deque<ProcessId> to_start, to_stop, to_retire;
  std::map<ProcessId, std::int64_t> memory;  ///< Limits, as last said.
  bool starts_at_once = false;               ///< Workers run as soon as they are asked for.

 private:
  void take() {
    std::vector<wire::Envelope> messages;
    core.take_messages(messages);
    for (wire::Envelope& each : messages) sent.push_back(std::move(each));
    Actions actions;
    core.take_actions(actions);
    for (const Action& each : actions) {
      if (const auto* start = std::get_if<StartWorker>(&each)) to_start.push_back(start->worker);
      if (const auto* stop = std::get_if<StopWorker>(&each)) to_stop.push_back(stop->worker);
      if (const auto* retire = std::get_if<RetireWorker>(&each)) to_retire.push_back(retire->worker);
      if (const auto* limit = std::get_if<LimitMemory>(&each)) memory[limit->worker] = limit->bytes;
    }
    if (starts_at_once) start_all();
  }
};

}  // namespace shoal::node
