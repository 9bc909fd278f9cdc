#include "shell/node_station.h"

#include <iterator>
#include <utility>
#include <variant>

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
  for (const node::Action& action : taken_) {
    const auto* const limit = std::get_if<node::LimitMemory>(&action);
    if (limit != nullptr && limit->bytes > 0) is_holding_ = true;
    (limit != nullptr ? limits_ : actions_).push_back(action);
  }
  if (!taken_.empty()) has_actions_.store(true);
  if (is_holding_) {
    held_.insert(held_.end(), std::move_iterator(into.begin()), std::move_iterator(into.end()));
    into.clear();
  }
  call_at(core_.next_time().value_or(k_never));
}

// Carrying one out leads back here, for what follows from it: that is left to the loop further up the stack.
void NodeStation::on_left() {
  while (has_actions_.load() && !acting_.exchange(true)) {
    for (const node::Action& action : set_limits()) act_(action);
    acting_.store(false);
  }
}

/// Then sends what was held for them. What else is to be done.
node::Actions NodeStation::set_limits() {
  node::Actions limits;
  while (true) {
    for (const node::Action& limit : limits) act_(limit);
    limits.clear();
    const Lock lock(mutex());
    limits.swap(limits_);
    if (!limits.empty()) continue;
    has_actions_.store(false);
    is_holding_ = false;
    around_.network.send(self(), held_);
    return std::exchange(actions_, {});
  }
}

void NodeStation::on_time() {
  act_on(core_, [] {});
}

}  // namespace shoal::shell
