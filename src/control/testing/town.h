#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/core.h"
#include "control/testing/oracle.h"
#include "sim/random.h"
#include "wire/message.h"

namespace shoal::control {

/// Drivers, nodes and workers around a control core, which do what a seed says: what they send arrives in order for each
/// sender and at any time between them; they die, and what they had sent may be lost. The oracle checks after each input.
class Town {
 public:
  explicit Town(std::uint64_t seed, bool with_trace = false);

  /// Some inputs, then the rest of what is under way, then the end of everybody. The first broken promise; empty = none.
  std::string run();

  std::uint64_t trace_hash() const { return hash_; }
  /// What the service heard and said, where it was asked for.
  const std::string& trace() const { return trace_; }
  struct Counts {
    int inputs = 0, created = 0, started = 0, lost = 0, nodes_died = 0, repeated = 0, kills = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  /// What a node's daemon knows of an actor that it was asked to host.
  struct Hosting {
    std::uint32_t incarnation = 0;
    ProcessId process;  // k_control = none yet
  };
  struct Daemon {
    std::deque<wire::Message> inbox;
    std::map<ActorId, Hosting> hosts;
    std::uint32_t workers = 0;
  };
  struct Worker {
    ActorId actor;
    std::uint32_t incarnation = 0;
    bool constructed = false;
    bool ended = false;
  };
  /// What a process sent and the service has not heard; at its end perhaps that it died.
  struct Mail {
    std::deque<wire::Message> messages;
    bool died = false;
  };

  // What happens of itself.
  void step();
  void act_as(ProcessId process);
  void create(ProcessId creator);
  void join_node();
  void act_as_daemon(std::uint32_t node);
  void launch(std::uint32_t node);
  void act_as_worker(ProcessId process);
  void kill_process(ProcessId process, bool may_lose);
  void kill_node();

  // The service.
  bool deliver();
  void repeat();
  void settle();
  void hear_service();
  void note(const std::string& what) {
    if (failure_.empty()) failure_ = what;
  }
  void end_all();
  void post(ProcessId from, wire::Message message) { mail_[from].messages.push_back(std::move(message)); }
  template <class C>
  const auto& any_of(const C& container) {
    return *std::next(container.begin(), random_.between(0, static_cast<std::int64_t>(container.size()) - 1));
  }

  sim::Random random_;
  Core core_;
  Oracle oracle_;
  Truth replayed_;
  std::set<ProcessId> drivers_;
  std::map<std::uint32_t, Daemon> daemons_;
  std::map<ProcessId, Worker> workers_;
  std::map<ProcessId, Mail> mail_;
  std::vector<ActorId> handles_;
  std::vector<std::pair<ProcessId, wire::Message>> delivered_;
  std::uint64_t numbers_ = 0;
  std::uint32_t last_node_ = 1;
  Time now_ = 1;
  bool calm_ = false;  // nothing fails any more
  std::uint64_t hash_ = 0;
  const bool with_trace_;
  std::string trace_;
  Counts counts_;
  std::string failure_;
};

}  // namespace shoal::control
