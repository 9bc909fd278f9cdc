#include "owner/leases.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "owner/stream.h"

namespace shoal::owner {
namespace {

/// What took longer or shorter than before counts for a quarter.
std::int64_t smoothed(std::int64_t before, std::int64_t now) { return before < 0 ? now : (3 * before + now) / 4; }

/// A number that only tells how much: the daemon need not hear of each change of a large one.
bool is_news(std::uint32_t known, std::uint32_t now) {
  constexpr std::uint32_t k_few = 16;
  if (known < k_few || now < k_few) return known != now;
  return now >= 2 * known || 2 * now <= known;
}

bool is_pending(const Object& object) { return object.phase.load(std::memory_order_relaxed) == Object::Phase::pending; }

}  // namespace

wire::PushTask attempt_of(const Task& task) {
  wire::PushTask push;
  push.task = task.id;
  push.attempt = task.attempt;
  push.task_template = task.of->id;
  push.arguments = task.arguments;
  push.resolved = values_of(task.resolve);
  push.age = task.age;
  for (std::uint32_t i = 0; i < task.resolve.size() && task.missing > 0; ++i) {
    const Object& argument = *task.resolve[i];
    if (!is_pending(argument)) continue;
    push.following.push_back({i, argument.maker->id.n, argument.maker->attempt, argument.id.index});
  }
  if (task.lease != nullptr) {
    push.lease = task.lease->id;
    push.gpus = task.lease->gpus;
  }
  return push;
}

Kind& Leases::kind_of(const wire::TaskTemplate& what) {
  for (const auto& kind : kinds_) {
    if (kind->resources == what.resources && kind->strategy == what.strategy && kind->priority == what.priority &&
        kind->apart == what.apart) {
      return *kind;
    }
  }
  auto kind = std::make_unique<Kind>();
  kind->id = static_cast<std::uint32_t>(kinds_.size());
  kind->resources = what.resources;
  kind->strategy = what.strategy;
  kind->priority = what.priority;
  kind->apart = what.apart;
  kinds_.push_back(std::move(kind));
  return *kinds_.back();
}

Template& Leases::intern(const std::shared_ptr<const wire::TaskTemplate>& what) {
  if (last_ != nullptr && last_->what == what) return *last_;
  Template*& interned = interned_[what.get()];
  if (interned == nullptr) {
    templates_.push_back(std::make_unique<Template>(
        Template{.what = what, .id = static_cast<std::uint32_t>(templates_.size()), .kind = &kind_of(*what)}));
    interned = templates_.back().get();
  }
  last_ = interned;
  return *interned;
}

void Leases::touch(Kind& kind) {
  if (std::exchange(kind.touched, true)) return;
  touched_.push_back(&kind);
}

void Leases::enqueue(Task& task) {
  task.state = Task::State::ready;
  task.of->kind->ready.push_back(task);
  ++fresh_;
  touch(*task.of->kind);
}

void Leases::enqueue_first(Task& task) {
  task.state = Task::State::ready;
  task.of->kind->ready.push_front(task);
  ++fresh_;
  touch(*task.of->kind);
}

void Leases::consider(const Task& task) {
  const auto pending = std::ranges::find_if(task.resolve, [](const Object* each) { return is_pending(*each); });
  if (pending == task.resolve.end() || (*pending)->maker == nullptr) return;
  const Lease* const lease = (*pending)->maker->lease;
  if (lease == nullptr || lease->pushed.last() != (*pending)->maker) return;
  ++fresh_;
  touch(*lease->kind);
}

void Leases::follows_no_more(Task& task) {
  if (!std::exchange(task.follows, false)) return;
  --task.of->kind->following;
  touch(*task.of->kind);
}

void Leases::withdraw(Task& task) {
  assert(task.state == Task::State::ready);
  task.of->kind->ready.remove(task);
  touch(*task.of->kind);
}

// --- From the queue to workers.

void Leases::dispatch() {
  fresh_ = 0;
  for (Kind* const kind : touched_) {
    kind->touched = false;
    dispatch(*kind);
  }
  touched_.clear();
}

/// How many more tasks like that the worker may be sent. One that must not run twice is never sent
/// behind another: whether it had started could not be told, should the worker die.
std::size_t Leases::room(const Lease& lease, const Task& next) const {
  if (lease.recalled || lease.waits || lease.here != nullptr) return 0;
  std::size_t window = 1;
  const Template& of = *next.of;
  if (of.run_ns >= 0 && of.what->retries != 0 && !lease.kind->apart && !next.was_lost) {
    const Time fit = k_window_ns / std::max<std::int64_t>(of.run_ns, 1);
    window = static_cast<std::size_t>(std::clamp<Time>(fit, 1, k_window_max));
  }
  return window - std::min(window, lease.pushed.size());
}

void Leases::dispatch(Kind& kind) {
  for (std::size_t full = 0; !kind.ready.empty() && full < kind.leases.size();) {
    kind.next_lease = (kind.next_lease + 1) % kind.leases.size();
    Lease& lease = *kind.leases[kind.next_lease];
    const std::size_t share = std::max<std::size_t>(1, kind.ready.size() / kind.leases.size());
    const std::size_t count = std::min(share, room(lease, *kind.ready.first()));
    full = count == 0 ? full + 1 : 0;
    for (std::size_t i = 0; i < count && !kind.ready.empty(); ++i) {
      Task& next = *kind.ready.first();
      if (i > 0 && room(lease, next) == 0) break;
      kind.ready.remove(next);
      push(lease, next);
      push_followers(lease, next);
    }
  }
  for (Lease* const lease : kind.leases) {
    if (!lease->pushed.empty()) push_followers(*lease, *lease->pushed.last());
  }
  state_demand(kind);
}

void Leases::introduce(Template& what, ProcessId worker) {
  const auto place = std::lower_bound(what.known_to.begin(), what.known_to.end(), worker);
  if (place != what.known_to.end() && *place == worker) return;
  what.known_to.insert(place, worker);
  out_.send(worker, wire::DefineTemplate{what.id, what.what});
}

void Leases::push(Lease& lease, Task& task) {
  Template& of = *task.of;
  introduce(of, lease.worker);
  task.state = Task::State::pushed;
  task.lease = &lease;
  task.worker = lease.worker;
  wire::PushTask attempt = attempt_of(task);
  if (task.stream != nullptr) task.stream->begin(attempt);
  out_.send(lease.worker, std::move(attempt));
  if (lease.pushed.empty()) {
    lease.first_since = now_;
  } else if (!look_at_stuck_) {
    look_at_stuck_ = now_ + k_stuck_ns;
  }
  lease.pushed.push_back(task);
  ++of.kind->pushed;
  if (task.missing == 0) return;
  task.follows = true;
  ++of.kind->following;
}

/// Whether all that it waits for is made by tasks that the worker was sent before.
bool Leases::can_follow(const Task& task, const Lease& lease) const {
  if (task.state != Task::State::blocked || task.actor != nullptr || task.of->kind != lease.kind) return false;
  return std::ranges::all_of(task.resolve, [&](const Object* argument) {
    const Task* const maker = argument->maker;
    if (!is_pending(*argument)) return argument->failure == nullptr;
    return maker != nullptr && maker->lease == &lease && lease.here != maker && !maker->cancelled &&
           maker->stream == nullptr;
  });
}

/// Sends along what waits for results of the task, and what waits for results of that, as long as the worker has room. So
/// a chain runs at the worker's speed and not at that of the way there and back.
void Leases::push_followers(Lease& lease, Task& maker) {
  for (Task *made_by = &maker, *last = nullptr; made_by != nullptr; made_by = std::exchange(last, nullptr)) {
    for (const Object* result = made_by->results; result != nullptr; result = result->next_result) {
      if (result->interest == nullptr) continue;
      for (Need* const need : result->interest->needed_by) {
        if (need->whose != Need::Whose::task) continue;
        auto& task = static_cast<Task&>(*need);
        if (!can_follow(task, lease)) continue;
        if (room(lease, task) == 0) return;
        push(lease, task);
        last = &task;
      }
    }
  }
}

Lease* Leases::lend(Task& task) {
  for (Lease* const lease : task.of->kind->leases) {
    if (!lease->is_idle() || lease->recalled) continue;
    lease->here = &task;
    task.lease = lease;
    return lease;
  }
  return nullptr;
}

void Leases::take_back_lent(Time now) {
  std::vector<Lease*> lent;
  for (const auto& [id, lease] : leases_) {
    wire::Resources beside = lease->kind->resources;
    beside.cpu = 0;
    if (lease->here != nullptr && beside == wire::Resources()) lent.push_back(lease.get());
  }
  for (Lease* const lease : lent) {
    std::exchange(lease->here, nullptr)->lease = nullptr;
    touch(*lease->kind);
    rest(*lease, now);
  }
}

void Leases::ended(Task& task, std::int64_t run_ns, Time now) {
  Kind& kind = *task.of->kind;
  if (run_ns >= 0) {
    task.of->run_ns = smoothed(task.of->run_ns, run_ns);
    kind.run_ns = smoothed(kind.run_ns, run_ns);
  }
  touch(kind);
  follows_no_more(task);
  Lease* const lease = std::exchange(task.lease, nullptr);
  if (lease == nullptr) return;
  if (lease->here == &task) {
    lease->here = nullptr;
  } else {
    lease->pushed.remove(task);
    lease->first_since = now;
    --kind.pushed;
  }
  if (!lease->is_idle()) return;
  lease->waits = false;
  rest(*lease, now);
  if (kind.ready.empty()) share_anew(kind);
}

/// Takes back half of what the fullest worker has not started, for one that has nothing to do.
void Leases::share_anew(Kind& kind) {
  Lease* fullest = nullptr;
  for (Lease* const lease : kind.leases) {
    if (!lease->has_returning && (fullest == nullptr || lease->pushed.size() > fullest->pushed.size())) fullest = lease;
  }
  if (fullest == nullptr || fullest->pushed.size() < 2) return;
  std::size_t waiting = fullest->pushed.size() - 1;
  if (kind.run_ns >= 0 && static_cast<Time>(waiting) * kind.run_ns < k_worth_ns) return;
  if (kind.following > 0) {  // no other worker could run those
    waiting = 0;
    for (const Task* task = fullest->pushed.first()->next; task != nullptr; task = task->next)
      waiting += task->follows ? 0 : 1;
    if (waiting == 0) return;
  }
  wire::RecallTasks recall;
  for (Task* task = fullest->pushed.last(); recall.tasks.size() < (waiting + 1) / 2; task = task->previous) {
    if (!task->follows) recall.tasks.push_back(task->id);
  }
  fullest->has_returning = true;
  out_.send(fullest->worker, std::move(recall));
}

void Leases::on_returned(ProcessId worker, bool waits) {
  const auto found = by_worker_.find(worker);
  if (found == by_worker_.end()) return;
  Lease& lease = *found->second;
  lease.has_returning = false;
  lease.waits = lease.waits || waits;
  touch(*lease.kind);  // what it does not serve any more needs another worker, whether something came back or not
}

// --- Workers come and go.

void Leases::state_demand(Kind& kind) {
  std::size_t busy = 0;
  bool served = false;  // by a worker that goes on
  for (const Lease* const lease : kind.leases) {
    busy += lease->pushed.empty() ? 0 : 1;
    served = served || (!lease->waits && !lease->recalled && lease->here == nullptr);
  }
  const std::size_t waiting = kind.ready.size() + kind.pushed - std::min(kind.pushed, kind.following + busy);
  std::size_t wanted = waiting;
  if (kind.run_ns >= 0 && !kind.apart) {
    const auto worth = static_cast<std::size_t>(static_cast<Time>(waiting) * kind.run_ns / k_worth_ns);
    wanted = std::min(waiting, worth + (served ? 0 : 1));
  }
  const auto now = static_cast<std::uint32_t>(std::min<std::size_t>(wanted, k_wanted_max));
  if (!is_news(kind.wanted, now)) return;
  kind.wanted = now;
  out_.send(node_, wire::LeaseDemand{.kind = kind.id,
                                     .resources = kind.resources,
                                     .strategy = kind.strategy,
                                     .priority = kind.priority,
                                     .wanted = now});
}

void Leases::on(const wire::LeaseGrant& grant, Time now) {
  Kind& kind = *kinds_.at(grant.kind);
  auto made = std::make_unique<Lease>();
  Lease& lease = *made;
  lease.id = grant.lease;
  lease.worker = grant.worker;
  lease.kind = &kind;
  lease.gpus = grant.gpus;
  leases_.emplace(grant.lease, std::move(made));
  by_worker_[grant.worker] = &lease;
  kind.leases.push_back(&lease);
  if (kind.wanted > 0) --kind.wanted;
  touch(kind);
  rest(lease, now);
  if (kind.ready.empty()) share_anew(kind);
}

std::vector<Task*> Leases::on(const wire::LeaseRefused& refused) {
  Kind& kind = *kinds_.at(refused.kind);
  kind.wanted = 0;
  std::vector<Task*> tasks;
  for (Task* task = kind.ready.first(); task != nullptr; task = task->next) tasks.push_back(task);
  return tasks;
}

void Leases::on(const wire::LeaseRecall& recall) {
  const auto found = leases_.find(recall.lease);
  if (found == leases_.end()) return;
  found->second->recalled = true;
  touch(*found->second->kind);
  if (found->second->is_idle()) give_back(*found->second);
}

void Leases::rest(Lease& lease, Time now) {
  if (lease.recalled) return give_back(lease);
  lease.idle_since = now;
  if (!look_at_idle_) look_at_idle_ = now + k_linger_ns;
}

void Leases::give_back(Lease& lease) {
  out_.send(node_, wire::LeaseReturn{lease.id});
  drop(lease);
}

void Leases::drop(Lease& lease) {
  std::erase(lease.kind->leases, &lease);
  if (const auto found = by_worker_.find(lease.worker); found->second == &lease) by_worker_.erase(found);
  leases_.erase(lease.id);
}

std::optional<ProcessId> Leases::worker_of(std::uint64_t lease) const {
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return std::nullopt;
  return found->second->worker;
}

std::vector<Leases::Lost> Leases::on_worker_died(ProcessId worker) {
  std::vector<Lost> lost;
  for (const auto& known : templates_) std::erase(known->known_to, worker);
  const auto found = by_worker_.find(worker);
  if (found == by_worker_.end()) return lost;
  Lease& lease = *found->second;
  Kind& kind = *lease.kind;
  if (lease.here != nullptr) lease.here->lease = nullptr;  // it runs here and goes on
  while (Task* const task = lease.pushed.first()) {
    lost.push_back({task, lost.empty()});
    follows_no_more(*task);
    lease.pushed.remove(*task);
    task->lease = nullptr;
    task->was_lost = true;
    --kind.pushed;
  }
  touch(kind);
  drop(lease);
  return lost;
}

/// Asks back what waits behind a task that takes long, however short those before it were.
void Leases::free_the_stuck(Time now) {
  if (!look_at_stuck_ || now < *look_at_stuck_) return;
  look_at_stuck_.reset();
  for (const auto& [id, lease] : leases_) {
    if (lease->pushed.size() < 2 || lease->waits) continue;
    const Time end = lease->first_since + k_stuck_ns;
    if (end > now) {
      look_at_stuck_ = std::min(look_at_stuck_.value_or(end), end);
      continue;
    }
    lease->waits = lease->has_returning = true;
    Task* const first = lease->pushed.first();
    first->of->run_ns = std::max(first->of->run_ns, now - lease->first_since);
    lease->kind->run_ns = std::max(lease->kind->run_ns, now - lease->first_since);
    wire::RecallTasks recall;
    for (const Task* task = first->next; task != nullptr; task = task->next) recall.tasks.push_back(task->id);
    out_.send(lease->worker, std::move(recall));
  }
}

void Leases::on_time(Time now) {
  now_ = now;
  free_the_stuck(now);
  if (!look_at_idle_ || now < *look_at_idle_) return;
  look_at_idle_.reset();
  std::vector<Lease*> over;
  for (const auto& [id, lease] : leases_) {
    if (!lease->is_idle()) continue;
    const Time end = lease->idle_since + k_linger_ns;
    if (end <= now) {
      over.push_back(lease.get());
    } else {
      look_at_idle_ = std::min(look_at_idle_.value_or(end), end);
    }
  }
  for (Lease* const lease : over) give_back(*lease);
}

std::optional<Time> Leases::next_time() const {
  if (!look_at_idle_ || !look_at_stuck_) return look_at_idle_ ? look_at_idle_ : look_at_stuck_;
  return std::min(*look_at_idle_, *look_at_stuck_);
}

void Leases::add_workers(std::set<ProcessId>& workers) const {
  for (const auto& [worker, lease] : by_worker_) workers.insert(worker);
}

}  // namespace shoal::owner
