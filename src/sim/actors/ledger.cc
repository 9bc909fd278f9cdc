#include "sim/actors/ledger.h"

namespace shoal::sim::actors {

void Ledger::hosted(const ActorId& actor, std::uint32_t incarnation, ProcessId process, const Terms& terms) {
  ++incarnations;
  terms_.emplace(process, terms);
  const auto [at, is_new] = hosts_.try_emplace(actor, incarnation, process);
  if (is_new) return;
  if (at->second.first >= incarnation) fail(to_string(actor) + ": an incarnation has two processes");
  if (world_.is_alive(at->second.second)) fail(to_string(actor) + ": two incarnations live at once");
  at->second = {incarnation, process};
}

void Ledger::began(const ActorId& actor, std::uint32_t incarnation, const TaskId& call, std::uint32_t attempt,
                   std::uint64_t handle) {
  ++executions;
  const std::int64_t retries = terms_.at(hosts_.at(actor).second).call_retries;
  if (++begun_[call] > 1 + retries && retries >= 0) ++repeated;
  if (ended_.contains(call) && !cancelled_.contains(call)) fail(to_string(call) + " runs though it is over");
  const Line line{actor, call.owner, handle};
  std::uint64_t& last = order_[{line, incarnation}];
  if (last >= call.n) fail(to_string(call) + " runs out of order, or twice in one incarnation");
  last = call.n;
  if (attempt != 0) return;
  std::uint64_t& first = first_attempts_[line];
  if (first >= call.n) fail(to_string(call) + " begins out of order");
  first = call.n;
}

void Ledger::ended(const TaskId& call, bool failed) {
  if (!ended_.try_emplace(call, failed).second) fail(to_string(call) + " ends twice");
  ++(failed ? failures : values);
  if (!failed && begun(call) == 0) fail(to_string(call) + " has a result though it never ran");
}

void Ledger::lost(ProcessId caller, std::uint64_t handle, ProcessId process) {
  const auto terms = terms_.find(process);
  if (terms == terms_.end()) return;  // nobody was hosted there: the actor is long gone, or never came to be
  if (++lost_[{caller, handle, process}] > terms->second.threads) {
    fail(to_string(caller) + " failed calls to " + to_string(process) + " that had not started");
  }
}

std::uint32_t Ledger::begun(const TaskId& call) const {
  const auto found = begun_.find(call);
  return found == begun_.end() ? 0 : found->second;
}

}  // namespace shoal::sim::actors
