#include "control/testing/town.h"

#include <memory>
#include <utility>

#include "wire/print.h"

namespace shoal::control {
namespace {

constexpr const char* k_names[] = {"", "", "ps", "queue", "log"};

std::size_t dead_actors_max(sim::Random& random) { return random.chance(50) ? k_dead_actors_max : random.next() % 6; }

}  // namespace

Town::Town(std::uint64_t seed, bool with_trace)
    : random_(seed),
      core_({.keep_changes = true, .dead_actors_max = dead_actors_max(random_)}),
      with_trace_(with_trace) {
  for (std::uint32_t n = 1; n <= 3; ++n) drivers_.insert({1, n});
}

std::string Town::run() {
  const std::int64_t steps = random_.between(50, 800);
  for (std::int64_t i = 0; i < steps && failure_.empty(); ++i) step();
  calm_ = true;
  settle();
  for (const auto& [id, record] : core_.truth().actors().all()) {
    const Stage stage = record.life.stage;
    if (daemons_.empty() ? stage != Stage::dead && stage != Stage::placing
                         : stage != Stage::dead && stage != Stage::alive) {
      note(to_string(id) + " does not come to live");
    }
  }
  end_all();
  return failure_;
}

void Town::step() {
  const std::int64_t dice = random_.between(0, 99);
  if (dice < 45) {
    deliver();
  } else if (dice < 60) {
    act_as(any_of(drivers_));
  } else if (dice < 85 && !daemons_.empty()) {
    act_as_daemon(any_of(daemons_).first);
  } else if (dice < 95 && !workers_.empty()) {
    act_as_worker(any_of(workers_).first);
  } else if (dice < 96) {
    if (daemons_.size() < 4) join_node();
  } else if (dice < 97) {
    if (random_.chance(30)) kill_node();
  } else if (dice < 98 && drivers_.size() > 1 && random_.chance(10)) {
    kill_process(any_of(drivers_), true);
  } else if (dice < 99) {
    repeat();
  } else {
    core_.on_time(now_ += 1'000);
    hear_service();
  }
}

// A process of the program: a driver, or what runs in an actor.
void Town::act_as(ProcessId process) {
  const std::int64_t dice = random_.between(0, 9);
  if (dice < 3 || handles_.empty()) {
    create(process);
  } else if (dice < 6) {
    post(process, wire::WatchActor{any_of(handles_)});
  } else if (dice < 7) {
    post(process, wire::UnwatchActor{any_of(handles_)});
  } else if (dice < 8) {
    post(process, wire::FindActor{++numbers_, random_.pick(k_names)});
  } else {
    ++counts_.kills;
    post(process, wire::KillActor{any_of(handles_), random_.chance(60), "a whim"});
  }
}

void Town::create(ProcessId creator) {
  auto spec = std::make_shared<wire::ActorSpec>();
  constexpr std::int32_t k_restarts[] = {0, 0, 1, 2, -1};
  spec->name = random_.pick(k_names);
  spec->restarts = random_.pick(k_restarts);
  spec->detached = random_.chance(30);
  spec->get_if_exists = random_.chance(30);
  spec->constructor.resources.cpu = random_.between(0, 5) * wire::k_one;
  if (random_.chance(20)) spec->constructor.strategy.kind = wire::StrategyKind::spread;
  const ActorId actor{creator, ++numbers_};
  handles_.push_back(actor);
  post(creator, wire::CreateActor{actor, std::move(spec)});
  ++counts_.created;
}

void Town::join_node() {
  wire::RegisterNode message;
  message.node = ++last_node_;
  message.total.cpu = random_.between(3, 6) * wire::k_one;
  daemons_[message.node];
  post({message.node, 0}, std::move(message));
}

void Town::act_as_daemon(std::uint32_t node) {
  Daemon& daemon = daemons_.at(node);
  if (daemon.inbox.empty() || random_.chance(30)) return launch(node);
  const wire::Message message = std::move(daemon.inbox.front());
  daemon.inbox.pop_front();
  if (const auto* start = std::get_if<wire::StartActor>(&message)) {
    if (!daemon.hosts.try_emplace(start->actor, Hosting{start->incarnation, k_control}).second) {
      note("a node is asked for an actor that it hosts");
    }
  } else if (const auto* stop = std::get_if<wire::StopActor>(&message)) {
    const auto found = daemon.hosts.find(stop->actor);
    if (found == daemon.hosts.end() || found->second.incarnation != stop->incarnation) return;
    if (found->second.process != k_control) {
      kill_process(found->second.process, false);  // says ActorLost, too
    } else {
      daemon.hosts.erase(found);
      post({node, 0}, wire::ActorLost{stop->actor, stop->incarnation, "stopped"});
    }
  }
}

/// Gives a process to an actor that has none, or refuses to.
void Town::launch(std::uint32_t node) {
  Daemon& daemon = daemons_.at(node);
  for (auto& [actor, hosting] : daemon.hosts) {
    if (hosting.process != k_control) continue;
    for (const auto& [process, worker] : workers_) {
      if (worker.actor == actor) note("two incarnations of " + to_string(actor) + " run at once");
    }
    if (!calm_ && random_.chance(5)) {
      post({node, 0}, wire::ActorLost{actor, hosting.incarnation, "no process could be started"});
      daemon.hosts.erase(ActorId(actor));  // of the key itself
      return;
    }
    hosting.process = {node, ++daemon.workers};
    workers_[hosting.process] = {actor, hosting.incarnation};
    post({node, 0}, wire::ActorPlaced{actor, hosting.incarnation, hosting.process});
    return;
  }
}

void Town::act_as_worker(ProcessId process) {
  Worker& worker = workers_.at(process);
  auto failure = std::make_shared<wire::Failure>();
  if (worker.ended) return;
  if (!calm_ && random_.chance(10)) {
    kill_process(process, true);
  } else if (!worker.constructed) {
    worker.constructed = true;
    worker.ended = !calm_ && random_.chance(10);
    if (worker.ended) {
      post(process, wire::ActorEnded{worker.actor, worker.incarnation, std::move(failure), false});
    } else {
      post(process, wire::ActorStarted{worker.actor, worker.incarnation});
    }
  } else if (!calm_ && random_.chance(10)) {
    worker.ended = true;
    post(process, wire::ActorEnded{worker.actor, worker.incarnation, std::move(failure), random_.chance(50)});
  } else if (!calm_ && random_.chance(50)) {
    act_as(process);
  }
}

/// Its daemon says so. What it sent may be lost; that it died is heard after the rest of it.
void Town::kill_process(ProcessId process, bool may_lose) {
  Mail& mail = mail_[process];
  if (may_lose && random_.chance(50)) mail.messages.resize(random_.next() % (mail.messages.size() + 1));
  mail.died = true;
  drivers_.erase(process);
  const auto found = workers_.find(process);
  if (found == workers_.end()) return;
  const Worker worker = found->second;
  workers_.erase(found);
  if (const auto daemon = daemons_.find(process.node); daemon != daemons_.end()) {
    daemon->second.hosts.erase(worker.actor);
    post({process.node, 0}, wire::ActorLost{worker.actor, worker.incarnation, "crash"});
    ++counts_.lost;
  }
}

void Town::kill_node() {
  if (daemons_.empty()) return;
  const std::uint32_t node = any_of(daemons_).first;
  daemons_.erase(node);
  std::vector<ProcessId> workers;
  for (const auto& [process, worker] : workers_) {
    if (process.node == node) workers.push_back(process);
  }
  for (const ProcessId worker : workers) kill_process(worker, true);
  Mail& mail = mail_[{node, 0}];
  if (random_.chance(50)) mail.messages.resize(random_.next() % (mail.messages.size() + 1));
  mail.died = true;
  ++counts_.nodes_died;
}

bool Town::deliver() {
  std::erase_if(mail_, [](const auto& each) { return each.second.messages.empty() && !each.second.died; });
  if (mail_.empty()) return false;
  const ProcessId from = any_of(mail_).first;
  Mail& mail = mail_.at(from);
  ++counts_.inputs;
  if (!mail.messages.empty()) {
    const wire::Message message = std::move(mail.messages.front());
    mail.messages.pop_front();
    delivered_.emplace_back(from, message);
    if (with_trace_) trace_ += to_string(from) + ": " + wire::to_string(message) + "\n";
    oracle_.hear(from, message);
    core_.on_message(from, message);
  } else {
    mail_.erase(from);
    if (with_trace_) trace_ += to_string(from) + " died\n";
    // The dead are never heard of again, nor are the workers of a dead node.
    std::erase_if(delivered_, [&](const auto& each) {
      return each.first == from || (from.n == 0 && each.first.node == from.node);
    });
    if (from.n == 0) std::erase_if(mail_, [&](const auto& each) { return each.first.node == from.node; });
    oracle_.hear_death(from);
    core_.on_process_died(from, "crash");
  }
  hear_service();
  return true;
}

/// What was heard once changes nothing when it is heard again.
void Town::repeat() {
  if (delivered_.empty()) return;
  const auto& [from, message] = any_of(delivered_);
  if (std::holds_alternative<wire::FindActor>(message) || std::holds_alternative<wire::WatchActor>(message) ||
      std::holds_alternative<wire::UnwatchActor>(message) || std::holds_alternative<wire::KillActor>(message) ||
      std::holds_alternative<wire::RegisterNode>(message)) {
    return;  // these may be meant twice
  }
  const Truth before = core_.truth();
  core_.on_message(from, message);
  if (!(core_.truth() == before)) note("a repeated message changed the truth");
  hear_service();
  ++counts_.repeated;
}

void Town::hear_service() {
  std::vector<wire::Envelope> sent;
  std::vector<Change> changes;
  core_.take_messages(sent);
  core_.take_changes(changes);
  for (const Change& change : changes) replayed_.apply(change);
  if (!(replayed_ == core_.truth())) note("the changes do not give the truth");
  oracle_.told(sent);
  for (wire::Envelope& each : sent) {
    if (with_trace_) trace_ += "    to " + to_string(each.peer) + ": " + wire::to_string(each.message) + "\n";
    hash_ = shoal::detail::mix(hash_ ^ shoal::detail::bits(each.peer) ^ each.message.index() << 56);
    const auto* start = std::get_if<wire::StartActor>(&each.message);
    if (start != nullptr) ++counts_.started;
    if (start == nullptr && !std::holds_alternative<wire::StopActor>(each.message)) continue;
    const auto daemon = daemons_.find(each.peer.node);
    if (daemon != daemons_.end()) daemon->second.inbox.push_back(std::move(each.message));
  }
  if (const std::string fault = oracle_.check(core_); !fault.empty()) note(fault);
}

/// Everything that is under way comes to its end.
void Town::settle() {
  bool busy = true;
  while (busy && failure_.empty()) {
    busy = deliver();
    std::vector<std::uint32_t> nodes;
    std::vector<ProcessId> workers;
    for (auto& [node, daemon] : daemons_) {
      nodes.push_back(node);
      busy |= !daemon.inbox.empty();
      for (const auto& [actor, hosting] : daemon.hosts) busy |= hosting.process == k_control;
    }
    for (const auto& [process, worker] : workers_) {
      workers.push_back(process);
      busy |= !worker.constructed;
    }
    for (const std::uint32_t node : nodes) act_as_daemon(node);
    for (const ProcessId worker : workers) {
      if (workers_.contains(worker)) act_as_worker(worker);
    }
  }
}

void Town::end_all() {
  for (const ActorId& actor : handles_) {
    if (core_.truth().actors().find(actor) != nullptr)
      post(*drivers_.begin(), wire::KillActor{actor, false, "the end"});
  }
  settle();
  if (!workers_.empty()) note("a process of a dead actor lives on");
  core_.on_time(now_ += 2 * k_overtaken_wait_ns);
  hear_service();
  core_.on_time(now_ += 2 * k_overtaken_wait_ns);
  hear_service();
  const std::set<ProcessId> drivers = drivers_;
  for (const ProcessId driver : drivers) kill_process(driver, false);
  settle();
  Core::Holdings holdings = core_.holdings();
  holdings.graves = 0;
  if (!(holdings == Core::Holdings{})) note("something is left when all are dead and nobody watches");
}

}  // namespace shoal::control
