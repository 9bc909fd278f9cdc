#include "sim/checker.h"

#include <algorithm>
#include <utility>

namespace shoal::sim {
namespace {

/// Bytes that a fragment has in the making besides its output, said a second time: one block behind any step, two
/// behind several stages.
std::int64_t making_bytes(const data::PhysicalOperator& op, std::int64_t block_bytes) {
  if (op.pipeline->steps.empty()) return 0;
  return op.pipeline->source || op.pipeline->steps.size() > 1 ? 2 * block_bytes : block_bytes;
}

std::size_t op_of(const data::PhysicalPlan& plan, const data::Pipeline* pipeline) {
  std::size_t op = 0;
  while (plan.operators[op].pipeline.get() != pipeline) ++op;
  return op;
}

constexpr double k_rounding = 1e-6;

}  // namespace

Checker::Checker(const data::PhysicalPlan& plan) : plan_(plan), ops_(plan.operators.size()) {}

std::int64_t Checker::booked() const {
  std::int64_t bytes = leased_;
  for (const auto& [id, block] : blocks_) bytes += block.bytes;
  for (const auto& [id, fragment] : fragments_) {
    bytes += making_bytes(plan_.operators[fragment.op], plan_.block_bytes);
    if (fragment.granted) bytes += plan_.block_bytes;
  }
  return bytes;
}

std::int64_t Checker::head(const Operator& op) const {
  for (const auto& [ordinal, state] : op.ordinals) {
    if (!state.done) return ordinal;
  }
  return op.next_ordinal;
}

/// Blocks in order that are not freed: of the next operator's fragments, or of none yet.
bool Checker::has_unfreed(std::size_t op) const {
  const bool ordered = plan_.operators[op].preserve_order;
  const std::int64_t first = head(ops_[op]);
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const auto& entry) {
    const Block& block = entry.second;
    return block.op == op && (!ordered || block.taken || block.ordinal <= first);
  });
}

/// The rule of credit: within the budget, or one block for a fragment whose operator has no output left.
void Checker::check_credit(std::size_t op, std::int64_t ordinal, bool submit) {
  if (booked() <= plan_.memory_budget) return;
  std::int64_t others = 0;
  for (const auto& [id, fragment] : fragments_) {
    const bool counts = submit || fragment.granted;
    others += fragment.op == op && fragment.ordinal != ordinal && counts;
  }
  const bool ordered = plan_.operators[op].preserve_order;
  const bool first = submit || !ordered ? others == 0 : ordinal == head(ops_[op]);
  if (!first) fail("op" + std::to_string(op) + " took more than the budget for a fragment that need not run");
  if (has_unfreed(op)) fail("op" + std::to_string(op) + " took more than the budget though it has output");
}

void Checker::check_slots() {
  double cpus = 0;
  double gpus = 0;
  for (std::size_t i = 0; i < ops_.size(); ++i) {
    const data::PhysicalOperator& op = plan_.operators[i];
    int running = 0;
    for (const auto& [id, fragment] : fragments_) running += fragment.op == i && fragment.granted;
    cpus += running * op.num_cpus;
    gpus += op.num_gpus * (op.pool ? static_cast<double>(ops_[i].actors.size()) : running);
    if (running > op.concurrency) fail("op" + std::to_string(i) + " runs more fragments than its concurrency");
    if (op.pool && static_cast<int>(ops_[i].actors.size()) > op.pool->max) fail("a pool is above its maximum");
  }
  if (cpus > plan_.num_cpus + k_rounding) fail("more CPUs are taken than the run has");
  if (gpus > plan_.num_gpus + k_rounding) fail("more GPUs are taken than the run has");
}

void Checker::on_event(const data::EngineEvent& event) {
  if (const auto* item = std::get_if<data::Item>(&event)) on_item(*item);
  if (const auto* done = std::get_if<data::Done>(&event)) on_end(done->fragment, false, false);
  if (const auto* failed = std::get_if<data::Failed>(&event)) on_end(failed->fragment, true, failed->system);
  if (const auto* down = std::get_if<data::ActorDown>(&event)) {
    for (Operator& op : ops_) op.actors.erase(down->actor);
  }
}

void Checker::on_item(const data::Item& item) {
  const auto found = fragments_.find(item.fragment);
  if (found == fragments_.end()) return fail("an item of a fragment that was not submitted");
  Fragment& fragment = found->second;
  if (!fragment.granted && !fragment.cancelled) fail("an item without credit");
  fragment.granted = false;
  blocks_[item.block.id] = {fragment.op, fragment.ordinal, item.block.bytes, false};
  ++ops_[fragment.op].ordinals[fragment.ordinal].items;
}

void Checker::on_end(data::FragmentId id, bool failed, bool system) {
  const auto found = fragments_.find(id);
  if (found == fragments_.end()) return fail("the end of a fragment that was not submitted");
  const Fragment fragment = found->second;
  fragments_.erase(found);
  Operator& op = ops_[fragment.op];
  if (fragment.actor && op.actors.contains(*fragment.actor)) op.actors[*fragment.actor] = false;
  Ordinal& state = op.ordinals[fragment.ordinal];
  state.done = !failed || fragment.cancelled;
  if (!failed || fragment.cancelled) return;
  const int failures = ++(system ? state.system_failures : state.own_failures);
  const int allowed = system ? 3 : plan_.operators[fragment.op].retries;
  state.done = failures > allowed;
}

void Checker::on_action(const data::Action& action) {
  if (const auto* submit = std::get_if<data::SubmitFragment>(&action)) on_submit(submit->spec);
  if (const auto* grant = std::get_if<data::GrantCredit>(&action)) on_grant(grant->fragment);
  if (const auto* cancel = std::get_if<data::CancelFragment>(&action)) {
    const auto found = fragments_.find(cancel->fragment);
    if (found == fragments_.end()) return fail("a fragment that is not there is cancelled");
    found->second.cancelled = true;
  }
  if (const auto* create = std::get_if<data::CreateActor>(&action)) {
    ops_[op_of(plan_, create->pipeline.get())].actors[create->actor] = false;
  }
  if (const auto* kill = std::get_if<data::KillActor>(&action)) {
    for (Operator& op : ops_) {
      const auto found = op.actors.find(kill->actor);
      if (found == op.actors.end()) continue;
      if (found->second) fail("a worker is killed that runs a fragment");
      op.actors.erase(found);
    }
  }
  if (const auto* drop = std::get_if<data::DropBlock>(&action)) {
    if (blocks_.erase(drop->block) == 0) fail("a block is dropped that is not held");
  }
  if (const auto* deliver = std::get_if<data::DeliverBlock>(&action)) {
    const auto found = blocks_.find(deliver->block.id);
    if (found == blocks_.end()) return fail("a block is delivered that is not held");
    leased_ += found->second.bytes;
    blocks_.erase(found);
    if (finished_) fail("a block is delivered after the end");
  }
  if (std::holds_alternative<data::FinishRun>(action)) {
    if (finished_) fail("the run finished twice");
    finished_ = true;
  }
  check_slots();
}

void Checker::take_input(Fragment& fragment, const data::FragmentSpec& spec) {
  fragment.input = spec.inputs.front().id;
  const auto block = blocks_.find(*fragment.input);
  if (block == blocks_.end()) return fail("a fragment reads a block that is not held");
  if (block->second.op + 1 != fragment.op) fail("a fragment reads a block of another operator");
  if (block->second.taken && spec.attempt == 0) fail("two fragments read the same block");
  block->second.taken = true;
}

void Checker::on_submit(const data::FragmentSpec& spec) {
  const std::size_t index = op_of(plan_, spec.pipeline.get());
  Operator& op = ops_[index];
  if (fragments_.contains(spec.id)) fail("a fragment's name is used twice");
  Fragment fragment{index, spec.ordinal, false, false, spec.actor, std::nullopt};
  const bool first_attempt = spec.attempt == 0;
  if (first_attempt && spec.ordinal != op.next_ordinal++) fail("ordinals do not follow one another");
  if (spec.skip_items != op.ordinals[spec.ordinal].items) fail("a new attempt would skip the wrong number of items");
  const Ordinal& state = op.ordinals[spec.ordinal];
  if (spec.attempt != state.own_failures + state.system_failures) fail("an attempt has the wrong number");
  if (index > 0 && spec.inputs.size() != 1) fail("a fragment needs one input block");
  if (index > 0) take_input(fragment, spec);
  if (plan_.operators[index].pool) {
    if (!spec.actor || !op.actors.contains(*spec.actor)) return fail("a fragment of a pool has no worker");
    if (std::exchange(op.actors[*spec.actor], true)) fail("a worker gets a second fragment");
  }
  fragments_[spec.id] = fragment;
  if (first_attempt) check_credit(index, spec.ordinal, true);
}

void Checker::on_grant(data::FragmentId id) {
  const auto found = fragments_.find(id);
  if (found == fragments_.end()) return fail("credit for a fragment that was not submitted");
  if (found->second.granted) fail("credit for a fragment that has some");
  if (found->second.cancelled) fail("credit for a fragment that was cancelled");
  found->second.granted = true;
  check_credit(found->second.op, found->second.ordinal, false);
}

void Checker::on_released(std::int64_t bytes) { leased_ -= bytes; }

void Checker::compare(const data::RunReport& report) {
  if (report.memory_used != booked()) {
    fail("the executor has booked " + std::to_string(report.memory_used) + " bytes instead of " +
         std::to_string(booked()));
  }
  const bool any_goes_on = std::any_of(fragments_.begin(), fragments_.end(),
                                       [](const auto& each) { return !each.second.cancelled; });
  if (finished_ && any_goes_on) fail("a fragment goes on though the run is over");
  for (std::size_t op = 0; op < ops_.size(); ++op) {
    std::int64_t waiting = 0;
    for (const auto& [id, block] : blocks_) waiting += block.op == op && !block.taken;
    if (waiting > plan_.operators[op].queued_blocks_max + 1)
      fail("op" + std::to_string(op) + " queues too many blocks");
  }
}

void Checker::at_end() {
  if (!finished_) fail("the run did not finish");
  if (!fragments_.empty()) fail("fragments are left");
  if (!blocks_.empty()) fail("blocks are left");
  if (leased_ != 0 || booked() != 0) fail("bytes are left");
  for (const Operator& op : ops_) {
    if (!op.actors.empty()) fail("workers are left");
  }
}

}  // namespace shoal::sim
