#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "control/core.h"
#include "sched/resources.h"
#include "wire/message.h"

namespace shoal::control {

inline constexpr ProcessId k_driver{1, 1};

inline wire::Resources cpus(std::int64_t n) {
  wire::Resources resources;
  resources.cpu = n * wire::k_one;
  return resources;
}

/// A control core with what the last input made it send. After each input the changes so far, applied to an empty truth,
/// must give the core's.
class Service {
 public:
  explicit Service(Core::Options options = {}) : core_((options.keep_changes = true, options)) {}

  void say(ProcessId from, const wire::Message& message) {
    core_.on_message(from, message);
    take();
  }
  void die(ProcessId process, const std::string& cause = "crash") {
    core_.on_process_died(process, cause);
    take();
  }
  void time(Time now) {
    core_.on_time(now);
    take();
  }

  // What tests say often.
  void join(std::uint32_t node, std::int64_t cpu = 4) {
    wire::RegisterNode message;
    message.node = node;
    message.host = "host" + std::to_string(node);
    message.total = cpus(cpu);
    say({node, 0}, message);
  }
  ActorId create(std::uint64_t n, wire::ActorSpec spec = {}, ProcessId creator = k_driver) {
    const ActorId actor{creator, n};
    say(creator, wire::CreateActor{actor, std::make_shared<const wire::ActorSpec>(std::move(spec))});
    return actor;
  }
  /// The process that was asked for comes, and runs the constructor.
  void start(const ActorId& actor, std::uint32_t worker) {
    const ActorLife& before = life(actor);
    const std::uint32_t node = before.node;
    const std::uint32_t incarnation = before.incarnation;
    say({node, 0}, wire::ActorPlaced{actor, incarnation, {node, worker}});
    say({node, worker}, wire::ActorStarted{actor, incarnation});
  }
  void watch(const ActorId& actor, ProcessId watcher) { say(watcher, wire::WatchActor{actor}); }

  const Core& core() const { return core_; }
  const ActorLife& life(const ActorId& actor) const { return core_.truth().actors().find(actor)->life; }
  Stage stage(const ActorId& actor) const { return life(actor).stage; }
  bool knows(const ActorId& actor) const { return core_.truth().actors().find(actor) != nullptr; }
  ErrorCode death(const ActorId& actor) const { return life(actor).death->code; }

  // What the last input made the core send.
  const std::vector<wire::Envelope>& sent() const { return sent_; }
  /// Those of one kind, in order.
  template <class M>
  std::vector<std::pair<ProcessId, M>> all() const {
    std::vector<std::pair<ProcessId, M>> found;
    for (const wire::Envelope& each : sent_) {
      if (const M* message = std::get_if<M>(&each.message)) found.emplace_back(each.peer, *message);
    }
    return found;
  }
  /// The only one of its kind, which goes to `to`.
  template <class M>
  M only(ProcessId to) const {
    const auto found = all<M>();
    EXPECT_EQ(found.size(), 1U);
    if (found.size() != 1) return {};
    EXPECT_EQ(found[0].first, to);
    return found[0].second;
  }

 private:
  void take() {
    core_.take_messages(sent_);
    core_.take_changes(changes_);
    for (const Change& change : changes_) replayed_.apply(change);
    EXPECT_EQ(replayed_, core_.truth()) << "replay of the changes";
  }

  Core core_;
  Truth replayed_;
  std::vector<Change> changes_;
  std::vector<wire::Envelope> sent_;
};

}  // namespace shoal::control
