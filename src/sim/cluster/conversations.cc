#include "sim/cluster/conversations.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace shoal::sim::cluster {

void Conversations::on_said(ProcessId from, const wire::Envelope& what) {
  std::visit(
      [&](const auto& message) {
        if constexpr (requires { said(from, what.peer, message); }) said(from, what.peer, message);
      },
      what.message);
}

void Conversations::on_heard(ProcessId process, ProcessId from, const wire::Message& what) {
  std::visit(
      [&](const auto& message) {
        if constexpr (requires { heard(process, from, message); }) heard(process, from, message);
      },
      what);
}

void Conversations::on_told_of_death(ProcessId process, ProcessId dead) {
  told_dead_.emplace(process, dead);
  lose(process, dead);
  for (auto at = borrows_.lower_bound({process, ObjectId{dead}});
       at != borrows_.end() && at->first.first == process && at->first.second.owner == dead; ++at) {
    at->second = Borrow::refused;
  }
  for (auto at = held_.lower_bound({process, 0}); at != held_.end() && at->first.first == process;) {
    at = at->second == dead ? held_.erase(at) : std::next(at);
  }
  if (process.n != 0) return;
  busy_.erase(dead);
  for (const auto& [lease, grant] : granted_) {
    if (lease.first == process && grant.holder == dead) doomed_.insert(grant.worker);
  }
}

void Conversations::broken(ProcessId by, const std::string& what) {
  if (fault_.empty()) fault_ = to_string(by) + " " + what;
}

// --- Tasks.

std::uint32_t Conversations::next_attempt(const TaskId& task) const {
  const auto found = next_attempt_.find(task);
  return found == next_attempt_.end() ? 0 : found->second;
}

void Conversations::said(ProcessId from, ProcessId, const wire::DefineTemplate& define) {
  if (!define.what->retry_on.empty()) retried_.emplace(from, define.id);
}

void Conversations::said(ProcessId from, ProcessId to, const wire::PushTask& push) {
  const auto held = held_.find({from, push.lease});
  if (held == held_.end() || held->second != to) broken(from, "pushes to a worker that is not leased to it");
  const std::uint32_t expected = next_attempt(push.task);
  // Nobody else hears of an exception in what the owner ran in its own place.
  const bool may_be_later = retried_.contains({from, push.task_template});
  if (push.attempt < expected || (push.attempt > expected && !may_be_later)) {
    broken(from, "counts the attempts of " + to_string(push.task) + " wrong");
  }
  pushed_[{from, to}].push_back({push.task, push.attempt});
}

void Conversations::heard(ProcessId process, ProcessId, const wire::PushTask& push) {
  for (const ObjectId& id : push.arguments.refs()) came_otherwise_.emplace(process, id);
  for (const Payload& value : push.resolved) {
    for (const ObjectId& id : value.refs()) came_otherwise_.emplace(process, id);
  }
  giving_[{process, push.task}] = {.first_credit = push.credit, .credit = push.credit};
  if (!open_.emplace(Attempt{process, push.task}, push.attempt).second) {
    broken(push.task.owner, "pushed " + to_string(push.task) + " to one worker twice");
  }
}

void Conversations::end(ProcessId worker, const TaskId& task, std::uint32_t attempt, bool retains) {
  const auto found = open_.find({worker, task});
  if (found == open_.end() || found->second != attempt) {
    broken(worker, "ended an attempt of " + to_string(task) + " that it does not have");
  } else {
    open_.erase(found);
  }
  if (retains) ++retaining_[{worker, task}];
}

void Conversations::said(ProcessId from, ProcessId, const wire::TaskDone& done) {
  end(from, done.task, done.attempt, done.retains);
}

void Conversations::said(ProcessId from, ProcessId, const wire::TaskFailed& failed) {
  end(from, failed.task, failed.attempt, failed.retains);
}

void Conversations::said(ProcessId from, ProcessId, const wire::ReturnTasks& back) {
  for (const TaskId& task : back.tasks) {
    if (open_.erase({from, task}) == 0) broken(from, "returned " + to_string(task) + ", which it does not have");
  }
}

void Conversations::heard(ProcessId process, ProcessId from, const wire::TaskDone& done) {
  if (!ended(process, from, done.task, false)) return;
  std::vector<ObjectId> refs(done.result.refs().begin(), done.result.refs().end());
  for (const Payload& more : done.more) refs.insert(refs.end(), more.refs().begin(), more.refs().end());
  for (const ObjectId& id : refs) came_otherwise_.emplace(process, id);
  if (!refs.empty()) results_[{process, done.task}] = {from, std::move(refs)};
}

bool Conversations::ended(ProcessId owner, ProcessId worker, const TaskId& task, bool again) {
  std::vector<Pushed>& pushed = pushed_[{owner, worker}];
  const auto found = std::ranges::find(pushed, task, &Pushed::task);
  if (found == pushed.end()) return false;
  if (again) next_attempt_[task] = found->attempt + 1;
  pushed.erase(found);
  return true;
}

void Conversations::lose(ProcessId owner, ProcessId worker) {
  const auto lost = pushed_.extract({owner, worker});
  if (lost.empty()) return;
  std::uint32_t used = 1;
  for (const Pushed& each : lost.mapped()) next_attempt_[each.task] = each.attempt + std::exchange(used, 0);
}

void Conversations::heard(ProcessId process, ProcessId from, const wire::ReturnTasks& back) {
  std::vector<Pushed>& pushed = pushed_[{process, from}];
  for (const TaskId& task : back.tasks) {
    const auto found = std::ranges::find(pushed, task, &Pushed::task);
    if (found == pushed.end()) continue;  // it comes too late
    next_attempt_[task] = found->attempt;
    pushed.erase(found);
  }
}

void Conversations::said(ProcessId from, ProcessId, const wire::Retained& retained) {
  const auto found = retaining_.find({from, retained.task});
  if (found == retaining_.end()) return broken(from, "says twice what it retains, or retains nothing");
  if (--found->second == 0) retaining_.erase(found);
}

void Conversations::said(ProcessId from, ProcessId, const wire::ResultHeld& held) {
  const auto results = results_.find({from, held.task});
  if (results == results_.end()) return broken(from, "says twice that it holds results, or has none");
  holds(from, results->second.refs);
  results_.erase(results);
}

void Conversations::holds(ProcessId process, const std::vector<ObjectId>& ids) {
  for (const ObjectId& id : ids) {
    if (id.owner == process || told_dead_.contains({process, id.owner})) continue;
    const Borrow borrow = borrows_[{process, id}];
    if (borrow == Borrow::none || borrow == Borrow::adding) {
      broken(process, "says that it holds " + to_string(id) + " and is not registered for it");
    }
  }
}

// --- Streams.

void Conversations::said(ProcessId from, ProcessId, const wire::StreamItem& item) {
  Giving& giving = giving_[{from, item.task}];
  if (giving.sent >= giving.credit) broken(from, "gives more items of " + to_string(item.task) + " than it may");
  giving.sent += wire::cost_of(item.value);
}

void Conversations::heard(ProcessId process, ProcessId from, const wire::StreamItem& item) {
  item_bytes_[item.task] += wire::cost_of(item.value);
  if (item.value.refs().empty()) return;
  const auto refs = item.value.refs();
  items_[{from, item.task, item.attempt, item.index}].assign(refs.begin(), refs.end());
  for (const ObjectId& id : refs) came_otherwise_.emplace(process, id);
}

void Conversations::said(ProcessId from, ProcessId, const wire::CancelTask& cancel) {
  if (from == cancel.task.owner) cancelled_.insert(cancel.task);
}

void Conversations::said(ProcessId from, ProcessId, const wire::StreamCredit& credit) {
  const bool is_true = credit.taken_bytes <= item_bytes_[credit.task];
  if (!is_true) broken(from, "says that it took more items of " + to_string(credit.task) + " than it was given");
}

void Conversations::heard(ProcessId process, ProcessId, const wire::StreamCredit& credit) {
  Giving& giving = giving_[{process, credit.task}];
  giving.credit = giving.first_credit + credit.taken_bytes;
}

void Conversations::said(ProcessId from, ProcessId to, const wire::ItemHeld& held) {
  const auto item = items_.extract({to, held.task, held.attempt, held.index});
  if (item.empty()) return broken(from, "says twice that it holds an item of " + to_string(held.task));
  if (!cancelled_.contains(held.task)) holds(from, item.mapped());
}

// --- References.

void Conversations::said(ProcessId from, ProcessId to, const wire::BorrowAdd& add) {
  Borrow& borrow = borrows_[{from, add.object}];
  if (borrow == Borrow::adding || borrow == Borrow::registered) broken(from, "registers twice");
  if (to != add.object.owner) broken(from, "registers with another than the owner");
  borrow = Borrow::adding;
}

void Conversations::heard(ProcessId process, ProcessId, const wire::BorrowAdded& added) {
  Borrow& borrow = borrows_[{process, added.object}];
  if (borrow != Borrow::adding) broken(process, "is acknowledged what it did not say");
  borrow = added.known ? Borrow::registered : Borrow::refused;
}

void Conversations::said(ProcessId from, ProcessId to, const wire::BorrowDrop& drop) {
  if (told_dead_.contains({from, to})) return;
  Borrow& borrow = borrows_[{from, drop.object}];
  if (borrow != Borrow::registered) broken(from, "lets go of " + to_string(drop.object) + " and is not registered");
  borrow = Borrow::none;
  const auto contents = contents_.extract({from, drop.object});
  if (contents.empty()) return;
  for (const ObjectId& id : contents.mapped()) {
    std::set<ObjectId>& outers = found_in_[{from, id}];
    outers.erase(drop.object);
    if (outers.empty() && !came_otherwise_.contains({from, id}) && borrows_[{from, id}] == Borrow::adding) {
      broken(from, "lets go of the value in which it found " + to_string(id) + " before it is registered");
    }
  }
}

void Conversations::heard(ProcessId process, ProcessId, const wire::ValueIs& value) {
  for (const ObjectId& id : value.value.refs()) {
    contents_[{process, value.object}].push_back(id);
    found_in_[{process, id}].insert(value.object);
  }
}

void Conversations::said(ProcessId from, ProcessId, const wire::FetchValue& fetch) { ++fetches_[{from, fetch.object}]; }

void Conversations::answer(ProcessId asked_by, ProcessId from, const ObjectId& object) {
  const auto found = fetches_.find({asked_by, object});
  if (found == fetches_.end()) return broken(from, "answers what was not asked");
  if (--found->second == 0) fetches_.erase(found);
}

// --- Leases.

void Conversations::said(ProcessId from, ProcessId to, const wire::LeaseGrant& grant) {
  if (told_dead_.contains({from, grant.worker})) broken(from, "grants a worker of whose death it knows");
  if (doomed_.contains(grant.worker)) broken(from, "grants a worker that may run what a dead owner sent");
  if (!busy_.emplace(grant.worker, grant.lease).second) broken(from, "grants a worker twice");
  if (!granted_.emplace(std::pair(from, grant.lease), Grant{to, grant.worker}).second)
    broken(from, "grants a lease twice");
}

void Conversations::heard(ProcessId process, ProcessId, const wire::LeaseGrant& grant) {
  held_[{process, grant.lease}] = grant.worker;
}

void Conversations::said(ProcessId from, ProcessId, const wire::LeaseReturn& back) {
  const auto held = held_.find({from, back.lease});
  if (held == held_.end()) return broken(from, "returns a lease that it does not hold");
  if (!pushed_[{from, held->second}].empty()) broken(from, "returns a worker that has something to do for it");
  held_.erase(held);
}

void Conversations::heard(ProcessId process, ProcessId from, const wire::LeaseReturn& back) {
  const auto found = granted_.find({process, back.lease});
  if (found == granted_.end() || found->second.holder != from) return;
  busy_.erase(found->second.worker);
  granted_.erase(found);
}

void Conversations::said(ProcessId from, ProcessId, const wire::LeaseLost& lost) {
  if (granted_.erase({from, lost.lease}) == 0) broken(from, "says twice that a lease is lost");
}

void Conversations::heard(ProcessId process, ProcessId, const wire::LeaseLost& lost) {
  const auto held = held_.extract({process, lost.lease});
  if (!held.empty()) lose(process, held.mapped());
}

void Conversations::said(ProcessId from, ProcessId, const wire::WorkerWaits& state) {
  const bool changed = state.waits ? waiting_.insert(from).second : waiting_.erase(from) > 0;
  if (!changed) broken(from, "says twice that it waits, or that it does not");
}

std::string Conversations::unfinished(const World& world) const {
  const auto both_live = [&](ProcessId one, ProcessId other) { return world.is_alive(one) && world.is_alive(other); };
  for (const auto& [attempt, number] : open_) {
    if (both_live(attempt.first, attempt.second.owner)) return "no end of " + to_string(attempt.second);
  }
  for (const auto& [attempt, results] : results_) {
    if (both_live(attempt.first, results.worker)) return "results of " + to_string(attempt.second) + " are not held";
  }
  for (const auto& [item, refs] : items_) {
    if (both_live(item.worker, item.task.owner)) return "an item of " + to_string(item.task) + " is not held";
  }
  for (const auto& [attempt, count] : retaining_) {
    if (both_live(attempt.first, attempt.second.owner)) return to_string(attempt.second) + " is retained for ever";
  }
  for (const auto& [lease, grant] : granted_) {
    if (both_live(lease.first, grant.holder)) return "no end of lease " + std::to_string(lease.second);
  }
  for (const auto& [reference, count] : fetches_) {
    if (both_live(reference.first, reference.second.owner)) return to_string(reference.second) + " is fetched in vain";
  }
  for (const auto& [reference, borrow] : borrows_) {
    const bool lasts = borrow == Borrow::adding || borrow == Borrow::registered;
    if (lasts && both_live(reference.first, reference.second.owner))
      return to_string(reference.second) + " is borrowed";
  }
  return {};
}

}  // namespace shoal::sim::cluster
