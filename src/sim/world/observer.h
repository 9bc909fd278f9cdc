#pragma once

#include <shoal/base/ids.h>

#include "wire/message.h"

namespace shoal::sim {

/// Sees all that processes of a world say and are told, in the order in which it happens to them, and changes nothing.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_said(ProcessId from, const wire::Envelope& what) = 0;
  /// Before the process is given it.
  virtual void on_heard(ProcessId process, ProcessId from, const wire::Message& what) = 0;
  virtual void on_told_of_death(ProcessId process, ProcessId dead) = 0;
};

}  // namespace shoal::sim
