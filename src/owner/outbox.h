#pragma once

#include <utility>
#include <vector>

#include "wire/message.h"

namespace shoal::owner {

/// Messages that wait for their shell to send them, in order. What a process says to itself waits for its core.
class Outbox {
 public:
  explicit Outbox(ProcessId self) : self_(self) {}

  template <class M>
  void send(ProcessId to, M&& message) {
    (to == self_ ? own_ : messages_).push_back({to, std::forward<M>(message)});
  }
  void take_own(std::vector<wire::Envelope>& into) {
    into.clear();
    into.swap(own_);
  }
  void take(std::vector<wire::Envelope>& into) {
    into.clear();
    into.swap(messages_);
  }

 private:
  const ProcessId self_;
  std::vector<wire::Envelope> own_;
  std::vector<wire::Envelope> messages_;
};

}  // namespace shoal::owner
