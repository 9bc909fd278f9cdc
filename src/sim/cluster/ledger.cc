#include "sim/cluster/ledger.h"

#include "sim/cluster/program.h"

namespace shoal::sim::cluster {

void Ledger::began(ProcessId process, const TaskId& task, std::uint32_t attempt, std::int32_t retries) {
  ++executed;
  Attempts& known = tasks_[task];
  const std::string name = to_string(task) + " attempt " + std::to_string(attempt);
  const bool place_is_gone = !world_.is_alive(known.place);
  if (known.read) fail(name + " begins though its result is known");
  if (known.begun > 0) {
    ++repeated;
    if (known.runs && !place_is_gone) fail(name + " begins while another runs");
    if (attempt < known.last) fail(name + " begins after a later one");
    // The answer to it was lost with its process, and it was taken for one that had not started.
    if (attempt == known.last && (!place_is_gone || retries == 0)) fail(name + " begins twice");
  }
  if (retries >= 0 && attempt > static_cast<std::uint32_t>(retries)) fail(name + " is one too many");
  if (attempt > world_.faults().of(FaultKind::kill) + known.failed) fail(name + " begins though no attempt was lost");
  ++known.begun;
  known.last = attempt;
  known.place = process;
  known.runs = true;
}

void Ledger::ended(ProcessId process, const TaskId& task, bool failed) {
  Attempts& known = tasks_[task];
  if (known.place != process) fail(to_string(task) + " ends where it does not run");
  known.runs = false;
  known.failed += failed ? 1 : 0;
}

void Ledger::read(const ObjectId& id, const Payload& value) {
  const std::uint64_t number = number_of(value);
  if (number == 0) fail(to_string(id) + " is corrupt");
  const auto [known, is_first] = numbers_.try_emplace(id, number);
  if (!is_first && known->second != number) fail(to_string(id) + " has different values for different readers");
  if (attempt_of(value) == k_item) return;
  const auto made = tasks_.find({id.owner, id.n});
  if (made == tasks_.end()) return;  // something put
  made->second.read = true;
  if (made->second.runs) fail(to_string(id) + " is known while an attempt to make it runs");
  const bool is_lost = attempt_of(value) < conversations_.next_attempt(made->first);
  if (is_lost || attempt_of(value) != made->second.last)
    fail(to_string(id) + " comes from an attempt that was given up");
}

}  // namespace shoal::sim::cluster
