// The part of the executor that decides who runs: see the class comment.
#include <algorithm>
#include <utility>

#include "data/exec/executor.h"
#include "data/exec/limits.h"

namespace shoal::data {

void Executor::admit(TimeNs now) {
  Pass pass{.now = now};
  for (std::size_t i = ops_.size(); i-- > 0;) {
    OperatorState& each = op(i);
    each.waits.set(each.complete ? WaitReason::none : admit_operator(each, pass), now);
  }
}

WaitReason Executor::admit_operator(OperatorState& op, Pass& pass) {
  if (op.window.bounded()) {
    const std::int64_t wanted = op.window.fragments_wanted(op.report.fragments_done, op.report.rows);
    pass.blocks_wanted = std::min(pass.blocks_wanted, wanted);
  }
  while (true) {
    const WaitReason submitting = submit_ahead(op, pass);
    Fragment* oldest = op.ready.front(fragments_);
    if (oldest == nullptr) return submitting;
    const WaitReason granting = why_not_granted(op, *oldest, pass);
    if (granting != WaitReason::none) return granting;
    grant(op, *oldest, pass.now);
  }
}

bool Executor::has_input(const OperatorState& op) const { return inputs_waiting(op) > 0; }

std::int64_t Executor::inputs_waiting(const OperatorState& op) const {
  if (op.complete) return 0;
  if (op.index == 0) return source_end_ - op.next_ordinal;
  return static_cast<std::int64_t>(ops_[op.index - 1]->queue.size());
}

WaitReason Executor::submit_ahead(OperatorState& op, Pass& pass) {
  while (op.unstarted < k_submitted_ahead || op.again_count > 0) {
    const bool fresh = op.again_count == 0;
    if (fresh) {
      if (!has_input(op)) {
        const bool more = op.index > 0 && !ops_[op.index - 1]->complete;
        return more ? WaitReason::input : WaitReason::none;
      }
      // What is submitted begins to read, so it counts before it has credit.
      const std::int64_t waiting = op.window.bounded() ? 0 : op.unfreed + op.order.held();
      if (op.live + waiting >= pass.blocks_wanted) return WaitReason::output_budget;
      if (op.order.ordered() && op.next_ordinal - op.order.head() >= k_ahead_of_head_max) {
        return WaitReason::output_budget;
      }
    }
    if (op.pool) {
      if (const WaitReason reason = wait_for_actor(op); reason != WaitReason::none) return reason;
    }
    if (!fresh) {
      Fragment& next_attempt = *op.again.front(fragments_);
      op.again.pop();
      --op.again_count;
      submit(op, next_attempt);
      continue;
    }
    if (!is_exempt_submit(op) && (pass.memory_closed || !ledger_.fits(op.index, op.working_bytes))) {
      pass.memory_closed = true;
      return WaitReason::memory;
    }
    submit_new(op);
  }
  return WaitReason::none;
}

WaitReason Executor::wait_for_actor(OperatorState& op) {
  if (op.pool->idle() > 0) return WaitReason::none;
  const std::int64_t wanted = inputs_waiting(op) + op.again_count;
  while (op.pool->starting() < wanted && op.pool->size() < op.pool->max()) {
    const bool beyond = op.pool->size() >= op.pool->base();
    if (beyond && (op.pool->size() >= op.at_once || !slots_.growth_gpus_free(op.gpus))) break;
    add_actor(op, 0);
  }
  return WaitReason::slot;
}

void Executor::add_actor(OperatorState& op, int restarts) {
  slots_.take_actor_gpus(op.gpus, op.pool->size() >= op.pool->base());
  const ActorId actor = op.pool->add(restarts);
  actions_.push_back(CreateActor{actor, op.spec.pipeline});
}

void Executor::submit_new(OperatorState& op) {
  Fragment& fragment = fragments_.add(op.index, op.next_ordinal++);
  ++op.live;
  if (op.index > 0) {
    std::deque<Block>& inputs = ops_[op.index - 1]->queue;
    fragment.input = inputs.front();
    inputs.pop_front();
  }
  submit(op, fragment);
}

void Executor::submit(OperatorState& op, Fragment& fragment) {
  ledger_.take(op.index, op.working_bytes);
  if (op.pool) fragment.actor = op.pool->acquire();
  fragment.state = FragmentState::submitted;
  fragment.credit = 0;
  fragment.started_at = -1;
  ++op.unstarted;
  op.ready.push(fragment);

  FragmentSpec spec;
  spec.id = fragment.id;
  spec.pipeline = op.spec.pipeline;
  spec.num_cpus = op.spec.num_cpus;
  if (fragment.input) spec.inputs.push_back({fragment.input->id, fragment.input->offset, fragment.input->rows});
  spec.ordinal = fragment.ordinal;
  spec.attempt = fragment.attempt;
  spec.skip_items = fragment.items;
  spec.actor = fragment.actor;
  actions_.push_back(SubmitFragment{std::move(spec)});
}

WaitReason Executor::why_no_slot(const OperatorState& op, Pass& pass) const {
  if (op.running >= op.at_once) return WaitReason::slot;
  const bool needs_gpus = !op.pool && op.gpus > 0;
  if (op.cpus > 0 && (pass.cpus_closed || !slots_.cpus_free(op.cpus))) {
    pass.cpus_closed = true;
    return WaitReason::slot;
  }
  if (needs_gpus && (pass.gpus_closed || !slots_.plain_gpus_free(op.gpus))) {
    pass.gpus_closed = true;
    return WaitReason::slot;
  }
  return WaitReason::none;
}

WaitReason Executor::why_not_granted(const OperatorState& op, const Fragment& fragment, Pass& pass) const {
  const bool needed = op.is_needed(fragment.ordinal);
  const bool head = !op.order.ordered() || fragment.ordinal == op.order.head();
  const WaitReason full = op.last && !op.queue.empty() ? WaitReason::consumer : WaitReason::output_budget;
  if (!needed) {
    const bool next_is_starved = head && op.order.ordered() && op.queue.empty();
    if (!next_is_starved && op.waiting_blocks() >= op.spec.queued_blocks_max) return full;
    if (!op.window.bounded() && op.unfreed + op.order.held() + op.running >= pass.blocks_wanted) return full;
  }
  if (const WaitReason reason = why_no_slot(op, pass); reason != WaitReason::none) return reason;
  if (!needed && (pass.memory_closed || !ledger_.fits(op.index, plan_.block_bytes))) {
    pass.memory_closed = true;
    return full;
  }
  return WaitReason::none;
}

void Executor::grant(OperatorState& op, Fragment& fragment, TimeNs now) {
  if (fragment.started_at < 0) fragment.started_at = now;
  ledger_.take(op.index, plan_.block_bytes);
  slots_.take_cpus(op.cpus);
  if (!op.pool) slots_.take_plain_gpus(op.gpus);
  if (fragment.state == FragmentState::submitted) --op.unstarted;
  op.ready.pop();
  fragment.state = FragmentState::running;
  fragment.granted = true;
  ++op.running;
  actions_.push_back(GrantCredit{fragment.id, k_one_item_credit - fragment.credit});
  fragment.credit = k_one_item_credit;
}

}  // namespace shoal::data
