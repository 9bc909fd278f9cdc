#pragma once

#include <shoal/base/ids.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/limits.h"
#include "control/table/change.h"
#include "control/table/truth.h"
#include "wire/message.h"

namespace shoal::control {

/// The cluster's truth: which nodes, jobs, actors and names there are. A state machine: it does no I/O, knows no thread
/// and no clock; messages that it sends are taken from it. Each call does all that follows from its input, in an order
/// that depends on the inputs alone. Not thread-safe: its shell holds one lock around all calls.
///
/// What must survive is a sequence of changes. A shell that stores them takes changes and messages together, and sends
/// the messages once the changes are durable.
class Core {
 public:
  struct Options {
    bool keep_changes = false;  ///< For take_changes(), which is then to be called.
    std::size_t dead_actors_max = k_dead_actors_max;
  };
  Core() : Core(Options{}) {}
  explicit Core(const Options& options);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// What is not for the control service, and what is stale, changes nothing.
  void on_message(ProcessId from, const wire::Message& message);
  /// The process is gone and will never be heard of again. A node's daemon takes its workers along.
  void on_process_died(ProcessId process, const std::string& cause);
  void on_time(Time now);
  /// When on_time() has something to do; a time that has passed = now.
  std::optional<Time> next_time() const;
  /// Moves all messages to be sent into `into`, in order, replacing its contents.
  void take_messages(std::vector<wire::Envelope>& into);
  /// Likewise the changes since the last call. Applied to a Truth in this order they give this truth().
  void take_changes(std::vector<Change>& into);

  const Truth& truth() const;

  /// What it still has to do with; all 0 when every actor is dead and nobody watches, but for `graves`.
  struct Holdings {
    std::size_t actors = 0;  ///< That are not dead.
    std::size_t names = 0, watches = 0, awaited = 0;
    std::size_t loads = 0;   ///< Sums of what nodes host or were asked to.
    std::size_t graves = 0;  ///< Records of the dead.
    friend bool operator==(const Holdings&, const Holdings&) = default;
  };
  Holdings holdings() const;

 private:
  std::unique_ptr<struct State> state_;
};

}  // namespace shoal::control
