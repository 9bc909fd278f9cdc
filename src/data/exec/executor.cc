#include "data/exec/executor.h"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "data/exec/limits.h"
#include "data/exec/sizing.h"

namespace shoal::data {

Executor::Executor(PhysicalPlan plan)
    : plan_(std::move(plan)),
      ledger_(plan_.memory_budget, memory_reserves(plan_)),
      slots_(slots_shape(plan_)),
      source_end_(plan_.source_splits) {
  for (std::uint32_t i = 0; i < plan_.operators.size(); ++i) {
    ops_.push_back(std::make_unique<OperatorState>(plan_, i));
  }
}

void Executor::start(TimeNs now) {
  started_at_ = now;
  for (auto& each : ops_) each->waits.start(now);
  std::size_t first = 0;  // the first operator whose output is wanted at all
  for (std::size_t i = 0; i < ops_.size(); ++i) {
    if (op(i).window.satisfied()) first = i + 1;
  }
  if (first > 0) close_through(first - 1, false);
  check_complete(first, now);
  for (auto& each : ops_) {
    while (each->pool && !each->complete && each->pool->size() < each->pool->min()) add_actor(*each, 0);
  }
  dirty_ = true;
}

void Executor::on_event(EngineEvent event, TimeNs now) {
  if (auto* item = std::get_if<Item>(&event)) handle(*item, now);
  if (auto* done = std::get_if<Done>(&event)) handle(*done, now);
  if (auto* failed = std::get_if<Failed>(&event)) handle(*failed, now);
  if (auto* up = std::get_if<ActorUp>(&event)) handle(*up, now);
  if (auto* down = std::get_if<ActorDown>(&event)) handle(*down, now);
  dirty_ = true;
}

void Executor::on_demand(TimeNs now) {
  ++demand_;
  deliver(now);
  dirty_ = true;
}

void Executor::on_released(std::int64_t bytes, TimeNs /*now*/) {
  ledger_.give(ops_.size() - 1, bytes);
  leased_bytes_ -= bytes;
  dirty_ = true;
}

void Executor::take_actions(Actions& into, TimeNs now) {
  if (dirty_ && !finished_) admit(now);
  dirty_ = false;
  into.clear();
  std::swap(into, actions_);
}

bool Executor::drained() const {
  if (fragments_.size() > 0) return false;
  for (const auto& each : ops_) {
    if (each->pool && each->pool->size() > 0) return false;
  }
  return finished_;
}

std::optional<TimeNs> Executor::next_timer() const {
  std::optional<TimeNs> first;
  for (const auto& each : ops_) {
    if (!each->pool || each->complete) continue;
    const auto since = each->pool->idle_since();
    if (since && (!first || *since + k_actor_idle_ns < *first)) first = *since + k_actor_idle_ns;
  }
  return first;
}

void Executor::on_timer(TimeNs now) {
  for (auto& each : ops_) {
    if (!each->pool || each->complete) continue;
    while (const auto actor = each->pool->shrink(now - k_actor_idle_ns)) { end_actor(*each, *actor); }
  }
  dirty_ = true;
}

void Executor::handle(const Item& event, TimeNs now) {
  Fragment* fragment = fragments_.find(event.fragment);
  if (fragment == nullptr || fragment->state == FragmentState::closing) {
    if (fragment != nullptr) end_grant(op(fragment->op), *fragment);
    actions_.push_back(DropBlock{event.block.id});
    return;
  }
  OperatorState& from = op(fragment->op);
  assert(fragment->granted);
  end_grant(from, *fragment);
  ledger_.take(from.index, event.block.bytes);
  fragment->credit -= event.block.bytes;
  ++fragment->items;
  fragment->state = FragmentState::parked;
  from.ready.push(*fragment);
  ++from.report.blocks;
  from.report.rows += event.block.rows;
  from.report.bytes += event.block.bytes;
  from.report.block_rows.add(event.block.rows);
  from.report.block_bytes.add(event.block.bytes);
  from.order.push(fragment->ordinal, Block{event.block.id, 0, event.block.rows, event.block.bytes}, passing_);
  emit(from, now);
}

void Executor::handle(const Done& event, TimeNs now) {
  Fragment* fragment = fragments_.find(event.fragment);
  if (fragment == nullptr) return;
  OperatorState& from = op(fragment->op);
  const bool closing = fragment->state == FragmentState::closing;
  end_attempt(from, *fragment, false, event.stats, now);
  const std::int64_t ordinal = fragment->ordinal;
  remove(from, *fragment);
  if (closing) return;
  ++from.report.fragments_done;
  from.order.close(ordinal, passing_);
  emit(from, now);
  check_complete(from.index, now);
}

void Executor::handle(Failed& event, TimeNs now) {
  Fragment* fragment = fragments_.find(event.fragment);
  if (fragment == nullptr) return;
  OperatorState& from = op(fragment->op);
  const bool closing = fragment->state == FragmentState::closing;
  end_attempt(from, *fragment, true, event.stats, now);
  if (closing) {
    remove(from, *fragment);
    return;
  }
  if (try_again(from, *fragment, event)) return;
  const Status status = event.cause.with_context(
      fmt::format("{}, fragment {}{}", from.report.label, fragment->ordinal,
                  fragment->attempt == 0 ? "" : fmt::format(", after {} attempts", fragment->attempt + 1)));
  const std::int64_t ordinal = fragment->ordinal;
  remove(from, *fragment);
  if (!from.order.ordered()) return fail(status, now);
  end_output_at(from, ordinal, status, now);
}

void Executor::end_output_at(OperatorState& op, std::int64_t ordinal, const Status& status, TimeNs now) {
  // An error that is kept already is of a later fragment, or of an operator before: all others are cancelled.
  failure_ = status;
  close_behind(op, ordinal);
  op.order.close(ordinal, passing_);
  emit(op, now);
  check_complete(op.index, now);
}

bool Executor::try_again(OperatorState& op, Fragment& fragment, const Failed& event) {
  const bool allowed = event.system ? fragment.system_failures < k_system_retries
                                    : fragment.own_failures < op.spec.retries;
  if (!allowed) return false;
  ++(event.system ? fragment.system_failures : fragment.own_failures);
  ++fragment.attempt;
  ++op.report.retries;
  fragments_.rename(fragment);
  fragment.state = FragmentState::waiting;
  op.again.push(fragment);
  ++op.again_count;
  return true;
}

void Executor::handle(const ActorUp& event, TimeNs now) {
  OperatorState& of = op(ActorPool::op_of(event.actor));
  of.pool->on_up(event.actor, now);
}

void Executor::handle(ActorDown& event, TimeNs now) {
  OperatorState& of = op(ActorPool::op_of(event.actor));
  const std::optional<int> restarts = of.pool->on_down(event.actor);
  if (!restarts) return;
  slots_.give_actor_gpus(of.gpus, of.pool->size() >= of.pool->base());
  if (of.complete) return;
  const int allowed = event.cause.code() == ErrorCode::worker_died ? k_system_retries : of.spec.retries;
  if (*restarts < allowed) {
    ++of.report.retries;
    add_actor(of, *restarts + 1);
    return;
  }
  fail(event.cause.with_context(fmt::format("{}, starting a worker{}", of.report.label,
                                            *restarts == 0 ? "" : fmt::format(", after {} attempts", *restarts + 1))),
       now);
}

void Executor::end_grant(OperatorState& op, Fragment& fragment) {
  if (!fragment.granted) return;
  fragment.granted = false;
  --op.running;
  slots_.give_cpus(op.cpus);
  if (!op.pool) slots_.give_plain_gpus(op.gpus);
  ledger_.give(op.index, plan_.block_bytes);
}

void Executor::end_attempt(OperatorState& op, Fragment& fragment, bool failed, const FragmentStats& stats, TimeNs now) {
  end_grant(op, fragment);
  ledger_.give(op.index, op.working_bytes);
  if (fragment.state == FragmentState::submitted) --op.unstarted;
  op.report.bytes_read += stats.counters.bytes_read;
  op.report.requests += stats.counters.requests;
  if (!failed) op.report.quarantined_rows += stats.counters.quarantined_rows;  // another attempt counts them again
  if (fragment.started_at >= 0) {
    op.report.wall_ns.add(stats.wall_ns);
    op.report.cpu_ns.add(stats.cpu_ns);
    const bool cancelled = failed && fragment.state == FragmentState::closing;
    actions_.push_back(TraceFragment{{.op = op.index,
                                      .ordinal = fragment.ordinal,
                                      .attempt = fragment.attempt,
                                      .start_ns = fragment.started_at - started_at_,
                                      .end_ns = now - started_at_,
                                      .failed = failed && !cancelled,
                                      .cancelled = cancelled}});
  }
  if (!fragment.actor) return;
  if (op.pool->release(*fragment.actor, !failed, now) && op.complete) {
    op.pool->on_down(*fragment.actor);
    end_actor(op, *fragment.actor);
  }
  fragment.actor.reset();
}

void Executor::emit(OperatorState& from, TimeNs now) {
  for (Block& block : passing_) {
    const WindowCutter::Cut cut = from.complete ? WindowCutter::Cut{} : from.window.add(block.rows);
    if (cut.rows == 0) {
      free_block(from, block);
      continue;
    }
    block.offset = cut.offset;
    block.rows = cut.rows;
    from.queue.push_back(block);
    ++from.unfreed;
    if (from.window.satisfied()) {
      failure_ = Status();  // of a fragment that nobody needed
      close_through(from.index, true);
    }
  }
  passing_.clear();
  if (from.last) deliver(now);
  if (from.complete) check_complete(from.index + 1, now);
}

void Executor::deliver(TimeNs now) {
  OperatorState& last = *ops_.back();
  while (!finished_ && demand_ > 0 && !last.queue.empty()) {
    const Block block = last.queue.front();
    last.queue.pop_front();
    --last.unfreed;
    --demand_;
    leased_bytes_ += block.bytes;
    rows_delivered_ += block.rows;
    if (first_block_ns_ < 0) first_block_ns_ = now - started_at_;
    actions_.push_back(DeliverBlock{block});
  }
  if (last.complete && last.queue.empty()) finish(failure_, now);
}

RunReport Executor::report(TimeNs now) const {
  RunReport report;
  const TimeNs until = finished_ ? finished_at_ : now;
  for (const auto& each : ops_) {
    OperatorReport& line = report.operators.emplace_back(each->report);
    const bool all_known = each->index == 0 || ops_[each->index - 1]->complete;
    line.queued = inputs_waiting(*each);
    line.fragments_total = each->complete ? line.fragments_done : all_known ? each->next_ordinal + line.queued : -1;
    line.running = each->running;
    line.actors = each->pool ? each->pool->size() : 0;
    line.memory = ledger_.used(each->index);
    line.waits_for = each->waits.reason();
    line.waited_ns = each->waits.totals(until);
  }
  report.wall_ns = until - started_at_;
  report.first_block_ns = first_block_ns_;
  report.rows_delivered = rows_delivered_;
  report.cpus_used = from_slot_units(slots_.cpus_used());
  report.cpus_total = plan_.num_cpus;
  report.gpus_used = from_slot_units(slots_.gpus_used());
  report.gpus_total = plan_.num_gpus;
  report.memory_used = ledger_.used();
  report.memory_peak = ledger_.peak();
  report.memory_budget = plan_.memory_budget;
  report.finished = finished_;
  return report;
}

}  // namespace shoal::data
