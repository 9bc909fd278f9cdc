// The part of the executor that ends things: fragments, operators, the run.
#include <utility>

#include "data/exec/executor.h"

namespace shoal::data {

void Executor::free_block(OperatorState& made_by, const Block& block) {
  ledger_.give(made_by.index, block.bytes);
  actions_.push_back(DropBlock{block.id});
}

void Executor::remove(OperatorState& op, Fragment& fragment) {
  if (fragment.input) {
    OperatorState& before = *ops_[op.index - 1];
    free_block(before, *fragment.input);
    --before.unfreed;
  }
  --op.live;
  if (fragment.state == FragmentState::closing) --op.closing;
  fragments_.remove(fragment);
}

void Executor::check_complete(std::size_t from, TimeNs now) {
  for (std::size_t i = from; i < ops_.size(); ++i) {
    OperatorState& each = op(i);
    if (each.complete) continue;
    const bool fed = i == 0 || ops_[i - 1]->complete;
    if (!fed || each.live > each.closing || has_input(each)) return;
    each.complete = true;
    close_pool(each);
  }
  deliver(now);
}

void Executor::close_through(std::size_t last, bool keep_output) {
  for (std::size_t i = 0; i <= last; ++i) {
    OperatorState& each = op(i);
    each.complete = true;
    for (const Block& block : each.order.clear()) free_block(each, block);
    if (i == last && keep_output) continue;
    for (const Block& block : each.queue) {
      free_block(each, block);
      --each.unfreed;
    }
    each.queue.clear();
  }
  fragments_.for_each([&](Fragment& fragment) {
    if (fragment.op <= last) close(fragment);
  });
  for (std::size_t i = 0; i <= last; ++i) close_pool(op(i));
}

void Executor::close_behind(OperatorState& of, std::int64_t ordinal) {
  if (of.index == 0) source_end_ = of.next_ordinal;
  if (of.index > 0) close_through(of.index - 1, false);
  for (const Block& block : of.order.clear_behind(ordinal)) free_block(of, block);
  fragments_.for_each([&](Fragment& fragment) {
    if (fragment.op == of.index && fragment.ordinal > ordinal) close(fragment);
  });
}

void Executor::close(Fragment& fragment) {
  if (fragment.state == FragmentState::closing) return;
  OperatorState& of = op(fragment.op);
  if (fragment.state == FragmentState::waiting) {
    --of.again_count;
    remove(of, fragment);
    return;
  }
  if (fragment.state == FragmentState::submitted) --of.unstarted;
  fragment.state = FragmentState::closing;
  ++of.closing;
  actions_.push_back(CancelFragment{fragment.id});
}

void Executor::close_pool(OperatorState& op) {
  if (!op.pool) return;
  while (const auto actor = op.pool->take_unused()) end_actor(op, *actor);
}

void Executor::end_actor(OperatorState& op, ActorId actor) {
  slots_.give_actor_gpus(op.gpus, op.pool->size() >= op.pool->base());
  actions_.push_back(KillActor{actor});
}

void Executor::finish(Status status, TimeNs now) {
  if (finished_) return;
  finished_ = true;
  finished_at_ = now;
  for (auto& each : ops_) each->waits.set(WaitReason::none, now);
  actions_.push_back(FinishRun{std::move(status)});
}

void Executor::cancel(const Status& reason, TimeNs now) { fail(reason, now); }

void Executor::fail(const Status& status, TimeNs now) {
  if (finished_) return;
  close_through(ops_.size() - 1, false);
  finish(status, now);
}

}  // namespace shoal::data
