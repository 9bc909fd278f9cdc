#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sim/actors/ledger.h"
#include "sim/world/process.h"
#include "sim/world/world.h"

namespace shoal::sim::actors {

/// A worker that hosts one actor when its daemon says so: constructs it, runs its calls in their order, as many at once as
/// it has threads, and now and then fails, ends itself, or crashes in a call.
class ActorHost final : public Process {
 public:
  ActorHost(World& world, Ledger& ledger, ProcessId self) : world_(world), ledger_(ledger), self_(self) {}

  bool is_idle() const { return actor_ == nullptr; }

  void on_message(ProcessId from, wire::Message message) override;
  void on_process_died(ProcessId, const std::string&) override {}
  void on_time(Time now) override;
  std::optional<Time> next_time() const override;
  void take_messages(std::vector<wire::Envelope>& into) override;

 private:
  struct Call {
    ProcessId caller;
    wire::CallActor what;
    Time done_at = 0;
  };
  enum class Life : std::uint8_t { constructing, lives, ended };

  void construct();
  void end(bool intended);
  void begin_calls(Time now);
  void answer(const Call& call);
  void say(ProcessId to, wire::Message message) { out_.push_back({to, std::move(message)}); }

  World& world_;
  Ledger& ledger_;
  const ProcessId self_;
  std::unique_ptr<wire::HostActor> actor_;
  Life life_ = Life::constructing;
  Time constructed_at_ = 0;
  std::deque<Call> queue_;
  std::vector<Call> running_;
  std::vector<wire::Envelope> out_;
};

}  // namespace shoal::sim::actors
