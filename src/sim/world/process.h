#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "wire/message.h"

namespace shoal::sim {

/// What lives in a world: a core of the runtime, or a model. Owned by its world, which calls it at moments of virtual
/// time, one call at a time, and takes the messages after each call.
class Process {
 public:
  virtual ~Process() = default;

  virtual void on_message(ProcessId from, wire::Message message) = 0;
  /// Nothing of it arrives any more, and nothing sent to it does.
  virtual void on_process_died(ProcessId process, const std::string& cause) = 0;
  virtual void on_time(Time now) = 0;
  /// When on_time() has something to do; a time that has passed means at once.
  virtual std::optional<Time> next_time() const = 0;
  /// Moves all messages to be sent into `into`, in order, replacing its contents.
  virtual void take_messages(std::vector<wire::Envelope>& into) = 0;
};

}  // namespace shoal::sim
