#pragma once

#include <shoal/base/ids.h>

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/core.h"
#include "shell/timed_station.h"

namespace shoal::shell {

/// The options of the one node of a cluster that lives and ends with a program.
node::Core::Options only_node(std::string host, wire::Resources total, std::map<std::string, std::string> labels);

/// The machine's daemon in a station of its own: what it wants done with workers is done without its lock. Nobody hears of a
/// lease before its worker has the limit.
class NodeStation final : public TimedStation {
 public:
  /// `act`: called on no thread in particular, one action at a time, in order.
  NodeStation(Surroundings& around, node::Core::Options options, std::function<void(const node::Action&)> act);
  ~NodeStation() override;

  ProcessId name_process();
  /// What is for the machine's store goes there. Before there are messages.
  void pass_on_to(ProcessId store) { store_ = store; }
  void on_worker_started(ProcessId worker);
  void on_worker_stays(ProcessId worker);
  void on_process_died(ProcessId process, const std::string& cause, ErrorCode code = ErrorCode::worker_died);
  /// Calls f(core), which looks only, under the station's lock.
  template <class F>
  void look(F&& f) {
    enter([&] { f(std::as_const(core_)); });
  }

 private:
  void on_message(ProcessId from, wire::Message& message) override;
  void take_messages(std::vector<wire::Envelope>& into) override;
  void on_left() override;
  void on_time() override;
  node::Actions set_limits();

  const std::function<void(const node::Action&)> act_;
  std::optional<ProcessId> store_;
  std::atomic<bool> has_actions_{false};
  std::atomic<bool> acting_{false};  // one thread carries them out, in order

  // Guarded by the station's lock.
  node::Core core_;
  node::Actions taken_;
  node::Actions limits_;     // LimitMemory alone
  node::Actions actions_;    // all others
  bool is_holding_ = false;  // what is to be sent, while a limit is being set
  std::vector<wire::Envelope> held_;
};

}  // namespace shoal::shell
