#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "owner/outbox.h"
#include "owner/runs.h"

namespace shoal::owner {

/// The actor that lives in this process, if any: from HostActor to the end of the process, which has it alone. Its
/// constructor runs first; then calls begin in the order in which they came, as many at once as it has threads.
class Hosted {
 public:
  Hosted(ProcessId self, Runs& runs, Outbox& out) : self_(self), runs_(runs), out_(out) {}
  Hosted(const Hosted&) = delete;
  Hosted& operator=(const Hosted&) = delete;

  bool is_there() const { return spec_ != nullptr; }
  /// Precondition: it is there.
  const ActorId& actor() const { return actor_; }
  /// How many of its calls may run at once.
  std::uint32_t threads() const { return is_there() ? spec_->threads : 1; }
  /// That run, its constructor included.
  std::size_t running() const { return running_; }
  /// One more may begin.
  bool has_room() const;
  void began() { running_ += is_there() ? 1 : 0; }
  /// `failure`: what the execution threw; null where it threw nothing.
  void ended(const Execution& execution, const wire::Failure* failure);

  /// No call begins any more.
  void exit();
  /// What is said now are its last words, see wire::TaskDone::is_last.
  bool is_leaving() const { return life_ == Life::leaving; }
  /// Says that it ended, once everybody has the results.
  void leave_if_over();

  void on(ProcessId from, wire::HostActor& host);
  void on(ProcessId from, wire::CallActor& call);

 private:
  enum class Life : std::uint8_t { constructing, lives, leaving, ended };

  const ProcessId self_;
  Runs& runs_;
  Outbox& out_;
  ActorId actor_;
  std::uint32_t incarnation_ = 0;
  wire::ActorSpecPtr spec_;  // null where there is none
  std::vector<std::uint32_t> gpus_;
  Life life_ = Life::constructing;
  std::size_t running_ = 0;
};

}  // namespace shoal::owner
