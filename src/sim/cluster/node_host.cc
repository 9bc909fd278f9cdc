#include "sim/cluster/node_host.h"

#include <variant>

namespace shoal::sim::cluster {

void NodeHost::on_message(ProcessId from, wire::Message message) {
  pass_time(world_.now());
  cpus_.heard(from, message);
  core_.on_message(from, std::move(message));
  act();
}

void NodeHost::on_process_died(ProcessId process, const std::string& cause) {
  pass_time(world_.now());
  cpus_.died(process);
  core_.on_process_died(process, cause);
  act();
}

void NodeHost::on_time(Time now) { pass_time(now); }

void NodeHost::pass_time(Time now) {
  core_.on_time(now);
  act();
}

void NodeHost::take_messages(std::vector<wire::Envelope>& into) {
  act();
  into.clear();
  into.swap(out_);
}

void NodeHost::act() {
  core_.take_messages(batch_);
  for (wire::Envelope& envelope : batch_) {
    cpus_.said(envelope);
    out_.push_back(std::move(envelope));
  }
  core_.take_actions(actions_);
  for (const node::Action& action : actions_) carry_out(action);
}

/// All a while later, as with real processes. This host may be gone by then.
void NodeHost::carry_out(const node::Action& action) {
  const ProcessId self = core_.self();
  const Time delay = world_.random().between(1'000, 8'000'000);
  if (const auto* begin = std::get_if<node::StartWorker>(&action)) {
    world_.later(delay, [this, &world = world_, self, worker = begin->worker] {
      if (world.is_alive(self)) start(worker);
    });
  } else if (const auto* stop = std::get_if<node::StopWorker>(&action)) {
    world_.later(delay, [&world = world_, worker = stop->worker] { world.kill(worker, "stopped"); });
  } else if (const auto* retire = std::get_if<node::RetireWorker>(&action)) {
    world_.later(delay, [this, &world = world_, self, worker = retire->worker] {
      if (!world.is_alive(self) || !world.is_alive(worker)) return;
      if (workers_.may_retire(worker)) return world_.kill(worker, "retired");
      core_.on_worker_stays(worker);
      act();
      world_.wake(self);
    });
  }
}

void NodeHost::start(ProcessId worker) {
  workers_.spawn(worker);
  world_.introduce(core_.self(), worker);
  pass_time(world_.now());
  if (world_.is_alive(worker)) core_.on_worker_started(worker);
  act();
  world_.wake(core_.self());
}

}  // namespace shoal::sim::cluster
