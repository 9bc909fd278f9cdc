#include "node/core.h"

#include <algorithm>
#include <cassert>
#include <type_traits>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "node/limits.h"
#include "node/recall.h"
#include "node/why.h"
#include "sched/placement.h"

namespace shoal::node {
namespace {

/// Those that this daemon takes; all others are none of its business.
template <class T>
constexpr bool k_taken = std::is_same_v<T, wire::LeaseDemand> || std::is_same_v<T, wire::LeaseReturn> ||
                         std::is_same_v<T, wire::WorkerWaits> || std::is_same_v<T, wire::StartActor> ||
                         std::is_same_v<T, wire::StopActor>;

LineKey line_of(ProcessId owner, std::uint32_t kind) { return {owner, false, kind}; }
LineKey line_of(const ActorId& actor) { return {actor.owner, true, actor.n}; }

Time start_delay(std::size_t failed) {
  return std::min(k_start_again_ns_max, k_start_again_ns_min << std::min<std::size_t>(failed - 1, 10));
}

}  // namespace

Core::Core(Options options)
    : options_(std::move(options)), leases_(options_.total), workers_(options_.node), hold_(options_.patience_ns) {
  reported_ = leases_.capacity().total();
  send(k_control, wire::RegisterNode{options_.node, options_.host, reported_, options_.labels});
}

void Core::on_message(ProcessId from, wire::Message message) {
  std::visit(
      [&](auto& what) {
        if constexpr (k_taken<std::decay_t<decltype(what)>>) on(from, std::move(what));
      },
      message);
  settle();
}

// --- Demands and leases.

std::optional<std::string> Core::refusal(const wire::Resources& resources, const wire::Strategy& strategy) const {
  if (auto text = sched::fault(resources)) return text;
  // With more machines the control service is asked here for one that can.
  const sched::NodeView here{options_.node, &leases_.capacity().total(), &leases_.capacity().available()};
  const sched::Placement placement = sched::place(resources, strategy, options_.node, {&here, 1});
  if (placement.outcome != sched::Placement::Outcome::infeasible) return std::nullopt;
  return placement.text;
}

void Core::on(ProcessId from, wire::LeaseDemand demand) {
  const LineKey key = line_of(from, demand.kind);
  const wire::Resources each = sched::normalised(std::move(demand.resources));
  const ProcessId job = workers_.job_of(from);
  const Line* line = leases_.find(key);
  std::optional<std::string> text;
  if (demand.wanted > 0) text = refusal(each, demand.strategy);
  if (!text && demand.wanted > 0 && line != nullptr && (line->each != each || line->priority != demand.priority)) {
    text = fmt::format("kind {} is in use for {}", demand.kind, sched::to_string(line->each));
  }
  if (text) {
    leases_.want(key, job, each, demand.priority, 0, now_);
    return send(from, wire::LeaseRefused{demand.kind, *std::move(text)});
  }
  leases_.want(key, job, each, demand.priority, demand.wanted, now_);
  recall_now_ = true;
}

void Core::on(ProcessId from, const wire::LeaseReturn& back) {
  const Lease* lease = leases_.find(back.lease);
  if (lease == nullptr || lease->line == nullptr || lease->worker == 0) return;
  if (lease->line->is_actor || lease->line->owner != from) return;
  const std::uint32_t worker = lease->worker;
  if (lease->allocation.resources.memory > 0) actions_.push_back(LimitMemory{{options_.node, worker}, 0});
  leases_.end(back.lease);
  workers_.set_idle(worker, now_);
}

void Core::on(ProcessId from, const wire::WorkerWaits& state) {
  const Workers::Worker* worker = from.node == options_.node ? workers_.find(from.n) : nullptr;
  // One that has nothing to lend speaks of a lease that has ended.
  if (worker != nullptr && worker->lease != 0) leases_.set_lent(worker->lease, state.waits);
}

// --- Actors: a lease for life.

void Core::on(ProcessId from, wire::StartActor start) {
  if (from != k_control || start.spec == nullptr) return;
  const LineKey key = line_of(start.actor);
  if (const Line* line = leases_.find(key); line != nullptr) {
    if (line->actor->incarnation >= start.incarnation) return;
    drop_actor(key);
  }
  const wire::TaskTemplate& constructor = start.spec->constructor;
  const wire::Resources each = sched::normalised(constructor.resources);
  if (auto text = refusal(each, {})) {
    return send(k_control, wire::ActorLost{start.actor, start.incarnation, *std::move(text)});
  }
  leases_.want(key, workers_.job_of(start.actor.owner), each, constructor.priority, 1, now_);
  leases_.set_actor(key, std::move(start));
  recall_now_ = true;
}

void Core::on(ProcessId from, const wire::StopActor& stop) {
  const LineKey key = line_of(stop.actor);
  const Line* line = leases_.find(key);
  if (from != k_control || line == nullptr || line->actor->incarnation != stop.incarnation) return;
  drop_actor(key);
}

void Core::drop_actor(const LineKey& key) {
  const wire::StartActor& actor = *leases_.find(key)->actor;
  wire::ActorLost lost{actor.actor, actor.incarnation, "it was stopped"};
  const std::vector<std::uint32_t> workers = leases_.forget(key);
  if (workers.empty()) return send(k_control, std::move(lost));
  stop_worker(workers.front());
  stopping_actors_.emplace(workers.front(), std::move(lost));
}

// --- Deaths.

void Core::on_process_died(ProcessId process, const std::string& cause, ErrorCode code) {
  drop_owner(process);
  if (process.node == options_.node) drop_worker(process.n, cause, code);
  if (workers_.job_of(process) == process) ended_jobs_.insert(process);
  settle();
}

void Core::drop_owner(ProcessId owner) {
  for (const LineKey& key : leases_.lines_of(owner)) drop_line(key);
}

/// Its workers may run code of whoever is gone: nobody else gets them.
void Core::drop_line(const LineKey& key) {
  for (const std::uint32_t n : leases_.forget(key)) stop_worker(n);
}

void Core::drop_worker(std::uint32_t n, const std::string& cause, ErrorCode code) {
  const Workers::Worker* worker = workers_.find(n);
  if (worker == nullptr) return;
  const std::uint64_t id = worker->lease;
  if (worker->phase == Workers::Phase::starting) {
    FailedStarts& failed = failed_starts_[worker->job];
    failed.again_at = now_ + start_delay(++failed.in_a_row);
    failed.cause = cause;
  }
  workers_.remove(n);
  if (id == 0) return;
  if (auto actor = stopping_actors_.extract(n)) send(k_control, std::move(actor.mapped()));
  if (const LineKey* key = leases_.find(id)->line; key != nullptr) {
    if (const auto& actor = leases_.find(*key)->actor) {
      send(k_control, wire::ActorLost{actor->actor, actor->incarnation, cause});
    } else {
      send(key->owner, wire::LeaseLost{id, cause, code});
    }
  }
  leases_.end(id);
}

// --- Workers.

const Workers::Worker* Core::find(ProcessId process, Workers::Phase phase) const {
  const Workers::Worker* worker = process.node == options_.node ? workers_.find(process.n) : nullptr;
  return worker != nullptr && worker->phase == phase ? worker : nullptr;
}

void Core::on_worker_started(ProcessId process) {
  const Workers::Worker* worker = find(process, Workers::Phase::starting);
  if (worker == nullptr) return;
  failed_starts_.erase(worker->job);
  workers_.set_idle(process.n, now_);
  settle();
}

void Core::on_worker_stays(ProcessId process) {
  const Workers::Worker* worker = find(process, Workers::Phase::stopping);
  if (worker == nullptr || worker->lease != 0) return;  // of those with a lease nobody is asked
  workers_.set_idle(process.n, now_);
  settle();
}

/// A worker that has demands of its own is no worker to itself.
void Core::hand_over() {
  const bool is_over = leases_.capacity().available().cpu < 0;
  wanted_workers_ = leases_.promised_to();
  for (auto at = leases_.promised().begin(); at != leases_.promised().end() && (workers_.idle() > 0 || is_over);) {
    const std::uint64_t id = *at++;
    const Lease& lease = *leases_.find(id);
    const LineKey& line = *lease.line;
    const ProcessId job = leases_.find(line)->job;
    if (leases_.capacity().is_over(lease.allocation.resources)) {
      --wanted_workers_[job];
      continue;
    }
    const bool is_local = !line.is_actor && line.owner.node == options_.node;
    if (const auto worker = workers_.take_idle(job, id, is_local ? line.owner.n : 0)) {
      --wanted_workers_[job];
      grant(id, *worker);
    }
  }
}

void Core::grant(std::uint64_t id, std::uint32_t n) {
  const ProcessId worker{options_.node, n};
  const Lease& lease = leases_.grant(id, n, now_);
  const std::int64_t memory = lease.allocation.resources.memory;
  if (memory > 0) actions_.push_back(LimitMemory{worker, memory});
  if (const auto& actor = leases_.find(*lease.line)->actor) {
    send(worker, wire::HostActor{actor->actor, actor->incarnation, actor->spec, lease.allocation.gpus});
    send(k_control, wire::ActorPlaced{actor->actor, actor->incarnation, worker});
  } else {
    const auto kind = static_cast<std::uint32_t>(lease.line->n);
    send(lease.line->owner, wire::LeaseGrant{kind, id, worker, lease.allocation.gpus});
  }
}

void Core::start_workers() {
  for (const auto& [job, wanted] : wanted_workers_) {
    const auto failed = failed_starts_.find(job);
    if (failed != failed_starts_.end() && now_ < failed->second.again_at) continue;
    while (workers_.starting(job) < wanted) {
      actions_.push_back(StartWorker{{options_.node, workers_.add(job)}, job});
    }
  }
}

/// Workers of a dead driver that nothing is left for go: what they own ends with the job.
void Core::end_jobs() {
  std::erase_if(ended_jobs_, [this](ProcessId job) {
    if (leases_.has_lines(job)) return false;
    bool is_left = false;
    for (const auto& [n, worker] : workers_.all()) {
      if (worker.job != job) continue;
      is_left = true;
      if (worker.phase == Workers::Phase::starting || worker.phase == Workers::Phase::idle) stop_worker(n);
    }
    if (!is_left) failed_starts_.erase(job);
    return !is_left;
  });
}

void Core::stop_worker(std::uint32_t n) {
  workers_.set_stopping(n);
  actions_.push_back(StopWorker{{options_.node, n}});
}

Time Core::idle_limit() const {
  const auto cpus = static_cast<std::size_t>(leases_.capacity().total().cpu / wire::k_one);
  return workers_.idle() > cpus ? std::min(options_.surplus_idle_ns, options_.idle_ns) : options_.idle_ns;
}

void Core::let_idle_leave() {
  while (workers_.idle() > options_.warm) {
    const auto [n, since] = *workers_.longest_idle();
    if (now_ - since < idle_limit()) return;
    workers_.set_stopping(n);
    actions_.push_back(RetireWorker{{options_.node, n}});
  }
}

// --- After each event.

void Core::settle() {
  while (leases_.promise_next(now_)) {}
  hand_over();
  start_workers();
  if (!ended_jobs_.empty()) end_jobs();
  recall();
  report_load();
}

void Core::recall() {
  if (leases_.waiting() == 0) {
    recall_at_.reset();
    recall_now_ = false;
    return;
  }
  const bool due = recall_at_ && *recall_at_ <= now_;
  if (due || !recall_at_) recall_at_ = now_ + options_.patience_ns;
  if (!std::exchange(recall_now_, false) || !leases_.anybody_content()) {
    if (!due) return;
  } else if (now_ < recall_again_at_ && !due) {
    recall_at_ = std::min(*recall_at_, recall_again_at_);
    return;
  }
  recall_again_at_ = now_ + options_.patience_ns / k_recalls_a_patience;
  for (const std::uint64_t id : choose_recalls(leases_, now_, options_.patience_ns)) {
    leases_.set_recalled(id);
    send(leases_.find(id)->line->owner, wire::LeaseRecall{id});
  }
}

void Core::report_load() {
  if (now_ < report_at_) return;
  wire::Resources available = sched::at_least_zero(leases_.capacity().available());
  if (available == reported_) return;
  reported_ = available;
  report_at_ = now_ + options_.load_ns;
  send(k_control, wire::NodeLoad{std::move(available)});
}

// --- Time, and what the shell takes.

void Core::on_time(Time now) {
  assert(now >= now_);
  now_ = now;
  let_idle_leave();
  const auto is_due = [now](std::optional<Time> at) { return at && *at <= now; };
  if (is_due(recall_at_)) leases_.adjust_workers();
  if (is_due(recall_at_) || is_due(hold_.next_time(leases_))) hold_.update(leases_, now);
  settle();
}

std::optional<Time> Core::next_time() const {
  std::optional<Time> first = recall_at_;
  const auto at = [&first](Time time) { first = first ? std::min(*first, time) : time; };
  if (const auto end = hold_.next_time(leases_)) at(*end);
  if (workers_.idle() > options_.warm) at(workers_.longest_idle()->second + idle_limit());
  for (const auto& [job, failed] : failed_starts_) {
    const auto wanted = wanted_workers_.find(job);
    if (wanted != wanted_workers_.end() && workers_.starting(job) < wanted->second) at(failed.again_at);
  }
  if (sched::at_least_zero(leases_.capacity().available()) != reported_) at(report_at_);
  return first;
}

void Core::take_messages(std::vector<wire::Envelope>& into) {
  into.clear();
  into.swap(messages_);
}

void Core::take_actions(Actions& into) {
  into.clear();
  into.swap(actions_);
}

std::vector<std::string> Core::why() const {
  std::vector<std::string> texts = why_waiting(leases_);
  for (const auto& [job, failed] : failed_starts_) {
    texts.push_back(
        fmt::format("workers of {} die as they start, {} in a row: {}", to_string(job), failed.in_a_row, failed.cause));
  }
  return texts;
}

Core::Holdings Core::holdings() const {
  return {leases_.lines().size(), leases_.leases().size(), workers_.size(), workers_.idle()};
}

}  // namespace shoal::node
