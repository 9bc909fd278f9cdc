#include "sim/world/world.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "wire/print.h"

namespace shoal::sim {

World::World(Options options) : options_(std::move(options)), random_(options_.seed), trace_(options_.with_trace) {
  if (!options_.faults.faults.empty()) next_fault_at_ = options_.faults.faults.front().at_message;
}

World::~World() = default;

void World::spawn(ProcessId id, std::unique_ptr<Process> process, SpawnOptions options) {
  const Index index = resident(id);
  Resident& newborn = residents_[index];
  assert(newborn.life == Life::unborn);
  newborn.life = Life::alive;
  newborn.process = std::move(process);
  newborn.options = std::move(options);
  trace_.add(now_, "spawn", {id.node, id.n});
  push(now_, EventKind::wake, index);
  for (const Index port : newborn.ports) {
    if (owner(port ^ 1).life == Life::dead) announce(port);
    connect(port ^ 1);
  }
}

bool World::is_alive(ProcessId id) const {
  const auto found = by_id_.find(id);
  return found != by_id_.end() && residents_[found->second].life == Life::alive;
}

Process* World::find(ProcessId id) { return is_alive(id) ? residents_[by_id_.at(id)].process.get() : nullptr; }

void World::wake(ProcessId id) { push(now_, EventKind::wake, resident(id)); }

void World::later(Time delay, std::function<void()> action) {
  if (free_actions_.empty()) {
    free_actions_.push_back(static_cast<Index>(actions_.size()));
    actions_.emplace_back();
  }
  const Index place = free_actions_.back();
  free_actions_.pop_back();
  actions_[place] = std::move(action);
  push(now_ + delay, EventKind::action, place);
}

bool World::step() {
  if (queue_.empty()) return false;
  const auto [time, event] = queue_.pop();
  now_ = time;
  ++events_;
  if (is_asleep(event)) {
    ++tally_.postponed;
    push(residents_[whose(event)].paused_until, event.kind, event.subject, event.detail);
    return true;
  }
  handle(event);
  if (messages_ >= next_fault_at_) inject_due();
  graves_.clear();
  return true;
}

bool World::run(std::uint64_t events) {
  for (; events > 0; --events) {
    if (!step()) return true;
  }
  return queue_.empty();
}

std::string World::failure() const { return failure_.empty() ? tally_.shortfall(options_.faults) : failure_; }

std::size_t World::unacknowledged() const {
  std::size_t count = 0;
  for (std::size_t port = 0; port < ports_.size(); ++port) {
    if (residents_[ports_[port].resident].life != Life::alive) continue;
    if (residents_[ports_[port ^ 1].resident].life == Life::dead) continue;
    count += ports_[port].session.unacknowledged();
  }
  return count;
}

void World::handle(const Event& event) {
  switch (event.kind) {
    case EventKind::arrival: return on_arrival(event.subject, event.detail);
    case EventKind::session_timer: return on_session_timer(event.subject);
    case EventKind::process_timer: return on_process_timer(event.subject, static_cast<Time>(event.detail));
    case EventKind::wake: return after_call(event.subject);
    case EventKind::reconnect: return connect(event.subject);
    case EventKind::death: return on_death(event.subject);
    case EventKind::action: {
      const std::function<void()> action = std::exchange(actions_[event.subject], nullptr);
      free_actions_.push_back(event.subject);
      action();
    }
  }
}

/// Whom the event happens to; k_none = to nobody who could sleep.
World::Index World::whose(const Event& event) const {
  switch (event.kind) {
    case EventKind::arrival:
    case EventKind::session_timer:
    case EventKind::death:
    case EventKind::reconnect: return ports_[event.subject].resident;
    case EventKind::process_timer:
    case EventKind::wake: return event.subject;
    case EventKind::action: break;
  }
  return k_none;
}

bool World::is_asleep(const Event& event) {
  const Index index = whose(event);
  return index != k_none && residents_[index].paused_until > now_ && residents_[index].life == Life::alive;
}

World::Index World::resident(ProcessId id) {
  const auto [place, is_new] = by_id_.try_emplace(id, static_cast<Index>(residents_.size()));
  if (is_new) residents_.emplace_back().id = id;
  return place->second;
}

/// The sender's end of its link to that process, made now where they never talked.
World::Index World::port(Index from, ProcessId to) {
  if (const auto found = residents_[from].port_to.find(to); found != residents_[from].port_to.end()) {
    return found->second;
  }
  const Index target = resident(to);
  const auto made = static_cast<Index>(ports_.size());
  ports_.resize(ports_.size() + 2);
  ports_[made].resident = from;
  ports_[made + 1].resident = target;
  residents_[from].ports.push_back(made);
  residents_[from].port_to.emplace(to, made);
  if (target != from) {
    residents_[target].ports.push_back(made + 1);
    residents_[target].port_to.emplace(residents_[from].id, made + 1);
  }
  if (residents_[target].life == Life::dead) {
    announce(made);
  } else if (residents_[target].life == Life::alive) {
    connect(made);
  }
  return made;
}

/// A new channel from this end; the other end accepts it with the first frame, which is `resume`.
void World::connect(Index port) {
  if (owner(port).life != Life::alive || owner(port ^ 1).life != Life::alive) return;
  const std::uint64_t epoch = ports_[port].channel == nullptr ? 1 : ports_[port].channel->epoch() + 1;
  for (const Index end : {port, port ^ 1}) ports_[end].channel = std::make_unique<SimulatedChannel>(*this, end, epoch);
  SimulatedChannel::join(*ports_[port].channel, *other(port).channel);
  ports_[port].session.on_connected(epoch);
  flush(port);
}

Time World::delay(const SimulatedChannel& to) {
  const std::uint64_t dice = random_.next();
  Time time = options_.latency_ns + static_cast<Time>(dice & 0x3fff);
  if ((dice >> 50) % options_.late_one_in == 0) time += static_cast<Time>(dice >> 26 & 0xfffff);
  return ports_[to.place()].slow_until > now_ ? 100 * time : time;
}

void World::on_arrival(Index port, std::uint64_t epoch) {
  Port& here = ports_[port];
  Resident& host = residents_[here.resident];
  if (host.life != Life::alive || here.channel == nullptr || here.channel->epoch() != epoch) return;
  if (here.late_until > now_) return push(here.late_until, EventKind::arrival, port, epoch);
  net::Frame frame;
  if (!here.channel->take_arrival(frame)) {
    if (here.channel->take_end()) here.session.on_broken(epoch);
    return;
  }
  if (here.session.epoch() < epoch) here.session.on_connected(epoch);
  const net::Session::Arrival what = here.session.on_frame(epoch, frame, now_);
  if (what == net::Session::Arrival::message) {
    const ProcessId from = owner(port ^ 1).id;
    trace_.add(now_, "message",
               {from.node, from.n, host.id.node, host.id.n, static_cast<std::int64_t>(frame.message.index()),
                static_cast<std::int64_t>(frame.header.sequence)});
    if (trace_.has_text()) trace_.note(wire::to_string(frame.message));
    ++messages_;
    if (host.options.may_be_killed) last_active_ = here.resident;
    be_on_time(here.resident);
    if (host.life != Life::alive) return;
    if (options_.observer != nullptr) options_.observer->on_heard(host.id, from, frame.message);
    host.process->on_message(from, std::move(frame.message));
    after_call(here.resident);
  } else if (what == net::Session::Arrival::violation && failure_.empty()) {
    failure_ = "a session refused a frame of " + to_string(owner(port ^ 1).id) + " at " + to_string(host.id);
  }
  flush(port);
}

void World::on_session_timer(Index port) {
  ports_[port].timer_at = 0;
  ports_[port].session.on_time(now_);
  flush(port);
}

void World::on_process_timer(Index index, Time set_for) {
  Resident& host = residents_[index];
  if (host.life != Life::alive || host.timer_at != set_for) return;
  host.timer_at = 0;
  be_on_time(index);
}

/// Has the process do, and say, what is due: before a message, too, so that it is in this order for who observes it.
void World::be_on_time(Index index) {
  Process& process = *residents_[index].process;
  if (const auto next = process.next_time(); next && *next <= now_) process.on_time(now_);
  after_call(index);
}

/// What the process wants sent goes into its sessions, and from there onto channels.
void World::after_call(Index index) {
  if (residents_[index].life != Life::alive) return;
  residents_[index].process->take_messages(envelopes_);
  if (!envelopes_.empty() && residents_[index].options.may_be_killed) last_active_ = index;
  touched_.clear();
  for (wire::Envelope& envelope : envelopes_) {
    if (options_.observer != nullptr) options_.observer->on_said(residents_[index].id, envelope);
    const Index to = port(index, envelope.peer);
    ports_[to].session.send(std::move(envelope.message));
    if (touched_.empty() || touched_.back() != to) touched_.push_back(to);
  }
  for (const Index touched : touched_) flush(touched);
  Resident& host = residents_[index];
  const std::optional<Time> next = host.process->next_time();
  if (next && (host.timer_at == 0 || *next < host.timer_at)) {
    host.timer_at = std::max<Time>({*next, now_, 1});
    push(host.timer_at, EventKind::process_timer, index, static_cast<std::uint64_t>(host.timer_at));
  }
}

void World::flush(Index port) {
  Port& here = ports_[port];
  if (here.session.has_frames()) {
    frames_.clear();
    here.session.take_frames(frames_);
    // An end that has not learned of the new channel writes to the old one, in vain.
    if (here.channel != nullptr && here.channel->epoch() == here.session.epoch()) here.channel->send(frames_);
  }
  arm(port);
}

void World::arm(Index port) {
  Port& here = ports_[port];
  const std::optional<Time> next = here.session.next_time();
  if (!next || here.timer_at != 0) return;
  here.timer_at = std::max<Time>({*next, now_, 1});
  push(here.timer_at, EventKind::session_timer, port);
}

void World::kill(ProcessId id, const std::string& cause) {
  const Index index = resident(id);
  Resident& dead = residents_[index];
  if (dead.life != Life::alive) return;
  trace_.add(now_, "kill", {id.node, id.n});
  dead.life = Life::dead;
  dead.cause = cause;
  graves_.push_back(std::move(dead.process));
  bury(index);
  if (dead.options.on_killed) later(random_.between(1, options_.announce_ns_max), std::move(dead.options.on_killed));
}

/// Some of what it sent last is lost; the rest arrives, at times late, if it arrives before the announcement.
void World::bury(Index index) {
  for (const Index port : residents_[index].ports) {
    ports_[port].session.on_peer_died();
    Port& peer = other(port);
    if (peer.resident == index) continue;
    if (peer.channel != nullptr) {
      const auto under_way = static_cast<std::int64_t>(peer.channel->under_way());
      if (random_.chance(50)) {
        tally_.frames_lost += peer.channel->lose_behind(static_cast<std::size_t>(random_.between(0, under_way)));
      }
      if (peer.channel->under_way() > 0 && random_.chance(50)) {
        peer.late_until = now_ + random_.between(1, options_.announce_ns_max);
      }
    }
    announce(port ^ 1);
  }
}

/// Tells the owner of this end, a while from now, that the other end's is dead. A daemon may know at once, and pass it on
/// before the last words of the dead arrive.
void World::announce(Index port) {
  const ProcessId dead = owner(port ^ 1).id;
  const bool is_daemon = owner(port).id == ProcessId{dead.node, 0};
  const Time delay = is_daemon && random_.chance(50) ? 1 : random_.between(1, options_.announce_ns_max);
  push(std::max(now_, ports_[port].late_until) + delay, EventKind::death, port);
}

/// The owner of this end is told that the other end's is dead.
void World::on_death(Index port) {
  Port& here = ports_[port];
  Resident& host = residents_[here.resident];
  if (host.life != Life::alive) return;
  here.session.on_peer_died();
  if (here.channel != nullptr) here.channel->lose_behind(0);
  const Resident& dead = owner(port ^ 1);
  trace_.add(now_, "death", {dead.id.node, dead.id.n, host.id.node, host.id.n});
  be_on_time(here.resident);
  if (host.life != Life::alive) return;
  if (options_.observer != nullptr) options_.observer->on_told_of_death(host.id, dead.id);
  host.process->on_process_died(dead.id, dead.cause);
  after_call(here.resident);
}

}  // namespace shoal::sim
