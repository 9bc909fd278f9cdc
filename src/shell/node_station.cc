#include "shell/node_station.h"

#include <iterator>
#include <utility>

#include "shell/store_station.h"

namespace shoal::shell {

node::Core::Options only_node(std::string host, wire::Resources total, std::map<std::string, std::string> labels) {
  constexpr std::uint32_t k_node = 1;
  node::Core::Options options;
  options.node = k_node;
  options.host = std::move(host);
  options.total = std::move(total);
  options.labels = std::move(labels);
  return options;
}

NodeStation::NodeStation(Surroundings& around, node::Core::Options options,
                         std::function<void(const node::Action&)> act)
    : TimedStation(around, {options.node, 0}), act_(std::move(act)), core_(std::move(options)) {
  join();
}

NodeStation::~NodeStation() { part(); }

ProcessId NodeStation::name_process() {
  ProcessId id;
  act_on(core_, [&] { id = core_.name_process(); });
  return id;
}

void NodeStation::on_worker_started(ProcessId worker) {
  act_on(core_, [&] { core_.on_worker_started(worker); });
}

void NodeStation::on_worker_stays(ProcessId worker) {
  act_on(core_, [&] { core_.on_worker_stays(worker); });
}

void NodeStation::on_process_died(ProcessId process, const std::string& cause, ErrorCode code) {
  act_on(core_, [&] { core_.on_process_died(process, cause, code); });
}

void NodeStation::on_message(ProcessId from, wire::Message& message) {
  if (store_ && is_for_store(message)) return around_.network.send(from, *store_, std::move(message));
  core_.on_time(now());
  core_.on_message(from, std::move(message));
}

void NodeStation::take_messages(std::vector<wire::Envelope>& into) {
  core_.take_messages(into);
  core_.take_actions(taken_);
  if (!taken_.empty()) {
    actions_.insert(actions_.end(), taken_.begin(), taken_.end());
    has_actions_.store(true);
  }
  call_at(core_.next_time().value_or(k_never));
}

// Carrying one out leads back here, for what follows from it: that is left to the loop further up the stack.
void NodeStation::on_left() {
  while (has_actions_.load() && !acting_.exchange(true)) {
    node::Actions actions;
    {
      const Lock lock(mutex());
      actions.swap(actions_);
      has_actions_.store(false);
    }
    for (const node::Action& action : actions) act_(action);
    acting_.store(false);
  }
}

void NodeStation::on_time() {
  act_on(core_, [] {});
}

}  // namespace shoal::shell
